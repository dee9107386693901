//! Branches that run side by side, and hedged attempts (Dean and Barroso 2013; gRPC A6): tokens of their own in the
//! same process, and a parent that waits for them.
//!
//! A branch draws with its parent's key, so that steps draw the same whether they stand in a branch or not; a further
//! attempt of a hedge draws otherwise than the first.

use crate::kernel::list::List;

/// A parent and its branches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Join {
    pub parent: u32,
    /// The outermost frames of the branches that are under way.
    pub branches: List,
    pub plan: u32,
    /// Branches begun.
    pub begun: u32,
    /// The key of the next attempt of a hedge.
    pub key: u64,
}
