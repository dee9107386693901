//! From state to outcome: the measuring window, and what the resources did in it.

mod host;
mod laws;
mod names;

pub use names::limit_names;

use crate::kernel::{NONE, Time};
use crate::model::{BreakerPlan, Effect, FaultPlan, MachinePlan, Runtime, ServicePlan};

use crate::parts::blame::Blame;
use crate::parts::held::slots::SlotsKind;
use crate::parts::interpreter::world::World;
use crate::parts::outcome::{Ending, Outcome, ResourceKind, ResourceUse};
use crate::parts::phase::Phase;
use crate::parts::usage::{Span, Sum};

/// What the window has seen, taken when it closes; the run may go on after it.
#[derive(Clone, Debug, Default)]
pub struct Window {
    length: Time,
    resources: Vec<ResourceUse>,
    phases: Vec<Phase>,
    violations: Vec<String>,
    unfinished: u64,
    stranded: u64,
    restarts: u64,
    blame: Option<Blame>,
}

impl World<'_> {
    /// Opens the measuring window: everything is counted from now on.
    pub fn open_window(&mut self) {
        let now = self.now;
        self.window_start = now;
        self.tally.restart(self.requests.len() as u64);
        self.phases.reset();
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
            slots.sizes.reset(now);
            slots.queue.population.reset(now);
            (slots.grants, slots.shed, slots.left_without) = (0, 0, 0);
        }
        self.guards.reset(now);
        self.reset_blame();
    }

    /// Closes the measuring window.
    pub fn close_window(&mut self) -> Window {
        self.end_phase();
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
            resources: self.resources(Span::of(length)),
            phases: self.phases.take(),
            violations: self.violations(),
            unfinished: self.requests.len() as u64,
            stranded: self.losses().stranded,
            restarts: self.groups.iter().map(|group| group.restarts).sum(),
            blame: self.blame(),
        };
        if let Some(ledger) = &mut self.ledger {
            ledger.close_window(now);
        }
        window
    }

    /// What remains of the run.
    pub fn outcome(&mut self, ending: Ending, window: Window) -> Outcome {
        let losses = self.losses().units;
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
            instant_resends: self.tally.instant_resends,
            unfinished: window.unfinished,
            wasted: self.tally.wasted,
            restarts: window.restarts,
            response_times: std::mem::take(&mut self.tally.response_times),
            completion: self.completion(window.length),
            staleness: self.staleness(),
            resources: window.resources,
            phases: window.phases,
            blame: window.blame,
            deadlock: self.take_deadlock(),
            hung: self.hung(),
            probes: None,
            losses,
            stranded: window.stranded,
            events: self.events,
            violations: window.violations,
            users,
            classes,
            course: None,
            timeline,
            calm: None,
        }
    }

    /// Leaves the system alone from now on: nobody sends a failed request again.
    pub fn end_load(&mut self) {
        if let Some(ledger) = &mut self.ledger {
            ledger.end_retries();
        }
        self.resume();
    }

    /// What the time after the load has shown: what is lost for good, and what was completed although its client had
    /// given up.
    pub fn drained(&mut self, outcome: &mut Outcome) {
        outcome.losses = self.losses().units;
        outcome.deadlock = outcome.deadlock.take().or_else(|| self.take_deadlock());
        outcome.hung = self.hung();
        outcome.wasted = self.tally.wasted;
    }

    pub(crate) fn resources(&self, span: Span) -> Vec<ResourceUse> {
        let (now, system) = (self.now, self.system);
        let mut uses = Vec::new();
        for (service, plan) in (0..).zip(&system.services) {
            uses.extend(self.cpu_use(service, plan, span));
            if plan.runtime == Runtime::EventLoop {
                let loops = self.processes.iter().filter(|process| process.service == service);
                let mut sum = Sum::new(|| format!("{} event loops", plan.name), ResourceKind::EventLoops, span);
                loops.for_each(|process| {
                    let up = sum.up(&self.replicas[process.replica as usize].down, now);
                    sum.gauge(&process.event_loop.busy, now, Some(up));
                    sum.waiting(&process.event_loop.waiting, now);
                    sum.use_.visits += process.event_loop.waiting.left;
                });
                uses.push(sum.finish());
            }
            for kind in slots_kinds(plan) {
                uses.push(self.slots_use(kind, service, plan, span));
            }
            uses.extend(self.rations(service, plan, span));
            for (index, client) in (0..).zip(&plan.clients) {
                let name = || format!("{} client {}", plan.name, client.name);
                let mut sum = Sum::new(name, ResourceKind::HttpClient, span);
                let limit = (client.shared && client.max_connections < u32::MAX).then_some(client.max_connections);
                for http in &self.clients {
                    let process = &self.processes[http.process as usize];
                    if http.index == index && process.service == service {
                        let up = sum.up(&self.replicas[process.replica as usize].down, now);
                        sum.gauge(&http.busy, now, limit.map(|limit| f64::from(limit) * up));
                        sum.waiting(&http.waiting, now);
                        sum.use_.visits += http.served_at_once + http.waiting.left;
                    }
                }
                uses.push(sum.finish());
            }
            uses.extend(self.breaker_uses(service, plan, span));
            uses.extend(self.ingress_use(service, plan, span));
            uses.extend((0..plan.caches.len() as u32).map(|number| self.cache_use(service, number, span)));
            if plan.open_files.is_some() {
                let name = || format!("{} descriptors", plan.name);
                let mut sum = Sum::new(name, ResourceKind::Descriptors, span);
                for process in self.processes.iter().filter(|process| process.service == service) {
                    sum.gauge(&process.descriptors.used, now, plan.open_files.map(f64::from));
                    sum.use_.visits += process.descriptors.taken;
                    sum.use_.refused += process.descriptors.exhausted_since_reset();
                }
                uses.push(sum.finish());
            }
        }
        for (machine, plan) in (0..).zip(&system.machines) {
            uses.extend(self.machine_use(machine, plan, span));
        }
        uses.extend((0..).zip(&system.services).filter_map(|(index, plan)| self.outage(index, plan, span)));
        for index in 0..system.stations.len() {
            uses.push(self.station_use(index, span));
        }
        for (limit, plan) in (0..).zip(&system.limits) {
            let slots = &self.slots[(self.shared + limit) as usize];
            let mut sum = Sum::new(|| format!("limit {}", plan.name), ResourceKind::Limit, span);
            sum.slots(slots, now);
            uses.push(sum.finish());
        }
        uses.extend((0..system.consumers.len()).map(|consumer| self.consumer_use(consumer, span)));
        uses.extend((0..system.views.len()).map(|view| self.view_use(view, span)));
        uses
    }

    /// Replicas that got no new requests, and how often one was restarted; for a service whose replicas may be down.
    fn outage(&self, service: u32, plan: &ServicePlan, span: Span) -> Option<ResourceUse> {
        let takes_down = |fault: &FaultPlan| fault.service == service && fault.effect == Effect::Dead;
        let may_be_down =
            plan.liveness.is_some() || plan.readiness.is_some() || self.system.faults.iter().any(takes_down);
        if !may_be_down {
            return None;
        }
        let group = &self.groups[service as usize];
        let mut sum = Sum::new(|| format!("{} unavailable", plan.name), ResourceKind::Unavailable, span);
        sum.gauge(&group.out, self.now, Some(f64::from(plan.replicas)));
        sum.use_.visits = group.restarts;
        Some(sum.finish())
    }

    fn cpu_use(&self, service: u32, plan: &ServicePlan, span: Span) -> Option<ResourceUse> {
        if plan.runtime == Runtime::Delay || plan.machine.is_some() {
            return None;
        }
        let now = self.now;
        let first = self.groups[service as usize].first_replica as usize;
        let mut sum = Sum::new(|| format!("{} CPU", plan.name), ResourceKind::Cpu, span);
        for replica in &self.replicas[first..first + plan.replicas as usize] {
            let up = sum.up(&replica.down, now);
            sum.cpu(&replica.cpu, now, plan.cores.map(|cores| cores * up));
        }
        Some(sum.finish())
    }

    /// The use of a machine's cores; none where nothing runs on it.
    fn machine_use(&self, machine: u32, plan: &MachinePlan, span: Span) -> Option<ResourceUse> {
        let now = self.now;
        let first = self.system.services.iter().position(|service| service.machine == Some(machine))?;
        let host = self.replicas[self.groups[first].first_replica as usize].host;
        let mut sum = Sum::new(|| format!("machine {} CPU", plan.name), ResourceKind::Cpu, span);
        sum.cpu(&self.replicas[host as usize].cpu, now, Some(plan.cores));
        Some(sum.finish())
    }

    fn slots_use(&self, kind: SlotsKind, service: u32, plan: &ServicePlan, span: Span) -> ResourceUse {
        let resource = match kind {
            SlotsKind::Connections { .. } => ResourceKind::Connections,
            SlotsKind::Limit { .. } | SlotsKind::Shared { .. } => ResourceKind::Limit,
            SlotsKind::RequestThreads => ResourceKind::Threads,
            SlotsKind::Executor => ResourceKind::Executor,
        };
        let name = || format!("{} {}", plan.name, kind.name(self.system, service));
        let mut sum = Sum::new(name, resource, span);
        for slots in self.slots.iter().filter(|slots| slots.kind == kind && slots.process != NONE) {
            if self.processes[slots.process as usize].service == service {
                sum.slots(slots, self.now);
            }
        }
        sum.finish()
    }

    fn breaker_uses(&self, service: u32, plan: &ServicePlan, span: Span) -> Vec<ResourceUse> {
        let breaker_use = |(index, breaker): (usize, &BreakerPlan)| {
            let name = || format!("{} breaker {}", plan.name, breaker.name);
            let mut sum = Sum::new(name, ResourceKind::Breaker, span);
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

    fn ingress_use(&self, service: u32, plan: &ServicePlan, span: Span) -> Option<ResourceUse> {
        let ingress = self.guards.ingresses[service as usize].as_ref()?;
        let mut sum = Sum::new(|| format!("{} ingress", plan.name), ResourceKind::Ingress, span);
        sum.gauge(&ingress.inside, self.now, (ingress.most < u32::MAX).then_some(f64::from(ingress.most)));
        sum.waiting(&ingress.waiting, self.now);
        sum.use_.visits += ingress.admitted + ingress.left_without;
        sum.use_.refused = ingress.refused;
        Some(sum.finish())
    }

    fn station_use(&self, index: usize, span: Span) -> ResourceUse {
        let (now, plan) = (self.now, &self.system.stations[index]);
        let mut sum = Sum::new(|| format!("station {}", plan.name), ResourceKind::Station, span);
        let station = &self.stations[index];
        match &station.sharing {
            Some(cpu) => sum.cpu(cpu, now, plan.servers.map(f64::from)),
            None => {
                sum.gauge(&station.busy, now, plan.servers.map(f64::from));
                sum.waiting(&station.queue.population, now);
            }
        }
        sum.use_.visits = station.inside.left + u64::from(station.inside.gauge.level());
        sum.use_.refused = station.turned_away;
        sum.finish()
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
