//! The stretch of a window in which a backlog grows: one that begins late grows faster than its mean over the window.

use super::{Level, a_second};
use crate::parts::Course;
use crate::statistics::Interval;
use crate::statistics::growth::{FEWEST, PIECES, growth};

/// Share of the squared error of the best line that bends in the first half of the window, below which that of a later bend
/// must be. An assumption.
const BENT: f64 = 0.25;

/// Growth of a level from where it begins to grow, a second, if that is in the second half of the window; none where it grows
/// before, or too little of the window is left.
///
/// Where it begins is the bend of the line, level up to there and straight from there on, that fits the mean of all courses
/// best (least squares).
pub(super) fn late(courses: &[&Course], level: Level) -> Option<Interval> {
    let length = courses.iter().map(|course| course.marks.len()).min().filter(|&length| length >= 2 * FEWEST)?;
    let mean =
        |at: usize| courses.iter().map(|course| level(&course.marks[at]) as f64).sum::<f64>() / courses.len() as f64;
    let levels: Vec<f64> = (0..length).map(mean).collect();
    let best = |bends: std::ops::Range<usize>| {
        let errors = bends.map(|bend| (bend, error(&levels, bend)));
        errors.min_by(|a, b| a.1.total_cmp(&b.1))
    };
    let ((_, early), (bend, late)) = best(0..length / 2).zip(best(length / 2..length - FEWEST))?;
    if late >= BENT * early {
        return None;
    }
    // As many marks at the end as there are from the bend on.
    let tail = |levels: &[&[f64]]| {
        let ends: Vec<&[f64]> = levels.iter().map(|one| &one[one.len() - (length - bend)..]).collect();
        growth(&ends, 1, PIECES, super::LEVEL)
    };
    a_second(courses, level, tail)
}

/// The squared error of the line that bends there: level before, straight after.
fn error(levels: &[f64], bend: usize) -> f64 {
    let count = levels.len() as f64;
    let x = |at: usize| at.saturating_sub(bend) as f64;
    let mean_x = (0..levels.len()).map(x).sum::<f64>() / count;
    let mean_y = levels.iter().sum::<f64>() / count;
    let sum = |of: &dyn Fn(usize, f64) -> f64| levels.iter().enumerate().map(|(at, &y)| of(at, y)).sum::<f64>();
    let slope = sum(&|at, y| (x(at) - mean_x) * (y - mean_y)) / sum(&|at, _| (x(at) - mean_x).powi(2));
    sum(&|at, y| (y - mean_y - slope * (x(at) - mean_x)).powi(2))
}
