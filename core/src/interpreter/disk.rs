//! Commits: round trips to a database that wait there for its disk.

use crate::kernel::Time;
use crate::kernel::random::name;
use crate::model::{DiskPlan, Draw, Runtime, Site};

use crate::engine::next::Next;
use crate::engine::progress::{Progress, phases};
use crate::engine::task::Task;
use crate::engine::token::{Failure, State, Token};
use crate::interpreter::world::World;
use crate::parts::held::slots::SlotsKind;

/// Parts of the draws of a trip, as those of any other.
const NETWORK: u64 = 1;
const CLIENT_CPU: u64 = 2;

phases! {
    /// Of a commit.
    pub(crate) enum Committing {
        /// Spend the client's CPU.
        Work,
        /// It sets out.
        Network,
        /// It is at the server, and needs the disk.
        Disk,
        /// The disk has it; the server works on the statement.
        Server,
        /// It is back.
        Back,
    }
}

impl<'s> World<'s> {
    /// A round trip with a commit: client CPU, network, disk, work at the server.
    #[inline(never)]
    pub(crate) fn commit(&mut self, t: u32, pool: u32, work: Option<Draw>, site: Site) -> Next {
        let Token { key, process, .. } = self.engine.tokens[t];
        let plan = &self.system.services[self.processes[process as usize].service as usize].pools[pool as usize];
        let works = work.is_some() && self.system.services[plan.server as usize].runtime != Runtime::Delay;
        if self.severed > 0 && self.is_severed(t, pool) {
            self.engine.tokens[t].phase = Progress::BEGIN;
            return Next::Fail(Failure::CONNECTION_LOST);
        }
        loop {
            let next = match self.engine.tokens[t].phase.into() {
                Committing::Work => {
                    self.engine.tokens[t].phase = Committing::Network.into();
                    let work = plan.trip_cpu.map(|draw| self.draw(t, draw, site.key(key, CLIENT_CPU)));
                    work.map_or(Next::On, |work| self.work(t, work))
                }
                Committing::Network => {
                    self.engine.tokens[t].phase = Committing::Disk.into();
                    let lane = self.slots[(self.process_of(t).pools + pool) as usize].command;
                    self.engine.limit_wait(t, lane);
                    let added = self.added_latency(plan.server);
                    let network = plan.round_trip.map_or(Time::ZERO, |draw| self.draw(t, draw, site.key(key, NETWORK)));
                    let own = work.filter(|_| !works).map_or(Time::ZERO, |draw| self.draw(t, draw, site.key(key, 0)));
                    let elapsed = self.slowed(own, self.server_of(t, plan.server));
                    let next = self.travel(t, network + added + elapsed);
                    if next == Next::Park {
                        self.account_trip(t, plan.server, added, network, elapsed);
                    }
                    next
                }
                Committing::Disk => {
                    self.engine.tokens[t].phase =
                        if works { Committing::Server.into() } else { Committing::Back.into() };
                    let disk = self.replicas[self.server_of(t, plan.server) as usize].disk;
                    self.await_flush(t, disk);
                    Next::Park
                }
                Committing::Server => {
                    self.engine.tokens[t].phase = Committing::Back.into();
                    let replica = self.server_of(t, plan.server);
                    let work = work.map_or(Time::ZERO, |draw| self.draw(t, draw, site.key(key, 0)));
                    self.engine.tokens[t].state = State::AtServer;
                    self.engine.tokens[t].wait = replica;
                    self.start_job(t, replica, work);
                    Next::Park
                }
                Committing::Back => {
                    self.engine.drop_timer(t);
                    return self.next_op(t);
                }
            };
            if next != Next::On {
                return next;
            }
        }
    }

    fn disk_plan(&self, disk: u32) -> &'s DiskPlan {
        let system = self.system;
        let plan = &system.services[self.disks[disk as usize].service as usize].disk;
        plan.as_ref().unwrap_or_else(|| unreachable!("only a service with a disk has one"))
    }

    /// The token waits for a flush.
    fn await_flush(&mut self, t: u32, disk: u32) {
        self.engine.tokens[t].state = State::AtDisk;
        self.engine.tokens[t].wait = disk;
        self.disks[disk as usize].waiting.push(&mut self.engine, t, Time::ZERO);
        self.account_disk(t, disk, false);
        if self.disks[disk as usize].is_idle() {
            self.prepare_flush(disk);
        }
    }

    /// A flush is due, at once or, where enough others may commit soon, a little later (PostgreSQL's `commit_delay`, with at
    /// least `commit_siblings` other transactions open).
    fn prepare_flush(&mut self, disk: u32) {
        let DiskPlan { delay, siblings, .. } = *self.disk_plan(disk);
        if delay > Time::ZERO && self.connections_in_use(disk) > siblings {
            self.disks[disk as usize].wait();
            self.engine.later(delay, Task::Flush { disk });
        } else {
            self.flush(disk);
        }
    }

    /// Connections to the database with this disk that requests hold.
    fn connections_in_use(&self, disk: u32) -> u32 {
        let replica = self.replica_with(disk);
        let is_pool = |id: &u32| matches!(self.slots[*id as usize].kind, SlotsKind::Connections { .. });
        let own = (0..self.slots.len() as u32).filter(is_pool).filter(|&id| self.database_behind(id) == replica);
        own.map(|id| self.slots[id as usize].used.level()).sum()
    }

    /// The replica that has this disk.
    fn replica_with(&self, disk: u32) -> u32 {
        let disk = &self.disks[disk as usize];
        self.groups[disk.service as usize].first_replica + disk.replica
    }

    /// A flush begins.
    pub(crate) fn flush(&mut self, disk: u32) {
        let DiskPlan { fsync, groups, .. } = *self.disk_plan(disk);
        let state = &mut self.disks[disk as usize];
        let key = name(self.key, state.flushes, "flush", disk.into());
        let served = state.flush(&mut self.engine, groups);
        for t in served {
            self.account_disk(t, disk, true);
        }
        let time = self.system.variates[fsync.0 as usize].draw(key);
        self.engine.later(time, Task::Flushed { disk });
    }

    /// A flush has ended: those that it has served continue at the server, and the next one begins if others wait.
    pub(crate) fn flushed(&mut self, disk: u32) {
        let served = self.disks[disk as usize].flushed(&mut self.engine);
        for t in served {
            self.engine.tokens[t].state = State::Outbound;
            self.continue_at_server(t);
        }
        if !self.disks[disk as usize].waiting.is_empty() {
            self.prepare_flush(disk);
        }
    }
}
