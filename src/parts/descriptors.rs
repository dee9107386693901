//! Descriptors of a process.
//!
//! A process starts with a few, plus one for each database connection; a request has one for its inbound connection
//! and one for each outbound. With the table full, an outbound connect fails at once (`OSError: [Errno 24]`), and accept
//! fails with EMFILE: asyncio (CPython 3.11, `selector_events._accept_connection`) logs, stops reading the listening
//! socket, and schedules a retry in one second; the loop round its `backlog` burns CPU meanwhile.

use crate::kernel::gauge::Gauge;
use crate::kernel::random::name;
use crate::kernel::time::Time;

use super::token::INBOUND;
use super::world::{World, slot};

/// How long accept pauses after EMFILE: `constants.ACCEPT_RETRY_DELAY` of asyncio.
const ACCEPT_RETRY: Time = Time(1_000_000_000);

/// The descriptor table of a process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptors {
    pub used: Gauge,
    pub limit: Option<u32>,
    /// Times that the table was found full.
    pub exhausted: u64,
}

impl Descriptors {
    pub fn new(used: u32, limit: Option<u32>) -> Self {
        let mut gauge = Gauge::default();
        gauge.set(Time::ZERO, used);
        Self { used: gauge, limit, exhausted: 0 }
    }

    /// Takes one, if there is one.
    pub fn take(&mut self, now: Time) -> bool {
        let free = self.limit.is_none_or(|limit| self.used.level() < limit);
        if free {
            self.used.up(now);
        } else {
            self.exhausted += 1;
        }
        free
    }

    pub fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.used.level() >= limit)
    }

    pub fn release(&mut self, now: Time) {
        self.used.down(now);
    }
}

impl World<'_> {
    /// Takes a descriptor for the inbound connection of a request.
    pub(super) fn take_inbound(&mut self, process: u32, t: u32) -> bool {
        let now = self.now;
        let taken = self.processes[process as usize].descriptors.take(now);
        if taken {
            self.tokens[t].flags |= INBOUND;
        }
        taken
    }

    /// Closes the inbound connection of a request, if it is open.
    pub(super) fn close_inbound(&mut self, t: u32) {
        let token = &mut self.tokens[t];
        if token.has(INBOUND) {
            token.flags &= !INBOUND;
            let (process, now) = (token.process as usize, self.now);
            self.processes[process].descriptors.release(now);
        }
    }

    /// Accept met EMFILE: it pauses, the loop burns the CPU of the episode, and what waits in the backlog is left to an
    /// idle worker beside it, if there is one.
    pub(super) fn pause_accept(&mut self, process: u32) {
        let at = self.now + ACCEPT_RETRY;
        self.processes[process as usize].event_loop.accept_paused = true;
        self.calendar.schedule(at, slot::ACCEPT + process);
        self.accept_retries += 1;
        if let Some(draw) = self.processes[process as usize].emfile_cpu {
            let episode = self.processes[process as usize].descriptors.exhausted;
            let key = name(self.key, episode, "emfile", u64::from(process));
            let work = self.draw(draw, key);
            self.burn(process, work);
        }
        let shared = &self.replicas[self.processes[process as usize].replica as usize];
        if shared.backlog.is_empty() {
            return;
        }
        let mut workers = shared.first_process..shared.first_process + shared.workers;
        let able = |worker: &u32| {
            let event_loop = &self.processes[*worker as usize].event_loop;
            *worker != process && event_loop.is_idle() && !event_loop.accept_paused
        };
        if let Some(other) = workers.find(able) {
            self.poll(other);
        }
    }
}
