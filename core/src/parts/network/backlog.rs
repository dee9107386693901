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

use crate::engine::Engine;
use crate::engine::progress::Progress;
use crate::engine::token::Token;
use crate::parts::usage::Sum;

/// RFC 6298's initial retransmission time-out.
const FIRST_RETRY: Time = Time(1_000_000_000);
/// `net.ipv4.tcp_syn_retries`.
const RETRIES: u8 = 6;

/// How far a connection has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialling {
    /// No SYN of it has been dropped, and it is in no accept queue that is counted.
    Fresh,
    /// It is counted in an accept queue.
    Queued,
    /// So many SYNs have been dropped.
    Refused { attempts: u8 },
}

impl From<Progress> for Dialling {
    fn from(phase: Progress) -> Self {
        match phase.count() {
            0 => Self::Fresh,
            1 => Self::Queued,
            count => Self::Refused { attempts: count - 1 },
        }
    }
}

impl From<Dialling> for Progress {
    fn from(arrival: Dialling) -> Self {
        Self::counted(match arrival {
            Dialling::Fresh => 0,
            Dialling::Queued => 1,
            Dialling::Refused { attempts } => attempts + 1,
        })
    }
}

impl Dialling {
    fn attempts(self) -> u8 {
        match self {
            Self::Fresh | Self::Queued => 0,
            Self::Refused { attempts } => attempts,
        }
    }
}

/// What becomes of a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knock {
    /// The connection is established, perhaps after SYNs of it had been dropped.
    Established { was_dropped: bool },
    /// The SYN is dropped, and sent again after this time. Whether it is the first of its connection.
    Dropped { wait: Time, is_first: bool },
}

/// Whether the SYN of a connection that is due to be repeated has been sent as often as it may be.
pub(crate) fn gives_up(token: &Token) -> bool {
    Dialling::from(token.phase).attempts() > RETRIES
}

/// Whether the connection of a token that waits to be accepted is counted in an accept queue.
pub(crate) fn is_counted(token: &Token) -> bool {
    Dialling::from(token.phase) == Dialling::Queued
}

/// The accept queue of a replica, which has a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AcceptQueue {
    waiting: TimeWeighted,
    room: u32,
    /// Connections that were established.
    entered: u64,
    /// SYNs that were dropped.
    dropped: u64,
}

impl AcceptQueue {
    pub fn new(backlog: Option<u32>) -> Self {
        let room = backlog.map_or(u32::MAX, |backlog| backlog.saturating_add(1));
        Self { waiting: TimeWeighted::default(), room, entered: 0, dropped: 0 }
    }

    /// A token's SYN comes.
    pub fn knock(&mut self, engine: &mut Engine, t: u32) -> Knock {
        let before = Dialling::from(engine.tokens[t].phase);
        if self.waiting.level() >= self.room {
            self.dropped += 1;
            let attempts = before.attempts();
            engine.tokens[t].phase = Dialling::Refused { attempts: attempts + 1 }.into();
            return Knock::Dropped { wait: Time(FIRST_RETRY.0 << attempts), is_first: attempts == 0 };
        }
        self.waiting.up(engine.now);
        self.entered += 1;
        engine.tokens[t].phase = Dialling::Queued.into();
        Knock::Established { was_dropped: before != Dialling::Fresh }
    }

    /// The token leaves the queue, if it is counted there: it is accepted, or its connection is reset.
    pub fn leave(&mut self, engine: &mut Engine, t: u32) {
        if is_counted(&engine.tokens[t]) {
            engine.tokens[t].phase = Progress::BEGIN;
            self.waiting.down(engine.now);
        }
    }

    /// Connections that wait in it.
    pub fn level(&self) -> u32 {
        self.waiting.level()
    }

    /// Connections that wait in it over time; none where it has room for any number.
    pub fn bounded(&self) -> Option<TimeWeighted> {
        (self.room < u32::MAX).then_some(self.waiting)
    }

    /// Adds what it did in the window to a row. `backlog`: as the service listens with; `there`: the share of
    /// the window in which there was such a replica.
    pub fn add_to(&self, sum: &mut Sum, now: Time, backlog: u32, there: f64) {
        sum.gauge(&self.waiting, now, Some((f64::from(backlog) + 1.0) * there));
        sum.use_.visits += self.entered;
        sum.use_.refused += self.dropped;
    }

    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        self.waiting.reset(now);
        (self.entered, self.dropped) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux with a backlog of 1: two connections are established, the third's SYN is sent again after 1, 2, 4 s and so on,
    /// and given up 127 s after the first.
    #[test]
    fn a_full_queue_drops_the_syn_with_longer_and_longer_pauses() {
        let (mut queue, mut engine) = (AcceptQueue::new(Some(1)), Engine::default());
        let [first, second, third] = [(); 3].map(|()| engine.tokens.insert(Token::new(0, 0)));
        for t in [first, second] {
            assert_eq!(queue.knock(&mut engine, t), Knock::Established { was_dropped: false });
        }
        let mut total = Time::ZERO;
        for attempt in 0..=RETRIES {
            assert!(!gives_up(&engine.tokens[third]));
            let Knock::Dropped { wait, is_first } = queue.knock(&mut engine, third) else {
                panic!("the queue is full")
            };
            assert_eq!((wait, is_first), (Time(1_000_000_000 << attempt), attempt == 0));
            total += wait;
        }
        assert!(gives_up(&engine.tokens[third]));
        assert_eq!(total, Time(127_000_000_000));
        queue.leave(&mut engine, first);
        assert_eq!(queue.knock(&mut engine, third), Knock::Established { was_dropped: true });
        queue.leave(&mut engine, first);
        assert_eq!(queue.level(), 2, "a connection is counted once");
    }
}
