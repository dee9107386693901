//! Probes of a service's replicas, as Kubernetes sends them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;

/// A liveness probe in the manner of Kubernetes: a replica that fails it `failure_threshold` times in a row is killed
/// and started again. Its requests get "connection lost", its pools and clients start cold, and other services continue
/// to work on what it had sent to them. Before the second restart and later ones Kubernetes waits 10 s, 20 s, 40 s and
/// so on up to 300 s, beginning anew after ten minutes of running (CrashLoopBackOff). The grace period before the kill
/// (`terminationGracePeriodSeconds`) is not modelled.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Liveness {
    /// The endpoint of this service that is probed. It is reached like any other: behind blocking work on the event
    /// loop, a full thread pool or a pause of accept. With several workers in a replica, whichever accepts the
    /// connection answers.
    pub endpoint: String,
    /// Whether the endpoint is answered on threads of its own in the same process, as by a server on a port of its own (Spring
    /// Boot's `management.server.port`, Puma's control app): the probe then shares the CPU with the requests, but waits for no
    /// thread of theirs. Only with `runtime = "threads"`. Without it: no.
    #[serde(default)]
    pub own_threads: bool,
    /// Time between two probes of a replica (`periodSeconds`). Without it: 10 s.
    pub period: Option<Duration>,
    /// Time within which a probe must be answered (`timeoutSeconds`). Without it: 1 s.
    pub timeout: Option<Duration>,
    /// Time between the start of a replica and its first probe (`initialDelaySeconds`). Without it: none.
    pub initial_delay: Option<Duration>,
    /// Failures in a row after which the replica is restarted (`failureThreshold`). Without it: 3.
    pub failure_threshold: Option<u32>,
    /// Time from the kill until the replica accepts connections again, Kubernetes' back-off aside. Without it: 5 s.
    pub restart_time: Option<Duration>,
}

/// A readiness probe in the manner of Kubernetes: a replica that fails it `failure_threshold` times in a row gets no
/// new connections until it has answered `success_threshold` times in a row. Kept connections still lead to it, and
/// nothing is restarted. At the start of a run all replicas are ready; after a restart a replica is not ready until it
/// has answered that many times.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    /// The endpoint of this service that is probed.
    pub endpoint: String,
    /// Whether the endpoint is answered on threads of its own in the same process, as by a server on a port of its own (Spring
    /// Boot's `management.server.port`, Puma's control app): the probe then shares the CPU with the requests, but waits for no
    /// thread of theirs. Only with `runtime = "threads"`. Without it: no.
    #[serde(default)]
    pub own_threads: bool,
    /// Time between two probes of a replica (`periodSeconds`). Without it: 10 s.
    pub period: Option<Duration>,
    /// Time within which a probe must be answered (`timeoutSeconds`). Without it: 1 s.
    pub timeout: Option<Duration>,
    /// Time between the start of a replica and its first probe (`initialDelaySeconds`). Without it: none.
    pub initial_delay: Option<Duration>,
    /// Failures in a row after which the replica gets no new connections (`failureThreshold`). Without it: 3.
    pub failure_threshold: Option<u32>,
    /// Successes in a row after which it gets them again (`successThreshold`). Without it: 1.
    pub success_threshold: Option<u32>,
}
