//! The phases of a window: what clients saw, and how much each resource was used, in each part of it. They tell what was
//! in use while requests failed or were slow, which the means over the window do not.

use crate::kernel::Time;

/// Phases of a finite test, each with the same number of requests that end in it.
pub const OF_TEST: u32 = 16;

/// A part of a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phase {
    /// Its length.
    pub length: Time,
    /// Requests answered with success in it.
    pub succeeded: u64,
    /// Requests that ended in it, each attempt of a client by itself.
    pub ended: u64,
    /// Requests under way at its end.
    pub under_way: u64,
    /// Response times of the successful in all, in nanoseconds.
    pub response_ns: u128,
    /// Of the successful, those that took longer than each of the bounds that are watched.
    pub slower: Vec<u64>,
    /// Whether the load, a finite test, had sent its last request before.
    pub is_tail: bool,
    /// How much each resource was used, in the order of the window's resources.
    pub uses: Vec<PhaseUse>,
}

/// How much a resource was used in a phase, over all its instances.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PhaseUse {
    /// Units in use, times nanoseconds.
    pub in_use: f64,
    /// Units that there were, times nanoseconds; none: unlimited.
    pub capacity: Option<f64>,
}

impl PhaseUse {
    /// What came since an earlier time, where both are counted from the opening of the window.
    pub fn since(self, before: Self) -> Self {
        let capacity = self.capacity.map(|capacity| capacity - before.capacity.unwrap_or(0.0));
        Self { in_use: self.in_use - before.in_use, capacity }
    }
}

/// The phases of a window that is open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phases {
    /// Response times of which is counted how many took longer.
    pub bounds: Vec<Time>,
    /// Those that have ended.
    pub ended: Vec<Phase>,
    /// All that had happened in the window up to the end of the last.
    pub before: Phase,
    pub is_tail: bool,
}

impl Phases {
    /// The window opens.
    pub fn reset(&mut self) {
        let bounds = std::mem::take(&mut self.bounds);
        *self = Self { bounds, ..Self::default() };
    }

    /// The window closes.
    pub fn take(&mut self) -> Vec<Phase> {
        std::mem::take(&mut self.ended)
    }
}
