//! Waits that a fault causes: for slots that it has made fewer, and for a process that it has stopped. A wait is charged to
//! the fault only while the fault is on.

use crate::kernel::NONE;
use crate::model::{Effect, Runtime};

use crate::interpreter::world::World;
use crate::parts::blame::log::Label;

impl World<'_> {
    /// Where a fault has lowered the slots, waiting for one is the fault's.
    pub(crate) fn account_lowered(&mut self, t: u32, slots: u32) {
        let state = &self.slots[slots as usize];
        if state.size >= state.full_size || state.process == NONE {
            return;
        }
        let process = &self.processes[state.process as usize];
        let (service, kind, size, full) = (process.service, state.kind, state.size, state.full_size);
        let sharers = state.sharers;
        let Some(accounts) = &mut self.accounts else { return };
        let lowers = |effect: &Effect| match *effect {
            Effect::Capacity { what, size: to } => kind.is_of(what) && to.saturating_mul(sharers).min(full) == size,
            _ => false,
        };
        if let Some(fault) = accounts.places.fault(self.system, &self.faults, service, lowers) {
            accounts.rename(t, Label::waiting(fault));
        }
    }

    /// The slots have another size because a fault came or went: those who wait do so for another reason from now on.
    pub(crate) fn account_resized(&mut self, slots: u32) {
        if self.accounts.is_none() {
            return;
        }
        let waiting: Vec<u32> = self.slots[slots as usize].queue.iter(&self.engine.tokens).collect();
        for t in waiting {
            self.account_queued(t, slots);
        }
    }

    /// The processes of the replica have been stopped by a fault, or run again: so it is for those who wait for them.
    pub(crate) fn account_stop(&mut self, replica: u32) {
        if self.accounts.is_none() {
            return;
        }
        for process in self.processes_of(replica) {
            let state = &self.processes[process as usize];
            if state.runtime == Runtime::EventLoop {
                let waiting: Vec<u32> = state.event_loop.each_waiting(&self.engine.tokens).collect();
                for t in waiting {
                    self.account_loop(t, process);
                }
            }
        }
    }

    /// A process that a fault has stopped runs nothing.
    pub(crate) fn account_frozen(&mut self, t: u32, process: u32) {
        let Some(accounts) = &mut self.accounts else { return };
        let state = &self.processes[process as usize];
        if self.replicas[state.replica as usize].health.frozen {
            let stops = |effect: &Effect| matches!(effect, Effect::Stuck);
            if let Some(fault) = accounts.places.fault(self.system, &self.faults, state.service, stops) {
                accounts.rename(t, Label::waiting(fault));
            }
        }
    }

    /// The token waits in the queue before its process, which is stopped.
    pub(crate) fn account_stopped(&mut self, t: u32, process: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.close(self.engine.now, t);
            self.account_frozen(t, process);
        }
    }
}
