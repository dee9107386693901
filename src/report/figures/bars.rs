//! Throughput of each point as a bar, where there is no axis of numbers to draw a curve along.

use super::{method, set, title};
use crate::experiment::summary::Summary;
use crate::report::Report;
use crate::report::chart::{Axis, Bar, BarFigure};

/// Bars that one figure has.
const MOST: usize = 60;

/// The figure.
pub(super) fn figure(report: &Report) -> BarFigure {
    let plan = report.plan;
    let points = set::named(report);
    let bar = |(label, summary): &(String, &Summary)| {
        let throughput = summary.throughput_per_min;
        let is_bounded = throughput.half_width().is_finite();
        Bar {
            label: named(label, summary, plan.collapse_below),
            value: throughput.estimate,
            low: if is_bounded { throughput.low } else { throughput.estimate },
            high: if is_bounded { throughput.high } else { throughput.estimate },
            color: plan.points[summary.point].variant,
        }
    };
    let mut note = if plan.replications > 1 { "Whiskers: 95 % confidence intervals.".into() } else { String::new() };
    if points.len() > MOST {
        note = format!("The first {MOST} of {} points. {note}", points.len());
    }
    let all: Vec<usize> = (0..plan.points.len()).collect();
    BarFigure {
        title: title::of_points(&points, &plan.title, plan.collapse_below),
        subtitle: method::subtitle(report, &all, ""),
        x: Axis::linear("throughput (successes/min)"),
        bars: points.iter().take(MOST).map(bar).collect(),
        note,
    }
}

/// A point's name, with its success rate where that is bad.
fn named(label: &str, summary: &Summary, collapse_below: f64) -> String {
    let rate = summary.success_rate.estimate;
    if rate < collapse_below { format!("{label} ({:.0} % success)", rate * 100.0) } else { label.into() }
}
