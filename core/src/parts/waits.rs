//! Who holds what and waits for what at one moment of a run: the wait-for graph, with requests that do the same thing
//! grouped.
//!
//! A run is a function of its seed, so the moment is known from one run and looked at in a second, identical one. A run that
//! is not looked at tests for it where a deadlock is found and where the limits are checked.

use serde::Serialize;

use crate::kernel::Time;
use crate::parts::blame::PlaceKind;

/// When a run is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glance {
    /// When the first deadlock is found: its circle of waits has just closed.
    Deadlock,
    /// At this time, before what happens then.
    At(Time),
}

/// Who holds what and waits for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitGraph {
    /// When.
    pub at: Time,
    /// What is held, and what is waited for.
    pub nodes: Vec<WaitNode>,
    /// Requests that hold the same and wait for the same, the largest group first.
    pub groups: Vec<WaitGroup>,
    /// The circle of waits, or the chain of them from where most requests wait to where it ends: indices of nodes. From each
    /// node it leads to what most of its holders wait for.
    pub path: Vec<usize>,
    /// Whether the last node of the path leads back to the first.
    pub is_circle: bool,
    /// Whether no holder of anything in that circle can continue before another one of them does.
    pub is_complete: bool,
}

/// Something that requests hold or wait for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitNode {
    /// Its name in the reports: `shop pool auth`.
    pub name: String,
    /// One unit of it: `a connection of pool auth`. None of what cannot be held.
    pub unit: Option<String>,
    /// Where it is, if it stands for one process alone: `worker 3 of shop-1`.
    pub place: Option<String>,
    /// What it is, of event loops and of a place that cannot be held; none of an answer that never comes.
    pub kind: Option<PlaceKind>,
    /// Whether requests are served there at once, so that no request waits for it.
    pub serves: bool,
    /// Instances that this node stands for: one in each process, say.
    pub instances: u32,
    /// Units of all of them; none of what cannot be held.
    pub size: Option<u32>,
    /// Units that are held.
    pub held: u32,
    /// Requests, calls and branches that wait for it.
    pub waiting: u32,
}

impl WaitNode {
    /// Units that are not held.
    pub fn free(&self) -> Option<u32> {
        self.size.map(|size| size.saturating_sub(self.held))
    }
}

/// Requests that hold the same and wait for the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitGroup {
    /// The endpoint that they are at: `shop.order`.
    pub endpoint: String,
    /// What each of them holds: indices of nodes.
    pub holds: Vec<usize>,
    /// What each waits for: the index of a node.
    pub waits_for: usize,
    /// Whether it waits for a call, or a branch, that holds a unit of that node; else for the node itself, by what it has called
    /// where need be.
    pub by_call: bool,
    /// How many there are.
    pub count: u32,
    /// How many of them have a time-out that ends the wait.
    pub limited: u32,
}

impl WaitGraph {
    /// What follows a node of the path.
    pub fn next(&self, place: usize) -> Option<usize> {
        match self.path.get(place + 1) {
            Some(&next) => Some(next),
            None => self.path.first().copied().filter(|_| self.is_circle),
        }
    }

    /// Those who wait for something on the path and hold nothing that is on it.
    pub fn outside(&self) -> impl Iterator<Item = &WaitGroup> {
        let is_on = |node: &usize| self.path.contains(node);
        self.groups.iter().filter(move |group| is_on(&group.waits_for) && !group.holds.iter().any(is_on))
    }

    /// The holders of a node that wait for another, group by group.
    pub fn between(&self, from: usize, to: usize) -> impl Iterator<Item = &WaitGroup> {
        self.groups.iter().filter(move |group| group.holds.contains(&from) && group.waits_for == to)
    }
}

/// How full everything is at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Levels {
    /// When.
    pub at: Time,
    /// Requests under way: their clients wait.
    pub in_flight: u64,
    /// Clients that wait before they send their request again.
    pub backing_off: u64,
    /// Handlers of requests of the load.
    pub handlers: u64,
    /// Those of them of which the client has gone: what they do is wasted.
    pub abandoned: u64,
    /// What is held: its name, units held, units in all, and how many wait.
    pub units: Vec<(String, u32, u32, u32)>,
}

/// A request of interest, by what names it in its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Names the try.
    pub key_of_try: u64,
    /// The key of its first try, the number of earlier tries and when the first was sent; none where its client has gone.
    pub sent: Option<(u64, u16, Time)>,
}

/// What was seen of a run.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The graph; none where its moment never came.
    pub graph: Option<WaitGraph>,
    /// The request that closed the circle; else the one that has waited longest then for the first node of the path.
    pub witness: Option<Witness>,
    /// The levels at the moments that were asked for.
    pub levels: Vec<Levels>,
}

/// Looks at a run.
#[derive(Clone, Debug)]
pub(crate) struct Watcher {
    pub glance: Glance,
    /// When the levels are noted, in order.
    pub moments: Vec<Time>,
    pub seen: Seen,
}

impl Watcher {
    /// The time of the next look; none where only a deadlock is waited for, or nothing.
    pub fn next(&self) -> Option<Time> {
        let level = self.moments.get(self.seen.levels.len()).copied();
        let graph = match self.glance {
            Glance::At(time) if self.seen.graph.is_none() => Some(time),
            Glance::At(_) | Glance::Deadlock => None,
        };
        level.into_iter().chain(graph).min()
    }
}
