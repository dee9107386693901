//! Nested steps that are tried again when they fail.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use super::guard::{attempts, causes};
use crate::kernel::Time;
use crate::language::Duration;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::language::units::{Fraction, fraction};
use crate::model::{Backoff, BudgetPlan, Jitter, Op, RetryPlan, Round};

/// Nested steps that are tried again when they fail. What they hold is given back first. Cancellation is never caught.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryStep {
    /// Attempts in all, the first included (gRPC `maxAttempts`, tenacity `stop_after_attempt`), 1000 at most.
    pub attempts: u32,
    /// Wait before the second attempt. Without it: none.
    #[serde(default)]
    pub backoff: Duration,
    /// Growth of the wait from attempt to attempt, 1 to 1000.
    #[serde(default = "two")]
    pub factor: f64,
    /// The longest wait. Without it: no bound.
    pub max_backoff: Option<Duration>,
    /// How the wait is spread (Brooker 2015, "Exponential Backoff And Jitter", AWS).
    #[serde(default)]
    pub jitter: Jitter,
    /// How many retries there may be beside the first attempts. Without it: no bound.
    pub budget: Option<RetryBudget>,
    /// The causes that are tried again, in the words of the reports: `"read timed out"`, `"breaker open"`, or the
    /// reason of a `fail` step. Without it: all.
    pub on: Option<Vec<String>>,
    /// What is tried.
    pub steps: Vec<Step>,
}

/// A token bucket of each process for one `retry` step, in the manner of Finagle's `RetryBudget`: each first attempt
/// puts `ratio` tokens in, each retry takes one out, and without a whole token there is no retry. (gRPC's retry
/// throttling, A6, is the same with tokens for successes and a threshold at half of the bucket.)
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryBudget {
    /// Retries allowed for each first attempt, 0 to 100.
    #[serde(deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub ratio: f64,
    /// Tokens that the bucket holds at most, and at the start.
    #[serde(default = "ten")]
    pub max_tokens: u32,
}

fn ten() -> u32 {
    10
}

fn two() -> f64 {
    2.0
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a RetryStep) {
    attempts(lowering, at.key("attempts"), "attempts", step.attempts, 1);
    if !(1.0..=1000.0).contains(&step.factor) {
        let complaint =
            Complaint::at(at.key("factor"), format!("`factor` is {}", step.factor), "must be between 1 and 1000")
                .note("the wait before attempt n + 2 is `backoff * factor^n`");
        lowering.complain(complaint);
    }
    if let Some(longest) = step.max_backoff
        && longest < step.backoff
    {
        let complaint = Complaint::at(at.key("max_backoff"), "the longest wait is shorter than the first", "too short");
        lowering.complain(complaint.also(at.key("backoff"), "the first wait"));
    }
    let budget = step.budget.as_ref().map(|plan| budget(lowering, at.key("budget"), plan));
    let on = causes(lowering, at.key("on"), step.on.as_ref());
    let site = body.site("retry").site();
    let plan = lowering.system.retries.len() as u32;
    lowering.system.retries.push(RetryPlan {
        service: body.service_index,
        round: Round::of_retry(body.retries),
        attempts: step.attempts,
        backoff: Backoff {
            first: Time(step.backoff.0),
            factor: step.factor,
            longest: step.max_backoff.map_or(Time::MAX, |longest| Time(longest.0)),
            jitter: step.jitter,
        },
        budget,
        on,
    });
    lowering.emit(Op::Retry { plan });
    lowering.emit(Op::Backoff { plan, site });
    body.retries += 1;
    lowering.steps(body, at.key("steps"), &step.steps);
    body.retries -= 1;
    lowering.emit(Op::Leave);
}

fn budget(lowering: &mut Lowering<'_>, at: At<'_>, budget: &RetryBudget) -> BudgetPlan {
    if !(0.0..=100.0).contains(&budget.ratio) {
        let title = format!("`ratio` is {}", budget.ratio);
        let complaint = Complaint::at(at.key("ratio"), title, "must be between 0 and 100");
        lowering.complain(complaint.note("it is the number of retries for each first attempt, such as 0.2"));
    }
    BudgetPlan { ratio: budget.ratio, max_tokens: f64::from(budget.max_tokens) }
}
