//! The places where a request's time can go: each resource of the reports, and what is no resource (the network, time
//! of a service's own, back-offs, faults). Each has an index, found from the parts' own numbers by one look-up.

mod lookup;
mod owner;

use serde::{Deserialize, Serialize};

use crate::kernel::{NONE, Time};
use crate::model::{Op, Opening, Runtime, System};

use crate::parts::held::slots::{Slots, SlotsKind};
use crate::parts::network::process::{Process, Replica};
use owner::Owner;

/// Where a request's time can go.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlamePlace {
    /// As the reports name it; of a resource, its name there.
    pub name: String,
    /// What it is.
    pub kind: PlaceKind,
    /// Its units in each process, and what ends a wait for one; none of a place without units.
    pub units: Option<Units>,
}

/// The units of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Units {
    /// Their number in one process, where no fault lowers it; `u32::MAX` if that is not limited.
    pub number: u32,
    /// Whether their number grows while requests wait; then `number` is the greatest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grows: bool,
    /// How long a request waits for one; none where no time-out of the place ends the wait.
    pub patience: Option<Time>,
}

/// What a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// Not known: only where the accounting has a gap.
    Unexplained,
    /// Cores of a service's replicas, or of a machine.
    Cpu,
    /// What jobs lose because they get in each other's way on a CPU or at a station.
    Contention,
    /// A station of the queueing network.
    Station,
    /// Event loops of a service's processes.
    EventLoops,
    /// Threads of the default executor.
    Executor,
    /// Threads for requests.
    Threads,
    /// Connections of a database pool.
    Connections,
    /// A semaphore.
    Limit,
    /// A fetch of another request for the same key of a cache.
    Cache,
    /// Connections of an HTTP client.
    HttpClient,
    /// Descriptors.
    Descriptors,
    /// Connections that a database takes.
    Sessions,
    /// Replicas that do not accept connections.
    Unavailable,
    /// The interpreter lock.
    Gil,
    /// A full accept queue: the SYN was dropped and is sent again.
    Backlog,
    /// Ephemeral ports.
    Ports,
    /// CPU quota.
    Throttling,
    /// The garbage collector of a service's processes.
    GarbageCollection,
    /// Memory that replicas may use: one that needs more is killed.
    Memory,
    /// A circuit breaker.
    Breaker,
    /// Calls behind a circuit breaker that take longer than it allows; told only of what opens it.
    SlowCalls,
    /// A reverse proxy in front of a service, with as many requests inside as it lets in.
    Ingress,
    /// The rate limit of such a proxy, or of a client.
    RateLimit,
    /// A broker's queue, of one consumer.
    Queue,
    /// The network on the way to a service, connects included.
    Network,
    /// The disk of a database.
    Disk,
    /// The resolver of host names.
    LookUp,
    /// Time that passes in a service without a resource: sleeps, and all work of a service that queues nothing.
    Delay,
    /// The pause before another attempt of a `retry` step.
    BackOff,
    /// The pause of a client before it sends its request again.
    ClientBackOff,
    /// The time before a hedged attempt is sent.
    Hedge,
    /// An injected fault, or a deploy.
    Fault,
    /// The error that a `fail` step of an endpoint answers.
    OwnError,
    /// CPU work of an endpoint; told only of those who hold an event loop.
    Work,
}

impl PlaceKind {
    /// Whether it refuses requests on purpose, so as to protect what is behind it.
    pub fn refuses(self) -> bool {
        match self {
            Self::Breaker | Self::Ingress | Self::RateLimit | Self::Limit => true,
            _ => matches!(self, Self::Threads | Self::Station | Self::Queue),
        }
    }
}

/// The table of places, and the index of the place of each part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub all: Vec<Named>,
    /// By slots.
    pub slots: Vec<u16>,
    /// By client.
    pub clients: Vec<u16>,
    /// By client: its rate limit; 0 where it has none.
    pub paces: Vec<u16>,
    /// By replica: CPU, contention, throttling.
    pub cpus: Vec<[u16; 3]>,
    /// By service: event loops, network to it, its own time, unavailability, ingress, accept queue, interpreter lock,
    /// descriptors, ports, database connections.
    pub services: Vec<OfService>,
    /// By station: the station, contention there.
    pub stations: Vec<[u16; 2]>,
    /// By fault; those that do the same kind of thing to the same target share one.
    pub faults: Vec<u16>,
    /// By service and deploy.
    pub deploys: Vec<Vec<u16>>,
    /// By cache of the run.
    pub caches: Vec<u16>,
    /// By breaker, those of a service together: the first of each service.
    pub breakers: Vec<Vec<u16>>,
    /// The same of the slow calls of each; 0 where it has no window.
    pub slow_calls: Vec<Vec<u16>>,
    /// By consumer: its queue.
    pub consumers: Vec<u16>,
    /// By endpoint: its own errors, its work on the CPU, the pauses of its `retry` steps.
    pub endpoints: Vec<[u16; 3]>,
    /// By endpoint: its service, and the place of the time that passes in it without a resource: the service's, unless several of
    /// its endpoints sleep.
    pub sleeps: Vec<(u32, u16)>,
    /// By operation: its endpoint.
    pub endpoint_of: Vec<u16>,
    pub client_back_off: u16,
    pub hedge: u16,
}

/// The places of a service.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OfService {
    pub loops: u16,
    pub network: u16,
    pub delay: u16,
    pub unavailable: u16,
    pub ingress: u16,
    pub rate_limit: u16,
    pub backlog: u16,
    pub gil: u16,
    pub descriptors: u16,
    pub ports: u16,
    pub sessions: u16,
    /// 0 where the model has no memory of the service.
    pub collection: u16,
    pub memory: u16,
    /// 0 where it resolves no names.
    pub look_up: u16,
    /// 0 where it has none.
    pub disk: u16,
}

/// A place whose name is made when a report needs it: most never appear in one, and each run has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    kind: PlaceKind,
    owner: Owner,
    units: Option<Units>,
}

impl Named {
    /// With its name.
    pub fn place(self, system: &System) -> BlamePlace {
        let Self { kind, owner, units } = self;
        BlamePlace { name: owner.name(kind, system), kind, units }
    }
}

/// Numbers places.
#[derive(Default)]
struct Numbering {
    all: Vec<Named>,
}

impl Numbering {
    fn place(&mut self, kind: PlaceKind, owner: Owner) -> u16 {
        self.place_with(kind, owner, None)
    }

    fn place_with(&mut self, kind: PlaceKind, owner: Owner, units: Option<Units>) -> u16 {
        self.all.push(Named { kind, owner, units });
        (self.all.len() - 1) as u16
    }
}

/// The endpoints with a step that sleeps.
fn endpoints_that_sleep(system: &System, endpoint_of: &[u16]) -> Vec<u16> {
    let sleeps = |(op, endpoint): (&Op, &u16)| matches!(op, Op::Sleep { .. }).then_some(*endpoint);
    let mut all: Vec<u16> = system.program.iter().zip(endpoint_of).filter_map(sleeps).collect();
    all.dedup();
    all
}

/// The endpoint that each operation belongs to: the one that begins last before it.
fn endpoints_by_operation(system: &System) -> Vec<u16> {
    let mut entries: Vec<(u32, u16)> = system.endpoints.iter().map(|endpoint| endpoint.entry).zip(0..).collect();
    entries.sort_unstable();
    let mut of = vec![0; system.program.len()];
    for (index, &(entry, endpoint)) in entries.iter().enumerate() {
        let end = entries.get(index + 1).map_or(of.len(), |next| next.0 as usize);
        of[entry as usize..end].fill(endpoint);
    }
    of
}

/// The place of each of these owners, made where the owner first appears: processes of a service share theirs.
fn once(owners: impl Iterator<Item = (u32, u32)>, mut place: impl FnMut((u32, u32)) -> u16) -> Vec<u16> {
    let mut known: Vec<((u32, u32), u16)> = Vec::new();
    let number = |owner| {
        let place_of = known.iter().rfind(|(known, _)| *known == owner).map(|&(_, place)| place);
        place_of.unwrap_or_else(|| {
            known.push((owner, place(owner)));
            known[known.len() - 1].1
        })
    };
    owners.map(number).collect()
}

impl Places {
    /// What a place is; none where there is no such place.
    pub fn kind(&self, place: u16) -> Option<PlaceKind> {
        self.all.get(usize::from(place)).map(|named| named.kind)
    }

    /// The places of a system whose parts are these; `caches` are the service and number of each cache.
    pub fn of(
        system: &System,
        processes: &[Process],
        replicas: &[Replica],
        slots: &[Slots],
        clients: &[(u32, u32)],
        caches: &[(u32, u32)],
    ) -> Self {
        let mut numbers = Numbering::default();
        let mut places = Self::default();
        numbers.place(PlaceKind::Unexplained, Owner::Nothing);
        // Processes and replicas of a service share their places.
        let service_of = |process: u32| if process == NONE { NONE } else { processes[process as usize].service };
        let mut known: Vec<((u32, SlotsKind), u16)> = Vec::new();
        for one in slots {
            let owner = (service_of(one.process), one.kind);
            let place = known.iter().rfind(|(known, _)| *known == owner).map(|&(_, place)| place);
            let place = place.unwrap_or_else(|| {
                let kind = match one.kind {
                    SlotsKind::Connections { .. } => PlaceKind::Connections,
                    SlotsKind::Limit { .. } | SlotsKind::Shared { .. } => PlaceKind::Limit,
                    SlotsKind::RequestThreads => PlaceKind::Threads,
                    SlotsKind::Executor => PlaceKind::Executor,
                };
                let patience = one.kind.acquire_timeout(system, owner.0);
                let units = Units { number: one.full_size, grows: one.growth.is_some(), patience };
                let place = numbers.place_with(kind, Owner::Slots(owner.0, owner.1), Some(units));
                known.push((owner, place));
                place
            });
            places.slots.push(place);
        }
        let clients = clients.iter().map(|&(process, index)| (service_of(process), index));
        places.paces = once(clients.clone(), |(service, index)| {
            let is_paced = system.services[service as usize].clients[index as usize].rate.is_some();
            if is_paced { numbers.place(PlaceKind::RateLimit, Owner::Pacer(service, index)) } else { 0 }
        });
        places.clients =
            once(clients, |(service, index)| numbers.place(PlaceKind::HttpClient, Owner::Client(service, index)));
        let mut of_machines: Vec<(u32, [u16; 2])> = Vec::new();
        let mut of_last = None;
        for replica in replicas {
            // Replicas of a service stand side by side.
            if let Some(&cpus) = places.cpus.last().filter(|_| of_last == Some(replica.service)) {
                places.cpus.push(cpus);
                continue;
            }
            of_last = Some(replica.service);
            let mut cpu = |owner| [PlaceKind::Cpu, PlaceKind::Contention].map(|kind| numbers.place(kind, owner));
            let [cpu, contention] = match system.services[replica.service as usize].machine {
                None => cpu(Owner::Service(replica.service)),
                Some(machine) => {
                    let known = of_machines.iter().find(|(known, _)| *known == machine).map(|&(_, places)| places);
                    known.unwrap_or_else(|| {
                        of_machines.push((machine, cpu(Owner::Machine(machine))));
                        of_machines[of_machines.len() - 1].1
                    })
                }
            };
            let throttling = numbers.place(PlaceKind::Throttling, Owner::Service(replica.service));
            places.cpus.push([cpu, contention, throttling]);
        }
        for (service, index) in system.services.iter().zip(0..) {
            let mut one = |kind| numbers.place(kind, Owner::Service(index));
            let of_service = OfService {
                loops: one(PlaceKind::EventLoops),
                unavailable: one(PlaceKind::Unavailable),
                ingress: one(PlaceKind::Ingress),
                rate_limit: one(PlaceKind::RateLimit),
                backlog: one(PlaceKind::Backlog),
                gil: one(PlaceKind::Gil),
                descriptors: one(PlaceKind::Descriptors),
                ports: one(PlaceKind::Ports),
                sessions: one(PlaceKind::Sessions),
                network: one(PlaceKind::Network),
                delay: one(PlaceKind::Delay),
                ..OfService::default()
            };
            places.services.push(of_service);
            let breakers = 0..service.breakers.len() as u32;
            let breakers = breakers.map(|number| numbers.place(PlaceKind::Breaker, Owner::Breaker(index, number)));
            places.breakers.push(breakers.collect());
            let slow = (0..).zip(&service.breakers).map(|(number, plan)| match plan.opens {
                Opening::Rate(_) => numbers.place(PlaceKind::SlowCalls, Owner::Breaker(index, number)),
                Opening::InARow(_) => 0,
            });
            places.slow_calls.push(slow.collect());
            let deploys = 0..service.deploys.len() as u32;
            let deploys = deploys.map(|number| numbers.place(PlaceKind::Fault, Owner::Deploy(index, number)));
            places.deploys.push(deploys.collect());
        }
        let all = |count: usize| 0..count as u32;
        for station in all(system.stations.len()) {
            let kinds = [PlaceKind::Station, PlaceKind::Contention];
            places.stations.push(kinds.map(|kind| numbers.place(kind, Owner::Station(station))));
        }
        let mut known: Vec<(String, u16)> = Vec::new();
        for (plan, fault) in system.faults.iter().zip(0..) {
            let name = plan.joint_name(&system.faults);
            let place = known.iter().find(|(known, _)| *known == name).map(|&(_, place)| place);
            places.faults.push(place.unwrap_or_else(|| {
                known.push((name, numbers.place(PlaceKind::Fault, Owner::Fault(fault))));
                known[known.len() - 1].1
            }));
        }
        places.caches = once(caches.iter().copied(), |(service, number)| {
            numbers.place(PlaceKind::Cache, Owner::Cache(service, number))
        });
        let consumers = all(system.consumers.len());
        places.consumers = consumers.map(|one| numbers.place(PlaceKind::Queue, Owner::Consumer(one))).collect();
        for endpoint in all(system.endpoints.len()) {
            let kinds = [PlaceKind::OwnError, PlaceKind::Work, PlaceKind::BackOff];
            places.endpoints.push(kinds.map(|kind| numbers.place(kind, Owner::Endpoint(endpoint))));
        }
        places.endpoint_of = endpoints_by_operation(system);
        let slept = endpoints_that_sleep(system, &places.endpoint_of);
        for (plan, endpoint) in system.endpoints.iter().zip(0..) {
            let service = plan.service;
            let is_one =
                slept.iter().filter(|&&other| system.endpoints[usize::from(other)].service == service).count() < 2;
            let is_named = !is_one && slept.contains(&endpoint);
            let place = match is_named && system.services[service as usize].runtime != Runtime::Delay {
                true => numbers.place(PlaceKind::Delay, Owner::Endpoint(endpoint.into())),
                false => places.services[service as usize].delay,
            };
            places.sleeps.push((service, place));
        }
        places.client_back_off = numbers.place(PlaceKind::ClientBackOff, Owner::Nothing);
        places.hedge = numbers.place(PlaceKind::Hedge, Owner::Nothing);
        for ((service, of_service), index) in system.services.iter().zip(&mut places.services).zip(0..) {
            if service.disk.is_some() {
                of_service.disk = numbers.place(PlaceKind::Disk, Owner::Service(index));
            }
            if service.memory.is_some() {
                of_service.collection = numbers.place(PlaceKind::GarbageCollection, Owner::Service(index));
                of_service.memory = numbers.place(PlaceKind::Memory, Owner::Service(index));
            }
        }
        for (op, pc) in system.program.iter().zip(0..) {
            if matches!(op, Op::Resolve { .. }) {
                let service = system.service_at(pc);
                let of_service = &mut places.services[service as usize];
                if of_service.look_up == 0 {
                    of_service.look_up = numbers.place(PlaceKind::LookUp, Owner::Service(service));
                }
            }
        }
        places.all = numbers.all;
        places
    }
}
