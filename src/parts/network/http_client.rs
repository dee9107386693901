//! HTTP clients in the manner of httpx 0.28 over httpcore 1.0.
//!
//! *Per request*: constructing `AsyncClient()` builds an SSL context on the event loop (43 ms of CPU measured, also for
//! http:// targets), then a TCP connect for every call. *Shared*: the pool is searched at every call, at a cost that
//! grows with the square of its idle connections (`_assign_requests_to_connections` polls each and counts all for
//! each); `max_keepalive_connections` counts all connections, so with more open than that one that becomes idle is
//! closed, and one whose time is over is closed at the next call; at `max_connections` a free connection wakes *every*
//! queued call, one wins, and the others queue again with a fresh pool time-out.

use crate::kernel::deadline::LaneId;
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::list::List;
use crate::kernel::{NONE, Time};
use crate::model::{ClientPlan, System};

use crate::engine::Engine;
use crate::engine::population::QueueStatistics;
use crate::engine::token::State;
use crate::parts::part::{Left, Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// Instead of a peer: the process at the other end was killed.
pub(crate) const LOST: u32 = NONE - 2;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle {
    pub peer: u32,
    pub since: Time,
}

/// The client of one process.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    /// Index among the service's clients.
    pub index: u32,
    pub process: u32,
    /// Ports of its host towards its server; [`NONE`]: without end.
    pub ports: u32,
    pub broken: bool,
    pub idle: Vec<Idle>,
    /// Connections open, idle and busy.
    pub open: u32,
    /// Connections that calls hold.
    pub busy: TimeWeighted,
    /// Calls that found no connection, in the order in which they asked again.
    pub queue: List,
    /// Those calls, from the first time they ask until they have a connection or give up.
    pub waiting: QueueStatistics,
    /// Calls that had a connection at once.
    pub served_at_once: u64,
    /// Frames of the calls that hold a connection.
    pub holders: List,
    pub deadlocked: bool,
    pub timeout: Option<LaneId>,
    pub connect_timeout: Option<LaneId>,
    pub pool_timeout: Option<LaneId>,
    pub futile_wakes: u64,
    /// When a call last stopped waiting for a connection.
    pub waited_until: Time,
    /// The same since the start of the run.
    pub all_futile_wakes: u64,
}

/// The lanes of a client's time-outs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub connect: Option<LaneId>,
    pub read: Option<LaneId>,
    pub pool: Option<LaneId>,
}

impl HttpClient {
    pub fn new(index: u32, process: u32, broken: bool, timeouts: Timeouts) -> Self {
        Self {
            index,
            process,
            ports: NONE,
            broken,
            idle: Vec::new(),
            open: 0,
            busy: TimeWeighted::default(),
            queue: List::default(),
            waiting: QueueStatistics::default(),
            served_at_once: 0,
            holders: List::default(),
            deadlocked: false,
            timeout: timeouts.read,
            connect_timeout: timeouts.connect,
            pool_timeout: timeouts.pool,
            futile_wakes: 0,
            waited_until: Time::ZERO,
            all_futile_wakes: 0,
        }
    }

    /// The service of its process.
    pub fn service(&self, system: &System) -> u32 {
        system.processes[self.process as usize].service
    }

    /// What it is built from.
    pub fn plan<'s>(&self, system: &'s System) -> &'s ClientPlan {
        &system.services[self.service(system) as usize].clients[self.index as usize]
    }
}

impl Part for HttpClient {
    fn reset(&mut self, now: Time) {
        self.busy.reset(now);
        self.waiting.reset(now);
        (self.served_at_once, self.futile_wakes) = (0, 0);
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let (service, plan) = (self.service(system), self.plan(system));
        let name = || format!("{} client {}", system.services[service as usize].name, plan.name);
        let up = rows.up(self.process);
        let sum = rows.of_service(service, ResourceKind::HttpClient, self.index, name);
        let limit = (plan.shared && plan.max_connections < u32::MAX).then_some(plan.max_connections);
        sum.gauge(&self.busy, now, limit.map(|limit| f64::from(limit) * up));
        sum.waiting(&self.waiting, now);
        sum.use_.visits += self.served_at_once + self.waiting.left;
    }

    fn laws(&mut self, Moment { now, .. }: Moment, broken: &mut Vec<String>) {
        self.waiting.check(now, broken, || "an HTTP client's queue".into());
        let (busy, held) = (self.busy.level(), self.holders.len());
        if busy != held || busy > self.open {
            broken.push(format!("{busy} connections are in use, {held} are held, {} are open", self.open));
        }
    }

    fn keeps(state: State) -> bool {
        state == State::ConnectionQueued
    }

    fn leave(&mut self, _: &System, engine: &mut Engine, t: u32) -> Left {
        self.queue.remove(&mut engine.tokens, t);
        self.waited_until = engine.now;
        Left::Alone
    }

    fn process_died(&mut self, process: u32, Moment { system, .. }: Moment) {
        if self.process == process {
            self.idle.clear();
            self.open = 0;
            self.deadlocked = false;
            self.broken &= !self.plan(system).repaired_by_restart;
        }
    }
}
