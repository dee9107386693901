//! The metrics of a point: one row each.
//!
//! Everything that names, judges or prints a metric takes what it needs from its row. A new metric is a row here and an
//! arm in [`Trial::metric`](crate::experiment::analyse::trial::Trial::metric), which the compiler asks for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Load, System};

/// What kind of number a metric is: it decides the unit, how a value is written, and how two values are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricKind {
    /// A number a minute.
    PerMinute,
    /// A number a second.
    PerSecond,
    /// A time in hours.
    Hours,
    /// An amount of money, in the currency of `[prices]`.
    Price,
    /// A share, 0 to 1. Differences are in percentage points.
    Share,
    /// A time in seconds: a mean, or a single span.
    Time,
    /// A quantile of a time in seconds: the share of values that are not above it.
    Quantile(f64),
    /// A number in the window, of what these words say.
    Count(&'static str),
    /// One number over another, of what these words say.
    Ratio(&'static str),
}

/// What a metric tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricSubject {
    /// The answers. Kept of each class of requests as well.
    Answers,
    /// All that descends from a request. It differs from the answers only where work outlasts its answer.
    Completion,
    /// Views that lag behind the events that they are built from.
    Views,
    /// Caches.
    Caches,
    /// The services. Kept of each service as well.
    Services,
    /// The requests that failed. Kept of each cause as well.
    Failures,
    /// The run as a whole.
    Run,
}

/// The row of a metric.
struct Row {
    /// Its name in files.
    name: &'static str,
    /// Its name in sentences.
    words: &'static str,
    /// Its name at the head of a line or a column.
    short: &'static str,
    kind: MetricKind,
    subject: MetricSubject,
    is_better_higher: bool,
}

/// Declares the enum and its table.
macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $metric:ident $name:literal = $row:expr;)+) => {
        /// A figure of a point.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
        #[non_exhaustive]
        pub enum Metric {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $metric,)+
        }

        impl Metric {
            /// All metrics, in the order of files and tables.
            #[doc(hidden)]
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$metric),+];

            const ROWS: [Row; Self::ALL.len()] = [$(Row { name: $name, ..$row }),+];
        }
    };
}

/// A row of which more is better, or less.
const fn row(
    words: &'static str,
    short: &'static str,
    kind: MetricKind,
    subject: MetricSubject,
    better: Better,
) -> Row {
    Row { name: "", words, short, kind, subject, is_better_higher: matches!(better, Better::Higher) }
}

/// Which way a system is the better.
enum Better {
    Higher,
    Lower,
}

use Better::{Higher, Lower};
use MetricKind::{Count, Hours, PerMinute, PerSecond, Price, Quantile, Ratio, Share, Time};
use MetricSubject::{Answers, Caches, Completion, Failures, Run, Services, Views};

metrics! {
    /// Successes a minute.
    ThroughputPerMin "throughput_per_min" = row("throughput", "throughput", PerMinute, Answers, Higher);
    /// Successes out of all, 0 to 1.
    SuccessRate "success_rate" = row("success rate", "success", Share, Answers, Higher);
    /// Mean response time of successes, in seconds.
    MeanS "mean_s" = row("mean response time", "mean", Time, Answers, Lower);
    /// Median response time, in seconds.
    P50S "p50_s" = row("median response time", "p50", Quantile(0.5), Answers, Lower);
    /// 90th percentile of the response time, in seconds.
    P90S "p90_s" = row("90th percentile of the response time", "p90", Quantile(0.9), Answers, Lower);
    /// 95th percentile of the response time, in seconds.
    P95S "p95_s" = row("95th percentile of the response time", "p95", Quantile(0.95), Answers, Lower);
    /// 99th percentile of the response time, in seconds.
    P99S "p99_s" = row("99th percentile of the response time", "p99", Quantile(0.99), Answers, Lower);
    /// 99.9th percentile of the response time, in seconds.
    P999S "p999_s" = row("99.9th percentile of the response time", "p99.9", Quantile(0.999), Answers, Lower);
    /// Requests that the server completed when their caller no longer waited: it had given up within the window, or had
    /// another attempt answered (hedges). What the server completes after the window counts as well, up to the end of the
    /// run; what it has not completed by then, or never will, does not.
    WastedRequests "wasted_requests" = row("wasted requests", "wasted", Count("requests completed by the end of the run when their callers no longer waited"), Run, Lower);
    /// Mean time from a request to the end of all that descends from it, in seconds (to the client's notice of it,
    /// where the load has `completion`). Where nothing outlasts its answer it is `mean_s`.
    CompletionMeanS "completion_mean_s" = row("mean time to completion", "completion", Time, Completion, Lower);
    /// Median of that time, in seconds.
    CompletionP50S "completion_p50_s" = row("median time to completion", "completion p50", Quantile(0.5), Completion, Lower);
    /// 90th percentile of that time, in seconds.
    CompletionP90S "completion_p90_s"
        = row("90th percentile of the time to completion", "completion p90", Quantile(0.9), Completion, Lower);
    /// 95th percentile of that time, in seconds.
    CompletionP95S "completion_p95_s"
        = row("95th percentile of the time to completion", "completion p95", Quantile(0.95), Completion, Lower);
    /// 99th percentile of that time, in seconds.
    CompletionP99S "completion_p99_s"
        = row("99th percentile of the time to completion", "completion p99", Quantile(0.99), Completion, Lower);
    /// 99.9th percentile of that time, in seconds.
    CompletionP999S "completion_p999_s"
        = row("99.9th percentile of the time to completion", "completion p99.9", Quantile(0.999), Completion, Lower);
    /// Requests of which all that descends from them has ended well, a minute. After a finite test the rest is waited
    /// for, until the probes.
    CompletedPerMin "completed_per_min" = row("completed requests", "completed", PerMinute, Completion, Higher);
    /// Answered requests of which all that descends from them has ended well, out of those of which it has ended or
    /// some message has failed and waits for its next delivery, 0 to 1. What a fault or a peak has left waiting at the end of
    /// the window counts as not ended well. Where nothing outlasts its answer it is `success_rate`.
    CompletionRate "completion_rate" = row("completion rate", "ended well", Share, Completion, Higher);
    /// Copies of messages that failed their last retry.
    DeadLetters "dead_letters" = row("dead letters", "lost", Count("messages dead-lettered"), Completion, Lower);
    /// Deliveries of messages that were not acknowledged in time (`visibility_timeout`, `ack_timeout`), so that their messages
    /// were delivered again, or dead-lettered, beside handlers that still worked.
    OverdueDeliveries "overdue_deliveries"
        = row("overdue deliveries", "overdue", Count("deliveries not acknowledged in time"), Completion, Lower);
    /// Restarts of replicas by their liveness probes.
    Restarts "restarts" = row("restarts", "restarts", Count("replicas restarted"), Run, Lower);
    /// Requests sent for each user; above 1 where clients send failed requests again (`load.retry`).
    AttemptsPerRequest "attempts_per_request" = row("attempts per request", "attempts", Ratio("requests sent for each user"), Run, Lower);
    /// Time from the end of the disturbance (`load.recovered_after`) until success rate and response times are in their
    /// usual range, in seconds; a success rate of `collapse_below` is enough, and never is more than any bound. Only in
    /// `at-most` and `at-least`.
    RecoveryS "recovery_s" = row("time to recover", "recovery", Time, Run, Lower);
    /// Mean age of the oldest event still to be applied when a view is read, in seconds.
    StalenessMeanS "staleness_mean_s" = row("mean staleness", "staleness", Time, Views, Lower);
    /// 95th percentile of that age, in seconds.
    StalenessP95S "staleness_p95_s" = row("95th percentile of the staleness", "staleness p95", Quantile(0.95), Views, Lower);
    /// Cache look-ups that were hits, out of all, 0 to 1.
    CacheHitRatio "cache_hit_ratio" = row("cache hit ratio", "cache hits", Share, Caches, Higher);
    /// Calls that reach a service, a second, mean over the window: those of the load, of other services and of clients that
    /// poll; each retry and each hedge counts, and so does a call that the service refuses. Probes and messages do not
    /// count. Needs `load.call_rates`. Without a `service`: of all services together.
    CallsPerS "calls_per_s" = row("calls received", "calls", PerSecond, Services, Lower);
    /// The same in the fullest interval of the window. `load.call_rates` is the length of an interval; the first one begins
    /// with the window, and where that is shorter the window is the interval.
    PeakCallsPerS "peak_calls_per_s" = row("peak of calls received", "calls peak", PerSecond, Services, Lower);
    /// How unevenly the workers of a service are used: the utilisation of the busiest one over that of all together. 1 is
    /// even; where one of four workers does everything it is 4. A worker is a process with its event loop, or its pool of
    /// threads where `threads` limits them. A worker has capacity while its replica is up: of a replica that is dead for the
    /// whole window nothing counts, and the workers of a stuck one count with what they hold. Without a `service`: of the
    /// most uneven one.
    WorkerImbalance "worker_imbalance" = row("imbalance of workers", "imbalance", Ratio("busiest worker over mean worker"), Services, Lower);
    /// Replicas of a service times the length of the window, in hours. A replica that is stuck, dead or restarting counts:
    /// what it has reserved is paid for all the same. With `autoscale`, those that there are at each moment, starting and
    /// ending ones included. Without a `service`: of all services together.
    ReplicaHours "replica_hours" = row("replica-hours", "replica-h", Hours, Services, Lower);
    /// What the replicas of a service cost in the window by `[prices]`, in their currency: replica-hours times the price of one,
    /// and of its cores. Without a `service`: of all services and machines together.
    Cost "cost" = row("cost", "cost", Price, Services, Lower);
    /// Requests of the load that ended without success within the window; with a `cause`, those that ended by it. Where
    /// clients send again, each attempt counts.
    FailedRequests "failed_requests" = row("failed requests", "failed", Count("requests failed"), Failures, Lower);
}

/// What of a point a figure is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MetricScope {
    /// All of it.
    #[default]
    Whole,
    /// The requests of this class.
    Class(String),
    /// This service.
    Service(String),
    /// The requests that failed by this cause, in the reports' words.
    Cause(String),
}

impl Metric {
    /// All metrics, in the order of files and tables.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter()
    }

    fn row(self) -> &'static Row {
        const { &Self::ROWS }.get(self as usize).expect("each metric has a row")
    }

    /// Its name in files, `p95_s`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Its name in sentences, `95th percentile of the response time`.
    pub fn words(self) -> &'static str {
        self.row().words
    }

    /// The verb that goes with its name: that of one thing, or of several, as of `wasted requests`.
    pub fn agree(self, one: &'static str, several: &'static str) -> &'static str {
        let is_plural = match self {
            Self::WastedRequests | Self::CompletedPerMin | Self::FailedRequests | Self::AttemptsPerRequest => true,
            Self::DeadLetters | Self::OverdueDeliveries | Self::Restarts | Self::CallsPerS | Self::ReplicaHours => true,
            Self::ThroughputPerMin | Self::SuccessRate | Self::MeanS | Self::RecoveryS => false,
            Self::P50S | Self::P90S | Self::P95S | Self::P99S | Self::P999S => false,
            Self::CompletionMeanS | Self::CompletionP50S | Self::CompletionP90S | Self::CompletionP95S => false,
            Self::CompletionP99S | Self::CompletionP999S | Self::CompletionRate => false,
            Self::StalenessMeanS | Self::StalenessP95S | Self::CacheHitRatio => false,
            Self::PeakCallsPerS | Self::WorkerImbalance | Self::Cost => false,
        };
        if is_plural { several } else { one }
    }

    /// Its name at the head of a line, `p95`.
    pub fn short(self) -> &'static str {
        self.row().short
    }

    /// What kind of number it is.
    #[doc(hidden)]
    pub fn kind(self) -> MetricKind {
        self.row().kind
    }

    /// What it tells of.
    #[doc(hidden)]
    pub fn subject(self) -> MetricSubject {
        self.row().subject
    }

    /// Whether a system is the better, the higher this is.
    pub fn is_better_higher(self) -> bool {
        self.row().is_better_higher
    }

    /// Whether this is a share, 0 to 1; its differences are given in percentage points.
    pub fn is_rate(self) -> bool {
        self.kind() == Share
    }

    /// Whether this is a time, in seconds.
    pub fn is_time(self) -> bool {
        matches!(self.kind(), Time | Quantile(_))
    }

    /// Whether it is about completion, which is another thing than the response only where work outlasts its answer.
    #[doc(hidden)]
    pub fn is_of_completion(self) -> bool {
        self.subject() == Completion
    }

    /// Whether it is kept of each class of requests.
    #[doc(hidden)]
    pub fn is_kept_of_classes(self) -> bool {
        self.subject() == Answers
    }

    /// Whether it is kept of each service.
    #[doc(hidden)]
    pub fn is_kept_of_services(self) -> bool {
        self.subject() == Services
    }

    /// Whether it is kept of each cause of failures.
    #[doc(hidden)]
    pub fn is_kept_of_causes(self) -> bool {
        self.subject() == Failures
    }

    /// Whether it is a response time: where requests pile up it grows with the length of the run, and has no mean.
    #[doc(hidden)]
    pub fn is_response_time(self) -> bool {
        self.is_time() && self.subject() == Answers
    }

    /// Whether it is a time that work behind the answers takes.
    #[doc(hidden)]
    pub fn is_time_behind_answers(self) -> bool {
        self.is_time() && matches!(self.subject(), Completion | Views)
    }

    /// Of a quantile of the response time, the share of response times that are not above it.
    pub fn quantile(self) -> Option<f64> {
        match (self.kind(), self.subject()) {
            (Quantile(q), Answers) => Some(q),
            _ => None,
        }
    }

    /// What a system under a load lacks for this metric to have a value; none where it lacks nothing.
    #[doc(hidden)]
    pub fn lack(self, system: &System, load: &Load) -> Option<&'static str> {
        let (has, lack) = match (self, self.subject()) {
            (Self::RecoveryS, _) => {
                (load.recovered_after.is_some(), "the load has no `recovered_after`, from which on it is counted")
            }
            (_, Views) => (!system.views.is_empty(), "the model has no views that could be stale"),
            (_, Caches) => {
                (system.services.iter().any(|service| !service.caches.is_empty()), "the model has no caches")
            }
            (Self::CallsPerS | Self::PeakCallsPerS, _) => {
                (load.call_rates.is_some(), "calls are counted only with `load.call_rates`, such as \"1s\"")
            }
            (Self::Cost, _) => (system.prices.is_some(), "the model has no `[prices]`"),
            (Self::WorkerImbalance, _) => (
                system.services.iter().any(|service| service.has_workers()),
                "no service has event loops, or a limited number of `threads`",
            ),
            (_, Answers | Completion | Run | Services | Failures) => (true, ""),
        };
        (!has).then_some(lack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a name is the word before `of`, `per` or `received`.
    #[test]
    fn verbs_agree_with_the_head_of_each_name() {
        for metric in Metric::ALL {
            let words = metric.words().split(' ').take_while(|word| !["of", "per", "received", "to"].contains(word));
            let head = words.last().unwrap();
            let is_plural = head.ends_with('s') && !head.ends_with("ss");
            assert_eq!(metric.agree("is", "are") == "are", is_plural, "{}", metric.words());
        }
    }

    #[test]
    fn rows_stand_in_the_order_of_metrics() {
        for metric in Metric::ALL {
            let name = toml::Value::try_from(metric).unwrap();
            assert_eq!(name.as_str(), Some(metric.name()));
            assert!(!metric.words().is_empty() && !metric.short().is_empty(), "{metric:?}");
        }
        assert_eq!((Metric::P999S.name(), Metric::P999S.quantile()), ("p999_s", Some(0.999)));
    }

    #[test]
    fn names_have_the_unit_of_their_kind() {
        for metric in Metric::ALL {
            let name = metric.name();
            assert_eq!(name.ends_with("_s") && !name.ends_with("_per_s"), metric.is_time(), "{name}");
            assert_eq!(name.ends_with("_per_min"), metric.kind() == MetricKind::PerMinute, "{name}");
            assert_eq!(name.ends_with("_per_s"), metric.kind() == MetricKind::PerSecond, "{name}");
            assert_eq!(name.ends_with("_hours"), metric.kind() == MetricKind::Hours, "{name}");
        }
    }
}
