//! The metrics of a point, by the names that files give them.

use crate::experiment::analyse::summary::Summary;
use crate::metric::{Metric, MetricSubject};

/// The metrics that say something of these points.
pub(super) fn metrics(points: &[Summary]) -> impl Iterator<Item = Metric> {
    let some = |metric| points.iter().any(|summary| says_something(summary, metric));
    Metric::ALL.into_iter().filter(move |&metric| some(metric))
}

/// Whether a metric is one of this point's, and not only named after what its model lacks.
pub(super) fn says_something(summary: &Summary, metric: Metric) -> bool {
    match metric.subject() {
        MetricSubject::Completion => summary.outlasts,
        MetricSubject::Views | MetricSubject::Caches | MetricSubject::Services => summary.metric(metric).is_some(),
        MetricSubject::Answers | MetricSubject::Failures | MetricSubject::Run => true,
    }
}
