//! Ctrl-C. The first ends the trials under way, and what is finished is still summarised and written; a second one ends
//! the process at once.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::exit::Exit;
use crate::experiment::runner::Progress;

/// The run that an interrupt ends: a command may have several, one after the other.
static PRESENT: Mutex<Option<Arc<Progress>>> = Mutex::new(None);

/// Watches for Ctrl-C from now on.
pub(super) fn watch(progress: &Arc<Progress>) {
    *PRESENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(progress));
    let interrupt = || {
        let present = PRESENT.lock().unwrap_or_else(PoisonError::into_inner);
        if present.as_ref().is_none_or(|progress| progress.interrupted.swap(true, Ordering::Relaxed)) {
            std::process::exit(Exit::Interrupted.code().into());
        }
    };
    // Where the handler cannot be set, Ctrl-C ends the process at once, as it does anywhere; it is set but once.
    let _ = ctrlc::set_handler(interrupt);
}
