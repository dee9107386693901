//! Where a warm-up that was found ends: requests in flight in the pilot runs, their moving average, and what is deleted.

use std::borrow::Cow;

use super::Drawing;
use super::set::suffix;
use crate::experiment::verdict;
use crate::experiment::warm_up::{PILOTS, WarmUp};
use crate::report::Report;
use crate::report::chart::{Axis, Collapse, Line, LineFigure, Panel, Point, Style};
use crate::report::number::seconds;

/// Half of the window of the moving average, in intervals.
const REACH: usize = 12;

/// A drawing of each point whose warm-up was found.
pub(super) fn all(report: &Report) -> Vec<Drawing> {
    let several = report.warm_ups.len() > 1;
    let draw = |(point, warm_up): &(usize, Cow<WarmUp>)| {
        let place = verdict::place(report.plan, *point);
        let name = if several { format!("warm-up{}", suffix(&place)) } else { "warm-up".into() };
        Drawing { name, figure: figure(report, &place, warm_up).into() }
    };
    report.warm_ups.iter().map(draw).collect()
}

fn figure(report: &Report, place: &str, warm_up: &WarmUp) -> LineFigure {
    let step = warm_up.interval.seconds();
    let at = |index: usize| (index + 1) as f64 * step;
    let points = |values: &[f64]| values.iter().enumerate().map(|(index, &y)| Point::new(at(index), y)).collect();
    let cut = warm_up.length.seconds();
    let title = if warm_up.is_settled {
        format!("The warm-up ends after {}", seconds(cut))
    } else {
        "The pilot runs do not settle".into()
    };
    let stretch = Collapse { from_x: 0.0, to_x: cut, label: "deleted".into() };
    let panel = Panel {
        y: Axis::linear("requests in flight"),
        lines: vec![
            Line {
                label: "mean of the runs".into(),
                points: points(&warm_up.in_flight),
                style: Style::Dotted,
                ..Line::default()
            },
            Line {
                label: "moving average".into(),
                points: points(&smooth(&warm_up.in_flight)),
                color: 1,
                ..Line::default()
            },
        ],
        stretches: if cut > 0.0 { vec![stretch] } else { Vec::new() },
        ..Panel::default()
    };
    LineFigure {
        title,
        subtitle: format!("{PILOTS} pilot runs from rest, {place}, seed {}; cut by MSER-5", report.plan.seed),
        x: Axis::linear("time (s)"),
        panels: vec![panel],
        note: "MSER-5 deletes what leaves the mean of the rest with the smallest standard error.".into(),
    }
}

/// The mean of each value and its neighbours on both sides, as many as there are on each (Welch 1983).
fn smooth(values: &[f64]) -> Vec<f64> {
    let around = |index: usize| {
        let reach = REACH.min(index).min(values.len() - 1 - index);
        let some = &values[index - reach..=index + reach];
        some.iter().sum::<f64>() / some.len() as f64
    };
    (0..values.len()).map(around).collect()
}
