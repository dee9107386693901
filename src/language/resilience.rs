//! What stands in front of what a request depends on: circuit breakers, and the ingress in front of a service.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{Fraction, optional_fraction};
use super::{Duration, Rate};
use crate::model::Order;

/// A circuit breaker (Nygard 2007; pybreaker, circuitbreaker), one in each process. *Closed* it lets all through and
/// counts failures; `failure_threshold` of them without a success between *open* it; open it fails every request at
/// once with "breaker open"; after `recovery_time` it is *half-open*: a few trial requests may pass, the first success
/// closes it, a failure opens it again. The end of a request that began before the breaker last changed state is not
/// counted. With a `window` it is Resilience4j's: rates of failures and of slow requests open it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Failures, without a success between them, that open it; not with a `window`. Without it: 5.
    pub failure_threshold: Option<u32>,
    /// The requests by which it is judged, and the rates that open it (Resilience4j). Without it: `failure_threshold`
    /// failures in a row open it.
    pub window: Option<CallWindow>,
    /// How long it stays open (Resilience4j `waitDurationInOpenState`). Without it: 30 s, with a `window` 60 s.
    pub recovery_time: Option<Duration>,
    /// Trial requests when half-open: at a time, or with a `window` in all, after which it closes or opens again
    /// (Resilience4j `permittedNumberOfCallsInHalfOpenState`). Without it: 1, with a `window` 10.
    pub half_open_calls: Option<u32>,
}

/// The sliding window of a circuit breaker, as Resilience4j has it: when a request behind the breaker ends, the breaker opens
/// if of the requests in the window at least `failure_rate` failed or at least `slow_rate` were slow. It begins empty whenever the
/// breaker changes state; a request that began before counts in the state in which it ends. Half-open, the
/// trial requests are judged by the same rates, once `min_calls` or all of them have ended.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallWindow {
    /// The last requests, this number of them (`COUNT_BASED`, `slidingWindowSize`). Without it and `time`: 100.
    pub calls: Option<u32>,
    /// The requests that ended within this time instead, whole seconds: those of the present second of the clock and of the
    /// seconds before it (`TIME_BASED`, `slidingWindowSize`).
    pub time: Option<Duration>,
    /// Requests in the window without which it is not judged (`minimumNumberOfCalls`); of a window of `calls` at most as many
    /// as that has. Without it: 100.
    pub min_calls: Option<u32>,
    /// Share of failures that opens it, 0.5 or "50%" (`failureRateThreshold`). Without it: 0.5.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub failure_rate: Option<f64>,
    /// Share of slow requests that opens it, failed or not (`slowCallRateThreshold`). Without it: 1.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub slow_rate: Option<f64>,
    /// A request that takes longer is slow (`slowCallDurationThreshold`). Without it: 60 s.
    pub slow_after: Option<Duration>,
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
