//! Waits that a fault causes: for slots that it has made fewer, and for a process that it has stopped. A wait is charged to
//! the fault only while the fault is on. Likewise a wait to be accepted is one for descriptors while accept pauses for want
//! of them.

use crate::kernel::NONE;
use crate::model::{FaultEffect, Runtime};

use crate::engine::token::State;
use crate::interpreter::world::World;
use crate::parts::blame::place::Places;

impl World<'_> {
    /// Where a token waits for a unit of these slots: where a fault has lowered them, that is the fault.
    pub(crate) fn queued_at(&self, places: &Places, slots: u32) -> u16 {
        let fault = if self.faults.is_empty() { None } else { self.lowered_by(places, slots) };
        fault.unwrap_or(places.slots[slots as usize])
    }

    fn lowered_by(&self, places: &Places, slots: u32) -> Option<u16> {
        let state = &self.slots[slots as usize];
        if state.size >= state.full_size || state.process == NONE {
            return None;
        }
        if state.in_background {
            return self.closed_by(places, slots);
        }
        let lowers = |effect: &FaultEffect| match *effect {
            FaultEffect::Capacity { what, size: to } => {
                state.kind.is_of(what) && to.saturating_mul(state.sharers).min(state.full_size) == state.size
            }
            _ => false,
        };
        let service = self.processes[state.process as usize].service;
        places.fault(self.system, &self.faults, service, lowers)
    }

    /// The fault because of which a pool that opens connections itself cannot open any.
    fn closed_by(&self, places: &Places, slots: u32) -> Option<u16> {
        let process = &self.processes[self.slots[slots as usize].process as usize];
        let plan = &self.system.services[process.service as usize].pools[(slots - process.pools) as usize];
        places.fault(self.system, &self.faults, plan.server, |effect| matches!(effect, FaultEffect::Dead))
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

    /// Accept pauses for want of descriptors: those who wait to be accepted do so for that reason from now on.
    pub(crate) fn account_pause(&mut self, process: u32) {
        if self.accounts.is_none() {
            return;
        }
        let state = &self.processes[process as usize];
        let shared = &self.replicas[state.replica as usize].backlog;
        let own = state.event_loop.accepting.iter(&self.engine.tokens);
        let waiting: Vec<u32> = own.chain(shared.iter(&self.engine.tokens)).collect();
        for t in waiting {
            self.account_loop(t, process);
        }
    }

    /// Whether the token waits to be accepted while accept pauses for want of descriptors: of its process, or of all that
    /// share its backlog.
    pub(crate) fn lacks_descriptor(&self, t: u32, process: u32) -> bool {
        let is_paused = |process: u32| self.processes[process as usize].event_loop.is_paused();
        let is_own = self.engine.tokens[t].process != NONE;
        let workers = || self.processes_of(self.processes[process as usize].replica);
        self.engine.tokens[t].state == State::Backlog && is_paused(process) && (is_own || workers().all(is_paused))
    }

    /// The fault that makes a replica slow, if one does.
    pub(crate) fn slowed_by(&self, places: &Places, replica: u32) -> Option<u16> {
        let state = &self.replicas[replica as usize];
        let slows = |effect: &FaultEffect| matches!(effect, FaultEffect::Slow(factor) if *factor > 1.0);
        (state.health.slow > 1.0).then(|| places.fault(self.system, &self.faults, state.service, slows)).flatten()
    }

    /// The fault that has stopped a process, if one has.
    pub(crate) fn stopped_by(&self, places: &Places, process: u32) -> Option<u16> {
        if self.faults.is_empty() {
            return None;
        }
        let state = &self.processes[process as usize];
        let is_stopped = self.replicas[state.replica as usize].health.frozen;
        let stops = |effect: &FaultEffect| matches!(effect, FaultEffect::Stuck);
        is_stopped.then(|| places.fault(self.system, &self.faults, state.service, stops)).flatten()
    }
}
