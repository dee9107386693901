//! Runs the trials of a plan on all threads. A trial is a function of (point, replication, seed), so neither the number
//! of threads nor the order of execution shows in the results.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use rayon::prelude::*;

use super::design::Plan;
use super::trial::Trial;
use crate::load;
use crate::parts::Limits;

/// How far the trials have got; read by a progress bar while they run.
#[derive(Debug, Default)]
pub struct Progress {
    /// Trials done.
    pub trials: AtomicU64,
    /// Events of the trials done.
    pub events: AtomicU64,
    /// Set from outside to end the run: trials under way are given up, those done are kept.
    pub interrupted: AtomicBool,
}

/// A trial that gave no figures.
#[derive(Clone, Debug)]
pub struct FailedTrial {
    /// Which point.
    pub point: usize,
    /// Which replication.
    pub replication: u64,
    /// What happened.
    pub what: String,
}

/// All trials that gave figures, in the order of (point, replication), and those that did not.
#[derive(Clone, Debug, Default)]
pub struct Trials {
    /// Those that gave figures, also of those that a limit ended.
    pub done: Vec<Trial>,
    /// Those that failed.
    pub failed: Vec<FailedTrial>,
    /// Those that were not run because of an interrupt.
    pub skipped: usize,
}

/// Runs the trials of a plan on the present rayon pool.
pub fn run(plan: &Plan, progress: &Progress) -> Trials {
    let replications = plan.replications as usize;
    let results: Vec<Option<Result<Trial, FailedTrial>>> = (0..plan.points.len() * replications)
        .into_par_iter()
        .with_max_len(1)
        .map(|index| {
            let (point, replication) = (index / replications, (index % replications) as u64);
            run_one(plan, point, replication, progress)
        })
        .collect();
    let mut trials = Trials::default();
    for result in results {
        match result {
            Some(Ok(trial)) => trials.done.push(trial),
            Some(Err(failed)) => trials.failed.push(failed),
            None => trials.skipped += 1,
        }
    }
    trials
}

fn run_one(plan: &Plan, point: usize, replication: u64, progress: &Progress) -> Option<Result<Trial, FailedTrial>> {
    if progress.interrupted.load(Ordering::Relaxed) {
        return None;
    }
    let planned = &plan.points[point];
    let limits = Limits {
        max_events: plan.max_events,
        deadline: plan.max_wall_time.map(|time| Instant::now() + time),
        interrupted: Some(&progress.interrupted),
    };
    // The seed names the experiment, the replication the streams: points of a sweep meet the same requests.
    let run = || load::trial(&planned.system, &planned.load, plan.seed, replication, &limits);
    let result = catch_unwind(AssertUnwindSafe(run));
    progress.trials.fetch_add(1, Ordering::Relaxed);
    match result {
        Ok(outcome) if outcome.ending == crate::parts::Ending::Interrupted => None,
        Ok(outcome) => {
            progress.events.fetch_add(outcome.events, Ordering::Relaxed);
            Some(Ok(Trial::of(point, replication, outcome, &planned.load, plan.collapse_below)))
        }
        Err(panic) => {
            let what = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_else(|| "it panicked".into());
            Some(Err(FailedTrial { point, replication, what }))
        }
    }
}
