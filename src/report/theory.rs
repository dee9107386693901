//! The simulation beside theory, in words and as a document.

use serde_json::{Value, json};

use super::number::{decimals, grouped};
use crate::experiment::analyse::exact::{Check, Theory};
use crate::experiment::analyse::words;
use crate::model::RateUnit;
use crate::statistics::Interval;

/// A figure of the check's metric with its unit.
fn figure(check: &Check, value: f64, rates: RateUnit) -> String {
    let shown = |value: f64| match check.metric.is_rate() {
        true => value,
        false => words::shown(value, check.metric, rates),
    };
    // Two digits more than elsewhere: it is exact.
    let digits = decimals(shown(check.theory.value()), 9) + 2;
    format!("{}{}", grouped(&format!("{:.digits$}", shown(value))), words::unit(check.metric, rates))
}

/// `613.2/min (612.0 to 614.4)`, the interval of the test.
pub(super) fn simulated(check: &Check, rates: RateUnit) -> String {
    let Interval { estimate, low, high } = check.simulated;
    format!("{} ({} to {})", figure(check, estimate, rates), figure(check, low, rates), figure(check, high, rates))
}

/// `613.9/min by exact mean value analysis`.
pub(super) fn known(check: &Check, rates: RateUnit) -> String {
    let at_most = if matches!(check.theory, Theory::AsymptoticBound(_)) { "at most " } else { "" };
    format!("{at_most}{} by {}", figure(check, check.theory.value(), rates), check.theory.name())
}

/// One line: what theory says of a point's figure, which the simulation agrees with.
pub fn theory(check: Option<&Check>, rates: RateUnit) -> String {
    let Some(check) = check.filter(|check| check.holds()) else { return String::new() };
    format!("{:<12}{} {}\n", "theory", check.metric.words(), known(check, rates))
}

/// The check as a document.
pub(super) fn theory_document(check: &Check) -> Value {
    let (below, above) = check.allowed;
    let finite = |value: f64| value.is_finite().then_some(value);
    json!({
        "metric": check.metric.name(),
        "by": check.theory.name(),
        "value": check.theory.value(),
        "simulated": check.simulated,
        "allowed": { "below": finite(below), "above": finite(above) },
        "holds": check.holds(),
    })
}
