//! Time-outs of several steps (`asyncio.timeout`), and deadlines that go with a call (gRPC): when one is over, the
//! token is torn out of its wait and unwinds to the frame, past everything that would catch a failure on the way, as
//! `CancelledError` passes `except Exception`.

use crate::kernel::deadline::Purpose;
use crate::kernel::{NONE, Time};

use crate::engine::next::Next;
use crate::engine::task::Task;
use crate::engine::token::{Failure, Frame, FrameKind};
use crate::interpreter::world::World;

impl World<'_> {
    /// Steps that must be done in time begin.
    #[inline(never)]
    pub(crate) fn begin_timeout(&mut self, t: u32, plan: u32) -> Next {
        let next = self.enter_frame(t, FrameKind::Timeout { plan, deadline: NONE });
        let frame = self.engine.tokens[t].frame;
        let lane = self.guards.timeouts[plan as usize];
        let deadline =
            self.engine.deadlines.set(&mut self.engine.calendar, self.engine.now, lane, frame, Purpose::Scope);
        self.engine.frames[frame].kind = FrameKind::Timeout { plan, deadline };
        next
    }

    /// The time of a `timeout` step is over.
    pub(crate) fn timeout_over(&mut self, frame: u32) {
        let Frame { token, kind, .. } = self.engine.frames[frame];
        if let FrameKind::Timeout { plan, .. } = kind {
            self.engine.frames[frame].kind = FrameKind::Timeout { plan, deadline: NONE };
            self.interrupt(token, Failure::TIMED_OUT);
        }
    }

    /// The frame of a `timeout` step is undone, by success or not.
    #[inline(never)]
    pub(crate) fn undo_timeout(&mut self, deadline: u32) {
        self.engine.deadlines.cancel(deadline);
    }

    /// The frame of a deadline that came with a call is undone.
    #[inline(never)]
    pub(crate) fn undo_deadline(&mut self, task: u32) {
        if task != NONE {
            self.engine.call_off(task);
        }
    }

    /// The deadline that came with a call is over.
    pub(crate) fn deadline_over(&mut self, frame: u32) {
        let token = self.engine.frames[frame].token;
        self.engine.frames[frame].kind = FrameKind::Deadline { task: NONE };
        self.interrupt(token, Failure::DEADLINE_EXCEEDED);
    }

    /// Gives the handler of a call the deadline of its caller, if that has one that propagates.
    pub(crate) fn pass_deadline(&mut self, caller: u32, handler: u32) {
        let Some(at) = self.deadline_of(caller) else { return };
        let frame = self.engine.push_frame(handler, FrameKind::Deadline { task: NONE });
        let task = self.engine.later(at - self.engine.now, Task::Deadline { frame });
        self.engine.frames[frame].kind = FrameKind::Deadline { task };
    }

    /// The earliest deadline that a token's calls carry; that of a branch is also its parent's.
    fn deadline_of(&self, t: u32) -> Option<Time> {
        let mut earliest = Time::MAX;
        let mut frame = self.engine.tokens[t].frame;
        while frame != NONE {
            let Frame { below, kind, .. } = self.engine.frames[frame];
            frame = below;
            match kind {
                FrameKind::Timeout { plan, deadline }
                    if deadline != NONE && self.system.timeouts[plan as usize].propagate =>
                {
                    earliest = earliest.min(self.engine.deadlines.time(deadline));
                }
                FrameKind::Deadline { task } if task != NONE => earliest = earliest.min(self.engine.tasks[task].at),
                FrameKind::Branch { join } if join != NONE => {
                    frame = self.engine.tokens[self.guards.joins[join].parent].frame;
                }
                _ => {}
            }
        }
        (earliest < Time::MAX).then_some(earliest)
    }

    /// The outermost frame of a token whose time is over.
    pub(crate) fn outermost_over(&self, t: u32) -> u32 {
        let mut found = NONE;
        let mut frame = self.engine.tokens[t].frame;
        while frame != NONE {
            if let FrameKind::Timeout { deadline: NONE, .. } | FrameKind::Deadline { task: NONE } =
                self.engine.frames[frame].kind
            {
                found = frame;
            }
            frame = self.engine.frames[frame].below;
        }
        found
    }
}
