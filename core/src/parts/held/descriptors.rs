//! Descriptors of a process.
//!
//! A process starts with a few, plus one for each database connection; a request has one for its inbound connection and
//! one for each outbound. With the table full, an outbound connect fails at once (`OSError: [Errno 24]`), and accept
//! fails with EMFILE: asyncio (CPython 3.11, `selector_events._accept_connection`) logs, stops reading the listening
//! socket, and schedules a retry in one second. It does so for each of the up to `backlog` turns of its loop (uvicorn:
//! 2048), so one *episode* blocks the event loop for half a second (measured) and leaves as many retries behind, each
//! of which makes it accept again: once the first are due, episodes run back to back for as long as the table is full.

use std::collections::VecDeque;

use crate::kernel::gauge::TimeWeighted;
use crate::kernel::time::Time;

use crate::parts::usage::Sum;

/// The descriptor table of a process.
#[derive(Clone, Debug)]
pub(crate) struct Descriptors {
    pub used: TimeWeighted,
    pub limit: Option<u32>,
    /// Descriptors taken since the last reset.
    pub taken: u64,
    /// Times that the table was found full.
    pub exhausted: u64,
    /// Of these, before the last reset.
    exhausted_before: u64,
    /// When the episode of EMFILE under way began.
    pub episode: Option<Time>,
    /// From when to when the retries of each past episode are due.
    pub retries: VecDeque<(Time, Time)>,
}

impl Descriptors {
    pub fn new(used: u32, limit: Option<u32>) -> Self {
        let mut gauge = TimeWeighted::default();
        gauge.set(Time::ZERO, used);
        Self {
            used: gauge,
            limit,
            taken: 0,
            exhausted: 0,
            exhausted_before: 0,
            episode: None,
            retries: VecDeque::new(),
        }
    }

    /// Takes one, if there is one.
    pub fn take(&mut self, now: Time) -> bool {
        let free = self.limit.is_none_or(|limit| self.used.level() < limit);
        if free {
            self.used.up(now);
            self.taken += 1;
        } else {
            self.exhausted += 1;
        }
        free
    }

    /// Adds what it did in the window to a row. `there`: the share of the window in which there was such a process.
    pub fn add_to(&self, sum: &mut Sum, now: Time, there: f64) {
        sum.gauge(&self.used, now, self.limit.map(|limit| f64::from(limit) * there));
        sum.use_.visits += self.taken;
        sum.use_.refused += self.exhausted_since_reset();
    }

    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        self.used.reset(now);
        self.taken = 0;
        self.exhausted_before = self.exhausted;
    }

    /// Times that the table was found full since the last reset.
    pub fn exhausted_since_reset(&self) -> u64 {
        self.exhausted - self.exhausted_before
    }

    /// The process is no more.
    pub fn clear(&mut self, now: Time) {
        self.used.set(now, 0);
        self.episode = None;
        self.retries.clear();
    }

    pub fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.used.level() >= limit)
    }

    pub fn release(&mut self, now: Time) {
        self.used.down(now);
    }
}
