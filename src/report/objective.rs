//! Objectives in words.

use super::number::{exact, seconds, short};
use super::whole::Report;
use crate::experiment::analyse::words;
use crate::experiment::plan::success_objective;
use crate::language::{Metric, Objective};
use crate::model::RateUnit;

/// `success rate at least 99 %`; `rates` is the unit of throughputs.
pub(super) fn in_words(objective: Objective, rates: RateUnit) -> String {
    format!("{} {}", objective.metric().words(), bound(objective, rates))
}

/// What a healthy point meets: the success objective, then the others of the experiment.
pub fn objectives(report: &Report) -> String {
    let others = report.plan.objectives.iter().copied().filter(|it| it.metric() != Metric::SuccessRate);
    let all = std::iter::once(success_objective(report.plan)).chain(others);
    all.map(|objective| in_words(objective, report.rates)).collect::<Vec<_>>().join(", ")
}

/// `at least 99 %`, `at most 250 ms`.
pub(super) fn bound(objective: Objective, rates: RateUnit) -> String {
    let metric: Metric = objective.metric();
    let bound = objective.bound();
    let written = match metric {
        metric if metric.is_rate() && bound < 1.0 => format!("{} %", exact(bound * 100.0)),
        metric if metric.is_rate() => format!("{} %", short(bound * 100.0)),
        metric if metric.is_time() => seconds(bound),
        metric => format!("{}{}", short(words::shown(bound, metric, rates)), words::unit(metric, rates)),
    };
    let side = if objective.is_at_least() { "at least" } else { "at most" };
    format!("{side} {written}")
}
