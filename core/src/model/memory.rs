//! Memory of processes, and its collector.

use super::program::Draw;
use crate::kernel::Time;

/// A mebibyte.
pub const MIB: u64 = 1 << 20;

/// Memory of the processes of a service.
#[derive(Clone, Debug)]
pub struct MemoryPlan {
    /// Bytes in use in a process without requests.
    pub base: u64,
    /// Bytes of a replica beyond which it is killed; none: never.
    pub limit: Option<u64>,
    /// How long a replica is down after that, back-off aside.
    pub restart_time: Time,
    /// What frees the garbage; none: there is none.
    pub collector: Option<CollectorPlan>,
}

impl MemoryPlan {
    /// Whether a replica can be killed for want of memory.
    pub fn can_run_out(&self) -> bool {
        self.limit.is_some() || self.collector.is_some_and(|collector| collector.heap.is_some())
    }
}

/// A garbage collector of each process.
#[derive(Clone, Copy, Debug)]
pub struct CollectorPlan {
    /// Whether the process stops while it works.
    pub stops: bool,
    /// Bytes of the heap at most, live data and garbage together; none: any number.
    pub heap: Option<u64>,
    /// Bytes of garbage at most between two collections.
    pub young: Option<u64>,
    /// The same as a share of the live data of the last collection.
    pub growth: Option<f64>,
    /// Bytes of the heap in use from which on it begins, if it does not stop the process.
    pub start: Option<u64>,
    /// The fixed part of the time of a collection on each of its threads.
    pub time: Option<Draw>,
    /// The part for each MiB of live data.
    pub time_per_mib: Time,
    /// Threads that it works on.
    pub threads: u32,
}

/// What a request allocates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Bytes that it holds from its first step to its end.
    pub held: u64,
    /// Bytes that it allocates and drops.
    pub dropped: u64,
}
