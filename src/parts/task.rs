//! Tasks: what parts do later on their own account, apart from any request: end a CPU period, restart a process, probe it,
//! bring on a fault.

use crate::kernel::Time;
use crate::kernel::calendar::{Event, Serial};

use super::world::{World, slot};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {}

/// A task that has been put off, and the event that brings it up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Later {
    task: Task,
    pub event: Serial,
}

impl World<'_> {
    /// Puts a task off; the result calls it off.
    pub(super) fn later(&mut self, delay: Time, task: Task) -> u32 {
        let id = self.tasks.insert(Later { task, event: 0 });
        self.tasks[id].event = self.calendar.schedule(self.now + delay, slot::TASK + id);
        id
    }

    /// Calls a task off that has not come up.
    pub(super) fn call_off(&mut self, id: u32) {
        self.tasks[id].event = 0;
        self.tasks.remove(id);
        self.calendar.cancelled();
    }

    /// A task's event came up.
    pub(super) fn task_event(&mut self, event: Event) {
        let id = event.slot - slot::TASK;
        let Later { task, event: serial } = self.tasks[id];
        if serial != event.serial {
            return self.calendar.buried();
        }
        self.tasks[id].event = 0;
        self.tasks.remove(id);
        self.perform(task);
    }

    fn perform(&mut self, task: Task) {
        match task {}
    }
}
