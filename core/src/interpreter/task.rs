//! Tasks come up: each is handed to the part that put it off.

use crate::kernel::calendar::Event;

use crate::engine::slot;
use crate::engine::task::{Later, Task};
use crate::interpreter::world::World;

impl World<'_> {
    /// Whether an event brings up a task that only keeps watch, or is dead: a system in which nothing else is under way
    /// stays as it is.
    pub(crate) fn is_upkeep(&self, event: Event) -> bool {
        let later = &self.engine.tasks[event.slot() - slot::TASK];
        if later.event != event.serial() {
            return true;
        }
        match later.task {
            Task::Probe { .. } | Task::ProbeTimeout { .. } | Task::Restart { .. } | Task::Raise { .. } => true,
            Task::OutOfMemory { .. } | Task::Flush { .. } | Task::Flushed { .. } => false,
            Task::Scale { .. } | Task::ScrapeReplicas { .. } | Task::Activate { .. } => true,
            Task::Deadline { frame } => self.is_for_probe(self.engine.frames[frame].token),
            Task::Admit { service } => {
                let ingress = self.ingresses[service as usize].as_ref();
                let mut waiting = ingress.into_iter().flat_map(|ingress| ingress.waiting(&self.engine));
                waiting.all(|t| self.is_for_probe(t))
            }
            Task::Faults | Task::Resend { .. } | Task::Grow { .. } | Task::Consume { .. } => false,
            Task::AddConnection { .. } => false,
            Task::Start { .. } | Task::Terminate { .. } | Task::Drained { .. } => false,
            Task::Unlist { .. } | Task::Stop { .. } | Task::Deploy { .. } | Task::Roll { .. } => false,
        }
    }

    /// Whether an event brings up a task that changes what the system can do: a restart, a fault, a client that sends
    /// again, a replica that starts or ends.
    pub(crate) fn changes_something(&self, event: Event) -> bool {
        let Some(id) = event.slot().checked_sub(slot::TASK).filter(|_| event.slot() < slot::SOURCE) else {
            return false;
        };
        let later = &self.engine.tasks[id];
        later.event == event.serial()
            && match later.task {
                Task::Restart { .. } | Task::Raise { .. } | Task::Faults | Task::Resend { .. } => true,
                Task::OutOfMemory { .. } | Task::Flush { .. } | Task::Flushed { .. } => true,
                Task::Admit { .. }
                | Task::AddConnection { .. }
                | Task::Grow { .. }
                | Task::Consume { .. }
                | Task::Start { .. }
                | Task::Unlist { .. }
                | Task::Stop { .. }
                | Task::Deploy { .. }
                | Task::Roll { .. }
                | Task::Terminate { .. }
                | Task::Drained { .. } => true,
                Task::Activate { scaler } => self.is_to_activate(scaler),
                Task::Probe { .. } | Task::ProbeTimeout { .. } | Task::Deadline { .. } => false,
                Task::Scale { .. } | Task::ScrapeReplicas { .. } => false,
            }
    }

    /// A task's event came up.
    pub(crate) fn task_event(&mut self, event: Event) {
        let id = event.slot() - slot::TASK;
        let Later { task, event: serial, .. } = self.engine.tasks[id];
        if serial != event.serial() {
            return self.engine.calendar.buried();
        }
        self.engine.tasks[id].event = 0;
        self.engine.tasks.remove(id);
        self.perform(task);
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Probe { prober } => self.probe(prober),
            Task::ProbeTimeout { prober } => self.probe_timed_out(prober),
            Task::Restart { replica } => self.restart(replica),
            Task::Flush { disk } => self.flush(disk),
            Task::Flushed { disk } => self.flushed(disk),
            Task::OutOfMemory { replica } => self.kill_out_of_memory(replica),
            Task::Raise { replica } => self.raise(replica),
            Task::Faults => self.change_faults(),
            Task::Resend { user } => self.resend(user),
            Task::Deadline { frame } => self.deadline_over(frame),
            Task::Admit { service } => self.admit_next(service),
            Task::Scale { scaler } => self.scale(scaler),
            Task::ScrapeReplicas { scaler } => self.scrape_replicas(scaler),
            Task::Activate { scaler } => self.activate(scaler),
            Task::Start { replica } => self.start_replica(replica),
            Task::Unlist { replica } => self.unlist_replica(replica),
            Task::Stop { replica } => self.stop_replica(replica),
            Task::Terminate { replica } => self.terminate_replica(replica),
            Task::Drained { replica } => self.drained_replica(replica),
            Task::Deploy { scaler, deploy } => self.begin_deploy(scaler, deploy),
            Task::Roll { scaler } => self.roll(scaler),
            Task::AddConnection { slots } => self.continue_adding(slots),
            Task::Grow { slots } => self.grow(slots),
            Task::Consume { consumer, number } => self.consume(consumer, number),
        }
    }
}
