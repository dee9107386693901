//! Runs a plan on threads of its own, with a progress bar and an ear for Ctrl-C.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use super::adjust::Effort;
use super::bar::{Bar, TICK};
use super::exit::Failure;
use super::interrupt;
use crate::experiment::design::Plan;
use crate::experiment::runner::{self, Progress, Trials};

/// Runs all trials of a plan, or those that an interrupt leaves time for.
pub(super) fn simulate(plan: &Plan, effort: &Effort) -> Result<Trials, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(effort.threads()).build()?;
    let progress = Arc::new(Progress::default());
    interrupt::watch(&progress);
    let mut bar = Bar::new(plan.points.len() * plan.replications as usize, effort.quiet);
    let (done, wait) = channel::<()>();
    thread::scope(|scope| {
        let watched = &progress;
        scope.spawn(move || {
            while wait.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                bar.update(watched);
            }
            bar.finish();
        });
        let trials = pool.install(|| runner::run(plan, &progress));
        drop(done);
        Ok(trials)
    })
}
