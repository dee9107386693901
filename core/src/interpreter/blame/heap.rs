//! Garbage collections and the end of memory: what waits while a process stops, and what is killed with a replica; and commits
//! that wait for a disk.

use crate::kernel::NONE;
use crate::model::Runtime;

use crate::engine::token::SAMPLED;
use crate::interpreter::world::World;
use crate::parts::blame::log::Label;
use crate::parts::blame::place::Places;

impl World<'_> {
    #[inline(never)]
    pub(super) fn keep_collected(&mut self, t: u32) {
        self.spends_on(t, |world, places| {
            let process = &world.processes[world.engine.tokens[t].process as usize];
            Label::waiting(places.services[process.service as usize].collection)
        });
    }

    #[inline(never)]
    pub(super) fn keep_disk(&mut self, t: u32, disk: u32, is_served: bool) {
        self.any_spends_on(t, |world, places| {
            let place = places.services[world.disks[disk as usize].service as usize].disk;
            if is_served { Label::served(place) } else { Label::waiting(place) }
        });
    }

    /// A collection of the process begins, or has ended: those who wait for its event loop do so for another reason from
    /// now on.
    pub(crate) fn account_collection(&mut self, process: u32) {
        let state = &self.processes[process as usize];
        if self.accounts.is_none() || state.runtime != Runtime::EventLoop {
            return;
        }
        let waiting: Vec<u32> = state.event_loop.each_waiting(&self.engine.tokens).collect();
        for t in waiting {
            self.account_loop(t, process);
        }
    }

    /// The token, which has kept its event loop while it stood still, continues.
    pub(crate) fn account_stood(&mut self, t: u32) {
        let process = &self.processes[self.engine.tokens[t].process as usize];
        let is_kept = self.engine.tokens[t].has(SAMPLED) && process.runtime == Runtime::EventLoop;
        let (service, now) = (process.service as usize, self.engine.now);
        let Some(accounts) = self.accounts.as_mut().filter(|_| is_kept) else { return };
        let places = &accounts.places.services[service];
        let (held, label) = (places.loops, Label::waiting(places.collection));
        let (mark, weight) = (accounts.of(t).mark, accounts.of(t).weight);
        accounts.collected.held_between([mark, now], held, label, (now - mark).0, weight);
    }

    /// The collector that has stopped a process, if it has.
    pub(super) fn collected_by(&self, places: &Places, process: u32) -> Option<u16> {
        let state = &self.processes[process as usize];
        let is_stopped = state.heap != NONE && self.heaps[state.heap as usize].is_stopped();
        is_stopped.then(|| places.services[state.service as usize].collection)
    }

    /// The memory of a service, if a replica of it is down for want of it.
    pub(super) fn out_of_memory(&self, places: &Places, service: u32) -> Option<u16> {
        let place = places.services[service as usize].memory;
        let is_out = || self.replicas.iter().any(|one| one.service == service && one.health.out_of_memory);
        (place != 0 && is_out()).then_some(place)
    }
}
