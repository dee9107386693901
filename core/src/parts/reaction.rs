//! What a system does by itself when something fails, is late or is missing, and that may add to its load: attempts of
//! `retry` steps, further attempts of hedges, second deliveries of messages, fetches of what is being fetched already. And
//! how often a fallback answers.

use serde::{Deserialize, Serialize};

use crate::model::{Op, System};
use crate::parts::messaging::broker::consumer_name;
use crate::parts::messaging::cache::Cache;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReactionKind {
    /// A further attempt of a `retry` step.
    Retry,
    /// A further attempt of a `hedge` step.
    Hedge,
    /// What a `fallback` step does instead.
    Fallback,
    /// Another delivery of a message that was not acknowledged in time.
    Redelivery,
    /// A fetch into a cache while another one of the same key is under way.
    Fetch,
}

/// How often a part of a system did so within the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// What was done.
    pub kind: ReactionKind,
    /// Where: `web.get`, `queue jobs / work`, `web cache pages`.
    pub place: String,
    /// How often it could have been done: steps begun, deliveries, fetches.
    pub occasions: u64,
    /// How often it was done.
    pub count: u64,
    /// What it calls, directly or not: services, stations and limits of the whole system.
    pub reaches: Vec<String>,
}

/// Occasions and times done.
type Counts = [u64; 2];

/// The counters of a run. Those of caches are in [`Cache`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Reactions {
    /// By `retry` step.
    pub retries: Vec<Counts>,
    /// By `hedge` or `parallel` step.
    pub hedges: Vec<Counts>,
    /// By `fallback` step.
    pub fallbacks: Vec<Counts>,
    /// By consumer.
    pub redeliveries: Vec<Counts>,
}

impl Reactions {
    pub fn new(system: &System) -> Self {
        let none = |number: usize| vec![[0; 2]; number];
        Self {
            retries: none(system.retries.len()),
            hedges: none(system.parallels.len()),
            fallbacks: none(system.fallbacks.len()),
            redeliveries: none(system.consumers.len()),
        }
    }

    pub fn reset(&mut self) {
        let all = [&mut self.retries, &mut self.hedges, &mut self.fallbacks, &mut self.redeliveries];
        all.into_iter().flatten().for_each(|counts| *counts = [0; 2]);
    }

    /// All that was done at least once.
    pub fn of_window(&self, system: &System, caches: &[Cache]) -> Vec<Reaction> {
        let mut all: Vec<Reaction> = Vec::new();
        let mut add = |kind, place: String, [occasions, count]: Counts, reaches: &dyn Fn() -> Vec<String>| match all
            .iter_mut()
            .find(|known| (known.kind, &known.place) == (kind, &place))
        {
            Some(known) => {
                known.occasions += occasions;
                known.count += count;
            }
            None if count > 0 => all.push(Reaction { kind, place, occasions, count, reaches: reaches() }),
            None => {}
        };
        for (pc, op) in (0..).zip(&system.program) {
            let (kind, counts) = match *op {
                Op::Retry { plan } => (ReactionKind::Retry, self.retries[plan as usize]),
                Op::Parallel { plan } => (ReactionKind::Hedge, self.hedges[plan as usize]),
                Op::Fallback { plan } => (ReactionKind::Fallback, self.fallbacks[plan as usize]),
                _ => continue,
            };
            let endpoint = &system.endpoints[system.endpoint_at(pc) as usize];
            let place = format!("{}.{}", system.services[endpoint.service as usize].name, endpoint.name);
            add(kind, place, counts, &|| reached(system, pc));
        }
        for (number, counts) in self.redeliveries.iter().enumerate() {
            let entry = system.endpoints[system.consumers[number].endpoint as usize].entry;
            add(ReactionKind::Redelivery, consumer_name(system, number), *counts, &|| reached(system, entry));
        }
        let is_miss = |op: &Op, cache: u32| matches!(*op, Op::LookUp { cache: of, .. } if of == cache);
        for cache in caches {
            let reaches = || {
                let of_service = |pc: &u32| system.service_at(*pc) == cache.service;
                let misses = (0..).zip(&system.program).filter(|(_, op)| is_miss(op, cache.number)).map(|(pc, _)| pc);
                let mut all: Vec<String> = misses.filter(of_service).flat_map(|pc| reached(system, pc)).collect();
                all.sort_unstable();
                all.dedup();
                all
            };
            add(ReactionKind::Fetch, cache.name(system), cache.fetches(), &reaches);
        }
        all
    }
}

/// What the steps from the operation `pc` to the end of its endpoint use and call, directly or not.
fn reached(system: &System, pc: u32) -> Vec<String> {
    let (mut names, mut known, mut open) = (Vec::new(), Vec::new(), vec![pc]);
    while let Some(from) = open.pop() {
        let service = &system.services[system.service_at(from) as usize];
        for op in system.program[from as usize..].iter().take_while(|op| !matches!(op, Op::Answer)) {
            let name = match *op {
                Op::Send { endpoint, .. } => {
                    if !known.contains(&endpoint) {
                        known.push(endpoint);
                        open.push(system.endpoints[endpoint as usize].entry);
                    }
                    &system.services[system.endpoints[endpoint as usize].service as usize].name
                }
                Op::Trip { pool, .. } => &system.services[service.pools[pool as usize].server as usize].name,
                Op::Visit { station, .. } => &system.stations[station as usize].name,
                Op::AcquireShared { limit } => &system.limits[limit as usize].name,
                Op::Cpu { .. } | Op::Native { .. } | Op::AcquireLimit { .. } | Op::AcquireConnection { .. } => {
                    &service.name
                }
                Op::Borrow { .. } | Op::EnterThread => &service.name,
                _ => continue,
            };
            names.push(name.clone());
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}
