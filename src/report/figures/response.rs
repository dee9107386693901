//! Percentiles of the response time along the first axis, with the client's time-out.

use super::set::Set;
use super::{curve, method, title};
use crate::experiment::finding::Finding;
use crate::experiment::summary::Summary;
use crate::report::chart::{Axis, Line, LineFigure, Measured, Panel, Style, Threshold};
use crate::report::number::seconds;
use crate::spec::{Metric, Objective};

/// Variants beyond which each percentile has a panel of its own.
const FEW_VARIANTS: usize = 2;

/// How many times the longest percentile a time-out may be and still be drawn.
const FAR: f64 = 3.0;

/// The percentiles, with the stroke that tells them apart within one panel.
const PERCENTILES: [(Metric, &str, Style); 3] =
    [(Metric::P50S, "p50", Style::Solid), (Metric::P95S, "p95", Style::Dashed), (Metric::P99S, "p99", Style::Dotted)];

/// The figure: one panel for all percentiles of one or two variants, else a panel for each percentile.
pub(super) fn figure(set: &Set) -> LineFigure {
    let (unit, factor) = if longest(set) < 1.0 { ("ms", 1e3) } else { ("s", 1.0) };
    let together = set.findings.len() <= FEW_VARIANTS;
    let curve = |finding, (metric, name, style): (Metric, &str, Style)| {
        let curve = curve::curve(set, finding, metric, factor);
        let (label, style) = match (set.findings.len(), together) {
            (1, _) => (name.to_owned(), style),
            (_, true) => (format!("{} {name}", curve.label), style),
            (_, false) => (curve.label.clone(), Style::Solid),
        };
        // One mark a variant is enough; of many, the chart of the throughput says it.
        let collapse = if together && name == "p50" { curve::mark(set, finding) } else { None };
        // The highest percentile says why the curves end, once at one place.
        let ends = if name == "p99" { end(set, finding, metric) } else { None };
        let is_first = |at: usize| {
            let same = |other: &&Finding| end(set, other, metric).is_some_and(|end| set.x(end) == set.x(at));
            set.findings.iter().copied().find(same).is_some_and(|first| first.variant == finding.variant)
        };
        let end = ends.filter(|&at| is_first(at)).map_or_else(String::new, |_| "queue grows without bound".into());
        Line { label, style, collapse, end, ..curve }
    };
    let curves = |percentile| set.findings.iter().map(move |&finding| curve(finding, percentile));
    let time_out = time_out(set);
    // A time-out far above every curve would press them to the floor.
    let far = time_out.is_some_and(|time_out| time_out > FAR * longest(set));
    let panel = |what: &str, of: &[Metric], lines: Vec<Line>, points: Vec<Measured>| Panel {
        y: Axis::linear(format!("{what} ({unit})")),
        lines,
        points,
        thresholds: time_out
            .filter(|_| !far)
            .map(|time_out| Threshold {
                value: time_out * factor,
                label: format!("client time-out {}", seconds(time_out)),
            })
            .into_iter()
            .chain(objectives(set, of, factor))
            .collect(),
        ..Panel::default()
    };
    let panels = if together {
        let all = PERCENTILES.map(|(metric, ..)| metric);
        vec![panel("response time", &all, PERCENTILES.into_iter().flat_map(curves).collect(), measured(set, factor))]
    } else {
        let of_percentile = |percentile: (Metric, &'static str, Style)| {
            let points = if percentile.1 == "p95" { measured(set, factor) } else { Vec::new() };
            let what = format!("response time, {}", percentile.1);
            panel(&what, &[percentile.0], curves(percentile).collect(), points)
        };
        PERCENTILES.into_iter().map(of_percentile).collect()
    };
    let strokes = PERCENTILES.map(|(_, name, style)| format!("{name} {}", stroke(style))).join(", ");
    let mut note = if together { format!("{strokes}; successes only. ") } else { "Successes only. ".into() };
    if let Some(time_out) = time_out.filter(|_| far) {
        note.push_str(&format!("The client's time-out of {} is above the scale. ", seconds(time_out)));
    }
    note.push_str(&method::intervals(set.report, "Bands"));
    if set.findings.iter().any(|finding| end(set, finding, Metric::P95S).is_some()) {
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

/// The last point of a curve that ends before the axis does, because what comes after it is not stationary.
fn end(set: &Set, finding: &Finding, metric: Metric) -> Option<usize> {
    let is_known = |summary: &Summary| summary.metric(metric).is_some();
    let summaries = set.summaries(finding);
    let last = summaries.iter().rposition(|summary| is_known(summary));
    let next = summaries.get(last.map_or(0, |last| last + 1));
    let grows = next.is_some_and(|summary| summary.growth.spoils(metric));
    last.filter(|_| grows).map(|last| summaries[last].point)
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
        let name =
            PERCENTILES.iter().find(|(metric, ..)| *metric == objective.metric()).map_or("", |(_, name, _)| *name);
        let label = format!("objective {name} {}", seconds(objective.bound()));
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
