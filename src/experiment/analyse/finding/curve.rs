//! The points of one variant along an axis: where they stop being safe.

use super::state::cause;
use crate::experiment::analyse::condition::{Condition, PointState};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::{Axis, Direction, Plan};
use crate::language::Metric;
use crate::model::RateUnit;
use crate::statistics::Interval;

/// Neighbouring values of an axis that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// The first value.
    pub from: f64,
    /// The last value.
    pub to: f64,
    /// Whether all of them are known to be safe, or none is.
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
    /// Whether no lighter value was tested: none is in doubt either, and none that is heavier does better.
    pub is_lightest: bool,
    /// On an axis of capacity of which no value is enough: what more of it does.
    pub more: More,
    /// Its condition.
    pub condition: Condition,
    /// Whether what it misses is an objective on a time or a success rate, and not on a throughput or another figure.
    pub is_timed: bool,
    /// The resource behind it, as the reports name it.
    pub resource: Option<String>,
    /// The same for a mark in a chart, with what refuses requests because of it: `web ingress (web CPU)`.
    pub name: Option<String>,
    /// Why, in a few words: `user-service pool auth deadlocks`.
    pub cause: String,
}

/// What more of a capacity does, by the largest value that was tested and smaller ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum More {
    /// The largest value misses the objective by less than the next smaller one.
    Helps,
    /// A smaller value, this one, misses it by less than the largest.
    Harms(f64),
    /// Neither is certain.
    Unclear,
}

/// The points of a finding that have figures, with their states, in the order of the axis.
pub struct Curve<'a> {
    pub plan: &'a Plan,
    pub axis: Option<&'a Axis>,
    /// The unit of throughputs.
    pub rates: RateUnit,
    pub known: Vec<(&'a Summary, &'a PointState)>,
    /// Those that have figures, but no state.
    pub doubtful: Vec<&'a Summary>,
}

impl<'a> Curve<'a> {
    /// Its points from light load to heavy, or from much capacity to little.
    pub fn light_to_heavy(&self) -> Vec<(&'a Summary, &'a PointState)> {
        let mut points = self.known.clone();
        if self.axis.is_some_and(|axis| axis.direction() == Direction::Capacity) {
            points.reverse();
        }
        points
    }

    /// Its points in stretches of neighbours that are all safe or all not, in the order of the axis.
    pub fn groups(&self) -> impl Iterator<Item = &[(&'a Summary, &'a PointState)]> {
        self.known.chunk_by(|a, b| a.1.is_safe() == b.1.is_safe())
    }

    pub fn stretches(&self) -> Vec<Stretch> {
        let Some(axis) = self.axis else { return Vec::new() };
        let value = |point: &(&Summary, &PointState)| number(self.plan, axis, point.0.point);
        let stretch = |points: &[(&Summary, &PointState)]| {
            let (first, last) = points.first().zip(points.last())?;
            Some(Stretch { from: value(first), to: value(last), is_safe: first.1.is_safe() })
        };
        self.groups().filter_map(stretch).collect()
    }

    /// The first point that is not safe and, where there is one, the safe point beside it.
    pub fn edge(&self) -> Option<(Option<&'a Summary>, (&'a Summary, &'a PointState))> {
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

    pub fn turn(&self) -> Option<Turn> {
        let axis = self.axis?;
        let (before, (summary, state)) = self.edge()?;
        let deadlock = summary.deadlock.as_ref().map(|(deadlock, _)| deadlock.resource.clone());
        let culprit = summary.culprit.as_ref();
        Some(Turn {
            from: before.map(|summary| number(self.plan, axis, summary.point)),
            to: number(self.plan, axis, summary.point),
            is_lightest: before.is_none() && !self.is_in_doubt_before(summary) && !self.improves(),
            more: self.more(),
            condition: state.condition,
            is_timed: state.missed.is_none_or(|objective| objective.metric().is_time()),
            resource: deadlock.clone().or(culprit.map(|culprit| culprit.name.clone())),
            name: deadlock.or(culprit.map(|culprit| culprit.with_refuser(&culprit.name))),
            cause: cause(summary),
        })
    }
}

impl Curve<'_> {
    /// Whether a value below that of a point has figures, but no state.
    pub fn is_in_doubt_before(&self, point: &Summary) -> bool {
        let Some(axis) = self.axis else { return false };
        let value = |summary: &Summary| number(self.plan, axis, summary.point);
        self.doubtful.iter().any(|other| value(other) < value(point))
    }

    /// The safe values up to that of a point and the values there that have no state, in ascending order.
    pub fn up_to(&self, axis: &Axis, safe: &Summary) -> Vec<Stretch> {
        let value = |summary: &Summary| number(self.plan, axis, summary.point);
        let known = self.known.iter().filter(|(_, state)| state.is_safe()).map(|(summary, _)| (value(summary), true));
        let doubtful = self.doubtful.iter().map(|summary| (value(summary), false));
        let mut all: Vec<(f64, bool)> = known.chain(doubtful).filter(|(at, _)| *at <= value(safe)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let stretch = |run: &[(f64, bool)]| Stretch { from: run[0].0, to: run[run.len() - 1].0, is_safe: run[0].1 };
        all.chunk_by(|a, b| a.1 == b.1).map(stretch).collect()
    }

    /// What more of a capacity does, by the objective that its largest value misses.
    fn more(&self) -> More {
        let ([smaller @ .., (largest, state)], Some(axis)) = (self.known.as_slice(), self.axis) else {
            return More::Unclear;
        };
        let (metric, is_at_least) = match state.missed {
            Some(objective) => (objective.metric(), objective.is_at_least()),
            None => (Metric::SuccessRate, true),
        };
        let interval =
            |summary: &Summary| summary.metric(metric).filter(|it| it.low.is_finite() && it.high.is_finite());
        let is_better = |a: Interval, b: Interval| if is_at_least { a.low > b.high } else { a.high < b.low };
        let Some(last) = interval(largest) else { return More::Unclear };
        let better = smaller.iter().filter_map(|(summary, _)| Some((*summary, interval(summary)?)));
        let better = better.filter(|(_, it)| is_better(*it, last));
        let sign = if is_at_least { 1.0 } else { -1.0 };
        let best = better.max_by(|a, b| (sign * a.1.estimate).total_cmp(&(sign * b.1.estimate)));
        if let Some((best, _)) = best {
            return More::Harms(number(self.plan, axis, best.point));
        }
        let next = smaller.last().and_then(|(summary, _)| interval(summary));
        if next.is_some_and(|next| is_better(last, next)) { More::Helps } else { More::Unclear }
    }

    /// Whether no value of an axis of load is safe, and what the lightest misses is missed by less under a heavier load:
    /// "even at" would say that a lighter load does better.
    pub fn improves(&self) -> bool {
        let [(first, state), later @ ..] = self.known.as_slice() else { return false };
        let is_load = self.axis.is_some_and(|axis| axis.direction() == Direction::Load);
        if !is_load || self.known.iter().any(|(_, state)| state.is_safe()) {
            return false;
        }
        let Some(missed) = state.missed else { return false };
        let interval = |summary: &Summary| summary.metric(missed.metric());
        let is_better = |summary: &Summary| {
            interval(summary).zip(interval(first)).is_some_and(|(it, first)| match missed.is_at_least() {
                true => it.low > first.high,
                false => it.high < first.low,
            })
        };
        later.iter().any(|(summary, _)| is_better(summary))
    }
}

/// Whether more capacity makes a safe point unsafe, by stretches in ascending order.
pub fn is_scattered(stretches: &[Stretch]) -> bool {
    stretches.windows(2).any(|pair| pair[0].is_safe)
}

/// The value of the first axis at a point.
pub fn number(plan: &Plan, axis: &Axis, point: usize) -> f64 {
    plan.points[point].at.first().and_then(|&value| axis.values[value].number).unwrap_or(0.0)
}
