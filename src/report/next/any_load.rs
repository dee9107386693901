//! What decides at any load, so that a search along the load finds nothing.

use crate::experiment::analyse::blame::shares;
use crate::experiment::analyse::condition::Condition;
use crate::experiment::analyse::culprit::{Culprit, CulpritKind};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::success_objective;
use crate::metric::Metric;
use crate::model::{FaultPlan, Pattern};
use crate::parts::{BlameGroup, BlamePlace, PlaceKind};
use crate::report::whole::Report;

/// Share of the time at p95 from which less waiting would show.
const WAITING: f64 = 0.15;

/// Why a lower load does not make a point safe that is not; none where it may.
pub(super) fn decides(report: &Report, summary: &Summary) -> Option<String> {
    let state = report.state(summary.point).filter(|state| !state.is_safe())?;
    let culprit = summary.culprit.as_ref()?;
    let point = &report.plan.points[summary.point];
    let lasts = |fault: &&FaultPlan| fault.to.is_none();
    match culprit.kind {
        // So many clients as the circle needs are a bound; at a low rate they still come together now and then.
        CulpritKind::Deadlock
            if matches!(
                point.load.pattern,
                Pattern::Test { .. } | Pattern::Endless { .. } | Pattern::Staged { .. }
            ) =>
        {
            return None;
        }
        CulpritKind::Deadlock => {
            let name = &culprit.name;
            return Some(format!("a lower load makes the deadlock of {name} rarer, but does not exclude it"));
        }
        CulpritKind::NeverAnswered | CulpritKind::Disconnects => return Some(useless(&culprit.cause())),
        _ => {}
    }
    if state.condition.is_loss() {
        let fault = point.system.faults.iter().find(lasts)?;
        return Some(useless(&format!("fault {} does not end", fault.name)));
    }
    match state.missed?.metric() {
        Metric::SuccessRate => of_failures(report, summary, culprit.kind == CulpritKind::TakesTime),
        _ if state.condition == Condition::Slow && culprit.kind == CulpritKind::TakesTime => {
            let all = shares(summary.blame.as_ref()?, BlameGroup::P95);
            let waiting: f64 = all.iter().filter(|share| !share.served).map(|share| share.share).sum();
            (waiting < WAITING).then(|| useless(&format!("{} takes most of the time at any load", culprit.name)))
        }
        _ => None,
    }
}

/// What fails so many requests at any load that the objective is missed even if all others succeed.
fn of_failures(report: &Report, summary: &Summary, own_time_decides: bool) -> Option<String> {
    let blame = summary.blame.as_ref()?;
    let place = |index: u16| &blame.places[usize::from(index)];
    let count = |wanted: &dyn Fn(&BlamePlace) -> bool| -> f64 {
        blame.failures.iter().filter(|at| wanted(place(at.place))).map(|at| at.requests as f64).sum()
    };
    let is_fixed = |place: &BlamePlace| match place.kind {
        PlaceKind::OwnError => true,
        PlaceKind::Fault => !summary.culprit.as_ref().is_some_and(|culprit| culprit.is_full),
        PlaceKind::Unavailable => {
            let is_by_load = |culprit: &Culprit| !culprit.is_by_error && culprit.kind != CulpritKind::Fault;
            let restarts = summary.metric(Metric::Restarts).is_some_and(|restarts| restarts.estimate > 0.0);
            !restarts && !summary.culprit.as_ref().is_some_and(is_by_load)
        }
        PlaceKind::Delay | PlaceKind::Work => own_time_decides,
        _ => false,
    };
    let all = count(&|_| true);
    // A breaker opens because of the other failures.
    let (fixed, breakers) = (count(&is_fixed), count(&|place| place.kind == PlaceKind::Breaker));
    let share = fixed / (all - breakers);
    let success = 1.0 - (1.0 - summary.success_rate.estimate) * share;
    if success.is_nan() || success >= success_objective(report.plan).bound() {
        return None;
    }
    let most = blame.failures.iter().filter(|at| is_fixed(place(at.place))).max_by_key(|at| at.requests)?;
    let name = &place(most.place).name;
    Some(useless(&match place(most.place).kind {
        PlaceKind::OwnError => format!("{name} answers with an error at any load"),
        PlaceKind::Fault => format!("{name} is on at any load"),
        PlaceKind::Unavailable => format!("{} is unavailable at any load", name.trim_end_matches(" unavailable")),
        _ => format!("{name} takes longer than clients wait at any load"),
    }))
}

fn useless(why: &str) -> String {
    format!("a lower load does not help: {why}")
}
