//! What the services export to a monitoring system: names of metrics, and buckets of histograms.

use crate::kernel::Time;

/// The names of all metrics of a system, and the buckets of its histograms.
#[derive(Clone, Debug, Default)]
pub struct MetricsPlan {
    /// Upper bounds of the buckets of every histogram, ascending, without the last one, which is infinite.
    pub buckets: Vec<Time>,
    /// Of each endpoint of the system.
    pub endpoints: Vec<EndpointMetrics>,
    /// Of the HTTP clients of each service.
    pub clients: Vec<Vec<ClientMetrics>>,
    /// Of the connection pools of each service.
    pub pools: Vec<Vec<PoolMetrics>>,
}

/// The metrics of an endpoint, as its service counts them.
#[derive(Clone, Debug, Default)]
pub struct EndpointMetrics {
    /// Counter of the requests that it has answered, by `status`.
    pub requests: String,
    /// Histogram of the time from the start of the handler to its answer.
    pub duration: String,
    /// Gauge of the requests that it works on.
    pub in_flight: String,
}

/// The metrics of an HTTP client, as its service counts them.
#[derive(Clone, Debug, Default)]
pub struct ClientMetrics {
    /// Counter of the calls.
    pub requests: String,
    /// Counter of the calls that failed.
    pub errors: String,
    /// Histogram of the time from the sending of a request to its answer or failure.
    pub latency: String,
}

/// The metrics of a connection pool, summed over the processes of a replica.
#[derive(Clone, Debug, Default)]
pub struct PoolMetrics {
    /// Gauge of the connections in use.
    pub in_use: String,
    /// Gauge of the requests that wait for one.
    pub waiting: String,
    /// Gauge of the connections at most.
    pub size: String,
}
