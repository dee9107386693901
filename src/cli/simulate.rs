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
    watched(effort, |progress| runner::run(plan, progress))
}

/// Does something on threads of its own, with a progress bar, until it is done or interrupted.
pub(super) fn watched<T: Send>(effort: &Effort, work: impl FnOnce(&Progress) -> T + Send) -> Result<T, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(effort.threads()).build()?;
    let progress = Arc::new(Progress::default());
    interrupt::watch(&progress);
    let mut bar = Bar::new(effort.quiet);
    let (done, wait) = channel::<()>();
    thread::scope(|scope| {
        let seen = &progress;
        scope.spawn(move || {
            while wait.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                bar.update(seen);
            }
            bar.finish();
        });
        let result = pool.install(|| work(&progress));
        drop(done);
        Ok(result)
    })
}
