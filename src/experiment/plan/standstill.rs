//! Whether a system can lose capacity for good, by its structure.
//!
//! Requests that hold units and wait for others can come to wait for each other only if the order in which units are
//! taken has a circle: each unit is an edge from those that are held when it is asked for. Without a circle no deadlock
//! is possible (Havender 1968, "Avoiding Deadlock in Multitasking Systems", IBM Systems Journal 7). Whether a time-out
//! would end the wait is not looked at, nor how many units there are, so the answer errs on the side of a loss.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::model::{Op, Runtime, System};

/// Something of which there are units that requests hold and wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Unit {
    /// Connections of a service's pool.
    Pool(u32, u32),
    /// Slots of a service's limit.
    Limit(u32, u32),
    /// Slots of a limit of the whole system.
    Shared(u32),
    /// Threads of a service that runs each request in one.
    Threads(u32),
    /// Descriptors of a service, of which each connection that it accepts has one.
    Files(u32),
    /// Threads of the default executor of a service.
    Executor(u32),
    /// Connections of a service's HTTP client.
    Client(u32, u32),
    /// The fetch of a key of a service's cache, for which others wait.
    Fetch(u32, u32),
}

/// Whether runs of this system can lose capacity for good: through a deadlock, a broken client, a database that takes
/// fewer connections than its pools may open, a fault, or restarts.
pub fn can_lose_capacity(system: &System) -> bool {
    let is_broken = system
        .services
        .iter()
        .any(|service| service.restarts() || service.clients.iter().any(|client| client.broken.contains(&true)));
    is_broken || !system.faults.is_empty() || starves_a_database(system) || UnitOrder::of(system).has_circle()
}

/// Whether the pools of a database may open more connections than it takes: idle ones keep others waiting.
fn starves_a_database(system: &System) -> bool {
    system.services.iter().enumerate().any(|(index, database)| {
        let Some(most) = database.max_connections else { return false };
        let pools = system.services.iter().flat_map(|service| {
            let processes = u64::from(service.replicas) * u64::from(service.workers);
            let own = service.pools.iter().filter(|pool| pool.server as usize == index);
            own.map(move |pool| processes.saturating_mul(pool.max_size.into()))
        });
        pools.fold(0, u64::saturating_add) > u64::from(most) * u64::from(database.replicas)
    })
}

/// In which order requests take units.
struct UnitOrder<'a> {
    system: &'a System,
    /// By endpoint: what its requests take, calls included.
    taken: Vec<BTreeSet<Unit>>,
    /// By unit: what is asked for by those who hold one.
    after: BTreeMap<Unit, BTreeSet<Unit>>,
}

impl<'a> UnitOrder<'a> {
    fn of(system: &'a System) -> Self {
        let endpoints = system.endpoints.len();
        let mut order = Self { system, taken: vec![BTreeSet::new(); endpoints], after: BTreeMap::new() };
        // As often as calls can be nested, and once more: then nothing is added.
        for _ in 0..=endpoints {
            for endpoint in 0..endpoints {
                order.follow(endpoint);
            }
        }
        order
    }

    /// Follows the program of an endpoint along all of its ways.
    fn follow(&mut self, endpoint: usize) {
        let plan = &self.system.endpoints[endpoint];
        let (service, mut held) = (plan.service, Vec::new());
        let of_service = &self.system.services[service as usize];
        if of_service.runtime == Runtime::Threads && of_service.threads.is_some() {
            self.take(endpoint, Unit::Threads(service), &mut held);
        }
        if of_service.open_files.is_some() {
            self.take(endpoint, Unit::Files(service), &mut held);
        }
        let mut open = vec![(plan.entry, held)];
        let mut seen: HashSet<(u32, Vec<Unit>)> = HashSet::new();
        while let Some((pc, mut held)) = open.pop() {
            if !seen.insert((pc, held.clone())) {
                continue;
            }
            let next = pc + 1;
            match self.system.program[pc as usize] {
                Op::AcquireConnection { pool, .. } | Op::Borrow { pool, .. } => {
                    self.take(endpoint, Unit::Pool(service, pool), &mut held);
                }
                Op::AcquireLimit { limit } => self.take(endpoint, Unit::Limit(service, limit), &mut held),
                Op::AcquireShared { limit } => self.take(endpoint, Unit::Shared(limit), &mut held),
                Op::EnterThread => self.take(endpoint, Unit::Executor(service), &mut held),
                Op::Connect { client, .. } => self.take(endpoint, Unit::Client(service, client), &mut held),
                Op::Release | Op::HangUp | Op::Store => {
                    held.pop();
                }
                Op::Send { endpoint: called, .. } => {
                    for unit in self.taken[called as usize].clone() {
                        self.ask(endpoint, unit, &held);
                    }
                }
                Op::LookUp { cache, .. } => {
                    open.push((pc + 2, held.clone()));
                    self.take(endpoint, Unit::Fetch(service, cache), &mut held);
                }
                Op::Notify { to, .. } => open.push((to, Vec::new())),
                Op::Again { body } => open.push((body, held.clone())),
                Op::Choose { first, count, .. } => {
                    let branches = &self.system.branches[first as usize..(first + count) as usize];
                    open.extend(branches.iter().map(|branch| (branch.to, held.clone())));
                    continue;
                }
                Op::Jump { to } => {
                    open.push((to, held));
                    continue;
                }
                Op::Fallback { plan } => {
                    open.push((self.system.fallbacks[plan as usize].otherwise, held.clone()));
                }
                Op::Parallel { plan } => {
                    let plan = &self.system.parallels[plan as usize];
                    open.extend(plan.entries.iter().chain([&plan.end]).map(|&to| (to, held.clone())));
                    continue;
                }
                Op::Fail { .. } | Op::Join | Op::Answer => continue,
                Op::Cpu { .. }
                | Op::Native { .. }
                | Op::Sleep { .. }
                | Op::Visit { .. }
                | Op::Trip { .. }
                | Op::Commit { .. }
                | Op::Count { .. }
                | Op::Prepare { .. }
                | Op::Secure { .. }
                | Op::Resolve { .. }
                | Op::Fresh { .. } => {}
                Op::Allocate { .. }
                | Op::Respond
                | Op::Yield { .. }
                | Op::Project
                | Op::Read { .. }
                | Op::Publish { .. } => {}
                Op::Repeat { .. } | Op::Last | Op::Retry { .. } | Op::Backoff { .. } | Op::Timeout { .. } => {}
                Op::Breaker { .. } | Op::Pace { .. } | Op::Block | Op::Unblock | Op::Leave => {}
            }
            open.push((next, held));
        }
    }

    /// Asks for a unit, and holds it from then on.
    fn take(&mut self, endpoint: usize, unit: Unit, held: &mut Vec<Unit>) {
        self.ask(endpoint, unit, held);
        held.push(unit);
    }

    fn ask(&mut self, endpoint: usize, unit: Unit, held: &[Unit]) {
        self.taken[endpoint].insert(unit);
        if self.is_waited_for(unit) {
            held.iter().for_each(|&known| {
                self.after.entry(known).or_default().insert(unit);
            });
        }
    }

    /// Whether there are so few units that a request may wait for one.
    fn is_waited_for(&self, unit: Unit) -> bool {
        let service = |index: u32| &self.system.services[index as usize];
        match unit {
            Unit::Limit(of, limit) => service(of).limits[limit as usize].size < u32::MAX,
            Unit::Shared(limit) => self.system.limits[limit as usize].size < u32::MAX,
            Unit::Client(of, client) => {
                let client = &service(of).clients[client as usize];
                client.shared && client.max_connections < u32::MAX
            }
            Unit::Fetch(of, cache) => service(of).caches[cache as usize].coalesce,
            Unit::Pool(..) | Unit::Threads(_) | Unit::Executor(_) | Unit::Files(_) => true,
        }
    }

    /// Whether some unit is asked for, perhaps by way of others, by those who hold one of the same.
    fn has_circle(&self) -> bool {
        self.after.keys().any(|&unit| {
            let mut seen = BTreeSet::new();
            let mut open: Vec<Unit> = self.after[&unit].iter().copied().collect();
            while let Some(next) = open.pop() {
                if next == unit {
                    return true;
                }
                if seen.insert(next) {
                    open.extend(self.after.get(&next).into_iter().flatten());
                }
            }
            false
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::can_lose_capacity;
    use crate::experiment::plan::{Adjustments, Plan};

    fn can_lose(file: &str) -> bool {
        let plan = Plan::read(Path::new(file), &Adjustments::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        can_lose_capacity(&plan.points[0].system)
    }

    /// Customers hold nothing while they wait at a station; registrations hold a connection and take a second one.
    #[test]
    fn a_circle_of_units_can_lose_capacity() {
        for file in ["models/mm1.toml", "models/mmc.toml", "models/central-server.toml", "models/pool-network.toml"] {
            assert!(!can_lose(file), "{file}");
        }
        for file in
            ["models/registration.toml", "tests/culprits/nested-identifier.toml", "tests/culprits/sync-over-async.toml"]
        {
            assert!(can_lose(file), "{file}");
        }
    }

    /// Threads that wait for a slot while its holders wait for nothing: no circle.
    #[test]
    fn a_chain_of_units_cannot() {
        for file in ["tests/culprits/sync-workers.toml", "tests/culprits/executor.toml"] {
            assert!(!can_lose(file), "{file}");
        }
    }

    #[test]
    fn a_broken_client_can_lose_capacity() {
        assert!(can_lose("tests/culprits/broken-client.toml"));
    }
}
