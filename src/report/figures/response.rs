//! Percentiles of the response time along the first axis, with the client's time-out.

use super::set::Set;
use super::{curve, method, title};
use crate::report::chart::{Axis, Line, LineFigure, Measured, Panel, Style, Threshold};
use crate::report::number::seconds;
use crate::spec::Metric;

/// Variants beyond which only the 95th percentile is drawn.
const MOST_VARIANTS: usize = 4;
/// Variants beyond which the 99th percentile is not drawn.
const FEW_VARIANTS: usize = 2;

/// The figure.
pub(super) fn figure(set: &Set) -> LineFigure {
    let (unit, factor) = if longest(set) < 1.0 { ("ms", 1e3) } else { ("s", 1.0) };
    let percentiles = percentiles(set);
    let curves = |&(metric, name, style): &(Metric, &str, Style)| {
        let curve = |finding| {
            let curve = curve::curve(set, finding, metric, factor);
            let label = match (set.findings.len(), percentiles.len()) {
                (1, _) => name.to_owned(),
                (_, 1) => curve.label.clone(),
                _ => format!("{} {name}", curve.label),
            };
            // One mark a variant is enough.
            let collapse = if metric == percentiles[0].0 { curve::mark(set, finding) } else { None };
            Line { label, style, collapse, ..curve }
        };
        set.findings.iter().copied().map(curve).collect::<Vec<Line>>()
    };
    let what = if percentiles.len() == 1 { "95th percentile of the response time" } else { "response time" };
    let names: Vec<String> = percentiles.iter().map(|(_, name, style)| format!("{name} {}", stroke(*style))).collect();
    let mut note =
        if names.len() > 1 { format!("{}; successes only. ", names.join(", ")) } else { "Successes only. ".into() };
    note.push_str(&method::intervals(set.report));
    LineFigure {
        title: title::response(set),
        subtitle: method::subtitle(set.report, &set.points(), &set.place),
        x: set.x_axis(),
        panels: vec![Panel {
            y: Axis::linear(format!("{what} ({unit})")),
            lines: percentiles.iter().flat_map(curves).collect(),
            points: measured(set, factor),
            thresholds: time_out(set, factor),
            ..Panel::default()
        }],
        note,
    }
}

fn percentiles(set: &Set) -> Vec<(Metric, &'static str, Style)> {
    let (p50, p95) = ((Metric::P50S, "p50", Style::Solid), (Metric::P95S, "p95", Style::Dashed));
    match set.findings.len() {
        count if count <= FEW_VARIANTS => vec![p50, p95, (Metric::P99S, "p99", Style::Dotted)],
        count if count <= MOST_VARIANTS => vec![p50, p95],
        _ => vec![(Metric::P95S, "p95", Style::Solid)],
    }
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

/// The client's time-out, where all points have the same.
fn time_out(set: &Set, factor: f64) -> Vec<Threshold> {
    let plan = set.plan();
    match method::common(&set.points(), |point| plan.points[point].load.timeout) {
        Some(Some(timeout)) => {
            let label = format!("client time-out {}", seconds(timeout.seconds()));
            vec![Threshold { value: timeout.seconds() * factor, label }]
        }
        _ => Vec::new(),
    }
}

/// Measured 95th percentiles.
fn measured(set: &Set, factor: f64) -> Vec<Measured> {
    let points = set.points();
    let here = set.plan().measurements.iter().filter(|measurement| points.contains(&measurement.point));
    here.filter_map(|measurement| {
        let p95 = measurement.measured.p95_s?;
        Some(Measured { x: set.x(measurement.point), y: p95 * factor, label: format!("{} p95", measurement.name) })
    })
    .collect()
}
