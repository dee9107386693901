//! What every part may borrow, and nothing more: the time, the calendar and the deadlines in it, tokens and what they
//! hold, the list of tokens that are ready to run, and delayed tasks.

#[cfg(debug_assertions)]
pub mod draws;
pub(crate) mod next;
pub(crate) mod population;
pub(crate) mod progress;
pub(crate) mod queue;
pub(crate) mod slot;
pub(crate) mod task;
pub(crate) mod token;

use crate::kernel::calendar::Calendar;
use crate::kernel::deadline::{Deadlines, LaneId, Purpose};
use crate::kernel::list::{Links, List};
use crate::kernel::slab::Slab;
use crate::kernel::{NONE, Time};

use queue::Priorities;
use task::{Later, Task};
use token::{Frame, FrameKind, Token};

/// What every part may borrow.
pub(crate) struct Engine {
    pub now: Time,
    pub calendar: Calendar,
    pub deadlines: Deadlines,
    pub tokens: Slab<Token>,
    pub frames: Slab<Frame>,
    /// Tokens to be stepped before the next event is taken: that settles ties.
    pub ready: List,
    pub tasks: Slab<Later>,
    pub priorities: Priorities,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            now: Time::ZERO,
            calendar: Calendar::default(),
            deadlines: Deadlines::new(slot::LANE),
            tokens: Slab::default(),
            frames: Slab::default(),
            ready: List::default(),
            tasks: Slab::default(),
            priorities: Priorities::default(),
        }
    }
}

impl Engine {
    /// The present wait of a token ends with a failure after the lane's time.
    #[inline]
    pub fn limit_wait(&mut self, t: u32, lane: Option<LaneId>) {
        if let Some(lane) = lane {
            debug_assert_eq!(self.tokens[t].timer, NONE);
            self.tokens[t].timer = self.deadlines.set(&mut self.calendar, self.now, lane, t, Purpose::Wait);
        }
    }

    /// The present wait of a token is over: its time-out is void.
    #[inline]
    pub fn drop_timer(&mut self, t: u32) {
        let timer = std::mem::replace(&mut self.tokens[t].timer, NONE);
        self.deadlines.cancel(timer);
    }

    /// The event that a token waits for is dead from now on.
    pub fn forget_event(&mut self, t: u32) {
        if self.tokens[t].event != 0 {
            self.tokens[t].event = 0;
            self.calendar.cancelled();
        }
    }

    /// Puts a frame on a token's stack.
    #[inline]
    pub fn push_frame(&mut self, t: u32, kind: FrameKind) -> u32 {
        let below = self.tokens[t].frame;
        let frame = self.frames.insert(Frame { links: Links::default(), token: t, below, kind });
        self.tokens[t].frame = frame;
        frame
    }

    /// Puts a task off; the result calls it off.
    pub fn later(&mut self, delay: Time, task: Task) -> u32 {
        let at = self.now + delay;
        let id = self.tasks.insert(Later { task, at, event: 0 });
        self.tasks[id].event = self.calendar.schedule(at, slot::TASK + id);
        id
    }

    /// Calls a task off that has not come up.
    pub fn call_off(&mut self, id: u32) {
        self.tasks[id].event = 0;
        self.tasks.remove(id);
        self.calendar.cancelled();
    }
}
