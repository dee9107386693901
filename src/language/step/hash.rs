//! Password hashes, on the event loop or in a thread.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{cpu, thread};
use crate::language::Distribution;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::language::lower::endpoint::Job;

/// A password hash.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HashStep {
    /// CPU of one hash.
    pub cpu: Distribution,
    /// Where it runs.
    #[serde(default)]
    pub on: Place,
    /// Whether it keeps the interpreter lock of its process (pure Python, or an extension that does not release it), so
    /// that nothing else of that process runs Python meanwhile; bcrypt releases it. On an event loop it matters only
    /// beside threads that keep the lock.
    #[serde(default)]
    pub holds_gil: bool,
}

/// Where blocking work runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Where the request runs: on the event loop, which does nothing else meanwhile.
    #[default]
    Loop,
    /// In a thread of the default executor (`asyncio.to_thread`); bcrypt releases the GIL.
    Thread,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &HashStep) {
    let site = body.site("hash").site();
    let demand = lowering.draw(at.key("cpu"), &step.cpu);
    let holds_gil = step.holds_gil || body.job.is_some_and(|job| job.holds_gil);
    if step.on == Place::Loop || body.job.is_some() {
        return cpu::compute(lowering, body, demand, site, holds_gil);
    }
    thread::job(lowering, body, Job { holds_gil }, |lowering, body| {
        cpu::compute(lowering, body, demand, site, holds_gil)
    });
    let complaint = |title| Complaint::at(at.key("on"), title, "only for an event loop").help("leave out `on`");
    thread::needs_executor(lowering, body, "the hash", complaint);
}
