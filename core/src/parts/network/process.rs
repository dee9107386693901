//! Processes and the replicas that they share.

use crate::kernel::Time;
use crate::kernel::gauge::TimeWeighted;
use crate::model::{Draw, FaultEffect, FaultPlan, Runtime, System};

use crate::engine::Engine;
use crate::engine::queue::Queue;
use crate::engine::token::State;
use crate::parts::compute::cpu::Cpu;
use crate::parts::compute::event_loop::EventLoop;
use crate::parts::held::database::Sessions;
use crate::parts::held::descriptors::Descriptors;
use crate::parts::network::backlog::AcceptQueue;
use crate::parts::part::{Left, Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::trouble::health::Health;
use crate::parts::usage::Rows;

/// One process.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub service: u32,
    /// Index among all replicas of the system.
    pub replica: u32,
    pub runtime: Runtime,
    /// Stopped by a fault, and has no event loop that would show it.
    pub frozen: bool,
    /// Its threads are stopped by its garbage collector.
    pub collected: bool,
    /// Requests that are its own to answer, waiting ones included.
    pub inside: u32,
    pub event_loop: EventLoop,
    pub descriptors: Descriptors,
    /// Slots of its first pool, its first limit, its executor, its request threads ([`NONE`]: unlimited).
    pub pools: u32,
    pub limits: u32,
    pub executor: u32,
    pub threads: u32,
    /// Its first HTTP client.
    pub clients: u32,
    /// Rounds after which an inbound connection is closed; counted only where descriptors are.
    pub linger: u8,
    /// Its interpreter lock, where threads contend for it; [`NONE`] elsewhere.
    pub gil: u32,
    /// Its memory, where that is looked at; [`NONE`] elsewhere.
    pub heap: u32,
    /// Its first circuit breaker.
    pub breakers: u32,
    /// The number of its first cache.
    pub caches: u32,
    pub emfile_cpu: Option<Draw>,
}

impl Process {
    /// Whether nothing of it runs: its threads wait, and so does what comes for them. An event loop is busy instead.
    pub fn is_stopped(&self) -> bool {
        self.frozen || self.collected
    }
}

/// One replica: what its processes share.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    /// The replica whose `cpu` it uses: its own, or the first on the same machine.
    pub host: u32,
    pub cpu: Cpu,
    /// The factor from the CPU time of work as measured to that on this host's cores; none: 1.
    pub stretch: Option<f64>,
    pub first_process: u32,
    pub workers: u32,
    /// Connections that no worker has accepted yet.
    pub backlog: Queue,
    pub next_worker: u32,
    pub sessions: Sessions,
    pub service: u32,
    /// Its disk, where commits wait for one; [`NONE`] elsewhere.
    pub disk: u32,
    pub health: Health,
    /// 1 while it is down.
    pub down: TimeWeighted,
    pub accept_queue: AcceptQueue,
}

impl Replica {
    /// The time that work takes on one core. Called on the replica that is the host.
    #[inline(always)]
    pub fn stretched(&self, work: Time) -> Time {
        match self.stretch {
            None => work,
            Some(stretch) => Time((work.0 as f64 * stretch).round() as u64),
        }
    }
}

/// A service's replicas, for balancing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplicaGroup {
    pub first_replica: u32,
    pub next_replica: u32,
    /// Replicas that get no new requests.
    pub out: TimeWeighted,
    /// Places without a replica, where their number changes; they count in `out` as well.
    pub absent: TimeWeighted,
    /// Restarts by liveness probes.
    pub restarts: u64,
}

impl Replica {
    /// Whether it gets new requests.
    pub fn is_available(&self) -> bool {
        self.health.downs == 0 && self.health.ready && !self.health.leaving
    }

    /// Whether it gets new requests and takes them.
    pub fn is_open(&self) -> bool {
        self.is_available() && !self.health.closed
    }
}

impl Part for Vec<Process> {
    fn reset(&mut self, now: Time) {
        for process in self {
            process.event_loop.reset(now);
            process.descriptors.reset(now);
        }
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        for (process, number) in self.iter().zip(0..) {
            let plan = &system.services[process.service as usize];
            if plan.runtime == Runtime::EventLoop {
                let name = || format!("{} event loops", plan.name);
                let up = rows.up(number);
                process.event_loop.add_to(rows.of_service(process.service, ResourceKind::EventLoops, 0, name), now, up);
            }
            if plan.open_files.is_some() {
                let name = || format!("{} descriptors", plan.name);
                let there = if plan.varies() { rows.up(number) } else { 1.0 };
                let sum = rows.of_service(process.service, ResourceKind::Descriptors, 0, name);
                process.descriptors.add_to(sum, now, there);
            }
        }
    }

    fn laws(&mut self, Moment { now, .. }: Moment, broken: &mut Vec<String>) {
        for (process, number) in self.iter().zip(0..) {
            process.event_loop.waiting.check(now, broken, || format!("the event loop of process {number}"));
        }
    }

    fn process_died(&mut self, process: u32, Moment { now, .. }: Moment) {
        let process = &mut self[process as usize];
        debug_assert_eq!(process.inside, 0);
        process.frozen = false;
        process.event_loop.clear(now);
        process.descriptors.clear(now);
    }
}

impl Part for Vec<Replica> {
    fn reset(&mut self, now: Time) {
        for replica in self {
            replica.cpu.reset(now);
            replica.backlog.population.reset(now);
            replica.sessions.reset();
            replica.accept_queue.reset(now);
            replica.down.reset(now);
        }
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        for (replica, number) in self.iter().zip(0..) {
            let service = replica.service;
            let plan = &system.services[service as usize];
            let up = rows.up(replica.first_process);
            let there = if plan.varies() { up } else { 1.0 };
            match plan.machine {
                Some(machine) if replica.host == number => {
                    let plan = &system.machines[machine as usize];
                    let sum = rows.of_machine(machine, || format!("machine {} CPU", plan.name));
                    replica.cpu.add_to(sum, now, Some(plan.cores));
                }
                None if plan.runtime != Runtime::Delay => {
                    let sum = rows.of_service(service, ResourceKind::Cpu, 0, || format!("{} CPU", plan.name));
                    replica.cpu.add_to(sum, now, plan.cores.map(|cores| cores * up));
                }
                _ => {}
            }
            if plan.cpu_period.is_some() {
                let name = || format!("{} throttling", plan.name);
                let sum = rows.of_service(service, ResourceKind::Throttling, 0, name);
                sum.add(sum.mean(replica.cpu.used_and_stood(now).1.unwrap_or_default()), Some(there));
            }
            if let Some(backlog) = plan.backlog {
                let sum = rows.of_service(service, ResourceKind::Backlog, 0, || format!("{} backlog", plan.name));
                replica.accept_queue.add_to(sum, now, backlog, there);
            }
        }
    }

    /// A statement is taken off the CPU of its database.
    fn leave(&mut self, _: &System, engine: &mut Engine, t: u32) -> Left {
        let token = &engine.tokens[t];
        if token.state != State::AtServer {
            return Left::Elsewhere;
        }
        let host = self[token.wait as usize].host as usize;
        Left::Job(self[host].cpu.cancel(&mut engine.calendar, engine.now, t))
    }

    fn laws(&mut self, Moment { now, .. }: Moment, broken: &mut Vec<String>) {
        for (replica, number) in self.iter_mut().zip(0..) {
            replica.backlog.population.check(now, broken, || format!("the backlog of replica {number}"));
            if let Some((used, done)) = replica.cpu.broken_law(now) {
                broken.push(format!("utilisation law: replica {number} used {used} core-ns for {done} ns of work"));
            }
        }
    }
}

impl Part for Vec<ReplicaGroup> {
    fn reset(&mut self, now: Time) {
        for group in self {
            group.out.reset(now);
            group.absent.reset(now);
            group.restarts = 0;
        }
    }

    /// Replicas that got no new requests, and how often one was restarted; for a service whose replicas may be down.
    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        for ((service, plan), group) in (0..).zip(&system.services).zip(self) {
            let takes_down = |fault: &FaultPlan| fault.service == service && fault.effect == FaultEffect::Dead;
            let is_killed = plan.memory.as_ref().is_some_and(|memory| memory.can_run_out());
            let is_probed = plan.liveness.is_some() || plan.readiness.is_some() || is_killed;
            if is_probed || !plan.deploys.is_empty() || system.faults.iter().any(takes_down) {
                let name = || format!("{} unavailable", plan.name);
                let sum = rows.of_system(ResourceKind::Unavailable, service, name);
                if plan.varies() {
                    let (out, absent) = (group.out.area(now) as f64, group.absent.area(now) as f64);
                    sum.add(sum.mean(out - absent), Some(f64::from(plan.replicas) - sum.mean(absent)));
                } else {
                    sum.gauge(&group.out, now, Some(f64::from(plan.replicas)));
                }
                sum.use_.visits = group.restarts;
            }
        }
    }

    fn laws(&mut self, _: Moment, _: &mut Vec<String>) {}
}
