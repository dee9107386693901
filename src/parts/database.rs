//! A database's side of connections: how many it takes from all pools of all workers together.
//!
//! PostgreSQL refuses one more at once with `FATAL: sorry, too many clients already` (SQLSTATE 53300; `InitProcess`
//! finds no free entry in the process array), MariaDB with `ERROR 1040: Too many connections`. A connection counts from
//! the start of its opening to its end, used or idle.

use crate::kernel::Time;
use crate::kernel::gauge::Gauge;
use crate::model::System;

use super::process::Built;
use super::world::World;

/// The connections to one replica of a database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sessions {
    pub used: Gauge,
    limit: Option<u32>,
    /// Opened since the last reset.
    pub opened: u64,
    /// Refused since the last reset.
    pub refused: u64,
}

impl Sessions {
    pub fn new(limit: Option<u32>) -> Self {
        Self { used: Gauge::default(), limit, opened: 0, refused: 0 }
    }

    /// Takes one more, if there is room.
    pub fn open(&mut self, now: Time) -> bool {
        let free = self.limit.is_none_or(|limit| self.used.level() < limit);
        if free {
            self.used.up(now);
            self.opened += 1;
        } else {
            self.refused += 1;
        }
        free
    }

    pub fn close(&mut self, now: Time) {
        self.used.down(now);
    }

    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        self.used.reset(now);
        (self.opened, self.refused) = (0, 0);
    }
}

impl Built {
    /// The connections that pools have from the start.
    pub(super) fn open_sessions(&mut self, system: &System) {
        for (process, number) in self.processes.iter().zip(0..) {
            for plan in &system.services[process.service as usize].pools {
                let server = &system.services[plan.server as usize];
                let replica = self.groups[plan.server as usize].first_replica + number % server.replicas;
                let sessions = &mut self.replicas[replica as usize].sessions;
                sessions.used.set(Time::ZERO, sessions.used.level() + plan.min_size);
            }
        }
    }
}

impl World<'_> {
    /// Databases that count other connections than their pools have open.
    pub(super) fn session_violations(&self) -> Vec<String> {
        let mut opened = vec![0; self.replicas.len()];
        for (process, number) in self.processes.iter().zip(0..) {
            for (plan, id) in self.system.services[process.service as usize].pools.iter().zip(process.pools..) {
                let open = if plan.minded { self.slots[id as usize].opened } else { plan.min_size };
                opened[self.database_of(number, plan.server) as usize] += open;
            }
        }
        let wrong = |(replica, open): (&super::process::Replica, u32)| {
            let counted = replica.sessions.used.level();
            (counted != open).then(|| format!("a database counts {counted} connections, its pools have {open} open"))
        };
        self.replicas.iter().zip(opened).filter_map(wrong).collect()
    }
}
