//! Unwinding: a token that fails undoes its frames, innermost first, until one catches. What it holds is given back on
//! the way. Cancellation and the death of its process are caught by none.

use crate::kernel::NONE;

use crate::engine::next::Next;
use crate::engine::progress::Progress;
use crate::engine::token::{Failure, FrameKind, IN_THREAD};
use crate::interpreter::world::World;

/// The frames that neither catch a failure nor end with a step that succeeds.
macro_rules! holding {
    () => {
        FrameKind::Hold { .. }
            | FrameKind::Lent { .. }
            | FrameKind::Severed { .. }
            | FrameKind::Woken { .. }
            | FrameKind::Connection { .. }
            | FrameKind::Line { .. }
            | FrameKind::Paced { .. }
            | FrameKind::Pends { .. }
            | FrameKind::Message { .. }
            | FrameKind::Fetch { .. }
            | FrameKind::Poll { .. }
            | FrameKind::Deadline { .. }
            | FrameKind::Memory { .. }
    };
}

impl World<'_> {
    /// The token fails. Whether a frame caught that, so that it continues at its program counter; else it has ended.
    pub(crate) fn fail(&mut self, t: u32, why: Failure) -> bool {
        self.engine.tokens[t].failure = why;
        self.account_failure(t, why);
        self.engine.drop_timer(t);
        if self.engine.tokens[t].has(IN_THREAD) {
            self.stop_blocking(t);
        }
        if self.engine.tokens[t].frame != NONE {
            return self.unwind(t, why);
        }
        self.finish(t);
        false
    }

    #[inline(never)]
    fn unwind(&mut self, t: u32, why: Failure) -> bool {
        let is_fatal = why == Failure::CANCELLED || self.is_killed(t);
        // Up to a time-out that is over nothing catches: only then it is a failure as any other.
        let mut over = self.outermost_over(t);
        loop {
            let frame = self.engine.tokens[t].frame;
            if frame == NONE {
                self.finish(t);
                return false;
            }
            let can_catch = !is_fatal && over == NONE;
            match self.engine.frames[frame].kind {
                FrameKind::Branch { .. } => {
                    let process = self.loop_of(t);
                    self.end_branch(t, why);
                    self.leave_loop(process);
                    return false;
                }
                FrameKind::Repeat { done, round, .. } => {
                    self.engine.tokens[t].key = round.first(self.engine.tokens[t].key, done);
                }
                FrameKind::Retry { .. } => {
                    if can_catch && self.try_again(t, why) {
                        self.account_retried(t, why);
                        return self.carry_on(t);
                    }
                    self.forget_attempts(t);
                }
                FrameKind::Fallback { plan } if can_catch && self.guards.caught[plan as usize].contains(why) => {
                    self.pop_frame(t);
                    self.account_fallback(t);
                    self.guards.reactions.fallbacks[plan as usize][1] += 1;
                    self.engine.tokens[t].pc = self.system.fallbacks[plan as usize].otherwise;
                    return self.caught(t);
                }
                FrameKind::Breaker { breaker, era } if can_catch => self.breaker_failed(t, why, breaker, era),
                FrameKind::Judged { breaker, since } if can_catch => self.judge_failure(t, why, breaker, since),
                FrameKind::Fallback { .. } | FrameKind::Breaker { .. } | FrameKind::Judged { .. } => {}
                // What is held is given back with its frame.
                holding!() | FrameKind::Timeout { .. } | FrameKind::Join { .. } => {}
            }
            if frame == over {
                over = NONE;
            }
            self.pop_frame(t);
        }
    }

    fn caught(&mut self, t: u32) -> bool {
        self.account_caught(t);
        self.carry_on(t)
    }

    /// The token continues at its program counter. Returns true: the failure is caught.
    fn carry_on(&mut self, t: u32) -> bool {
        let token = &mut self.engine.tokens[t];
        token.failure = Failure::NONE;
        token.phase = Progress::BEGIN;
        true
    }

    /// The steps that the innermost frame is about have succeeded.
    #[inline(never)]
    pub(crate) fn leave(&mut self, t: u32) -> Next {
        let frame = self.engine.tokens[t].frame;
        match self.engine.frames[frame].kind {
            FrameKind::Retry { .. } => self.forget_attempts(t),
            FrameKind::Breaker { breaker, era } => self.breaker_succeeded(breaker, era),
            FrameKind::Judged { breaker, since } => self.judge(t, breaker, since, false),
            FrameKind::Fallback { .. } | FrameKind::Timeout { .. } | FrameKind::Join { .. } => {}
            // The frames of other operations, which end otherwise.
            holding!() | FrameKind::Repeat { .. } | FrameKind::Branch { .. } => unreachable!("no step ends here"),
        }
        self.pop_frame(t);
        self.engine.tokens[t].pc += 1;
        Next::On
    }
}
