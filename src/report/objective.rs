//! Objectives in words.

use super::number::short;
use crate::experiment::verdict;
use crate::spec::{Metric, Objective};

/// `success rate at least 99 %`.
pub(super) fn in_words(objective: Objective) -> String {
    format!("{} {}", verdict::name(objective.metric()), bound(objective))
}

/// `at least 99 %`.
pub(super) fn bound(objective: Objective) -> String {
    let metric: Metric = objective.metric();
    let factor = if metric.is_rate() { 100.0 } else { 1.0 };
    let side = if objective.is_at_least() { "at least" } else { "at most" };
    format!("{side} {}{}", short(objective.bound() * factor), verdict::unit(metric))
}
