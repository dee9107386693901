//! Waiting: for time to pass, for an answer, with or without a time-out, and being torn out of a wait.

use crate::kernel::random::mix;
use crate::kernel::{NONE, Time};
use crate::model::Patience;

use crate::engine::next::Next;
use crate::engine::token::{ABANDONED, Failure, IN_THREAD, ROOT, SAMPLED, State, WASTE};
use crate::interpreter::parts::parts;
use crate::interpreter::world::World;
use crate::parts::part::{Left, Part};

/// Names the draws of how long tokens wait in queues.
const PATIENCE: u64 = 0x7061_7469_656e_6365;

impl World<'_> {
    /// The token continues after this time.
    pub(crate) fn elapse(&mut self, t: u32, time: Time) -> Next {
        if time == Time::ZERO {
            return Next::On;
        }
        let now = self.engine.now;
        let token = &mut self.engine.tokens[t];
        token.state = State::Elapsing;
        token.since = now;
        token.event = self.engine.calendar.schedule(now + time, t);
        if token.has(SAMPLED) {
            self.keep_delay(t);
        }
        Next::Park
    }

    /// The token is on its way to a server for this time.
    #[inline]
    pub(crate) fn travel(&mut self, t: u32, time: Time) -> Next {
        let next = self.elapse(t, time);
        if next == Next::Park {
            self.engine.tokens[t].state = State::Outbound;
        }
        next
    }

    /// The token sets out and arrives after this time: with a message, a question or a notice.
    pub(crate) fn carry(&mut self, t: u32, time: Time) {
        self.elapse(t, time);
        self.engine.tokens[t].state = State::Carrying;
    }

    /// The present wait took too long.
    pub(crate) fn timed_out(&mut self, t: u32) {
        self.engine.tokens[t].timer = NONE;
        if self.engine.tokens[t].state == State::Joining {
            return self.hedge(t);
        }
        let why = match self.engine.tokens[t].state {
            _ if self.borrows(t) => Failure::ACQUIRE_TIMEOUT,
            State::Awaiting if self.is_knocking(t) => Failure::CONNECT_TIMEOUT,
            State::Elapsing | State::Outbound | State::AtServer | State::AtDisk if self.queries(t) => {
                Failure::COMMAND_TIMEOUT
            }
            State::Queued | State::ConnectionQueued | State::AtStation => Failure::ACQUIRE_TIMEOUT,
            State::Elapsing => Failure::CONNECT_TIMEOUT,
            _ => Failure::READ_TIMEOUT,
        };
        self.interrupt(t, why);
    }

    /// The token, which has joined a queue, gives up when it has waited for this long.
    pub(crate) fn limit_patience(&mut self, t: u32, patience: Patience) {
        let time = match patience {
            Patience::Fixed(time) => time,
            Patience::Drawn(draw) => {
                let token = &self.engine.tokens[t];
                let key = mix(token.key ^ mix(PATIENCE ^ u64::from(token.pc)));
                self.draw(t, draw, key)
            }
        };
        let at = self.engine.now + time;
        self.engine.tokens[t].event = self.engine.calendar.schedule(at, t);
    }

    /// The token's answer is no longer wanted.
    pub(crate) fn abandon(&mut self, t: u32) {
        let token = &mut self.engine.tokens[t];
        token.parent = NONE;
        token.flags |= ABANDONED;
        // Where jobs are kept it is a part of one, and what becomes of that is counted instead.
        if self.tally.on && !self.jobs.kept && !token.has(WASTE) {
            token.flags |= WASTE | ROOT;
            self.tally.abandoned_inside += 1;
        }
        // The caller closes its connection.
        self.close_inbound(t);
        self.leave_ingress(t);
    }

    /// Tears the token out of whatever it waits for, to fail at its next step. A CPU job is not interrupted: Python
    /// delivers cancellation where the coroutine waits next.
    pub(crate) fn interrupt(&mut self, t: u32, why: Failure) {
        if self.engine.tokens[t].has(IN_THREAD) && self.blocks(t) {
            let earlier = &mut self.engine.tokens[t].failure;
            let is_first = !earlier.is_some();
            if is_first {
                *earlier = why;
            }
            // Python delivers it where the coroutine waits next, and until then the loop runs nothing.
            if why.is_from_outside() {
                return;
            }
            self.explain(t);
        } else {
            if self.engine.tokens[t].failure == Failure::CANCELLED {
                return;
            }
            self.explain(t);
            self.engine.tokens[t].failure = why;
        }
        match self.engine.tokens[t].state {
            State::Ready | State::Backlog | State::Working => return,
            _ => self.leave_wait(t),
        }
        self.engine.drop_timer(t);
        self.wake(t);
    }

    /// Takes a token from whatever it waits for; the server that works on its answer learns that the answer is not wanted.
    pub(crate) fn leave_wait(&mut self, t: u32) {
        match self.engine.tokens[t].state {
            State::Queued
            | State::ConnectionQueued
            | State::Coalescing
            | State::AtServer
            | State::AtDisk
            | State::AtStation
            | State::Served => self.leave_part(t),
            State::Awaiting => {
                let child = self.engine.tokens[t].wait;
                if self.is_knocking(t) {
                    self.stop_knocking(child);
                    // There is nothing left that could explain its wait.
                    self.engine.tokens[t].state = State::Ready;
                } else {
                    self.abandon(child);
                }
            }
            State::Elapsing | State::Outbound | State::Carrying | State::Knocking => self.engine.forget_event(t),
            State::Joining => self.disband(self.engine.tokens[t].wait, true),
            State::Hung => {}
            State::Ready | State::Backlog | State::Working => {
                unreachable!("a token at work, or that is to be, does not wait")
            }
        }
    }

    /// Takes a token from the part at which it waits: the one of the list that keeps it.
    fn leave_part(&mut self, t: u32) {
        let system = self.system;
        let engine = &mut self.engine;
        let mut left = Left::Elsewhere;
        for part in parts!(self, mut) {
            left = part.leave(system, engine, t);
            if left != Left::Elsewhere {
                break;
            }
        }
        match left {
            Left::Next(next) => self.serve(next, self.engine.tokens[t].wait),
            Left::Job(left) => self.account_job_end(t, left),
            Left::Alone => {}
            Left::Elsewhere => debug_assert!(false, "no part keeps the token"),
        }
    }
}
