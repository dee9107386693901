//! What becomes of a token after an operation.

use crate::engine::token::Failure;

/// What becomes of a token after an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It continues with the operation at its program counter.
    On,
    /// Its CPU job is under way: it keeps its event loop.
    Keep,
    /// It waits: its event loop is free for others.
    Park,
    /// It continues after the limits of the run have been checked.
    Pause,
    /// It fails.
    Fail(Failure),
    /// It has answered.
    End,
}
