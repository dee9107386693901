//! Points that shed load and may have collapsed: no lower load was run that would show it.

use super::condition::{Condition, PointState};
use super::culprit::{Culprit, CulpritKind};
use super::summary::Summary;
use crate::experiment::plan::{Direction, Plan};
use crate::metric::Metric;
use crate::parts::Failure;

/// What such a point leaves open, after its condition.
pub const CAVEAT: &str = "it may have collapsed: a sweep over lower loads would show whether goodput is higher there";

/// Whether a point may have collapsed although it sheds load, in an experiment without an axis of load: because the system does
/// more useless work at a higher load, or less work.
///
/// Work is useless if clients send again what is refused, or have given up. A breaker opens because what it protects fails, and
/// that may be overloaded. Requests that wait in a circle or contend get less done the more there are of them.
pub fn may_hide_collapse(plan: &Plan, summary: &Summary, state: &PointState) -> bool {
    let has_loads = plan.axes.iter().any(|axis| axis.direction() == Direction::Load);
    if has_loads || state.condition != Condition::Sheds || !state.may_have_collapsed() {
        return false;
    }
    let sends_again = summary.metric(Metric::AttemptsPerRequest).is_some_and(|attempts| attempts.estimate > 1.0);
    let breaker = Failure::BREAKER_OPEN.describe(&[]);
    let is_behind_breaker = summary.failures.iter().any(|(cause, count)| *cause == breaker && *count > 0.0);
    let slows = |culprit: &Culprit| matches!(culprit.kind, CulpritKind::Circle | CulpritKind::Contention);
    let wastes = summary.wasted_requests.estimate > 0.0;
    sends_again || wastes || is_behind_breaker || summary.culprit.as_ref().is_some_and(slows)
}
