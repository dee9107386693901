//! The figures of single services and causes of failures, over the replications of a point.

use super::values::Values;
use crate::experiment::analyse::trial::Trial;
use crate::language::Metric;
use crate::metric::MetricScope;

/// The metrics that are kept of each service.
const OF_SERVICES: [Metric; 5] =
    [Metric::CallsPerS, Metric::PeakCallsPerS, Metric::WorkerImbalance, Metric::ReplicaHours, Metric::Cost];

/// The values of what is kept of services and of causes, by replication.
#[derive(Clone, Debug)]
pub(super) struct Scopes {
    /// By service, in the order of [`OF_SERVICES`].
    services: Vec<(String, Values)>,
    /// Failures by cause.
    causes: Vec<(String, Values)>,
}

impl Scopes {
    /// Of the trials of a point, in the order of replications.
    pub fn of(trials: &[&Trial]) -> Self {
        let services = trials.first().map_or(&[][..], |trial| &trial.services);
        let services = services.iter().map(|service| {
            let scope = MetricScope::Service(service.name.clone());
            let row = |trial: &&Trial| (trial.replication, OF_SERVICES.map(|metric| trial.metric_of(&scope, metric)));
            (service.name.clone(), Values::of(&trials.iter().map(row).collect::<Vec<_>>()))
        });
        let mut names: Vec<&String> = Vec::new();
        for (cause, _) in trials.iter().flat_map(|trial| &trial.failures) {
            if !names.contains(&cause) {
                names.push(cause);
            }
        }
        let causes = names.into_iter().map(|cause| {
            let scope = MetricScope::Cause(cause.clone());
            let row =
                |trial: &&Trial| (trial.replication, [Metric::FailedRequests].map(|it| trial.metric_of(&scope, it)));
            (cause.clone(), Values::of(&trials.iter().map(row).collect::<Vec<_>>()))
        });
        Self { services: services.collect(), causes: causes.collect() }
    }

    /// A metric's values of a service by replication, where it has any.
    pub fn of_service(&self, name: &str, metric: Metric) -> Vec<(u64, f64)> {
        let values = self.services.iter().find(|(known, _)| known == name).map(|(_, values)| values);
        let column = OF_SERVICES.iter().position(|&known| known == metric);
        values.zip(column).map(|(values, column)| values.column(column)).unwrap_or_default()
    }

    /// The failures by a cause by replication; none of a cause that no replication has shown.
    pub fn of_cause(&self, words: &str) -> Option<Vec<(u64, f64)>> {
        self.causes.iter().find(|(known, _)| known == words).map(|(_, values)| values.column(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_services_has_a_column() {
        assert!(OF_SERVICES.into_iter().eq(Metric::ALL.into_iter().filter(|metric| metric.is_kept_of_services())));
        let of_causes: Vec<_> = Metric::ALL.into_iter().filter(|metric| metric.is_kept_of_causes()).collect();
        assert_eq!(of_causes, [Metric::FailedRequests]);
    }
}
