//! Nested steps with a second attempt that starts when the first takes long.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use super::guard::{MOST_ATTEMPTS, after, attempts};
use super::parallel::{begin, branch, end};
use crate::language::Duration;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::Body;
use crate::model::Round;

/// Nested steps with a second attempt that starts while the first is still without an answer (Dean and Barroso 2013,
/// "The Tail at Scale"). The first success wins and the other attempts are cancelled where they wait; a server that
/// they called continues to work. An attempt that fails starts the next at once (gRPC A6, hedging).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HedgeStep {
    /// How long after an attempt the next one starts.
    pub after: Duration,
    /// Attempts in all, 2 to 1000.
    #[serde(default = "pair")]
    pub max: u32,
    /// What is attempted. It cannot use the `held` connection of an enclosing `with`: one connection carries one
    /// statement at a time.
    pub steps: Vec<Step>,
}

fn pair() -> u32 {
    2
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a HedgeStep) {
    let after = after(lowering, at.key("after"), step.after);
    attempts(lowering, at.key("max"), "max", step.max, 2);
    let plan = begin(lowering, Some(after), Round::of_hedge(body.hedges));
    let first = lowering.next();
    body.hedges += 1;
    branch(lowering, body, at.key("steps"), &step.steps);
    body.hedges -= 1;
    let count = step.max.min(MOST_ATTEMPTS) as usize;
    end(lowering, plan, vec![first; count]);
}
