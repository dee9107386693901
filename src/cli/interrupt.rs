//! Ctrl-C, and SIGTERM, by which a cluster ends a job. The first ends the trials under way, and what is finished is
//! still summarised and written; a second one ends the process at once. SIGHUP is left alone, so that `nohup` does what
//! it is for.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};

use super::exit::Exit;

/// The flag that the first signal sets, for every run of a command that has several. Signals are heard from when it is
/// first asked for.
pub(super) fn flag() -> Arc<AtomicBool> {
    static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
        let interrupted = Arc::default();
        for signal in [SIGINT, SIGTERM] {
            // In this order the first signal meets a flag that is not set. Where no handler can be set, a signal ends
            // the process at once, as it does anywhere.
            let code = Exit::Interrupted.code().into();
            let _ = register_conditional_shutdown(signal, code, Arc::clone(&interrupted))
                .and_then(|_| register(signal, Arc::clone(&interrupted)));
        }
        interrupted
    });
    Arc::clone(&INTERRUPTED)
}
