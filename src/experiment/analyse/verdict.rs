//! Verdicts: whether what a hypothesis expects was seen.
//!
//! An expectation on a metric holds at a point when its whole 95 % interval is on the right side of the bound, fails
//! when the whole interval is on the wrong side, and is undecided in between. It holds for a range of points when it
//! holds at each, and fails if it fails at one more clearly than chance makes one of so many. Two variants are compared
//! by the interval of the paired difference: both met the same requests.

mod finding;
mod measured;
mod states;

use finding::{Finding, beside, beyond, bounded, bounded_of, comparable, decided, doubtful, missing, ratio, unknown};
use measured::met;
pub use measured::{Deviation, deviations, unpredicted};
use states::{healthy, is_in_doubt, loses_capacity, recovers, sheds, stuck, survives};

use crate::experiment::analyse::comparison::Difference;
use crate::experiment::analyse::condition::{self, Condition, PointState};
use crate::experiment::analyse::finding::unsafe_words;
use crate::experiment::analyse::summary::{LEVEL, Summary, of_point};
use crate::experiment::analyse::throughput;
use crate::experiment::analyse::words::{place, quoted_place};
use crate::experiment::plan::{Direction, Expectation, Hypothesis, Plan};
use crate::language::{Answer, Metric, MultipleHypotheses};
use crate::metric::MetricScope;
use crate::model::RateUnit;
use crate::statistics::Interval;

/// Whether what was expected was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was.
    Holds,
    /// The opposite was.
    Fails,
    /// The intervals are too wide to tell, or there are no figures.
    Undecided,
}

/// A hypothesis and what became of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Judgement {
    /// The claim, in words.
    pub claim: String,
    /// Whether the author expected its refutation.
    pub refuted: bool,
    /// Whether the hypothesis holds: the expectation, or its refutation where that is expected.
    pub verdict: Verdict,
    /// What was seen, with figures.
    pub evidence: String,
    /// What the claim answers to the question of the experiment if it is true.
    pub answers: Option<Answer>,
    /// About how many replications would decide, where they would.
    pub replications_needed: Option<u64>,
}

impl Judgement {
    /// What became of the claim itself: the verdict, of a belief that is expected to be refuted the other one.
    pub fn of_claim(&self) -> Verdict {
        match (self.refuted, self.verdict) {
            (true, Verdict::Holds) => Verdict::Fails,
            (true, Verdict::Fails) => Verdict::Holds,
            (_, verdict) => verdict,
        }
    }
}

/// Judges all hypotheses of a plan.
///
/// Of several hypotheses some would be decided wrongly by chance alone. They are therefore decided by Holm's method
/// (Scandinavian Journal of Statistics 6, 1979): of `n` that are open, those are decided whose intervals decide them at
/// a risk of `5 % / n`, and then again of those that are still open, until no more are. Hypotheses that no interval
/// decides (a state, a saturated resource) do not count.
pub fn judge(plan: &Plan, summaries: &[Summary]) -> Vec<Judgement> {
    let states = condition::apparent(plan, summaries);
    let seen = Seen { summaries, states: &states, rates: throughput::unit(plan, summaries) };
    let each = |level: f64| -> Vec<Judgement> {
        plan.hypotheses.iter().map(|hypothesis| judge_one(plan, hypothesis, seen, level)).collect()
    };
    let mut judgements = each(LEVEL);
    let rests_on_intervals = |index: &usize| plan.hypotheses[*index].expect.rests_on_intervals();
    let mut open: Vec<usize> = (0..judgements.len()).filter(rests_on_intervals).collect();
    if plan.multiple_hypotheses == MultipleHypotheses::Each {
        return judgements;
    }
    loop {
        let level = 1.0 - (1.0 - LEVEL) / open.len().max(1) as f64;
        let (decided, still): (Vec<usize>, Vec<usize>) = open
            .iter()
            .partition(|&&index| judge_one(plan, &plan.hypotheses[index], seen, level).verdict != Verdict::Undecided);
        if decided.is_empty() {
            for index in still {
                let alone = judgements[index].verdict;
                let mut judgement = judge_one(plan, &plan.hypotheses[index], seen, level);
                if alone != Verdict::Undecided {
                    let count = open.len();
                    judgement.evidence = format!(
                        "{}; decided unadjusted, not after Holm's correction over {count} hypotheses",
                        judgements[index].evidence
                    );
                } else if judgement.replications_needed.is_some() && open.len() > 1 {
                    judgement.evidence = format!("{} (intervals of {:.1} %)", judgement.evidence, level * 100.0);
                }
                judgements[index] = judgement;
            }
            return judgements;
        }
        open = still;
        if open.is_empty() {
            return judgements;
        }
    }
}

/// The figures and the condition of each point.
#[derive(Clone, Copy)]
struct Seen<'a> {
    summaries: &'a [Summary],
    states: &'a [PointState],
    /// The unit of throughputs.
    rates: RateUnit,
}

impl<'a> Seen<'a> {
    fn at(self, point: usize) -> Option<(&'a Summary, &'a PointState)> {
        of_point(self.summaries, point).zip(condition::of(self.states, point))
    }
}

fn judge_one(plan: &Plan, hypothesis: &Hypothesis, all: Seen, level: f64) -> Judgement {
    // Of points that are as clear as each other the one under the heaviest load tells most, or with the least capacity.
    let is_capacity = plan.axes.first().is_some_and(|axis| axis.direction() == Direction::Capacity);
    let (seen, telling) = seen(level, &|level| {
        let mut found = findings(plan, hypothesis, all, level);
        if !is_capacity {
            found.reverse();
        }
        found
    });
    let mut evidence = telling.as_ref().map_or_else(|| "no figures".into(), |finding| finding.evidence.clone());
    evidence += &elsewhere(&hypothesis.expect, &findings(plan, hypothesis, all, level), seen);
    let verdict = match seen {
        Verdict::Holds if hypothesis.refuted => Verdict::Fails,
        Verdict::Fails if hypothesis.refuted => Verdict::Holds,
        other => other,
    };
    let replications_needed =
        telling.filter(|finding| seen == Verdict::Undecided && finding.decided > 0.0).map(|finding| {
            let factor = (1.0 / finding.decided).powi(2) * 1.1;
            let run = hypothesis.points.iter().filter_map(|&point| of_point(all.summaries, point));
            let run = run.map(|summary| summary.replications).max().unwrap_or(plan.replications as usize);
            (run as f64 * factor).ceil().min(1e9) as u64
        });
    let (claim, refuted, answers) = (hypothesis.claim.clone(), hypothesis.refuted, hypothesis.answers);
    Judgement { claim, refuted, verdict, evidence, answers, replications_needed }
}

/// How a claim stands at all of its points, where there are several: `; the claim fails at 3 of 5 points and holds at 2`.
fn elsewhere(expect: &Expectation, found: &[Finding], seen: Verdict) -> String {
    // What collapses is judged at the two points that are named.
    if matches!(expect, Expectation::Collapses { .. }) || found.len() < 2 {
        return String::new();
    }
    let (at, noun) = match expect {
        Expectation::MeetsMeasurements => ("for", "measurements"),
        _ => ("at", "points"),
    };
    let count = |verdict: Verdict| found.iter().filter(|finding| finding.verdict == verdict).count();
    let verb = |verdict: Verdict| match verdict {
        Verdict::Holds => "holds",
        Verdict::Fails => "fails",
        Verdict::Undecided => "is undecided",
    };
    let order = [seen, Verdict::Fails, Verdict::Undecided, Verdict::Holds];
    let is_new = |&(index, verdict): &(usize, Verdict)| !order[..index].contains(&verdict) && count(verdict) > 0;
    let kinds: Vec<Verdict> = order.into_iter().enumerate().filter(is_new).map(|(_, verdict)| verdict).collect();
    let all = found.len();
    let every = if all == 2 { "both".to_owned() } else { format!("all {all}") };
    match kinds.as_slice() {
        [] => String::new(),
        [only] => format!("; the claim {} {at} {every} {noun}", verb(*only)),
        [first, others @ ..] => {
            let others: Vec<String> = others.iter().map(|&it| format!("{} {at} {}", verb(it), count(it))).collect();
            format!("; the claim {} {at} {} of {all} {noun} and {}", verb(*first), count(*first), others.join(", "))
        }
    }
}

/// What the points of a hypothesis come to, and the finding that says most. It holds if it holds at every point,
/// whatever their number. That it fails at one of them is the likelier the more there are: it takes one at a risk of
/// `1/n`, two at one of `2/n` and so on (Simes, Biometrika 73, 1986; for figures that rise and fall together Sarkar,
/// Annals of Statistics 26, 1998).
fn seen(level: f64, findings: &dyn Fn(f64) -> Vec<Finding>) -> (Verdict, Option<Finding>) {
    let found = findings(level);
    let count = found.len();
    let fails = |finding: &Finding| finding.verdict == Verdict::Fails;
    let least = |found: Vec<Finding>| found.into_iter().min_by(|a, b| a.decided.total_cmp(&b.decided));
    let clearest = |found: Vec<Finding>| found.into_iter().max_by(|a, b| a.decided.total_cmp(&b.decided));
    if !found.iter().any(fails) {
        let (open, held): (Vec<Finding>, Vec<Finding>) =
            found.into_iter().partition(|finding| finding.verdict == Verdict::Undecided);
        let holds = open.is_empty() && count > 0;
        return if holds { (Verdict::Holds, least(held)) } else { (Verdict::Undecided, least(open)) };
    }
    let parts = std::iter::successors(Some(1), |part| Some(2 * part)).take_while(|&part| part < count);
    for part in parts.chain([count]) {
        let strictly = findings(1.0 - (1.0 - level) * part as f64 / count as f64);
        if strictly.iter().filter(|finding| fails(finding)).count() >= part {
            return (Verdict::Fails, clearest(found.into_iter().filter(fails).collect()));
        }
    }
    // A failure that may be chance is none, and no success.
    let doubtful =
        found.into_iter().zip(findings(1.0 - (1.0 - level) / count as f64)).filter(|(alone, _)| fails(alone));
    let doubtful = doubtful.map(|(alone, strictly)| Finding {
        evidence: format!("{}; fails unadjusted, not after Simes' correction over {count} points", alone.evidence),
        ..strictly
    });
    (Verdict::Undecided, clearest(doubtful.collect()))
}

fn findings(plan: &Plan, hypothesis: &Hypothesis, seen: Seen, level: f64) -> Vec<Finding> {
    let Seen { summaries, rates, .. } = seen;
    let summary = |point: usize| of_point(summaries, point);
    let scope = &hypothesis.scope;
    let each = |judge: &dyn Fn(&Summary, &str) -> Finding| -> Vec<Finding> {
        let of_point = |&point: &usize| {
            let place = within(place(plan, point), scope);
            summary(point).map_or_else(|| missing(&place), |summary| judge(summary, &place))
        };
        hypothesis.points.iter().map(of_point).collect()
    };
    let each_state = |judge: &dyn Fn(&Summary, &PointState, &str) -> Finding| -> Vec<Finding> {
        let of_point = |&point: &usize| {
            let place = place(plan, point);
            match seen.at(point) {
                Some((summary, state)) => judge(summary, state, &place),
                None => summary(point)
                    .and_then(|summary| summary.doubt.as_ref())
                    .map_or_else(|| missing(&place), |it| doubtful(it, &place)),
            }
        };
        hypothesis.points.iter().map(of_point).collect()
    };
    let compared = |other: usize, metric: Metric, judge: &dyn Fn(Interval, String) -> Finding| -> Vec<Finding> {
        let of_point = |&point: &usize| {
            let twin = plan.beside(point, other).and_then(summary);
            let (place, other) = (within(quoted_place(plan, point), scope), &plan.variants[other]);
            let found = summary(point).zip(twin).and_then(|(a, b)| Difference::at(level, a, b, scope, metric));
            match found.and_then(|found| Some((found, comparable(&found)?))) {
                Some((found, interval)) => judge(interval, beside(&found, &place, other, rates)),
                None => {
                    let both: Vec<&Summary> = summary(point).into_iter().chain(twin).collect();
                    unknown(&both, metric, &format!("{place}, against “{other}”"))
                }
            }
        };
        hypothesis.points.iter().map(of_point).collect()
    };
    match &hypothesis.expect {
        Expectation::AtLeast { metric, value } => {
            each(&|summary, place| bounded_of(summary, (scope, level), *metric, (*value, rates), true, place))
        }
        Expectation::AtMost { metric, value } => {
            each(&|summary, place| bounded_of(summary, (scope, level), *metric, (*value, rates), false, place))
        }
        Expectation::Survives => {
            each_state(&|summary, state, place| survives(plan, (summary, state, rates), level, place))
        }
        Expectation::Collapses { from, to } => collapse(plan, hypothesis, seen, (*from, *to), level),
        Expectation::Stuck => each(&|summary, place| stuck(summary, place)),
        Expectation::Recovers => each_state(&|summary, state, place| recovers(summary, state, rates, place)),
        Expectation::LosesCapacity => each_state(&|summary, state, place| loses_capacity(summary, state, rates, place)),
        Expectation::Sheds => each_state(&|summary, state, place| sheds(plan, (summary, state, rates), place)),
        Expectation::Healthy => {
            each_state(&|summary, state, place| healthy(plan, (summary, state, rates), level, place))
        }
        Expectation::HigherThan { variant, metric, by } => {
            compared(*variant, *metric, &|difference, evidence| beyond(difference, *by, evidence, 1.0))
        }
        Expectation::LowerThan { variant, metric, by } => {
            compared(*variant, *metric, &|difference, evidence| beyond(difference, *by, evidence, -1.0))
        }
        Expectation::SameAs { variant, metric, within } => compared(*variant, *metric, &|difference, evidence| {
            let verdict = if difference.low >= -within && difference.high <= *within {
                Verdict::Holds
            } else if difference.low > *within || difference.high < -within {
                Verdict::Fails
            } else {
                Verdict::Undecided
            };
            let decided = [-within, *within].map(|bound| ratio(&difference, bound));
            let decided = if difference.estimate.abs() <= *within {
                decided[0].min(decided[1])
            } else {
                decided[usize::from(difference.estimate > 0.0)]
            };
            Finding { verdict, evidence, decided }
        }),
        Expectation::SaturatedBy { resource } => each(&|summary, place| {
            let seen = summary.saturated.as_deref().unwrap_or("nothing");
            // Faults that do the same to the same are named together.
            let faults = &plan.points[summary.point].system.faults;
            let fault = faults.iter().find(|fault| resource.strip_prefix("fault ") == Some(&fault.name));
            let joint = fault.map_or_else(|| resource.clone(), |fault| fault.joint_name(faults));
            let is_limit = summary.culprit.as_ref().is_some_and(|culprit| culprit.is_limit(&joint));
            let verdict = if is_limit { Verdict::Holds } else { Verdict::Fails };
            Finding { verdict, evidence: format!("{place}: limited by {seen}"), decided: 1.0 }
        }),
        Expectation::MeetsMeasurements => plan
            .measurements
            .iter()
            .filter(|measurement| measurement.variant == hypothesis.variant)
            .filter_map(|measurement| met(measurement, summary(measurement.point), level, rates))
            .collect(),
    }
}

/// A collapse between two values of the first axis: at every point up to `from` no replication loses capacity, nothing
/// grows and the success rate keeps its bound; at the first point from `to` on the success rate is below the bound, and
/// the point is dead, damaged, unstable or collapsed, or has no lower load to compare its goodput with. What lies
/// between is not looked at, nor what comes after.
fn collapse(plan: &Plan, hypothesis: &Hypothesis, seen: Seen, (from, to): (f64, f64), level: f64) -> Vec<Finding> {
    let number = |&point: &usize| plan.points[point].at.first().and_then(|&value| plan.axes[0].values[value].number);
    let judge = |point: usize, safe: bool| {
        let place = place(plan, point);
        let Some((summary, state)) = seen.at(point) else { return missing(&place) };
        let words = || format!("{place}: {}", unsafe_words(summary, state, seen.rates));
        match (state.condition, safe) {
            (Condition::Dead | Condition::Damaged | Condition::Unstable, true) => decided(false, words()),
            (Condition::Sheds | Condition::Overloaded | Condition::Failing, false)
                if state.goodput.is_some() && !is_in_doubt(summary, state) =>
            {
                decided(false, words())
            }
            _ => bounded(summary, level, plan.collapse_below, safe, &place),
        }
    };
    let safe = hypothesis.points.iter().filter(|point| number(point).is_some_and(|at| at <= from));
    let last_safe = safe.clone().max_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(std::cmp::Ordering::Equal));
    let beyond = hypothesis.points.iter().filter(|point| number(point).is_some_and(|at| at >= to));
    let first_beyond = beyond.min_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(std::cmp::Ordering::Equal));
    let mut findings: Vec<Finding> = safe.map(|&point| judge(point, true)).collect();
    findings.extend(first_beyond.map(|&point| judge(point, false)));
    // A request that never went there has not seen it.
    let axis = plan.axes.first().map_or("the load", |axis| axis.name.as_str());
    let unseen = |side: &str, value: f64| Finding {
        verdict: Verdict::Undecided,
        evidence: format!("no point with {axis} {side} {value} was run"),
        decided: 0.0,
    };
    findings.extend(last_safe.is_none().then(|| unseen("up to", from)));
    findings.extend(first_beyond.is_none().then(|| unseen("from", to)));
    if findings.iter().all(|finding| finding.verdict == Verdict::Holds)
        && let (Some(&safe), Some(&beyond)) = (last_safe, first_beyond)
    {
        let evidence = format!("{}; {}", judge(safe, true).evidence, judge(beyond, false).evidence);
        return vec![Finding { verdict: Verdict::Holds, evidence, decided: 1.0 }];
    }
    findings
}

/// A place, and what is looked at there.
fn within(place: String, scope: &MetricScope) -> String {
    match scope {
        MetricScope::Whole => place,
        MetricScope::Class(name) => format!("{place}, class {name}"),
        MetricScope::Service(name) => format!("{place}, service {name}"),
        MetricScope::Cause(words) => format!("{place}, cause `{words}`"),
    }
}

/// The exit code that verdicts call for: 0 all hold, 1 one fails, 3 undecided.
pub fn exit_code(judgements: &[Judgement]) -> u8 {
    if judgements.iter().any(|judgement| judgement.verdict == Verdict::Fails) {
        1
    } else if judgements.iter().any(|judgement| judgement.verdict == Verdict::Undecided) {
        3
    } else {
        0
    }
}
