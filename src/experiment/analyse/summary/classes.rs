//! The figures of a class of requests, over the replications of a point.

use super::LEVEL;
use super::basis::{mean_of_all, quantile, success_rate};
use crate::experiment::analyse::trial::{ClassTrial, Trial};
use crate::language::Metric;
use crate::statistics::{Interval, Pooled};

/// Share of a class's requests that succeed from which it is not those that fail that pile up.
const ANSWERED: f64 = 0.99;

/// A class of requests, over the replications of a point.
#[derive(Clone, Debug)]
pub struct ClassSummary {
    /// Its name.
    pub name: String,
    /// Requests sent, mean.
    pub sent: f64,
    /// Requests answered with success, mean.
    pub succeeded: f64,
    /// Successes a minute; none where the test takes no time.
    pub throughput_per_min: Option<Interval>,
    /// Successes out of all that ended; where clients send again, out of all users.
    pub success_rate: Interval,
    /// Mean response time of successes in seconds; none where no trial had a success.
    pub mean_s: Option<Interval>,
    /// Median.
    pub p50_s: Option<Interval>,
    /// 90th percentile.
    pub p90_s: Option<Interval>,
    /// 95th percentile.
    pub p95_s: Option<Interval>,
    /// 99th percentile.
    pub p99_s: Option<Interval>,
    /// 99.9th percentile.
    pub p999_s: Option<Interval>,
    leaves_unanswered: bool,
    /// By replication, for paired comparisons.
    trials: Vec<(u64, ClassTrial)>,
}

impl ClassSummary {
    /// The interval of a metric; none where no trial has a value, or it is not kept of classes.
    pub fn metric(&self, metric: Metric) -> Option<Interval> {
        match metric {
            Metric::ThroughputPerMin => self.throughput_per_min,
            Metric::SuccessRate => Some(self.success_rate),
            Metric::MeanS => self.mean_s,
            Metric::P50S => self.p50_s,
            Metric::P90S => self.p90_s,
            Metric::P95S => self.p95_s,
            Metric::P99S => self.p99_s,
            Metric::P999S => self.p999_s,
            _ => None,
        }
    }

    /// Whether its requests do not pile up, though others do: nearly all succeed, and what is left unanswered at the end is
    /// within twice the spread of the number under way, which is a response time's arrivals (Little's law).
    pub(super) fn is_stationary(&self) -> bool {
        let (mut left, mut inside) = (0.0, 0.0);
        for (_, trial) in &self.trials {
            left += trial.first_tries as f64 - (trial.succeeded + trial.failed) as f64;
            inside += trial.mean_s.zip(trial.throughput_per_min).map_or(0.0, |(mean, rate)| mean * rate / 60.0);
        }
        self.success_rate.estimate >= ANSWERED && left <= 2.0 * (2.0 * inside + self.trials.len() as f64).sqrt()
    }

    /// Takes the times away: no mean of them exists where work piles up.
    pub(super) fn forget_times(&mut self) {
        for time in
            [&mut self.mean_s, &mut self.p50_s, &mut self.p90_s, &mut self.p95_s, &mut self.p99_s, &mut self.p999_s]
        {
            *time = None;
        }
        for (_, trial) in &mut self.trials {
            let ClassTrial { mean_s, p50_s, p90_s, p95_s, p99_s, p999_s, .. } = trial;
            [mean_s, p50_s, p90_s, p95_s, p99_s, p999_s].into_iter().for_each(|time| *time = None);
        }
    }

    /// A metric's values by replication, where it has any.
    pub(super) fn by_trial(&self, metric: Metric) -> Vec<(u64, f64)> {
        let value = |trial: &ClassTrial| match metric {
            Metric::ThroughputPerMin => trial.throughput_per_min,
            Metric::SuccessRate => Some(rate(of_users(trial, self.leaves_unanswered))),
            Metric::MeanS => trial.mean_s,
            Metric::P50S => trial.p50_s,
            Metric::P90S => trial.p90_s,
            Metric::P95S => trial.p95_s,
            Metric::P99S => trial.p99_s,
            Metric::P999S => trial.p999_s,
            _ => None,
        };
        self.trials.iter().filter_map(|(replication, trial)| Some((*replication, value(trial)?))).collect()
    }
}

fn rate((succeeded, all): (u64, u64)) -> f64 {
    if all == 0 { 0.0 } else { succeeded as f64 / all as f64 }
}

/// Successes, and the users that they are a share of: all that ended, and those that are left unanswered at the end of the
/// window, where they count.
fn of_users(trial: &ClassTrial, leaves_unanswered: bool) -> (u64, u64) {
    let ended = trial.succeeded + trial.failed;
    (trial.succeeded, if leaves_unanswered { ended.max(trial.first_tries) } else { ended })
}

/// All classes, in the order of their names; empty where there is but one.
pub(super) fn summarise(trials: &[&Trial], leaves_unanswered: bool) -> Vec<ClassSummary> {
    let count = trials.first().map_or(0, |trial| trial.classes.len());
    (0..count)
        .filter_map(|index| {
            let class = |trial: &&Trial| (trial.replication, trial.classes[index].clone());
            of(&trials.iter().map(class).collect::<Vec<_>>(), leaves_unanswered)
        })
        .collect()
}

fn of(trials: &[(u64, ClassTrial)], leaves_unanswered: bool) -> Option<ClassSummary> {
    let mean = |figure: fn(&ClassTrial) -> u64| {
        trials.iter().map(|(_, trial)| figure(trial) as f64).sum::<f64>() / trials.len() as f64
    };
    let interval = |figure: fn(&ClassTrial) -> Option<f64>| {
        let values: Vec<f64> = trials.iter().filter_map(|(_, trial)| figure(trial)).collect();
        Interval::mean_of(&values, LEVEL).map(|interval| Interval { low: interval.low.max(0.0), ..interval })
    };
    let times = Pooled::of(trials.iter().map(|(_, trial)| &trial.response_times));
    let means = trials.iter().filter_map(|(_, trial)| Some((trial.mean_s?, trial.response_times.count())));
    let means: Vec<(f64, u64)> = means.collect();
    let users = |(_, trial): &(u64, ClassTrial)| of_users(trial, leaves_unanswered);
    let success_rate = success_rate(&trials.iter().map(users).collect::<Vec<_>>());
    Some(ClassSummary {
        leaves_unanswered,
        name: trials.first()?.1.name.clone(),
        sent: mean(|trial| trial.sent),
        succeeded: mean(|trial| trial.succeeded),
        throughput_per_min: interval(|trial| trial.throughput_per_min),
        success_rate,
        mean_s: mean_of_all(&means).map(|interval| Interval { low: interval.low.max(0.0), ..interval }),
        p50_s: quantile(&times, 0.5),
        p90_s: quantile(&times, 0.9),
        p95_s: quantile(&times, 0.95),
        p99_s: quantile(&times, 0.99),
        p999_s: quantile(&times, 0.999),
        trials: trials.to_vec(),
    })
}
