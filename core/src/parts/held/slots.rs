//! Slots: units of which a token holds one at a time. Connection pools, semaphores, request threads and the default
//! executor are all slots; they differ in what happens when a waiting token is granted one.
//!
//! Unless the model says otherwise, all are first come, first served, as asyncio.Semaphore, asyncpg's pool and
//! ThreadPoolExecutor are. A pool opens connections as it needs them, from `min_size` to `max_size`; `acquire` waits
//! without limit unless it has a time-out (asyncpg `Pool.acquire`; `command_timeout` does not cover it).

use crate::kernel::deadline::{Deadlines, LaneId};
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::list::List;
use crate::kernel::{NONE, Time};
use crate::model::{Capacity, Draw, Patience, Shedding, System, Waiting};

use crate::engine::Engine;
use crate::engine::queue::Queue;
use crate::engine::token::State;
use crate::parts::held::growth::Growing;
use crate::parts::part::{Left, Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// What a unit is, and so what a grant does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotsKind {
    /// A database connection of the process' pool number `pool`.
    Connections { pool: u32 },
    /// A slot of the process' limit number `limit`.
    Limit { limit: u32 },
    /// A slot of the system's limit number `limit`.
    Shared { limit: u32 },
    /// A thread that serves a request until its answer.
    RequestThreads,
    /// A thread of the default executor of an event loop.
    Executor,
}

impl SlotsKind {
    /// Whether a fault that lowers this capacity lowers such slots.
    pub fn is_of(self, what: Capacity) -> bool {
        match (what, self) {
            (Capacity::Pool(one), Self::Connections { pool: other }) => one == other,
            (Capacity::Limit(one), Self::Limit { limit: other }) => one == other,
            (Capacity::Threads, Self::RequestThreads | Self::Executor) => true,
            _ => false,
        }
    }

    /// The name of such slots within their service: `pool auth`.
    pub fn name(self, system: &System, service: u32) -> String {
        let plan = || &system.services[service as usize];
        match self {
            Self::Connections { pool } => format!("pool {}", plan().pools[pool as usize].name),
            Self::Limit { limit } => format!("limit {}", plan().limits[limit as usize].name),
            Self::Shared { limit } => format!("limit {}", system.limits[limit as usize].name),
            Self::RequestThreads => "threads".into(),
            Self::Executor => "executor".into(),
        }
    }

    /// The reports' name of such slots of a service: `user-service pool auth`. Those of the whole system have no service.
    pub fn resource_name(self, system: &System, service: u32) -> String {
        let name = self.name(system, service);
        match self {
            Self::Shared { .. } => name,
            Self::Connections { .. } | Self::Limit { .. } | Self::RequestThreads | Self::Executor => {
                format!("{} {name}", system.services[service as usize].name)
            }
        }
    }

    /// How those who wait for one are served.
    fn waiting(self, system: &System, service: u32) -> Waiting {
        let plan = || &system.services[service as usize];
        match self {
            Self::Connections { pool } => plan().pools[pool as usize].waiting,
            Self::Limit { limit } => plan().limits[limit as usize].waiting,
            Self::Shared { limit } => system.limits[limit as usize].waiting,
            Self::RequestThreads | Self::Executor => plan().waiting,
        }
    }

    /// How long a request of their service waits for one, on average where that varies; none where only other time-outs
    /// end its wait.
    pub fn acquire_timeout(self, system: &System, service: u32) -> Option<Time> {
        Some(match self.waiting(system, service).patience? {
            Patience::Fixed(time) => time,
            Patience::Drawn(Draw(draw)) => Time(system.variates[draw as usize].mean() as u64),
        })
    }
}

/// Units, their holders and who waits for one.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    pub kind: SlotsKind,
    /// The process that they belong to; [`NONE`] for the system's.
    pub process: u32,
    pub size: u32,
    /// Its size when no fault lowers it; if it grows, its greatest size.
    pub full_size: u32,
    /// How it grows, if it does.
    pub growth: Option<Box<Growing>>,
    /// The size over time, zero while its replica is down.
    pub sizes: TimeWeighted,
    /// The processes whose units these are (request threads of workers that share a listening socket).
    pub sharers: u32,
    /// Whether a unit that is given on needs nothing but the grant: no other process' units, no event loop that is blocked.
    pub is_plain: bool,
    /// Tokens that were turned away because too many waited, or dropped from the queue.
    pub shed: u64,
    /// Connections open (pools); all, for other kinds.
    pub opened: u32,
    pub used: TimeWeighted,
    pub queue: Queue,
    /// Frames of the holders.
    pub holders: List,
    /// How long a token waits, where that is always the same.
    pub patience: Option<LaneId>,
    /// How long a token waits, where that is drawn.
    pub drawn_patience: Option<Draw>,
    /// Which of those who wait are dropped under overload.
    pub shedding: Option<Shedding>,
    pub connect_time: Option<Draw>,
    /// How long a round trip on a connection may take (pools).
    pub command: Option<LaneId>,
    /// Index of the pool that minds these connections, if one does.
    pub pool: u32,
    /// Whether the pool opens its connections itself: `size` is then the number that are open, `full_size` the greatest.
    pub in_background: bool,
    /// Whether a waiter that is woken may find its unit taken by a token that has come meanwhile.
    pub barging: bool,
    /// How many may wait.
    pub room: u32,
    pub deadlocked: bool,
    pub grants: u64,
    /// When a token last stopped waiting for a unit, or was turned away because none was free.
    pub waited_until: Time,
    /// Tokens that left the queue without a unit: they gave up, or could not open a connection.
    pub left_without: u64,
}

impl Slots {
    pub fn new(kind: SlotsKind, process: u32, size: u32, opened: u32, waiting: Waiting) -> Self {
        let has_patience = waiting.shedding.is_some() || matches!(waiting.patience, Some(Patience::Drawn(_)));
        Self {
            kind,
            process,
            size,
            full_size: size,
            growth: None,
            sizes: TimeWeighted::of(size),
            sharers: 1,
            is_plain: true,
            shed: 0,
            opened,
            used: TimeWeighted::default(),
            queue: Queue::new(waiting.order, has_patience),
            holders: List::default(),
            patience: None,
            drawn_patience: None,
            shedding: waiting.shedding,
            connect_time: None,
            command: None,
            pool: NONE,
            in_background: false,
            barging: false,
            room: u32::MAX,
            deadlocked: false,
            grants: 0,
            waited_until: Time::ZERO,
            left_without: 0,
        }
    }

    /// The pool opens its connections itself, of which these are open at first.
    pub fn open_in_background(&mut self) {
        // Not plain, so that each new wait is noticed.
        self.queue = Queue::new(self.queue.order(), true);
        self.in_background = true;
        self.size = self.opened;
    }

    /// Limits how long a token waits for a unit.
    pub fn limit_waits(&mut self, patience: Option<Patience>, deadlines: &mut Deadlines) {
        match patience {
            None => {}
            Some(Patience::Fixed(time)) => self.patience = Some(deadlines.lane(time)),
            Some(Patience::Drawn(draw)) => self.drawn_patience = Some(draw),
        }
    }

    /// Makes them the units of this number of processes, each with as many as there are now.
    pub fn share(&mut self, sharers: u32) {
        self.size = self.size.saturating_mul(sharers);
        (self.full_size, self.opened, self.sharers) = (self.size, self.size, sharers);
        self.is_plain &= sharers == 1;
        self.sizes = TimeWeighted::of(self.size);
    }

    /// Whether there is a unit for one more; a fault may have lowered the size.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.used.level() < self.size
    }

    /// Whether the unit that is taken next needs a new connection.
    #[inline]
    pub fn opens(&self) -> bool {
        self.used.level() >= self.opened
    }

    /// The token begins to wait for a unit of these slots, which have this number. `work`: how long it will keep it, if
    /// that is known.
    pub fn enqueue(&mut self, engine: &mut Engine, t: u32, id: u32, work: Time) {
        self.queue.push(engine, t, work);
        let token = &mut engine.tokens[t];
        token.state = State::Queued;
        token.wait = id;
    }

    /// The frame's token takes a unit.
    #[inline]
    pub fn take(&mut self, engine: &mut Engine, frame: u32) {
        self.used.up(engine.now);
        self.grants += 1;
        self.holders.push(&mut engine.frames, frame);
    }

    /// The frame's token gives its unit back.
    #[inline]
    pub fn free(&mut self, engine: &mut Engine, frame: u32) {
        self.holders.remove(&mut engine.frames, frame);
        self.used.down(engine.now);
    }

    /// The first in the queue, if there is a unit for it.
    #[inline(always)]
    pub fn next(&mut self, engine: &mut Engine) -> Option<u32> {
        if !self.has_room() {
            return None;
        }
        let next = self.queue.pop(engine, self.size);
        if next.is_some() {
            self.waited_until = engine.now;
        }
        next
    }

    /// The service that they belong to; none for the system's.
    pub fn service(&self, system: &System) -> Option<u32> {
        system.processes.get(self.process as usize).map(|process| process.service)
    }

    /// Their name within their service: `pool auth`.
    pub fn name(&self, system: &System) -> String {
        self.kind.name(system, self.service(system).unwrap_or(NONE))
    }

    /// The reports' name of them: `user-service pool auth`.
    pub fn resource_name(&self, system: &System) -> String {
        self.kind.resource_name(system, self.service(system).unwrap_or(NONE))
    }

    /// How many there are when no fault lowers their number.
    pub fn units(&self) -> u32 {
        if self.growth.is_some() { self.size } else { self.full_size }
    }

    /// Whether a fault has lowered their number, or they still grow when they starve. Slots that grow only for a request that
    /// finds the queue full do not count: their holders may wait for each other without end.
    pub fn is_lowered(&self) -> bool {
        self.size < self.full_size && !self.grows_only_when_full()
    }

    /// Whether no more may wait.
    pub fn is_full(&self) -> bool {
        self.queue.population.gauge.level() >= self.room
    }
}

impl Part for Slots {
    fn reset(&mut self, now: Time) {
        self.used.reset(now);
        self.sizes.reset(now);
        self.queue.population.reset(now);
        self.forget_grants();
        (self.shed, self.left_without) = (0, 0);
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let (kind, number) = match self.kind {
            SlotsKind::Connections { pool } => (ResourceKind::Connections, pool),
            SlotsKind::Limit { limit } | SlotsKind::Shared { limit } => (ResourceKind::Limit, limit),
            SlotsKind::RequestThreads => (ResourceKind::Threads, 0),
            SlotsKind::Executor => (ResourceKind::Executor, 0),
        };
        let name = || self.resource_name(system);
        let sum = match self.service(system) {
            Some(service) => rows.of_service(service, kind, number, name),
            None => rows.of_system(kind, number, name),
        };
        sum.gauge(&self.used, now, (self.full_size < u32::MAX).then(|| sum.level(&self.sizes, now)));
        sum.waiting(&self.queue.population, now);
        sum.use_.visits += self.grants + self.left_without;
        sum.use_.refused += self.shed;
    }

    fn laws(&mut self, Moment { system, now }: Moment, broken: &mut Vec<String>) {
        self.queue.population.check(now, broken, || self.resource_name(system));
        if self.used.level() != self.holders.len() || self.used.level() > self.full_size {
            broken.push(format!("{} units are in use, {} are held", self.used.level(), self.holders.len()));
        }
    }

    fn is_at_rest(&self) -> bool {
        self.used.level() == 0
    }

    fn keeps(state: State) -> bool {
        state == State::Queued
    }

    fn leave(&mut self, _: &System, engine: &mut Engine, t: u32) -> Left {
        self.queue.remove(engine, t);
        self.left_without += 1;
        self.waited_until = engine.now;
        Left::Alone
    }

    fn process_died(&mut self, process: u32, _: Moment) {
        if self.process == process {
            self.deadlocked = false;
            self.shrink_to_start();
            if matches!(self.kind, SlotsKind::Connections { .. }) {
                self.opened = 0;
                if self.in_background {
                    self.size = 0;
                }
            }
        }
    }
}
