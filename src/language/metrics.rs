//! Metrics that the services export: their names, and the buckets of histograms.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;

/// Names of the metrics that `sim run --openmetrics` writes and that `sim alerts` evaluates rules on. Each is a template:
/// `{service}` and `{endpoint}`, `{client}` or `{pool}` stand for the names of the parts, where any character other than an
/// ASCII letter or a digit becomes `_`. The `metrics` table of an endpoint, a client or a pool names the metrics of that
/// part.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Upper bounds of the buckets of all histograms, ascending. Without it: from 5 ms to 60 s, of which those up to 10 s are
    /// the default of Prometheus' client libraries.
    pub buckets: Option<Vec<Duration>>,
    /// Names of the metrics of endpoints.
    #[serde(default)]
    pub endpoints: EndpointMetrics,
    /// Names of the metrics of HTTP clients.
    #[serde(default)]
    pub clients: ClientMetrics,
    /// Names of the metrics of connection pools.
    #[serde(default)]
    pub pools: PoolMetrics,
}

/// Names of an endpoint's metrics. They are counted in the replica that handles the request, as instrumented code does: a
/// handler counts when it answers, whether or not its client still waits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointMetrics {
    /// Counter of answered requests with the label `status`, `success` or `failure`. Without it:
    /// `{service}_{endpoint}_requests_total`.
    pub requests: Option<String>,
    /// Histogram of the time from the handler's first slice to its answer. Without it:
    /// `{service}_{endpoint}_duration_seconds`.
    pub duration: Option<String>,
    /// Gauge of the requests with a handler that has begun and not ended. Without it: `{service}_{endpoint}_in_flight`.
    pub in_flight: Option<String>,
}

/// Names of the metrics of an HTTP client's calls.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientMetrics {
    /// Counter of calls: when the request is sent, or when the call fails before that. Without it:
    /// `{service}_{client}_client_requests_total`.
    pub requests: Option<String>,
    /// Counter of calls that failed. Without it: `{service}_{client}_client_errors_total`.
    pub errors: Option<String>,
    /// Histogram of the time from sending a request to its answer or failure. Without it:
    /// `{service}_{client}_client_latency_seconds`.
    pub latency: Option<String>,
}

/// Names of a connection pool's metrics, which sum over the processes of a replica.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolMetrics {
    /// Gauge of connections in use. Without it: `{service}_{pool}_pool_in_use`.
    pub in_use: Option<String>,
    /// Gauge of requests that wait for one. Without it: `{service}_{pool}_pool_waiting`.
    pub waiting: Option<String>,
    /// Gauge of connections at most. Without it: `{service}_{pool}_pool_size`.
    pub size: Option<String>,
}
