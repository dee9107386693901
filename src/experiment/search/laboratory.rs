//! The laboratory: trials of points that are made as they are asked for.

use rayon::prelude::*;

use crate::experiment::analyse::summary::{Doubt, Summary};
use crate::experiment::analyse::trial::{FailedTrial, Trial};
use crate::experiment::analyse::words;
use crate::experiment::plan::{Plan, Study};
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;
use crate::language::{Mistakes, Objective};

/// The trials of a study so far. Replication `r` of every point meets the same random numbers.
#[derive(Debug)]
pub struct Laboratory<'a> {
    study: Study,
    record: &'a Record,
    progress: &'a Progress,
    /// By point.
    done: Vec<Vec<Trial>>,
    /// By point: replications that were run, with or without figures.
    run: Vec<u32>,
    failed: Vec<FailedTrial>,
    is_interrupted: bool,
}

/// The number of replications that a point must have in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Which point of the study's plan.
    pub point: usize,
    /// Replications, those that are there already included.
    pub replications: u32,
}

impl<'a> Laboratory<'a> {
    /// A laboratory without any trial.
    pub fn new(study: Study, record: &'a Record, progress: &'a Progress) -> Self {
        Self { study, record, progress, done: Vec::new(), run: Vec::new(), failed: Vec::new(), is_interrupted: false }
    }

    /// The plan of all points so far.
    pub fn plan(&self) -> &Plan {
        self.study.plan()
    }

    /// The plan, when nothing more is asked for.
    pub fn into_plan(self) -> Plan {
        self.study.plan().clone()
    }

    /// The index of a point; see [`Study::point`].
    pub fn point(&mut self, variant: usize, numbers: &[f64]) -> Result<usize, Mistakes> {
        let point = self.study.point(variant, numbers)?;
        if self.done.len() <= point {
            self.done.resize_with(point + 1, Vec::new);
            self.run.resize(point + 1, 0);
        }
        Ok(point)
    }

    /// Runs what is missing, on all threads. An interrupt leaves some out.
    pub fn run(&mut self, demands: &[Demand]) {
        let mut missing: Vec<(usize, u32)> = Vec::new();
        for demand in demands {
            let from = self.run.get(demand.point).copied().unwrap_or(0);
            missing.extend((from..demand.replications).map(|replication| (demand.point, replication)));
            if let Some(run) = self.run.get_mut(demand.point) {
                *run = demand.replications.max(from);
            }
        }
        let (plan, record, progress) = (self.study.plan(), self.record, self.progress);
        let results: Vec<_> = missing
            .par_iter()
            .with_max_len(1)
            .map(|&(point, replication)| record.trial(plan, point, point, replication, progress))
            .collect();
        for (result, (point, _)) in results.into_iter().zip(missing) {
            match result {
                Some(Ok(trial)) => self.done[point].push(trial),
                Some(Err(failed)) => self.failed.push(failed),
                None => self.is_interrupted = true,
            }
        }
    }

    /// The trials of a point that gave figures, in the order of replications.
    pub fn trials(&self, point: usize) -> &[Trial] {
        self.done.get(point).map_or(&[], Vec::as_slice)
    }

    /// The figures of a point for a required success rate `success`; none without any trial.
    pub fn summary(&self, point: usize, success: f64, objectives: &[Objective]) -> Option<Summary> {
        Summary::of_plan(self.plan(), point, self.trials(point), success, objectives)
    }

    /// Why the trials of a point do not show how good it is, where a longer run would.
    pub fn doubt(&self, point: usize) -> Option<Doubt> {
        self.summary(point, 0.0, &[])?.doubt.filter(Doubt::needs_longer_run)
    }

    /// Replications of a point that were run.
    pub fn replications(&self, point: usize) -> u32 {
        self.run.get(point).copied().unwrap_or(0)
    }

    /// All trials so far.
    pub fn count(&self) -> usize {
        self.done.iter().map(Vec::len).sum::<usize>() + self.failed.len()
    }

    /// Whether an interrupt left trials out.
    pub fn is_interrupted(&self) -> bool {
        self.is_interrupted
    }

    /// What casts doubt on the answer: trials that failed, violated a law or were ended by a limit.
    pub fn doubts(&self) -> Vec<String> {
        let failed = self.failed.iter().map(|failed| (failed.point, failed.replication, failed.what.clone()));
        let fault = |trial: &Trial| Some((trial.point, trial.replication, trial.fault()?));
        let unsound = self.done.iter().flatten().filter_map(fault);
        let plan = self.plan();
        let told = failed.chain(unsound).map(|(point, replication, what)| {
            format!("{}, replication {replication}: {what}", words::place(plan, point))
        });
        told.collect()
    }
}
