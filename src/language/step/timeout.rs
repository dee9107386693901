//! Nested steps that must be done in time.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use super::guard::after;
use crate::language::Duration;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::Body;
use crate::model::{Op, TimeoutPlan};

/// Nested steps with a time-out around them all (`asyncio.timeout`, `asyncio.wait_for`): when it is over they are
/// cancelled wherever they wait, and what they hold is given back. A CPU slice or a job in a thread is not interrupted.
/// A server that was called continues to work, unless the deadline propagates.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeoutStep {
    /// How long all steps together may take.
    pub after: Duration,
    /// Whether calls made inside carry the deadline: the server's handler is cancelled, too, when it is over, and
    /// passes it on to whom it calls (gRPC deadline propagation).
    #[serde(default)]
    pub propagate: bool,
    /// What must be done in time.
    pub steps: Vec<Step>,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a TimeoutStep) {
    let after = after(lowering, at.key("after"), step.after);
    let plan = lowering.system.timeouts.len() as u32;
    lowering.system.timeouts.push(TimeoutPlan { after, propagate: step.propagate });
    lowering.emit(Op::Timeout { plan });
    lowering.steps(body, at.key("steps"), &step.steps);
    lowering.emit(Op::Leave);
}
