//! From trials to summaries: every figure of a point with its 95 % interval over replications. Quantiles of the
//! response time are those of all replications together ([`Pooled`](crate::statistics::Pooled)), other figures are
//! means over the replications.

mod basis;
mod capacity;
mod classes;
mod doubt;
mod evidence;
mod growth;
mod history;
mod offered;
mod reactions;
mod resources;
mod scopes;
mod split;
mod steady;
mod timeline;
mod values;

pub use basis::by_trial;
pub(in crate::experiment) use basis::{intervals, of_users, of_work, usable};
pub use capacity::{Capacity, RunGroup};
pub use classes::ClassSummary;
pub use doubt::{BRIM, Doubt};
pub use growth::{Growth, Overrun, are_held};
pub use history::{HistorySummary, LevelSummary};
pub use resources::{ResourceMean, ResourceSpread};
pub use split::{GroupMean, Means, in_groups};
pub use steady::BatchMeans;
pub use timeline::{Moment, TimelineSummary};

use crate::experiment::analyse::blame;
use crate::experiment::analyse::culprit::{Culprit, Evidence};
use crate::experiment::analyse::strain::Strain;
use crate::experiment::analyse::trial::{LateScaling, Trial};
use crate::experiment::plan::Plan;
use crate::language::{Metric, Objective};
use crate::metric::MetricScope;
use crate::parts::{Blame, Deadlock, Failure, LostWork, Reaction, Users};
use crate::statistics::Interval;
use basis::{Basis, floor};
use resources::resource_means;
use scopes::Scopes;
use values::Values;
pub(in crate::experiment) use values::in_common;

/// Confidence level of all intervals that are reported.
pub const LEVEL: f64 = 0.95;

/// A point of the sweep, over its replications.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Index of the point in the plan.
    pub point: usize,
    /// Trials that the figures rest on.
    pub replications: usize,
    /// Replications that were run, up to the last one that ended with figures.
    pub run: u32,
    /// Successes a minute; none where the test takes no time.
    pub throughput_per_min: Option<Interval>,
    /// Successes out of all.
    pub success_rate: Interval,
    /// The success rate that is required.
    pub required_success: f64,
    /// Mean response time of successes in seconds; none where no trial had a success.
    pub mean_s: Option<Interval>,
    /// Median.
    pub p50_s: Option<Interval>,
    /// 95th percentile.
    pub p95_s: Option<Interval>,
    /// 99th percentile.
    pub p99_s: Option<Interval>,
    /// Response times that the quantiles rest on: the successes of all replications.
    pub response_times: u64,
    /// How many independent response times would tell their mean as well; none where that is not known.
    pub effective_response_times: Option<f64>,
    /// What still grows at the end of the window: then the point is not stationary, and these times have no mean.
    pub growth: Growth,
    /// The share of the time of a closed load's clients in which they wait for answers that are overdue at the end of the
    /// window, by trial.
    pub overdue: Vec<f64>,
    /// The batches that the intervals of a single long run rest on.
    pub batches: Option<BatchMeans>,
    /// Handlers that worked for clients that had gone.
    pub wasted_requests: Interval,
    /// Whether work may outlast its answer, so that completion is another thing.
    pub outlasts: bool,
    /// What failed behind the answers, in all trials together.
    pub lost_work: Vec<LostWork>,
    /// The share of the work behind the answers that has failed.
    pub work_failed: f64,
    /// The share of it that has neither completed nor failed when the window closes, where it counts
    /// as not completed.
    pub work_left: f64,
    /// Requests sent for each user.
    pub attempts_per_request: Interval,
    /// Time from the end of the disturbance to the end of its effects in seconds, infinite where it outlasts the run;
    /// none without a disturbance.
    pub recovery_s: Option<Interval>,
    /// Whether a disturbance had no effect in any trial, so that there is nothing to recover from.
    pub is_undisturbed: bool,
    /// Trials that did not recover.
    pub never_recovered: usize,
    /// Requests sent, those that are sent again included, mean.
    pub sent: f64,
    /// Requests sent a second, mean; where clients send again, first tries. Infinite where the window takes no time.
    pub sent_a_second: f64,
    /// What the system did by itself, in all trials together.
    pub reactions: Vec<Reaction>,
    /// An autoscaler that added replicas too late: means over the trials in which it did, if it did in most.
    pub late_scaling: Option<LateScaling>,
    /// Users, means; none where no client sends anything again.
    pub users: Option<UserMeans>,
    /// The classes of requests; empty where there is but one.
    pub classes: Vec<ClassSummary>,
    /// What happened when; none where the load asks for no timeline.
    pub timeline: Option<TimelineSummary>,
    /// What limits the point, refuses its requests or keeps them waiting; none where no accounts are kept.
    pub culprit: Option<Culprit>,
    /// What is behind the far tail of the response time, the 99.9th percentile, where that is another culprit than at the
    /// 95th.
    pub tail: Option<Culprit>,
    /// The culprit's name, where it limits the point.
    pub saturated: Option<String>,
    /// Trials after which the target no longer answered.
    pub stuck: usize,
    /// Mean number of the target's processes that no longer answered after the load had gone, and their number; finite
    /// tests only.
    pub dead: Option<(f64, u32)>,
    /// Whether the load ends or changes, so that a resource that limits it need not be in use all the time.
    pub is_uneven: bool,
    /// Capacity that was lost for good.
    pub capacity: Capacity,
    /// The faults that are on when the window closes.
    pub faults_at_end: Vec<String>,
    /// Those of them that halt a service, or kill it, with the service.
    pub halted_at_end: Vec<(String, String)>,
    /// Why its figures do not show how good it is; none where they do.
    pub doubt: Option<Doubt>,
    /// Successes, mean.
    pub succeeded: f64,
    /// The first deadlock of the first trial that had one, and the number of trials that had one.
    pub deadlock: Option<(Deadlock, usize)>,
    /// Mean number of requests that were refused within a round trip, and that their client sent again sooner than it
    /// could connect.
    pub instant_resends: f64,
    /// Mean number of requests that wait for an answer that never comes.
    pub hung: f64,
    /// Resources, means over the trials.
    pub resources: Vec<ResourceMean>,
    /// The use of the resources while an objective is missed, in all trials together.
    pub strain: Strain,
    /// Where the time of the requests of all trials went; none where that was not asked for.
    pub blame: Option<Blame>,
    /// Mean failures by cause.
    pub failures: Vec<(String, f64)>,
    /// Trials that a limit ended, or that violated a law.
    pub unsound: Vec<String>,
    /// Values of each metric by trial, for paired comparisons; in the order of replications.
    trials: Values,
    /// The same of single services and causes of failures.
    scopes: Scopes,
    /// Intervals of all metrics.
    intervals: [Option<Interval>; Metric::ALL.len()],
}

/// Users who send failed requests again: means over the trials of a point. See [`crate::parts::Users`].
#[derive(Clone, Copy, Debug)]
pub struct UserMeans {
    /// Users who sent their first try.
    pub first_tries: f64,
    /// Users who had an answer.
    pub succeeded: f64,
    /// Those of them whose first try was answered.
    pub succeeded_at_once: f64,
    /// Users who gave up for good.
    pub lost: f64,
    /// Users who wait for their next attempt at the end.
    pub backing_off: f64,
    /// Users who have failed at least once and are still trying at the end.
    pub still_trying: f64,
}

impl UserMeans {
    fn of(trials: &[&Trial]) -> Option<Self> {
        let users: Vec<Users> = trials.iter().filter_map(|trial| trial.users).collect();
        let mean = |figure: fn(&Users) -> u64| {
            users.iter().map(|users| figure(users) as f64).sum::<f64>() / users.len() as f64
        };
        (!users.is_empty()).then(|| Self {
            first_tries: mean(|users| users.first_tries),
            succeeded: mean(|users| users.succeeded),
            succeeded_at_once: mean(|users| users.succeeded_at_once),
            lost: mean(|users| users.lost),
            backing_off: mean(|users| users.backing_off),
            still_trying: mean(|users| users.still_trying),
        })
    }
}

/// A trial's values of all metrics.
type Row = [Option<f64>; Metric::ALL.len()];

/// The summary of a point, of summaries in the order of the points.
pub fn of_point(summaries: &[Summary], point: usize) -> Option<&Summary> {
    summaries.binary_search_by_key(&point, |summary| summary.point).ok().map(|index| &summaries[index])
}

impl Summary {
    /// The summary of a point's trials; none without any that measured something. Trials that a limit ended in their
    /// window count only where no other is left; those that it ended before do not count at all.
    ///
    /// `success` is the success rate below which errors of the model's own are a culprit
    /// ([`success_objective`](crate::experiment::analyse::condition::success_objective)). Of the other `objectives` the first that is missed says at
    /// which percentile a culprit is looked for.
    pub fn of(point: usize, trials: &[&Trial], success: f64, objectives: &[Objective]) -> Option<Self> {
        let used = usable(trials);
        let used = used.as_slice();
        let first = used.first()?;
        let basis = Basis::of(used, &Metric::ALL);
        let row = |trial: &&Trial| (trial.replication, Metric::ALL.map(|metric| basis.of_trial(trial, metric)));
        let figures: Vec<(u64, Row)> = used.iter().map(row).collect();
        let interval = |metric: Metric| basis.interval(metric);
        let mut classes = classes::summarise(used, basis.growth.leaves_unanswered);
        if basis.growth.requests.is_some() {
            classes.iter_mut().filter(|class| !class.is_stationary()).for_each(ClassSummary::forget_times);
        }
        let fault = |trial: &&Trial| Some(format!("replication {}: {}", trial.replication, trial.fault()?));
        let (work_failed, work_left) = basis.work_failed_and_left();
        let mut summary = Self {
            point,
            replications: used.len(),
            run: trials.iter().map(|trial| trial.replication as u32 + 1).max().unwrap_or(0),
            throughput_per_min: interval(Metric::ThroughputPerMin),
            success_rate: interval(Metric::SuccessRate)?,
            required_success: success,
            mean_s: interval(Metric::MeanS),
            p50_s: interval(Metric::P50S),
            p95_s: interval(Metric::P95S),
            p99_s: interval(Metric::P99S),
            response_times: basis.times.count(),
            effective_response_times: match basis.growth.requests {
                Some(_) => None,
                None => steady::effective(used, basis.batches.as_ref()),
            },
            growth: basis.growth,
            overdue: used.iter().map(|trial| trial.overdue.map_or(0.0, |overdue| overdue.share())).collect(),
            batches: basis.batches.clone(),
            wasted_requests: interval(Metric::WastedRequests)?,
            outlasts: used.iter().any(|trial| trial.outlasts),
            lost_work: lost_work(used),
            work_failed,
            work_left,
            intervals: Metric::ALL.map(interval),
            attempts_per_request: interval(Metric::AttemptsPerRequest)?,
            recovery_s: interval(Metric::RecoveryS),
            is_undisturbed: used.iter().all(|trial| trial.is_disturbed == Some(false)),
            never_recovered: used.iter().filter(|trial| trial.recovery_s == Some(f64::INFINITY)).count(),
            sent: used.iter().map(|trial| trial.sent as f64).sum::<f64>() / used.len() as f64,
            sent_a_second: used.iter().map(|trial| trial.sent_a_second()).sum::<f64>() / used.len() as f64,
            reactions: reactions::of(used),
            late_scaling: reactions::late_scaling(used),
            users: UserMeans::of(used),
            classes,
            timeline: TimelineSummary::of(used),
            culprit: None,
            tail: None,
            saturated: None,
            stuck: used.iter().filter(|trial| trial.stuck).count(),
            dead: first.dead.map(|(_, all)| {
                let dead: u32 = used.iter().filter_map(|trial| trial.dead).map(|(dead, _)| dead).sum();
                (f64::from(dead) / used.len() as f64, all)
            }),
            is_uneven: used.iter().all(|trial| trial.is_uneven()),
            capacity: Capacity::of(used),
            faults_at_end: first.faults_at_end.clone(),
            halted_at_end: first.halted_at_end.clone(),
            doubt: Doubt::of(used),
            succeeded: used.iter().map(|trial| trial.succeeded as f64).sum::<f64>() / used.len() as f64,
            deadlock: used
                .iter()
                .find_map(|trial| trial.deadlock.clone())
                .map(|deadlock| (deadlock, used.iter().filter(|trial| trial.deadlock.is_some()).count())),
            instant_resends: used.iter().map(|trial| trial.instant_resends as f64).sum::<f64>() / used.len() as f64,
            hung: used.iter().map(|trial| trial.hung as f64).sum::<f64>() / used.len() as f64,
            resources: resource_means(used),
            strain: Strain::pooled(used.iter().map(|trial| &trial.strain)),
            blame: blame::merged(used.iter().filter_map(|trial| trial.blame.as_ref())),
            failures: failures(used),
            unsound: trials.iter().filter_map(fault).collect(),
            trials: Values::of(&figures),
            scopes: Scopes::of(used),
        };
        let evidence = Evidence::of(&summary, success, objectives);
        let (culprit, tail) = (evidence.culprit(), evidence.of_tail());
        // What the fault that is the culprit fills is no other culprit.
        let is_filled = |tail: &Culprit| culprit.as_ref().is_some_and(|it| it.through.as_ref() == Some(&tail.name));
        let tail = tail.filter(|tail| !is_filled(tail));
        (summary.culprit, summary.tail) = (culprit, tail);
        summary.saturated = summary.culprit.as_ref().and_then(Culprit::limit).map(str::to_owned);
        Some(summary)
    }

    /// The interval of a metric; none where no trial has a value.
    pub fn metric(&self, metric: Metric) -> Option<Interval> {
        match metric {
            Metric::ThroughputPerMin => self.throughput_per_min,
            Metric::SuccessRate => {
                (!matches!(self.doubt, Some(Doubt::NoRequests | Doubt::Stopped(_)))).then_some(self.success_rate)
            }
            Metric::MeanS => self.mean_s,
            Metric::P50S => self.p50_s,
            Metric::P95S => self.p95_s,
            Metric::P99S => self.p99_s,
            Metric::WastedRequests => Some(self.wasted_requests),
            Metric::RecoveryS => self.recovery_s,
            other => self.intervals[other as usize],
        }
    }

    /// The interval of a metric, also of a part of the point.
    pub fn metric_of(&self, scope: &MetricScope, metric: Metric) -> Option<Interval> {
        match scope {
            MetricScope::Whole => self.metric(metric),
            MetricScope::Class(class) => self.classes.iter().find(|known| known.name == *class)?.metric(metric),
            MetricScope::Service(_) | MetricScope::Cause(_) => self.mean_by_trial(scope, metric, LEVEL),
        }
    }

    fn mean_by_trial(&self, scope: &MetricScope, metric: Metric, level: f64) -> Option<Interval> {
        let values: Vec<f64> = self.by_trial(scope, metric).into_iter().map(|(_, value)| value).collect();
        Interval::mean_of(&values, level).map(|interval| floor(interval, metric))
    }

    /// The summary of a point of a plan: that of its trials, with what its load tells of a throughput that is missed, and of the
    /// doubt about its figures.
    pub(crate) fn of_plan(
        plan: &Plan,
        point: usize,
        trials: &[Trial],
        success: f64,
        objectives: &[Objective],
    ) -> Option<Self> {
        let trials: Vec<&Trial> = trials.iter().collect();
        let summary = Self::of(point, &trials, success, objectives)?;
        let point = plan.points.get(point)?;
        Some(summary.offered(&point.load, success, objectives).doubted(point))
    }

    /// A metric's values in this and another point, by common replication.
    pub fn paired(&self, other: &Self, scope: &MetricScope, metric: Metric) -> (Vec<f64>, Vec<f64>) {
        let mut pair = in_common(&[self.by_trial(scope, metric), other.by_trial(scope, metric)]).into_iter();
        (pair.next().unwrap_or_default(), pair.next().unwrap_or_default())
    }

    /// A metric's values by replication, where it has any.
    pub(crate) fn by_trial(&self, scope: &MetricScope, metric: Metric) -> Vec<(u64, f64)> {
        match scope {
            MetricScope::Whole => self.trials.column(metric as usize),
            MetricScope::Class(class) => {
                let known = self.classes.iter().find(|known| known.name == *class);
                known.map(|class| class.by_trial(metric)).unwrap_or_default()
            }
            MetricScope::Service(name) => self.scopes.of_service(name, metric),
            MetricScope::Cause(_) if !metric.is_kept_of_causes() => Vec::new(),
            MetricScope::Cause(words) => self.scopes.of_cause(words).unwrap_or_else(|| {
                let all = self.trials.column(metric as usize);
                all.into_iter().map(|(replication, _)| (replication, 0.0)).collect()
            }),
        }
    }

    /// The interval of a metric at another level than [`LEVEL`].
    pub fn metric_at(&self, scope: &MetricScope, metric: Metric, level: f64) -> Option<Interval> {
        if let MetricScope::Service(_) | MetricScope::Cause(_) = scope {
            return self.mean_by_trial(scope, metric, level);
        }
        let interval = self.metric_of(scope, metric)?;
        if level == LEVEL || metric == Metric::RecoveryS && interval.high == f64::INFINITY {
            return Some(interval);
        }
        let sample = self.batches.as_ref().map_or(self.replications, |batches| batches.count);
        // Of one replication an interval of a rate is that of its requests.
        let freedom = (sample as f64 - 1.0).max(1.0);
        interval.at_level(freedom, LEVEL, level).map(|interval| floor(interval, metric))
    }

    /// Whether a resource is saturated: at least 95 % in use over the phases of the window that miss an objective, or
    /// over the whole window where none does, and waited for.
    pub fn is_saturated(&self, name: &str) -> bool {
        let found = self.resources.iter().zip(&self.strain.uses).find(|(resource, _)| resource.name == name);
        found.is_some_and(|(resource, strain)| strain.is_full() && resource.queue > 0.0)
    }

    /// Successes a minute, to order points by; less than any where there is no such figure.
    pub fn throughput_or_least(&self) -> f64 {
        self.throughput_per_min.map_or(f64::NEG_INFINITY, |interval| interval.estimate)
    }

    /// Mean number of failures with this cause.
    pub fn failed_with(&self, cause: Failure) -> f64 {
        let words = cause.describe(&[]);
        self.failures.iter().find(|(known, _)| *known == words).map_or(0.0, |&(_, count)| count)
    }

    /// Mean number of requests that were refused on purpose.
    pub fn refused(&self) -> f64 {
        Failure::REFUSALS.iter().map(|&cause| self.failed_with(cause)).sum()
    }

    /// Whether at least this share of the requests that were not refused on purpose succeeds, and some were refused.
    pub fn is_met_without_refusals(&self, share: f64) -> bool {
        let refused = self.refused();
        let failed: f64 = self.failures.iter().map(|(_, count)| count).sum();
        // Requests that are inside when the window closes have not failed, but count as unanswered where that is judged.
        let all = if self.growth.counts_unanswered() { self.succeeded / self.success_rate.estimate } else { 0.0 };
        let left = (all - self.succeeded - failed).max(0.0);
        let broken = failed - refused + left;
        refused > 0.0 && self.succeeded > 0.0 && self.succeeded >= share * (self.succeeded + broken)
    }

    /// Whether the target was stuck after most trials.
    pub fn is_stuck(&self) -> bool {
        self.stuck * 2 > self.replications
    }
}

fn lost_work(trials: &[&Trial]) -> Vec<LostWork> {
    let mut sums: Vec<LostWork> = Vec::new();
    for lost in trials.iter().flat_map(|trial| &trial.lost_work) {
        match sums.iter_mut().find(|known| (&known.name, &known.cause) == (&lost.name, &lost.cause)) {
            Some(known) => known.add(lost),
            None => sums.push(lost.clone()),
        }
    }
    sums
}

fn failures(trials: &[&Trial]) -> Vec<(String, f64)> {
    let mut sums: Vec<(String, f64)> = Vec::new();
    for (cause, count) in trials.iter().flat_map(|trial| &trial.failures) {
        match sums.iter_mut().find(|(known, _)| known == cause) {
            Some((_, sum)) => *sum += *count as f64,
            None => sums.push((cause.clone(), *count as f64)),
        }
    }
    sums.iter_mut().for_each(|(_, sum)| *sum /= trials.len() as f64);
    sums
}
