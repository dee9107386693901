//! Calls: made ready, connected, sent, hung up.

use std::ops::Range;

use crate::kernel::{NONE, Time};
use crate::model::{ClientPlan, Site};

use crate::engine::next::Next;
use crate::engine::progress::{Progress, phases};
use crate::engine::token::{Failure, FrameKind, State, WASTE};
use crate::interpreter::world::World;
use crate::parts::network::http_client::{Idle, LOST};

/// Parts of a call's draws.
const CALL_CPU: u64 = 1;
const SETUP_CPU: u64 = 2;
const CONNECT_CPU: u64 = 3;
const CONNECT_TIME: u64 = 4;
const ROUND_TRIP: u64 = 5;
const WAKE_CPU: u64 = 6;
/// The peer of a connection that the server is closing.
const CLOSING: u32 = NONE - 1;

phases! {
    /// Of making ready for a call.
    enum Preparing {
        /// The CPU is to be spent.
        Work,
        /// It has been.
        Ready,
    }
}

phases! {
    /// Of sending a request.
    enum Sending {
        /// It has not left.
        Here,
        /// It has been under way to the server.
        Arrived,
    }
}

/// How far a call has got on its way to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connecting {
    /// It looks for an idle connection.
    Look,
    /// It was woken, perhaps in vain.
    Woken,
    /// It is about to open one, after so many rounds of the loop.
    Opening { rounds: u8 },
    /// It opens one.
    Open,
    /// It has one, and its SYN is to be sent.
    Reach,
    /// The server has answered; it goes on after so many rounds of the loop.
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

impl<'s> World<'s> {
    fn client_of(&self, t: u32, client: u32) -> (u32, &'s ClientPlan) {
        let (process, system) = (self.process_of(t), self.system);
        (process.clients + client, &system.services[process.service as usize].clients[client as usize])
    }

    pub(crate) fn client_plan(&self, id: u32) -> &'s ClientPlan {
        let system = self.system;
        let client = &self.clients[id as usize];
        let service = self.processes[client.process as usize].service;
        &system.services[service as usize].clients[client.index as usize]
    }

    /// CPU of making ready for a call.
    pub(crate) fn prepare(&mut self, t: u32, client: u32, site: Site) -> Next {
        match self.engine.tokens[t].phase.into() {
            Preparing::Work => self.engine.tokens[t].phase = Preparing::Ready.into(),
            Preparing::Ready => return self.next_op(t),
        }
        let (id, plan) = self.client_of(t, client);
        let (shared, search, setup, call) = (plan.shared, plan.search, plan.setup_cpu, plan.call_cpu);
        let key = self.engine.tokens[t].key;
        let mut work = call.map_or(Time::ZERO, |draw| self.draw(t, draw, site.key(key, CALL_CPU)));
        if shared {
            self.expire_idle(id);
            let client = &self.clients[id as usize];
            let idle = client.idle.len() as u64;
            let busy = u64::from(client.busy.level());
            work += Time(search.per_idle.0 * idle + search.per_idle_squared.0 * idle * idle + search.per_busy.0 * busy);
        } else if let Some(draw) = setup {
            // The constructor reads the bundle of certificates.
            if self.process_of(t).descriptors.is_full() {
                self.engine.tokens[t].phase = Progress::BEGIN;
                return Next::Fail(Failure::NO_DESCRIPTOR);
            }
            work += self.draw(t, draw, site.key(key, SETUP_CPU));
        }
        self.work(t, work)
    }

    /// Takes a connection: an idle one, a new one, or waits for one.
    pub(crate) fn connect(&mut self, t: u32, client: u32, site: Site) -> Next {
        loop {
            let (id, plan) = self.client_of(t, client);
            let key = self.engine.tokens[t].key;
            match self.engine.tokens[t].phase.into() {
                Connecting::Look => {
                    if !plan.shared {
                        self.engine.tokens[t].phase = Connecting::Opening { rounds: plan.open_rounds }.into();
                        continue;
                    }
                    let most = plan.max_connections;
                    self.expire_idle(id);
                    if let Some(Idle { peer, since }) = self.clients[id as usize].idle.pop() {
                        let age = self.engine.now.since(since) + plan.latency;
                        let is_closing = plan.server_keep_alive.is_some_and(|kept| age >= kept);
                        self.connected(t, id);
                        self.push_connection(t, id, if is_closing { CLOSING } else { peer });
                        return self.next_op(t);
                    }
                    if self.clients[id as usize].open < most {
                        self.engine.tokens[t].phase = Connecting::Open.into();
                        continue;
                    }
                    self.wait_for_connection(t, id);
                    let patience = self.clients[id as usize].pool_timeout;
                    self.engine.tokens[t].state = State::ConnectionQueued;
                    self.engine.tokens[t].wait = id;
                    self.account_client(t, id);
                    self.engine.limit_wait(t, patience);
                    self.look_for_deadlock(t);
                    // Tens of thousands may wake in vain at each event.
                    if self.turn() {
                        self.look_at_limits();
                    }
                    return Next::Park;
                }
                Connecting::Open => {
                    let (process, now, cpu) =
                        (self.engine.tokens[t].process as usize, self.engine.now, plan.connect_cpu);
                    if !self.processes[process].descriptors.take(now) {
                        return Next::Fail(Failure::NO_DESCRIPTOR);
                    }
                    if !self.take_port(id) {
                        self.processes[process].descriptors.release(now);
                        return Next::Fail(Failure::NO_PORT);
                    }
                    self.clients[id as usize].open += 1;
                    self.connected(t, id);
                    self.push_connection(t, id, NONE);
                    self.engine.tokens[t].phase = Connecting::Reach.into();
                    if let Some(draw) = cpu {
                        let work = self.draw(t, draw, site.key(key, CONNECT_CPU));
                        return self.work(t, work);
                    }
                }
                Connecting::Reach => {
                    let rounds = plan.connect_rounds.saturating_sub(1);
                    self.engine.tokens[t].phase = Connecting::Settling { rounds }.into();
                    let added = self.added_latency(plan.server);
                    if plan.connect_time.is_some() || added > Time::ZERO {
                        let time = plan
                            .connect_time
                            .map_or(Time::ZERO, |draw| self.draw(t, draw, site.key(key, CONNECT_TIME)));
                        let time = time + added;
                        if self.elapse(t, time) == Next::Park {
                            self.account_network(t, plan.server, added);
                            let timeout = self.clients[id as usize].connect_timeout;
                            self.engine.limit_wait(t, timeout);
                            return Next::Park;
                        }
                    }
                    if rounds > 0 {
                        // No time passes, but a wait it is.
                        self.engine.tokens[t].phase = Connecting::Settling { rounds: rounds + 1 }.into();
                    }
                }
                Connecting::Settling { rounds: 0 } => return self.next_op(t),
                Connecting::Opening { rounds: 0 } => self.engine.tokens[t].phase = Connecting::Open.into(),
                Connecting::Settling { rounds } => {
                    self.engine.tokens[t].phase = Connecting::Settling { rounds: rounds - 1 }.into();
                    self.wake(t);
                    return Next::Park;
                }
                Connecting::Opening { rounds } => {
                    self.engine.tokens[t].phase = Connecting::Opening { rounds: rounds - 1 }.into();
                    self.wake(t);
                    return Next::Park;
                }
                Connecting::Woken => {
                    self.engine.tokens[t].phase = Connecting::Look.into();
                    let cpu = plan.wake_cpu;
                    self.clients[id as usize].futile_wakes += 1;
                    self.clients[id as usize].all_futile_wakes += 1;
                    if let Some(draw) = cpu {
                        let wakes = self.clients[id as usize].all_futile_wakes;
                        let work = self.draw(t, draw, site.key(key, WAKE_CPU).wrapping_add(wakes));
                        return self.work(t, work);
                    }
                }
            }
        }
    }

    /// Sends the request and waits for its answer. The read time-out of a client runs from the request to the answer, the
    /// way there and back included (httpx: `timeout.read` bounds the wait for the next bytes of the response).
    pub(crate) fn send_call(&mut self, t: u32, client: u32, endpoint: u32, site: Site) -> Next {
        let (id, plan) = self.client_of(t, client);
        let timeout = self.clients[id as usize].timeout;
        let has_travelled = Sending::from(self.engine.tokens[t].phase) == Sending::Arrived;
        if !has_travelled {
            self.engine.tokens[t].phase = Sending::Arrived.into();
            if self.clients[id as usize].broken {
                self.engine.tokens[t].state = State::Hung;
                self.account_client(t, id);
                self.engine.limit_wait(t, timeout);
                return Next::Park;
            }
            let added = self.added_latency(plan.server);
            if plan.round_trip.is_some() || added > Time::ZERO {
                let key = site.key(self.engine.tokens[t].key, ROUND_TRIP);
                let time = plan.round_trip.map_or(Time::ZERO, |draw| self.draw(t, draw, key));
                if self.travel(t, time + added) == Next::Park {
                    self.account_network(t, plan.server, added);
                    // The time-out runs from here to the answer.
                    self.engine.limit_wait(t, timeout);
                    return Next::Park;
                }
            }
        }
        self.engine.tokens[t].phase = Progress::BEGIN;
        let peer = match self.engine.frames[self.engine.tokens[t].frame].kind {
            FrameKind::Connection { peer, .. } => peer,
            _ => NONE,
        };
        if peer == CLOSING {
            if !has_travelled {
                return Next::Fail(Failure::DISCONNECTED);
            }
            // It fails when its event loop has it again.
            self.engine.drop_timer(t);
            self.engine.tokens[t].failure = Failure::DISCONNECTED;
            return Next::On;
        }
        let key = site.child(self.engine.tokens[t].key);
        let child = self.spawn(endpoint, key);
        self.engine.priorities.inherit(child, t);
        self.engine.tokens[child].parent = t;
        self.account_for(child, t);
        if self.jobs.kept {
            self.join_job(child, self.jobs.of(t));
        }
        if self.engine.tokens[t].is_probe() {
            self.engine.tokens[child].flags |= WASTE;
        }
        self.engine.tokens[t].state = State::Awaiting;
        self.engine.tokens[t].wait = child;
        self.account_await(t);
        if self.engine.tokens[t].timer == NONE {
            self.engine.limit_wait(t, timeout);
        }
        if self.guards.propagates {
            self.pass_deadline(t, child);
        }
        self.arrive(child, endpoint, peer);
        Next::Park
    }

    /// The call is over: the connection is kept or closed.
    pub(crate) fn hang_up(&mut self, t: u32) -> Next {
        let frame = self.engine.tokens[t].frame;
        if let FrameKind::Connection { client, peer } = self.engine.frames[frame].kind {
            self.free_connection(frame, client);
            self.engine.tokens[t].frame = self.engine.frames[frame].below;
            self.engine.frames.remove(frame);
            let plan = self.client_plan(client);
            let keeps = plan.shared && peer < LOST && self.clients[client as usize].open <= plan.max_keepalive;
            if keeps {
                let since = self.engine.now;
                self.clients[client as usize].idle.push(Idle { peer, since });
                self.wake_queued(client);
            } else {
                self.close_connection(client);
            }
        }
        self.next_op(t)
    }

    /// A connection is closed: its descriptor is free, and whoever waits may open another.
    pub(crate) fn close_connection(&mut self, client: u32) {
        self.release_connection(client);
        self.wake_queued(client);
    }

    /// Gives back what an open connection takes.
    fn release_connection(&mut self, client: u32) {
        let state = &mut self.clients[client as usize];
        state.open -= 1;
        self.processes[state.process as usize].descriptors.release(self.engine.now);
        self.close_port(client);
    }

    /// The call queues. It has waited since it first did so, however often it has been woken for nothing.
    fn wait_for_connection(&mut self, t: u32, id: u32) {
        let since = self.engine.now;
        if !self.is_in_line(t, id) {
            self.engine.push_frame(t, FrameKind::Line { client: id, since });
            self.clients[id as usize].waiting.enter(since);
        }
        self.clients[id as usize].queue.push(&mut self.engine.tokens, t);
    }

    /// The call has a connection: its wait, if it had to wait, is over.
    fn connected(&mut self, t: u32, id: u32) {
        if self.is_in_line(t, id) {
            self.pop_frame(t);
        } else {
            self.clients[id as usize].served_at_once += 1;
        }
    }

    fn is_in_line(&self, t: u32, id: u32) -> bool {
        let frame = self.engine.tokens[t].frame;
        frame != NONE && matches!(self.engine.frames[frame].kind, FrameKind::Line { client, .. } if client == id)
    }

    /// Every queued call wakes; all but the first will find nothing.
    pub(crate) fn wake_queued(&mut self, client: u32) {
        let now = self.engine.now;
        while let Some(t) = self.clients[client as usize].queue.pop(&mut self.engine.tokens) {
            self.clients[client as usize].waited_until = now;
            self.engine.drop_timer(t);
            self.engine.tokens[t].phase = Connecting::Woken.into();
            self.wake(t);
        }
    }

    /// Closes the idle connections to these processes, which are killed, and notes it of those in use.
    pub(crate) fn lose_peers(&mut self, id: u32, lost: Range<u32>) {
        let client = &mut self.clients[id as usize];
        let before = client.idle.len();
        client.idle.retain(|idle| !lost.contains(&idle.peer));
        for _ in client.idle.len()..before {
            self.close_connection(id);
        }
        let mut next = self.clients[id as usize].holders.first();
        while let Some(frame) = next {
            if let FrameKind::Connection { peer, .. } = &mut self.engine.frames[frame].kind
                && lost.contains(peer)
            {
                *peer = LOST;
            }
            next = self.engine.frames[frame].links.next();
        }
    }

    /// The client's process is killed, and nobody holds any of its connections: their ports are closed.
    pub(crate) fn close_ports(&mut self, id: u32) {
        for _ in 0..self.clients[id as usize].open {
            self.close_port(id);
        }
    }

    /// Closes the idle connections whose time is over, or that the server has closed.
    fn expire_idle(&mut self, id: u32) {
        let plan = self.client_plan(id);
        // That the server has closed a connection is seen when the word has come.
        let (expiry, kept) = (plan.keepalive_expiry, plan.server_keep_alive.map(|kept| kept + plan.latency));
        let now = self.engine.now;
        let client = &mut self.clients[id as usize];
        let before = client.idle.len();
        client.idle.retain(|idle| {
            let age = now.since(idle.since);
            age <= expiry && kept.is_none_or(|kept| age < kept)
        });
        let closed = before - client.idle.len();
        for _ in 0..closed {
            self.release_connection(id);
        }
    }

    /// Notes which process answered, so that a kept connection leads there again.
    pub(crate) fn learn_peer(&mut self, t: u32, process: u32) {
        let frame = self.engine.tokens[t].frame;
        if frame != NONE
            && let FrameKind::Connection { peer, .. } = &mut self.engine.frames[frame].kind
        {
            *peer = process;
        }
    }

    fn push_connection(&mut self, t: u32, client: u32, peer: u32) {
        let frame = self.engine.push_frame(t, FrameKind::Connection { client, peer });
        self.account_take(t, frame);
        let client = &mut self.clients[client as usize];
        client.busy.up(self.engine.now);
        client.holders.push(&mut self.engine.frames, frame);
    }

    /// The call that holds a connection lets go of it.
    #[inline]
    pub(crate) fn free_connection(&mut self, frame: u32, client: u32) {
        self.account_free_client(frame, client);
        let client = &mut self.clients[client as usize];
        client.busy.down(self.engine.now);
        client.holders.remove(&mut self.engine.frames, frame);
    }
}
