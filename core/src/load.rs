//! Who sends requests: a finite closed test, an endless closed load with a steady or changing number of clients, open
//! arrivals at a steady or changing rate, or as recorded, or several of these, one for each class. One [`trial`] is one run of a system under a load, from rest.

mod arrivals;
mod closed;
mod drain;
mod measuring;
mod mixed;
mod open;
mod profile;
mod staged;
mod test;
mod thoughts;
mod trace;

pub use arrivals::Arrivals;
pub use profile::Times;
pub use staged::Changes;
pub use thoughts::Thoughts;

use std::collections::HashMap;

use crate::interpreter::World;
use crate::kernel::Time;
use crate::model::{AccountsKept, Load, Pattern, System};
use crate::parts::{Failure, Glance, Limits, Outcome, RequestEnd, Scrapes, Seen, Trace, Witness, key_of_try};

/// Runs a system under a load, once. The outcome is a function of (system, load, seed, replication) alone, unless a
/// limit in wall time or an interrupt ends the run early.
pub fn trial(system: &System, load: &Load, seed: u64, replication: u64, limits: &Limits) -> Outcome {
    watched(system, load, &[], seed, replication, limits)
}

/// The same, where each phase of the window counts how many responses take longer than each of these times.
pub fn watched(system: &System, load: &Load, bounds: &[Time], seed: u64, replication: u64, limits: &Limits) -> Outcome {
    let mut world = World::new(system, load, seed, replication);
    world.watch(bounds.to_vec());
    run(&mut world, load, seed, replication, limits)
}

/// The same run, with the requests that have ended for good in its window, each by the ends of its tries in order; none
/// where the system has too many services and endpoints for that.
pub fn scouted(
    system: &System,
    load: &Load,
    seed: u64,
    replication: u64,
    limits: &Limits,
) -> Option<(Outcome, Vec<Vec<RequestEnd>>)> {
    let load = &Load { accounts: AccountsKept::All, ..load.clone() };
    let mut world = World::new(system, load, seed, replication);
    world.scout().then(|| {
        let outcome = run(&mut world, load, seed, replication, limits);
        (outcome, requests(world.scouted()))
    })
}

/// The requests that have ended for good, each with the ends of its tries in order.
fn requests(ends: Vec<RequestEnd>) -> Vec<Vec<RequestEnd>> {
    let mut by_key: HashMap<u64, usize> = HashMap::new();
    let mut requests: Vec<Vec<RequestEnd>> = Vec::new();
    for end in ends {
        let index = *by_key.entry(end.key).or_insert_with(|| {
            requests.push(Vec::new());
            requests.len() - 1
        });
        requests[index].push(end);
    }
    // The first tries of some may have ended before the window opened: nothing is known of them.
    requests.retain(|tries| tries[0].earlier == 0 && tries.last().is_some_and(|end| end.is_last));
    requests
}

/// The same run, with the traces of these requests, each given by the ends of its tries; none as in [`scouted`].
pub fn traced(
    system: &System,
    load: &Load,
    requests: &[Vec<RequestEnd>],
    seed: u64,
    replication: u64,
    limits: &Limits,
) -> Option<(Outcome, Vec<Trace>)> {
    let load = &Load { accounts: AccountsKept::All, ..load.clone() };
    let mut world = World::new(system, load, seed, replication);
    world.record(requests).then(|| {
        let outcome = run(&mut world, load, seed, replication, limits);
        (outcome, world.traces(requests))
    })
}

/// The same run, with what was seen of it at a moment: who held what and waited for what, and how full everything was at these
/// times, which are in order. The request of interest comes with its tries, of which the last is cut off at the end of the run if it
/// has no other. None as in [`scouted`].
pub fn seen(
    system: &System,
    load: &Load,
    glance: Glance,
    moments: Vec<Time>,
    seed: u64,
    replication: u64,
    limits: &Limits,
) -> Option<(Outcome, Seen, Option<RequestEnd>)> {
    let load = &Load { accounts: AccountsKept::All, ..load.clone() };
    let mut world = World::new(system, load, seed, replication);
    (world.watch_waits(glance, moments) && world.scout()).then(|| {
        let outcome = run(&mut world, load, seed, replication, limits);
        let seen = world.seen();
        let end = seen.witness.and_then(|witness| end_of(witness, &world.scouted()));
        (outcome, seen, end)
    })
}

/// The try of a witness; of one that has not ended, its end is not known.
fn end_of(witness: Witness, ends: &[RequestEnd]) -> Option<RequestEnd> {
    let is_it = |end: &&RequestEnd| key_of_try(end.key, end.earlier) == witness.key_of_try;
    let never = |(key, earlier, born)| RequestEnd {
        key,
        earlier,
        born,
        ended: Time::MAX,
        failure: Failure::NONE,
        is_last: true,
    };
    ends.iter().find(is_it).copied().or(witness.sent.map(never))
}

/// The same run, scraped at this interval up to the end of its load; none as in [`scouted`].
pub fn metered(
    system: &System,
    load: &Load,
    interval: Time,
    seed: u64,
    replication: u64,
    limits: &Limits,
) -> Option<(Outcome, Scrapes)> {
    let load = &Load { accounts: AccountsKept::All, ..load.clone() };
    let mut world = World::new(system, load, seed, replication);
    if !world.meter(interval) {
        return None;
    }
    let outcome = run(&mut world, load, seed, replication, limits);
    world.take_scrapes().map(|scrapes| (outcome, scrapes))
}

fn run(world: &mut World, load: &Load, seed: u64, replication: u64, limits: &Limits) -> Outcome {
    match &load.pattern {
        Pattern::Test { .. } => test::run(world, &load.pattern, seed, replication, limits),
        Pattern::Endless { .. } => closed::run(world, &load.pattern, seed, replication, limits),
        Pattern::Staged { .. } => staged::run(world, &load.pattern, seed, replication, limits),
        Pattern::Varying { .. } => profile::run(world, &load.pattern, seed, replication, limits),
        Pattern::Trace { .. } => trace::run(world, &load.pattern, limits),
        Pattern::Open { .. } => open::run(world, &load.pattern, seed, replication, limits),
        Pattern::Mixed { .. } => mixed::run(world, load, seed, replication, limits),
    }
}

/// Names of the load's own events, below which each client has its number.
mod which {
    pub const OPEN_WINDOW: u32 = 0;
    pub const CLOSE_WINDOW: u32 = 1;
    pub const ARRIVAL: u32 = 2;
    pub const PROBE: u32 = 3;
    pub const NEXT_TEST: u32 = 4;
    pub const NEXT_STAGE: u32 = 5;
    pub const MARK: u32 = 6;
    pub const SEEK: u32 = 7;
    pub const NEXT_PROBE: u32 = 8;
    pub const CLIENT: u32 = 16;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_of_one_request_are_together_and_unfinished_ones_left_out() {
        let (born, failure) = (Time::ZERO, Failure::NONE);
        let try_of = |key, earlier, is_last| RequestEnd { key, earlier, born, ended: Time(1), failure, is_last };
        let ends = vec![try_of(1, 0, false), try_of(2, 1, true), try_of(1, 1, true), try_of(3, 0, false)];
        assert_eq!(requests(ends), [vec![try_of(1, 0, false), try_of(1, 1, true)]]);
    }
}
