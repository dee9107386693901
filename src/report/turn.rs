//! Where a variant stops being safe, in a few words, for titles and marks.

use crate::experiment::condition::Condition;
use crate::experiment::design::{Axis, Direction};
use crate::experiment::finding::Turn;
pub(super) use crate::experiment::finding::unit;

/// What happens there, as a verb.
pub(super) fn verb(condition: Condition, is_plural: bool) -> &'static str {
    let (one, many) = match condition {
        Condition::Dead => ("stops responding", "stop responding"),
        Condition::Damaged => ("loses capacity", "lose capacity"),
        Condition::Unstable => ("becomes unstable", "become unstable"),
        Condition::Collapsed => ("collapses", "collapse"),
        Condition::Sheds => ("sheds load", "shed load"),
        Condition::Overloaded => ("is overloaded", "are overloaded"),
        Condition::Slow => ("is too slow", "are too slow"),
        Condition::Healthy => ("holds", "hold"),
    };
    if is_plural { many } else { one }
}

/// `loses capacity 150–175: user-service pool auth`, for the mark in a chart.
pub(super) fn mark(axis: &Axis, turn: &Turn, is_plural: bool) -> String {
    let (verb, to) = (verb(turn.condition, is_plural), value(axis, turn.to));
    let place = match turn.from {
        Some(from) if axis.direction() == Direction::Capacity => {
            format!("{} enough, {to} not", value(axis, from))
        }
        Some(from) => format!("{verb} {}–{to}", value(axis, from)),
        None => format!("{verb} at {to}"),
    };
    match &turn.resource {
        Some(resource) => format!("{place}: {resource}"),
        None => place,
    }
}

/// `between 150 and 175 concurrent`.
pub(super) fn between(axis: &Axis, turn: &Turn) -> String {
    let (to, unit) = (value(axis, turn.to), unit(axis));
    match turn.from {
        Some(from) => format!("between {} and {to}{unit}", value(axis, from)),
        None => format!("already at {to}{unit}"),
    }
}

/// A value of an axis as it is written.
pub(super) fn value(axis: &Axis, number: f64) -> String {
    let written = axis.values.iter().find(|value| value.number == Some(number));
    written.map_or_else(|| number.to_string(), |value| value.text.clone())
}
