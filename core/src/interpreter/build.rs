//! From plans to parts: the processes, replicas, slots, clients and caches of a system.

use crate::kernel::NONE;
use crate::kernel::deadline::{Deadlines, LaneId};
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::time::Time;
use crate::model::{Balance, LimitPlan, Runtime, ServicePlan, System};

use crate::engine::queue::Queue;
use crate::engine::slot;
use crate::parts::compute::cpu::Cpu;
use crate::parts::compute::disk::Disk;
use crate::parts::compute::event_loop::EventLoop;
use crate::parts::compute::gil::Gil;
use crate::parts::held::database::Sessions;
use crate::parts::held::descriptors::Descriptors;
use crate::parts::held::heap::Heap;
use crate::parts::held::pool::Pool;
use crate::parts::held::ports::Ports;
use crate::parts::held::slots::{Slots, SlotsKind};
use crate::parts::messaging::cache::Cache;
use crate::parts::network::backlog::AcceptQueue;
use crate::parts::network::http_client::{HttpClient, Timeouts};
use crate::parts::network::pacer::Pacer;
use crate::parts::network::process::{Process, Replica, ReplicaGroup};
use crate::parts::trouble::health::Health;

/// Everything that is built from the plan of the services.
pub(crate) struct Built {
    pub processes: Vec<Process>,
    pub replicas: Vec<Replica>,
    pub groups: Vec<ReplicaGroup>,
    pub slots: Vec<Slots>,
    pub clients: Vec<HttpClient>,
    pub pacers: Vec<Pacer>,
    pub pools: Vec<Pool>,
    pub gils: Vec<Gil>,
    pub disks: Vec<Disk>,
    pub heaps: Vec<Heap>,
    pub ports: Vec<Ports>,
    /// Circuit breakers so far.
    breakers: u32,
    pub caches: Vec<Cache>,
    /// By process and number.
    pub cache_ids: Vec<u32>,
    /// Slots of the system's first limit.
    pub shared: u32,
}

pub(crate) fn build(system: &System, deadlines: &mut Deadlines) -> Built {
    let mut built = Built {
        processes: Vec::new(),
        replicas: Vec::new(),
        groups: Vec::new(),
        slots: Vec::new(),
        clients: Vec::new(),
        pacers: Vec::new(),
        pools: Vec::new(),
        gils: Vec::new(),
        disks: Vec::new(),
        heaps: Vec::new(),
        ports: Vec::new(),
        breakers: 0,
        caches: Vec::new(),
        cache_ids: Vec::new(),
        shared: 0,
    };
    let mut hosts = vec![NONE; system.machines.len()];
    for (index, service) in system.services.iter().enumerate() {
        built.groups.push(ReplicaGroup {
            first_replica: built.replicas.len() as u32,
            next_replica: 0,
            out: TimeWeighted::default(),
            absent: TimeWeighted::default(),
            restarts: 0,
        });
        let sharers = sharers(system, index as u32);
        for number in 0..service.replicas {
            let replica = built.replicas.len() as u32;
            let machine = service.machine.map(|machine| machine as usize);
            let host = match machine {
                Some(machine) if hosts[machine] != NONE => hosts[machine],
                Some(machine) => {
                    hosts[machine] = replica;
                    replica
                }
                None => replica,
            };
            let cores = machine.map(|machine| system.machines[machine].cores).or(service.cores);
            let speed = machine.map_or(service.speed, |machine| system.machines[machine].speed);
            let disk = match service.disk {
                Some(_) => {
                    built.disks.push(Disk::new(index as u32, number));
                    (built.disks.len() - 1) as u32
                }
                None => NONE,
            };
            built.replicas.push(Replica {
                host,
                cpu: cpu_of(service, cores, slot::CPU + replica),
                stretch: (speed != 1.0).then_some(1.0 / speed),
                first_process: built.processes.len() as u32,
                workers: service.workers,
                backlog: Queue::default(),
                next_worker: 0,
                sessions: Sessions::new(service.max_connections),
                service: index as u32,
                disk,
                health: Health::default(),
                down: TimeWeighted::default(),
                accept_queue: AcceptQueue::new(service.backlog),
            });
            for _ in 0..service.workers {
                let number = built.processes.len() as u32 - service.first_process;
                built.add_process(index as u32, (service, sharers), replica, number, deadlines);
            }
        }
    }
    built.open_sessions(system);
    built.add_ports(system, deadlines);
    built.shared = built.slots.len() as u32;
    for (limit, plan) in (0..).zip(&system.limits) {
        built.add_limit(SlotsKind::Shared { limit }, NONE, plan, deadlines);
    }
    built
}

/// How many processes of a replica of this service take requests from one queue, each when it has an idle thread: its
/// workers, where they race for connections. (gunicorn's sync workers call `accept` between two requests,
/// `gunicorn/workers/sync.py`, `run_for_one`; so do uWSGI's, PHP-FPM's, Unicorn's and those of Apache's prefork.) Where
/// each has a bounded queue of its own, or messages that are dealt to it, it takes what it gets.
fn sharers(system: &System, service: u32) -> u32 {
    let plan = &system.services[service as usize];
    let races = plan.accept == Balance::AcceptRace && plan.runtime == Runtime::Threads && plan.threads.is_some();
    let consumes =
        system.consumers.iter().any(|consumer| system.endpoints[consumer.endpoint as usize].service == service);
    if races && plan.max_queue.is_none() && !consumes { plan.workers } else { 1 }
}

fn cpu_of(service: &ServicePlan, cores: Option<f64>, slot: u32) -> Cpu {
    let cpu = Cpu::new(cores.unwrap_or(f64::INFINITY), service.slowdown, slot).with_coherence(service.coherence);
    match service.cpu_period {
        Some(period) => cpu.throttled(service.node_cores.unwrap_or(f64::INFINITY), period),
        None => cpu,
    }
}

impl Built {
    fn add_process(
        &mut self,
        service_index: u32,
        (service, sharers): (&ServicePlan, u32),
        replica: u32,
        number: u32,
        deadlines: &mut Deadlines,
    ) {
        let process = self.processes.len() as u32;
        let pools = self.slots.len() as u32;
        for (pool, plan) in (0..).zip(&service.pools) {
            let kind = SlotsKind::Connections { pool };
            let mut slots = Slots::new(kind, process, plan.max_size, plan.min_size, plan.waiting);
            slots.limit_waits(plan.waiting.patience, deadlines);
            slots.connect_time = plan.connect_time;
            slots.barging = plan.barging;
            slots.command = lane_of(deadlines, plan.command_timeout);
            if plan.background {
                slots.open_in_background();
            }
            if plan.minded {
                slots.pool = self.pools.len() as u32;
                self.pools.push(Pool::new(plan, lane_of(deadlines, plan.idle_life)));
            }
            self.slots.push(slots);
        }
        let limits = self.slots.len() as u32;
        for (limit, plan) in (0..).zip(&service.limits) {
            self.add_limit(SlotsKind::Limit { limit }, process, plan, deadlines);
        }
        let mut threads_of = |runtime: Runtime, kind| match service.threads {
            Some(size) if service.runtime == runtime => {
                let mut slots = Slots::new(kind, process, size, size, service.waiting).growing(service.growth);
                slots.limit_waits(service.waiting.patience, &mut *deadlines);
                slots.room = service.max_queue.unwrap_or(u32::MAX);
                self.slots.push(slots);
                (self.slots.len() - 1) as u32
            }
            _ => NONE,
        };
        let executor = threads_of(Runtime::EventLoop, SlotsKind::Executor);
        // Workers that accept only when they have an idle thread have one queue: that of their listening socket.
        let first = self.processes.get(self.replicas[replica as usize].first_process as usize);
        let threads = match first {
            Some(first) if sharers > 1 => first.threads,
            _ => threads_of(Runtime::Threads, SlotsKind::RequestThreads),
        };
        if first.is_none() && sharers > 1 {
            self.slots[threads as usize].share(sharers);
        }
        let clients = self.clients.len() as u32;
        for (index, plan) in (0..).zip(&service.clients) {
            let broken = plan.broken.get(number as usize).copied().unwrap_or(false);
            let timeouts = Timeouts {
                connect: lane_of(deadlines, plan.connect_timeout),
                read: lane_of(deadlines, plan.timeout),
                pool: lane_of(deadlines, plan.pool_timeout),
            };
            let mut client = HttpClient::new(clients + index, index, process, broken, timeouts);
            if let Some(rate) = plan.rate {
                client.pacer = self.pacers.len() as u32;
                self.pacers.push(Pacer::new(client.pacer, service_index, process, index, rate));
            }
            self.clients.push(client);
        }
        let breakers = self.breakers;
        self.breakers += service.breakers.len() as u32;
        let caches = self.cache_ids.len() as u32;
        for (index, plan) in (0..).zip(&service.caches) {
            let of_service = (self.caches.iter()).position(|it| it.service == service_index && it.number == index);
            let id = of_service.filter(|_| plan.shared).unwrap_or_else(|| {
                let process = if plan.shared { NONE } else { process };
                self.caches.push(Cache::new(plan, service_index, index, process));
                self.caches.len() - 1
            });
            self.cache_ids.push(id as u32);
        }
        let connections: u32 = service.pools.iter().map(|pool| pool.min_size).sum();
        let gil = if service.gil {
            self.gils.push(Gil::new(process, self.replicas[replica as usize].host));
            (self.gils.len() - 1) as u32
        } else {
            NONE
        };
        let heap = match &service.memory {
            Some(plan) => {
                let is_up = number / service.workers < service.initial;
                self.heaps.push(Heap::new((service_index, process), plan, service.workers, is_up));
                (self.heaps.len() - 1) as u32
            }
            None => NONE,
        };
        self.processes.push(Process {
            service: service_index,
            replica,
            runtime: service.runtime,
            frozen: false,
            collected: false,
            inside: 0,
            event_loop: EventLoop::new(service.event_loop),
            descriptors: Descriptors::new(service.idle_files + connections, service.open_files),
            pools,
            limits,
            executor,
            threads,
            clients,
            linger: service.open_files.map_or(0, |_| service.linger),
            gil,
            heap,
            breakers,
            caches,
            emfile_cpu: service.emfile_cpu,
        });
    }

    fn add_limit(&mut self, kind: SlotsKind, process: u32, plan: &LimitPlan, deadlines: &mut Deadlines) {
        let mut slots = Slots::new(kind, process, plan.size, plan.size, plan.waiting).growing(plan.growth);
        slots.limit_waits(plan.waiting.patience, deadlines);
        slots.room = plan.max_queue;
        self.slots.push(slots);
    }
}

fn lane_of(deadlines: &mut Deadlines, length: Option<Time>) -> Option<LaneId> {
    length.map(|length| deadlines.lane(length))
}

impl Built {
    /// The connections that pools have from the start.
    pub(crate) fn open_sessions(&mut self, system: &System) {
        for (process, number) in self.processes.iter().zip(0..) {
            for plan in &system.services[process.service as usize].pools {
                let server = &system.services[plan.server as usize];
                let replica = self.groups[plan.server as usize].first_replica + number % server.replicas;
                self.replicas[replica as usize].sessions.open += plan.min_size;
            }
        }
    }
}

impl Built {
    /// The ports that the clients of services share, where the model bounds them.
    pub(crate) fn add_ports(&mut self, system: &System, deadlines: &mut Deadlines) {
        let mut known: Vec<(u32, u32, u32)> = Vec::new();
        for client in &mut self.clients {
            let process = &self.processes[client.process as usize];
            let plan = &system.services[process.service as usize];
            let Some(limit) = plan.ephemeral_ports else { continue };
            let server = plan.clients[client.index as usize].server;
            let found = known.iter().find(|(replica, other, _)| (*replica, *other) == (process.replica, server));
            client.ports = found.map_or(self.ports.len() as u32, |&(_, _, ports)| ports);
            if client.ports == self.ports.len() as u32 {
                known.push((process.replica, server, client.ports));
                let time_wait = (plan.time_wait > Time::ZERO).then(|| deadlines.lane(plan.time_wait));
                let taken = TimeWeighted::default();
                let service = process.service;
                self.ports.push(Ports { service, taken, limit, used: 0, refused: 0, lingering: 0, time_wait });
            }
        }
    }
}
