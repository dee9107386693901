//! Queues that drop those who wait, under overload.

use crate::kernel::{NONE, Time};
use crate::model::Shedding;

use crate::engine::token::{ABANDONED, Failure, Frame, FrameKind, State};
use crate::interpreter::world::World;

impl World<'_> {
    /// The token, which has joined a queue that has not been empty since `busy_since`, is dropped if it has not left it by the
    /// time that this allows.
    #[inline(never)]
    pub(crate) fn limit_by_shedding(&mut self, t: u32, shedding: Shedding, busy_since: Time) {
        let now = self.engine.now;
        let at = match shedding {
            Shedding::Codel { target, interval } if now.since(busy_since) > interval => now + target,
            Shedding::Codel { interval, .. } => now + interval,
            Shedding::Late(needs) => match self.known_deadline(t) {
                Some(deadline) => Time(deadline.0.saturating_sub(needs.0)).max(now),
                None => return,
            },
        };
        self.engine.tokens[t].event = self.engine.calendar.schedule(at, t);
    }

    /// When whoever waits for the token's answer gives up, or a time-out of its own steps is over: what a request would carry in a
    /// header (`grpc-timeout`, Envoy's `x-envoy-expected-rq-timeout-ms`).
    fn known_deadline(&self, t: u32) -> Option<Time> {
        let token = &self.engine.tokens[t];
        if token.has(ABANDONED) {
            return Some(self.engine.now);
        }
        let timer = match (token.request, token.parent) {
            (NONE, NONE) => NONE,
            (NONE, parent) => self.engine.tokens[parent].timer,
            (request, _) => self.requests[request].timer,
        };
        let of_caller = (timer != NONE).then(|| self.engine.deadlines.time(timer));
        let mut earliest = of_caller.unwrap_or(Time::MAX);
        let mut frame = token.frame;
        while frame != NONE {
            let Frame { below, kind, .. } = self.engine.frames[frame];
            frame = below;
            match kind {
                FrameKind::Timeout { deadline, .. } if deadline != NONE => {
                    earliest = earliest.min(self.engine.deadlines.time(deadline));
                }
                FrameKind::Deadline { task } if task != NONE => earliest = earliest.min(self.engine.tasks[task].at),
                _ => {}
            }
        }
        (earliest < Time::MAX).then_some(earliest)
    }

    /// The event that ends the wait of a token in a queue: its patience is over, or it is dropped.
    #[inline(never)]
    pub(crate) fn waited_too_long(&mut self, t: u32) {
        let (state, wait) = (self.engine.tokens[t].state, self.engine.tokens[t].wait as usize);
        let shedding = match state {
            State::AtStation => self.stations[wait].shedding,
            _ => self.slots[wait].shedding,
        };
        let why = match shedding {
            None => return self.timed_out(t),
            Some(Shedding::Codel { .. }) => Failure::DELAY_CONTROLLED,
            Some(Shedding::Late(_)) => Failure::TOO_LATE,
        };
        match state {
            State::AtStation => self.stations[wait].drop_one(),
            _ => self.slots[wait].shed += 1,
        }
        self.interrupt(t, why);
    }
}
