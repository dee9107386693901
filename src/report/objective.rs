//! Objectives in words.

use super::number::{exact, short};
use crate::experiment::verdict;
use crate::spec::{Metric, Objective};

/// `success rate at least 99 %`.
pub(super) fn in_words(objective: Objective) -> String {
    format!("{} {}", verdict::name(objective.metric()), bound(objective))
}

/// `at least 99 %`.
pub(super) fn bound(objective: Objective) -> String {
    let metric: Metric = objective.metric();
    let bound = objective.bound();
    let written = match metric {
        metric if metric.is_rate() && bound < 1.0 => exact(bound * 100.0),
        metric if metric.is_rate() => short(bound * 100.0),
        _ => short(bound),
    };
    let side = if objective.is_at_least() { "at least" } else { "at most" };
    format!("{side} {written}{}", verdict::unit(metric))
}
