//! What the intervals of a point rest on.

use super::LEVEL;
use super::growth::Growth;
use super::steady::BatchMeans;
use crate::experiment::analyse::trial::Trial;
use crate::language::Metric;
use crate::statistics::{Interval, Pooled};

/// The trials that figures rest on: those that a limit ended count only where no other is left, and only if it ended
/// them in their window.
pub(in crate::experiment) fn usable<'a>(trials: &[&'a Trial]) -> Vec<&'a Trial> {
    let that = |counts: fn(&Trial) -> bool| trials.iter().copied().filter(|trial| counts(trial)).collect();
    let sound: Vec<&Trial> = that(Trial::is_sound);
    if sound.is_empty() { that(Trial::has_window) } else { sound }
}

/// The intervals of some metrics, of those that have one.
pub(in crate::experiment) fn intervals(used: &[&Trial], metrics: &[Metric]) -> Vec<(Metric, Interval)> {
    let basis = Basis::of(used, metrics);
    metrics.iter().filter_map(|&metric| Some((metric, basis.interval(metric)?))).collect()
}

/// The values of a metric by replication, as `Summary::by_trial` has them of all requests.
pub fn by_trial(trials: &[&Trial], metric: Metric) -> Vec<(u64, f64)> {
    let used = usable(trials);
    let basis = Basis::of(&used, &[]);
    let value =
        |trial: &&Trial| Some((trial.replication, basis.of_trial(trial, metric).filter(|value| !value.is_nan())?));
    used.iter().filter_map(value).collect()
}

/// What the intervals of a point rest on.
pub(super) struct Basis<'a> {
    used: &'a [&'a Trial],
    pub times: Pooled<'a>,
    pub growth: Growth,
    pub batches: Option<BatchMeans>,
}

impl<'a> Basis<'a> {
    /// What it takes for these metrics.
    pub fn of(used: &'a [&'a Trial], metrics: &[Metric]) -> Self {
        let with_times = metrics.iter().any(|metric| metric.quantile().is_some());
        let times = Pooled::of(used.iter().filter(|_| with_times).map(|trial| &trial.response_times));
        Self { used, times, growth: Growth::of(used), batches: BatchMeans::of(used) }
    }

    /// A trial's value of a metric; none where the point has none.
    pub fn of_trial(&self, trial: &Trial, metric: Metric) -> Option<f64> {
        match metric {
            Metric::SuccessRate if self.growth.counts_unanswered() => {
                let (succeeded, all) = self.users(trial);
                (all > 0).then(|| succeeded as f64 / all as f64)
            }
            Metric::CompletionRate if self.growth.leaves_unfinished && trial.work.is_some() => {
                let (completed, all) = of_work(trial, &self.growth)?;
                (all > 0).then(|| completed as f64 / all as f64)
            }
            metric if self.growth.spoils(metric) => None,
            metric => trial.metric(metric),
        }
    }

    pub fn users(&self, trial: &Trial) -> (u64, u64) {
        of_users(trial, &self.growth)
    }

    /// The shares of the work behind the answers that has failed, and that has neither ended well nor failed where that counts
    /// as not completed.
    pub fn work_failed_and_left(&self) -> (f64, f64) {
        let (mut failed, mut left, mut all) = (0, 0, 0);
        for trial in self.used {
            let Some(((completed, settled), (_, of))) = trial.work.zip(of_work(trial, &self.growth)) else { continue };
            (failed, left, all) = (failed + settled.saturating_sub(completed), left + (of - settled), all + of);
        }
        let share = |part: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
        (share(failed), share(left))
    }

    /// The interval of a metric; none where no trial has a value, and of a time where work piles up.
    pub fn interval(&self, metric: Metric) -> Option<Interval> {
        if self.growth.spoils(metric) {
            return None;
        }
        if let Some(q) = metric.quantile() {
            return quantile(&self.times, q);
        }
        let used = self.used;
        let values: Vec<f64> = used.iter().filter_map(|trial| trial.metric(metric)).collect();
        match (metric, &self.batches) {
            (Metric::SuccessRate, _) if used.is_empty() => None,
            (Metric::SuccessRate, Some(batches)) if !self.growth.counts_unanswered() => {
                Some(success_rate(&batches.clusters))
            }
            (Metric::SuccessRate, _) => {
                Some(success_rate(&used.iter().map(|trial| self.users(trial)).collect::<Vec<_>>()))
            }
            (Metric::CompletionRate, _) => {
                let work: Vec<(u64, u64)> = used.iter().filter_map(|trial| of_work(trial, &self.growth)).collect();
                match work.is_empty() {
                    true => self.interval(Metric::SuccessRate),
                    false => Interval::clustered_proportion(&work, LEVEL),
                }
            }
            (Metric::ThroughputPerMin, Some(batches)) => Some(floor(batches.throughput_per_min, metric)),
            (Metric::MeanS, Some(batches)) => batches.mean_s.map(|interval| floor(interval, metric)),
            (Metric::MeanS, None) => {
                let means = used.iter().filter_map(|trial| Some((trial.mean_s?, trial.response_times.count())));
                mean_of_all(&means.collect::<Vec<_>>()).map(|interval| floor(interval, metric))
            }
            (Metric::RecoveryS, _) => recovery(&values),
            _ => Interval::mean_of(&values, LEVEL).map(|interval| floor(interval, metric)),
        }
    }
}

/// Successes of a trial, and the users that they are a share of. Where requests pile up those that are still inside
/// at the end count as well, and of a closed load the clients that wait for an overdue answer then.
pub(in crate::experiment) fn of_users(trial: &Trial, growth: &Growth) -> (u64, u64) {
    let sent = trial.users.map_or(trial.sent, |users| users.first_tries);
    let overdue = trial.overdue.filter(|_| growth.overdue.is_some()).map_or(0, |overdue| overdue.uncounted);
    let all = trial.ended + overdue;
    (trial.succeeded, if growth.leaves_unanswered { all.max(sent) } else { all })
}

/// Answered requests of a trial of which all work is completed, and those that they are a share of; none where no work
/// outlasts its answer. What a fault or a peak has left of it at the end counts as not completed.
pub(in crate::experiment) fn of_work(trial: &Trial, growth: &Growth) -> Option<(u64, u64)> {
    let (completed, settled) = trial.work?;
    Some((completed, if growth.leaves_unfinished { settled.max(trial.succeeded) } else { settled }))
}

/// A quantile of the response times of all replications, in seconds.
pub(super) fn quantile(times: &Pooled, q: f64) -> Option<Interval> {
    times.quantile(q, LEVEL).map(|Interval { estimate, low, high }| Interval {
        estimate: estimate / 1e9,
        low: low / 1e9,
        high: high / 1e9,
    })
}

/// No metric is negative: the interval of a mean near zero is cut there.
pub(super) fn floor(interval: Interval, metric: Metric) -> Interval {
    let high = if metric.is_rate() { interval.high.min(1.0) } else { interval.high };
    Interval { low: interval.low.max(0.0), high, ..interval }
}

/// The mean of all requests, from those of each replication and the number of its requests. It is a ratio of two means, with
/// an interval by linearisation (Cochran, *Sampling Techniques*, 1977, chapter 6): that of the means where all replications
/// have as many requests.
pub(super) fn mean_of_all(means: &[(f64, u64)]) -> Option<Interval> {
    let all: f64 = means.iter().map(|(_, count)| *count as f64).sum();
    if all == 0.0 {
        return None;
    }
    let mean = means.iter().map(|(mean, count)| mean * *count as f64).sum::<f64>() / all;
    let each = all / means.len() as f64;
    let owed: Vec<f64> = means.iter().map(|(own, count)| mean + *count as f64 * (own - mean) / each).collect();
    Interval::mean_of(&owed, LEVEL)
}

/// Of all requests, each replication a cluster of them; zero where nothing has ended.
pub(super) fn success_rate(clusters: &[(u64, u64)]) -> Interval {
    Interval::clustered_proportion(clusters, LEVEL).unwrap_or(Interval::exact(0.0))
}

/// Over replications, where all recover. Where some do not, no mean exists: the interval is from the fastest to never,
/// and the estimate is the median.
pub(super) fn recovery(values: &[f64]) -> Option<Interval> {
    if values.is_empty() {
        return None;
    }
    if values.iter().all(|value| value.is_finite()) {
        return Interval::mean_of(values, LEVEL).map(|interval| floor(interval, Metric::RecoveryS));
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(Interval { estimate: sorted[sorted.len() / 2], low: sorted[0], high: f64::INFINITY })
}
