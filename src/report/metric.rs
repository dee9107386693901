//! The metrics of a point, by the names that files give them.

use crate::experiment::summary::Summary;
use crate::spec::Metric;

/// All metrics, in the order of the files.
pub(super) const METRICS: [(&str, Metric); 20] = [
    ("throughput_per_min", Metric::ThroughputPerMin),
    ("success_rate", Metric::SuccessRate),
    ("mean_s", Metric::MeanS),
    ("p50_s", Metric::P50S),
    ("p90_s", Metric::P90S),
    ("p95_s", Metric::P95S),
    ("p99_s", Metric::P99S),
    ("p999_s", Metric::P999S),
    ("wasted_requests", Metric::WastedRequests),
    ("completion_mean_s", Metric::CompletionMeanS),
    ("completion_p95_s", Metric::CompletionP95S),
    ("completed_per_min", Metric::CompletedPerMin),
    ("completion_rate", Metric::CompletionRate),
    ("dead_letters", Metric::DeadLetters),
    ("restarts", Metric::Restarts),
    ("attempts_per_request", Metric::AttemptsPerRequest),
    ("recovery_s", Metric::RecoveryS),
    ("staleness_mean_s", Metric::StalenessMeanS),
    ("staleness_p95_s", Metric::StalenessP95S),
    ("cache_hit_ratio", Metric::CacheHitRatio),
];

/// The metrics that say something of these points, with the names that files give them.
pub(super) fn metrics(points: &[Summary]) -> impl Iterator<Item = (&'static str, Metric)> {
    let some = |metric| points.iter().any(|summary| says_something(summary, metric));
    METRICS.into_iter().filter(move |(_, metric)| some(*metric))
}

/// The name that files give a metric.
pub(super) fn metric_name(metric: Metric) -> Option<&'static str> {
    METRICS.into_iter().find(|(_, known)| *known == metric).map(|(name, _)| name)
}

/// Whether a metric is one of this point's, and not only named after what its model lacks.
pub(super) fn says_something(summary: &Summary, metric: Metric) -> bool {
    match metric {
        of_completion if of_completion.is_of_completion() => summary.outlasts,
        Metric::StalenessMeanS | Metric::StalenessP95S | Metric::CacheHitRatio => summary.metric(metric).is_some(),
        _ => true,
    }
}
