//! Points that a search runs together: all of their replications, on all threads.

use std::ops::Range;

use rayon::prelude::*;

use crate::experiment::analyse::trial::Trial;
use crate::experiment::analyse::words;
use crate::experiment::plan::Plan;
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;

/// What the runs gave.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// By point, in the order of replications: the trials that gave figures.
    pub trials: Vec<Vec<Trial>>,
    /// What casts doubt on the answer: trials that failed, violated a law or were ended by a limit.
    pub doubts: Vec<String>,
    /// Whether an interrupt left trials out.
    pub is_interrupted: bool,
}

impl Batch {
    /// Runs these points of a plan, or takes their trials from the record, where the first of them has this number.
    pub fn run(plan: &Plan, points: Range<usize>, number: usize, record: &Record, progress: &Progress) -> Self {
        Self::run_from(plan, points, number, |_| 0, record, progress)
    }

    /// As [`Batch::run`], with replications of each of the points from this number on; in what is returned they count from 0.
    pub fn run_from(
        plan: &Plan,
        points: Range<usize>,
        number: usize,
        first: impl Fn(usize) -> u32 + Sync,
        record: &Record,
        progress: &Progress,
    ) -> Self {
        let replications = plan.replications as usize;
        let results: Vec<_> = (0..points.len() * replications)
            .into_par_iter()
            .with_max_len(1)
            .map(|job| {
                let (index, replication) = (job / replications, (job % replications) as u32);
                let replication = first(index) + replication;
                record.trial(plan, points.start + index, number + index, replication, progress)
            })
            .collect();
        let mut batch = Self { trials: vec![Vec::new(); points.len()], ..Self::default() };
        for result in results {
            match result {
                Some(Ok(mut trial)) => {
                    trial.replication -= u64::from(first(trial.point - points.start));
                    if let Some(what) = trial.fault() {
                        batch.doubts.push(format!("{}: {what}", words::place(plan, trial.point)));
                    }
                    batch.trials[trial.point - points.start].push(trial);
                }
                Some(Err(failed)) => {
                    batch.doubts.push(format!("{}: {}", words::place(plan, failed.point), failed.what));
                }
                None => batch.is_interrupted = true,
            }
        }
        batch
    }
}
