//! How far along an axis something holds: what limits which values, which values are not safe for which reason, and
//! where throughput falls although nothing fails. Sentences and chart titles are made of these.

use super::curve::{Curve, Stretch, number};
use super::state::cause;
use crate::experiment::analyse::condition::{Condition, PointState};
use crate::experiment::analyse::culprit::Culprit;
use crate::experiment::analyse::summary::{Means, Summary};
use crate::experiment::plan::{Axis, Direction};
use crate::metric::Metric;
use crate::model::RateUnit;

/// Share of the best throughput below which it has fallen so far that this comes first. (What is below nine tenths has a
/// line of its own.)
const FAR: f64 = 0.5;

/// Neighbouring values that are not safe, in one condition and for one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsafe {
    /// The first value.
    pub from: f64,
    /// The last value.
    pub to: f64,
    /// The condition of all of them.
    pub condition: Condition,
    /// Whether what the first one misses is an objective on a time or a success rate.
    pub is_timed: bool,
    /// Why, in a few words.
    pub cause: String,
}

impl Unsafe {
    /// The condition in a title: what misses an objective that is not on a time is not slow.
    pub fn word(&self) -> &'static str {
        match self.condition {
            Condition::Slow if !self.is_timed => "misses an objective",
            condition => condition.word(),
        }
    }
}

/// Throughput that falls along an axis of load while the objectives are met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fall {
    /// The value with the highest throughput.
    pub from: f64,
    /// The throughput there, a minute.
    pub most_per_min: Means,
    /// The safe value beyond it with the lowest throughput.
    pub to: f64,
    /// The throughput there, a minute.
    pub least_per_min: Means,
}

/// Neighbouring values with the same bottleneck.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitedStretch {
    /// The first value.
    pub from: f64,
    /// The last value.
    pub to: f64,
    /// The resource or fault: what the column "limited by" shows.
    pub limit: String,
    /// What it does, in a few words.
    pub words: String,
    /// Whether no value with figures lies before or after these.
    pub is_end: (bool, bool),
}

/// Whether stretches are "safe up to a value": the first is safe, and none after one that is not.
pub(super) fn is_up_to(stretches: &[Stretch]) -> bool {
    stretches.first().is_none_or(|first| first.is_safe) && stretches.len() <= 2
}

/// Values of an axis in words, what they are called once: `3s to 10s`, `x = 1 to 9`, `4 to 8 and 16 pods`.
pub fn places(axis: &Axis, stretches: impl IntoIterator<Item = (f64, f64)>) -> String {
    let texts: Vec<String> = stretches.into_iter().map(|(from, to)| span(axis, from, to)).collect();
    super::place(axis, &texts.join(" and "))
}

/// `3s to 10s`, or `3s` where that is all.
fn span(axis: &Axis, from: f64, to: f64) -> String {
    let text = |number: f64| {
        let written = axis.values.iter().find(|value| value.number == Some(number));
        written.map_or_else(|| number.to_string(), |value| value.text.clone())
    };
    if from == to { text(from) } else { format!("{} to {}", text(from), text(to)) }
}

/// `throughput falls from 8 concurrent on (6154/min at 8, 230/min at 64)`.
pub fn falls(fall: &Fall, axis: &Axis, rates: RateUnit) -> String {
    let (from, to) = (span(axis, fall.from, fall.from), span(axis, fall.to, fall.to));
    let [most, least] = [fall.most_per_min, fall.least_per_min].map(|means| means.words(|rate| rates.words(rate)));
    format!("throughput falls from {} on ({most} at {from}, {least} at {to})", super::place(axis, &from))
}

impl LimitedStretch {
    /// `up to x = 2, a threads is saturated`; where `is_named`, what the values are called was said before.
    pub fn clause(&self, axis: &Axis, is_named: bool) -> String {
        let words = &self.words;
        match self.place(axis, is_named) {
            Some(place) => format!("{place}, {words}"),
            None if self.from == self.to => words.clone(),
            None => format!("{words} at every value tested"),
        }
    }

    /// `up to x = 2`; none where these are all values with figures.
    pub fn place(&self, axis: &Axis, is_named: bool) -> Option<String> {
        let place = |from: f64, to: f64| {
            let text = span(axis, from, to);
            if is_named { text } else { super::place(axis, &text) }
        };
        let is_long = self.from != self.to && axis.direction() != Direction::Neither;
        Some(match self.is_end {
            (true, true) => return None,
            (true, false) if is_long => format!("up to {}", place(self.to, self.to)),
            (false, true) if is_long => format!("from {} on", place(self.from, self.from)),
            _ => format!("at {}", place(self.from, self.to)),
        })
    }
}

/// The bottlenecks along an axis, in ascending order, of points in that order with their values. Where nothing is one it
/// is what limits, though it is not saturated.
pub fn limits(points: &[(f64, &Summary)]) -> Vec<LimitedStretch> {
    let bottlenecks = stretches(points, |summary| summary.culprit.as_ref().and_then(Culprit::bottleneck));
    if bottlenecks.is_empty() { limited(points) } else { bottlenecks }
}

/// What limits along an axis, saturated or not, as [`limits`].
pub fn limited(points: &[(f64, &Summary)]) -> Vec<LimitedStretch> {
    stretches(points, |summary| {
        let words = format!("limited by {}", summary.culprit.as_ref()?.limit_words()?);
        Some((summary.saturated.clone()?, words))
    })
}

fn stretches(points: &[(f64, &Summary)], limit: impl Fn(&Summary) -> Option<(String, String)>) -> Vec<LimitedStretch> {
    let found: Vec<(f64, Option<(String, String)>)> =
        points.iter().map(|&(value, summary)| (value, limit(summary))).collect();
    let runs = found.chunk_by(|a, b| a.1 == b.1);
    let ends = (points.first().map(|point| point.0), points.last().map(|point| point.0));
    let limited = |run: &[(f64, Option<(String, String)>)]| {
        let (first, last) = run.first().zip(run.last())?;
        let (limit, words) = first.1.clone()?;
        let is_end = (Some(first.0) == ends.0, Some(last.0) == ends.1);
        Some(LimitedStretch { from: first.0, to: last.0, limit, words, is_end })
    };
    runs.filter_map(limited).collect()
}

impl Curve<'_> {
    /// The values that are not safe, by condition and reason.
    pub(super) fn failing(&self) -> Vec<Unsafe> {
        let Some(axis) = self.axis else { return Vec::new() };
        let value = |point: &(&Summary, &PointState)| number(self.plan, axis, point.0.point);
        let alike = self.known.chunk_by(|a, b| a.1.condition == b.1.condition && !super::state::is_another(a.0, b.0));
        let run = |run: &[(&Summary, &PointState)]| {
            let (first, last) = run.first().zip(run.last())?;
            let condition = first.1.condition;
            (!first.1.is_safe()).then(|| Unsafe {
                from: value(first),
                to: value(last),
                condition,
                is_timed: first.1.missed.is_none_or(|objective| objective.metric().is_time()),
                cause: cause(first.0),
            })
        };
        alike.filter_map(run).collect()
    }

    /// Where throughput falls below half of its best although the objectives are met, beyond its interval.
    pub(super) fn fall(&self) -> Option<Fall> {
        let axis = self.axis.filter(|axis| axis.direction() == Direction::Load)?;
        let held = |(_, state): &(&Summary, &PointState)| state.goodput.map_or(1.0, |goodput| goodput.most());
        let has_fallen = |point: &&(&Summary, &PointState)| point.1.is_safe() && held(point) < FAR;
        let (lowest, _) = self.known.iter().filter(has_fallen).min_by(|a, b| held(a).total_cmp(&held(b)))?;
        let value = |summary: &Summary| number(self.plan, axis, summary.point);
        let (to, least) = (value(lowest), lowest.throughput_per_min?);
        let before = self.known.iter().map(|point| point.0).filter(|summary| value(summary) < to);
        let best = before.max_by(|a, b| a.throughput_or_least().total_cmp(&b.throughput_or_least()))?;
        let most = best.throughput_per_min?;
        // Without an interval the estimates say it.
        let is_bounded = most.low.is_finite() && least.high.is_finite();
        let is_beyond_doubt = !is_bounded || most.low > least.high;
        let means = |summary: &Summary| summary.means(Metric::ThroughputPerMin);
        let (most_per_min, least_per_min) = (means(best)?, means(lowest)?);
        is_beyond_doubt.then(|| Fall { from: value(best), most_per_min, to, least_per_min })
    }
}
