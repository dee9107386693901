//! Percentiles of the response time along the first axis, with the client's time-out.

use super::set::Set;
use super::{curve, method, title};
use crate::experiment::analyse::finding::Finding;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::percentile;
use crate::language::{Metric, Objective};
use crate::report::chart::{ChartAxis, Line, LineFigure, Measured, Panel, Style, Threshold};
use crate::report::number::seconds;

/// Variants beyond which each percentile has a panel of its own.
const FEW_VARIANTS: usize = 2;

/// Three percentiles from low to high, with the strokes that tell them apart within one panel: the median, p95 and p99. If the
/// objectives name p90 or p99.9, that takes the place of p95 or of p99.
///
/// Where each has a panel of its own, p95 has one as well if it was measured.
fn percentiles(set: &Set, together: bool) -> Vec<(Metric, Style)> {
    let (middle, high) = match percentile(&set.plan().objectives) {
        Metric::P90S => (Metric::P90S, Metric::P99S),
        Metric::P999S => (Metric::P95S, Metric::P999S),
        _ => (Metric::P95S, Metric::P99S),
    };
    let mut all = vec![(Metric::P50S, Style::Solid), (middle, Style::Dashed), (high, Style::Dotted)];
    if middle == Metric::P90S && !together && !measured(set, 1.0).is_empty() {
        all.insert(2, (Metric::P95S, Style::Dashed));
    }
    all
}

/// The figure: one panel for all percentiles of one or two variants, else a panel for each percentile.
pub(super) fn figure(set: &Set) -> LineFigure {
    let (unit, factor) = if longest(set) < 1.0 { ("ms", 1e3) } else { ("s", 1.0) };
    let together = set.findings.len() <= FEW_VARIANTS;
    let percentiles = percentiles(set, together);
    let (lowest, highest) = (percentiles[0].0, percentiles[percentiles.len() - 1].0);
    let curve = |finding, (metric, style): (Metric, Style)| {
        let curve = curve::curve(set, finding, metric, factor);
        let (label, style) = match (set.findings.len(), together) {
            (1, _) => (metric.short().to_owned(), style),
            (_, true) => (format!("{} {}", curve.label, metric.short()), style),
            (_, false) => (curve.label.clone(), Style::Solid),
        };
        // One mark a variant is enough; of many, the chart of the throughput says it.
        let collapse = if together && metric == lowest { curve::mark(set, finding) } else { None };
        if let Some(why) = nowhere(set, finding, metric) {
            return Line { label, style, end: why.into(), ..curve };
        }
        // The highest percentile says why the curves end, once at one place.
        let ends = if metric == highest { end(set, finding, metric) } else { None };
        let is_first = |(at, why): &(usize, &str)| {
            let is_same = |(other, words)| set.x(other) == set.x(*at) && words == *why;
            let same = |other: &&Finding| end(set, other, metric).is_some_and(is_same);
            set.findings.iter().copied().find(same).is_some_and(|first| first.variant == finding.variant)
        };
        let end = ends.filter(is_first).map_or_else(String::new, |(_, why)| why.into());
        Line { label, style, collapse, end, ..curve }
    };
    let curves = |percentile| set.findings.iter().map(move |&finding| curve(finding, percentile));
    let time_out = time_out(set);
    let each = if retries(set) { " an attempt" } else { "" };
    let panel = |what: &str, of: &[Metric], lines: Vec<Line>, points: Vec<Measured>| Panel {
        y: ChartAxis::linear(format!("{what} ({unit})")),
        lines,
        points,
        thresholds: time_out
            .map(|time_out| Threshold {
                value: time_out * factor,
                label: format!("client time-out {}{each}", seconds(time_out)),
            })
            .into_iter()
            .chain(objectives(set, of, factor))
            .collect(),
        ..Panel::default()
    };
    let mut panels = if together {
        let all: Vec<Metric> = percentiles.iter().map(|(metric, _)| *metric).collect();
        let lines = percentiles.iter().copied().flat_map(curves).collect();
        vec![panel("response time", &all, lines, measured(set, factor))]
    } else {
        let alone = |(metric, style): (Metric, Style)| {
            let points = if metric == Metric::P95S { measured(set, factor) } else { Vec::new() };
            let what = format!("response time, {}", metric.short());
            panel(&what, &[metric], curves((metric, style)).collect(), points)
        };
        percentiles.iter().copied().map(alone).collect()
    };
    panels.extend(later(set));
    let strokes: Vec<String> =
        percentiles.iter().map(|(metric, style)| format!("{} {}", metric.short(), stroke(*style))).collect();
    let strokes = strokes.join(", ");
    let mut note = if together { format!("{strokes}; successes only. ") } else { "Successes only. ".into() };
    note.push_str(&method::intervals(set.report, "Bands"));
    let ends =
        |why: &str| set.findings.iter().any(|finding| end(set, finding, Metric::P95S).is_some_and(|it| it.1 == why));
    if set.findings.iter().any(|finding| is_cut(set, finding)) {
        note.push_str(" A curve ends where no request beyond succeeds.");
    }
    if ends(GROWS) {
        note.push_str(
            " ↑: beyond this point the queue grows for as long as the load lasts, so no response time has a mean.",
        );
    }
    LineFigure {
        title: title::response(set),
        subtitle: method::subtitle(set.report, &set.points(), &set.place),
        x: set.x_axis(),
        panels,
        note,
    }
}

/// A panel for each time of the work behind the answers that an objective bounds.
fn later<'a>(set: &'a Set) -> impl Iterator<Item = Panel> + 'a {
    let mut metrics: Vec<Metric> = set.plan().objectives.iter().map(|objective| objective.metric()).collect();
    metrics.retain(|metric| metric.is_time_behind_answers());
    metrics.dedup();
    metrics.into_iter().map(|metric| Panel {
        y: ChartAxis::linear(format!("{} (s)", metric.short())),
        lines: set.findings.iter().map(|&finding| curve::curve(set, finding, metric, 1.0)).collect(),
        thresholds: objectives(set, &[metric], 1.0),
        ..Panel::default()
    })
}

/// Why a curve ends.
const GROWS: &str = "queue grows without bound";
const DEAD: &str = "stops responding";

/// Why a curve has no point at all; none where it has some.
fn nowhere(set: &Set, finding: &Finding, metric: Metric) -> Option<&'static str> {
    let summaries = set.summaries(finding);
    let first = summaries.first().filter(|_| summaries.iter().all(|it| it.metric(metric).is_none()))?;
    Some(match first.growth.spoils(metric) {
        true if set.is_dead(first) => DEAD,
        true => GROWS,
        false => "no request succeeds",
    })
}

/// The last point of a curve that ends before the axis does because what comes after it is not stationary, and why.
fn end(set: &Set, finding: &Finding, metric: Metric) -> Option<(usize, &'static str)> {
    let (last, next) = last_known(set, finding, metric)?;
    let why = if set.is_dead(next) { DEAD } else { GROWS };
    next.growth.spoils(metric).then_some((last.point, why))
}

/// Whether a curve ends before the axis does because no request beyond succeeds.
fn is_cut(set: &Set, finding: &Finding) -> bool {
    let next = last_known(set, finding, Metric::P95S);
    next.is_some_and(|(_, next)| next.success_rate.estimate == 0.0 && !next.growth.spoils(Metric::P95S))
}

/// The last point of a curve, where others come after it, and the next one.
fn last_known<'a>(set: &Set<'a>, finding: &Finding, metric: Metric) -> Option<(&'a Summary, &'a Summary)> {
    let summaries = set.summaries(finding);
    let last = summaries.iter().rposition(|summary| summary.metric(metric).is_some())?;
    Some((summaries[last], summaries.get(last + 1)?))
}

/// Whether clients try again, so that a response may take longer than the time-out of an attempt.
fn retries(set: &Set) -> bool {
    let summaries = set.findings.iter().flat_map(|finding| set.summaries(finding));
    summaries.into_iter().any(|summary| summary.attempts_per_request.estimate > 1.0)
}

fn stroke(style: Style) -> &'static str {
    match style {
        Style::Solid => "solid",
        Style::Dashed => "dashed",
        Style::Dotted => "dotted",
    }
}

/// The longest percentile, in seconds.
fn longest(set: &Set) -> f64 {
    let summaries = set.findings.iter().flat_map(|finding| set.summaries(finding));
    summaries.filter_map(|summary| summary.p99_s).map(|interval| interval.estimate).fold(0.0, f64::max)
}

/// The client's time-out in seconds, where all points have the same.
fn time_out(set: &Set) -> Option<f64> {
    let plan = set.plan();
    let common = method::common(&set.points(), |point| plan.points[point].load.timeout).flatten();
    common.map(|time_out| time_out.seconds())
}

/// The objectives on these percentiles.
fn objectives(set: &Set, of: &[Metric], factor: f64) -> Vec<Threshold> {
    let shown = set.plan().objectives.iter().filter(|objective| of.contains(&objective.metric()));
    let threshold = |objective: &Objective| {
        let label = format!("objective {} {}", objective.metric().short(), seconds(objective.bound()));
        Threshold { value: objective.bound() * factor, label }
    };
    shown.map(threshold).collect()
}

/// Measured 95th percentiles.
fn measured(set: &Set, factor: f64) -> Vec<Measured> {
    let points = set.points();
    let here = set.plan().measurements.iter().filter(|measurement| points.contains(&measurement.point));
    here.filter_map(|measurement| {
        let p95 = measurement.measured.p95_s?;
        let x = set.drawn(set.x(measurement.point));
        Some(Measured { x, y: p95 * factor, label: format!("{} p95", measurement.name) })
    })
    .collect()
}
