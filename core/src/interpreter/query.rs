//! Round trips on a database connection.
//!
//! Each costs a little CPU at the client, the network's time, and the statement's work on the database's CPU. On an
//! event loop each is a wait of its own: a transaction is four hops (BEGIN, the statement, COMMIT, the reset on
//! release), so that under load it takes four rounds of the loop however fast the database is.

use crate::kernel::Time;
use crate::model::{Draw, Runtime, Site};

use crate::engine::next::Next;
use crate::engine::progress::{Progress, phases};
use crate::engine::token::{Failure, State, Token};
use crate::interpreter::world::World;

/// Parts of a trip's draws.
const NETWORK: u64 = 1;
const CLIENT_CPU: u64 = 2;

phases! {
    /// Of a round trip.
    pub(crate) enum Trip {
        /// Spend the client's CPU.
        Work,
        /// It sets out.
        Network,
        /// It is at the server.
        Server,
        /// It is back.
        Back,
    }
}

impl World<'_> {
    /// One round trip, in phases: client CPU, network, work at the server.
    pub(crate) fn trip(&mut self, t: u32, pool: u32, work: Option<Draw>, site: Site) -> Next {
        let Token { key, process, .. } = self.engine.tokens[t];
        let plan = &self.system.services[self.processes[process as usize].service as usize].pools[pool as usize];
        if self.severed > 0 && self.is_severed(t, pool) {
            self.engine.tokens[t].phase = Progress::BEGIN;
            return Next::Fail(Failure::CONNECTION_LOST);
        }
        loop {
            let next = match self.engine.tokens[t].phase.into() {
                Trip::Work => {
                    self.engine.tokens[t].phase = Trip::Network.into();
                    match plan.trip_cpu {
                        Some(draw) => {
                            let work = self.draw(t, draw, site.key(key, CLIENT_CPU));
                            self.work(t, work)
                        }
                        None => Next::On,
                    }
                }
                Trip::Network => {
                    let server = &self.system.services[plan.server as usize];
                    let works = work.is_some() && server.runtime != Runtime::Delay;
                    // Where nothing is left to do at the server it is back when it gets there.
                    self.engine.tokens[t].phase = if works { Trip::Server.into() } else { Trip::Back.into() };
                    if plan.command_timeout.is_some() {
                        let lane = self.slots[(self.process_of(t).pools + pool) as usize].command;
                        self.engine.limit_wait(t, lane);
                    }
                    let network = plan.round_trip.map_or(Time::ZERO, |draw| self.draw(t, draw, site.key(key, NETWORK)));
                    let network = network + self.added_latency(plan.server);
                    let (own, elapsed) = match work {
                        Some(draw) if !works => {
                            let own = self.draw(t, draw, site.key(key, 0));
                            (own, self.slowed(own, self.server_of(t, plan.server)))
                        }
                        _ => (Time::ZERO, Time::ZERO),
                    };
                    let next = if works { self.travel(t, network) } else { self.elapse(t, network + elapsed) };
                    if next == Next::Park {
                        let added = self.added_latency(plan.server);
                        self.account_trip(t, plan.server, added, network.since(added), elapsed);
                        if elapsed.since(own) > added {
                            self.account_slowed(t, self.server_of(t, plan.server), elapsed.since(own));
                        }
                    }
                    next
                }
                Trip::Server => {
                    self.engine.tokens[t].phase = Trip::Back.into();
                    match work {
                        Some(draw) => {
                            let work = self.draw(t, draw, site.key(key, 0));
                            let replica = self.server_of(t, plan.server);
                            self.engine.tokens[t].state = State::AtServer;
                            self.engine.tokens[t].wait = replica;
                            self.start_job(t, replica, work);
                            Next::Park
                        }
                        None => Next::On,
                    }
                }
                Trip::Back => {
                    if plan.command_timeout.is_some() {
                        self.engine.drop_timer(t);
                    }
                    return self.next_op(t);
                }
            };
            if next != Next::On {
                return next;
            }
        }
    }

    /// The replica of a database that a process is connected to: the processes are dealt over the replicas in turn.
    pub(crate) fn server_of(&self, t: u32, server: u32) -> u32 {
        self.database_of(self.engine.tokens[t].process, server)
    }

    /// The same for a process.
    pub(crate) fn database_of(&self, process: u32, server: u32) -> u32 {
        let replicas = self.system.services[server as usize].replicas;
        self.groups[server as usize].first_replica + process % replicas
    }
}
