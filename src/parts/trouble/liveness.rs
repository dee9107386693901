//! Probes of replicas: liveness, which restarts, and readiness, which takes out of the balancing.
//!
//! The kubelet sends each replica a request every `period`; a probe fails when it is answered with an error or not
//! within `timeout`, and after `failure_threshold` failures in a row Kubernetes acts. A probe arrives like any other
//! connection, so it waits behind blocking work on the event loop, a full thread pool, or a pause of accept. The first
//! is sent `initial_delay` after the start; the replicas of a service start one after the other and are probed evenly
//! spread over a period.

/// Who probes a replica.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prober {
    pub replica: u32,
    pub is_readiness: bool,
    pub failures: u32,
    pub successes: u32,
    pub sent: u64,
    /// The probe under way.
    pub token: u32,
    /// The tasks that end its wait, and send the next.
    pub timeout: u32,
    pub tick: u32,
}

/// Probes that found nothing else under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stagnation {
    pub in_a_row: u32,
    /// Requests sent so far, and under way.
    pub seen: (u64, usize),
}
