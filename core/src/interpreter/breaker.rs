//! Steps behind circuit breakers.

use crate::engine::next::Next;
use crate::engine::token::{Failure, FrameKind};
use crate::interpreter::world::World;
use crate::parts::guards::breaker::Breaker;

impl World<'_> {
    /// Steps behind a breaker begin, or fail at once.
    #[inline(never)]
    pub(crate) fn begin_guarded(&mut self, t: u32, breaker: u32) -> Next {
        let breaker = self.process_of(t).breakers + breaker;
        let now = self.engine.now;
        let guard = &mut self.guards.breakers[breaker as usize];
        let before = guard.era;
        let passed = guard.pass(now);
        if guard.era != before {
            self.mark_breaker(breaker);
        }
        match passed {
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

    #[inline(never)]
    pub(crate) fn breaker_left(&mut self, breaker: u32, era: u32) {
        if let Some(breaker) = self.breaker_in(breaker, era) {
            breaker.left();
        }
    }
}
