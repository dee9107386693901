//! Tasks: what parts do later on their own account, apart from any request: end a CPU period, restart a process, probe
//! it, bring on a fault.

use crate::kernel::Time;
use crate::kernel::calendar::{Event, Serial};

use super::world::{World, slot};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// A prober's period is over.
    Probe { prober: u32 },
    /// A probe has not been answered in time.
    ProbeTimeout { prober: u32 },
    /// Too many probes have failed.
    Restart { replica: u32 },
    /// A replica accepts connections again, if nothing else keeps it down.
    Raise { replica: u32 },
    /// Faults come on, or go.
    Faults,
    /// A user sends its request again.
    Resend { user: u32 },
    /// The deadline of this frame, which came with a call, is over.
    Deadline { frame: u32 },
    /// The ingress lets a request go on that had to wait for a token.
    Admit { token: u32, endpoint: u32, peer: u32 },
}

/// A task that has been put off, and the event that brings it up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Later {
    task: Task,
    pub at: Time,
    pub event: Serial,
}

impl World<'_> {
    /// Puts a task off; the result calls it off.
    pub(super) fn later(&mut self, delay: Time, task: Task) -> u32 {
        let at = self.now + delay;
        let id = self.tasks.insert(Later { task, at, event: 0 });
        self.tasks[id].event = self.calendar.schedule(at, slot::TASK + id);
        id
    }

    /// Whether an event brings up a task that only keeps watch, or is dead: a system in which nothing else is under way
    /// stays as it is.
    pub(super) fn is_upkeep(&self, event: Event) -> bool {
        let later = &self.tasks[event.slot - slot::TASK];
        if later.event != event.serial {
            return true;
        }
        match later.task {
            Task::Probe { .. } | Task::ProbeTimeout { .. } | Task::Restart { .. } | Task::Raise { .. } => true,
            Task::Deadline { frame } => self.is_for_probe(self.frames[frame].token),
            Task::Admit { token, .. } => self.is_for_probe(token),
            Task::Faults | Task::Resend { .. } => false,
        }
    }

    /// Whether an event brings up a task that changes what the system can do: a restart, a fault, a client that sends
    /// again.
    pub(super) fn changes_something(&self, event: Event) -> bool {
        let Some(id) = event.slot.checked_sub(slot::TASK).filter(|_| event.slot < slot::SOURCE) else { return false };
        let later = &self.tasks[id];
        later.event == event.serial
            && matches!(
                later.task,
                Task::Restart { .. } | Task::Raise { .. } | Task::Faults | Task::Resend { .. } | Task::Admit { .. }
            )
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
        let Later { task, event: serial, .. } = self.tasks[id];
        if serial != event.serial {
            return self.calendar.buried();
        }
        self.tasks[id].event = 0;
        self.tasks.remove(id);
        self.perform(task);
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Probe { prober } => self.probe(prober),
            Task::ProbeTimeout { prober } => self.probe_timed_out(prober),
            Task::Restart { replica } => self.restart(replica),
            Task::Raise { replica } => self.raise(replica),
            Task::Faults => self.change_faults(),
            Task::Resend { user } => self.resend(user),
            Task::Deadline { frame } => self.deadline_over(frame),
            Task::Admit { token, endpoint, peer } => self.admit_late(token, endpoint, peer),
        }
    }
}
