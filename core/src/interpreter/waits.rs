//! Looks at a world: who holds what and waits for what, and how full everything is.

use std::collections::{BTreeMap, HashMap};

use crate::kernel::{NONE, Time};
use crate::model::{EndpointPlan, Runtime};

use crate::engine::token::{ABANDONED, HOUSEKEEPING, IN_THREAD, ROOT, State, WASTE};
use crate::interpreter::deadlock::Held;
use crate::interpreter::world::World;
use crate::parts::PlaceKind;
use crate::parts::held::slots::SlotsKind;
use crate::parts::ledger::key_of_try;
use crate::parts::waits::{Glance, Levels, Seen, WaitGraph, WaitGroup, WaitNode, Watcher, Witness};

/// Tokens on the way from a request to what it waits for, at most.
const FARTHEST: usize = 10_000;

impl World<'_> {
    /// Looks at the run at a moment, and notes the levels at these, which are in order. Whether that can be done: a system
    /// with very many services and endpoints keeps no accounts, from which it is known what requests do.
    pub fn watch_waits(&mut self, glance: Glance, moments: Vec<Time>) -> bool {
        if self.accounts.is_none() {
            return false;
        }
        self.watcher = Some(Box::new(Watcher { glance, moments, seen: Seen::default() }));
        true
    }

    /// What was seen. Moments that the run never came to are seen as it ended.
    pub fn seen(&mut self) -> Seen {
        let Some(mut watcher) = self.watcher.take() else { return Seen::default() };
        while let Some(next) = watcher.next() {
            self.note_waits(&mut watcher, next);
        }
        watcher.seen
    }

    /// Whether moments are still to come.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.watcher.as_ref().is_some_and(|watcher| watcher.next().is_some())
    }

    /// Before an event is handled: notes the state before it.
    #[cold]
    pub(crate) fn look_at_waits(&mut self) {
        let Some(mut watcher) = self.watcher.take() else { return };
        while let Some(next) = watcher.next().filter(|&next| next <= self.engine.now) {
            self.note_waits(&mut watcher, next);
        }
        self.watcher = Some(watcher);
    }

    fn note_waits(&self, watcher: &mut Watcher, at: Time) {
        if watcher.moments.get(watcher.seen.levels.len()) == Some(&at) {
            watcher.seen.levels.push(self.levels(at));
        }
        if watcher.glance == Glance::At(at) && watcher.seen.graph.is_none() {
            let all: Vec<Held> = self.all_held().filter(|&held| self.units_in_all(held).is_some()).collect();
            let view = View::of(self, &all);
            let (graph, oldest) = view.graph(at, None);
            watcher.seen.witness = oldest.and_then(|t| self.witness(t));
            watcher.seen.graph = Some(graph);
        }
    }

    /// The token has closed the first circle, through all of this.
    #[cold]
    pub(crate) fn look_at_deadlock(&mut self, t: u32, knot: &[Held]) {
        let Some(mut watcher) = self.watcher.take() else { return };
        if watcher.glance == Glance::Deadlock && watcher.seen.graph.is_none() {
            let mut view = View::of_circle(self, knot);
            let first = knot.first().map(|&held| view.units(held));
            let (graph, _) = view.graph(self.engine.now, first);
            watcher.seen.graph = Some(graph);
            watcher.seen.witness = self.witness(t);
        }
        self.watcher = Some(watcher);
    }

    /// Units that there are now; none without a limit, and of an event loop, which has none to give back.
    fn units_in_all(&self, held: Held) -> Option<u32> {
        match held {
            Held::Slots(id) => Some(self.slots[id as usize].size).filter(|&size| size < u32::MAX),
            Held::Client(_) => self.size_of(held),
            Held::Loop(_) | Held::Loops(_) => None,
        }
    }

    fn levels(&self, at: Time) -> Levels {
        let mut levels = Levels { at, in_flight: self.requests.len() as u64, ..Levels::default() };
        let users = self.ledger.as_ref().map_or(0, |ledger| ledger.users.len());
        levels.backing_off = users.saturating_sub(self.requests.len()) as u64;
        let mut waiting: HashMap<String, u32> = HashMap::new();
        for t in self.engine.tokens.living() {
            let token = &self.engine.tokens[t];
            if token.has(HOUSEKEEPING) {
                continue;
            }
            if let Some(held) = self.waited_for(t) {
                *waiting.entry(self.name_of(held)).or_default() += 1;
            }
            if token.has(ROOT) && token.parent == NONE {
                levels.handlers += 1;
                levels.abandoned += u64::from(token.has(ABANDONED | WASTE));
            }
        }
        for held in self.all_held() {
            let Some(size) = self.units_in_all(held) else { continue };
            let (name, used) = (self.name_of(held), self.holders(held).count() as u32);
            match levels.units.iter_mut().find(|known| known.0 == name) {
                Some(known) => (known.1, known.2) = (known.1 + used, known.2 + size),
                None => levels.units.push((name, used, size, 0)),
            }
        }
        for unit in &mut levels.units {
            unit.3 = waiting.get(&unit.0).copied().unwrap_or(0);
        }
        levels
    }

    /// What a token waits for directly: other tokens, or nothing but itself.
    fn waits_on(&self, t: u32) -> Vec<u32> {
        let token = &self.engine.tokens[t];
        match token.state {
            State::Awaiting => vec![token.wait],
            State::Coalescing => self.leader_of(t).into_iter().collect(),
            State::Joining => {
                let branches = self.guards.joins[token.wait].branches;
                branches.iter(&self.engine.frames).map(|frame| self.engine.frames[frame].token).collect()
            }
            _ => Vec::new(),
        }
    }

    /// All tokens that a token waits for, directly or not, itself among them. Those that `stops` says are not followed.
    fn way(&self, t: u32, stops: &dyn Fn(u32) -> bool) -> Vec<u32> {
        let mut way = vec![t];
        let mut next = 0;
        while next < way.len() && way.len() < FARTHEST {
            let here = way[next];
            if here == t || !stops(here) {
                let others: Vec<u32> = self.waits_on(here).into_iter().filter(|other| !way.contains(other)).collect();
                way.extend(others);
            }
            next += 1;
        }
        way
    }

    /// `shop.order`.
    fn endpoint_name(&self, endpoint: u32) -> String {
        let name = |plan: &EndpointPlan| format!("{}.{}", self.system.services[plan.service as usize].name, plan.name);
        self.system.endpoints.get(endpoint as usize).map_or_else(String::new, name)
    }

    /// The request that a token works for, directly or by calls.
    fn witness(&self, t: u32) -> Option<Witness> {
        let mut t = self.root(t);
        for _ in 0..FARTHEST {
            match self.engine.tokens[t].parent {
                NONE => break,
                parent => t = self.root(parent),
            }
        }
        if !self.engine.tokens[t].has(ROOT) || self.engine.tokens[t].is_probe() {
            return None;
        }
        let request = self.engine.tokens[t].request;
        if request == NONE {
            return Some(Witness { key_of_try: self.first_key(t), sent: None });
        }
        let record = &self.requests[request];
        let user = self.ledger.as_ref().filter(|_| record.user != NONE).map(|ledger| ledger.users[record.user]);
        let (key, earlier) = match user {
            Some(user) => (self.key_of(user.number), user.attempt),
            None => (self.first_key(t), 0),
        };
        Some(Witness { key_of_try: key_of_try(key, earlier), sent: Some((key, earlier, record.born)) })
    }
}

/// What a node of the graph stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Thing {
    /// Units, those of all processes of a service together.
    Units(String),
    /// The event loops of a service.
    Loops(u32),
    /// What is neither: a place where time goes, and whether one is served there.
    Place(u16, bool),
    /// A client that is broken.
    Broken,
}

/// What the requests of a group have in common: the number of their endpoint, what they hold, what they wait for, and whether a
/// call of theirs holds that.
type Alike = (u32, Vec<usize>, usize, bool);

/// The graph while it is made.
struct View<'a> {
    world: &'a World<'a>,
    things: HashMap<Thing, usize>,
    nodes: Vec<WaitNode>,
    /// The nodes of which a token holds a unit, in their order.
    holds: BTreeMap<u32, Vec<usize>>,
    /// The graph has only what concerns these.
    only: Option<Vec<Held>>,
}

impl<'a> View<'a> {
    /// Of these units, and of all event loops.
    fn of(world: &'a World<'a>, held: &[Held]) -> Self {
        let mut view = Self::of_units(world, held);
        for (number, process) in (0..).zip(&world.processes) {
            if process.runtime != Runtime::EventLoop {
                continue;
            }
            let node = view.loops(process.service);
            view.nodes[node].instances += 1;
            view.nodes[node].size = view.nodes[node].size.or(Some(0)).map(|size| size + 1);
            if let Some(blocker) = world.blocker_of(number) {
                view.nodes[node].held += 1;
                view.hold(blocker, node);
            }
        }
        for t in world.engine.tokens.living() {
            let token = &world.engine.tokens[t];
            let process = world.processes.get(token.process as usize);
            let of_loop = process.filter(|process| process.runtime == Runtime::EventLoop && !token.has(IN_THREAD));
            let works = token.state == State::Working && world.blocker_of(token.process) != Some(t);
            if let Some(process) = of_loop.filter(|_| works) {
                let node = view.loops(process.service);
                view.nodes[node].held += 1;
                view.hold(t, node);
            }
        }
        view
    }

    /// Of a circle of waits: the units that are waited for, and those that are held by what their holders have called. The
    /// graph has only what concerns these.
    fn of_circle(world: &'a World<'a>, knot: &[Held]) -> Self {
        let mut by_holder: HashMap<u32, Vec<Held>> = HashMap::new();
        for held in world.all_held().filter(|&held| world.units_in_all(held).is_some()) {
            world.holders(held).for_each(|holder| by_holder.entry(holder).or_default().push(held));
        }
        // Loops of one replica that are waited for together are one node.
        let is_part = |held: Held| match held {
            Held::Loop(process) => knot.contains(&Held::Loops(world.processes[process as usize].replica)),
            Held::Slots(_) | Held::Client(_) | Held::Loops(_) => false,
        };
        let mut all: Vec<Held> = knot.iter().copied().filter(|&held| !is_part(held)).collect();
        let mut next = 0;
        while next < all.len() {
            for holder in world.holders(all[next]).collect::<Vec<_>>() {
                for called in world.way(holder, &|_| false).into_iter().filter(|&called| called != holder) {
                    for &held in by_holder.get(&called).into_iter().flatten() {
                        if !all.contains(&held) {
                            all.push(held);
                        }
                    }
                }
            }
            next += 1;
        }
        let mut view = Self::of_units(world, &all);
        for &held in &all {
            let node = view.units(held);
            let alike = world.all_held().filter(|&other| world.name_of(other) == view.nodes[node].name);
            if view.nodes[node].instances == 1 && alike.count() > 1 {
                view.nodes[node].place = Some(world.place_of(held));
            }
        }
        view.only = Some(all);
        view
    }

    fn of_units(world: &'a World<'a>, held: &[Held]) -> Self {
        let mut view = View { world, things: HashMap::new(), nodes: Vec::new(), holds: BTreeMap::new(), only: None };
        for &held in held {
            let node = view.units(held);
            // An event loop is one unit, held by the token that blocks it.
            let units = match held {
                Held::Loop(_) | Held::Loops(_) => world.size_of(held),
                Held::Slots(_) | Held::Client(_) => world.units_in_all(held),
            };
            let of_node = &mut view.nodes[node];
            of_node.instances += 1;
            of_node.size = of_node.size.or(Some(0)).map(|size| size + units.unwrap_or(0));
            for holder in world.holders(held) {
                view.nodes[node].held += 1;
                view.hold(holder, node);
            }
        }
        view
    }

    /// What a token waits for: nodes, and whether a call or a branch of it holds them. With whether a time-out ends a wait on
    /// the way.
    fn targets(&mut self, t: u32) -> (Vec<(usize, bool)>, bool) {
        let world = self.world;
        let way = world.way(t, &|called| self.holds.contains_key(&called));
        let mut targets = Vec::new();
        for &here in &way {
            if let Some(held) = self.holds.get(&here).filter(|_| here != t) {
                // Of what the call holds, that of which nothing is left.
                let full = held.iter().copied().find(|&node| self.nodes[node].free() == Some(0));
                targets.extend(full.or(held.first().copied()).map(|node| (node, true)));
            } else if world.waits_on(here).is_empty() {
                let is_outside = |only: &Vec<Held>| !world.waited_for(here).is_some_and(|held| only.contains(&held));
                if !self.only.as_ref().is_some_and(is_outside) {
                    targets.push((self.target(here), false));
                }
            }
        }
        targets.sort_unstable();
        targets.dedup();
        let is_limited = |&here: &u32| world.engine.tokens[here].is_limited() || world.is_freed(here);
        (targets, way.iter().any(is_limited))
    }

    fn hold(&mut self, t: u32, node: usize) {
        let held = self.holds.entry(t).or_default();
        if !held.contains(&node) {
            held.push(node);
        }
    }

    fn node(&mut self, thing: Thing, make: impl FnOnce(&World) -> WaitNode) -> usize {
        if let Some(&known) = self.things.get(&thing) {
            return known;
        }
        let node = self.nodes.len();
        self.nodes.push(make(self.world));
        self.things.insert(thing, node);
        node
    }

    fn units(&mut self, held: Held) -> usize {
        let name = self.world.name_of(held);
        let one = match held {
            Held::Loop(process) => return self.loops(self.world.processes[process as usize].service),
            Held::Loops(replica) => return self.loops(self.world.replicas[replica as usize].service),
            Held::Client(_) => format!("a connection of {name}"),
            Held::Slots(id) => match self.world.slots[id as usize].kind {
                SlotsKind::Connections { .. } => format!("a connection of {name}"),
                SlotsKind::Limit { .. } | SlotsKind::Shared { .. } => format!("a slot of {name}"),
                SlotsKind::RequestThreads | SlotsKind::Executor => format!("one of {name}"),
            },
        };
        self.node(Thing::Units(name.clone()), |_| empty(name, Some(one)))
    }

    fn loops(&mut self, service: u32) -> usize {
        self.node(Thing::Loops(service), |world| {
            let name = format!("{} event loops", world.system.services[service as usize].name);
            let one = format!("one of {name}");
            WaitNode { kind: Some(PlaceKind::EventLoops), ..empty(name, Some(one)) }
        })
    }

    /// What a token that is the last of its chain waits for or does.
    fn target(&mut self, t: u32) -> usize {
        if let Some(held) = self.world.waited_for(t) {
            return self.units(held);
        }
        if self.world.engine.tokens[t].state == State::Hung {
            return self.node(Thing::Broken, |_| empty("an answer that never comes".into(), None));
        }
        let (label, _) = self.world.present(t);
        let Some(accounts) = &self.world.accounts else {
            return self.node(Thing::Broken, |_| empty(String::new(), None));
        };
        let places = &accounts.places;
        let (place, serves) = (label.place(), label.is_served());
        let is_loop = |of: &crate::parts::blame::place::OfService| of.loops == place;
        if let Some(service) = places.services.iter().position(is_loop).filter(|_| !serves) {
            return self.loops(service as u32);
        }
        self.node(Thing::Place(place, serves), |world| {
            let known = places.all.get(usize::from(place)).map(|named| named.place(world.system));
            let (name, kind) = known.map_or((String::new(), None), |place| (place.name, Some(place.kind)));
            WaitNode { serves, kind, ..empty(name, None) }
        })
    }

    /// The graph, from this node on or from where most wait, and the token that has waited longest for the first node of its
    /// path.
    fn graph(mut self, at: Time, first: Option<usize>) -> (WaitGraph, Option<u32>) {
        let world = self.world;
        let mut groups: BTreeMap<Alike, (u32, u32)> = BTreeMap::new();
        let mut waiters: Vec<(usize, u32)> = Vec::new();
        for t in world.engine.tokens.living() {
            let token = &world.engine.tokens[t];
            if token.has(HOUSEKEEPING) || token.is_probe() {
                continue;
            }
            let holds = self.holds.get(&t).cloned().unwrap_or_default();
            let (targets, is_limited) = self.targets(t);
            if world.waits_on(t).is_empty()
                && let [(target, false)] = targets[..]
            {
                self.nodes[target].waiting += u32::from(!self.nodes[target].serves);
                waiters.push((target, t));
            }
            let is_own = token.parent == NONE && world.root(t) == t;
            if holds.is_empty() && !is_own {
                continue;
            }
            for (target, by_call) in targets {
                let key = (world.system.endpoint_at(token.pc), holds.clone(), target, by_call);
                let group = groups.entry(key).or_default();
                group.0 += 1;
                group.1 += u32::from(is_limited);
            }
        }
        let mut groups: Vec<WaitGroup> = groups
            .into_iter()
            .map(|((endpoint, holds, waits_for, by_call), (count, limited))| {
                let endpoint = world.endpoint_name(endpoint);
                WaitGroup { endpoint, holds, waits_for, by_call, count, limited }
            })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        let (path, is_circle) = path(&self.nodes, &groups, first);
        let is_inside = |group: &WaitGroup| path.contains(&group.waits_for);
        let holders = groups.iter().filter(|group| group.holds.iter().any(|node| path.contains(node)));
        let is_full = |&node: &usize| self.nodes[node].free() == Some(0);
        let is_complete = is_circle && holders.clone().all(is_inside) && path.iter().all(is_full);
        let of_first = waiters.iter().filter(|(target, _)| Some(target) == path.first()).map(|&(_, t)| t);
        let is_known = |t: &u32| world.witness(*t).is_some_and(|witness| witness.sent.is_some());
        let oldest = of_first.filter(is_known).min_by_key(|&t| (world.engine.tokens[t].since, t));
        (WaitGraph { at, nodes: self.nodes, groups, path, is_circle, is_complete }, oldest)
    }
}

/// A node that is not held yet.
fn empty(name: String, unit: Option<String>) -> WaitNode {
    WaitNode { name, unit, place: None, kind: None, serves: false, instances: 0, size: None, held: 0, waiting: 0 }
}

/// The way from the first node, or the one that most wait for, to what most holders of each wait for; and whether it closes.
fn path(nodes: &[WaitNode], groups: &[WaitGroup], first: Option<usize>) -> (Vec<usize>, bool) {
    let is_held_up = |&node: &usize| !nodes[node].serves && nodes[node].waiting > 0;
    let most = (0..nodes.len()).filter(is_held_up).max_by_key(|&node| (nodes[node].waiting, std::cmp::Reverse(node)));
    let Some(mut here) = first.or(most) else { return (Vec::new(), false) };
    let mut path = vec![here];
    loop {
        let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
        for group in groups.iter().filter(|group| group.holds.contains(&here)) {
            *counts.entry(group.waits_for).or_default() += group.count;
        }
        let next = counts
            .into_iter()
            .max_by_key(|&(node, count)| (count, nodes[node].size.is_some(), std::cmp::Reverse(node)));
        let Some((next, _)) = next else { return (path, false) };
        if let Some(begin) = path.iter().position(|&known| known == next) {
            return (path.split_off(begin), true);
        }
        path.push(next);
        here = next;
    }
}
