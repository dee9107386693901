//! What clients send, and what they do when it fails.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::units::{Fraction, optional_fraction};
use super::super::{Distribution, Duration, Rate};
use super::Arrivals;
use crate::model::Jitter;

/// A class of requests: `login = { target = "user-service.login", weight = 2 }`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestClass {
    /// The endpoint that is called: `"service.endpoint"`.
    pub target: String,
    /// Closed and open: its share of the requests, relative to the weights of the others. Without it: 1. The class of request number n
    /// is drawn by that number, so that variants meet the same classes in the same order.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub weight: Option<f64>,
    /// Mixed: clients that send requests of this class, each the next one after its answer. A class has this, or `rate`.
    pub concurrency: Option<u32>,
    /// Mixed: time between an answer and the next request of the same client. Without it: none.
    pub think_time: Option<Distribution>,
    /// Mixed: arrivals in a unit of time, `"9/s"` or `"540/min"`.
    pub rate: Option<Rate>,
    /// Mixed: how arrivals follow each other. Without it: `poisson`.
    pub arrivals: Option<Arrivals>,
    /// How important a request is, 0 to 255: queues with `order = "priority"` serve the highest first. Its calls and
    /// branches have the same priority, messages that it publishes have none.
    #[serde(default)]
    pub priority: u8,
}

/// How a client sends a request again that failed or that it gave up. The answer that the user waits for is then that
/// of the last attempt: success rate, throughput and response time (from the first try on) are those of users, and
/// `attempts_per_request` says how much the retries add. The handler of an attempt that was given up may still run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientRetry {
    /// Attempts in all, the first included (tenacity's `stop_after_attempt`), 1000 at most; 1 is no retry.
    pub attempts: u32,
    /// Time between the end of the first attempt and the second.
    pub backoff: Duration,
    /// Growth of that time with each further attempt, 1 to 1000. Without it: 2.
    pub factor: Option<f64>,
    /// The longest time between two attempts. Without it: no limit.
    pub max_backoff: Option<Duration>,
    /// How the time varies. Without it: `full`.
    #[serde(default = "full")]
    pub jitter: Jitter,
    /// Retries that each first try allows for, on average, over all clients, such as 0.1: a retry that is not covered
    /// is not made (a retry budget: Google's SRE book, ch. 21; at most 10 retries are saved up, and 10 are available at
    /// the start). Without it: no limit.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub budget: Option<f64>,
}

/// A stage of a closed load, as k6 has it: over `duration` the number of clients goes evenly to `target`. A client that
/// is no longer wanted ends its present request first.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadStage {
    /// How long it takes; `"0s"` is at once.
    pub duration: Duration,
    /// Clients at its end.
    pub target: u32,
}

fn full() -> Jitter {
    Jitter::Full
}
