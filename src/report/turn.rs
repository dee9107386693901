//! Where a variant stops being safe, in a few words, for titles and marks.

use crate::experiment::analyse::condition::Condition;
use crate::experiment::analyse::finding;
use crate::experiment::analyse::finding::Turn;
use crate::experiment::plan::{Axis, Direction};

/// What happens there, as a verb.
pub(super) fn verb(condition: Condition, is_plural: bool) -> &'static str {
    let (one, many) = match condition {
        Condition::Dead => ("stops responding", "stop responding"),
        Condition::Damaged => ("loses capacity", "lose capacity"),
        Condition::Unstable => ("becomes unstable", "become unstable"),
        Condition::Collapsed => ("collapses", "collapse"),
        Condition::Sheds => ("sheds load", "shed load"),
        Condition::Overloaded => ("is overloaded", "are overloaded"),
        Condition::Failing => ("fails requests", "fail requests"),
        Condition::Slow => ("is too slow", "are too slow"),
        Condition::Healthy => ("holds", "hold"),
    };
    if is_plural { many } else { one }
}

/// The same of a turn: a point that misses an objective which is not on a time is not slow.
pub(super) fn verb_of(turn: &Turn, is_plural: bool) -> &'static str {
    match (turn.condition, is_plural) {
        (Condition::Slow, false) if !turn.is_timed => "misses an objective",
        (Condition::Slow, true) if !turn.is_timed => "miss an objective",
        (condition, _) => verb(condition, is_plural),
    }
}

/// The same of a stretch of values in which it begins: `is overloaded between 3/s and 9/s` would say that it no longer is
/// beyond.
fn onset_of(turn: &Turn, is_plural: bool) -> &'static str {
    let (one, many) = match turn.condition {
        Condition::Slow if !turn.is_timed => ("begins to miss an objective", "begin to miss an objective"),
        Condition::Sheds => ("begins to shed load", "begin to shed load"),
        Condition::Overloaded => ("becomes overloaded", "become overloaded"),
        Condition::Failing => ("begins to fail requests", "begin to fail requests"),
        Condition::Slow => ("becomes too slow", "become too slow"),
        condition => return verb(condition, is_plural),
    };
    if is_plural { many } else { one }
}

/// How the place is written at which a variant stops being safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Between the last value that is safe and the first that is not.
    Between,
    /// At the first value that is not safe, which is shorter.
    Value,
}

impl Place {
    /// `between 125 and 150 concurrent`, `at 150 concurrent`, `even at 10 concurrent`.
    pub(super) fn words(self, axis: &Axis, turn: &Turn) -> String {
        match turn.from {
            Some(_) if self == Self::Value => format!("at {}", place(axis, turn.to)),
            _ => between(axis, turn),
        }
    }

    /// What happens there: `becomes overloaded` between two values, `is overloaded` at one.
    pub(super) fn verb(self, turn: &Turn, is_plural: bool) -> &'static str {
        match turn.from {
            Some(_) if self == Self::Between => onset_of(turn, is_plural),
            _ => verb_of(turn, is_plural),
        }
    }
}

/// `loses capacity between 150 and 175: user-service pool auth`, for the mark in a chart.
pub(super) fn mark(axis: &Axis, turn: &Turn, is_plural: bool) -> String {
    let (verb, to) = (verb_of(turn, is_plural), value(axis, turn.to));
    let place = match turn.from {
        Some(from) if axis.direction() == Direction::Capacity => {
            format!("{} {} enough, {to} {} not", value(axis, from), be(axis, from), be(axis, turn.to))
        }
        Some(from) if from > turn.to => format!("safe at {}, not at {to}", value(axis, from)),
        Some(from) => format!("{} between {} and {to}", onset_of(turn, is_plural), bare(axis, from, &to)),
        None => format!("{verb} at {to}"),
    };
    match &turn.name {
        Some(name) => format!("{place}: {name}"),
        None => place,
    }
}

/// `between 150 and 175 concurrent`.
fn between(axis: &Axis, turn: &Turn) -> String {
    match turn.from {
        Some(from) => stretch(axis, from.min(turn.to), from.max(turn.to)),
        None if turn.is_lightest => format!("even at {}", place(axis, turn.to)),
        None => format!("at {}", place(axis, turn.to)),
    }
}

/// `between 150 and 175 concurrent`, `between spike = 2 and 4`: what the values are called is written once.
pub(super) fn stretch(axis: &Axis, from: f64, to: f64) -> String {
    match place(axis, from) {
        named if named.contains(" = ") => format!("between {named} and {}", value(axis, to)),
        _ => format!("between {} and {}", value(axis, from), place(axis, to)),
    }
}

/// A value without the unit that it shares with the text of another, which follows it.
fn bare(axis: &Axis, number: f64, other: &str) -> String {
    let text = value(axis, number);
    let unit = &other[other.rfind(|sign: char| sign.is_ascii_digit()).map_or(0, |last| last + 1)..];
    text.strip_suffix(unit).unwrap_or(&text).to_owned()
}

/// A place on the axis in a sentence: `150 concurrent`, `80/s`, `1 pod`, `spike = 2`.
pub(super) fn place(axis: &Axis, number: f64) -> String {
    finding::place(axis, &value(axis, number))
}

/// `are` after several countable things, else `is`.
pub(super) fn be(axis: &Axis, number: f64) -> &'static str {
    finding::be(axis, &value(axis, number))
}

/// A value of an axis as it is written.
pub(super) fn value(axis: &Axis, number: f64) -> String {
    let written = axis.values.iter().find(|value| value.number == Some(number));
    written.map_or_else(|| number.to_string(), |value| value.text.clone())
}
