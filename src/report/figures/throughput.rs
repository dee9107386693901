//! Throughput and success along the first axis, and completion where it comes after the answer.

use super::set::Set;
use super::{curve, method, title};
use crate::experiment::analyse::bounds::bounds;
use crate::experiment::analyse::finding::{Finding, places};
use crate::experiment::analyse::words;
use crate::experiment::plan::Measurement;
use crate::experiment::plan::success_objective;
use crate::language::{Measured as Figures, Metric};
use crate::report::chart::{ChartAxis, Line, LineFigure, Look, Measured, Panel, Point, Threshold};
use crate::report::number::short;

/// Measured points beyond which they are not named.
const MOST_NAMES: usize = 8;

/// Curves of which bounds are drawn, at most.
const MOST_BOUNDED: usize = 2;

/// How far above the best throughput a bound may be: farther ones would flatten the curves.
const NEAR: f64 = 2.0;

/// The figure.
pub(super) fn figure(set: &Set) -> LineFigure {
    let bound = success_objective(set.plan()).bound() * 100.0;
    let thresholds = if bound > 0.0 {
        vec![Threshold { value: bound, label: format!("objective {} %", short(bound)) }]
    } else {
        Vec::new()
    };
    let rates = set.report.rates;
    let mut note = method::intervals(set.report, "Bands");
    let throughput = measured(set, |figures| figures.throughput_per_min.map(|rate| rates.of_minute(rate)));
    // The panel above names them.
    let success = measured(set, |figures| figures.success_rate.map(|rate| rate * 100.0)).into_iter();
    let success: Vec<Measured> = success.map(|point| Measured { label: String::new(), ..point }).collect();
    if !throughput.is_empty() || !success.is_empty() {
        note.push_str(" Diamonds: measured on the real system.");
    }
    let limits = limits(set);
    if !limits.is_empty() {
        note.push_str(" Thin dashed lines: asymptotic bounds, where no request waits or the named server is full.");
    }
    note.push_str(&two_groups(set));
    let completion = completes_later(set).then(|| Panel {
        y: ChartAxis::linear(format!("completed (requests/{})", rates.name())),
        lines: curves(set, Metric::CompletedPerMin),
        ..Panel::default()
    });
    let answered = if completion.is_some() { "answered" } else { "throughput" };
    LineFigure {
        title: title::fates(set),
        subtitle: method::subtitle(set.report, &set.points(), &set.place),
        x: set.x_axis(),
        panels: [
            Some(Panel {
                y: ChartAxis::linear(format!("{answered} (successes/{})", rates.name())),
                lines: curves(set, Metric::ThroughputPerMin).into_iter().chain(limits).collect(),
                points: throughput,
                ..Panel::default()
            }),
            completion,
            Some(Panel {
                y: ChartAxis::linear("success rate (%)"),
                y_max: Some(100.0),
                lines: curves(set, Metric::SuccessRate),
                points: success,
                thresholds,
                ..Panel::default()
            }),
        ]
        .into_iter()
        .flatten()
        .collect(),
        note,
    }
}

/// Where runs fall into two groups, and what is drawn of them.
fn two_groups(set: &Set) -> String {
    let is_split = |point: usize| set.report.summary(point).is_some_and(|summary| summary.split().is_some());
    let mut values: Vec<(f64, bool)> = set.points().into_iter().map(|point| (set.x(point), is_split(point))).collect();
    // Of several variants at a value, one that has groups is enough.
    values.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    values.dedup_by(|next, first| next.0 == first.0);
    let stretches = values.chunk_by(|a, b| a.1 == b.1).filter(|chunk| chunk[0].1);
    let stretches: Vec<(f64, f64)> = stretches.map(|chunk| (chunk[0].0, chunk[chunk.len() - 1].0)).collect();
    if stretches.is_empty() {
        return String::new();
    }
    let at = places(set.axis, stretches);
    format!(
        " Hollow marks: at {at}, runs fall into two groups; the curve has the mean of the larger, the mark of the other."
    )
}

/// Whether answers come before what they promise is done, somewhere.
fn completes_later(set: &Set) -> bool {
    set.findings.iter().flat_map(|finding| set.summaries(finding)).any(|summary| {
        let completed = summary.metric(Metric::CompletedPerMin).map(|interval| interval.estimate);
        completed != summary.throughput_per_min.map(|interval| interval.estimate)
    })
}

fn curves(set: &Set, metric: Metric) -> Vec<Line> {
    let factor = words::shown(1.0, metric, set.report.rates);
    let curve = |finding| Line { collapse: curve::mark(set, finding), ..curve::curve(set, finding, metric, factor) };
    set.findings.iter().copied().map(curve).collect()
}

/// The asymptotic bounds of the curves where they are known, of a few curves and where they are near enough to be shown in
/// the same chart.
fn limits(set: &Set) -> Vec<Line> {
    if set.findings.len() > MOST_BOUNDED || completes_later(set) {
        return Vec::new();
    }
    let rates = set.report.rates;
    let limit = |finding: &Finding| {
        let summaries = set.summaries(finding);
        let found = bounds(set.plan(), &finding.points, &summaries)?;
        let estimates = summaries.iter().filter_map(|summary| Some(summary.throughput_per_min?.estimate));
        let best = estimates.fold(0.0, f64::max);
        let clients: Vec<f64> = finding.points.iter().map(|&point| set.x(point)).collect();
        let (first, last) = (*clients.first()?, *clients.last()?);
        if found.at(last) > NEAR * best {
            return None;
        }
        let is_between = first < found.knee() && found.knee() < last;
        let mut all: Vec<f64> = clients.into_iter().chain(is_between.then(|| found.knee())).collect();
        all.sort_by(f64::total_cmp);
        let point = |clients: f64| Point::new(set.drawn(clients), rates.of_minute(found.at(clients)));
        Some(Line {
            label: format!("bound: {}", found.resource),
            points: all.into_iter().map(point).collect(),
            color: finding.variant,
            look: Look::Bound,
            ..Line::default()
        })
    };
    set.findings.iter().filter_map(|finding| limit(finding)).collect()
}

/// Measurements at the set's points.
fn measured(set: &Set, figure: impl Fn(&Figures) -> Option<f64>) -> Vec<Measured> {
    let points = set.points();
    let here = |measurement: &&Measurement| points.contains(&measurement.point);
    let measurements: Vec<&Measurement> = set.plan().measurements.iter().filter(here).collect();
    let is_named = measurements.len() <= MOST_NAMES;
    let measured = |measurement: &Measurement| {
        let label = if is_named { measurement.name.clone() } else { String::new() };
        figure(&measurement.measured).map(|y| Measured { x: set.drawn(set.x(measurement.point)), y, label })
    };
    measurements.into_iter().filter_map(measured).collect()
}
