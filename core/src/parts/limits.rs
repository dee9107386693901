//! What ends a run before its time.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// What ends a run before its time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits<'a> {
    /// Events at most.
    pub max_events: Option<u64>,
    /// Time on the wall at most.
    pub deadline: Option<Instant>,
    /// Raised from outside, by Ctrl-C.
    pub interrupted: Option<&'a AtomicBool>,
}
