//! The parts that places belong to, and the names that follow from them.

use crate::model::{Runtime, ServicePlan, System};

use crate::parts::held::slots::SlotsKind;
use crate::parts::messaging::broker::consumer_name;

use super::PlaceKind;

/// The part that a place belongs to, by its number in the system.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner {
    Nothing,
    /// Of a service; [`NONE`] for those of the whole system.
    Slots(u32, SlotsKind),
    /// Of a service, that number among its own.
    Client(u32, u32),
    /// The rate limit of such a client.
    Pacer(u32, u32),
    Cache(u32, u32),
    Breaker(u32, u32),
    Machine(u32),
    Service(u32),
    Station(u32),
    Fault(u32),
    /// Of a service, that number among its own.
    Deploy(u32, u32),
    Consumer(u32),
    Endpoint(u32),
}

impl Owner {
    /// The name of its place of this kind.
    pub fn name(self, kind: PlaceKind, system: &System) -> String {
        let plan = |service: u32| &system.services[service as usize];
        match self {
            Self::Nothing => match kind {
                PlaceKind::ClientBackOff => "client back-off".into(),
                PlaceKind::Hedge => "hedge delay".into(),
                _ => "unexplained".into(),
            },
            Self::Slots(service, slots) => slots.resource_name(system, service),
            Self::Client(service, number) => {
                format!("{} client {}", plan(service).name, plan(service).clients[number as usize].name)
            }
            Self::Pacer(service, number) => {
                format!("{} client {} rate limit", plan(service).name, plan(service).clients[number as usize].name)
            }
            Self::Cache(service, number) => {
                format!("{} cache {}", plan(service).name, plan(service).caches[number as usize].name)
            }
            Self::Breaker(service, number) => {
                let name = &plan(service).breakers[number as usize].name;
                let slow = if kind == PlaceKind::SlowCalls { " slow calls" } else { "" };
                format!("{} breaker {name}{slow}", plan(service).name)
            }
            Self::Machine(machine) => {
                let name = &system.machines[machine as usize].name;
                if kind == PlaceKind::Contention {
                    format!("machine {name} CPU contention")
                } else {
                    format!("machine {name} CPU")
                }
            }
            Self::Service(service) => name_in(plan(service), kind),
            Self::Station(station) => {
                let name = &system.stations[station as usize].name;
                if kind == PlaceKind::Contention {
                    format!("station {name} contention")
                } else {
                    format!("station {name}")
                }
            }
            Self::Fault(fault) => system.faults[fault as usize].joint_name(&system.faults),
            Self::Deploy(service, number) => plan(service).deploys[number as usize].title(),
            Self::Consumer(consumer) => consumer_name(system, consumer as usize),
            Self::Endpoint(endpoint) => {
                let endpoint = &system.endpoints[endpoint as usize];
                let name = format!("{}.{}", plan(endpoint.service).name, endpoint.name);
                match kind {
                    PlaceKind::Work => format!("CPU work of {name}"),
                    PlaceKind::BackOff => format!("retry back-off of {name}"),
                    PlaceKind::Delay => format!("{name} sleep"),
                    _ => name,
                }
            }
        }
    }
}

/// The name of a service's own place of this kind.
fn name_in(plan: &ServicePlan, kind: PlaceKind) -> String {
    let what = match kind {
        PlaceKind::Network => return format!("network to {}", plan.name),
        PlaceKind::Delay if plan.runtime == Runtime::Delay => return plan.name.clone(),
        PlaceKind::Delay => "sleep",
        PlaceKind::Cpu => "CPU",
        PlaceKind::Contention => "CPU contention",
        PlaceKind::Throttling => "throttling",
        PlaceKind::EventLoops => "event loops",
        PlaceKind::Unavailable => "unavailable",
        PlaceKind::Ingress => "ingress",
        PlaceKind::RateLimit => "ingress rate limit",
        PlaceKind::Backlog => "backlog",
        PlaceKind::Gil => "GIL",
        PlaceKind::Descriptors => "descriptors",
        PlaceKind::Ports => "ports",
        PlaceKind::Sessions => "connections",
        PlaceKind::GarbageCollection => "garbage collection",
        PlaceKind::Memory => "memory",
        PlaceKind::LookUp => "name look-ups",
        PlaceKind::Disk => "disk",
        _ => unreachable!("{kind:?} is no place of a service alone"),
    };
    format!("{} {what}", plan.name)
}
