//! Whether goodput at lower loads, at which the point was not run, would show that it has collapsed.

use super::paragraph::list;
use super::whole::Report;
use crate::experiment::analyse::condition::PointState;
use crate::experiment::analyse::hidden::{CAVEAT, may_hide_collapse};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::{Direction, Plan};

/// What a single point says of it, after its condition; empty where its condition does not depend on lower loads.
pub(super) fn caveat(report: &Report, summary: &Summary, state: &PointState) -> String {
    if state.may_have_collapsed() && has_lower_loads(report.plan, summary.point) {
        "; `sim sweep` compares goodput with that at lower loads, which shows whether it has collapsed".into()
    } else if may_hide_collapse(report.plan, summary, state) {
        format!("; {CAVEAT}")
    } else {
        String::new()
    }
}

/// The same of all points, for a page without a table: `“today” sheds load or has collapsed: a sweep over lower loads shows
/// which`; none where no point leaves it open.
pub(super) fn remark(report: &Report) -> Option<String> {
    let plan = report.plan;
    let is_open =
        |summary: &&Summary| report.state(summary.point).is_some_and(|state| may_hide_collapse(plan, summary, state));
    let mut names: Vec<&str> = Vec::new();
    for summary in report.summaries.iter().filter(is_open) {
        let name = plan.variants[plan.points[summary.point].variant].as_str();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let verbs = if names.len() > 1 { "shed load or have collapsed" } else { "sheds load or has collapsed" };
    (!names.is_empty()).then(|| format!("{} {verbs}: a sweep over lower loads shows which", list(&names)))
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
