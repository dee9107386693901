//! Waits that do not block the event loop.

use crate::language::Distribution;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::Body;
use crate::model::Op;

pub(super) fn compile(lowering: &mut Lowering<'_>, body: &mut Body<'_>, at: At<'_>, time: &Distribution) {
    let site = body.site("sleep").site();
    let time = lowering.draw(at, time);
    lowering.emit(Op::Sleep { time, site });
    lowering.rounds(body.rounds().timer, 1);
}
