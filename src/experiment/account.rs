//! What trials come to: a summary of each point, and a tally of all. Points are read one after the other, so that a
//! million trials need no more memory than their summaries.

use rayon::prelude::*;

use crate::experiment::analyse::condition::too_few_runs;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::trial::FailedTrial;
use crate::experiment::plan::Plan;
use crate::experiment::plan::success_objective;
use crate::experiment::run::runner::Trials;
use crate::experiment::store::archive::{Archive, OfPoint};
use crate::experiment::store::journal::Unusable;
use crate::parts::Ending;

/// Trials that are in memory at a time, unless a point has more.
const AT_A_TIME: usize = 4096;

/// Trials that are named one by one at most, of each kind.
const MOST_NAMED: usize = 1000;

/// The tally of all trials.
#[derive(Clone, Debug, Default)]
pub struct TrialTally {
    /// Trials that were asked for.
    pub planned: usize,
    /// Trials that gave figures.
    pub done: usize,
    /// Their events.
    pub events: u64,
    /// Trials that failed; the first thousand.
    pub failed: Vec<FailedTrial>,
    /// Number of trials that failed.
    pub failures: usize,
    /// Trials that violate laws; the first thousand.
    pub violated: Vec<Violated>,
    /// Number of trials that violate laws.
    pub violations: usize,
    /// Points of which a limit ended trials.
    pub limited: Vec<LimitedPoint>,
}

/// A trial that contradicts laws.
#[derive(Clone, Debug)]
pub struct Violated {
    /// Which point.
    pub point: usize,
    /// Which replication.
    pub replication: u64,
    /// Which laws, with both numbers.
    pub laws: String,
}

/// A point of which a limit ended trials.
#[derive(Clone, Debug)]
pub struct LimitedPoint {
    /// Which point.
    pub point: usize,
    /// How many.
    pub trials: usize,
    /// How many of these had not begun to measure.
    pub without_window: usize,
    /// Out of how many.
    pub of: usize,
    /// How the first of them ended.
    pub ending: Ending,
}

impl TrialTally {
    /// Trials that were asked for and not run, because of an interrupt.
    pub fn skipped(&self) -> usize {
        self.planned - self.done - self.failures
    }

    /// Whether a trial gave no figures at all: it failed, or a limit ended it before it began to measure.
    pub fn lacks_figures(&self) -> bool {
        self.failures > 0 || self.limited.iter().any(|point| point.without_window > 0)
    }

    fn add(&mut self, of_point: OfPoint) {
        let OfPoint { trials, failed } = of_point;
        self.done += trials.len();
        self.events += trials.iter().map(|trial| trial.events).sum::<u64>();
        self.failures += failed.len();
        self.failed.extend(failed.into_iter().take(MOST_NAMED.saturating_sub(self.failed.len())));
        for trial in trials.iter().filter(|trial| !trial.violations.is_empty()) {
            self.violations += 1;
            if self.violated.len() < MOST_NAMED {
                let laws = trial.violations.join("; ");
                self.violated.push(Violated { point: trial.point, replication: trial.replication, laws });
            }
        }
        let limited = || trials.iter().filter(|trial| !trial.is_sound() && trial.violations.is_empty());
        if let Some(first) = limited().next() {
            self.limited.push(LimitedPoint {
                point: first.point,
                trials: limited().count(),
                without_window: limited().filter(|trial| !trial.has_window()).count(),
                of: trials.len(),
                ending: first.ending,
            });
        }
    }
}

/// Summaries and tally.
#[derive(Debug, Default)]
pub struct Account {
    /// Of each point that has figures, in the order of the plan.
    pub summaries: Vec<Summary>,
    /// Of all trials.
    pub tally: TrialTally,
}

impl Account {
    /// The account of trials in memory.
    pub fn of_trials(plan: &Plan, trials: Trials) -> Self {
        let mut account = Self::default();
        let planned = trials.done.len() + trials.failed.len() + trials.skipped;
        let mut points: Vec<OfPoint> = vec![OfPoint::default(); plan.points.len()];
        trials.done.into_iter().for_each(|trial| points[trial.point].trials.push(trial));
        trials.failed.into_iter().for_each(|trial| points[trial.point].failed.push(trial));
        for (point, of_point) in points.into_iter().enumerate() {
            account.summaries.extend(summary(plan, point, &of_point));
            account.tally.add(of_point);
        }
        account.tally.planned = planned;
        account
    }

    /// The account of an archive that has so many replications of each point. They are read and summarised on all
    /// threads; on the way each point's trials are handed on, in the order of the points.
    ///
    /// # Errors
    /// Where a journal can no longer be read.
    pub fn of_archive(
        plan: &Plan,
        archive: &Archive,
        wanted: &[u32],
        mut hand_on: impl FnMut(&OfPoint),
    ) -> Result<Self, Unusable> {
        debug_assert_eq!(plan.points.len(), wanted.len());
        let mut account = Self::default();
        account.tally.planned = wanted.iter().map(|&wanted| wanted as usize).sum();
        let mut from = 0;
        while from < wanted.len() {
            let to = from + few(&wanted[from..]);
            let read: Result<Vec<_>, Unusable> = (from..to)
                .into_par_iter()
                .map(|point| {
                    let of_point = archive.of_point(point as u32, wanted[point])?;
                    Ok((summary(plan, point, &of_point), of_point))
                })
                .collect();
            for (summary, of_point) in read? {
                account.summaries.extend(summary);
                hand_on(&of_point);
                account.tally.add(of_point);
            }
            from = to;
        }
        Ok(account)
    }
}

/// How many of the next points are read together; at least one.
fn few(wanted: &[u32]) -> usize {
    let mut trials = 0;
    let fits = |&&wanted: &&u32| {
        trials += wanted as usize;
        trials <= AT_A_TIME
    };
    wanted.iter().take_while(fits).count().max(1)
}

fn summary(plan: &Plan, point: usize, of_point: &OfPoint) -> Option<Summary> {
    let (success, objectives) = (success_objective(plan).bound(), &plan.objectives);
    let mut summary = Summary::of_plan(plan, point, &of_point.trials, success, objectives)?;
    summary.doubt = summary.doubt.take().or_else(|| too_few_runs(plan, &summary));
    Some(summary)
}
