//! Findings: for each variant, up to where it is safe, what happens beyond, and the resource behind it.

mod curve;
mod reach;
mod state;
mod words;

use crate::experiment::analyse::condition::{self, PointState};
use crate::experiment::analyse::summary::{Summary, of_point};
use crate::experiment::analyse::throughput;
use crate::experiment::plan::{Axis, Direction, Plan};

pub use curve::{More, Stretch, Turn};
pub use reach::{Fall, LimitedStretch, Unsafe, falls, limited, limits, places};
pub use state::{cause, condition, fallback, share, short_name, unsafe_words, why};
pub use words::{at, be, place};

use curve::{Curve, is_scattered, number};

/// What the sweep says of one variant along the first axis, with the other axes held at one combination of values.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Index of the variant.
    pub variant: usize,
    /// The values of the other axes, in words; empty where there is but one axis.
    pub place: String,
    /// Indices of the variant's points, in the order of the axis.
    pub points: Vec<usize>,
    /// Where the variant stops being safe, where it does.
    pub turn: Option<Turn>,
    /// Neighbouring values of the axis that are all safe or all not safe, in ascending order.
    pub stretches: Vec<Stretch>,
    /// Neighbouring values that are not safe, each run of them in one condition and for one reason, in ascending order.
    pub failing: Vec<Unsafe>,
    /// Where throughput falls although the objectives are met.
    pub fall: Option<Fall>,
    /// In words: the answer first, then what happens beyond, then why.
    pub lines: Vec<String>,
}

/// The findings of all variants. Without an axis of numbers each point is a finding of its own.
pub fn findings(plan: &Plan, summaries: &[Summary], states: &[PointState]) -> Vec<Finding> {
    let axis = plan.axes.first().filter(|axis| axis.values.iter().all(|value| value.number.is_some()));
    let mut groups: Vec<(usize, Vec<usize>, Vec<usize>)> = Vec::new();
    for (index, point) in plan.points.iter().enumerate() {
        let others = if axis.is_some() { point.at[1..].to_vec() } else { point.at.clone() };
        match groups.iter_mut().find(|(variant, rest, _)| *variant == point.variant && *rest == others) {
            Some((_, _, points)) => points.push(index),
            None => groups.push((point.variant, others, vec![index])),
        }
    }
    let rates = throughput::unit(plan, summaries);
    let finding = |(variant, others, mut points): (usize, Vec<usize>, Vec<usize>)| {
        if let Some(axis) = axis {
            points.sort_by(|&a, &b| number(plan, axis, a).total_cmp(&number(plan, axis, b)));
        }
        let place = other_axes(plan, &others, usize::from(axis.is_some()));
        let doubtful = points.iter().filter_map(|&point| of_point(summaries, point));
        let doubtful = doubtful.filter(|summary| condition::of(states, summary.point).is_none()).collect();
        let curve = Curve { plan, axis, rates, known: known(&points, summaries, states), doubtful };
        let (turn, stretches, failing, fall) = (curve.turn(), curve.stretches(), curve.failing(), curve.fall());
        let lines = words::lines(&curve, variant, &place, turn.as_ref(), fall.as_ref());
        Finding { variant, place, points, turn, stretches, failing, fall, lines }
    };
    groups.into_iter().map(finding).collect()
}

impl Finding {
    /// The values of the axis that are safe, where "up to" does not say which they are: those that are enough where more
    /// capacity does harm, and those on an axis that is neither load nor capacity where the first is not safe or a later
    /// one is safe again. Empty where none is safe; none where "up to" says it.
    pub fn safe_values(&self, axis: &Axis) -> Option<Vec<Stretch>> {
        let is_odd = match axis.direction() {
            Direction::Load => false,
            Direction::Capacity => is_scattered(&self.stretches),
            Direction::Neither => !reach::is_up_to(&self.stretches),
        };
        is_odd.then(|| self.stretches.iter().copied().filter(|stretch| stretch.is_safe).collect())
    }

    /// All that is said, in one sentence.
    pub fn sentence(&self) -> String {
        self.lines.join("; ")
    }
}

fn known<'a>(
    points: &[usize],
    summaries: &'a [Summary],
    states: &'a [PointState],
) -> Vec<(&'a Summary, &'a PointState)> {
    points.iter().filter_map(|&point| of_point(summaries, point).zip(condition::of(states, point))).collect()
}

fn other_axes(plan: &Plan, others: &[usize], skip: usize) -> String {
    let named = plan.axes.iter().skip(skip).zip(others);
    let texts: Vec<String> =
        named.map(|(axis, &value)| format!("{} = {}", axis.name, axis.values[value].text)).collect();
    texts.join(", ")
}
