//! Tokens borrow connections of pools that mind them one by one.

use crate::kernel::deadline::Purpose;
use crate::kernel::list::Links;
use crate::kernel::{NONE, Time};
use crate::model::{Op, Site};

use crate::engine::next::Next;
use crate::engine::progress::phases;
use crate::engine::token::{Connection, Failure, FrameKind, State};
use crate::interpreter::world::World;
use crate::parts::held::pool::IdleConnection;

/// Parts of an opening's draws.
const CONNECT_TIME: u64 = 0;
const CONNECT_CPU: u64 = 1;
phases! {
    /// Of borrowing a connection.
    pub(crate) enum Borrowing {
        /// Take a place in the pool.
        Look,
        /// It has been taken, perhaps with a connection in it.
        Lent,
        /// Reach the database.
        Reach,
        /// Its part of the TLS handshake.
        Secure,
        /// It has been, and the connection is open.
        Opened,
        /// It was woken, and takes a place in the pool if one is left.
        LookAgain,
    }
}

impl World<'_> {
    /// Borrows a connection: one that is idle, a new one, or waits for a place.
    #[inline(never)]
    pub(crate) fn borrow_connection(&mut self, t: u32, pool: u32, site: Site) -> Next {
        let id = self.process_of(t).pools + pool;
        let plan = &self.system.services[self.process_of(t).service as usize].pools[pool as usize];
        loop {
            match self.engine.tokens[t].phase.into() {
                Borrowing::Look => {
                    self.engine.tokens[t].phase = Borrowing::Lent.into();
                    if !self.slots[id as usize].has_room() {
                        self.queue_for(t, id);
                        return Next::Park;
                    }
                    self.lend(t, id);
                }
                Borrowing::LookAgain => {
                    self.engine.tokens[t].phase = Borrowing::Lent.into();
                    let delayed = self.take_woken(t);
                    if !self.slots[id as usize].has_room() {
                        self.queue_again(t, id, delayed);
                        return Next::Park;
                    }
                    self.lend(t, id);
                }
                Borrowing::Lent => {
                    if self.lent(t) != Connection::Closed {
                        return self.borrowed(t);
                    }
                    if let Err(why) = self.open_connection(id) {
                        return Next::Fail(why);
                    }
                    self.set_lent(t, Connection::Opening);
                    if self.engine.tokens[t].timer == NONE {
                        let patience = self.slots[id as usize].patience;
                        self.engine.limit_wait(t, patience);
                    }
                    self.engine.tokens[t].phase = Borrowing::Reach.into();
                    let key = self.engine.tokens[t].key;
                    let mut work =
                        plan.connect_cpu.map_or(Time::ZERO, |draw| self.draw(t, draw, site.key(key, CONNECT_CPU)));
                    if let Some(tls) = &plan.tls {
                        work += self.tls_at_client(t, tls, site);
                    }
                    if work > Time::ZERO {
                        let next = self.work(t, work);
                        if next != Next::On {
                            return next;
                        }
                    }
                }
                Borrowing::Reach => {
                    self.engine.tokens[t].phase = Borrowing::Opened.into();
                    let key = self.engine.tokens[t].key;
                    let mut time =
                        plan.connect_time.map_or(Time::ZERO, |draw| self.draw(t, draw, site.key(key, CONNECT_TIME)));
                    if let Some(tls) = &plan.tls {
                        self.engine.tokens[t].phase = Borrowing::Secure.into();
                        time += self.tls_on_the_way(t, tls, plan.round_trip, site);
                    }
                    if time > Time::ZERO {
                        let next = if plan.tls.is_some() { self.travel(t, time) } else { self.elapse(t, time) };
                        if next == Next::Park {
                            self.account_network(t, plan.server, Time::ZERO);
                            return Next::Park;
                        }
                    }
                }
                Borrowing::Secure => {
                    self.engine.tokens[t].phase = Borrowing::Opened.into();
                    let tls = plan.tls.as_ref();
                    let work = tls.map_or(Time::ZERO, |tls| self.tls_at_server(t, tls, plan.server, site));
                    if work > Time::ZERO {
                        let replica = self.server_of(t, plan.server);
                        self.engine.tokens[t].state = State::AtServer;
                        self.engine.tokens[t].wait = replica;
                        self.start_job(t, replica, work);
                        return Next::Park;
                    }
                }
                Borrowing::Opened if self.lent(t) == Connection::Dead => {
                    return Next::Fail(Failure::CONNECTION_LOST);
                }
                Borrowing::Opened => {
                    self.set_lent(t, Connection::Open { trips: 0 });
                    return self.borrowed(t);
                }
            }
        }
    }

    fn borrowed(&mut self, t: u32) -> Next {
        self.engine.drop_timer(t);
        self.next_op(t)
    }

    /// Whether the token is about to borrow a connection.
    pub(crate) fn borrows(&self, t: u32) -> bool {
        matches!(self.system.program[self.engine.tokens[t].pc as usize], Op::Borrow { .. })
    }

    /// Whether the token makes a round trip to a database.
    pub(crate) fn queries(&self, t: u32) -> bool {
        matches!(self.system.program[self.engine.tokens[t].pc as usize], Op::Trip { .. } | Op::Commit { .. })
    }

    /// Gives the token a place in the pool, with an idle connection in it if there is one: what it has been lent.
    fn lend(&mut self, t: u32, id: u32) -> Connection {
        let pool = &mut self.pools[self.slots[id as usize].pool as usize];
        let idle = match pool.oldest_first {
            // Those never lent are the oldest.
            true if pool.fresh > 0 => None,
            true => pool.idle.first(),
            false => pool.idle.last(),
        };
        let connection = match idle {
            Some(idle) => {
                pool.idle.remove(&mut self.idle_connections, idle);
                let IdleConnection { trips, timer, .. } = self.idle_connections[idle];
                self.idle_connections.remove(idle);
                self.engine.deadlines.cancel(timer);
                Connection::Open { trips }
            }
            None if pool.fresh > 0 => {
                pool.fresh -= 1;
                Connection::Open { trips: 0 }
            }
            None => Connection::Closed,
        };
        self.take_unit(t, id, FrameKind::Lent { slots: id, connection });
        connection
    }

    /// What the token's innermost frame has been lent.
    fn lent(&self, t: u32) -> Connection {
        match self.engine.frames[self.engine.tokens[t].frame].kind {
            FrameKind::Lent { connection, .. } => connection,
            _ => Connection::Closed,
        }
    }

    fn set_lent(&mut self, t: u32, to: Connection) {
        let frame = self.engine.tokens[t].frame;
        if let FrameKind::Lent { connection, .. } = &mut self.engine.frames[frame].kind {
            *connection = to;
        }
    }

    /// The holder's frame is undone: its connection is kept, or closed, and its place goes to the first in the queue.
    pub(crate) fn take_back(&mut self, t: u32, frame: u32, id: u32, connection: Connection) {
        self.free_unit(t, frame, id);
        let pool = self.slots[id as usize].pool;
        match connection {
            Connection::Closed => {}
            Connection::Open { trips }
                if trips < self.pools[pool as usize].max_queries
                    && (self.pools[pool as usize].has_room_for_idle() || !self.slots[id as usize].queue.is_empty()) =>
            {
                self.keep_connection(id, trips);
            }
            Connection::Opening | Connection::Open { .. } => self.shut_connection(id),
            Connection::Dead => {
                self.severed -= 1;
                self.shut_connection(id);
            }
        }
        if let Some(next) = self.slots[id as usize].next(&mut self.engine) {
            self.lend_next(next, id);
        }
    }

    /// Gives a token that has waited its place in the pool.
    pub(crate) fn lend_next(&mut self, t: u32, id: u32) {
        if self.slots[id as usize].barging {
            return self.wake_for_unit(t, id);
        }
        // The time-out covers the opening, too.
        if self.lend(t, id) != Connection::Closed {
            self.engine.drop_timer(t);
        }
        self.hand_over(t);
        self.look_behind_blocked_loop(t);
    }

    /// Closes the connections that are not in use: the process or its database was killed.
    pub(crate) fn close_idle(&mut self, id: u32) {
        self.break_off_adding(id);
        let index = self.slots[id as usize].pool as usize;
        while let Some(idle) = self.pools[index].idle.pop(&mut self.idle_connections) {
            self.engine.deadlines.cancel(self.idle_connections[idle].timer);
            self.idle_connections.remove(idle);
            self.shut_connection(id);
        }
        for _ in 0..std::mem::take(&mut self.pools[index].fresh) {
            self.shut_connection(id);
        }
    }

    /// Opens the connections that a pool has from the start, as far as the database takes them.
    pub(crate) fn open_first(&mut self, id: u32) {
        let index = self.slots[id as usize].pool as usize;
        while self.pools[index].fresh < self.pools[index].min_size && self.open_connection(id).is_ok() {
            self.pools[index].fresh += 1;
            self.slots[id as usize].size += u32::from(self.pools[index].adder.is_some());
        }
    }

    pub(crate) fn keep_connection(&mut self, id: u32, trips: u32) {
        let now = self.engine.now;
        let connection = IdleConnection { links: Links::default(), slots: id, trips, timer: NONE };
        let idle = self.idle_connections.insert(connection);
        let pool = &mut self.pools[self.slots[id as usize].pool as usize];
        pool.idle.push(&mut self.idle_connections, idle);
        if let Some(lane) = pool.life {
            let timer = self.engine.deadlines.set(&mut self.engine.calendar, now, lane, idle, Purpose::Idle);
            self.idle_connections[idle].timer = timer;
        }
    }

    /// A connection has been idle for as long as it may.
    pub(crate) fn idled_out(&mut self, idle: u32) {
        let id = self.idle_connections[idle].slots;
        self.idle_connections[idle].timer = NONE;
        let slots = &self.slots[id as usize];
        let pool = &mut self.pools[slots.pool as usize];
        if slots.opened > pool.min_size {
            pool.idle.remove(&mut self.idle_connections, idle);
            self.idle_connections.remove(idle);
            self.shut_connection(id);
        }
    }

    /// Takes what an opening needs: a descriptor, and room at the database.
    pub(crate) fn open_connection(&mut self, id: u32) -> Result<(), Failure> {
        let (now, process) = (self.engine.now, self.slots[id as usize].process);
        if !self.processes[process as usize].descriptors.take(now) {
            return Err(Failure::NO_DESCRIPTOR);
        }
        let database = self.database_behind(id);
        if self.is_down(database) {
            self.processes[process as usize].descriptors.release(now);
            return Err(Failure::CONNECTION_REFUSED);
        }
        if !self.replicas[database as usize].sessions.open() {
            self.processes[process as usize].descriptors.release(now);
            return Err(Failure::TOO_MANY_CONNECTIONS);
        }
        self.slots[id as usize].opened += 1;
        Ok(())
    }

    /// A connection ends.
    fn shut_connection(&mut self, id: u32) {
        self.give_up_connection(id);
        if self.slots[id as usize].in_background {
            self.slots[id as usize].size -= 1;
            self.watch_connections(id);
        }
    }

    /// Gives back what an opening takes.
    pub(crate) fn give_up_connection(&mut self, id: u32) {
        let (now, process) = (self.engine.now, self.slots[id as usize].process);
        let database = self.database_behind(id);
        self.slots[id as usize].opened -= 1;
        self.processes[process as usize].descriptors.release(now);
        self.replicas[database as usize].sessions.close();
    }

    pub(crate) fn database_behind(&self, id: u32) -> u32 {
        let slots = &self.slots[id as usize];
        let process = &self.processes[slots.process as usize];
        let plan = &self.system.services[process.service as usize].pools[(id - process.pools) as usize];
        self.database_of(slots.process, plan.server)
    }

    /// Counts a round trip on the innermost connection of a pool that the token holds.
    #[inline(never)]
    pub(crate) fn count_trip(&mut self, t: u32, pool: u32) -> Next {
        let id = self.process_of(t).pools + pool;
        let mut frame = self.engine.tokens[t].frame;
        while frame != NONE {
            match &mut self.engine.frames[frame].kind {
                FrameKind::Lent { slots, connection: Connection::Open { trips } } if *slots == id => {
                    *trips = trips.saturating_add(1);
                    break;
                }
                // A job in a thread uses what its coroutine holds.
                FrameKind::Branch { join } if *join != NONE => {
                    frame = self.engine.tokens[self.guards.joins[*join].parent].frame;
                }
                _ => frame = self.engine.frames[frame].below,
            }
        }
        self.engine.tokens[t].pc += 1;
        Next::On
    }
}
