//! What guards a request against what it depends on, as meant.

use super::Round;
use super::backoff::Backoff;
use super::waiting::Waiting;
use crate::kernel::Time;

/// The causes of failure that `on` can name, in the words of the reports, beside the model's own reasons.
pub const CAUSES: &[&str] = &[
    "acquire timed out",
    "connect timed out",
    "read timed out",
    "command timed out",
    "timed out",
    "deadline exceeded",
    "breaker open",
    "shed",
    "rate limited (429)",
    "too many in flight (429)",
    "turned away",
    "queue full",
    "thread queue full",
    "too many open files",
    "too many database connections",
    "no free port",
    "connection lost",
    "connection refused",
    "server disconnected",
    "shed by controlled delay",
    "shed as too late",
];

/// Causes of failure in words; none: all.
pub type Causes = Option<Vec<String>>;

/// Steps that are tried again.
#[derive(Clone, Debug)]
pub struct RetryPlan {
    /// Index of the service whose processes run it.
    pub service: u32,
    /// Its name among those around it.
    pub round: Round,
    /// Attempts in all.
    pub attempts: u32,
    /// Waits between them.
    pub backoff: Backoff,
    /// Bound of the retries in a process.
    pub budget: Option<BudgetPlan>,
    /// What is caught.
    pub on: Causes,
}

/// A token bucket for retries. See `budget` in `docs/language.md`.
#[derive(Clone, Copy, Debug)]
pub struct BudgetPlan {
    /// Tokens that a first attempt brings.
    pub ratio: f64,
    /// Tokens at most and at the start.
    pub max_tokens: f64,
}

/// Steps that must be done in time.
#[derive(Clone, Copy, Debug)]
pub struct TimeoutPlan {
    /// How long they may take.
    pub after: Time,
    /// Whether calls carry the deadline.
    pub propagate: bool,
}

/// Where the token continues after a failure.
#[derive(Clone, Debug)]
pub struct FallbackPlan {
    /// What is caught.
    pub on: Causes,
    /// The first operation of what is done instead.
    pub otherwise: u32,
    /// The operation after what is done instead.
    pub end: u32,
}

/// Branches side by side, attempts that follow each other, or a job of the default executor.
#[derive(Clone, Debug)]
pub struct ParallelPlan {
    /// The first operation of each branch; of a hedge, of each attempt.
    pub entries: Vec<u32>,
    /// Of a hedge: its name among those around it.
    pub round: Round,
    /// Of a hedge: how long after an attempt the next starts.
    pub after: Option<Time>,
    /// Whether the one branch is a job of the default executor.
    pub in_thread: bool,
    /// Where it continues.
    pub end: u32,
}

/// A circuit breaker.
#[derive(Clone, Debug)]
pub struct BreakerPlan {
    /// Its name.
    pub name: String,
    /// What opens it.
    pub opens: Opening,
    /// How long it stays open.
    pub recovery_time: Time,
    /// Trials while it is half-open: at a time, or with a window in all.
    pub half_open_calls: u32,
}

/// What opens a circuit breaker.
#[derive(Clone, Debug)]
pub enum Opening {
    /// This number of failures without a success between them.
    InARow(u32),
    /// A rate of failures or of slow calls.
    Rate(WindowPlan),
}

/// The calls by which a circuit breaker is judged, and the rates that open it.
#[derive(Clone, Debug)]
pub struct WindowPlan {
    /// Which calls.
    pub span: WindowSpan,
    /// Calls without which it is not judged.
    pub min_calls: u32,
    /// The share of failures that opens it.
    pub failure_rate: f64,
    /// The share of slow calls that opens it.
    pub slow_rate: f64,
    /// A call that takes longer is slow.
    pub slow_after: Time,
}

/// The length of a sliding window.
#[derive(Clone, Copy, Debug)]
pub enum WindowSpan {
    /// The last calls, this number of them.
    Calls(u32),
    /// The calls that ended in the present second and in those before it, this number of seconds in all.
    Seconds(u32),
}

/// What stands in front of a service's balancer.
#[derive(Clone, Debug)]
pub struct IngressPlan {
    /// Requests a second.
    pub rate: Option<RatePlan>,
    /// How those who wait for a token are served.
    pub waiting: Waiting,
    /// Requests inside; `u32::MAX` for no limit.
    pub in_flight: u32,
}

/// A token bucket for requests.
#[derive(Clone, Copy, Debug)]
pub struct RatePlan {
    /// Time between two tokens.
    pub interval: Time,
    /// Time in which an empty bucket fills.
    pub depth: Time,
    /// The longest wait for a token.
    pub max_delay: Time,
    /// Requests that may wait for theirs.
    pub max_queue: u32,
}
