//! The metrics of a point, by the names that files give them.

use crate::experiment::trial::Trial;
use crate::spec::Metric;

/// All metrics, in the order of the files.
pub(super) const METRICS: [(&str, Metric); 7] = [
    ("throughput_per_min", Metric::ThroughputPerMin),
    ("success_rate", Metric::SuccessRate),
    ("mean_s", Metric::MeanS),
    ("p50_s", Metric::P50S),
    ("p95_s", Metric::P95S),
    ("p99_s", Metric::P99S),
    ("wasted_requests", Metric::WastedRequests),
];

/// A metric of one trial; none where it had no success to time.
pub(super) fn of_trial(trial: &Trial, metric: Metric) -> Option<f64> {
    match metric {
        Metric::ThroughputPerMin => Some(trial.throughput_per_min),
        Metric::SuccessRate => Some(trial.success_rate),
        Metric::MeanS => trial.mean_s,
        Metric::P50S => trial.p50_s,
        Metric::P95S => trial.p95_s,
        Metric::P99S => trial.p99_s,
        Metric::WastedRequests => Some(trial.wasted_requests as f64),
    }
}
