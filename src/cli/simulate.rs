//! Runs something on threads of its own, with a progress bar and an ear for Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use super::adjust::Effort;
use super::bar::{Bar, TICK};
use super::exit::ExitFailure;
use super::interrupt;
use crate::experiment::plan::Plan;
use crate::experiment::run::runner::{self, Progress, Trials};

/// Runs all trials of a plan, or those that an interrupt leaves time for.
pub(super) fn simulate(plan: &Plan, effort: &Effort) -> Result<Trials, ExitFailure> {
    watched(effort, |progress| runner::run(plan, progress))
}

/// Runs trials whose number is known while they run.
pub(super) fn watched<T: Send>(effort: &Effort, work: impl FnOnce(&Progress) -> T + Send) -> Result<T, ExitFailure> {
    watched_until(&interrupt::flag(), effort, work)
}

/// Runs trials, the number of which becomes known while they run, until this flag is set.
pub(super) fn watched_until<T: Send>(
    interrupted: &Arc<AtomicBool>,
    effort: &Effort,
    work: impl FnOnce(&Progress) -> T + Send,
) -> Result<T, ExitFailure> {
    on_threads(Bar::new(effort.quiet), interrupted, effort, work)
}

/// Runs a search, or the part of it that an interrupt leaves time for. The number of trials is not known in advance, so
/// that the bar only counts them.
pub(super) fn pursue<T: Send>(effort: &Effort, search: impl FnOnce(&Progress) -> T + Send) -> Result<T, ExitFailure> {
    on_threads(Bar::endless(effort.quiet), &interrupt::flag(), effort, search)
}

/// Does something on threads of its own until it is done or interrupted, while a bar shows how far it is.
fn on_threads<T: Send>(
    mut bar: Bar,
    interrupted: &Arc<AtomicBool>,
    effort: &Effort,
    work: impl FnOnce(&Progress) -> T + Send,
) -> Result<T, ExitFailure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(effort.threads()).build()?;
    let progress = Progress { interrupted: Arc::clone(interrupted), ..Progress::default() };
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
