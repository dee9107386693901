//! Which variant is best, if one is.

use super::{all_of, fitting, list};
use crate::experiment::comparison::TIE;
use crate::experiment::finding;
use crate::experiment::summary::Summary;
use crate::model::RateUnit;
use crate::report::Report;
use crate::report::figures::set::Set;
use crate::report::paragraph::quoted;
use crate::report::turn::place;

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
    let bests = set
        .findings
        .iter()
        .filter_map(|finding| best(&set.summaries(finding)).map(|summary| (set.variant(finding).to_owned(), summary)));
    let bests: Vec<(String, &Summary)> = bests.collect();
    let Some((most, least)) = ends(&bests) else { return set.plan().title.clone() };
    let last = set.points().into_iter().map(|point| set.x(point)).fold(f64::NEG_INFINITY, f64::max);
    let rates = set.report.rates;
    let last = place(set.axis, last);
    let holds = format!("{} variants are safe up to {last}", all_of(set.findings.len()));
    if is_better(most.1, least.1) {
        let figures = format!("{}, {}", leaders(&bests, most.1), rates.words(throughput(most.1)));
        let other = format!(" ({} {})", quoted(&least.0), rates.words(throughput(least.1)));
        fitting([format!("{figures}{other}; all are safe up to {last}"), format!("{figures}; {holds}"), holds])
    } else {
        let alike = alike(bests.len(), (most.1, least.1), rates);
        fitting([format!("{alike}; all are safe up to {last}"), holds])
    }
}

/// The title of points without curves.
pub fn of_points(points: &[(String, &Summary)], report: &Report) -> String {
    let rate = |summary: &Summary| report.rates.words(throughput(summary));
    if let [(_, only)] = points {
        if !has_throughput(only) {
            return report.plan.title.clone();
        }
        if let Some(state) = report.state(only.point).filter(|state| !state.is_safe()) {
            let words = finding::unsafe_words(only, state, report.rates);
            return fitting([
                format!("{}, {words}: {}", rate(only), finding::cause(only)),
                format!("{}, {words}", rate(only)),
            ]);
        }
        let limit = only.saturated.as_ref().map(|resource| format!("{}, limited by {resource}", rate(only)));
        return fitting(limit.into_iter().chain([rate(only)]));
    }
    let Some((most, least)) = ends(points) else { return report.plan.title.clone() };
    let leaders = leaders(points, most.1);
    if is_better(most.1, least.1) {
        fitting([
            format!("{leaders}, {}; {} the least, {}", rate(most.1), quoted(&least.0), rate(least.1)),
            format!("{leaders}, {}", rate(most.1)),
            format!("from {} to {}", rate(least.1), rate(most.1)),
        ])
    } else {
        fitting([alike(points.len(), (most.1, least.1), report.rates)])
    }
}

/// A point with its name.
type Named<'b, 'a> = &'b (String, &'a Summary);

/// The points with the highest and the lowest throughput.
fn ends<'b, 'a>(points: &'b [(String, &'a Summary)]) -> Option<(Named<'b, 'a>, Named<'b, 'a>)> {
    let order = |a: &Named, b: &Named| throughput(a.1).total_cmp(&throughput(b.1));
    let known = || points.iter().filter(|(_, summary)| has_throughput(summary));
    known().max_by(order).zip(known().min_by(order))
}

/// `“a” serves the most`, `“a” and “b” serve the most`: those that are little worse than the best do as much.
fn leaders(points: &[(String, &Summary)], most: &Summary) -> String {
    let is_near = |summary: &Summary| throughput(summary) > throughput(most) * (1.0 - TIE);
    let near: Vec<&str> = points.iter().filter(|it| is_near(it.1)).map(|(name, _)| name.as_str()).collect();
    match near.as_slice() {
        [one] => format!("{} serves the most", quoted(one)),
        [_, _] | [_, _, _] => format!("{} serve the most", list(&near)),
        many => format!("{} of {} serve the most", many.len(), points.len()),
    }
}

/// Whether one is better beyond doubt, and by an amount that matters.
fn is_better(most: &Summary, least: &Summary) -> bool {
    let bounds = most.throughput_per_min.zip(least.throughput_per_min);
    let is_beyond_doubt = bounds.is_some_and(|(most, least)| most.low > least.high);
    is_beyond_doubt && throughput(most) > throughput(least) * (1.0 + TIE)
}

/// What is said of throughputs that cannot be told apart.
fn alike(count: usize, (most, least): (&Summary, &Summary), rates: RateUnit) -> String {
    let (high, low) = (throughput(most), throughput(least));
    if high > low * (1.0 + TIE) {
        format!("no significant difference, {} to {}", rates.words(low), rates.words(high))
    } else {
        format!("{} serve about {}", all_of(count), rates.words(high))
    }
}
