//! Verdicts on the condition of a point: whether it survives, recovers, loses capacity, is healthy.

use super::Verdict;
use super::finding::{Finding, bounded_of, decided, doubtful, missing};
use crate::experiment::analyse::condition::{Condition, PointState};
use crate::experiment::analyse::finding::unsafe_words;
use crate::experiment::analyse::hidden::{CAVEAT, may_hide_collapse};
use crate::experiment::analyse::summary::{Doubt, Summary};
use crate::experiment::plan::{Plan, success_objective};
use crate::language::{Metric, Objective};
use crate::metric::MetricScope;
use crate::model::RateUnit;
use crate::statistics::rare::can_hide;

/// After the load most workers no longer respond, in every replication: one in which they do refutes it.
pub(super) fn stuck(summary: &Summary, place: &str) -> Finding {
    let (stuck, all) = (summary.stuck, summary.replications);
    decided(stuck == all, format!("{place}: after the load ends, most workers do not respond in {stuck} of {all} runs"))
}

/// All capacity is there again after the load, in every replication.
pub(super) fn recovers(summary: &Summary, state: &PointState, rates: RateUnit, place: &str) -> Finding {
    if state.condition.is_loss() {
        return refuted(state.runs, state.of, format!("{place}: {}", unsafe_words(summary, state, rates)));
    }
    let runs = summary.replications;
    if summary.never_recovered > 0 {
        let never = summary.never_recovered;
        let what = "success or response times are not as they would be without the disturbance when the run ends";
        return refuted(never, runs, format!("{place}: {what} in {never} of {runs} runs"));
    }
    let evidence = format!("{place}: after the load ends, every worker responds in {runs} of {runs} runs");
    Finding { verdict: Verdict::Holds, evidence, decided: 1.0 }
}

/// A refutation by some of the runs: the more of them, the clearer.
fn refuted(runs: usize, of: usize, evidence: String) -> Finding {
    Finding { decided: 1.0 + runs as f64 / of.max(1) as f64, ..decided(false, evidence) }
}

/// Some replication loses capacity for good. That none has does not show that none ever does.
pub(super) fn loses_capacity(summary: &Summary, state: &PointState, rates: RateUnit, place: &str) -> Finding {
    if state.condition.is_loss() {
        return decided(true, format!("{place}: {}", unsafe_words(summary, state, rates)));
    }
    let share = can_hide(state.of) * 100.0;
    let runs = state.of;
    decided(false, format!("{place}: 0 of {runs} runs lost capacity; up to {share:.1} % of runs could"))
}

/// Whether the point has no condition, because more runs may show that it meets its objectives, or that it misses one: what
/// its estimates look like proves nothing.
pub(super) fn is_in_doubt(summary: &Summary, state: &PointState) -> bool {
    state.condition > Condition::Unstable && summary.doubt.as_ref().is_some_and(Doubt::needs_more_runs)
}

/// Load is shed.
pub(super) fn sheds(plan: &Plan, (summary, state, rates): (&Summary, &PointState, RateUnit), place: &str) -> Finding {
    match &summary.doubt {
        Some(doubt) if state.condition == Condition::Healthy || is_in_doubt(summary, state) => doubtful(doubt, place),
        _ => {
            let holds = state.condition == Condition::Sheds;
            decided(holds, format!("{place}: {}{}", unsafe_words(summary, state, rates), open(plan, summary, state)))
        }
    }
}

/// What a point that sheds load leaves open, if lower loads would show that it has collapsed.
fn open(plan: &Plan, summary: &Summary, state: &PointState) -> String {
    if may_hide_collapse(plan, summary, state) { format!("; {CAVEAT}") } else { String::new() }
}

/// No replication loses capacity, nothing grows over the window, and the success objective is met, or missed only
/// because load is shed.
pub(super) fn survives(
    plan: &Plan,
    (summary, state, rates): (&Summary, &PointState, RateUnit),
    level: f64,
    place: &str,
) -> Finding {
    match (state.condition, &summary.doubt) {
        // It sheds load, or meets the objective: it survives either way.
        (Condition::Sheds, Some(doubt)) if is_in_doubt(summary, state) => {
            decided(true, format!("{place}: what fails is refused on purpose: {}", doubt.reason()))
        }
        (Condition::Dead | Condition::Damaged | Condition::Unstable | Condition::Sheds, _) => {
            let holds = state.condition == Condition::Sheds;
            decided(holds, format!("{place}: {}{}", unsafe_words(summary, state, rates), open(plan, summary, state)))
        }
        _ => {
            // Where the work behind the answers misses the objective, it decides.
            let of_work = state.missed.map(|missed| missed.metric()).filter(|&it| it == Metric::CompletionRate);
            let metric = of_work.unwrap_or(Metric::SuccessRate);
            bounded_of(summary, (&MetricScope::Whole, level), metric, (plan.collapse_below, rates), true, place)
        }
    }
}

/// No replication loses capacity, nothing grows over the window, and every objective is met.
pub(super) fn healthy(
    plan: &Plan,
    (summary, state, rates): (&Summary, &PointState, RateUnit),
    level: f64,
    place: &str,
) -> Finding {
    if state.condition <= Condition::Unstable {
        return decided(false, format!("{place}: {}", unsafe_words(summary, state, rates)));
    }
    let success = success_objective(plan);
    let others = plan.objectives.iter().filter(|objective| objective.metric() != Metric::SuccessRate);
    let of_work = Objective::AtLeast { metric: Metric::CompletionRate, value: success.bound() };
    let of_work = Some(of_work).filter(|_| summary.outlasts && summary.metric(Metric::CompletionRate).is_some());
    let all: Vec<Objective> = std::iter::once(success).chain(of_work).chain(others.copied()).collect();
    let found = all.iter().map(|objective| {
        let (metric, bound) = (objective.metric(), objective.bound());
        bounded_of(summary, (&MetricScope::Whole, level), metric, (bound, rates), objective.is_at_least(), place)
    });
    let rank = |finding: &Finding| match finding.verdict {
        Verdict::Fails => 0,
        Verdict::Undecided => 1,
        Verdict::Holds => 2,
    };
    found.min_by_key(rank).unwrap_or_else(|| missing(place))
}
