//! The listen backlog: connections that are established and not yet accepted, in one queue for all workers of a
//! replica.
//!
//! With `listen(fd, backlog)` Linux holds `backlog + 1` of them (`sk_acceptq_is_full`). Beyond that it drops the SYN
//! (`tcp_abort_on_overflow = 0`), and the client sends it again after 1 s, 2 s, 4 s and so on, that is 1, 3, 7, 15, 31
//! and 63 s after the first (RFC 6298: an initial time-out of 1 s, doubled each time; `tcp_syn_retries = 6`), until its
//! time-out for connects or, without one, until 127 s. (Since Linux 6.5 the first four follow each other after 1 s,
//! `tcp_syn_linear_timeouts`; that is not modelled.)

use crate::kernel::Time;
use crate::kernel::gauge::TimeWeighted;

use crate::parts::usage::Sum;

/// The accept queue of a replica, which has a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AcceptQueue {
    pub waiting: TimeWeighted,
    pub room: u32,
    /// Connections that were established.
    pub entered: u64,
    /// SYNs that were dropped.
    pub dropped: u64,
}

impl AcceptQueue {
    pub fn new(backlog: Option<u32>) -> Self {
        let room = backlog.map_or(u32::MAX, |backlog| backlog.saturating_add(1));
        Self { waiting: TimeWeighted::default(), room, entered: 0, dropped: 0 }
    }

    /// Connections that wait in it; none where it has room for any number.
    pub fn bounded(&self) -> Option<TimeWeighted> {
        (self.room < u32::MAX).then_some(self.waiting)
    }

    /// Adds what it did in the window to a row. `backlog`: as the service listens with.
    pub fn add_to(&self, sum: &mut Sum, now: Time, backlog: u32) {
        sum.gauge(&self.waiting, now, Some(f64::from(backlog) + 1.0));
        sum.use_.visits += self.entered;
        sum.use_.refused += self.dropped;
    }

    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        self.waiting.reset(now);
        (self.entered, self.dropped) = (0, 0);
    }
}
