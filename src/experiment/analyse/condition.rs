//! The condition of a point: the one place where replications become a word.
//!
//! Every sentence, title, mark, verdict and exit code that calls a point safe, collapsed, dead or the like rests on
//! [`conditions`]. A point has the worst condition that applies, in this order:
//!
//! 1. [`Dead`](Condition::Dead): in some replication, after the load has gone, no process of the target answers.
//! 2. [`Damaged`](Condition::Damaged): in some replication some capacity is lost for good.
//! 3. [`Unstable`](Condition::Unstable): work inside, or the number of clients that try again, grows over the window; or
//!    clients of a closed load, which has no more requests than clients, are held at its end: they wait for overdue answers,
//!    for a larger share of their time than the success objective allows to fail.
//! 4. [`Collapsed`](Condition::Collapsed): the success objective is missed, and goodput (successes per time) is below
//!    nine tenths of the best that the variant has at a lower load.
//! 5. [`Sheds`](Condition::Sheds): the success objective is missed, but not among the requests that were admitted: what
//!    fails is refused on purpose.
//! 6. [`Overloaded`](Condition::Overloaded): the success objective is missed without any of these.
//! 7. [`Failing`](Condition::Failing): the same, but what fails does so for another reason than the want of a resource.
//! 8. [`Slow`](Condition::Slow): an objective on a time is missed.
//! 9. [`Healthy`](Condition::Healthy).
//!
//! Where work outlasts its answer (messages, handlers that respond and continue), the success objective holds for that
//! work as well: a point that answers all requests and then loses their messages is not healthy.
//!
//! The first two are states of a single run: one replication in a hundred is enough. The others are judged by the
//! figures of all replications together; that of a growth is certain in all of them before it is in each. A point is
//! healthy only if the whole interval of each of these figures meets its objective, or no request failed, and misses one
//! only if the whole interval does: where the interval contains the bound, the point has no state. If it does because some
//! runs meet the success objective and others miss it, each beyond chance and with at most nine tenths of the others'
//! throughput, the point has the condition of those that miss it, with their number and the interval of their share.

use super::throughput;
use crate::experiment::analyse::culprit::{Culprit, CulpritKind};
use crate::experiment::analyse::summary::{Doubt, LEVEL, Means, Summary, are_held, in_groups};
use crate::experiment::analyse::words;
use crate::experiment::plan::success_objective;
use crate::experiment::plan::{Direction, Plan};
use crate::language::{Metric, Objective};
use crate::metric::MetricScope;
use crate::model::Pattern;
use crate::parts::{Failure, LostWork, PlaceKind};
use crate::statistics::Interval;

/// Share of the best goodput below which it has collapsed.
pub const HELD: f64 = 0.9;

/// The same of a finite test that refusals cut short by using up its users: it ends before a steady load would show what
/// goodput it has, but below half of the best it has collapsed all the same.
const HELD_IN_SHORT_TEST: f64 = 0.5;

/// Loss of capacity that must be excluded before a point may be called safe without a caveat.
pub const RARE_LOSS: f64 = 0.01;

/// The condition of a point, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Condition {
    /// After the load has gone, no process of the target answers.
    Dead,
    /// Some capacity is lost permanently; the rest works.
    Damaged,
    /// A backlog, or the number of clients that try again, grows over the whole window, or clients are held at its end.
    Unstable,
    /// The success objective is missed, and goodput is below nine tenths of the best at a lower load.
    Collapsed,
    /// The success objective is missed because requests are refused on purpose.
    Sheds,
    /// The success objective is missed without any of these.
    Overloaded,
    /// The success objective is missed, but not for want of a resource: what fails meets an error of the model's own, a
    /// fault, or a time-out that its own work takes.
    Failing,
    /// An objective on a time is missed.
    Slow,
    /// All objectives are met.
    Healthy,
}

impl Condition {
    /// As tables, charts and JSON name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Damaged => "damaged",
            Self::Unstable => "unstable",
            Self::Collapsed => "collapsed",
            Self::Sheds => "sheds load",
            Self::Overloaded => "overloaded",
            Self::Failing => "failing",
            Self::Slow => "slow",
            Self::Healthy => "healthy",
        }
    }

    /// Whether a replication lost capacity for good.
    #[doc(hidden)]
    pub fn is_loss(self) -> bool {
        self <= Self::Damaged
    }
}

/// The condition of a point, and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct PointState {
    /// Index of the point.
    pub point: usize,
    /// The condition.
    pub condition: Condition,
    /// Replications that show it: for the first two conditions those in that state, else those whose own figures miss
    /// the objective in the same way. Of an unstable point those that show the growth by themselves, which may be
    /// none; of a healthy one, all.
    pub runs: usize,
    /// Replications in all.
    pub of: usize,
    /// The share of replications that show it, with its 95 % interval (Clopper and Pearson 1934).
    pub share: Interval,
    /// The objective that is missed: of points that lost capacity that on success. None where none is.
    pub missed: Option<Objective>,
    /// Goodput relative to the best at a lower load; none where there is no lower load. Of two groups of runs the lower one
    /// decides whether the point has collapsed.
    pub goodput: Option<Means>,
}

impl PointState {
    /// `5/20` where not all replications show it; empty where they do, or where it shows only in all of them together.
    pub fn fraction(&self) -> String {
        if self.runs == self.of || self.runs == 0 { String::new() } else { format!("{}/{}", self.runs, self.of) }
    }

    /// Whether goodput at a lower load, of which there is none, would show that the point has collapsed.
    pub fn may_have_collapsed(&self) -> bool {
        let is_judged_by_it = matches!(self.condition, Condition::Sheds | Condition::Overloaded | Condition::Failing);
        is_judged_by_it && self.goodput.is_none()
    }

    /// Whether the point is safe: no replication is dead, damaged or unstable, and the objectives are met.
    pub fn is_safe(&self) -> bool {
        self.condition == Condition::Healthy
    }
}

/// The state of each point that has one, in the order of the summaries. Where a limit ended replications early, or no
/// request ended, only a loss of capacity or a growing backlog is sure: any other point has no state. Nor has a point
/// that looks healthy where only a longer run, or more runs, show whether it is.
pub fn conditions(plan: &Plan, summaries: &[Summary]) -> Vec<PointState> {
    known(plan, summaries, false)
}

/// The same, where a point that looks healthy is called so even if more runs may show that it is not: for those who judge
/// the intervals of its figures themselves.
pub fn apparent(plan: &Plan, summaries: &[Summary]) -> Vec<PointState> {
    known(plan, summaries, true)
}

fn known(plan: &Plan, summaries: &[Summary], few_runs_are_enough: bool) -> Vec<PointState> {
    let is_known = |summary: &Summary, state: &PointState| match &summary.doubt {
        None => true,
        Some(doubt) if doubt.needs_more_runs() => few_runs_are_enough || state.condition <= Condition::Unstable,
        Some(doubt) if doubt.is_of_health() => state.condition != Condition::Healthy,
        Some(_) => state.condition <= Condition::Unstable,
    };
    let of = |summary| Some(state(plan, summaries, summary)).filter(|state| is_known(summary, state));
    summaries.iter().filter_map(of).collect()
}

/// Replications that are proposed beyond those that the half-width asks for, because the estimate will move.
const MARGIN: f64 = 1.1;

/// The first objective of which the figure's interval contains the bound: it may be met or missed. None where another one is
/// missed for certain. A success rate of all requests meets any: what so few runs can hide is said where it matters.
pub fn too_few_runs(plan: &Plan, summary: &Summary) -> Option<Doubt> {
    let success = success_objective(plan);
    let of_work = Objective::AtLeast { metric: Metric::CompletionRate, value: success.bound() };
    let of_work = Some(of_work).filter(|_| summary.outlasts);
    let others = plan.objectives.iter().filter(|objective| objective.metric() != Metric::SuccessRate);
    let all = std::iter::once(success).chain(of_work).chain(others.copied());
    let known: Vec<(Objective, Interval)> =
        all.filter_map(|objective| Some((objective, summary.metric(objective.metric())?))).collect();
    let is_certain = |&(objective, interval): &(Objective, Interval)| {
        [interval.low, interval.high].into_iter().all(|end| objective.is_missed_by(end))
    };
    if known.iter().any(is_certain) {
        return None;
    }
    let rates = throughput::unit_of(plan, summary.throughput_per_min.into_iter().map(|rate| rate.estimate));
    // Where runs differ in kind, those that miss the objective decide, and more runs would only give their share.
    let in_part = |objective: &Objective| objective.metric() == Metric::SuccessRate && summary.is_missed_in_part();
    known.into_iter().filter(|(objective, _)| !in_part(objective)).find_map(|(objective, interval)| {
        let (metric, bound) = (objective.metric(), objective.bound());
        // The end of the interval on the other side of the bound than the estimate.
        let is_above = objective.is_missed_by(interval.estimate) == objective.is_at_least();
        let end = if is_above { interval.high } else { interval.low };
        let is_flawless = metric.is_rate() && objective.is_at_least() && interval.estimate == 1.0;
        if objective.is_missed_by(interval.estimate) == objective.is_missed_by(end) || is_flawless {
            return None;
        }
        let most = if objective.is_at_least() { "at least" } else { "at most" };
        let (seen, bound_words) = (words::figure(interval, metric, rates), words::amount(bound, metric, rates));
        let groups = summary.group_means(metric);
        let seen = match groups.and_then(|groups| in_groups(groups, |mean| words::amount(mean, metric, rates))) {
            Some(groups) => format!("{groups}, over all {seen}"),
            None => seen,
        };
        // Half-widths fall with the root of the number of replications.
        let factor = ((end - interval.estimate) / (bound - interval.estimate)).powi(2) * MARGIN;
        let needed = Some(summary.replications as f64 * factor).filter(|needed| *needed < 1e9);
        Some(Doubt::TooFewRuns {
            figure: format!("{} {seen}, must be {most} {bound_words}", metric.words()),
            needed: needed.map(|needed| needed.ceil() as u64),
        })
    })
}

/// The state of a point, of states in the order of the points.
pub fn of(states: &[PointState], point: usize) -> Option<&PointState> {
    states.binary_search_by_key(&point, |state| state.point).ok().map(|index| &states[index])
}

fn state(plan: &Plan, summaries: &[Summary], summary: &Summary) -> PointState {
    let of = summary.replications;
    let broken = broken_promise(plan, summary);
    // Where all is well, goodput is that of the answers.
    let metric = broken.map_or(Metric::ThroughputPerMin, |(_, goodput)| goodput);
    let best = best_below(plan, summaries, summary.point, metric).filter(|&best| best > 0.0);
    let goodput = best.zip(summary.means(metric)).map(|(best, it)| it.relative_to(best));
    let holds = |least: f64| goodput.is_none_or(|goodput| goodput.least() >= least);
    let is_finite = matches!(plan.points[summary.point].load.pattern, Pattern::Test { .. });
    let missed = broken.map(|(objective, _)| objective);
    let success = success_objective(plan).bound();
    let (condition, runs, missed) = if summary.capacity.dead > 0 {
        (Condition::Dead, summary.capacity.dead, missed)
    } else if summary.capacity.damaged > 0 {
        (Condition::Damaged, summary.capacity.damaged, missed)
    } else if summary.growth.any().is_some() {
        (Condition::Unstable, summary.growth.runs, None)
    } else if summary.growth.holds_clients(success) {
        let runs = summary.overdue.iter().filter(|&&share| are_held(share, success)).count();
        (Condition::Unstable, runs, None)
    } else if let Some((objective, _)) = broken {
        let is_for_load = |culprit: &Culprit| !culprit.is_by_error && culprit.kind != CulpritKind::Fault;
        let condition = match is_shedding(summary, objective) && summary.culprit.as_ref().is_none_or(is_for_load) {
            true if holds(if is_finite { HELD_IN_SHORT_TEST } else { HELD }) => Condition::Sheds,
            _ if !holds(HELD) => Condition::Collapsed,
            _ if is_shortage(summary) => Condition::Overloaded,
            _ => Condition::Failing,
        };
        let each = summary.by_trial(&MetricScope::Whole, objective.metric());
        let misses = each.iter().filter(|(_, value)| objective.is_missed_by(*value));
        // Where one of two groups of runs keeps its goodput, only the others have collapsed.
        let kept = goodput.filter(|it| condition == Condition::Collapsed && it.most() >= HELD);
        let keeps = kept.and_then(|_| summary.split());
        let runs = misses.filter(|(replication, _)| !keeps.as_ref().is_some_and(|it| it.is_high(*replication)));
        (condition, runs.count(), Some(objective))
    } else if let Some((objective, runs)) = missed_time(plan, summary) {
        (Condition::Slow, runs, Some(objective))
    } else {
        (Condition::Healthy, of, None)
    };
    let share = Interval::exact_proportion(runs as u64, of as u64, LEVEL).unwrap_or(Interval::exact(0.0));
    PointState { point: summary.point, condition, runs, of, share, missed, goodput }
}

/// The success objective if the answers miss it, or else the same objective of the work behind them if that does; with
/// the metric that is the goodput of the one that misses it. It is that of the work as well where the answers miss it only
/// because requests are refused on purpose, and the work for another reason.
fn broken_promise(plan: &Plan, summary: &Summary) -> Option<(Objective, Metric)> {
    let success = success_objective(plan);
    let is_missed = success.is_missed_by(summary.success_rate.estimate) || summary.is_missed_in_part();
    let answers = is_missed.then_some((success, Metric::ThroughputPerMin));
    let completion = Objective::AtLeast { metric: Metric::CompletionRate, value: success.bound() };
    let rate = summary.metric(Metric::CompletionRate).filter(|_| summary.outlasts);
    let is_broken = rate.is_some_and(|rate| completion.is_missed_by(rate.estimate));
    let work = is_broken.then_some((completion, Metric::CompletedPerMin));
    let is_shed = |broken: Option<(Objective, Metric)>| broken.is_some_and(|it| is_shedding(summary, it.0));
    if is_shed(answers) && !is_shed(work) { work.or(answers) } else { answers.or(work) }
}

/// The first objective other than the success rate that the point misses, and the replications that miss it. One on a
/// throughput that the load does not offer comes last: the culprit is that of the others.
fn missed_time(plan: &Plan, summary: &Summary) -> Option<(Objective, usize)> {
    let load = &plan.points[summary.point].load;
    let others = plan.objectives.iter().copied().filter(|objective| objective.metric() != Metric::SuccessRate);
    let (last, first): (Vec<_>, Vec<_>) = others.partition(|&objective| summary.is_short_of_load(load, objective));
    first.into_iter().chain(last).find_map(|objective| {
        let figure = summary.metric(objective.metric())?;
        let each = summary.by_trial(&MetricScope::Whole, objective.metric());
        let runs = each.iter().filter(|(_, value)| objective.is_missed_by(*value)).count();
        objective.is_missed_by(figure.estimate).then_some((objective, runs.max(1)))
    })
}

/// Whether what fails is refused on purpose: among the requests that were not refused, or the work that was not
/// dropped by a full queue, the objective is met. What fails before a breaker opens belongs to what it then refuses.
fn is_shedding(summary: &Summary, objective: Objective) -> bool {
    if objective.metric() == Metric::CompletionRate {
        let of = |is_wanted: &dyn Fn(&LostWork) -> bool| {
            summary.lost_work.iter().filter(|lost| is_wanted(lost)).map(|lost| lost.count as f64).sum::<f64>()
        };
        let dropped = of(&|lost| lost.is_dropped());
        let rate = summary.metric(Metric::CompletionRate).map_or(1.0, |rate| rate.estimate);
        let broken = summary.work_left + summary.work_failed * (1.0 - dropped / of(&|_| true));
        return dropped > 0.0 && rate > 0.0 && rate >= objective.bound() * (rate + broken);
    }
    summary.is_met_without_refusals(objective.bound()) || is_refused_by_breaker(summary)
}

/// Whether an open breaker refuses most of what fails.
fn is_refused_by_breaker(summary: &Summary) -> bool {
    let (Some(blame), Some(culprit)) = (&summary.blame, &summary.culprit) else { return false };
    blame.places.iter().any(|place| place.kind == PlaceKind::Breaker && place.name == culprit.name)
}

/// Whether what fails does so for want of a resource. Without accounts the most frequent cause tells: a request that is
/// given up late, or refused at once.
fn is_shortage(summary: &Summary) -> bool {
    let by_cause = || {
        let most = summary.failures.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        most.is_none_or(|(cause, _)| Failure::is_late(cause) || Failure::fails_at_once(cause))
    };
    summary.culprit.as_ref().map_or_else(by_cause, Culprit::is_shortage)
}

/// The best goodput that the variant has at a lower load, with everything else the same; none without a lower load.
fn best_below(plan: &Plan, summaries: &[Summary], point: usize, metric: Metric) -> Option<f64> {
    let (axis, number) = plan.axes.iter().enumerate().find_map(|(index, axis)| {
        let number = axis.values[plan.points[point].at[index]].number?;
        (axis.direction() == Direction::Load).then_some((index, number))
    })?;
    let is_below = |other: &&Summary| {
        let (ours, theirs) = (&plan.points[point], &plan.points[other.point]);
        let number_there = plan.axes[axis].values[theirs.at[axis]].number;
        let is_same = |index: usize| index == axis || ours.at[index] == theirs.at[index];
        ours.variant == theirs.variant
            && (0..ours.at.len()).all(is_same)
            && number_there.is_some_and(|there| there < number)
    };
    let goodputs = summaries.iter().filter(is_below).filter_map(|summary| Some(summary.means(metric)?.most()));
    goodputs.reduce(f64::max)
}
