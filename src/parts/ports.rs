//! Ephemeral ports: each connection to one server address needs one of its own on the client's host.
//!
//! Linux takes them from `net.ipv4.ip_local_port_range`, 28232 of them where nothing else is set. The side that closes
//! a connection keeps its port in TIME_WAIT for 60 s (`TCP_TIMEWAIT_LEN`; RFC 9293, 3.6.1: twice the lifetime of a
//! segment); with none left `connect` fails at once with EADDRNOTAVAIL. Here the client closes, as it does after each
//! call of its own client and on the expiry of a kept connection. All replicas of a server are one address (a
//! Kubernetes Service).

use crate::kernel::NONE;
use crate::kernel::deadline::{Deadlines, LaneId, Purpose};
use crate::kernel::gauge::Gauge;
use crate::kernel::time::Time;
use crate::model::System;

use super::process::Built;
use super::world::World;

/// The ports of one replica towards one server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub service: u32,
    /// In use or in TIME_WAIT.
    pub taken: Gauge,
    pub limit: u32,
    /// Connections that found one.
    pub used: u64,
    /// Connections that found none.
    pub refused: u64,
    /// In TIME_WAIT.
    lingering: u32,
    time_wait: Option<LaneId>,
}

impl Ports {
    pub fn reset(&mut self, now: Time) {
        self.taken.reset(now);
        (self.used, self.refused) = (0, 0);
    }
}

impl Built {
    /// The ports that the clients of services share, where the model bounds them.
    pub(super) fn add_ports(&mut self, system: &System, deadlines: &mut Deadlines) {
        let mut known: Vec<(u32, u32, u32)> = Vec::new();
        for client in &mut self.clients {
            let process = &self.processes[client.process as usize];
            let plan = &system.services[process.service as usize];
            let Some(limit) = plan.ephemeral_ports else { continue };
            let server = plan.clients[client.index as usize].server;
            let found = known.iter().find(|(replica, other, _)| (*replica, *other) == (process.replica, server));
            client.ports = found.map_or(self.ports.len() as u32, |&(_, _, ports)| ports);
            if client.ports == self.ports.len() as u32 {
                known.push((process.replica, server, client.ports));
                let time_wait = (plan.time_wait > Time::ZERO).then(|| deadlines.lane(plan.time_wait));
                let taken = Gauge::default();
                let service = process.service;
                self.ports.push(Ports { service, taken, limit, used: 0, refused: 0, lingering: 0, time_wait });
            }
        }
    }
}

impl World<'_> {
    /// Takes a port for a connection of this client, if there is one.
    pub(super) fn take_port(&mut self, client: u32) -> bool {
        let ports = self.clients[client as usize].ports;
        if ports == NONE {
            return true;
        }
        let ports = &mut self.ports[ports as usize];
        let free = ports.taken.level() < ports.limit;
        if free {
            ports.taken.up(self.now);
            ports.used += 1;
        } else {
            ports.refused += 1;
        }
        free
    }

    /// A connection of this client is closed.
    pub(super) fn close_port(&mut self, client: u32) {
        let id = self.clients[client as usize].ports;
        if id == NONE {
            return;
        }
        let now = self.now;
        let ports = &mut self.ports[id as usize];
        match ports.time_wait {
            Some(lane) => {
                ports.lingering += 1;
                self.deadlines.set(&mut self.calendar, now, lane, id, Purpose::Linger);
            }
            None => ports.taken.down(now),
        }
    }

    /// A port has been in TIME_WAIT for long enough.
    pub(super) fn free_port(&mut self, id: u32) {
        let ports = &mut self.ports[id as usize];
        ports.lingering -= 1;
        ports.taken.down(self.now);
    }

    /// Ports that are taken by others than connections.
    pub(super) fn port_violations(&self) -> Vec<String> {
        let mut open = vec![0; self.ports.len()];
        for client in self.clients.iter().filter(|client| client.ports != NONE) {
            open[client.ports as usize] += client.open;
        }
        let wrong = |(ports, open): (&Ports, u32)| {
            let (taken, lingering) = (ports.taken.level(), ports.lingering);
            (taken != open + lingering)
                .then(|| format!("{taken} ports are taken, by {open} connections and {lingering} in TIME_WAIT"))
        };
        self.ports.iter().zip(open).filter_map(wrong).collect()
    }
}
