//! Parity plots: predicted over measured.

use super::agreement::{RATES, off, percentage};
use super::chart::{ChartAxis, ChartScale, Line, LineFigure, Look, Panel, Point};
use super::figures::Drawing;
use crate::calibrate::compare::{Comparison, Score};
use crate::experiment::analyse::words::{percent, shown, unit};

/// A parity plot for each metric of at least two figures: predicted over measured, beside the line on which both are equal.
pub fn parity(comparison: &Comparison) -> Vec<Drawing> {
    comparison.scores.iter().filter(|score| score.count > 1).map(|score| plot(comparison, score)).collect()
}

fn plot(comparison: &Comparison, score: &Score) -> Drawing {
    let metric = score.metric;
    let in_unit = |value: f64| shown(value, metric, RATES);
    let rows = comparison.rows.iter().filter(|row| row.observation.metric == metric);
    let mut points: Vec<Point> = rows
        .filter_map(|row| {
            let (predicted, measured) = (row.predicted?, in_unit(row.observation.value));
            let band = row.band.unwrap_or(predicted);
            Some(Point::with_interval(measured, in_unit(predicted.estimate), in_unit(band.low), in_unit(band.high)))
        })
        .collect();
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    let ends = || points.iter().flat_map(|point| [point.x, point.y]);
    let (low, high) = (ends().fold(f64::INFINITY, f64::min), ends().fold(0.0, f64::max));
    let is_log = low > 0.0 && high > 4.0 * low;
    let scale = if is_log { ChartScale::Log } else { ChartScale::Linear };
    // Both axes begin at zero, so that the line of equal values is a diagonal.
    let start = if is_log { low } else { 0.0 };
    let line = |label: &str, by: f64| Line {
        label: label.into(),
        points: [start, high].map(|x| Point::new(x, x * by)).into(),
        color: 1,
        look: Look::Bound,
        ..Line::default()
    };
    let tolerance =
        comparison.rows.iter().find(|row| row.observation.metric == metric).map_or(0.0, |row| row.tolerance);
    let mut lines = vec![line("equal", 1.0)];
    if !metric.is_rate() {
        let percent = percentage(tolerance);
        lines.push(line(&format!("+{percent} %"), 1.0 + tolerance));
        lines.push(line(&format!("-{percent} %"), 1.0 - tolerance));
    }
    lines.push(Line { label: "predicted".into(), points, look: Look::Tried, ..Line::default() });
    let axis =
        |what: &str| ChartAxis { label: format!("{what} {} ({})", metric.words(), unit(metric, RATES).trim()), scale };
    let share = if metric.is_rate() { "points".into() } else { format!("% (bias {})", off(metric, score.bias)) };
    let figure = LineFigure {
        title: format!("The median error of the {} is {:.1} {share}", metric.words(), score.median_error * 100.0),
        subtitle: format!(
            "{} measured figures beside the model; {} of {} in the band",
            score.count, score.covered.0, score.covered.1
        ),
        x: axis("measured"),
        panels: vec![Panel { y: axis("predicted"), lines, ..Panel::default() }],
        note: format!("Whiskers: {} of tests as long as this one fall into them, by the model.", percent(0.95)),
    };
    Drawing { name: format!("parity-{}", metric.name()), figure: figure.into() }
}
