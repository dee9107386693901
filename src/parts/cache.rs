//! Read-through caches: what is not there is fetched by the request that misses it, and stored.
//!
//! An entry is good for `ttl` from the moment it was stored, whatever reads it meanwhile (cachetools `TTLCache`, Redis
//! `SET ... EX`), and is found to be stale when it is next asked for; at `size` entries the least recently used one
//! goes (`functools.lru_cache`). Every cache starts cold. Concurrent misses of one key all fetch (a stampede), unless
//! misses are coalesced: then the first fetches and the others wait for it, and if it fails one of them tries next, as
//! under the dogpile lock of dogpile.cache.

use crate::kernel::gauge::Gauge;
use crate::kernel::list::{Linked, Links, List};
use crate::kernel::random::mix;
use crate::kernel::slab::Slab;
use crate::kernel::{NONE, Time};
use crate::model::{CachePlan, Op, Popularity};

use super::interpreter::Next;
use super::observe::{Span, Sum};
use super::outcome::{ResourceKind, ResourceUse};
use super::population::Population;
use super::token::{FrameKind, State};
use super::world::World;

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

/// The cache of one process, or the one that all processes of a service share.
#[derive(Clone, Debug)]
pub(super) struct Cache {
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
    held: Gauge,
    flights: Slab<Flight>,
    /// The flight of each key; empty where misses are not coalesced.
    flight_of: Vec<u32>,
    pub waiting: Population,
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
            held: Gauge::default(),
            flights: Slab::default(),
            flight_of: if plan.coalesce { vec![NONE; keys] } else { Vec::new() },
            waiting: Population::default(),
            lookups: 0,
            carried: 0,
            hits: 0,
        }
    }

    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        self.held.reset(now);
        self.waiting.reset(now);
        (self.lookups, self.hits, self.carried) = (0, 0, u64::from(self.waiting.gauge.level()));
    }

    pub fn is_at_rest(&self) -> bool {
        self.waiting.gauge.level() == 0 && self.flights.is_empty()
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
    fn store(&mut self, key: u32, now: Time) {
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

    /// Everything is gone: its process has died.
    pub fn empty(&mut self, now: Time) {
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
}

impl World<'_> {
    /// Looks a key up: goes on with the steps of a hit or of a miss, or waits for whoever fetches it.
    #[inline(never)]
    pub(super) fn look_up(&mut self, t: u32, cache: u32) -> Next {
        let now = self.now;
        let id = self.cache_ids[(self.process_of(t).caches + cache) as usize];
        let key = self.cache_key(t);
        let token = &mut self.tokens[t];
        let state = &mut self.caches[id as usize];
        let first = token.phase == 0;
        state.lookups += u64::from(first);
        if state.has(key, now) {
            // A request that had to wait is no hit.
            state.hits += u64::from(first);
            token.phase = 0;
            token.pc += 2;
            if !first {
                self.pop_frame(t);
            }
            return Next::On;
        }
        if let Some(flight) = state.flight(key) {
            token.phase = 1;
            token.state = State::Coalescing;
            token.wait = id;
            state.flights[flight].waiters.push(&mut self.tokens, t);
            // It has waited since it first did, however many fetches fail.
            if first {
                state.waiting.enter(now);
                self.push_frame(t, FrameKind::Pends { cache: id, since: now });
            }
            self.account_fetch(t, id);
            self.look_for_deadlock(t);
            return Next::Park;
        }
        token.phase = 0;
        token.pc += 1;
        if !first {
            self.pop_frame(t);
        }
        let state = &mut self.caches[id as usize];
        if let Some(place) = state.flight_of.get_mut(key as usize) {
            *place = state.flights.insert(Flight { leader: t, waiters: List::default() });
        }
        self.push_frame(t, FrameKind::Fetch { cache: id, key });
        Next::On
    }

    /// The process has died, and what its own caches held with it.
    pub(super) fn forget_caches(&mut self, process: u32) {
        let now = self.now;
        self.caches.iter_mut().filter(|cache| cache.process == process).for_each(|cache| cache.empty(now));
    }

    /// The key of the lookup at the token's program counter.
    fn cache_key(&self, t: u32) -> u32 {
        let token = &self.tokens[t];
        let Op::LookUp { popularity, site, .. } = self.system.program[token.pc as usize] else {
            unreachable!("only a lookup has a key");
        };
        let key = site.key(token.key, 0);
        #[cfg(debug_assertions)]
        self.note_draw(t, super::draws::CHANCE, key);
        self.system.popularities[popularity as usize].draw(mix(key))
    }

    /// What was fetched is stored.
    #[inline(never)]
    pub(super) fn store(&mut self, t: u32) -> Next {
        let now = self.now;
        self.tokens[t].pc += 1;
        if let FrameKind::Fetch { cache, key } = self.frames[self.tokens[t].frame].kind {
            self.caches[cache as usize].store(key, now);
        }
        self.pop_frame(t);
        Next::On
    }

    /// A fetch is over, whether it brought anything or not: those who wait for it look again.
    pub(super) fn land(&mut self, cache: u32, key: u32) {
        let state = &mut self.caches[cache as usize];
        let Some(flight) = state.flight(key) else { return };
        state.flight_of[key as usize] = NONE;
        let mut waiters = state.flights[flight].waiters;
        state.flights.remove(flight);
        while let Some(t) = waiters.pop(&mut self.tokens) {
            self.wake(t);
        }
    }

    /// The token no longer waits for whoever fetches its key.
    pub(super) fn leave_flight(&mut self, t: u32) {
        let (cache, key) = (self.tokens[t].wait, self.cache_key(t));
        let state = &mut self.caches[cache as usize];
        if let Some(flight) = state.flight(key) {
            state.flights[flight].waiters.remove(&mut self.tokens, t);
        }
    }

    /// Whoever fetches the key that the token waits for.
    pub(super) fn leader_of(&self, t: u32) -> Option<u32> {
        let state = &self.caches[self.tokens[t].wait as usize];
        state.flight(self.cache_key(t)).map(|flight| state.flights[flight].leader)
    }

    /// The reports' name of a cache: `user-service cache accounts`.
    pub(super) fn cache_name(&self, id: u32) -> String {
        let state = &self.caches[id as usize];
        let plan = &self.system.services[state.service as usize];
        format!("{} cache {}", plan.name, plan.caches[state.number as usize].name)
    }

    /// What a service's cache held and how often it had what was asked for, over all processes.
    pub(super) fn cache_use(&self, service: u32, number: u32, span: Span) -> ResourceUse {
        let plan = &self.system.services[service as usize];
        let name = || format!("{} cache {}", plan.name, plan.caches[number as usize].name);
        let mut sum = Sum::new(name, ResourceKind::Cache, span);
        let (mut hits, mut lookups) = (0, 0);
        for state in self.caches.iter().filter(|cache| cache.service == service && cache.number == number) {
            sum.gauge(&state.held, self.now, plan.caches[number as usize].size.map(f64::from));
            let visits = sum.use_.visits + state.carried + state.lookups;
            sum.waiting(&state.waiting, self.now);
            sum.use_.visits = visits;
            hits += state.hits;
            lookups += state.lookups;
        }
        sum.use_.hit_ratio = (lookups > 0).then(|| hits as f64 / lookups as f64);
        sum.finish()
    }

    /// The laws that caches have broken.
    pub(super) fn broken_by_caches(&self, broken: &mut Vec<String>) {
        for state in &self.caches {
            let plan = &self.system.services[state.service as usize];
            let name = &plan.caches[state.number as usize].name;
            if let Some((area, stays)) = state.waiting.broken_law(self.now) {
                broken.push(format!("Little's law at cache {name}: {area} over time, {stays} over visits"));
            }
            let held = state.held.level();
            if held != state.recent.len() || held > state.size || state.entries.len() != held as usize {
                broken.push(format!("cache {name}: {held} entries are counted, {} are there", state.recent.len()));
            }
        }
    }
}
