//! The metrics of a point, by the names that files give them.

use super::Report;
use crate::spec::Metric;

/// All metrics, in the order of the files.
const METRICS: [(&str, Metric); 14] = [
    ("throughput_per_min", Metric::ThroughputPerMin),
    ("success_rate", Metric::SuccessRate),
    ("mean_s", Metric::MeanS),
    ("p50_s", Metric::P50S),
    ("p95_s", Metric::P95S),
    ("p99_s", Metric::P99S),
    ("wasted_requests", Metric::WastedRequests),
    ("completion_mean_s", Metric::CompletionMeanS),
    ("completion_p95_s", Metric::CompletionP95S),
    ("completed_per_min", Metric::CompletedPerMin),
    ("dead_letters", Metric::DeadLetters),
    ("restarts", Metric::Restarts),
    ("attempts_per_request", Metric::AttemptsPerRequest),
    ("recovery_s", Metric::RecoveryS),
];

/// The metrics that say something, with the names that files give them. `outlasts`: work may outlast its answer.
pub(super) fn metrics(outlasts: bool) -> impl Iterator<Item = (&'static str, Metric)> {
    METRICS.into_iter().filter(move |(_, metric)| match metric {
        Metric::CompletionMeanS | Metric::CompletionP95S | Metric::CompletedPerMin | Metric::DeadLetters => outlasts,
        _ => true,
    })
}

/// The metrics that say something of at least one point.
pub(super) fn metrics_of(report: &Report) -> Vec<(&'static str, Metric)> {
    metrics(report.summaries.iter().any(|summary| summary.outlasts)).collect()
}
