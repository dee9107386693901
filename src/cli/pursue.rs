//! Runs a search on threads of its own, with an ear for Ctrl-C. How many trials it will take nobody knows, so that the
//! bar only counts them.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use super::adjust::Effort;
use super::bar::{Bar, TICK};
use super::exit::Failure;
use super::interrupt;
use crate::experiment::runner::Progress;

/// Runs a search, or the part of it that an interrupt leaves time for.
pub(super) fn pursue<T: Send>(effort: &Effort, search: impl FnOnce(&Progress) -> T + Send) -> Result<T, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(effort.threads()).build()?;
    let progress = Arc::new(Progress::default());
    interrupt::watch(&progress);
    let mut bar = Bar::endless(effort.quiet);
    let (done, wait) = channel::<()>();
    thread::scope(|scope| {
        let watched = &progress;
        scope.spawn(move || {
            while wait.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                bar.update(watched);
            }
            bar.finish();
        });
        let found = pool.install(|| search(&progress));
        drop(done);
        Ok(found)
    })
}
