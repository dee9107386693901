//! Restarts: a replica is killed, with all that its processes do and hold, and comes up again cold.
//!
//! A kill is SIGKILL (Kubernetes after a failed liveness probe, without the grace period of
//! `terminationGracePeriodSeconds`, in which a stuck process gets nothing done anyway). The kernel resets its
//! connections: a caller that waits for an answer learns at once that the connection is lost, and what was sent on to other
//! services runs on there, wasted. Between restarts Kubernetes waits: not before the first, then 10 s, 20 s, 40 s
//! and so on up to 300 s, and from the beginning once the container has run for ten minutes (CrashLoopBackOff;
//! Kubernetes documentation, "Pod Lifecycle", kubelet `doBackOff`).

use crate::kernel::{NONE, Time};
use crate::model::{Op, PoolPlan};

use crate::engine::next::Next;
use crate::engine::task::Task;
use crate::engine::token::{Connection, Failure, FrameKind, HOUSEKEEPING, State, Token};
use crate::interpreter::parts::parts;
use crate::interpreter::step::Housekeeping;
use crate::interpreter::world::World;
use crate::parts::held::slots::SlotsKind;
use crate::parts::mark::MarkKind;
use crate::parts::network::ROUND_TRIP;
use crate::parts::network::process::Process;
use crate::parts::part::Part;
use crate::parts::trouble::health::Health;

/// How long it takes to learn that a connection is refused or reset. (Without it a closed load that does not think would
/// call again and again in one instant.)
const REFUSAL: Time = ROUND_TRIP;

impl World<'_> {
    /// Whether a replica is down.
    pub(crate) fn is_down(&self, replica: u32) -> bool {
        self.replicas[replica as usize].health.downs > 0
    }

    /// Whether the database behind these slots, which are a pool's, is down.
    pub(crate) fn is_server_down(&self, id: u32) -> bool {
        self.is_down(self.database_behind(id))
    }

    fn pool_plan(&self, process: u32, pool: u32) -> &PoolPlan {
        let service = self.processes[process as usize].service;
        &self.system.services[service as usize].pools[pool as usize]
    }

    /// The token, which has just been sent, reaches nobody.
    pub(crate) fn refuse(&mut self, t: u32, why: Failure) {
        self.engine.tokens[t].failure = why;
        let next = self.elapse(t, REFUSAL);
        let service = self.system.service_at(self.engine.tokens[t].pc);
        self.account_network(t, service, Time::ZERO);
        self.account_refusal(t, service, why);
        debug_assert_eq!(next, Next::Park);
    }

    /// Too many liveness probes have failed.
    pub(crate) fn restart(&mut self, replica: u32) {
        if self.is_down(replica) {
            return;
        }
        let service = self.replicas[replica as usize].service as usize;
        let liveness = self.system.services[service].liveness.as_ref();
        let restart_time = liveness.map_or(Time::ZERO, |liveness| liveness.restart_time);
        self.begin_anew(replica, MarkKind::Restart, restart_time);
    }

    /// A replica is killed, and starts again after Kubernetes' back-off and this time.
    pub(crate) fn begin_anew(&mut self, replica: u32, why: MarkKind, restart_time: Time) {
        let now = self.engine.now;
        let shared = &mut self.replicas[replica as usize];
        let wait = shared.health.next_back_off(now);
        self.groups[shared.service as usize].restarts += 1;
        self.mark_replica(why, replica);
        self.take_down(replica);
        self.engine.later(wait + restart_time, Task::Raise { replica });
    }

    /// The replica goes down, if it is not yet: it is killed.
    pub(crate) fn take_down(&mut self, replica: u32) {
        if self.bring_down(replica) {
            self.kill(replica);
        }
    }

    /// Adds a reason for which the replica is down. Returns whether it was up, and so must be killed.
    pub(crate) fn bring_down(&mut self, replica: u32) -> bool {
        self.change_availability(replica, |health| health.downs += 1);
        self.replicas[replica as usize].health.downs == 1
    }

    /// One thing less keeps the replica down; if it was the last, it is up again, cold.
    pub(crate) fn raise(&mut self, replica: u32) {
        if self.lift(replica) {
            self.come_up(replica);
            self.resume_consuming();
        }
    }

    /// One thing less keeps the replica down. Whether it comes up.
    pub(crate) fn lift(&mut self, replica: u32) -> bool {
        let now = self.engine.now;
        let service = &self.system.services[self.replicas[replica as usize].service as usize];
        let is_ready = service.readiness.is_none();
        self.change_availability(replica, |health| {
            health.downs -= 1;
            health.ready = is_ready;
            health.raised = now;
            health.out_of_memory &= health.downs > 0;
        });
        !self.is_down(replica)
    }

    /// The replica's processes begin anew; they consume messages with [`World::resume_consuming`].
    pub(crate) fn come_up(&mut self, replica: u32) {
        self.mark_replica(MarkKind::Up, replica);
        let (now, system) = (self.engine.now, self.system);
        let shared = &self.replicas[replica as usize];
        let service = &system.services[shared.service as usize];
        for process in shared.first_process..shared.first_process + shared.workers {
            let Process { pools, heap, .. } = self.processes[process as usize];
            if let Some(heap) = self.heaps.get_mut(heap as usize) {
                heap.open(now);
            }
            self.processes[process as usize].descriptors.used.set(now, service.idle_files);
            for (id, pool) in (pools..).zip(&service.pools) {
                if pool.minded {
                    self.open_first(id);
                } else if !self.is_server_down(id) {
                    self.slots[id as usize].opened = pool.min_size;
                    let descriptors = &mut self.processes[process as usize].descriptors;
                    descriptors.used.set(now, descriptors.used.level() + pool.min_size);
                }
            }
        }
        self.resume_probing(replica);
    }

    /// Changes a replica's health, and notes whether it is up and whether it gets requests from now on.
    pub(crate) fn change_availability(&mut self, replica: u32, change: impl FnOnce(&mut Health)) {
        let now = self.engine.now;
        let shared = &mut self.replicas[replica as usize];
        let (before, was_open) = (shared.is_available(), shared.is_open());
        change(&mut shared.health);
        let down = u32::from(shared.health.downs > 0);
        if shared.down.level() != down {
            shared.down.set(now, down);
            self.note_sizes(replica);
        }
        let shared = &self.replicas[replica as usize];
        let (is_available, is_open) = (shared.is_available(), shared.is_open());
        self.outages = self.outages + u32::from(was_open) - u32::from(is_open);
        let out = &mut self.groups[shared.service as usize].out;
        match (before, is_available) {
            (true, false) => out.up(now),
            (false, true) => out.down(now),
            _ => {}
        }
        if before != is_available && !self.scalers.is_empty() {
            self.note_turn(replica);
        }
    }

    /// Notes the sizes of a replica's slots, which are none while it is down.
    fn note_sizes(&mut self, replica: u32) {
        let (now, is_down) = (self.engine.now, self.is_down(replica));
        for process in self.processes_of(replica) {
            for id in self.slots_of(process) {
                let slots = &mut self.slots[id as usize];
                slots.sizes.set(now, if is_down { 0 } else { slots.size });
            }
        }
    }

    /// The slots of a process.
    fn slots_of(&self, process: u32) -> impl Iterator<Item = u32> + use<> {
        let process = &self.processes[process as usize];
        let plan = &self.system.services[process.service as usize];
        let (pools, limits) = (process.pools, process.limits);
        (pools..pools + plan.pools.len() as u32)
            .chain(limits..limits + plan.limits.len() as u32)
            .chain([process.executor, process.threads].into_iter().filter(|&id| id != NONE))
    }

    /// Kills the processes of a replica. First everything of theirs is taken from wherever it waits or works, then each
    /// request fails and gives back what it holds: so nothing is granted to one that is about to die.
    pub(crate) fn kill(&mut self, replica: u32) {
        let now = self.engine.now;
        let shared = &self.replicas[replica as usize];
        let (service, processes) = (shared.service, shared.first_process..shared.first_process + shared.workers);
        self.stop_probing(replica);
        // Another death of the same instant may have woken some.
        let mut ready = std::mem::take(&mut self.engine.ready);
        while let Some(t) = ready.pop(&mut self.engine.tokens) {
            if !processes.contains(&self.engine.tokens[t].process) {
                self.engine.ready.push(&mut self.engine.tokens, t);
            }
        }
        let mut dying = Vec::new();
        while let Some(t) = self.replicas[replica as usize].backlog.pop(&mut self.engine, 1) {
            dying.push(t);
        }
        for process in processes.clone() {
            while self.processes[process as usize].event_loop.take(&mut self.engine.tokens, now).is_some() {}
            while self.processes[process as usize].event_loop.stopped.pop(&mut self.engine.tokens).is_some() {}
        }
        dying.extend(self.engine.tokens.living().filter(|&t| processes.contains(&self.engine.tokens[t].process)));
        for &t in &dying {
            self.tear_out(t, replica);
        }
        for t in dying {
            if self.engine.tokens[t].has(HOUSEKEEPING) {
                self.engine.tokens.remove(t);
            } else {
                self.engine.tokens[t].failure = Failure::CONNECTION_LOST;
                self.killed = t;
                self.account_refusal(t, service, Failure::CONNECTION_LOST);
                self.fail(t, Failure::CONNECTION_LOST);
            }
        }
        self.killed = NONE;
        if self.is_recording() {
            self.meter_kill(replica);
        }
        for process in processes.clone() {
            self.reset_process(process);
        }
        self.lose_connections_to(service, replica);
        let cpu_is_frozen = std::mem::replace(&mut self.replicas[replica as usize].health.frozen, false);
        if cpu_is_frozen {
            self.set_speed(replica);
        }
    }

    /// Whether the token fails because its process has died: nothing catches that.
    pub(crate) fn is_killed(&self, t: u32) -> bool {
        self.killed == t
    }

    /// Takes a token that dies from wherever it waits or works; the lists of its own event loop are empty already.
    fn tear_out(&mut self, t: u32, replica: u32) {
        self.explain(t);
        let state = self.engine.tokens[t].state;
        match state {
            State::Ready => {}
            State::Backlog => {
                self.replicas[replica as usize].accept_queue.leave(&mut self.engine, t);
            }
            State::Working if self.leave_lock(t) || self.is_standing(t) => {}
            State::Working => {
                let now = self.engine.now;
                let host = self.replicas[replica as usize].host;
                let left = self.replicas[host as usize].cpu.cancel(&mut self.engine.calendar, now, t);
                self.account_job_end(t, left);
            }
            State::AtServer => self.orphan_statement(t),
            // Its branches die with it.
            State::Joining => self.disband(self.engine.tokens[t].wait, false),
            _ => self.leave_wait(t),
        }
        self.engine.drop_timer(t);
        self.close_inbound(t);
    }

    /// A statement at work on a database continues without its client (PostgreSQL and MariaDB notice that the client is gone
    /// when they answer): a token without a request takes it over.
    fn orphan_statement(&mut self, t: u32) {
        let server = self.engine.tokens[t].wait;
        let mut orphan = Token::new(0, 0);
        orphan.flags = HOUSEKEEPING;
        orphan.phase = Housekeeping::Done.into();
        orphan.state = State::AtServer;
        orphan.wait = server;
        let orphan = self.insert_token(orphan);
        let host = self.replicas[server as usize].host;
        self.replicas[host as usize].cpu.hand_over(t, orphan);
    }

    /// What a process that was killed leaves: nothing. Its connections end at the other side, too.
    fn reset_process(&mut self, index: u32) {
        let Process { service, pools, clients, .. } = self.processes[index as usize];
        let plan = &self.system.services[service as usize];
        for (id, _) in (pools..).zip(&plan.pools).filter(|(_, pool)| pool.minded) {
            self.close_idle(id);
        }
        for id in clients..clients + plan.clients.len() as u32 {
            self.close_ports(id);
        }
        let first = self.processes[index as usize].breakers;
        let guards = first..first + plan.breakers.len() as u32;
        self.stop_collecting(index);
        let broken: Vec<u32> = guards.filter(|&id| !self.guards.breakers[id as usize].is_closed()).collect();
        let moment = self.moment();
        for part in parts!(self, mut) {
            part.process_died(index, moment);
        }
        broken.into_iter().for_each(|id| self.mark_breaker(id));
    }

    /// The connections of others to a replica that was killed are gone: kept ones of HTTP clients, idle ones of pools.
    /// Each token with a statement under way there fails.
    fn lose_connections_to(&mut self, service: u32, replica: u32) {
        let system = self.system;
        let shared = &self.replicas[replica as usize];
        let lost = shared.first_process..shared.first_process + shared.workers;
        for id in 0..self.clients.len() as u32 {
            if self.client_plan(id).server == service {
                self.lose_peers(id, lost.clone());
            }
        }
        for id in 0..self.slots.len() as u32 {
            let is_pool = matches!(self.slots[id as usize].kind, SlotsKind::Connections { .. });
            if is_pool && self.database_behind(id) == replica {
                self.sever(id);
            }
        }
        let at_work = |t: &u32| {
            let token = &self.engine.tokens[*t];
            match (token.state, &system.program[token.pc as usize]) {
                (State::AtServer, _) => token.wait == replica,
                (State::AtDisk, _) => self.replicas[replica as usize].disk == token.wait,
                (State::Elapsing | State::Outbound, &(Op::Trip { pool, .. } | Op::Commit { pool, .. }))
                    if token.process != NONE =>
                {
                    let server = self.pool_plan(token.process, pool).server;
                    server == service && self.server_of(*t, server) == replica
                }
                _ => false,
            }
        };
        let victims: Vec<u32> = self.engine.tokens.living().filter(at_work).collect();
        for t in victims {
            self.interrupt(t, Failure::CONNECTION_LOST);
        }
    }

    /// The idle connections of HTTP clients to a replica are closed.
    pub(crate) fn close_idle_connections_to(&mut self, replica: u32) {
        let shared = &self.replicas[replica as usize];
        let (service, closed) = (shared.service, shared.first_process..shared.first_process + shared.workers);
        for id in 0..self.clients.len() as u32 {
            if self.client_plan(id).server == service {
                self.close_idle_peers(id, closed.clone());
            }
        }
    }

    /// The connections of a pool are dead: idle ones are closed, and those in use when they are given back.
    fn sever(&mut self, id: u32) {
        let now = self.engine.now;
        if self.slots[id as usize].pool == NONE {
            let slots = &mut self.slots[id as usize];
            let idle = slots.opened.saturating_sub(slots.used.level());
            slots.opened -= idle;
            let descriptors = &mut self.processes[slots.process as usize].descriptors;
            (0..idle).for_each(|_| descriptors.release(now));
        } else {
            self.close_idle(id);
        }
        let mut next = self.slots[id as usize].holders.first();
        while let Some(frame) = next {
            match &mut self.engine.frames[frame].kind {
                kind @ FrameKind::Hold { .. } => {
                    *kind = FrameKind::Severed { slots: id };
                    self.severed += 1;
                }
                FrameKind::Lent { connection, .. } if !matches!(connection, Connection::Closed | Connection::Dead) => {
                    *connection = Connection::Dead;
                    self.severed += 1;
                }
                _ => {}
            }
            next = self.engine.frames[frame].links.next();
        }
    }

    /// Whether the connection of this pool that the token holds is dead.
    pub(crate) fn is_severed(&self, t: u32, pool: u32) -> bool {
        let own = self.process_of(t).pools + pool;
        let mut next = self.engine.tokens[t].frame;
        while next != NONE {
            match self.engine.frames[next].kind {
                // A job in a thread uses what its coroutine holds.
                FrameKind::Branch { join } if join != NONE => {
                    next = self.engine.tokens[self.guards.joins[join].parent].frame;
                }
                FrameKind::Severed { slots } if slots == own => return true,
                FrameKind::Lent { slots, connection } if slots == own => return connection == Connection::Dead,
                FrameKind::Hold { slots } if slots == own => return false,
                _ => next = self.engine.frames[next].below,
            }
        }
        false
    }

    /// A dead connection is given back: it is closed, and who waits opens a new one.
    pub(crate) fn drop_severed(&mut self, t: u32, frame: u32, id: u32) {
        let now = self.engine.now;
        self.severed -= 1;
        self.free_unit(t, frame, id);
        let slots = &mut self.slots[id as usize];
        slots.opened -= 1;
        self.processes[slots.process as usize].descriptors.release(now);
        self.grant_waiting(id);
    }
}
