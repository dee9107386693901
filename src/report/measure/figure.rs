//! The charts of a measurement: over the first axis of numbers, and each run over time.

use super::{interval, name, transport, unit};
use crate::experiment::plan::{Axis, Plan};
use crate::language::{Measure, Metric};
use crate::measure::{MeasuredRun, Stretch};
use crate::model::RateUnit;
use crate::report::chart::{ChartAxis, Line, LineFigure, Look, Panel, Point, Style};
use crate::report::figures::{Drawing, axis_value, fitting, horizontal};
use crate::report::number;
use crate::report::paragraph::count;
use crate::statistics::Interval;

/// Runs that get a chart over time.
const MOST_TIMELINES: usize = 12;

/// What the intervals are.
const NOTE: &str = "Bands are 95 % intervals of one run: batch means, and order statistics for percentiles.";

/// The charts of the runs of a system at this URL.
pub fn measure_figures(plan: &Plan, measure: &Measure, runs: &[MeasuredRun], url: &str) -> Vec<Drawing> {
    let method = format!("Measured: {}", transport(measure, url));
    let method = method.as_str();
    let mut drawings = Vec::new();
    if let Some((index, axis)) = plan.axes.iter().enumerate().find(|(index, axis)| is_drawn(*index, axis, plan, runs)) {
        drawings.push(Drawing { name: "measured".into(), figure: over(plan, runs, index, axis, method).into() });
    }
    for (number, run) in runs.iter().enumerate().take(MOST_TIMELINES) {
        if run.stretches.len() > 2 {
            let name = format!("timeline-{:03}", number + 1);
            drawings.push(Drawing { name, figure: timeline(plan, run, runs, method).into() });
        }
    }
    drawings
}

/// Whether an axis has several values among the runs, all of them numbers.
fn is_drawn(index: usize, axis: &Axis, plan: &Plan, runs: &[MeasuredRun]) -> bool {
    let mut values: Vec<usize> = runs.iter().map(|run| plan.points[run.point].at[index]).collect();
    values.sort_unstable();
    values.dedup();
    values.len() > 1 && values.iter().all(|&value| axis.values[value].number.is_some())
}

/// Throughput, response times and success over an axis.
fn over(plan: &Plan, runs: &[MeasuredRun], index: usize, axis: &Axis, method: &str) -> LineFigure {
    let rates = unit(plan, runs);
    let x = |run: &MeasuredRun| {
        let number = axis.values[plan.points[run.point].at[index]].number.unwrap_or(f64::NAN);
        axis_value(axis, number)
    };
    // The values of the other axes, and the repetition, make a curve.
    let others = |run: &MeasuredRun| {
        let at = plan.points[run.point].at.iter().enumerate().filter(|(other, _)| *other != index);
        let at: Vec<String> = at
            .map(|(other, &value)| format!("{} = {}", plan.axes[other].name, plan.axes[other].values[value].text))
            .collect();
        at.join(", ")
    };
    let mut groups: Vec<(String, u32, Vec<&MeasuredRun>)> = Vec::new();
    for run in runs {
        let (label, repetition) = (others(run), run.replication);
        match groups.iter_mut().find(|(known, number, _)| *known == label && *number == repetition) {
            Some((.., group)) => group.push(run),
            None => groups.push((label, repetition, vec![run])),
        }
    }
    groups.iter_mut().for_each(|(.., group)| group.sort_by(|a, b| x(a).total_cmp(&x(b))));
    let is_repeated = groups.iter().any(|(_, repetition, _)| *repetition > 1);
    let title_of = |label: &str, repetition: u32, what: &str| {
        let run = if is_repeated { format!("run {repetition}") } else { String::new() };
        let parts = [label, run.as_str(), what].into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(", ")
    };
    let lines = |metric: Metric, factor: f64, what: &str, style: Style| -> Vec<Line> {
        let line = |(color, (label, repetition, group)): (usize, &(String, u32, Vec<&MeasuredRun>))| Line {
            label: title_of(label, *repetition, what),
            points: group.iter().map(|run| point(x(run), interval(run, metric), factor)).collect(),
            color,
            style,
            ..Line::default()
        };
        groups.iter().enumerate().map(line).collect()
    };
    let slowest = runs.iter().filter_map(|run| interval(run, Metric::P95S)).map(|it| it.estimate).fold(0.0, f64::max);
    let (factor, times) = time_unit(slowest);
    let variant = runs.first().and_then(|run| run.place.variant.clone()).unwrap_or_default();
    let own = if groups.len() == 1 && !is_repeated { variant.as_str() } else { "" };
    let percentile = lines(Metric::P95S, factor, "p95", Style::Solid);
    LineFigure {
        title: title(plan, runs, rates),
        subtitle: method.into(),
        x: horizontal(axis),
        panels: vec![
            Panel {
                y: ChartAxis::linear(format!("successes per {}", full(rates))),
                lines: lines(Metric::ThroughputPerMin, rates.of_minute(1.0), own, Style::Solid),
                ..Panel::default()
            },
            Panel {
                y: ChartAxis::linear(format!("response time ({times})")),
                lines: lines(Metric::MeanS, factor, "mean", Style::Dashed).into_iter().chain(percentile).collect(),
                ..Panel::default()
            },
            Panel {
                y: ChartAxis::linear("success (%)"),
                y_max: Some(100.0),
                lines: lines(Metric::SuccessRate, 100.0, own, Style::Solid),
                ..Panel::default()
            },
        ],
        note: NOTE.into(),
    }
}

fn point(x: f64, interval: Option<Interval>, factor: f64) -> Point {
    match interval {
        Some(Interval { estimate, low, high }) => {
            Point::with_interval(x, estimate * factor, low * factor, high * factor)
        }
        None => Point::new(x, f64::NAN),
    }
}

/// The highest throughput, and what the success rate is there.
fn title(plan: &Plan, runs: &[MeasuredRun], rates: RateUnit) -> String {
    let rate = |run: &&MeasuredRun| interval(run, Metric::ThroughputPerMin).map_or(0.0, |it| it.estimate);
    let Some(best) = runs.iter().max_by(|a, b| rate(a).total_cmp(&rate(b))) else {
        return "Nothing was measured".into();
    };
    let place = plan.place(&plan.points[best.point]);
    let most = format!("the highest measured throughput is {} at {place}", rates.words(rate(&best)));
    let slow = interval(best, Metric::P95S).map(|it| format!("{most}, with a p95 of {}", number::seconds(it.estimate)));
    fitting(slow.into_iter().chain([most]))
}

/// A run over time.
fn timeline(plan: &Plan, run: &MeasuredRun, runs: &[MeasuredRun], method: &str) -> LineFigure {
    let middle = |stretch: &Stretch| stretch.from + stretch.length / 2.0;
    let course = |label: &str, color: usize, value: &dyn Fn(&Stretch) -> f64| Line {
        label: label.into(),
        points: run.stretches.iter().map(|stretch| Point::new(middle(stretch), value(stretch))).collect(),
        color,
        look: Look::Course,
        ..Line::default()
    };
    let slowest = run.stretches.iter().filter_map(|stretch| stretch.times).map(|(_, p95)| p95).fold(0.0, f64::max);
    let (factor, times) = time_unit(slowest);
    let place = name(plan, run, runs);
    let length = run.stretches.first().map_or(0.0, |stretch| stretch.length);
    let failed: usize = run.stretches.iter().map(|stretch| stretch.failed).sum();
    let rate = |count: usize, stretch: &Stretch| count as f64 / stretch.length.max(1e-9);
    let mut rates = vec![course("succeeded", 0, &|stretch| rate(stretch.succeeded, stretch))];
    if failed > 0 {
        rates.push(course("failed", 1, &|stretch| rate(stretch.failed, stretch)));
    }
    let failures =
        if failed == 0 { "no request failed".into() } else { format!("{} failed", count(failed, "request")) };
    let long = format!("measured over time, {place}: {failures}");
    LineFigure {
        title: fitting([long, format!("measured over time, {place}")]),
        subtitle: method.into(),
        x: ChartAxis::linear("time (s)"),
        panels: vec![
            Panel { y: ChartAxis::linear("requests per second"), lines: rates, ..Panel::default() },
            Panel {
                y: ChartAxis::linear(format!("response time ({times})")),
                lines: vec![
                    course("p50", 0, &|stretch| stretch.times.map_or(f64::NAN, |(p50, _)| p50 * factor)),
                    course("p95", 2, &|stretch| stretch.times.map_or(f64::NAN, |(_, p95)| p95 * factor)),
                ],
                ..Panel::default()
            },
        ],
        note: format!(
            "By when requests end, in stretches of {}; what counts lies between {} and {}.",
            number::seconds(length),
            number::seconds(run.window.0),
            number::seconds(run.window.1)
        ),
    }
}

/// How times of this size are shown.
fn time_unit(size: f64) -> (f64, &'static str) {
    if size < 1.0 { (1e3, "ms") } else { (1.0, "s") }
}

fn full(unit: RateUnit) -> &'static str {
    match unit {
        RateUnit::Second => "second",
        RateUnit::Minute => "minute",
        RateUnit::Hour => "hour",
    }
}
