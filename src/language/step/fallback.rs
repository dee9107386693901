//! Nested steps, and what is done instead when they fail.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use super::guard::causes;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::Body;
use crate::model::{FallbackPlan, Op};

/// Nested steps, and what is done instead when they fail.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FallbackStep {
    /// The causes that are caught, in the words of the reports. Without it: all.
    pub on: Option<Vec<String>>,
    /// What is tried.
    pub steps: Vec<Step>,
    /// What is done when that fails; a failure here is not caught. Empty: nothing, and the request continues.
    pub otherwise: Vec<Step>,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a FallbackStep) {
    let on = causes(lowering, at.key("on"), step.on.as_ref());
    let plan = lowering.system.fallbacks.len();
    lowering.system.fallbacks.push(FallbackPlan { on, otherwise: 0, end: 0 });
    lowering.emit(Op::Fallback { plan: plan as u32 });
    lowering.steps(body, at.key("steps"), &step.steps);
    lowering.emit(Op::Leave);
    let jump = lowering.next();
    lowering.emit(Op::Jump { to: 0 });
    lowering.system.fallbacks[plan].otherwise = lowering.next();
    lowering.steps(body, at.key("otherwise"), &step.otherwise);
    let end = lowering.next();
    lowering.system.fallbacks[plan].end = end;
    lowering.system.program[jump as usize] = Op::Jump { to: end };
}
