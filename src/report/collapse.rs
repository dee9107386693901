//! Collapses in a few words, for titles and marks.

use crate::experiment::design::Axis;
use crate::experiment::finding::Collapse;

/// `collapses 150–175: user-service pool auth`, for the mark in a chart.
pub(super) fn mark(axis: &Axis, collapse: &Collapse, is_plural: bool) -> String {
    let to = value(axis, collapse.to);
    let verb = if is_plural { "collapse" } else { "collapses" };
    let place = match collapse.from {
        Some(from) => format!("{verb} {}–{to}", value(axis, from)),
        None => format!("collapsed at {to}"),
    };
    match &collapse.resource {
        Some(resource) => format!("{place}: {resource}"),
        None => place,
    }
}

/// `between 150 and 175 concurrent`.
pub(super) fn between(axis: &Axis, collapse: &Collapse) -> String {
    let (to, unit) = (value(axis, collapse.to), unit(axis));
    match collapse.from {
        Some(from) => format!("between {} and {to}{unit}", value(axis, from)),
        None => format!("already at {to}{unit}"),
    }
}

/// A value of an axis as it is written.
pub(super) fn value(axis: &Axis, number: f64) -> String {
    let written = axis.values.iter().find(|value| value.number == Some(number));
    written.map_or_else(|| number.to_string(), |value| value.text.clone())
}

/// What follows a value in a sentence.
pub(super) fn unit(axis: &Axis) -> String {
    if axis.path == "load.concurrency" { " concurrent".into() } else { format!(" ({})", axis.name) }
}
