//! Which variant is best, if one is.

use super::values::least_is_enough;
use super::{all_of, fitting, list};
use crate::experiment::analyse::comparison::TIE;
use crate::experiment::analyse::condition::Condition;
use crate::experiment::analyse::culprit::named;
use crate::experiment::analyse::finding::{self, Finding, places};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::{Direction, Plan, percentile};
use crate::language::Metric;
use crate::model::RateUnit;
use crate::report::figures::set::Set;
use crate::report::number::seconds;
use crate::report::paragraph::quoted;
use crate::report::turn::place;
use crate::report::whole::Report;

/// What variants are ranked by: successes, or completed requests where work outlasts its answer somewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Work {
    metric: Metric,
    /// `serve`, `complete`.
    verbs: (&'static str, &'static str),
}

impl Work {
    fn of<'a>(summaries: impl Iterator<Item = &'a Summary>) -> Self {
        match summaries.into_iter().any(|summary| summary.outlasts) {
            true => Self { metric: Metric::CompletedPerMin, verbs: ("completes", "complete") },
            false => Self { metric: Metric::ThroughputPerMin, verbs: ("serves", "serve") },
        }
    }

    /// The time that tells apart variants that do as much: what they are ranked by, if that is a time, or else the percentile
    /// that the objectives name.
    fn time(self, plan: &Plan) -> Metric {
        match (plan.best_by, self.metric) {
            (metric, _) if metric.is_time() => metric,
            (_, Metric::CompletedPerMin) => Metric::CompletionP95S,
            _ => percentile(&plan.objectives),
        }
    }

    /// In words, of two groups of runs that of each.
    fn words(self, summary: &Summary, rates: RateUnit) -> String {
        let means = summary.means(self.metric);
        means.map_or_else(|| rates.words(f64::NEG_INFINITY), |means| means.words(|rate| rates.words(rate)))
    }

    /// A minute; less than any where it is not known.
    fn amount(self, summary: &Summary) -> f64 {
        summary.metric(self.metric).map_or(f64::NEG_INFINITY, |interval| interval.estimate)
    }
}

/// The point with the highest throughput, of those that have one.
pub fn best<'a>(summaries: &[&'a Summary]) -> Option<&'a Summary> {
    summaries.iter().copied().filter(has_throughput).max_by(|a, b| throughput(a).total_cmp(&throughput(b)))
}

fn has_throughput(summary: &&Summary) -> bool {
    summary.throughput_per_min.is_some()
}

fn throughput(summary: &Summary) -> f64 {
    summary.throughput_or_least()
}

/// The title where every variant is safe at every point.
pub fn survivors(set: &Set) -> String {
    let work = Work::of(set.findings.iter().flat_map(|finding| set.summaries(finding)));
    let most_work = |finding: &&Finding| {
        let known = set.summaries(finding).into_iter().filter(|summary| summary.metric(work.metric).is_some());
        known.max_by(|a, b| work.amount(a).total_cmp(&work.amount(b)))
    };
    let bests = set
        .findings
        .iter()
        .filter_map(|finding| most_work(finding).map(|summary| (set.variant(finding).to_owned(), summary)));
    let bests: Vec<(String, &Summary)> = bests.collect();
    let Some((most, least)) = ends(&bests, work) else { return set.plan().title.clone() };
    let values = || set.points().into_iter().map(|point| set.x(point));
    let (first, last) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let rates = set.report.rates;
    let all = all_of(set.findings.len());
    // What is said of all of them, in a clause of its own and as a sentence.
    let (all_hold, holds) = match set.axis.direction() {
        Direction::Load => {
            let last = place(set.axis, last);
            (format!("all are safe up to {last}"), format!("{all} variants are safe up to {last}"))
        }
        Direction::Capacity => {
            let enough = least_is_enough(set.axis, first, last);
            (format!("{enough} for all"), format!("{enough} for {all} variants"))
        }
        Direction::Neither => {
            let all_values = places(set.axis, [(first, last)]);
            (format!("all are safe at {all_values}"), format!("{all} variants are safe at {all_values}"))
        }
    };
    if is_better(most.1, least.1, work) {
        let figures = format!("{}, {}", leaders(&bests, most.1, work), work.words(most.1, rates));
        let other = format!(" ({} {})", quoted(&least.0), work.words(least.1, rates));
        fitting([format!("{figures}{other}; {all_hold}"), format!("{figures}; {holds}"), holds])
    } else {
        let alike = alike(bests.len(), (most.1, least.1), work, rates);
        let all = format!("{alike}; {all_hold}");
        // Where the load is highest for the capacity.
        let hardest = match set.axis.direction() {
            Direction::Load => Some(last),
            Direction::Capacity => Some(first),
            Direction::Neither => None,
        };
        let with_times = hardest.into_iter().flat_map(|x| {
            let at = format!(" at {}", place(set.axis, x));
            [(&all, " there"), (&alike, &at)].map(|(what, at)| Some(format!("{what}; {}", times_at(set, x, work, at)?)))
        });
        fitting(with_times.flatten().chain([all.clone(), holds]))
    }
}

/// How long the variants take at a value of the axis, in words `at`; none where that does not tell them apart.
fn times_at(set: &Set, x: f64, work: Work, at: &str) -> Option<String> {
    let there = set.findings.iter().filter_map(|finding| {
        let summary = set.summaries(finding).into_iter().find(|summary| set.x(summary.point) == x)?;
        Some((set.variant(finding).to_owned(), summary))
    });
    times(&there.collect::<Vec<_>>(), work.time(set.plan()), at)
}

/// The title of points without curves.
pub fn of_points(points: &[(String, &Summary)], report: &Report) -> String {
    let work = Work::of(points.iter().map(|(_, summary)| *summary));
    let rate = |summary: &Summary| work.words(summary, report.rates);
    if let [(_, only)] = points {
        if !has_throughput(only) {
            return report.plan.title.clone();
        }
        if let Some(state) = report.state(only.point).filter(|state| !state.is_safe()) {
            let words = finding::unsafe_words(only, state, report.rates);
            return fitting([
                format!("{}, {words}: {}", rate(only), finding::cause(only)),
                format!("{}, {words}", rate(only)),
                words,
            ]);
        }
        let limit = only.saturated.as_ref().map(|resource| format!("{}, limited by {}", rate(only), named(resource)));
        return fitting(limit.into_iter().chain([rate(only)]));
    }
    if points.iter().any(|(_, summary)| report.state(summary.point).is_some_and(|state| !state.is_safe())) {
        return fitting(by_condition(points, report, work));
    }
    let Some((most, least)) = ends(points, work) else { return report.plan.title.clone() };
    let leaders = leaders(points, most.1, work);
    if is_better(most.1, least.1, work) {
        fitting([
            format!("{leaders}, {}; {} the least, {}", rate(most.1), quoted(&least.0), rate(least.1)),
            format!("{leaders}, {}", rate(most.1)),
            format!("from {} to {}", rate(least.1), rate(most.1)),
        ])
    } else {
        let alike = alike(points.len(), (most.1, least.1), work, report.rates);
        let times = times(points, work.time(report.plan), "").map(|times| format!("{alike}; {times}"));
        fitting(times.into_iter().chain([alike]))
    }
}

/// `“pool 2” is safe (11.9/s); “today” and “prefetch 100” are unstable`: where some points are not safe.
fn by_condition(points: &[(String, &Summary)], report: &Report, work: Work) -> Vec<String> {
    type Group<'a> = (Option<Condition>, Vec<&'a (String, &'a Summary)>);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for point in points {
        let condition = report.state(point.1.point).map(|state| state.condition);
        match groups.iter_mut().find(|(known, _)| *known == condition) {
            Some((_, members)) => members.push(point),
            None => groups.push((condition, vec![point])),
        }
    }
    // The best first; of what has no condition nothing is said.
    groups.retain(|(condition, _)| condition.is_some());
    groups.sort_by_key(|(condition, _)| std::cmp::Reverse(*condition));
    let clause = |(condition, members): &Group<'_>, is_named: bool| {
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        let who = match names.len() {
            1 => list(&names),
            count if count == points.len() => all_of(count),
            _ if is_named => list(&names),
            count => format!("{count} of {}", points.len()),
        };
        let condition = condition.unwrap_or(Condition::Healthy);
        let what = match (condition, names.len()) {
            (Condition::Healthy, 1) => "is safe".to_owned(),
            (Condition::Healthy, _) => "are safe".to_owned(),
            (Condition::Sheds, 1) => "sheds load".to_owned(),
            (Condition::Sheds, _) => "shed load".to_owned(),
            (other, 1) => format!("is {}", other.word()),
            (other, _) => format!("are {}", other.word()),
        };
        let means = members.iter().filter_map(|(_, summary)| summary.means(work.metric));
        let (low, high) = means
            .filter(|means| means.all.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| (it.least().min(low), it.most().max(high)));
        let rates = match (report.rates.words(low), report.rates.words(high)) {
            _ if condition != Condition::Healthy || low > high => String::new(),
            (low, high) if low == high => format!(" ({high})"),
            (low, high) => format!(" ({low} to {high})"),
        };
        format!("{who} {what}{rates}")
    };
    let all = |is_named| groups.iter().map(|group| clause(group, is_named)).collect::<Vec<_>>().join("; ");
    let alone = ends(points, work).filter(|_| groups.len() == 1).map(|(most, least)| {
        let work_done = match is_better(most.1, least.1, work) {
            true => format!("{}, {}", leaders(points, most.1, work), work.words(most.1, report.rates)),
            false => alike(points.len(), (most.1, least.1), work, report.rates),
        };
        format!("{}; {work_done}", all(false))
    });
    alone.into_iter().chain([all(true), all(false)]).collect()
}

/// A point with its name.
type Named<'b, 'a> = &'b (String, &'a Summary);

/// The points with the highest and the lowest throughput.
fn ends<'b, 'a>(points: &'b [(String, &'a Summary)], work: Work) -> Option<(Named<'b, 'a>, Named<'b, 'a>)> {
    let order = |a: &Named, b: &Named| work.amount(a.1).total_cmp(&work.amount(b.1));
    let known = || points.iter().filter(|(_, summary)| summary.metric(work.metric).is_some());
    known().max_by(order).zip(known().min_by(order))
}

/// `“a” serves the most`, `“a” and “b” serve the most`: those that are little worse than the best do as much.
fn leaders(points: &[(String, &Summary)], most: &Summary, work: Work) -> String {
    let is_near = |summary: &Summary| are_tied(work.amount(most), work.amount(summary));
    let (one_does, many_do) = work.verbs;
    let near: Vec<&str> = points.iter().filter(|it| is_near(it.1)).map(|(name, _)| name.as_str()).collect();
    match near.as_slice() {
        [one] => format!("{} {one_does} the most", quoted(one)),
        [_, _] | [_, _, _] => format!("{} {many_do} the most", list(&near)),
        many => format!("{} of {} {many_do} the most", many.len(), points.len()),
    }
}

/// Whether an amount is as good as a higher one.
fn are_tied(high: f64, low: f64) -> bool {
    low >= high * (1.0 - TIE)
}

/// Whether one is better beyond doubt, and by an amount that matters.
fn is_better(most: &Summary, least: &Summary, work: Work) -> bool {
    let bounds = most.metric(work.metric).zip(least.metric(work.metric));
    let is_beyond_doubt = bounds.is_some_and(|(most, least)| most.low > least.high);
    is_beyond_doubt && !are_tied(work.amount(most), work.amount(least))
}

/// `p95 there from 9.0 s (“new”) to 24.1 s (“today”)`, with the words `at` for the place; none where the longest is not longer
/// beyond doubt, and by an amount that matters.
fn times(points: &[(String, &Summary)], metric: Metric, at: &str) -> Option<String> {
    let known = || points.iter().filter_map(|(name, summary)| Some((name, summary.metric(metric)?)));
    let (best, low) = known().min_by(|a, b| a.1.estimate.total_cmp(&b.1.estimate))?;
    let (worst, high) = known().max_by(|a, b| a.1.estimate.total_cmp(&b.1.estimate))?;
    let is_longer = low.high < high.low && high.estimate > low.estimate * (1.0 + TIE);
    let [low, high] = [low, high].map(|time| seconds(time.estimate));
    is_longer.then(|| format!("{}{at} from {low} ({}) to {high} ({})", metric.short(), quoted(best), quoted(worst)))
}

/// What is said of throughputs that cannot be told apart.
fn alike(count: usize, (most, least): (&Summary, &Summary), work: Work, rates: RateUnit) -> String {
    let (high, low) = (work.amount(most), work.amount(least));
    let are_groups = [most, least].iter().any(|one| one.group_means(work.metric).is_some());
    if are_tied(high, low) {
        format!("{} {} about {}", all_of(count), work.verbs.1, work.words(most, rates))
    } else if are_groups {
        "no significant difference".to_owned()
    } else {
        format!("no significant difference, {} to {}", rates.words(low), rates.words(high))
    }
}
