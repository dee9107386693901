//! Pools in which a token that comes may take a connection before the waiter that was woken for it.
//!
//! `asyncio.Queue.get` (CPython `asyncio/queues.py`) and SQLAlchemy's `util/queue.py`, `Queue.get`: one that gives back puts the
//! connection into the queue and wakes the first that waits; that looks again when it runs, and if another one has taken the
//! connection meanwhile, it waits anew behind all others. Its time-out continues. A waiter that was woken and gives up wakes the
//! next, as `asyncio.Queue.get` does.

use crate::kernel::Time;

use crate::engine::token::{Frame, FrameKind};
use crate::interpreter::pool::Borrowing;
use crate::interpreter::world::World;

impl World<'_> {
    /// The token, which has left the queue because a unit is free, looks for that when it runs.
    #[inline(never)]
    pub(crate) fn wake_for_unit(&mut self, t: u32, id: u32) {
        let delayed = self.engine.tokens[t].since < self.engine.now;
        self.engine.push_frame(t, FrameKind::Woken { slots: id, delayed });
        self.engine.tokens[t].phase = Borrowing::LookAgain.into();
        self.hand_over(t);
        self.look_behind_blocked_loop(t);
    }

    /// The token, which was woken for a unit, looks for it: whether it had waited for any time.
    pub(crate) fn take_woken(&mut self, t: u32) -> bool {
        let frame = self.engine.tokens[t].frame;
        let Frame { below, kind, .. } = self.engine.frames[frame];
        self.engine.tokens[t].frame = below;
        self.engine.frames.remove(frame);
        matches!(kind, FrameKind::Woken { delayed: true, .. })
    }

    /// Another token has taken the unit: it waits again. The visit has waited once.
    pub(crate) fn queue_again(&mut self, t: u32, id: u32, delayed: bool) {
        let slots = &mut self.slots[id as usize];
        let counted = &mut slots.queue.population.delayed;
        *counted = counted.saturating_sub(u64::from(delayed));
        slots.enqueue(&mut self.engine, t, id, Time::ZERO);
        self.account_queued(t, id);
        self.look_for_deadlock(t);
    }

    /// A token that was woken for a unit has failed before it could look.
    #[inline(never)]
    pub(crate) fn leave_woken(&mut self, id: u32) {
        self.slots[id as usize].left_without += 1;
        self.wake_next(id);
    }

    /// There may be several units for those who wait.
    pub(crate) fn wake_waiting(&mut self, id: u32) {
        let slots = &self.slots[id as usize];
        for _ in slots.used.level()..slots.size {
            self.wake_next(id);
        }
    }

    fn wake_next(&mut self, id: u32) {
        if let Some(next) = self.slots[id as usize].next(&mut self.engine) {
            self.wake_for_unit(next, id);
        }
    }
}
