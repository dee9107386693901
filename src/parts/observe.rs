//! From state to outcome: what the resources did in the window, and whether every law held.

use crate::kernel::gauge::Gauge;
use crate::kernel::{NONE, Time};
use crate::model::{BreakerPlan, Effect, FaultPlan, MachinePlan, Runtime, ServicePlan};

mod host;

use super::cache::Cache;
use super::cpu::Cpu;
use super::outcome::{Ending, Outcome, ResourceKind, ResourceUse};
use super::population::{Population, Queue};
use super::slots::{Slots, SlotsKind};
use super::world::World;

/// What the window has seen, taken when it closes; the run may go on after it.
#[derive(Clone, Debug, Default)]
pub struct Window {
    length: Time,
    resources: Vec<ResourceUse>,
    violations: Vec<String>,
    unfinished: u64,
    restarts: u64,
}

impl World<'_> {
    /// Opens the measuring window: everything is counted from now on.
    pub fn open_window(&mut self) {
        let now = self.now;
        self.window_start = now;
        self.tally.restart(self.requests.len() as u64);
        self.jobs.reset();
        self.views.reset(now);
        self.caches.iter_mut().for_each(|cache| cache.reset(now));
        self.broker.consumers.iter_mut().for_each(|consumer| consumer.reset(now));
        if let Some(ledger) = &mut self.ledger {
            ledger.open_window();
        }
        self.processes.iter_mut().for_each(|process| process.reset(now));
        self.replicas.iter_mut().for_each(|replica| replica.reset(now));
        self.groups.iter_mut().for_each(|group| group.reset(now));
        self.stations.iter_mut().for_each(|station| station.reset(now));
        self.clients.iter_mut().for_each(|client| client.reset(now));
        self.gils.iter_mut().for_each(|lock| lock.reset(now));
        self.ports.iter_mut().for_each(|ports| ports.reset(now));
        for slots in &mut self.slots {
            slots.used.reset(now);
            slots.queue.population.reset(now);
            (slots.grants, slots.shed) = (0, 0);
        }
        self.guards.reset(now);
    }

    /// Closes the measuring window.
    pub fn close_window(&mut self) -> Window {
        if !std::mem::replace(&mut self.tally.on, false) {
            // It never opened: the run ended before.
            let now = self.now;
            if let Some(ledger) = &mut self.ledger {
                ledger.close_window(now);
            }
            return Window { unfinished: self.requests.len() as u64, ..Window::default() };
        }
        let (now, length) = (self.now, self.now - self.window_start);
        let window = Window {
            length,
            resources: self.resources(length),
            violations: self.violations(),
            unfinished: self.requests.len() as u64,
            restarts: self.groups.iter().map(|group| group.restarts).sum(),
        };
        if let Some(ledger) = &mut self.ledger {
            ledger.close_window(now);
        }
        window
    }

    /// What remains of the run.
    pub fn outcome(&mut self, ending: Ending, window: Window, probes: Option<(u32, u32)>) -> Outcome {
        let users = self.ledger.as_ref().and_then(|ledger| ledger.users());
        let classes = self.ledger.as_mut().map(|ledger| ledger.classes()).unwrap_or_default();
        let timeline = self.ledger.as_mut().and_then(|ledger| ledger.take_timeline());
        Outcome {
            ending,
            window: window.length,
            sent: self.tally.sent,
            succeeded: self.tally.succeeded,
            failures: self
                .tally
                .causes()
                .map(|(failure, count)| (failure.describe(&self.system.reasons), count))
                .collect(),
            unfinished: window.unfinished,
            wasted: self.tally.wasted + self.tally.abandoned_inside,
            restarts: window.restarts,
            response_times: std::mem::take(&mut self.tally.response_times),
            completion: self.completion(window.length),
            staleness: self.staleness(),
            resources: window.resources,
            deadlock: self.deadlock.take(),
            hung: self.hung(),
            probes,
            events: self.events,
            violations: window.violations,
            users,
            classes,
            timeline,
        }
    }

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
    }

    fn resources(&mut self, length: Time) -> Vec<ResourceUse> {
        let (now, system) = (self.now, self.system);
        let mut uses = Vec::new();
        for (service, plan) in (0..).zip(&system.services) {
            uses.extend(self.cpu_use(service, plan, length));
            if plan.runtime == Runtime::EventLoop {
                let loops = self.processes.iter().filter(|process| process.service == service);
                let mut sum = Sum::new(format!("{} event loops", plan.name), ResourceKind::EventLoops, length);
                loops.for_each(|process| {
                    sum.gauge(&process.event_loop.busy, now, Some(1.0));
                    sum.waiting(&process.event_loop.waiting, now);
                    sum.use_.visits += process.event_loop.rounds;
                });
                uses.push(sum.finish());
            }
            for kind in slots_kinds(plan) {
                uses.push(self.slots_use(kind, service, plan, length));
            }
            uses.extend(self.rations(service, plan, length));
            for (index, client) in (0..).zip(&plan.clients) {
                let name = format!("{} client {}", plan.name, client.name);
                let mut sum = Sum::new(name, ResourceKind::HttpClient, length);
                let limit = (client.shared && client.max_connections < u32::MAX).then_some(client.max_connections);
                for http in &self.clients {
                    if http.index == index && self.processes[http.process as usize].service == service {
                        sum.gauge(&http.open, now, limit.map(f64::from));
                        sum.queue(&http.queue, now);
                        sum.use_.visits += http.opened;
                    }
                }
                uses.push(sum.finish());
            }
            uses.extend(self.breaker_uses(service, plan, length));
            uses.extend(self.ingress_use(service, plan, length));
            uses.extend((0..plan.caches.len() as u32).map(|number| self.cache_use(service, number, length)));
            if plan.open_files.is_some() {
                let name = format!("{} descriptors", plan.name);
                let mut sum = Sum::new(name, ResourceKind::Descriptors, length);
                for process in self.processes.iter().filter(|process| process.service == service) {
                    sum.gauge(&process.descriptors.used, now, plan.open_files.map(f64::from));
                    sum.use_.visits += process.descriptors.exhausted;
                }
                uses.push(sum.finish());
            }
        }
        for (machine, plan) in (0..).zip(&system.machines) {
            uses.extend(self.machine_use(machine, plan, length));
        }
        uses.extend((0..).zip(&system.services).filter_map(|(index, plan)| self.outage(index, plan, length)));
        for index in 0..system.stations.len() {
            uses.push(self.station_use(index, length));
        }
        for (limit, plan) in (0..).zip(&system.limits) {
            let slots = &self.slots[(self.shared + limit) as usize];
            let mut sum = Sum::new(format!("limit {}", plan.name), ResourceKind::Limit, length);
            sum.slots(slots, now);
            uses.push(sum.finish());
        }
        uses.extend((0..system.consumers.len()).map(|consumer| self.consumer_use(consumer, length)));
        uses.extend((0..system.views.len()).map(|view| self.view_use(view, length)));
        uses
    }

    /// Replicas that got no new requests, and how often one was restarted; for a service whose replicas may be down.
    fn outage(&self, service: u32, plan: &ServicePlan, length: Time) -> Option<ResourceUse> {
        let takes_down = |fault: &FaultPlan| fault.service == service && fault.effect == Effect::Dead;
        let may_be_down =
            plan.liveness.is_some() || plan.readiness.is_some() || self.system.faults.iter().any(takes_down);
        if !may_be_down {
            return None;
        }
        let group = &self.groups[service as usize];
        let mut sum = Sum::new(format!("{} unavailable", plan.name), ResourceKind::Unavailable, length);
        sum.gauge(&group.out, self.now, Some(f64::from(plan.replicas)));
        sum.use_.visits = group.restarts;
        Some(sum.finish())
    }

    fn cpu_use(&mut self, service: u32, plan: &ServicePlan, length: Time) -> Option<ResourceUse> {
        if plan.runtime == Runtime::Delay || plan.machine.is_some() {
            return None;
        }
        let now = self.now;
        let first = self.groups[service as usize].first_replica as usize;
        let mut sum = Sum::new(format!("{} CPU", plan.name), ResourceKind::Cpu, length);
        for replica in &mut self.replicas[first..first + plan.replicas as usize] {
            sum.cpu(&mut replica.cpu, now, plan.cores);
        }
        Some(sum.finish())
    }

    /// The use of a machine's cores; none where nothing runs on it.
    fn machine_use(&mut self, machine: u32, plan: &MachinePlan, length: Time) -> Option<ResourceUse> {
        let now = self.now;
        let first = self.system.services.iter().position(|service| service.machine == Some(machine))?;
        let host = self.replicas[self.groups[first].first_replica as usize].host;
        let mut sum = Sum::new(format!("machine {} CPU", plan.name), ResourceKind::Cpu, length);
        sum.cpu(&mut self.replicas[host as usize].cpu, now, Some(plan.cores));
        Some(sum.finish())
    }

    fn slots_use(&self, kind: SlotsKind, service: u32, plan: &ServicePlan, length: Time) -> ResourceUse {
        let (name, resource) = match kind {
            SlotsKind::Connections { pool } => {
                (format!("pool {}", plan.pools[pool as usize].name), ResourceKind::Connections)
            }
            SlotsKind::Limit { limit } => (format!("limit {}", plan.limits[limit as usize].name), ResourceKind::Limit),
            SlotsKind::RequestThreads => ("threads".into(), ResourceKind::Threads),
            _ => ("executor".into(), ResourceKind::Executor),
        };
        let mut sum = Sum::new(format!("{} {name}", plan.name), resource, length);
        for slots in self.slots.iter().filter(|slots| slots.kind == kind && slots.process != NONE) {
            if self.processes[slots.process as usize].service == service {
                sum.slots(slots, self.now);
            }
        }
        sum.finish()
    }

    fn breaker_uses(&self, service: u32, plan: &ServicePlan, length: Time) -> Vec<ResourceUse> {
        let breaker_use = |(index, breaker): (usize, &BreakerPlan)| {
            let name = format!("{} breaker {}", plan.name, breaker.name);
            let mut sum = Sum::new(name, ResourceKind::Breaker, length);
            for process in self.processes.iter().filter(|process| process.service == service) {
                let breaker = &self.guards.breakers[process.breakers as usize + index];
                sum.gauge(&breaker.open, self.now, Some(1.0));
                sum.use_.visits += breaker.passed;
                sum.use_.refused += breaker.refused;
            }
            sum.finish()
        };
        plan.breakers.iter().enumerate().map(breaker_use).collect()
    }

    fn ingress_use(&self, service: u32, plan: &ServicePlan, length: Time) -> Option<ResourceUse> {
        let ingress = self.guards.ingresses[service as usize].as_ref()?;
        let mut sum = Sum::new(format!("{} ingress", plan.name), ResourceKind::Ingress, length);
        sum.gauge(&ingress.inside, self.now, (ingress.most < u32::MAX).then_some(f64::from(ingress.most)));
        sum.use_.visits = ingress.admitted;
        sum.use_.refused = ingress.refused;
        Some(sum.finish())
    }

    fn station_use(&mut self, index: usize, length: Time) -> ResourceUse {
        let (now, plan) = (self.now, &self.system.stations[index]);
        let mut sum = Sum::new(format!("station {}", plan.name), ResourceKind::Station, length);
        let station = &mut self.stations[index];
        match &mut station.sharing {
            Some(cpu) => sum.cpu(cpu, now, plan.servers.map(f64::from)),
            None => sum.gauge(&station.busy, now, plan.servers.map(f64::from)),
        }
        sum.queue(&station.queue, now);
        sum.use_.visits = station.inside.left;
        sum.use_.refused = station.turned_away;
        sum.finish()
    }

    /// The reports' name of slots: `user-service pool auth`.
    pub(super) fn resource_name(&self, id: u32) -> String {
        match self.slots[id as usize].process {
            NONE => self.slots_name(id),
            process => {
                let service = self.processes[process as usize].service as usize;
                format!("{} {}", self.system.services[service].name, self.slots_name(id))
            }
        }
    }

    /// The name of slots within their service: `pool auth`.
    pub(super) fn slots_name(&self, id: u32) -> String {
        let slots = &self.slots[id as usize];
        let plan = |process: u32| &self.system.services[self.processes[process as usize].service as usize];
        match slots.kind {
            SlotsKind::Connections { pool } => format!("pool {}", plan(slots.process).pools[pool as usize].name),
            SlotsKind::Limit { limit } => format!("limit {}", plan(slots.process).limits[limit as usize].name),
            SlotsKind::Shared { limit } => format!("limit {}", self.system.limits[limit as usize].name),
            SlotsKind::RequestThreads => "threads".into(),
            SlotsKind::Executor => "executor".into(),
        }
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
            check(&|| "an HTTP client's queue".into(), &client.queue.population);
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
        if let Some((came, seen)) = self.ledger.as_ref().and_then(|ledger| ledger.broken_law()) {
            broken.push(format!("conservation of users: {came} came, {seen} went or are inside"));
        }
        self.broken_by_caches(&mut broken);
        self.broken_by_views(&mut broken);
        for slots in &self.slots {
            if slots.used.level() != slots.holders.len() || slots.used.level() > slots.full_size {
                broken.push(format!("{} units are in use, {} are held", slots.used.level(), slots.holders.len()));
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

/// The kinds of slots that a process of the service has.
fn slots_kinds(plan: &ServicePlan) -> Vec<SlotsKind> {
    let pools = (0..plan.pools.len() as u32).map(|pool| SlotsKind::Connections { pool });
    let limits = (0..plan.limits.len() as u32).map(|limit| SlotsKind::Limit { limit });
    let threads = plan.threads.and(match plan.runtime {
        Runtime::EventLoop => Some(SlotsKind::Executor),
        Runtime::Threads => Some(SlotsKind::RequestThreads),
        Runtime::Delay => None,
    });
    pools.chain(limits).chain(threads).collect()
}

/// A resource's figures, summed over its instances.
pub(super) struct Sum {
    pub use_: ResourceUse,
    length: f64,
    waits: f64,
    waited: u64,
}

impl Sum {
    pub fn new(name: String, kind: ResourceKind, length: Time) -> Self {
        let use_ = ResourceUse {
            name,
            kind,
            capacity: Some(0.0),
            in_use: 0.0,
            utilisation: 0.0,
            peak_utilisation: 0.0,
            visits: 0,
            refused: 0,
            queue: 0.0,
            longest_queue: 0,
            wait_s: 0.0,
            hit_ratio: None,
        };
        Self { use_, length: (length.0 as f64).max(1.0), waits: 0.0, waited: 0 }
    }

    fn add(&mut self, in_use: f64, capacity: Option<f64>) {
        self.use_.in_use += in_use;
        self.use_.capacity = self.use_.capacity.zip(capacity).map(|(sum, one)| sum + one);
        if let Some(capacity) = capacity.filter(|&capacity| capacity > 0.0) {
            self.use_.peak_utilisation = self.use_.peak_utilisation.max(in_use / capacity);
        }
    }

    pub fn gauge(&mut self, gauge: &Gauge, now: Time, capacity: Option<f64>) {
        self.add(gauge.area(now) as f64 / self.length, capacity);
    }

    fn cpu(&mut self, cpu: &mut Cpu, now: Time, cores: Option<f64>) {
        // A quota that is used up at the start of its period may exceed its share of a window that ends within the period.
        let most = if cpu.stood(now).is_some() { cores } else { None };
        let used = cpu.used(now) / self.length;
        self.add(most.map_or(used, |most| used.min(most)), cores);
        let jobs = cpu.at_work.area(now) as f64 / self.length;
        self.use_.queue += (jobs - cpu.used(now) / self.length).max(0.0);
        self.use_.longest_queue = self.use_.longest_queue.max(cpu.at_work.peak());
        let (finished, asked) = cpu.demand();
        self.use_.visits += finished;
        self.waits += (cpu.at_work.area(now) as f64 - asked).max(0.0) / 1e9;
        self.waited += finished;
    }

    fn slots(&mut self, slots: &Slots, now: Time) {
        self.gauge(&slots.used, now, (slots.full_size < u32::MAX).then_some(f64::from(slots.full_size)));
        self.queue(&slots.queue, now);
        self.use_.visits += slots.grants;
        self.use_.refused += slots.shed;
    }

    fn queue(&mut self, queue: &Queue, now: Time) {
        self.waiting(&queue.population, now);
    }

    pub fn waiting(&mut self, population: &Population, now: Time) {
        self.use_.queue += population.gauge.area(now) as f64 / self.length;
        self.use_.longest_queue = self.use_.longest_queue.max(population.gauge.peak());
        self.waits += population.mean_stay() * population.left as f64;
        self.waited += population.left;
    }

    pub fn finish(mut self) -> ResourceUse {
        if let Some(capacity) = self.use_.capacity.filter(|&capacity| capacity > 0.0) {
            self.use_.utilisation = self.use_.in_use / capacity;
        } else {
            self.use_.capacity = None;
        }
        if self.waited > 0 {
            self.use_.wait_s = self.waits / self.waited as f64;
        }
        self.use_
    }
}
