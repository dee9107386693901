//! Calls wait for the rate limit of their client.

use crate::kernel::NONE;

use crate::engine::next::Next;
use crate::engine::progress::phases;
use crate::engine::token::{Failure, FrameKind};
use crate::interpreter::world::World;
use crate::parts::network::pacer::Pace;

phases! {
    /// Of a call at the rate limit of its client.
    enum Pacing {
        /// It asks for a token.
        Asks,
        /// It has waited for it.
        Has,
    }
}

impl World<'_> {
    /// The call takes a token of its client, waits for one, or is refused.
    #[inline(never)]
    pub(crate) fn pace(&mut self, t: u32, client: u32) -> Next {
        let id = self.process_of(t).clients + client;
        let pacer = self.clients[id as usize].pacer;
        match self.engine.tokens[t].phase.into() {
            Pacing::Asks => match self.pacers[pacer as usize].arrive(&mut self.engine, t) {
                Pace::Refused => Next::Fail(Failure::RATE_LIMITED),
                Pace::Passes => self.next_op(t),
                Pace::Waits(time) => {
                    self.engine.tokens[t].phase = Pacing::Has.into();
                    let next = self.elapse(t, time);
                    self.account_paced(t, id);
                    next
                }
            },
            Pacing::Has => {
                self.end_pacing(t, true);
                self.next_op(t)
            }
        }
    }

    /// The wait for a token is over; the frame of it, the token's innermost, goes.
    fn end_pacing(&mut self, t: u32, has_token: bool) {
        let frame = self.engine.tokens[t].frame;
        if frame != NONE
            && let FrameKind::Paced { pacer, since } = self.engine.frames[frame].kind
        {
            self.engine.tokens[t].frame = self.engine.frames[frame].below;
            self.pacers[pacer as usize].leave(self.engine.now, frame, since, has_token);
            self.engine.frames.remove(frame);
        }
    }
}
