//! The laws that every run must keep, and what must be left of it when nothing is under way.

use crate::engine::population::Population;
use crate::parts::interpreter::world::World;
use crate::parts::messaging::cache::Cache;

impl World<'_> {
    /// Whether nothing is held, waited for or under way.
    pub fn is_at_rest(&self) -> bool {
        self.tokens.is_empty()
            && self.frames.is_empty()
            && self.requests.is_empty()
            && self.jobs.is_empty()
            && self.broker.is_empty()
            && self.ledger.as_ref().is_none_or(|ledger| ledger.users.is_empty())
            && self.guards.are_at_rest()
            && self.views.is_empty()
            && self.caches.iter().all(Cache::is_at_rest)
            && self.slots.iter().all(|slots| slots.used.level() == 0)
            && self.stations.iter().all(|station| station.inside.gauge.level() == 0)
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
        let open = clients.iter().map(|client| client.open).chain(pools.iter().map(|pool| pool.opened));
        process.descriptors.used.level() == plan.idle_files + open.sum::<u32>()
    }

    /// Every law that the window has broken so far: Little's for every queue and station, the utilisation law for
    /// every station and CPU, the conservation of requests, and units held against units in use.
    pub fn violations(&mut self) -> Vec<String> {
        let now = self.now;
        let mut broken = Vec::new();
        let mut check = |name: &dyn Fn() -> String, population: &Population| {
            if let Some((area, stays)) = population.broken_law(now) {
                broken.push(format!("Little's law at {}: {area} over time, {stays} over visits", name()));
            }
        };
        for (station, plan) in self.stations.iter().zip(&self.system.stations) {
            check(&|| format!("station {}", plan.name), &station.inside);
            check(&|| format!("the queue of station {}", plan.name), &station.queue.population);
        }
        for (id, slots) in (0..).zip(&self.slots) {
            check(&|| self.resource_name(id), &slots.queue.population);
        }
        for client in &self.clients {
            check(&|| "an HTTP client's queue".into(), &client.waiting);
        }
        for (ingress, plan) in self.guards.ingresses.iter().zip(&self.system.services) {
            if let Some(ingress) = ingress {
                check(&|| format!("the ingress of {}", plan.name), &ingress.waiting);
            }
        }
        for (process, number) in self.processes.iter().zip(0..) {
            check(&|| format!("the event loop of process {number}"), &process.event_loop.waiting);
        }
        for (replica, plan) in self.replicas.iter().zip(0..) {
            check(&|| format!("the backlog of replica {plan}"), &replica.backlog.population);
        }
        let tally = &self.tally;
        let known = tally.carried + tally.sent;
        let seen = tally.succeeded + tally.failed() + self.requests.len() as u64;
        if known != seen {
            broken.push(format!("flow conservation: {known} requests came, {seen} ended or are inside"));
        }
        self.broken_by_messages(&mut broken);
        if let Some((came, seen)) = self.jobs.broken_law() {
            broken.push(format!("flow conservation: {came} jobs came, {seen} ended or are inside"));
        }
        if let Some((came, seen)) = self.ledger.as_ref().and_then(|ledger| ledger.broken_law()) {
            broken.push(format!("conservation of users: {came} came, {seen} went or are inside"));
        }
        self.broken_by_caches(&mut broken);
        self.broken_by_accounts(&mut broken);
        self.broken_by_views(&mut broken);
        for slots in &self.slots {
            if slots.used.level() != slots.holders.len() || slots.used.level() > slots.full_size {
                broken.push(format!("{} units are in use, {} are held", slots.used.level(), slots.holders.len()));
            }
        }
        for client in &self.clients {
            let (busy, held) = (client.busy.level(), client.holders.len());
            if busy != held || busy > client.open {
                broken.push(format!("{busy} connections are in use, {held} are held, {} are open", client.open));
            }
        }
        broken.extend(self.session_violations());
        broken.extend(self.accept_queue_violations());
        broken.extend(self.port_violations());
        for (station, plan) in self.stations.iter_mut().zip(&self.system.stations) {
            if let Some((busy, given)) = station.broken_law(now) {
                broken.push(format!("utilisation law at station {}: busy for {busy} ns, {given} ns given", plan.name));
            }
            let cpu = station.sharing.as_mut();
            if let Some((used, done)) = cpu.and_then(|cpu| cpu.broken_law(now)) {
                broken.push(format!("utilisation law at station {}: {used} ns used, {done} ns done", plan.name));
            }
        }
        for (replica, number) in self.replicas.iter_mut().zip(0..) {
            if let Some((used, done)) = replica.cpu.broken_law(now) {
                broken.push(format!("utilisation law: replica {number} used {used} core-ns for {done} ns of work"));
            }
        }
        broken
    }
}
