//! Ctrl-C. The first ends the trials under way, and what is finished is still summarised and written; a second one ends
//! the process at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::exit::Exit;
use crate::experiment::runner::Progress;

/// Watches for Ctrl-C from now on.
pub(super) fn watch(progress: &Arc<Progress>) {
    let progress = Arc::clone(progress);
    let interrupt = move || {
        if progress.interrupted.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted.code().into());
        }
    };
    // Where the handler cannot be set, Ctrl-C ends the process at once, as it does anywhere.
    let _ = ctrlc::set_handler(interrupt);
}
