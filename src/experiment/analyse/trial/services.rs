//! What a trial shows of its services and of the causes of failures.

use super::Trial;
use crate::metric::{Metric, MetricScope};
use crate::parts::{CallCount, ResourceKind, ResourceUse};

impl Trial {
    /// The value of a metric of a service or of a cause of failures, or of the whole; none where it is not kept of that.
    /// Those of a class are in [`Trial::classes`].
    pub fn metric_of(&self, scope: &MetricScope, metric: Metric) -> Option<f64> {
        match scope {
            MetricScope::Whole => self.metric(metric),
            MetricScope::Class(_) => None,
            MetricScope::Service(name) => self.of_service(name, metric),
            MetricScope::Cause(cause) => metric.is_kept_of_causes().then(|| {
                let known = self.failures.iter().find(|(known, _)| known == cause);
                known.map_or(0.0, |&(_, count)| count as f64)
            }),
        }
    }

    fn of_service(&self, name: &str, metric: Metric) -> Option<f64> {
        let service = self.services.iter().find(|service| service.name == name)?;
        match metric {
            Metric::CallsPerS => self.calls_per_s(service.calls),
            Metric::PeakCallsPerS => service.calls.map(|count| count.peak_per_s),
            Metric::WorkerImbalance => imbalance(&self.resources, |resource| {
                let owner = resource.strip_suffix(" event loops").or_else(|| resource.strip_suffix(" threads"));
                owner == Some(name)
            }),
            Metric::ReplicaHours => Some(self.hours(&service.name, service.replicas)),
            Metric::Cost => self.cost_of(name),
            _ => None,
        }
    }

    /// What a service costs; none without prices.
    fn cost_of(&self, name: &str) -> Option<f64> {
        let prices = self.prices.as_ref()?;
        let (service, price) = self.services.iter().zip(&prices.replicas).find(|(service, _)| service.name == name)?;
        Some(self.hours(&service.name, service.replicas) * price)
    }

    /// What all services and machines cost; none without prices, or where the window never opened.
    pub(super) fn cost(&self) -> Option<f64> {
        let prices = self.prices.as_ref().filter(|_| !self.services.is_empty())?;
        let services: f64 = self.services.iter().filter_map(|service| self.cost_of(&service.name)).sum();
        Some(services + prices.machines * self.window_s / 3600.0)
    }

    pub(super) fn calls_per_s(&self, count: Option<CallCount>) -> Option<f64> {
        count.map(|count| count.calls as f64 / self.window_s)
    }

    /// That of the most uneven service.
    pub(super) fn worker_imbalance(&self) -> Option<f64> {
        imbalance(&self.resources, |_| true)
    }

    /// Of all services together; none where the window never opened.
    pub(super) fn replica_hours(&self) -> Option<f64> {
        let hours = self.services.iter().map(|service| self.hours(&service.name, service.replicas));
        hours.reduce(|all, hours| all + hours)
    }

    /// Of a service with this number of replicas, or with their mean number in the window where that changes.
    fn hours(&self, service: &str, replicas: u32) -> f64 {
        let is_its = |resource: &&ResourceUse| {
            resource.kind == ResourceKind::Replicas && resource.name.strip_suffix(" replicas") == Some(service)
        };
        let scaled = self.resources.iter().find(is_its).map(|resource| resource.in_use);
        scaled.unwrap_or(f64::from(replicas)) * self.window_s / 3600.0
    }
}

/// The busiest worker's utilisation over that of all together, the largest of these resources; none where none of them
/// was ever in use.
fn imbalance(resources: &[ResourceUse], is_meant: impl Fn(&str) -> bool) -> Option<f64> {
    let workers = resources.iter().filter(|resource| match resource.kind {
        ResourceKind::EventLoops | ResourceKind::Threads => resource.utilisation > 0.0 && is_meant(&resource.name),
        _ => false,
    });
    workers.map(|resource| resource.peak_utilisation / resource.utilisation).reduce(f64::max)
}
