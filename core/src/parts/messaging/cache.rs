//! Read-through caches: what is not there is fetched by the request that misses it, and stored.
//!
//! An entry is good for `ttl` from the moment it was stored, whatever reads it meanwhile (cachetools `TTLCache`, Redis
//! `SET ... EX`), and is found to be stale when it is next asked for; at `size` entries the least recently used one
//! goes (`functools.lru_cache`). Every cache starts cold. Concurrent misses of one key all fetch (a stampede), unless
//! misses are coalesced: then the first fetches and the others wait for it, and if it fails one of them tries next, as
//! under the dogpile lock of dogpile.cache.

use crate::kernel::gauge::TimeWeighted;
use crate::kernel::list::{Linked, Links, List};
use crate::kernel::random::mix;
use crate::kernel::slab::Slab;
use crate::kernel::{NONE, Time};
use crate::model::{CachePlan, Op, Popularity, System};

use crate::engine::Engine;
use crate::engine::population::QueueStatistics;
use crate::engine::token::{State, Token};
use crate::parts::part::{Left, Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

#[derive(Clone, Copy, Debug)]
struct Entry {
    links: Links,
    key: u32,
    stored: Time,
}

impl Linked for Entry {
    fn links(&self) -> Links {
        self.links
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// A fetch that others wait for.
#[derive(Clone, Copy, Debug)]
struct Flight {
    leader: u32,
    waiters: List,
}

/// What a lookup finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// The key.
    Hit,
    /// That it must be fetched.
    Miss,
    /// Another that fetches it, and the token waits for that.
    Waits,
}

/// The key of the lookup at a token's program counter.
pub(crate) fn key_of(system: &System, token: &Token) -> u32 {
    let Op::LookUp { popularity, site, .. } = system.program[token.pc as usize] else {
        unreachable!("only a lookup has a key");
    };
    system.popularities[popularity as usize].draw(mix(site.key(token.key, 0)))
}

/// The cache of one process, or the one that all processes of a service share.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    pub service: u32,
    /// Its number among the service's.
    pub number: u32,
    /// Its process; [`NONE`] for a shared one.
    pub process: u32,
    ttl: Time,
    size: u32,
    entries: Slab<Entry>,
    /// Entries, the least recently used first.
    recent: List,
    /// The entry of each key.
    entry_of: Vec<u32>,
    held: TimeWeighted,
    flights: Slab<Flight>,
    /// The flight of each key; empty where misses are not coalesced.
    flight_of: Vec<u32>,
    /// Fetches under way of each key; empty where misses are coalesced.
    fetching: Vec<u32>,
    /// Fetches, and those that began while another one of the same key was under way.
    fetches: [u64; 2],
    pub waiting: QueueStatistics,
    lookups: u64,
    /// Lookups that were waiting at the last reset.
    carried: u64,
    hits: u64,
}

impl Cache {
    pub fn new(plan: &CachePlan, service: u32, number: u32, process: u32) -> Self {
        let keys = plan.keys as usize;
        Self {
            service,
            number,
            process,
            ttl: plan.ttl.unwrap_or(Time::MAX),
            size: plan.size.unwrap_or(u32::MAX),
            entries: Slab::default(),
            recent: List::default(),
            entry_of: vec![NONE; keys],
            held: TimeWeighted::default(),
            flights: Slab::default(),
            flight_of: if plan.coalesce { vec![NONE; keys] } else { Vec::new() },
            fetching: if plan.coalesce { Vec::new() } else { vec![0; keys] },
            fetches: [0; 2],
            waiting: QueueStatistics::default(),
            lookups: 0,
            carried: 0,
            hits: 0,
        }
    }

    /// The reports' name of it: `user-service cache accounts`.
    pub fn name(&self, system: &System) -> String {
        let plan = &system.services[self.service as usize];
        format!("{} cache {}", plan.name, plan.caches[self.number as usize].name)
    }

    /// Whether the key is there and good; it is the most recently used one then.
    fn has(&mut self, key: u32, now: Time) -> bool {
        let entry = self.entry_of.get(key as usize).copied().unwrap_or(NONE);
        if entry == NONE {
            return false;
        }
        self.recent.remove(&mut self.entries, entry);
        if now - self.entries[entry].stored >= self.ttl {
            self.entries.remove(entry);
            self.entry_of[key as usize] = NONE;
            self.held.down(now);
            return false;
        }
        self.recent.push(&mut self.entries, entry);
        true
    }

    /// Stores a key as the most recently used one.
    pub fn store(&mut self, key: u32, now: Time) {
        let known = self.entry_of.get(key as usize).copied().unwrap_or(NONE);
        if known != NONE {
            self.entries[known].stored = now;
            self.recent.remove(&mut self.entries, known);
            self.recent.push(&mut self.entries, known);
            return;
        }
        if self.size == u32::MAX && key == Popularity::UNIQUE {
            return; // nobody asks for it again, and it is in nobody's way
        }
        if self.recent.len() >= self.size
            && let Some(oldest) = self.recent.pop(&mut self.entries)
        {
            self.forget(oldest, now);
        }
        let entry = self.entries.insert(Entry { links: Links::default(), key, stored: now });
        self.recent.push(&mut self.entries, entry);
        if let Some(place) = self.entry_of.get_mut(key as usize) {
            *place = entry;
        }
        self.held.up(now);
    }

    /// Everything is gone.
    fn empty(&mut self, now: Time) {
        while let Some(entry) = self.recent.pop(&mut self.entries) {
            self.forget(entry, now);
        }
    }

    fn forget(&mut self, entry: u32, now: Time) {
        if let Some(place) = self.entry_of.get_mut(self.entries[entry].key as usize) {
            *place = NONE;
        }
        self.entries.remove(entry);
        self.held.down(now);
    }

    fn flight(&self, key: u32) -> Option<u32> {
        self.flight_of.get(key as usize).copied().filter(|&flight| flight != NONE)
    }

    /// A token looks a key up, for the `first` time or after it has waited for another's fetch.
    pub fn look_up(&mut self, engine: &mut Engine, t: u32, key: u32, first: bool) -> Lookup {
        self.lookups += u64::from(first);
        if self.has(key, engine.now) {
            // A request that had to wait is no hit.
            self.hits += u64::from(first);
            return Lookup::Hit;
        }
        let Some(flight) = self.flight(key) else { return Lookup::Miss };
        engine.tokens[t].state = State::Coalescing;
        self.flights[flight].waiters.push(&mut engine.tokens, t);
        // It has waited since it first did, however many fetches fail.
        if first {
            self.waiting.enter(engine.now);
        }
        Lookup::Waits
    }

    /// A token fetches a key; others may wait for it, where misses are coalesced.
    pub fn fetch(&mut self, t: u32, key: u32) {
        self.fetches[0] += 1;
        if let Some(place) = self.flight_of.get_mut(key as usize) {
            *place = self.flights.insert(Flight { leader: t, waiters: List::default() });
        } else if let Some(others) = self.fetching.get_mut(key as usize) {
            self.fetches[1] += u64::from(*others > 0);
            *others += 1;
        }
    }

    /// Fetches within the window, and those of them that began while another one of the same key was under way.
    pub fn fetches(&self) -> [u64; 2] {
        self.fetches
    }

    /// A fetch is over: the tokens that have waited for it.
    pub fn land(&mut self, key: u32) -> List {
        if let Some(others) = self.fetching.get_mut(key as usize) {
            *others -= 1;
        }
        let Some(flight) = self.flight(key) else { return List::default() };
        self.flight_of[key as usize] = NONE;
        let waiters = self.flights[flight].waiters;
        self.flights.remove(flight);
        waiters
    }

    /// The token that fetches this key.
    pub fn leader(&self, key: u32) -> Option<u32> {
        self.flight(key).map(|flight| self.flights[flight].leader)
    }
}

impl Part for Cache {
    fn reset(&mut self, now: Time) {
        self.held.reset(now);
        self.waiting.reset(now);
        self.fetches = [0; 2];
        (self.lookups, self.hits, self.carried) = (0, 0, u64::from(self.waiting.gauge.level()));
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let size = system.services[self.service as usize].caches[self.number as usize].size;
        let name = || self.name(system);
        let sum = rows.of_service(self.service, ResourceKind::Cache, self.number, name);
        sum.gauge(&self.held, now, size.map(f64::from));
        // Who waits has looked up already.
        let visits = sum.use_.visits + self.carried + self.lookups;
        sum.waiting(&self.waiting, now);
        sum.use_.visits = visits;
        sum.lookups(self.lookups, self.hits);
    }

    fn laws(&mut self, Moment { system, now }: Moment, broken: &mut Vec<String>) {
        let name = &system.services[self.service as usize].caches[self.number as usize].name;
        self.waiting.check(now, broken, || format!("cache {name}"));
        let held = self.held.level();
        if held != self.recent.len() || held > self.size || self.entries.len() != held as usize {
            broken.push(format!("cache {name}: {held} entries are counted, {} are there", self.recent.len()));
        }
    }

    fn is_at_rest(&self) -> bool {
        self.waiting.gauge.level() == 0 && self.flights.is_empty()
    }

    fn keeps(state: State) -> bool {
        state == State::Coalescing
    }

    /// The token no longer waits for the one that fetches its key.
    fn leave(&mut self, system: &System, engine: &mut Engine, t: u32) -> Left {
        if let Some(flight) = self.flight(key_of(system, &engine.tokens[t])) {
            self.flights[flight].waiters.remove(&mut engine.tokens, t);
        }
        Left::Alone
    }

    /// What its own caches held is gone with it.
    fn process_died(&mut self, process: u32, Moment { now, .. }: Moment) {
        if self.process == process {
            self.empty(now);
        }
    }
}
