//! The memory of a process, and the garbage collector that frees what requests drop.
//!
//! Live data are what the process holds without requests and what each request in flight holds. What requests drop is
//! garbage until a collection. A collection begins when an allocation finds no room: in a young generation, in what the
//! heap may grow to since the last collection, or in the heap (HotSpot Virtual Machine Garbage Collection Tuning Guide,
//! "Generations": a collection when the generation fills; Go, "A Guide to the Go Garbage Collector", GOGC and memory
//! limit). So the fuller the heap is of live data, the more often it is collected: with garbage at a rate `a` and
//! collections of length `p` their share of the time is `a * p / (heap - live)`.

use crate::kernel::Time;
use crate::kernel::gauge::TimeWeighted;
use crate::model::{Allocation, CollectorPlan, MIB, MemoryPlan, ServicePlan};

use crate::parts::part::{Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// Where the collector of a heap stands in a CPU in place of a token: this and the number of the heap.
pub(crate) const COLLECTOR: u32 = 1 << 30;

/// The least live data that growth is computed from (Go: `heapMinimum`, 4 MB at GOGC = 100; `runtime/mgcpacer.go`).
const LEAST_LIVE: u64 = 4 * MIB;

/// What an allocation finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Room.
    Enough,
    /// Room, and a reason to begin a collection beside the requests.
    Scarce,
    /// None before a collection has ended.
    Full,
    /// None, and a collection would free nothing.
    Exhausted,
}

/// A token that stands still because of a collection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub token: u32,
    /// The work that its job on the CPU still has; none where it has none.
    pub left: Option<f64>,
}

/// The memory of one process.
#[derive(Clone, Debug)]
pub(crate) struct Heap {
    pub process: u32,
    service: u32,
    base: u64,
    /// Bytes that requests in flight hold.
    held: u64,
    /// Bytes that nothing refers to.
    garbage: u64,
    /// Live data of the last collection.
    survived: u64,
    /// KiB in use.
    used: TimeWeighted,
    /// Requests that have allocated since the last reset.
    visits: u64,
    /// The replica's limit, divided by its processes.
    limit: Option<f64>,
    pub collector: Option<CollectorPlan>,
    /// Garbage that the collection under way frees; none where none is under way.
    freeing: Option<u64>,
    /// Threads of the collection under way that still work.
    pub working: u32,
    /// Collections so far: names their draws.
    pub collections: u64,
    /// Those before the last reset.
    earlier: u64,
    collecting: TimeWeighted,
    standing: Vec<Standing>,
    stood: TimeWeighted,
}

impl Heap {
    /// That of a process of a service with this plan and so many processes in a replica, which is up or not.
    pub fn new((service, process): (u32, u32), plan: &MemoryPlan, workers: u32, is_up: bool) -> Self {
        let MemoryPlan { base, limit, collector, .. } = *plan;
        Self {
            process,
            service,
            base,
            held: 0,
            garbage: 0,
            survived: base,
            used: TimeWeighted::of(if is_up { kib(base) } else { 0 }),
            visits: 0,
            limit: limit.map(|limit| limit as f64 / f64::from(workers)),
            collector,
            freeing: None,
            working: 0,
            collections: 0,
            earlier: 0,
            collecting: TimeWeighted::default(),
            standing: Vec::new(),
            stood: TimeWeighted::default(),
        }
    }

    /// Bytes that a collection does not free.
    pub fn live(&self) -> u64 {
        self.base + self.held
    }

    /// Bytes in use.
    pub fn in_use(&self) -> u64 {
        self.live() + self.garbage
    }

    /// What an allocation finds.
    pub fn room_for(&self, allocation: Allocation) -> Room {
        let Some(plan) = &self.collector else { return Room::Enough };
        let garbage = self.garbage + allocation.dropped;
        let in_use = self.live() + allocation.held + garbage;
        if plan.heap.is_some_and(|heap| in_use > heap) {
            return if self.garbage > 0 || self.is_collecting() { Room::Full } else { Room::Exhausted };
        }
        let grown = plan.growth.map(|growth| (growth * self.survived.max(LEAST_LIVE) as f64) as u64);
        let is_due = plan.young.is_some_and(|young| garbage > young)
            || grown.is_some_and(|grown| garbage > grown)
            || plan.start.is_some_and(|start| in_use > start);
        match is_due && self.garbage > 0 && !self.is_collecting() {
            false => Room::Enough,
            true if plan.stops => Room::Full,
            true => Room::Scarce,
        }
    }

    /// A request allocates.
    pub fn allocate(&mut self, now: Time, allocation: Allocation) {
        self.held += allocation.held;
        self.garbage += allocation.dropped;
        self.visits += 1;
        self.note(now);
    }

    /// A request ends: what it held is free.
    pub fn release(&mut self, now: Time, allocation: Allocation) {
        self.held -= allocation.held;
        self.note(now);
    }

    fn note(&mut self, now: Time) {
        self.used.set(now, kib(self.in_use()));
    }

    /// Whether a collection is under way.
    pub fn is_collecting(&self) -> bool {
        self.freeing.is_some()
    }

    /// Whether a collection is under way that stops the process.
    pub fn is_stopped(&self) -> bool {
        self.is_collecting() && self.collector.is_some_and(|plan| plan.stops)
    }

    /// A collection begins: it frees the garbage of this moment.
    pub fn begin(&mut self, now: Time) {
        self.freeing = Some(self.garbage);
        self.collections += 1;
        self.collecting.up(now);
    }

    /// The collection has ended: those who stood still because of it.
    pub fn end(&mut self, now: Time) -> Vec<Standing> {
        self.garbage -= self.freeing.take().unwrap_or(0);
        self.survived = self.live();
        self.collecting.set(now, 0);
        self.stood.set(now, 0);
        self.note(now);
        std::mem::take(&mut self.standing)
    }

    /// A token stands still from now on, until the collection has ended.
    pub fn stand(&mut self, now: Time, standing: Standing) {
        self.standing.push(standing);
        self.stood.up(now);
    }

    /// Whether the token stands still.
    pub fn has_standing(&self, t: u32) -> bool {
        self.standing.iter().any(|one| one.token == t)
    }

    /// The process begins.
    pub fn open(&mut self, now: Time) {
        self.note(now);
    }

    /// The process is no more.
    fn clear(&mut self, now: Time) {
        (self.garbage, self.survived) = (0, self.base);
        (self.freeing, self.working) = (None, 0);
        self.standing.clear();
        self.collecting.set(now, 0);
        self.stood.set(now, 0);
        self.used.set(now, 0);
    }
}

impl Part for Heap {
    fn reset(&mut self, now: Time) {
        self.used.reset(now);
        self.collecting.reset(now);
        self.stood.reset(now);
        (self.visits, self.earlier) = (0, self.collections);
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let plan: &ServicePlan = &system.services[self.service as usize];
        let up = rows.up(self.process);
        let sum = rows.of_service(self.service, ResourceKind::Memory, 0, || format!("{} memory", plan.name));
        let mib = sum.level(&self.used, now) / 1024.0;
        sum.add(mib, self.limit.map(|limit| limit / MIB as f64 * up));
        sum.use_.visits += self.visits;
        if self.collector.is_some() {
            let name = || format!("{} garbage collection", plan.name);
            let sum = rows.of_service(self.service, ResourceKind::GarbageCollection, 0, name);
            sum.gauge(&self.collecting, now, Some(up));
            sum.queued(sum.mean(self.stood.area(now) as f64), self.stood.peak());
            sum.use_.visits += self.collections - self.earlier;
        }
    }

    fn laws(&mut self, _: Moment, broken: &mut Vec<String>) {
        if self.freeing.is_some_and(|freeing| freeing > self.garbage) {
            broken.push(format!("process {} frees more garbage than there is", self.process));
        }
        if !self.is_collecting() && !self.standing.is_empty() {
            broken.push(format!("requests of process {} stand still for no collection", self.process));
        }
    }

    fn is_at_rest(&self) -> bool {
        self.held == 0 && !self.is_collecting()
    }

    fn process_died(&mut self, process: u32, Moment { now, .. }: Moment) {
        if self.process == process {
            debug_assert_eq!(self.held, 0);
            self.clear(now);
        }
    }
}

/// As KiB, at most 4 TiB.
fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes >> 10).unwrap_or(u32::MAX)
}
