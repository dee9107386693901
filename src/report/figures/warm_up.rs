//! Where a warm-up that was found ends: requests in flight in the pilot runs, their moving average, and what is
//! deleted.

use super::Drawing;
use super::set::suffix;
use crate::experiment::analyse::words;
use crate::experiment::plan::WarmUp;
use crate::experiment::run::pilot::PILOTS;
use crate::report::chart::{ChartAxis, Collapse, Line, LineFigure, Look, Panel, Point};
use crate::report::number::seconds;
use crate::report::whole::Report;

/// Half of the window of the moving average, in intervals.
const REACH: usize = 12;
/// Two curves that are never farther apart than this share of the largest value hide each other.
const HIDDEN: f64 = 0.02;

/// A drawing of each point whose warm-up was found.
pub(super) fn all(report: &Report) -> Vec<Drawing> {
    let several = report.warm_ups.len() > 1;
    let draw = |(point, warm_up): &(usize, &WarmUp)| {
        let place = words::place(report.plan, *point);
        let name = if several { format!("warm-up{}", suffix(&place)) } else { "warm-up".into() };
        let subtitle =
            format!("{PILOTS} pilot runs from rest, {place}, seed {}; {}", report.plan.seed, method(warm_up));
        Drawing { name, figure: figure(subtitle, warm_up).into() }
    };
    report.warm_ups.iter().map(draw).collect()
}

fn method(warm_up: &WarmUp) -> &'static str {
    if warm_up.is_settled { "cut by MSER-5" } else { "MSER-5 finds no cut in their first half" }
}

fn figure(subtitle: String, warm_up: &WarmUp) -> LineFigure {
    let step = warm_up.interval.seconds();
    let at = |index: usize| (index + 1) as f64 * step;
    let cut = warm_up.length.seconds();
    let title = match (warm_up.is_settled, cut > 0.0) {
        (true, true) => format!("The warm-up ends after {}", seconds(cut)),
        (true, false) => "There is no warm-up to delete".into(),
        (false, _) => "The pilot runs do not settle".into(),
    };
    let levels = &warm_up.in_flight;
    let points = levels.iter().enumerate().map(|(index, &y)| Point::new(at(index), y)).collect();
    let average = smooth(levels);
    let largest = levels.iter().copied().fold(0.0, f64::max);
    let apart = average.iter().map(|&(index, mean)| (levels[index] - mean).abs()).fold(0.0, f64::max);
    let window = format!("{} intervals of {}", 2 * REACH + 1, seconds(step));
    let mean = Line { label: "mean of the runs".into(), points, ..Line::default() };
    let (lines, of_average) = if average.is_empty() {
        (vec![Line { look: Look::Course, ..mean }], String::new())
    } else if apart <= HIDDEN * largest {
        (vec![Line { look: Look::Course, ..mean }], format!(" A moving average over {window} would lie on the curve."))
    } else {
        let line = Line {
            label: "moving average".into(),
            points: average.iter().map(|&(index, y)| Point::new(at(index), y)).collect(),
            color: 1,
            look: Look::Course,
            ..Line::default()
        };
        (
            vec![Line { look: Look::Noise, ..mean }, line],
            format!(" Moving average: over {window}, where there are as many."),
        )
    };
    let rule = if warm_up.is_settled {
        "MSER-5 deletes what leaves the mean of the rest with the smallest standard error."
    } else {
        "No cut is right where nothing settles: by rule the first half is deleted."
    };
    let stretch = Collapse { from_x: 0.0, to_x: cut, label: "deleted".into(), others: Vec::new() };
    let panel = Panel {
        y: ChartAxis::linear("requests in flight"),
        lines,
        stretches: if cut > 0.0 { vec![stretch] } else { Vec::new() },
        ..Panel::default()
    };
    LineFigure {
        title,
        subtitle,
        x: ChartAxis::linear("time (s)"),
        panels: vec![panel],
        note: format!("{rule}{of_average}"),
    }
}

/// The mean of each value and its neighbours on both sides (Welch 1983), with the index of that value; of those alone
/// that have as many neighbours.
fn smooth(values: &[f64]) -> Vec<(usize, f64)> {
    let wide = 2 * REACH + 1;
    let mean = |(start, some): (usize, &[f64])| (start + REACH, some.iter().sum::<f64>() / wide as f64);
    values.windows(wide).enumerate().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Time;

    fn drawn(is_settled: bool, length: u64, level: impl Fn(usize) -> f64) -> LineFigure {
        let warm_up = WarmUp {
            length: Time(length * 1_000_000_000),
            is_settled,
            interval: Time(2_000_000_000),
            in_flight: (0..100).map(level).collect(),
        };
        figure(String::new(), &warm_up)
    }

    #[test]
    fn the_average_is_drawn_where_its_window_has_data() {
        let drawn = drawn(true, 20, |index| if index % 2 == 0 { 4.0 } else { 0.0 });
        assert_eq!(drawn.title, "The warm-up ends after 20 s");
        let [noise, average] = drawn.panels[0].lines.as_slice() else { panic!("two lines") };
        assert_eq!((noise.look, average.look), (Look::Noise, Look::Course));
        assert_eq!(noise.points[0].x, 2.0);
        assert_eq!((average.points[0].x, average.points.len()), (26.0, 76));
        assert!((average.points[0].y - 2.0).abs() < 0.1);
        assert!(drawn.note.contains("smallest standard error") && drawn.note.contains("25 intervals of 2 s"));
    }

    #[test]
    fn what_does_not_settle_is_halved_by_rule_and_has_one_curve() {
        let drawn = drawn(false, 100, |index| index as f64 * 50.0);
        assert_eq!(drawn.title, "The pilot runs do not settle");
        assert_eq!(drawn.panels[0].lines.len(), 1);
        assert!(drawn.note.contains("by rule") && !drawn.note.contains("MSER"), "{}", drawn.note);
        assert!(drawn.note.contains("would lie on the curve"), "{}", drawn.note);
    }

    #[test]
    fn nothing_to_delete_is_said() {
        assert_eq!(drawn(true, 0, |_| 1.0).title, "There is no warm-up to delete");
    }
}
