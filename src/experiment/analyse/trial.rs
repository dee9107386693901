//! What is kept of a trial: one row of `trials.csv`.

mod evidence;
mod history;
mod scaling;
mod services;

use serde::{Deserialize, Serialize};

pub(in crate::experiment) use history::FINE;
pub use history::{History, LevelHistory, PERCENTILES, Series};
pub use scaling::LateScaling;

use crate::experiment::analyse::culprit::Evidence;
use crate::experiment::analyse::recovery::{Calm, Recovery};
use crate::experiment::analyse::strain::Strain;
use crate::kernel::wire;
use crate::language::{Metric, Objective};
use crate::model::{Load, Prices, Reference};
use crate::parts::{
    Blame, CallCount, Course, Deadlock, Ending, Loss, LostWork, Outcome, Overdue, Pace, Reaction, ResourceUse,
    ServiceOutcome, Timeline, Users,
};
use crate::statistics::histogram::{Histogram, Packed};

/// The figures of one trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Which point of the plan.
    pub point: usize,
    /// Which replication of the point.
    pub replication: u64,
    /// Why it ended.
    pub ending: Ending,
    /// Successes a minute; none where the window takes no time.
    #[serde(with = "wire")]
    pub throughput_per_min: Option<f64>,
    /// Successes out of all that ended.
    #[serde(with = "wire")]
    pub success_rate: f64,
    /// Successes.
    pub succeeded: u64,
    /// Requests that ended, or never will; where clients send again, users.
    pub ended: u64,
    /// Clients of a closed load that still wait at the end of the window, for far longer than usual; none of other loads and of
    /// finite tests.
    pub overdue: Option<Overdue>,
    /// Requests sent, those that are sent again included.
    pub sent: u64,
    /// Users; none where no client sends anything again.
    pub users: Option<Users>,
    /// Requests sent for each user.
    #[serde(with = "wire")]
    pub attempts_per_request: f64,
    /// Whether the disturbance had an effect on success or response times; none without a disturbance.
    pub is_disturbed: Option<bool>,
    /// The first mark of the course after the disturbance; none without a disturbance, or where it lasts to the end of the
    /// window.
    pub calm_from: Option<usize>,
    /// The faults that are on when the window closes: `fault down`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults_at_end: Vec<String>,
    /// Those of them that halt a service, or kill it, with the service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub halted_at_end: Vec<(String, String)>,
    /// Time from the end of the disturbance to the end of its effects in seconds; infinite if they last to the end of
    /// the run, none without a disturbance or where it had no effect.
    #[serde(with = "wire")]
    pub recovery_s: Option<f64>,
    /// The classes of requests; empty where there is but one.
    pub classes: Vec<ClassTrial>,
    /// The course of the window; none of a finite test.
    pub course: Option<Course>,
    /// What happened when.
    pub timeline: Option<Timeline>,
    /// What else was recorded in its intervals; none where the load does not ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// Mean response time of successes in seconds; none without successes.
    #[serde(with = "wire")]
    pub mean_s: Option<f64>,
    /// Median response time in seconds.
    #[serde(with = "wire")]
    pub p50_s: Option<f64>,
    /// 90th percentile of the response time in seconds.
    #[serde(with = "wire")]
    pub p90_s: Option<f64>,
    /// 95th percentile of the response time in seconds.
    #[serde(with = "wire")]
    pub p95_s: Option<f64>,
    /// 99th percentile of the response time in seconds.
    #[serde(with = "wire")]
    pub p99_s: Option<f64>,
    /// 99.9th percentile of the response time in seconds.
    #[serde(with = "wire")]
    pub p999_s: Option<f64>,
    /// Response times of successes in nanoseconds; where clients send again, from the first try on.
    pub response_times: Packed,
    /// Handlers that worked for clients that had gone.
    pub wasted_requests: u64,
    /// Whether work may outlast its answer, so that completion is another thing.
    pub outlasts: bool,
    /// Mean time to completion in seconds.
    #[serde(with = "wire")]
    pub completion_mean_s: Option<f64>,
    /// Median time to completion in seconds.
    #[serde(with = "wire")]
    pub completion_p50_s: Option<f64>,
    /// 90th percentile of the time to completion in seconds.
    #[serde(with = "wire")]
    pub completion_p90_s: Option<f64>,
    /// 95th percentile of the time to completion in seconds.
    #[serde(with = "wire")]
    pub completion_p95_s: Option<f64>,
    /// 99th percentile of the time to completion in seconds.
    #[serde(with = "wire")]
    pub completion_p99_s: Option<f64>,
    /// 99.9th percentile of the time to completion in seconds.
    #[serde(with = "wire")]
    pub completion_p999_s: Option<f64>,
    /// Requests completed a minute; none where the window takes no time.
    #[serde(with = "wire")]
    pub completed_per_min: Option<f64>,
    /// Answered requests of which all work has ended well, and all those of which it has ended or keeps failing; none
    /// where no work outlasts its answer.
    pub work: Option<(u64, u64)>,
    /// What failed behind the answers.
    pub lost_work: Vec<LostWork>,
    /// Copies of messages whose last retry failed.
    pub dead_letters: u64,
    /// Deliveries of messages that were not acknowledged in time.
    #[serde(default)]
    pub overdue_deliveries: u64,
    /// Requests that were refused within a round trip, and that their client sent again sooner than it could connect.
    pub instant_resends: u64,
    /// Restarts of replicas by their liveness probes.
    pub restarts: u64,
    /// What the services had to do; empty where the window never opened.
    pub services: Vec<ServiceOutcome>,
    /// Prices of an hour, where the model has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
    /// Calls that reached all services together; none where they are not counted.
    pub calls: Option<CallCount>,
    /// What the system did by itself: retries, hedges, fallbacks, deliveries and fetches for a second time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// The autoscaler that added replicas too late; none where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_scaling: Option<LateScaling>,
    /// Mean staleness of the reads of views, in seconds; none without any.
    #[serde(with = "wire")]
    pub staleness_mean_s: Option<f64>,
    /// 95th percentile of the staleness in seconds.
    #[serde(with = "wire")]
    pub staleness_p95_s: Option<f64>,
    /// Share of lookups in caches that were hits; none without any.
    #[serde(with = "wire")]
    pub cache_hit_ratio: Option<f64>,
    /// What limits: the root of the chain of waits, or what refuses requests.
    pub saturated: Option<String>,
    /// Whether the target no longer answers after the load has gone.
    pub stuck: bool,
    /// Processes of the target that did not answer a request after the load had gone, of all; none where that is not
    /// known, because none was sent or the system was still at work.
    pub dead: Option<(u32, u32)>,
    /// Units of resources that were lost for good.
    pub losses: Vec<Loss>,
    /// Requests that wait for an answer that never comes.
    pub hung: u64,
    /// The first deadlock.
    pub deadlock: Option<Deadlock>,
    /// The resources over the window.
    pub resources: Vec<ResourceUse>,
    /// The same while an objective is missed.
    #[serde(default)]
    pub strain: Strain,
    /// Where the time of the requests went; none where that was not asked for.
    pub blame: Option<Blame>,
    /// Failures by cause.
    pub failures: Vec<(String, u64)>,
    /// Length of the window in seconds.
    #[serde(with = "wire")]
    pub window_s: f64,
    /// Events that it took.
    pub events: u64,
    /// Laws that it violated.
    pub violations: Vec<String>,
}

/// A trial that gave no figures.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedTrial {
    /// Which point.
    pub point: usize,
    /// Which replication.
    pub replication: u64,
    /// What happened.
    pub what: String,
}

/// A class of requests in a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassTrial {
    /// Its name.
    pub name: String,
    /// Requests sent, those that are sent again included.
    pub sent: u64,
    /// Users who sent their first try.
    pub first_tries: u64,
    /// Requests answered with success.
    pub succeeded: u64,
    /// Requests that ended without success; where clients send again, users that gave up for good.
    pub failed: u64,
    /// Successes a minute; none where the window takes no time.
    #[serde(with = "wire")]
    pub throughput_per_min: Option<f64>,
    /// Mean response time of successes in seconds; none without successes.
    #[serde(with = "wire")]
    pub mean_s: Option<f64>,
    /// Median.
    #[serde(with = "wire")]
    pub p50_s: Option<f64>,
    /// 90th percentile.
    #[serde(with = "wire")]
    pub p90_s: Option<f64>,
    /// 95th percentile.
    #[serde(with = "wire")]
    pub p95_s: Option<f64>,
    /// 99th percentile.
    #[serde(with = "wire")]
    pub p99_s: Option<f64>,
    /// 99.9th percentile.
    #[serde(with = "wire")]
    pub p999_s: Option<f64>,
    /// Response times of successes in nanoseconds; where clients send again, from the first try on.
    pub response_times: Packed,
}

fn quantile(times: &Histogram, q: f64) -> Option<f64> {
    times.quantile(q).map(|ns| ns as f64 / 1e9)
}

impl Trial {
    /// The figures of an outcome. The required share of successes is `collapse_below`, also after a disturbance.
    pub fn of(
        point: usize,
        replication: u64,
        mut outcome: Outcome,
        load: &Load,
        collapse_below: f64,
        objectives: &[Objective],
    ) -> Self {
        let strain = Strain::of(&outcome, collapse_below, objectives);
        let late_scaling = LateScaling::of(&outcome, load, collapse_below, objectives);
        let before = load.undisturbed();
        let calm = match (load.reference, outcome.calm.take()) {
            (Reference::Before, _) => Calm::Before(before.0, before.1),
            (Reference::WithoutFaults, Some(twin)) => Calm::Without(twin),
            _ => Calm::Unknown,
        };
        let fine = outcome.timeline.take();
        let recovery = load.recovered_after.map(|after| {
            let of = |fine| Recovery::of(fine, load.timeline, (before.1, after), collapse_below, &calm);
            let watched = fine.as_ref().filter(|_| !load.is_calm);
            watched.map_or(Recovery { is_disturbed: false, seconds: 0.0 }, of)
        });
        let is_disturbed = recovery.map(|recovery| recovery.is_disturbed);
        let recovery_s = recovery.filter(|recovery| recovery.is_disturbed).map(|recovery| recovery.seconds);
        let mut timeline = fine.map(|timeline| timeline.in_intervals_of(load.timeline));
        let history = timeline.as_mut().and_then(|timeline| {
            let recording = timeline.recording.take()?;
            Some(History::of(timeline, *recording))
        });
        let classes = outcome.classes.iter().map(|class| ClassTrial {
            name: class.name.clone(),
            sent: class.sent,
            first_tries: class.first_tries,
            succeeded: class.succeeded,
            failed: class.lost,
            throughput_per_min: outcome.per_min(class.succeeded),
            mean_s: class.response_times.mean().map(|ns| ns / 1e9),
            p50_s: quantile(&class.response_times, 0.5),
            p90_s: quantile(&class.response_times, 0.9),
            p95_s: quantile(&class.response_times, 0.95),
            p99_s: quantile(&class.response_times, 0.99),
            p999_s: quantile(&class.response_times, 0.999),
            response_times: class.response_times.pack(),
        });
        let classes = classes.collect();
        let times = &outcome.response_times;
        let quantile = |q| quantile(times, q);
        let completion = outcome.completion.as_ref();
        let staleness = outcome.staleness.as_ref();
        let completion_times = completion.map_or(times, |completion| &completion.times);
        let mut trial = Self {
            point,
            replication,
            ending: outcome.ending,
            throughput_per_min: outcome.throughput_per_min(),
            success_rate: outcome.success_rate(),
            succeeded: outcome.succeeded,
            ended: outcome.settled(),
            overdue: outcome
                .overdue
                .map(|all| Overdue { uncounted: all.waiting.saturating_sub(outcome.without_end()), ..all }),
            sent: outcome.sent,
            users: outcome.users,
            attempts_per_request: outcome.attempts_per_request(),
            is_disturbed,
            calm_from: outcome.course.as_ref().and_then(|course| calm_from(load, course)),
            faults_at_end: load.faults_at_end.clone(),
            halted_at_end: load.halted_at_end.clone(),
            recovery_s,
            classes,
            mean_s: times.mean().map(|ns| ns / 1e9),
            p50_s: quantile(0.5),
            p90_s: quantile(0.9),
            p95_s: quantile(0.95),
            p99_s: quantile(0.99),
            p999_s: quantile(0.999),
            response_times: times.pack(),
            wasted_requests: outcome.wasted,
            outlasts: completion.is_some(),
            completion_mean_s: completion_times.mean().map(|ns| ns / 1e9),
            completion_p50_s: self::quantile(completion_times, 0.5),
            completion_p90_s: self::quantile(completion_times, 0.9),
            completion_p95_s: self::quantile(completion_times, 0.95),
            completion_p99_s: self::quantile(completion_times, 0.99),
            completion_p999_s: self::quantile(completion_times, 0.999),
            completed_per_min: match completion {
                Some(completion) => completion.completed_per_min.or_else(|| outcome.per_min(completion.completed)),
                None => outcome.throughput_per_min(),
            },
            work: completion.map(|it| (it.completed, it.completed + it.broken + it.failing)),
            lost_work: completion.map_or_else(Vec::new, |completion| completion.lost.clone()),
            dead_letters: completion.map_or(0, |completion| completion.dead_letters),
            overdue_deliveries: completion.map_or(0, |completion| completion.overdue),
            instant_resends: outcome.instant_resends,
            restarts: outcome.restarts,
            staleness_mean_s: staleness.and_then(|ages| ages.mean()).map(|ns| ns / 1e9),
            staleness_p95_s: staleness.and_then(|ages| ages.quantile(0.95)).map(|ns| ns as f64 / 1e9),
            cache_hit_ratio: outcome.cache_hit_ratio(),
            saturated: None,
            stuck: outcome.stuck(),
            dead: outcome.probes.map(|(alive, all)| (all - alive, all)),
            services: outcome.services,
            prices: outcome.prices,
            calls: outcome.calls,
            reactions: outcome.reactions,
            late_scaling,
            losses: outcome.losses,
            hung: outcome.hung,
            window_s: outcome.window.seconds(),
            deadlock: outcome.deadlock,
            resources: outcome.resources,
            strain,
            blame: outcome.blame,
            failures: outcome.failures,
            events: outcome.events,
            violations: outcome.violations,
            course: outcome.course,
            timeline,
            history,
        };
        let culprit = Evidence::of_trial(&trial).culprit();
        trial.saturated = culprit.and_then(|culprit| culprit.limit().map(str::to_owned));
        trial
    }

    /// The value of a metric; none where there was nothing to measure.
    pub fn metric(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::ThroughputPerMin => self.throughput_per_min,
            Metric::SuccessRate => Some(self.success_rate),
            Metric::MeanS => self.mean_s,
            Metric::P50S => self.p50_s,
            Metric::P90S => self.p90_s,
            Metric::P95S => self.p95_s,
            Metric::P99S => self.p99_s,
            Metric::P999S => self.p999_s,
            Metric::WastedRequests => Some(self.wasted_requests as f64),
            Metric::CompletionMeanS => self.completion_mean_s,
            Metric::CompletionP50S => self.completion_p50_s,
            Metric::CompletionP90S => self.completion_p90_s,
            Metric::CompletionP95S => self.completion_p95_s,
            Metric::CompletionP99S => self.completion_p99_s,
            Metric::CompletionP999S => self.completion_p999_s,
            Metric::CompletedPerMin => self.completed_per_min,
            Metric::CompletionRate => match self.work {
                Some((completed, settled)) => (settled > 0).then(|| completed as f64 / settled as f64),
                None => Some(self.success_rate),
            },
            Metric::DeadLetters => Some(self.dead_letters as f64),
            Metric::OverdueDeliveries => Some(self.overdue_deliveries as f64),
            Metric::Restarts => Some(self.restarts as f64),
            Metric::AttemptsPerRequest => Some(self.attempts_per_request),
            Metric::RecoveryS => self.recovery_s,
            Metric::StalenessMeanS => self.staleness_mean_s,
            Metric::StalenessP95S => self.staleness_p95_s,
            Metric::CacheHitRatio => self.cache_hit_ratio,
            Metric::CallsPerS => self.calls_per_s(self.calls),
            Metric::PeakCallsPerS => self.calls.map(|count| count.peak_per_s),
            Metric::WorkerImbalance => self.worker_imbalance(),
            Metric::ReplicaHours => self.replica_hours(),
            Metric::Cost => self.cost(),
            Metric::FailedRequests => Some(self.failures.iter().map(|&(_, count)| count as f64).sum()),
        }
    }

    /// Requests sent a second; where clients send again, first tries.
    pub fn sent_a_second(&self) -> f64 {
        self.users.map_or(self.sent, |users| users.first_tries) as f64 / self.window_s
    }

    /// Whether the load ends or changes.
    pub fn is_uneven(&self) -> bool {
        self.course.as_ref().is_none_or(|course| course.pace != Pace::Steady)
    }

    /// Whether no process of the target answered after the load had gone.
    pub fn is_dead(&self) -> bool {
        self.dead.is_some_and(|(dead, all)| dead == all && all > 0)
    }

    /// Whether some capacity was lost for good: a process that no longer answers, or a unit that is never given back.
    pub fn is_damaged(&self) -> bool {
        self.dead.is_some_and(|(dead, _)| dead > 0) || !self.losses.is_empty()
    }

    /// Whether the run reached its own end, so that its figures mean what they say.
    pub fn is_sound(&self) -> bool {
        self.is_whole() && self.violations.is_empty()
    }

    /// Whether the run measured anything. One that a limit ends during the warm-up did not: all of its figures are
    /// empty, and none of them counts. A whole run may have a window of no length, where all steps take no time.
    pub fn has_window(&self) -> bool {
        self.is_whole() || self.window_s > 0.0
    }

    pub(in crate::experiment) fn is_whole(&self) -> bool {
        matches!(self.ending, Ending::Complete | Ending::Quiet)
    }

    /// Why it is not sound: the laws that it violates, with both numbers, or else how it ended. None where it is.
    pub fn fault(&self) -> Option<String> {
        let why = || if self.violations.is_empty() { self.ending.to_string() } else { self.violations.join("; ") };
        (!self.is_sound()).then(why)
    }
}

/// The first mark of a course after the load's disturbance.
fn calm_from(load: &Load, course: &Course) -> Option<usize> {
    let (opens, _) = load.pattern.window()?;
    let over = load.recovered_after?.since(opens);
    let mark = over.0.div_ceil(course.length.0.max(1)) as usize;
    (mark + 1 < course.marks.len()).then_some(mark)
}
