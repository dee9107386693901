//! What guards a request against what it depends on: time-outs, retries, circuit breakers, fallbacks, hedges, branches
//! that run side by side, and the ingress in front of a service.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{Fraction, fraction};
use super::{Duration, Rate, Step};
use crate::model::{Jitter, Order};

/// Nested steps that are tried again when they fail. What they hold is given back first. Cancellation is never caught.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryStep {
    /// Attempts in all, the first included (gRPC `maxAttempts`, tenacity `stop_after_attempt`), 1000 at most.
    pub attempts: u32,
    /// Wait before the second attempt. Without it: none.
    #[serde(default)]
    pub backoff: Duration,
    /// Growth of the wait from attempt to attempt, 1 to 1000.
    #[serde(default = "two")]
    pub factor: f64,
    /// The longest wait. Without it: no bound.
    pub max_backoff: Option<Duration>,
    /// How the wait is spread (Brooker 2015, "Exponential Backoff And Jitter", AWS).
    #[serde(default)]
    pub jitter: Jitter,
    /// How many retries there may be beside the first attempts. Without it: no bound.
    pub budget: Option<RetryBudget>,
    /// The causes that are tried again, in the words of the reports: `"read timed out"`, `"breaker open"`, or the
    /// reason of a `fail` step. Without it: all.
    pub on: Option<Vec<String>>,
    /// What is tried.
    pub steps: Vec<Step>,
}

/// A token bucket of each process for one `retry` step, in the manner of Finagle's `RetryBudget`: each first attempt
/// puts `ratio` tokens in, each retry takes one out, and without a whole token there is no retry. (gRPC's retry
/// throttling, A6, is the same with tokens for successes and a threshold at half of the bucket.)
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryBudget {
    /// Retries allowed for each first attempt, 0 to 100.
    #[serde(deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub ratio: f64,
    /// Tokens that the bucket holds at most, and at the start.
    #[serde(default = "ten")]
    pub max_tokens: u32,
}

/// Nested steps with a time-out around them all (`asyncio.timeout`, `asyncio.wait_for`): when it is over they are
/// cancelled wherever they wait, and what they hold is given back. A CPU slice or a job in a thread is not interrupted.
/// A server that was called continues to work, unless the deadline propagates.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeoutStep {
    /// How long all steps together may take.
    pub after: Duration,
    /// Whether calls made inside carry the deadline: the server's handler is cancelled, too, when it is over, and
    /// passes it on to whom it calls (gRPC deadline propagation).
    #[serde(default)]
    pub propagate: bool,
    /// What must be done in time.
    pub steps: Vec<Step>,
}

/// Nested steps behind a circuit breaker of the service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakerStep {
    /// Which, a key of the service's `breakers`.
    pub name: String,
    /// What it guards.
    pub steps: Vec<Step>,
}

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

/// Nested steps, and what is done instead when they fail.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FallbackStep {
    /// The causes that are caught, in the words of the reports. Without it: all.
    pub on: Option<Vec<String>>,
    /// What is tried.
    pub steps: Vec<Step>,
    /// What is done when that fails; a failure here is not caught. Empty: nothing, and the request continues.
    pub otherwise: Vec<Step>,
}

/// Nested steps with a second attempt that starts while the first is still without an answer (Dean and Barroso 2013,
/// "The Tail at Scale"). The first success wins and the other attempts are cancelled where they wait; a server that
/// they called continues to work. An attempt that fails starts the next at once (gRPC A6, hedging).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HedgeStep {
    /// How long after an attempt the next one starts.
    pub after: Duration,
    /// Attempts in all, 2 to 1000.
    #[serde(default = "pair")]
    pub max: u32,
    /// What is attempted. It cannot use the `held` connection of an enclosing `with`: one connection carries one
    /// statement at a time.
    pub steps: Vec<Step>,
}

/// Branches that run side by side in the same process (`asyncio.gather`): all must succeed. The first failure fails the
/// step at once, and the other branches run on, as `gather` leaves them; a time-out or a cancellation from outside
/// cancels them. In a `threads` runtime a branch needs no thread of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParallelStep {
    /// The steps of each branch. They cannot use the `held` connection of an enclosing `with`: one connection carries
    /// one statement at a time.
    pub branches: Vec<Vec<Step>>,
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

/// A token bucket (Traefik `RateLimit`). A request without a token waits for it if that takes no longer than half of
/// the time between two tokens (half a second, below one token a second), as Traefik lets it; else it is answered with
/// 429 at once.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Tokens that come in.
    pub average: Rate,
    /// Tokens that the bucket holds.
    #[serde(default = "one")]
    pub burst: u32,
}

fn one() -> u32 {
    1
}

fn pair() -> u32 {
    2
}

fn five() -> u32 {
    5
}

fn ten() -> u32 {
    10
}

fn two() -> f64 {
    2.0
}

fn half_a_minute() -> Duration {
    Duration(30_000_000_000)
}
