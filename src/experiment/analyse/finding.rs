//! Findings: for each variant, up to where it is safe, what happens beyond, and the resource behind it.

mod reach;
mod state;
mod words;

use crate::experiment::analyse::condition::{self, Condition, State};
use crate::experiment::analyse::summary::{Summary, of_point};
use crate::experiment::analyse::throughput;
use crate::experiment::plan::{Axis, Direction, Plan};
use crate::model::RateUnit;

pub use reach::{Fall, Limited, Unsafe, falls, limits, places};
pub use state::{condition, share, short_name, unsafe_words};
pub use words::{at, be, cause, place, unit};

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

/// Neighbouring values of an axis that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// The first value.
    pub from: f64,
    /// The last value.
    pub to: f64,
    /// Whether all of them are safe, or none is.
    pub is_safe: bool,
}

/// Where a variant stops being safe: the first point, from light load to heavy, that is not healthy. On an axis of
/// capacity that is the first from much capacity to little; where much capacity does harm, the one next to the smallest
/// that is enough. On an axis that is neither, where the first value is not safe, it is the one next to the smallest that
/// is.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// The last safe value of the axis; none where even the first is not safe.
    pub from: Option<f64>,
    /// The first value that is not safe.
    pub to: f64,
    /// Its condition.
    pub condition: Condition,
    /// The resource behind it, as the reports name it.
    pub resource: Option<String>,
    /// Why, in a few words: `user-service pool auth deadlocks`.
    pub cause: String,
}

/// The findings of all variants. Without an axis of numbers each point is a finding of its own.
pub fn findings(plan: &Plan, summaries: &[Summary], states: &[State]) -> Vec<Finding> {
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

/// Whether more capacity makes a safe point unsafe, by stretches in ascending order.
fn is_scattered(stretches: &[Stretch]) -> bool {
    stretches.windows(2).any(|pair| pair[0].is_safe)
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

/// The points of a finding that have figures, with their states, in the order of the axis.
struct Curve<'a> {
    plan: &'a Plan,
    axis: Option<&'a Axis>,
    /// The unit of throughputs.
    rates: RateUnit,
    known: Vec<(&'a Summary, &'a State)>,
    /// Those that have figures, but no state.
    doubtful: Vec<&'a Summary>,
}

fn known<'a>(points: &[usize], summaries: &'a [Summary], states: &'a [State]) -> Vec<(&'a Summary, &'a State)> {
    points.iter().filter_map(|&point| of_point(summaries, point).zip(condition::of(states, point))).collect()
}

impl<'a> Curve<'a> {
    /// Its points from light load to heavy, or from much capacity to little.
    fn light_to_heavy(&self) -> Vec<(&'a Summary, &'a State)> {
        let mut points = self.known.clone();
        if self.axis.is_some_and(|axis| axis.direction() == Direction::Capacity) {
            points.reverse();
        }
        points
    }

    /// Its points in stretches of neighbours that are all safe or all not, in the order of the axis.
    fn groups(&self) -> impl Iterator<Item = &[(&'a Summary, &'a State)]> {
        self.known.chunk_by(|a, b| a.1.is_safe() == b.1.is_safe())
    }

    fn stretches(&self) -> Vec<Stretch> {
        let Some(axis) = self.axis else { return Vec::new() };
        let value = |point: &(&Summary, &State)| number(self.plan, axis, point.0.point);
        let stretch = |points: &[(&Summary, &State)]| {
            let (first, last) = points.first().zip(points.last())?;
            Some(Stretch { from: value(first), to: value(last), is_safe: first.1.is_safe() })
        };
        self.groups().filter_map(stretch).collect()
    }

    /// The first point that is not safe and, where there is one, the safe point beside it.
    fn edge(&self) -> Option<(Option<&'a Summary>, (&'a Summary, &'a State))> {
        let points = self.light_to_heavy();
        let stretches = self.stretches();
        let is_within = match self.axis.map(Axis::direction) {
            Some(Direction::Capacity) => is_scattered(&stretches),
            Some(Direction::Neither) => stretches.len() > 1 && !stretches[0].is_safe,
            _ => false,
        };
        if is_within {
            let known = &self.known;
            let least = known.iter().position(|(_, state)| state.is_safe())?;
            let beside = match least.checked_sub(1) {
                Some(below) => below,
                None => known.iter().position(|(_, state)| !state.is_safe())?,
            };
            let safe = if beside < least { least } else { beside - 1 };
            return Some((Some(known[safe].0), known[beside]));
        }
        let first = points.iter().position(|(_, state)| !state.is_safe())?;
        Some((first.checked_sub(1).map(|index| points[index].0), points[first]))
    }

    fn turn(&self) -> Option<Turn> {
        let axis = self.axis?;
        let (before, (summary, state)) = self.edge()?;
        Some(Turn {
            from: before.map(|summary| number(self.plan, axis, summary.point)),
            to: number(self.plan, axis, summary.point),
            condition: state.condition,
            resource: summary
                .deadlock
                .as_ref()
                .map(|(deadlock, _)| deadlock.resource.clone())
                .or(summary.culprit.as_ref().map(|culprit| culprit.name.clone())),
            cause: cause(summary),
        })
    }
}

fn number(plan: &Plan, axis: &Axis, point: usize) -> f64 {
    plan.points[point].at.first().and_then(|&value| axis.values[value].number).unwrap_or(0.0)
}

fn other_axes(plan: &Plan, others: &[usize], skip: usize) -> String {
    let named = plan.axes.iter().skip(skip).zip(others);
    let texts: Vec<String> =
        named.map(|(axis, &value)| format!("{} = {}", axis.name, axis.values[value].text)).collect();
    texts.join(", ")
}
