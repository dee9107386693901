//! Throughput and success along the first axis, and completion where it comes after the answer.

use super::set::Set;
use super::{curve, method, title};
use crate::experiment::analyse::words;
use crate::experiment::plan::Measurement;
use crate::experiment::plan::success_objective;
use crate::language::{Measured as Figures, Metric};
use crate::report::chart::{ChartAxis, Line, LineFigure, Measured, Panel, Threshold};
use crate::report::number::short;

/// Measured points beyond which they are not named.
const MOST_NAMES: usize = 8;

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
                lines: curves(set, Metric::ThroughputPerMin),
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
