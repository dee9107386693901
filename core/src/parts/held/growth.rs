//! Thread pools that grow, and limits that stand for such pools.
//!
//! There are two rules:
//! - **Starved**: each look adds one unit if something waits and nothing was granted since the last look. That is the gate
//!   thread of .NET (`PortableThreadPool.GateThread`: every 500 ms, if requests for workers are open and the last dequeue is
//!   more than 500 ms ago, the goal is raised by one). Hill climbing, which adds threads while they raise the throughput, is
//!   not modelled.
//! - **Full**: a request that finds the queue full adds a unit, and takes it before those that wait; the unit stays
//!   (`java.util.concurrent.ThreadPoolExecutor.execute`: core threads first, then the queue, then `addWorker` with the new
//!   task, and rejection at the maximum).
//!
//! Tomcat's `TaskQueue.offer` refuses a task while there are fewer threads than the maximum and none is idle, so that a
//! request never waits before all threads exist: that is a pool of fixed size. So is libuv's pool.

use crate::kernel::Time;
use crate::model::Growth;

use crate::engine::queue::Queue;
use crate::parts::held::slots::Slots;

/// How slots grow, and when they were last looked at.
#[derive(Clone, Debug)]
pub(crate) struct Growing {
    /// Units that a process starts with.
    from: u32,
    /// The time between two looks; none: they grow when their queue is full.
    every: Option<Time>,
    /// Whether the next look is scheduled.
    is_watched: bool,
    /// The grants at the last look.
    grants: u64,
}

impl Slots {
    /// Lets them grow.
    pub fn growing(mut self, growth: Option<Growth>) -> Self {
        if let Some(Growth { to, every }) = growth {
            // Not plain, so that each new wait is noticed.
            self.queue = Queue::new(self.queue.order(), true);
            self.full_size = to;
            self.growth = Some(Box::new(Growing { from: self.size, every, is_watched: false, grants: 0 }));
        }
        self
    }

    /// Whether they grow, but only when their queue is full.
    pub fn grows_only_when_full(&self) -> bool {
        self.growth.as_ref().is_some_and(|growing| growing.every.is_none())
    }

    /// The queue is full: adds a unit for the request that cannot wait, if these slots grow so. Returns whether they did.
    pub fn grows_when_full(&mut self, now: Time) -> bool {
        let grows = self.grows_only_when_full() && self.size < self.full_size;
        if grows {
            self.add_unit(now);
        }
        grows
    }

    /// Something waits: the time to the next look, if none is scheduled and more units are possible.
    pub fn next_look(&mut self) -> Option<Time> {
        let growing = self.growth.as_mut().filter(|growing| !growing.is_watched)?;
        let every = growing.every.filter(|_| self.size < self.full_size)?;
        (growing.is_watched, growing.grants) = (true, self.grants);
        Some(every)
    }

    /// Adds a unit if something waits and nothing was granted since the last look. Returns whether it did.
    pub fn look(&mut self, now: Time) -> bool {
        let Some(growing) = &mut self.growth else { return false };
        growing.is_watched = false;
        let is_starved = growing.grants == self.grants && !self.queue.is_empty() && self.size < self.full_size;
        if is_starved {
            self.add_unit(now);
        }
        is_starved
    }

    fn add_unit(&mut self, now: Time) {
        self.size += 1;
        self.opened += 1;
        self.sizes.set(now, self.size);
    }

    /// Their process has been killed: it starts again with its first units.
    pub fn shrink_to_start(&mut self) {
        if let Some(growing) = &self.growth {
            (self.size, self.opened) = (growing.from, growing.from);
        }
    }

    /// Counts grants from zero, and keeps whether there was one since the last look.
    pub fn forget_grants(&mut self) {
        let grants = self.grants;
        if let Some(growing) = &mut self.growth {
            growing.grants = if growing.grants == grants { 0 } else { u64::MAX };
        }
        self.grants = 0;
    }
}
