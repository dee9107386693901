//! The laws that every run must keep, and what must be left of it when nothing is under way.

use crate::interpreter::parts::parts;
use crate::interpreter::world::World;
use crate::parts::part::Part;

impl World<'_> {
    /// Whether nothing is held, waited for or under way.
    pub fn is_at_rest(&self) -> bool {
        self.engine.tokens.is_empty()
            && self.engine.frames.is_empty()
            && self.requests.is_empty()
            && parts!(self).iter().all(|part| part.is_at_rest())
            && (0..self.processes.len()).all(|process| self.holds_but_connections(process))
    }

    /// Whether the descriptors of a process are those that it always holds, and those of its open connections.
    fn holds_but_connections(&self, index: usize) -> bool {
        let process = &self.processes[index];
        if process.descriptors.limit.is_none() || self.is_down(process.replica) {
            return true;
        }
        let plan = &self.system.services[process.service as usize];
        let clients = &self.clients[process.clients as usize..][..plan.clients.len()];
        let pools = &self.slots[process.pools as usize..][..plan.pools.len()];
        let open = clients.iter().map(|client| client.connections()).chain(pools.iter().map(|pool| pool.opened));
        process.descriptors.used.level() == plan.idle_files + open.sum::<u32>()
    }

    /// Every law that the window has broken so far: those that each part keeps by itself, and those between parts.
    pub fn violations(&mut self) -> Vec<String> {
        let (moment, mut broken) = (self.moment(), Vec::new());
        for part in parts!(self, mut) {
            part.laws(moment, &mut broken);
        }
        let tally = &self.tally;
        let known = tally.carried + tally.sent;
        let seen = tally.succeeded + tally.failed() + self.requests.len() as u64;
        if known != seen {
            broken.push(format!("flow conservation: {known} requests came, {seen} ended or are inside"));
        }
        self.broken_by_accounts(&mut broken);
        broken.extend(self.session_violations());
        broken.extend(self.accept_queue_violations());
        broken.extend(self.port_violations());
        broken
    }
}
