//! HTTP clients in the manner of httpx 0.28 over httpcore 1.0.
//!
//! *Per request*: constructing `AsyncClient()` builds an SSL context on the event loop (43 ms of CPU measured, also for
//! http:// targets), then a TCP connect for every call. *Shared*: the pool is searched at every call, at a cost that
//! grows with the square of its idle connections (`_assign_requests_to_connections` polls each and counts all for
//! each); `max_keepalive_connections` counts all connections, so with more open than that one that becomes idle is
//! closed, and one whose time is over is closed at the next call; at `max_connections` a free connection wakes *every*
//! queued call, one wins, and the others queue again with a fresh pool time-out. Other clients give it to the first
//! (`fifo`: Node's `http.Agent` with `maxSockets`, `lib/_http_agent.js`).
//!
//! Others count the idle connections alone: with as many idle as may be, one more is closed when it is given back (Go
//! `net/http/transport.go`, `tryPutIdleConn`: 2 where nothing is said; urllib3 `connectionpool.py`, `_put_conn`). nginx then
//! closes the one that has been idle longest and keeps the other (`ngx_http_upstream_free_keepalive_peer`): the number is
//! the same.

use std::ops::Range;

use crate::kernel::deadline::LaneId;
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::list::List;
use crate::kernel::{NONE, Time};
use crate::model::{ClientPlan, SearchCost, System};

use crate::engine::Engine;
use crate::engine::population::QueueStatistics;
use crate::engine::progress::Progress;
use crate::engine::token::{FrameKind, State};
use crate::parts::network::peer::{CLOSING, LOST};
use crate::parts::part::{Left, Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// How far a call has got on its way to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connecting {
    /// It looks for an idle connection.
    Look,
    /// It was woken, perhaps in vain.
    Woken,
    /// It is about to open one, after so many rounds of the loop.
    Opening { rounds: u8 },
    /// It opens one.
    Open,
    /// It has one, and sends its SYN.
    Reach,
    /// The server has answered; it continues after so many rounds of the loop.
    Settling { rounds: u8 },
}

/// The bytes of `Settling` and `Opening` without any round left.
const SETTLED: u8 = 16;
const OPENED: u8 = 80;

impl From<Progress> for Connecting {
    fn from(phase: Progress) -> Self {
        match phase.count() {
            0 => Self::Look,
            1 => Self::Woken,
            2 => Self::Open,
            3..SETTLED => Self::Reach,
            byte @ SETTLED..OPENED => Self::Settling { rounds: byte - SETTLED },
            byte @ OPENED.. => Self::Opening { rounds: byte - OPENED },
        }
    }
}

impl From<Connecting> for Progress {
    fn from(at: Connecting) -> Self {
        Self::counted(match at {
            Connecting::Look => 0,
            Connecting::Woken => 1,
            Connecting::Open => 2,
            Connecting::Reach => 3,
            Connecting::Settling { rounds } => SETTLED + rounds,
            Connecting::Opening { rounds } => OPENED + rounds,
        })
    }
}

/// What a call finds that asks for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// An idle one, which the call holds from now on with this frame.
    Idle { frame: u32 },
    /// Room for another, which it opens.
    Room,
    /// Neither: the call waits.
    Neither,
}

/// A connection that no call holds.
#[derive(Clone, Copy, Debug)]
struct Idle {
    peer: u32,
    since: Time,
}

/// The client of one process.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    /// Its number in the system.
    id: u32,
    /// Index among the service's clients.
    pub index: u32,
    pub process: u32,
    /// Ports of its host towards its server; [`NONE`]: without end.
    pub ports: u32,
    /// Its rate limit; [`NONE`]: it has none.
    pub pacer: u32,
    pub broken: bool,
    idle: Vec<Idle>,
    /// Connections open, idle and busy.
    open: u32,
    /// Connections that calls hold.
    busy: TimeWeighted,
    /// Calls that found no connection, in the order in which they asked again.
    queue: List,
    /// Those calls, from the first time they ask until they have a connection or give up.
    waiting: QueueStatistics,
    /// Calls that had a connection at once.
    served_at_once: u64,
    /// Frames of the calls that hold a connection.
    pub holders: List,
    pub deadlocked: bool,
    pub timeout: Option<LaneId>,
    pub connect_timeout: Option<LaneId>,
    pool_timeout: Option<LaneId>,
    /// When a call last stopped waiting for a connection.
    pub waited_until: Time,
    /// Wake-ups of calls that may find nothing, since the start of the run.
    wakes: u64,
}

/// The lanes of a client's time-outs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub connect: Option<LaneId>,
    pub read: Option<LaneId>,
    pub pool: Option<LaneId>,
}

impl HttpClient {
    pub fn new(id: u32, index: u32, process: u32, broken: bool, timeouts: Timeouts) -> Self {
        Self {
            id,
            index,
            process,
            ports: NONE,
            pacer: NONE,
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
            waited_until: Time::ZERO,
            wakes: 0,
        }
    }

    /// Connections open, idle and busy.
    pub fn connections(&self) -> u32 {
        self.open
    }

    /// Whether any call waits for a connection.
    pub fn is_waited_for(&self) -> bool {
        !self.queue.is_empty()
    }

    /// How long a search of its connections keeps the CPU.
    pub fn search_time(&self, cost: SearchCost) -> Time {
        let (idle, busy) = (self.idle.len() as u64, u64::from(self.busy.level()));
        Time(cost.per_idle.0 * idle + cost.per_idle_squared.0 * idle * idle + cost.per_busy.0 * busy)
    }

    /// A call asks for a connection. The wait for one ends with the pool's time-out.
    pub fn look(&mut self, engine: &mut Engine, t: u32, plan: &ClientPlan) -> Found {
        if let Some(Idle { peer, since }) = self.idle.pop() {
            let age = engine.now.since(since) + plan.latency;
            let is_closing = plan.server_keep_alive.is_some_and(|kept| age >= kept);
            self.served(engine, t);
            return Found::Idle { frame: self.take(engine, t, if is_closing { CLOSING } else { peer }) };
        }
        let has_waited = self.in_line(engine, t).is_some();
        // Where calls are served in turn a new one waits behind those that wait.
        let may_open = !plan.fifo || has_waited || self.queue.is_empty();
        if self.open < plan.max_connections && may_open {
            engine.tokens[t].phase = Connecting::Open.into();
            return Found::Room;
        }
        if !has_waited {
            // It waits from now on, however often it is woken for nothing.
            let since = engine.now;
            engine.push_frame(t, FrameKind::Line { client: self.id, since });
            self.waiting.enter(since);
        }
        if plan.fifo && has_waited {
            self.queue.push_first(&mut engine.tokens, t);
        } else {
            self.queue.push(&mut engine.tokens, t);
        }
        let token = &mut engine.tokens[t];
        (token.state, token.wait) = (State::ConnectionQueued, self.id);
        engine.limit_wait(t, self.pool_timeout);
        Found::Neither
    }

    /// A call opens a connection, whose descriptor and port are taken. The frame with which it holds it.
    pub fn open(&mut self, engine: &mut Engine, t: u32) -> u32 {
        self.open += 1;
        self.served(engine, t);
        engine.tokens[t].phase = Connecting::Reach.into();
        self.take(engine, t, NONE)
    }

    /// The call has a connection: its wait, if it had to wait, is over.
    fn served(&mut self, engine: &mut Engine, t: u32) {
        let Some(since) = self.in_line(engine, t) else {
            self.served_at_once += 1;
            return;
        };
        let frame = engine.tokens[t].frame;
        engine.tokens[t].frame = engine.frames[frame].below;
        engine.frames.remove(frame);
        self.leave_line(engine.now, since);
    }

    /// Since when the call has waited, if it has.
    fn in_line(&self, engine: &Engine, t: u32) -> Option<Time> {
        let frame = engine.tokens[t].frame;
        match (frame != NONE).then(|| engine.frames[frame].kind)? {
            FrameKind::Line { client, since } if client == self.id => Some(since),
            _ => None,
        }
    }

    /// A call that has waited since then waits no longer.
    pub fn leave_line(&mut self, now: Time, since: Time) {
        self.waiting.leave(now, since);
    }

    fn take(&mut self, engine: &mut Engine, t: u32, peer: u32) -> u32 {
        let frame = engine.push_frame(t, FrameKind::Connection { client: self.id, peer });
        self.busy.up(engine.now);
        self.holders.push(&mut engine.frames, frame);
        frame
    }

    /// The call that holds a connection with this frame lets go of it.
    #[inline]
    pub fn let_go(&mut self, engine: &mut Engine, frame: u32) {
        self.busy.down(engine.now);
        self.holders.remove(&mut engine.frames, frame);
    }

    /// Keeps a connection that a call has let go of, if the client keeps any, the other end is there, no more are open
    /// than may be and fewer are idle than may be. Whether it does.
    pub fn keep(&mut self, now: Time, plan: &ClientPlan, peer: u32) -> bool {
        let is_room = self.open <= plan.max_keepalive && (self.idle.len() as u32) < plan.max_idle;
        let keeps = plan.shared && peer < LOST && is_room;
        if keeps {
            self.idle.push(Idle { peer, since: now });
        }
        keeps
    }

    /// A connection that is neither held nor kept is closed.
    pub fn close(&mut self) {
        self.open -= 1;
    }

    /// The next of the calls that wait, all of which a free connection wakes.
    pub fn next_woken(&mut self, engine: &mut Engine) -> Option<u32> {
        let t = self.queue.pop(&mut engine.tokens)?;
        self.waited_until = engine.now;
        engine.drop_timer(t);
        engine.tokens[t].phase = Connecting::Woken.into();
        Some(t)
    }

    /// A call has been woken, and may find nothing: the number of such wake-ups so far.
    pub fn woken_in_vain(&mut self) -> u64 {
        self.wakes += 1;
        self.wakes
    }

    /// Lets go of the idle connections whose time is over, or that the server has closed: how many to close.
    pub fn expire(&mut self, now: Time, plan: &ClientPlan) -> usize {
        // That the server has closed a connection is seen when the word has come.
        let (expiry, kept) = (plan.keepalive_expiry, plan.server_keep_alive.map(|kept| kept + plan.latency));
        let before = self.idle.len();
        self.idle.retain(|idle| {
            let age = now.since(idle.since);
            age <= expiry && kept.is_none_or(|kept| age < kept)
        });
        before - self.idle.len()
    }

    /// These processes are killed. Lets go of the idle connections to them, and notes it of those in use: how many are to
    /// be closed.
    pub fn lose(&mut self, engine: &mut Engine, lost: Range<u32>) -> usize {
        let count = self.lose_idle(lost.clone());
        let mut next = self.holders.first();
        while let Some(frame) = next {
            if let FrameKind::Connection { peer, .. } = &mut engine.frames[frame].kind
                && lost.contains(peer)
            {
                *peer = LOST;
            }
            next = engine.frames[frame].links.next();
        }
        count
    }

    /// Lets go of the idle connections to these processes: how many to close.
    pub fn lose_idle(&mut self, closed: Range<u32>) -> usize {
        let before = self.idle.len();
        self.idle.retain(|idle| !closed.contains(&idle.peer));
        before - self.idle.len()
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
        self.served_at_once = 0;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::token::Token;

    fn plan(max_connections: u32, max_keepalive: u32) -> ClientPlan {
        ClientPlan {
            name: String::new(),
            server: 0,
            shared: true,
            setup_cpu: None,
            call_cpu: None,
            connect_time: None,
            connect_cpu: None,
            open_rounds: 0,
            connect_rounds: 0,
            round_trip: None,
            timeout: None,
            connect_timeout: None,
            server_keep_alive: Some(Time(50)),
            latency: Time(5),
            pool_timeout: None,
            max_connections,
            fifo: false,
            max_keepalive,
            max_idle: u32::MAX,
            rate: None,
            keepalive_expiry: Time(30),
            search: SearchCost::default(),
            wake_cpu: None,
            broken: Vec::new(),
            repaired_by_restart: false,
        }
    }

    fn client() -> (HttpClient, Engine) {
        let timeouts = Timeouts { connect: None, read: None, pool: None };
        (HttpClient::new(3, 0, 0, false, timeouts), Engine::default())
    }

    fn call(engine: &mut Engine) -> u32 {
        engine.tokens.insert(Token::new(0, 0))
    }

    fn hang_up(client: &mut HttpClient, engine: &mut Engine, t: u32, plan: &ClientPlan) -> bool {
        let frame = engine.tokens[t].frame;
        client.let_go(engine, frame);
        engine.tokens[t].frame = engine.frames[frame].below;
        engine.frames.remove(frame);
        let keeps = client.keep(engine.now, plan, 1);
        if !keeps {
            client.close();
        }
        keeps
    }

    #[test]
    fn a_free_connection_wakes_all_and_one_wins() {
        let ((mut client, mut engine), plan) = (client(), plan(1, 1));
        let [first, second, third] = [(); 3].map(|()| call(&mut engine));
        assert_eq!(client.look(&mut engine, first, &plan), Found::Room);
        client.open(&mut engine, first);
        for t in [second, third] {
            assert_eq!(client.look(&mut engine, t, &plan), Found::Neither);
        }
        engine.now = Time(10);
        assert!(hang_up(&mut client, &mut engine, first, &plan));
        let woken: Vec<u32> = std::iter::from_fn(|| client.next_woken(&mut engine)).collect();
        assert_eq!(woken, [second, third]);
        assert!(matches!(client.look(&mut engine, second, &plan), Found::Idle { .. }));
        assert_eq!(client.look(&mut engine, third, &plan), Found::Neither);
        engine.now = Time(25);
        assert!(hang_up(&mut client, &mut engine, second, &plan));
        client.next_woken(&mut engine);
        client.look(&mut engine, third, &plan);
        assert_eq!(client.waiting.stayed(engine.now), 10 + 25, "the third waits from when it first asked");
        assert_eq!((client.waiting.left, client.served_at_once), (2, 1));
    }

    #[test]
    fn a_connection_is_kept_only_while_no_more_are_open_than_may_be() {
        let ((mut client, mut engine), plan) = (client(), plan(9, 1));
        let [first, second] = [(); 2].map(|()| call(&mut engine));
        client.open(&mut engine, first);
        client.open(&mut engine, second);
        assert!(!hang_up(&mut client, &mut engine, first, &plan), "two are open");
        assert!(hang_up(&mut client, &mut engine, second, &plan));
        assert_eq!((client.connections(), client.expire(Time(30), &plan), client.expire(Time(31), &plan)), (1, 0, 1));
    }

    #[test]
    fn connections_to_a_killed_process_are_lost() {
        let ((mut client, mut engine), plan) = (client(), plan(9, 9));
        let [first, second] = [(); 2].map(|()| call(&mut engine));
        let frame = client.open(&mut engine, first);
        client.open(&mut engine, second);
        assert!(hang_up(&mut client, &mut engine, second, &plan));
        if let FrameKind::Connection { peer, .. } = &mut engine.frames[frame].kind {
            *peer = 1;
        }
        assert_eq!(client.lose(&mut engine, 2..5), 0);
        assert_eq!(client.lose(&mut engine, 0..2), 1, "the idle one");
        assert!(matches!(engine.frames[frame].kind, FrameKind::Connection { peer: LOST, .. }));
    }
}
