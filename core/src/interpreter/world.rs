//! The world: every token and part of one run, and the loop that turns events into steps.

mod event;
mod standstill;

use std::sync::atomic::Ordering;
use std::time::Instant;

use standstill::Standstill;

use crate::kernel::deadline::LaneId;
use crate::kernel::random::{Stream, name};
use crate::kernel::slab::Slab;
use crate::kernel::{NONE, Time};
use crate::model::{Abandon, Load, LoopKind, Op, Runtime, ServicePlan, System};

use crate::engine::token::{Failure, Request};
use crate::engine::{Engine, slot};
use crate::interpreter::build::build;
use crate::parts::blame::accounts::Accounts;
use crate::parts::compute::disk::Disk;
use crate::parts::compute::gil::Gil;
use crate::parts::compute::station::Station;
use crate::parts::guards::resilience::Guards;
use crate::parts::held::heap::Heap;
use crate::parts::held::pool::{IdleConnection, Pool};
use crate::parts::held::ports::Ports;
use crate::parts::held::slots::Slots;
use crate::parts::ledger::Ledger;
use crate::parts::limits::Limits;
use crate::parts::messaging::broker::Broker;
use crate::parts::messaging::cache::Cache;
use crate::parts::messaging::job::Jobs;
use crate::parts::messaging::view::Views;
use crate::parts::meter::Scrapes;
use crate::parts::network::calls::Calls;
use crate::parts::network::http_client::HttpClient;
use crate::parts::network::ingress::{Ingress, ingresses};
use crate::parts::network::pacer::Pacer;
use crate::parts::network::process::{Process, Replica, ReplicaGroup};
use crate::parts::outcome::{Deadlock, Ending};
use crate::parts::phase::Phases;
use crate::parts::scaling::Scaler;
use crate::parts::tally::RequestTally;
use crate::parts::trouble::liveness::{Prober, Stagnation};
use crate::parts::waits::Watcher;

/// What drives a world: the load.
pub trait Source {
    /// Whether the load waits for ends of requests. One that does not has none reported.
    const AWAITS_ENDS: bool = true;
    /// An event that the load scheduled for itself came up.
    fn event(&mut self, world: &mut World, which: u32);
    /// A request has ended, by answer or because its client gave up.
    fn ended(&mut self, world: &mut World, ended: Ended);
}

/// A request that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The client that sent it.
    pub client: u32,
    /// Why it failed, if it did.
    pub failure: Failure,
    /// Whether it was refused within a round trip of being sent.
    pub refused_at_once: bool,
}

/// Steps at one instant beyond which time is taken to stand still.
const STANDSTILL: u32 = 20_000_000;

/// Events between two looks at the clock and the interrupt.
const LOOK_EVERY: u64 = 1 << 15;

/// Rounds of loops and attempts between two such looks. They are steps, too.
const TURNS: u32 = 1 << 14;

/// Everything in one run.
pub struct World<'s> {
    pub(crate) system: &'s System,
    /// What every part may borrow.
    pub(crate) engine: Engine,
    pub(crate) requests: Slab<Request>,
    pub(crate) processes: Vec<Process>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) groups: Vec<ReplicaGroup>,
    pub(crate) slots: Vec<Slots>,
    pub(crate) clients: Vec<HttpClient>,
    pub(crate) pacers: Vec<Pacer>,
    pub(crate) stations: Vec<Station>,
    pub(crate) gils: Vec<Gil>,
    /// Jobs that are done with a lock; empty between events.
    pub(crate) released: Vec<u32>,
    pub(crate) ports: Vec<Ports>,
    /// Of each process of a service with a plan of its memory.
    pub(crate) heaps: Vec<Heap>,
    pub(crate) disks: Vec<Disk>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) idle_connections: Slab<IdleConnection>,
    pub(crate) jobs: Jobs,
    pub(crate) broker: Broker,
    pub(crate) guards: Guards,
    /// Of each service; empty where none has one.
    pub(crate) ingresses: Vec<Option<Box<Ingress>>>,
    pub(crate) views: Views,
    pub(crate) caches: Vec<Cache>,
    /// The cache of a process by its own number and the process' first.
    pub(crate) cache_ids: Vec<u32>,
    /// Slots of the system's first limit.
    pub(crate) shared: u32,
    /// The balancers' choices.
    pub(crate) choices: Stream,
    /// Names the requests' own draws.
    pub(crate) key: u64,
    pub(crate) cancels: bool,
    /// Whether any wait blocks an event loop.
    pub(crate) blocks_loops: bool,
    pub(crate) patience: Option<LaneId>,
    pub(crate) target: u32,
    /// The process that the load's requests to the target begin in at once, if nothing is in between and no event loop.
    pub(crate) straight: u32,
    /// The endpoints that the load calls; they are probed.
    pub(crate) probed: Vec<u32>,
    pub(crate) ledger: Option<Box<Ledger>>,
    pub(crate) numbered: u64,
    /// Where the time of requests goes; none where that is not wanted.
    pub(crate) accounts: Option<Box<Accounts>>,
    /// Looks at who holds what and waits for what; none where that is not wanted.
    pub(crate) watcher: Option<Box<Watcher>>,
    pub(crate) tally: RequestTally,
    /// The calls that reach each service; none where they are not counted.
    pub(crate) calls: Option<Box<Calls>>,
    pub(crate) ended: Vec<Ended>,
    /// Whether ends of requests are reported to the load.
    pub(crate) reports_ends: bool,
    pub(crate) deadlock: Option<Deadlock>,
    /// What a run that was metered has given.
    pub(crate) scrapes: Option<Box<Scrapes>>,
    pub(crate) window_start: Time,
    pub(crate) phases: Phases,
    pub(crate) events: u64,
    /// Events in the calendar that only try to accept again.
    pub(crate) accept_retries: usize,
    /// Who probes replicas.
    pub(crate) probers: Vec<Prober>,
    /// What starts and removes replicas: one for each service with autoscaling or deploys.
    pub(crate) scalers: Vec<Scaler>,
    /// The number of replicas that are being removed.
    pub(crate) leaving: u32,
    /// Probes in a row that found nothing else under way.
    pub(crate) stagnation: Stagnation,
    /// Nothing holds up, turns away or counts a request on its way to a process: no ingress, backlog, probe, fault or change
    /// of the number of replicas, and no count of calls.
    pub(crate) is_plain: bool,
    /// Some process runs an event loop.
    pub(crate) has_loops: bool,
    /// Whether any of them is libuv's.
    pub(crate) has_libuv: bool,
    /// Whether a token continues at once after its service at a station: true in a plain system without event loops.
    pub(crate) goes_on_at_once: bool,
    /// Replicas that get no new requests, or refuse them.
    pub(crate) outages: u32,
    /// Connections to databases that are held, but dead.
    pub(crate) severed: u32,
    /// The faults that are on, in all of their replicas.
    pub(crate) faults: Vec<bool>,
    /// Time that faults add to each round trip to a service; empty without such faults.
    pub(crate) latencies: Vec<Time>,
    /// Rounds of loops and attempts so far.
    turns: u32,
    standstill: Standstill,
    /// The token that fails at present because its process has died; else [`NONE`].
    pub(crate) killed: u32,
    /// A token was put back in the middle of its steps, so that limits are looked at.
    paused: bool,
    done: Vec<u32>,
    stopped: bool,
    too_many: bool,
}

/// Whether nothing in a system holds up or turns away a request on its way to a process.
pub(super) fn is_plain(system: &System) -> bool {
    let plain = |service: &ServicePlan| {
        service.ingress.is_none()
            && service.backlog.is_none()
            && service.liveness.is_none()
            && service.readiness.is_none()
            && service.memory.is_none()
            && !service.varies()
    };
    system.faults.is_empty() && system.services.iter().all(plain)
}

impl<'s> World<'s> {
    /// A system at rest, under a load on `target` whose clients have this patience.
    pub fn new(system: &'s System, load: &Load, seed: u64, replication: u64) -> Self {
        let mut engine = Engine::default();
        if system.serves_by_priority() && load.classes.iter().any(|class| class.priority > 0) {
            engine.priorities.keep();
        }
        let built = build(system, &mut engine.deadlines);
        let guards = Guards::new(system, &mut engine.deadlines);
        let broker = Broker::new(system, &mut engine.deadlines);
        let patience = load.timeout.map(|length| engine.deadlines.lane(length));
        let is_plain = load.call_rates.is_none() && is_plain(system);
        let has_loops = system.services.iter().any(|plan| plan.runtime == Runtime::EventLoop);
        let mut world = Self {
            system,
            engine,
            requests: Slab::default(),
            processes: built.processes,
            replicas: built.replicas,
            groups: built.groups,
            slots: built.slots,
            clients: built.clients,
            pacers: built.pacers,
            stations: (0..).zip(&system.stations).map(|(index, plan)| Station::new(plan, index)).collect(),
            gils: built.gils,
            released: Vec::new(),
            ports: built.ports,
            heaps: built.heaps,
            disks: built.disks,
            pools: built.pools,
            idle_connections: Slab::default(),
            jobs: Jobs::new(system.outlasts, load.completion.as_ref()),
            broker,
            guards,
            ingresses: ingresses(system),
            views: Views::new(system.views.len()),
            caches: built.caches,
            cache_ids: built.cache_ids,
            shared: built.shared,
            choices: Stream::named(seed, replication, "balance", 0),
            key: name(seed, replication, "request", 0),
            cancels: load.abandon == Abandon::Cancel,
            blocks_loops: system.program.iter().any(|op| matches!(op, Op::Block)),
            patience,
            target: load.target,
            straight: NONE,
            probed: probed(load),
            ledger: Ledger::of(load, seed, replication),
            numbered: 0,
            accounts: None,
            watcher: None,
            tally: RequestTally::default(),
            calls: load.call_rates.map(|length| Box::new(Calls::new(system.services.len(), length))),
            ended: Vec::new(),
            reports_ends: true,
            deadlock: None,
            scrapes: None,
            window_start: Time::ZERO,
            phases: Phases::default(),
            events: 0,
            accept_retries: 0,
            probers: Vec::new(),
            scalers: Vec::new(),
            leaving: 0,
            stagnation: Stagnation::default(),
            is_plain,
            has_loops,
            has_libuv: system.services.iter().any(|plan| plan.event_loop.kind == LoopKind::Libuv),
            goes_on_at_once: is_plain && !has_loops,
            outages: 0,
            severed: 0,
            faults: Vec::new(),
            latencies: Vec::new(),
            turns: 0,
            standstill: Standstill::new(load),
            killed: NONE,
            paused: false,
            done: Vec::new(),
            stopped: false,
            too_many: false,
        };
        world.straight = world.straight_to(load.target).unwrap_or(NONE);
        let blocks_loops = world.blocks_loops;
        world.slots.iter_mut().for_each(|slots| slots.is_plain &= !blocks_loops);
        if load.accounts != crate::model::AccountsKept::Off {
            world.keep_accounts(load);
        }
        // First, so that at any instant they come before all else.
        world.begin_faults();
        world.begin_probing();
        world.begin_turnover();
        world.begin_consuming();
        world
    }

    /// Whether clients give up.
    pub(crate) fn has_patience(&self) -> bool {
        self.patience.is_some()
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.engine.now
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Schedules an event for the load itself, from now.
    pub fn schedule(&mut self, delay: Time, which: u32) {
        self.engine.calendar.schedule(self.engine.now + delay, slot::SOURCE + which);
    }

    /// Ends the run after the present event.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Lets a run that was stopped continue, under another load.
    pub fn resume(&mut self) {
        self.stopped = false;
    }

    /// Ends the run after the present event: more is in flight than can be kept.
    pub(crate) fn give_up_counting(&mut self) {
        (self.stopped, self.too_many) = (true, true);
    }

    /// Runs until the load stops it, nothing more can happen, or a limit is met.
    pub fn run<S: Source>(&mut self, source: &mut S, limits: &Limits) -> Ending {
        let most = limits.max_events.unwrap_or(u64::MAX);
        let standstill = u32::try_from(most).unwrap_or(u32::MAX).min(STANDSTILL);
        self.reports_ends = S::AWAITS_ENDS;
        let mut watched = self.next_watched(most);
        loop {
            self.report_ended(source);
            let mut steps: u32 = 0;
            while let Some(t) = self.engine.ready.pop(&mut self.engine.tokens) {
                self.step(t);
                self.report_ended(source);
                steps += 1;
                if std::mem::take(&mut self.paused) {
                    steps = steps.saturating_add(TURNS);
                    if let Some(ending) = self.look(limits) {
                        return ending;
                    }
                }
                if steps > standstill {
                    return Ending::Standstill;
                }
            }
            if self.engine.tokens.capacity() >= slot::CPU as usize {
                return Ending::TooManyInFlight;
            }
            if self.stopped {
                return if self.too_many { Ending::TooManyInFlight } else { Ending::Complete };
            }
            let Some(event) = self.engine.calendar.pop() else { return Ending::Quiet };
            debug_assert!(event.time() >= self.engine.now, "time goes back");
            self.engine.now = event.time();
            self.events += 1;
            if self.events >= watched {
                if self.events.is_multiple_of(LOOK_EVERY)
                    && let Some(ending) = self.look(limits)
                {
                    return ending;
                }
                if self.events > most {
                    return Ending::TooManyEvents;
                }
                watched = self.next_watched(most);
                if self.is_recording() {
                    self.look_at_traced();
                }
                if self.is_sampling() {
                    self.sample_up_to(event.time());
                }
                if self.is_watched() {
                    self.look_at_waits();
                }
            }
            if event.time() == Time::MAX {
                if self.is_due(event) {
                    return Ending::EndOfClock;
                }
                // Probes, restarts and time-outs without end: nothing comes after them.
                continue;
            }
            self.happen(event, source);
        }
    }

    /// Whether a limit ends the run now.
    #[inline(never)]
    fn look(&self, limits: &Limits) -> Option<Ending> {
        if self.standstill.is_reached() {
            return Some(Ending::Standstill);
        }
        if limits.deadline.is_some_and(|deadline| Instant::now() > deadline) {
            return Some(Ending::OutOfTime);
        }
        if limits.interrupted.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Some(Ending::Interrupted);
        }
        (self.too_many || self.engine.tokens.capacity() >= slot::CPU as usize).then_some(Ending::TooManyInFlight)
    }

    /// The number of the next event at which to check the limits: a multiple of [`LOOK_EVERY`], the first event too many,
    /// or, while each event is looked at, simply the next event.
    fn next_watched(&self, most: u64) -> u64 {
        let is_looked_at = self.is_recording() || self.is_sampling() || self.is_watched();
        let next = if is_looked_at { self.events + 1 } else { self.events - self.events % LOOK_EVERY + LOOK_EVERY };
        next.min(most.saturating_add(1))
    }

    /// Another round or attempt of a token that has not waited. Whether it is time to look at the limits.
    #[inline]
    pub(crate) fn turn(&mut self) -> bool {
        self.turns = self.turns.wrapping_add(1);
        self.turns.is_multiple_of(TURNS)
    }

    /// The token continues as soon as the limits have been looked at, before any other.
    #[inline(never)]
    pub(crate) fn pause(&mut self, t: u32) {
        self.paused = true;
        self.engine.ready.push_first(&mut self.engine.tokens, t);
    }

    /// The limits are looked at before the next token is stepped.
    pub(crate) fn look_at_limits(&mut self) {
        self.paused = true;
    }
}

/// The endpoints that a load calls.
pub(crate) fn probed(load: &Load) -> Vec<u32> {
    let mut probed = vec![load.target];
    for class in &load.classes {
        if !probed.contains(&class.target) {
            probed.push(class.target);
        }
    }
    probed
}
