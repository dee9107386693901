//! Work on the CPU.

use crate::language::Distribution;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::Body;
use crate::model::{Draw, Op, Site};

pub(super) fn compile(lowering: &mut Lowering<'_>, body: &mut Body<'_>, at: At<'_>, demand: &Distribution) {
    let site = body.site("cpu").site();
    let demand = lowering.draw(at, demand);
    compute(lowering, body, demand, site, body.job.is_none_or(|job| job.holds_gil));
}

/// Work on the CPU where the request runs. The lock matters only in a process where a thread keeps it, too.
pub(super) fn compute(lowering: &mut Lowering<'_>, body: &Body<'_>, demand: Draw, site: Site, holds_gil: bool) {
    let contended = lowering.system.services[body.service_index as usize].gil;
    let native = contended && !holds_gil;
    lowering.emit(if native { Op::Native { demand, site } } else { Op::Cpu { demand, site } });
}
