//! What stands in front of what a request depends on: circuit breakers, and the ingress in front of a service.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Duration, Rate};
use crate::model::Order;

/// A circuit breaker (Nygard 2007; pybreaker, circuitbreaker), one in each process. *Closed* it lets all through and
/// counts failures; `failure_threshold` of them without a success between *open* it; open it fails every request at
/// once with "breaker open"; after `recovery_time` it is *half-open*: a few trial requests may pass, the first success
/// closes it, a failure opens it again. The end of a request that began before the breaker last changed state is not
/// counted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Failures, without a success between them, that open it.
    #[serde(default = "five")]
    pub failure_threshold: u32,
    /// How long it stays open.
    #[serde(default = "half_a_minute")]
    pub recovery_time: Duration,
    /// Trial requests at a time when half-open (Resilience4j `permittedNumberOfCallsInHalfOpenState`).
    #[serde(default = "one")]
    pub half_open_calls: u32,
}

/// A reverse proxy in front of a service (Traefik), for the requests of the load and of other services alike; probes go
/// past it. A refused request costs the service nothing; its client has the answer after a millisecond.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ingress {
    /// Requests a second (Traefik `RateLimit`, one bucket for all clients); it comes before `in_flight`. Without it: no
    /// limit.
    pub rate_limit: Option<RateLimit>,
    /// Requests inside at most (Traefik `InFlightReq`); one more is answered with 429 at once. A request is no longer
    /// inside once its client has gone, even if the service still works on it. Without it: no limit.
    pub in_flight: Option<u32>,
    /// Which of the requests that wait for a token of `rate_limit` gets the next one.
    #[serde(default)]
    pub order: Order,
}

/// A token bucket. Without a `max_queue` it is Traefik's `RateLimit`: a request without a token waits for it if that takes
/// no longer than half of the time between two tokens (half a second, below one token a second); else it is answered with
/// 429 at once.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Tokens that come in.
    pub average: Rate,
    /// Tokens that the bucket holds.
    #[serde(default = "one")]
    pub burst: u32,
    /// Requests that may wait for a token, however long; one more is answered with 429 at once. nginx' `limit_req` with
    /// `burst=B` is `burst = 1` and `max_queue = B`; with `nodelay` it is `burst = B + 1` and `max_queue = 0`, with `delay=D`
    /// it is `burst = D + 1` and `max_queue = B - D`. Without it: see above.
    pub max_queue: Option<u32>,
}

/// A token bucket in which calls wait, first come, first served, before they look for a connection (client-go,
/// `golang.org/x/time/rate`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallRate {
    /// Tokens that come in (client-go `QPS`, 5 a second where nothing is said).
    pub average: Rate,
    /// Tokens that the bucket holds, all of them at the start (client-go `Burst`, 10 where nothing is said).
    #[serde(default = "one")]
    pub burst: u32,
    /// Calls that may wait for a token; one more fails at once. Without it: any number.
    pub max_queue: Option<u32>,
}

fn one() -> u32 {
    1
}

fn five() -> u32 {
    5
}

fn half_a_minute() -> Duration {
    Duration(30_000_000_000)
}
