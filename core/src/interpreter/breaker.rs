//! Steps behind circuit breakers.

use crate::engine::next::Next;
use crate::engine::token::{Failure, FrameKind};
use crate::interpreter::world::World;
use crate::kernel::Time;
use crate::parts::guards::breaker::Breaker;
use crate::parts::guards::window::Ended;

impl World<'_> {
    /// Steps behind a breaker begin, or fail at once.
    #[inline(never)]
    pub(crate) fn begin_guarded(&mut self, t: u32, breaker: u32) -> Next {
        let breaker = self.process_of(t).breakers + breaker;
        let now = self.engine.now;
        let guard = &mut self.guards.breakers[breaker as usize];
        let before = guard.era;
        let (passed, has_window) = (guard.pass(now), guard.has_window());
        if guard.era != before {
            self.mark_breaker(breaker);
        }
        match passed {
            Some(_) if has_window => {
                let next = self.enter_frame(t, FrameKind::Judged { breaker, since: now });
                self.account_take(t, self.engine.tokens[t].frame);
                next
            }
            Some(era) => self.enter_frame(t, FrameKind::Breaker { breaker, era }),
            None => Next::Fail(Failure::BREAKER_OPEN),
        }
    }

    fn breaker_in(&mut self, breaker: u32, era: u32) -> Option<&mut Breaker> {
        self.guards.breakers.get_mut(breaker as usize).filter(|breaker| breaker.era == era)
    }

    pub(crate) fn breaker_succeeded(&mut self, breaker: u32, era: u32) {
        let now = self.engine.now;
        if let Some(guard) = self.breaker_in(breaker, era) {
            guard.succeeded(now);
            if guard.era != era {
                self.mark_breaker(breaker);
            }
        }
    }

    /// The token has failed behind a breaker, which counts that.
    pub(crate) fn breaker_failed(&mut self, t: u32, why: Failure, breaker: u32, era: u32) {
        let now = self.engine.now;
        if let Some(guard) = self.breaker_in(breaker, era) {
            guard.failed(now);
            if guard.era != era {
                self.mark_breaker(breaker);
            }
            self.account_counted(t, why, breaker);
        }
    }

    /// The token's call behind a breaker with a window has ended, after it began at `since`.
    #[inline(never)]
    pub(crate) fn judge(&mut self, t: u32, breaker: u32, since: Time, failed: bool) {
        let now = self.engine.now;
        let guard = &mut self.guards.breakers[breaker as usize];
        let slow = guard.is_slow(now.since(since));
        let era = guard.era;
        guard.ended(now, Ended { failed, slow });
        if guard.era != era {
            self.mark_breaker(breaker);
        }
        let frame = self.engine.tokens[t].frame;
        self.account_judged(t, frame, breaker, slow);
        self.engine.frames[frame].kind = FrameKind::Judged { breaker, since: Time::MAX };
    }

    /// The same where it has failed.
    pub(crate) fn judge_failure(&mut self, t: u32, why: Failure, breaker: u32, since: Time) {
        self.judge(t, breaker, since, true);
        self.account_counted(t, why, breaker);
    }

    /// A call behind such a breaker is over: without a result, if it has not been judged.
    #[inline(never)]
    pub(crate) fn leave_judged(&mut self, t: u32, frame: u32, breaker: u32, since: Time) {
        if since < Time::MAX {
            self.guards.breakers[breaker as usize].gave_up();
            self.account_judged(t, frame, breaker, false);
        }
    }

    #[inline(never)]
    pub(crate) fn breaker_left(&mut self, breaker: u32, era: u32) {
        if let Some(breaker) = self.breaker_in(breaker, era) {
            breaker.left();
        }
    }
}
