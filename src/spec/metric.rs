//! The metrics of a point that hypotheses, objectives and searches can name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A figure of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Successes a minute.
    ThroughputPerMin,
    /// Successes out of all, 0 to 1.
    SuccessRate,
    /// Mean response time of successes, in seconds.
    MeanS,
    /// Median response time, in seconds.
    P50S,
    /// 90th percentile of the response time, in seconds.
    P90S,
    /// 95th percentile of the response time, in seconds.
    P95S,
    /// 99th percentile of the response time, in seconds.
    P99S,
    /// 99.9th percentile of the response time, in seconds.
    P999S,
    /// Requests that the server completed after their client had given up within the window. What it has not completed by
    /// the end of the run, or never will, does not count.
    WastedRequests,
    /// Mean time from a request to the end of all that descends from it, in seconds (to the client's notice of it,
    /// where the load has `completion`). Where nothing outlasts its answer it is `mean_s`.
    CompletionMeanS,
    /// 95th percentile of that time, in seconds.
    CompletionP95S,
    /// Requests of which all that descends from them has ended well, a minute. After a finite test the rest is waited
    /// for, until the probes.
    CompletedPerMin,
    /// Answered requests of which all that descends from them has ended well, out of those of which it has ended or
    /// some message has failed and is to be delivered again, 0 to 1. Where nothing outlasts its answer it is
    /// `success_rate`.
    CompletionRate,
    /// Copies of messages that failed their last retry.
    DeadLetters,
    /// Restarts of replicas by their liveness probes.
    Restarts,
    /// Requests sent for each user; above 1 where clients send failed requests again (`load.retry`).
    AttemptsPerRequest,
    /// Time from the end of the disturbance (`load.recovered_after`) until the success rate stays at `collapse_below`
    /// or above and response times are back in their range before it, in seconds; never is more than any bound. Only in
    /// `at-most` and `at-least`.
    RecoveryS,
    /// Mean age of the oldest event still to be applied when a view is read, in seconds.
    StalenessMeanS,
    /// 95th percentile of that age, in seconds.
    StalenessP95S,
    /// Cache look-ups that were hits, out of all, 0 to 1.
    CacheHitRatio,
}

impl Metric {
    /// Whether it is about completion, which is another thing than the response only where work outlasts its answer.
    pub fn is_of_completion(self) -> bool {
        matches!(
            self,
            Self::CompletionMeanS
                | Self::CompletionP95S
                | Self::CompletedPerMin
                | Self::CompletionRate
                | Self::DeadLetters
        )
    }

    /// Whether a system is the better, the higher this is.
    pub fn is_better_higher(self) -> bool {
        matches!(self, Self::ThroughputPerMin | Self::CompletedPerMin) || self.is_rate()
    }

    /// Whether it is a response time: where requests pile up it grows with the length of the run, and has no mean.
    pub fn is_response_time(self) -> bool {
        self == Self::MeanS || self.quantile().is_some()
    }

    /// Whether it is a time that work behind the answers takes.
    pub fn is_time_behind_answers(self) -> bool {
        matches!(self, Self::CompletionMeanS | Self::CompletionP95S | Self::StalenessMeanS | Self::StalenessP95S)
    }

    /// Of a quantile of the response time, the share of response times that it is not below.
    pub fn quantile(self) -> Option<f64> {
        match self {
            Self::P50S => Some(0.5),
            Self::P90S => Some(0.9),
            Self::P95S => Some(0.95),
            Self::P99S => Some(0.99),
            Self::P999S => Some(0.999),
            _ => None,
        }
    }

    /// Whether this is a share, 0 to 1; its differences are given in percentage points.
    pub fn is_rate(self) -> bool {
        matches!(self, Self::SuccessRate | Self::CompletionRate | Self::CacheHitRatio)
    }
}
