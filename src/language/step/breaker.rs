//! Nested steps behind a circuit breaker.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::Body;
use crate::model::Op;

/// Nested steps behind a circuit breaker of the service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakerStep {
    /// Which, a key of the service's `breakers`.
    pub name: String,
    /// What it guards.
    pub steps: Vec<Step>,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a BreakerStep) {
    let of_service = format!(" in service `{}`", body.service_name);
    let breakers = body.service.breakers.iter();
    if let Some((breaker, _)) = lowering.find(at.key("name"), "breaker", &step.name, breakers, &of_service) {
        lowering.emit(Op::Breaker { breaker });
    }
    lowering.steps(body, at.key("steps"), &step.steps);
    lowering.emit(Op::Leave);
}
