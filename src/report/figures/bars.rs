//! Throughput of each point as a bar, where there is no axis of numbers to draw a curve along.

use super::{curve, method, set, title};
use crate::experiment::analyse::summary::Summary;
use crate::language::Metric;
use crate::report::chart::{Bar, BarFigure, ChartAxis};
use crate::report::whole::Report;

/// Bars that one figure has room for on a slide.
const MOST: usize = 36;

/// The colour of bars of no variant, and of those with a bad success rate.
const PLAIN: usize = 0;
const BAD: usize = 1;

/// The figure.
pub(super) fn figure(report: &Report) -> BarFigure {
    let plan = report.plan;
    let points = set::named(report);
    // What is answered is not yet done where work outlasts its answer.
    let (metric, what) = match points.iter().any(|(_, summary)| summary.outlasts) {
        true => (Metric::CompletedPerMin, format!("completed (requests/{})", report.rates.name())),
        false => (Metric::ThroughputPerMin, format!("throughput (successes/{})", report.rates.name())),
    };
    let is_bad = |summary: &Summary| !report.is_safe(summary.point);
    let bar = |(label, summary): &(String, &Summary)| {
        let throughput = report.rates.interval(curve::drawn(summary, metric)?.interval);
        let is_bounded = throughput.half_width().is_finite() && summary.replications >= method::FEWEST_RUNS;
        Some(Bar {
            label: named(report, label, summary, metric),
            measured: measured(report, summary),
            of: Some((summary.point, plan.points[summary.point].variant)),
            value: throughput.estimate,
            low: if is_bounded { throughput.low } else { throughput.estimate },
            high: if is_bounded { throughput.high } else { throughput.estimate },
            color: match plan.axes.is_empty() {
                false => plan.points[summary.point].variant,
                true if is_bad(summary) => BAD,
                true => PLAIN,
            },
        })
    };
    let mut note = method::intervals(report, "Whiskers");
    if plan.axes.is_empty() && points.iter().any(|(_, summary)| is_bad(summary)) {
        note = format!("Orange: not healthy. {note}");
    }
    if points.iter().any(|(_, summary)| measured(report, summary).is_some()) {
        note.push_str(" Diamonds: measured on the real system.");
    }
    if points.len() > MOST {
        note = format!("The first {MOST} of {} points. {note}", points.len());
    }
    let all: Vec<usize> = (0..plan.points.len()).collect();
    BarFigure {
        title: headline(report, &points),
        subtitle: method::subtitle(report, &all, ""),
        x: ChartAxis::linear(what),
        bars: points.iter().take(MOST).filter_map(bar).collect(),
        note,
    }
}

/// What the bars show.
pub(super) fn headline(report: &Report, points: &[(String, &Summary)]) -> String {
    title::measurements(report).unwrap_or_else(|| title::of_points(points, report))
}

/// The throughput that was measured at a point, in the unit of the report.
fn measured(report: &Report, summary: &Summary) -> Option<f64> {
    let here = report.plan.measurements.iter().find(|measurement| measurement.point == summary.point);
    let rate = here.and_then(|measurement| measurement.measured.throughput_per_min);
    rate.map(|rate| report.rates.of_minute(rate))
}

/// A point's name, with its condition where that is bad, what was measured there, and the mean that the bar does not show
/// where runs fall into two groups.
fn named(report: &Report, label: &str, summary: &Summary, metric: Metric) -> String {
    let state = report.state(summary.point).filter(|state| !state.is_safe());
    let bad = state.map(|state| match state.fraction().as_str() {
        "" => state.condition.word().to_owned(),
        runs => format!("{} {runs}", state.condition.word()),
    });
    let here = report.plan.measurements.iter().find(|measurement| measurement.point == summary.point);
    let measured = here.and_then(|measurement| measurement.measured.throughput_per_min);
    let measured = measured.map(|rate| format!("measured {}", report.rates.words(rate)));
    let other = curve::drawn(summary, metric).and_then(|drawn| drawn.other);
    let other =
        other.map(|it| format!("{} in {} of {} runs", report.rates.words(it.mean), it.runs, summary.replications));
    let remarks: Vec<String> = bad.into_iter().chain(measured).chain(other).collect();
    if remarks.is_empty() { label.into() } else { format!("{label} ({})", remarks.join(", ")) }
}
