//! The places where a request's time can go: each resource of the reports, and what is no resource (the network, time
//! of a service's own, back-offs, faults). Each has an index, found from the parts' own numbers by one look-up.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::kernel::{NONE, Time};
use crate::model::{Effect, Runtime, System};

use crate::parts::held::slots::{Slots, SlotsKind};
use crate::parts::network::process::{Process, Replica};

/// Where a request's time can go.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
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
    /// A circuit breaker.
    Breaker,
    /// A reverse proxy in front of a service.
    Ingress,
    /// A broker's queue.
    Queue,
    /// The network on the way to a service, connects included.
    Network,
    /// Time that passes in a service without a resource: sleeps, and all work of a service that queues nothing.
    Delay,
    /// The pause before another attempt of a `retry` step.
    BackOff,
    /// The pause of a client before it sends its request again.
    ClientBackOff,
    /// The time before a hedged attempt is sent.
    Hedge,
    /// An injected fault.
    Fault,
    /// The error that a `fail` step of an endpoint answers.
    OwnError,
    /// CPU work of an endpoint; told only of those who hold an event loop.
    Work,
}

impl PlaceKind {
    /// Whether it refuses requests on purpose, so as to protect what is behind it.
    pub fn refuses(self) -> bool {
        matches!(self, Self::Breaker | Self::Ingress | Self::Limit | Self::Threads | Self::Station | Self::Queue)
    }
}

/// The table of places, and the index of the place of each part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub all: Vec<Place>,
    /// By slots.
    pub slots: Vec<u16>,
    /// By client.
    pub clients: Vec<u16>,
    /// By replica: CPU, contention, throttling.
    pub cpus: Vec<[u16; 3]>,
    /// By service: event loops, network to it, its own time, unavailability, ingress, accept queue, interpreter lock,
    /// descriptors, ports, database connections.
    pub services: Vec<OfService>,
    /// By station: the station, contention there.
    pub stations: Vec<[u16; 2]>,
    /// By fault; those that do the same kind of thing to the same target share one.
    pub faults: Vec<u16>,
    /// By cache of the run.
    pub caches: Vec<u16>,
    /// By breaker, those of a service together: the first of each service.
    pub breakers: Vec<Vec<u16>>,
    /// By queue.
    pub queues: Vec<u16>,
    /// By endpoint: its own errors, its work on the CPU.
    pub endpoints: Vec<[u16; 2]>,
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
    pub backlog: u16,
    pub gil: u16,
    pub descriptors: u16,
    pub ports: u16,
    pub sessions: u16,
    pub back_off: u16,
}

/// Collects places, each name once.
#[derive(Default)]
struct Naming {
    pub all: Vec<Place>,
    index: HashMap<Place, u16>,
}

impl Naming {
    fn place(&mut self, kind: PlaceKind, name: String) -> u16 {
        self.place_with(kind, name, None)
    }

    fn place_with(&mut self, kind: PlaceKind, name: String, units: Option<Units>) -> u16 {
        let Self { all, index } = self;
        *index.entry(Place { name, kind, units }).or_insert_with_key(|place| {
            all.push(place.clone());
            (all.len() - 1) as u16
        })
    }
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

impl Places {
    /// The places of a system whose parts are these; `caches` are the service and number of each cache.
    pub fn of(
        system: &System,
        processes: &[Process],
        replicas: &[Replica],
        slots: &[Slots],
        clients: &[(u32, u32)],
        caches: &[(u32, u32)],
    ) -> Self {
        let mut names = Naming::default();
        let mut places = Self::default();
        names.place(PlaceKind::Unexplained, "unexplained".into());
        let service_name = |process: u32| {
            let service = processes[process as usize].service;
            &system.services[service as usize].name
        };
        // Processes and replicas of a service share their places: each name is made once.
        let service_of = |process: u32| if process == NONE { NONE } else { processes[process as usize].service };
        let mut known: Vec<((u32, SlotsKind), u16)> = Vec::new();
        for one in slots {
            let owner = (service_of(one.process), one.kind);
            if let Some(&(_, place)) = known.iter().rfind(|(known, _)| *known == owner) {
                places.slots.push(place);
                continue;
            }
            let kind = match one.kind {
                SlotsKind::Connections { .. } => PlaceKind::Connections,
                SlotsKind::Limit { .. } | SlotsKind::Shared { .. } => PlaceKind::Limit,
                SlotsKind::RequestThreads => PlaceKind::Threads,
                SlotsKind::Executor => PlaceKind::Executor,
            };
            let name = match one.process {
                NONE => one.kind.name(system, NONE),
                process => {
                    let service = processes[process as usize].service;
                    format!("{} {}", service_name(process), one.kind.name(system, service))
                }
            };
            let units = Units { number: one.full_size, patience: one.kind.acquire_timeout(system, owner.0) };
            places.slots.push(names.place_with(kind, name, Some(units)));
            known.extend(places.slots.last().map(|&place| (owner, place)));
        }
        let mut known: Vec<((u32, u32), u16)> = Vec::new();
        for &(process, index) in clients {
            let owner = (service_of(process), index);
            if let Some(&(_, place)) = known.iter().rfind(|(known, _)| *known == owner) {
                places.clients.push(place);
                continue;
            }
            let service = &system.services[processes[process as usize].service as usize];
            let name = format!("{} client {}", service.name, service.clients[index as usize].name);
            places.clients.push(names.place(PlaceKind::HttpClient, name));
            known.extend(places.clients.last().map(|&place| (owner, place)));
        }
        let mut of_last = None;
        for replica in replicas {
            // Replicas of a service stand side by side.
            if let Some(&cpus) = places.cpus.last().filter(|_| of_last == Some(replica.service)) {
                places.cpus.push(cpus);
                continue;
            }
            of_last = Some(replica.service);
            let service = &system.services[replica.service as usize];
            let owner = match service.machine {
                Some(machine) => format!("machine {}", system.machines[machine as usize].name),
                None => service.name.clone(),
            };
            places.cpus.push([
                names.place(PlaceKind::Cpu, format!("{owner} CPU")),
                names.place(PlaceKind::Contention, format!("{owner} CPU contention")),
                names.place(PlaceKind::Throttling, format!("{} throttling", service.name)),
            ]);
        }
        for service in &system.services {
            let mut one = |kind, what: &str| names.place(kind, format!("{} {what}", service.name));
            let own = |kind| match kind {
                Runtime::Delay => String::new(),
                _ => " sleep".into(),
            };
            let of_service = OfService {
                loops: one(PlaceKind::EventLoops, "event loops"),
                unavailable: one(PlaceKind::Unavailable, "unavailable"),
                ingress: one(PlaceKind::Ingress, "ingress"),
                backlog: one(PlaceKind::Backlog, "backlog"),
                gil: one(PlaceKind::Gil, "GIL"),
                descriptors: one(PlaceKind::Descriptors, "descriptors"),
                ports: one(PlaceKind::Ports, "ports"),
                sessions: one(PlaceKind::Sessions, "connections"),
                back_off: one(PlaceKind::BackOff, "retry back-off"),
                network: names.place(PlaceKind::Network, format!("network to {}", service.name)),
                delay: names.place(PlaceKind::Delay, format!("{}{}", service.name, own(service.runtime))),
            };
            places.services.push(of_service);
            let breaker = |plan: &crate::model::BreakerPlan| format!("{} breaker {}", service.name, plan.name);
            let of_service = service.breakers.iter().map(|plan| names.place(PlaceKind::Breaker, breaker(plan)));
            places.breakers.push(of_service.collect());
        }
        for station in &system.stations {
            places.stations.push([
                names.place(PlaceKind::Station, format!("station {}", station.name)),
                names.place(PlaceKind::Contention, format!("station {} contention", station.name)),
            ]);
        }
        for fault in &system.faults {
            places.faults.push(names.place(PlaceKind::Fault, fault.joint_name(&system.faults)));
        }
        for &(service, number) in caches {
            let plan = &system.services[service as usize];
            let name = format!("{} cache {}", plan.name, plan.caches[number as usize].name);
            places.caches.push(names.place(PlaceKind::Cache, name));
        }
        for queue in &system.queues {
            places.queues.push(names.place(PlaceKind::Queue, format!("queue {}", queue.name)));
        }
        for endpoint in &system.endpoints {
            let service = &system.services[endpoint.service as usize].name;
            places.endpoints.push([
                names.place(PlaceKind::OwnError, format!("{service}.{}", endpoint.name)),
                names.place(PlaceKind::Work, format!("CPU work of {service}.{}", endpoint.name)),
            ]);
        }
        places.endpoint_of = endpoints_by_operation(system);
        places.client_back_off = names.place(PlaceKind::ClientBackOff, "client back-off".into());
        places.hedge = names.place(PlaceKind::Hedge, "hedge delay".into());
        places.all = names.all;
        places
    }

    /// The fault that adds to round trips to a service, the first in the model's order among those that are on.
    pub fn latency_fault(&self, system: &System, on: &[bool], service: u32) -> Option<u16> {
        self.fault(system, on, service, |effect| matches!(effect, Effect::Latency(_)))
    }

    /// The first fault of a service that makes it slow or stops it, on or not.
    pub fn last_slow(&self, system: &System, service: u32) -> Option<u16> {
        let all = vec![true; system.faults.len()];
        self.fault(system, &all, service, |effect| matches!(effect, Effect::Slow(_) | Effect::Stuck))
    }

    /// The first fault of a service that is on and does this.
    pub fn fault(&self, system: &System, on: &[bool], service: u32, does: impl Fn(&Effect) -> bool) -> Option<u16> {
        let mut all = system.faults.iter().zip(on).zip(&self.faults);
        let found = all.find(|((plan, on), _)| **on && plan.service == service && does(&plan.effect));
        found.map(|(_, &place)| place)
    }
}
