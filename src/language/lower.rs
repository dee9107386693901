//! From what is written to what is meant: names become indices, steps become operations, and whatever cannot be meant
//! is refused. Nothing is decided here that a run could see differently: same model, same system.

mod cache;
mod client;
mod column;
pub(super) mod complaint;
mod cycle;
mod deploy;
mod disk;
mod distribution;
mod echo;
mod emit;
pub(super) mod endpoint;
mod fault;
mod growth;
mod guard;
mod host;
mod load;
pub(super) mod lookups;
mod memory;
mod metrics;
mod opening;
pub(super) mod pool;
mod prices;
mod probe;
mod provenance;
mod queue;
mod scaling;
mod service;
mod trace;
mod view;
mod waiting;

use std::collections::HashMap;

use crate::kernel::Time;
use crate::model::{EndpointPlan, LimitPlan, MachinePlan, StationPlan, System};

pub use column::Columns;
pub use complaint::Complaint;
pub use load::load;
pub use provenance::{Assumption, Basis, Sourced};
pub(crate) use provenance::{assumptions, provenance, size, sources};

use super::names::Names;
use super::{Discipline, Duration, Limit, Model, Servers};
use complaint::At;

/// Turns a model as written into a system as meant, or says everything that is wrong with it. `columns` are the
/// CSV columns of empirical distributions that were read so far.
pub fn lower(model: &Model, columns: &mut Columns) -> Result<System, Vec<Complaint>> {
    let title = model.title.clone().unwrap_or_default();
    let system = System { title, ..System::default() };
    let mut lowering =
        Lowering { model, columns, system, complaints: Vec::new(), draws: HashMap::new(), handshakes: Vec::new() };
    lowering.machines();
    lowering.views();
    lowering.stations();
    lowering.shared_limits();
    lowering.services();
    lowering.endpoints();
    lowering.queues();
    lowering.probes();
    lowering.autoscaling();
    lowering.deploys();
    lowering.prices();
    lowering.faults();
    lowering.metrics();
    cycle::refuse(model, &mut lowering.complaints);
    echo::refuse(model, &mut lowering.complaints);
    if lowering.complaints.is_empty() { Ok(lowering.system) } else { Err(lowering.complaints) }
}

/// A model in the course of being lowered.
pub(super) struct Lowering<'a> {
    pub(super) model: &'a Model,
    pub(super) columns: &'a mut Columns,
    pub(super) system: System,
    pub(super) complaints: Vec<Complaint>,
    /// The indices of the system's variates, by what equal ones share.
    draws: HashMap<u64, Vec<u32>>,
    /// What servers do when connections are opened.
    handshakes: Vec<opening::Handshake>,
}

/// Slots, connections or threads that a model may ask for; more is a slip of the keyboard.
const MOST: u32 = 10_000_000;

impl Lowering<'_> {
    pub(super) fn complain(&mut self, complaint: Complaint) {
        self.complaints.push(complaint);
    }

    fn machines(&mut self) {
        let all = At::Root.key("machines");
        for (name, machine) in &self.model.machines {
            let speed = self.speed(all.key(name).key("speed"), machine.speed);
            self.system.machines.push(MachinePlan { name: name.clone(), cores: machine.cpu.0, speed });
        }
    }

    fn stations(&mut self) {
        let all = At::Root.key("stations");
        for (name, station) in &self.model.stations {
            let at = all.key(name);
            let servers = match station.servers {
                Servers::Infinite => None,
                Servers::Count(count) => {
                    self.at_least_one(at.key("servers"), "servers", count);
                    Some(count)
                }
            };
            if let Some(capacity) = station.capacity {
                self.at_least_one(at.key("capacity"), "capacity", capacity);
                if servers.is_some_and(|servers| capacity < servers) && capacity > 0 {
                    let title =
                        format!("station `{name}` has room for {capacity} but {} servers", servers.unwrap_or_default());
                    self.complain(
                        Complaint::at(at.key("capacity"), title, "counts those in service too")
                            .also(at.key("servers"), "more than there is room for")
                            .help("make `capacity` at least as large as `servers`"),
                    );
                }
            }
            let slowdown = self.slowdown(at.key("slowdown"), station.slowdown);
            let waiting = self.waiting_at_station(at, station);
            self.system.stations.push(StationPlan {
                name: name.clone(),
                servers,
                sharing: station.discipline == Discipline::Ps,
                capacity: station.capacity,
                waiting,
                slowdown,
            });
        }
    }

    fn shared_limits(&mut self) {
        let all = At::Root.key("limits");
        for (name, limit) in &self.model.limits {
            let plan = self.limit(all.key(name), name, limit);
            self.system.limits.push(plan);
        }
    }

    fn limit(&mut self, at: At<'_>, name: &str, limit: &Limit) -> LimitPlan {
        match limit.size {
            Some(0) => {
                let complaint =
                    Complaint::at(at.key("size"), "a limit of size 0 lets nothing in", "must be at least 1");
                self.complain(complaint.help("leave the key out for no limit; `max_queue = 0` allows no waiting"));
            }
            Some(size) => self.at_least_one(at.key("size"), "size", size),
            None => {}
        }
        let waiting = self.waiting(at, limit.order, limit.acquire_timeout.as_ref(), limit.shed.as_ref());
        let size = limit.size.unwrap_or(u32::MAX);
        let growth = limit
            .grow
            .as_ref()
            .and_then(|growth| self.growth(at.key("grow"), growth, ("size", limit.size), limit.max_queue.is_some()));
        LimitPlan { name: name.into(), size, growth, max_queue: limit.max_queue.unwrap_or(u32::MAX), waiting }
    }

    /// Refuses zero, and numbers beyond anything.
    fn at_least_one(&mut self, at: At<'_>, name: &str, value: u32) {
        if value == 0 {
            self.complain(Complaint::at(at, format!("`{name}` is 0"), "must be at least 1"));
        } else if value > MOST {
            self.complain(Complaint::at(at, format!("`{name}` is {value}"), "must be at most 10 million"));
        }
    }

    /// A growth of demand: not negative; none is none.
    fn slowdown(&mut self, at: At<'_>, value: Option<f64>) -> f64 {
        let value = value.unwrap_or_default();
        if !(0.0..=1e6).contains(&value) {
            let complaint = Complaint::at(at, format!("`slowdown` is {value}"), "must be between 0 and a million")
                .note("with `n` jobs inside, each takes `1 + slowdown * n` times as long");
            self.complain(complaint);
        }
        value
    }

    /// A time-out: not zero, which would fail everything at once; none is no limit.
    fn timeout(&mut self, at: At<'_>, timeout: Option<Duration>) -> Option<Time> {
        let timeout = timeout?;
        if timeout.0 == 0 {
            let complaint = Complaint::at(at, "a time-out of zero makes everything fail", "must be above 0")
                .help("leave the key out to wait without limit");
            self.complain(complaint);
        }
        Some(Time(timeout.0))
    }

    /// The index of a name, or a complaint with the nearest right one.
    pub(super) fn find<'n, T>(
        &mut self,
        at: At<'_>,
        what: &str,
        name: &str,
        among: impl Iterator<Item = (&'n String, T)>,
        of_service: &str,
    ) -> Option<(u32, T)> {
        let mut known = Vec::new();
        for (index, (other, value)) in among.enumerate() {
            if other == name {
                return Some((index as u32, value));
            }
            known.push(other.as_str());
        }
        let names = Names::new(known);
        let mut complaint =
            Complaint::at(at, format!("there is no {what} `{name}`{of_service}"), format!("no such {what}"));
        let near = names.nearest(name);
        complaint = if names.is_empty() {
            complaint.note(format!("there is no {what} at all{of_service}"))
        } else {
            complaint.note(names.sentence(&format!("{what}{of_service}"), name))
        };
        if let Some(near) = near {
            complaint = complaint.help(format!("did you mean `{near}`?"));
        }
        self.complain(complaint);
        None
    }

    /// The index of an endpoint in the system.
    pub(super) fn endpoint_index(&self, service: u32, name: &str) -> Option<u32> {
        let is_it = |plan: &EndpointPlan| plan.service == service && plan.name == name;
        self.system.endpoints.iter().position(is_it).map(|index| index as u32)
    }
}
