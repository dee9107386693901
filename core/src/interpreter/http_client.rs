//! Calls: made ready, connected, sent, hung up.

use std::ops::Range;

use crate::kernel::{NONE, Time};
use crate::model::{ClientPlan, Site};

use crate::engine::next::Next;
use crate::engine::progress::{Progress, phases};
use crate::engine::token::{Failure, FrameKind, State, WASTE};
use crate::interpreter::world::World;
use crate::parts::network::http_client::{Connecting, Found};
use crate::parts::network::peer::{CLOSING, number_of};

/// Parts of a call's draws.
const CALL_CPU: u64 = 1;
const SETUP_CPU: u64 = 2;
const CONNECT_CPU: u64 = 3;
const CONNECT_TIME: u64 = 4;
const ROUND_TRIP: u64 = 5;
const WAKE_CPU: u64 = 6;

phases! {
    /// Of making ready for a call.
    enum Preparing {
        /// Spend the CPU.
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
            work += self.clients[id as usize].search_time(search);
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
                    self.expire_idle(id);
                    match self.clients[id as usize].look(&mut self.engine, t, plan) {
                        Found::Idle { frame } => {
                            self.account_take(t, frame);
                            return self.next_op(t);
                        }
                        Found::Room => continue,
                        Found::Neither => {}
                    }
                    self.account_client(t, id);
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
                    let frame = self.clients[id as usize].open(&mut self.engine, t);
                    self.account_take(t, frame);
                    if let Some(draw) = cpu {
                        let work = self.draw(t, draw, site.key(key, CONNECT_CPU));
                        return self.work(t, work);
                    }
                }
                Connecting::Reach => {
                    let rounds = plan.connect_rounds.saturating_sub(1);
                    self.engine.tokens[t].phase = Connecting::Settling { rounds }.into();
                    if self.has_libuv {
                        self.open_to_loop(t, plan.server);
                    }
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
                    let wakes = self.clients[id as usize].woken_in_vain();
                    if let Some(draw) = cpu {
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
        let peer = if self.has_libuv && number_of(peer).is_some() { NONE } else { peer };
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
            if self.clients[client as usize].keep(self.engine.now, plan, peer) {
                self.wake_queued(client);
            } else {
                self.close_connection(client);
            }
        }
        self.next_op(t)
    }

    /// A connection is closed: its descriptor is free, and a waiting call may open another.
    pub(crate) fn close_connection(&mut self, client: u32) {
        self.release_connection(client);
        self.wake_queued(client);
    }

    /// Gives back what an open connection takes.
    fn release_connection(&mut self, client: u32) {
        let state = &mut self.clients[client as usize];
        state.close();
        self.processes[state.process as usize].descriptors.release(self.engine.now);
        self.close_port(client);
    }

    /// Every queued call wakes; all but the first will find nothing.
    pub(crate) fn wake_queued(&mut self, client: u32) {
        while let Some(t) = self.clients[client as usize].next_woken(&mut self.engine) {
            if self.client_plan(client).fifo {
                return self.serve_first(t, client);
            }
            self.wake(t);
        }
    }

    /// The first of the calls that wait gets the connection that has come free, at once, or opens one in the place of one
    /// was closed (Node's `lib/_http_agent.js`: the `free` event gives the socket to `requests[name].shift()`, and
    /// `removeSocket` makes a new one for the first). If another call has taken the connection before, it queues again as
    /// the first.
    #[inline(never)]
    fn serve_first(&mut self, t: u32, client: u32) {
        self.engine.tokens[t].phase = Connecting::Look.into();
        let plan = self.client_plan(client);
        match self.clients[client as usize].look(&mut self.engine, t, plan) {
            Found::Idle { frame } => {
                self.account_take(t, frame);
                self.next_op(t);
                self.hand_over(t);
            }
            Found::Room => {
                self.engine.tokens[t].phase = Connecting::Look.into();
                self.hand_over(t);
            }
            Found::Neither => {}
        }
    }

    /// A call leaves the queue for a connection. If calls are served in turn and it left room for another connection, the
    /// next call opens one.
    pub(crate) fn leave_line(&mut self, client: u32, since: Time) {
        self.clients[client as usize].leave_line(self.engine.now, since);
        let plan = self.client_plan(client);
        if plan.fifo && self.clients[client as usize].connections() < plan.max_connections {
            self.wake_queued(client);
        }
    }

    /// Closes the idle connections to these processes, which are killed, and notes it of those in use.
    pub(crate) fn lose_peers(&mut self, id: u32, lost: Range<u32>) {
        for _ in 0..self.clients[id as usize].lose(&mut self.engine, lost) {
            self.close_connection(id);
        }
    }

    /// The client's idle connections to these processes are closed.
    pub(crate) fn close_idle_peers(&mut self, id: u32, closed: Range<u32>) {
        for _ in 0..self.clients[id as usize].lose_idle(closed) {
            self.close_connection(id);
        }
    }

    /// The client's process is killed, and its connections are no longer held: their ports are closed.
    pub(crate) fn close_ports(&mut self, id: u32) {
        for _ in 0..self.clients[id as usize].connections() {
            self.close_port(id);
        }
    }

    /// Closes the idle connections whose time is over, or that the server has closed.
    fn expire_idle(&mut self, id: u32) {
        let plan = self.client_plan(id);
        for _ in 0..self.clients[id as usize].expire(self.engine.now, plan) {
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

    /// The call that holds a connection lets go of it.
    #[inline]
    pub(crate) fn free_connection(&mut self, frame: u32, client: u32) {
        self.account_free_client(frame, client);
        self.clients[client as usize].let_go(&mut self.engine, frame);
    }
}
