//! Whether goodput at lower loads, at which the point was not run, would show that it has collapsed.

use super::whole::Report;
use crate::experiment::analyse::condition::{Condition, PointState};
use crate::experiment::analyse::culprit::{Culprit, CulpritKind};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::{Direction, Plan};
use crate::metric::Metric;
use crate::parts::Failure;

/// What a single point says of it, after its condition; empty where its condition does not depend on lower loads.
pub(super) fn caveat(report: &Report, summary: &Summary, state: &PointState) -> &'static str {
    if state.may_have_collapsed() && has_lower_loads(report.plan, summary.point) {
        "; `sim sweep` compares goodput with that at lower loads, which shows whether it has collapsed"
    } else if may_hide_collapse(report.plan, summary, state) {
        "; a sweep over lower loads would show whether goodput is higher there, so that it has collapsed"
    } else {
        ""
    }
}

/// Whether an axis of load has values below that of a point, which may be all that is run.
fn has_lower_loads(plan: &Plan, point: usize) -> bool {
    plan.axes.iter().zip(&plan.points[point].at).filter(|(axis, _)| axis.direction() == Direction::Load).any(
        |(axis, &at)| {
            let own = axis.values[at].number;
            axis.values.iter().any(|value| value.number < own)
        },
    )
}

/// Whether a point may have collapsed although it sheds load, in an experiment without an axis of load: because the system does
/// more useless work at a higher load, or less work.
///
/// Work is useless if clients send again what is refused, or have given up. A breaker opens because what it protects fails, and
/// that may be overloaded. Requests that wait in a circle or contend get less done the more there are of them.
pub(super) fn may_hide_collapse(plan: &Plan, summary: &Summary, state: &PointState) -> bool {
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
