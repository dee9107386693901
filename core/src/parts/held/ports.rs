//! Ephemeral ports: each connection to one server address needs one of its own on the client's host.
//!
//! Linux takes them from `net.ipv4.ip_local_port_range`, 28232 of them where nothing else is set. The side that closes
//! a connection keeps its port in TIME_WAIT for 60 s (`TCP_TIMEWAIT_LEN`; RFC 9293, 3.6.1: twice the lifetime of a
//! segment); with none left `connect` fails at once with EADDRNOTAVAIL. Here the client closes, as it does after each
//! call of its own client and on the expiry of a kept connection. All replicas of a server are one address (a
//! Kubernetes Service).

use crate::kernel::deadline::{LaneId, Purpose};
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::time::Time;

use crate::engine::Engine;
use crate::parts::part::{Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// The ports of one replica towards one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub service: u32,
    /// In use or in TIME_WAIT.
    pub taken: TimeWeighted,
    pub limit: u32,
    /// Connections that found one.
    pub used: u64,
    /// Connections that found none.
    pub refused: u64,
    /// In TIME_WAIT.
    pub lingering: u32,
    pub time_wait: Option<LaneId>,
}

impl Ports {
    /// Takes a port for a connection, if there is one.
    pub fn take(&mut self, now: Time) -> bool {
        let free = self.taken.level() < self.limit;
        if free {
            self.taken.up(now);
            self.used += 1;
        } else {
            self.refused += 1;
        }
        free
    }

    /// A connection is closed: its port, one of those with this number, lingers or is free.
    pub fn close(&mut self, engine: &mut Engine, id: u32) {
        match self.time_wait {
            Some(lane) => {
                self.lingering += 1;
                engine.deadlines.set(&mut engine.calendar, engine.now, lane, id, Purpose::Linger);
            }
            None => self.taken.down(engine.now),
        }
    }

    /// A port has been in TIME_WAIT for long enough.
    pub fn free(&mut self, now: Time) {
        self.lingering -= 1;
        self.taken.down(now);
    }

    /// A sentence, if ports are taken by others than the connections that are open.
    pub fn broken_law(&self, open: u32) -> Option<String> {
        let (taken, lingering) = (self.taken.level(), self.lingering);
        (taken != open + lingering)
            .then(|| format!("{taken} ports are taken, by {open} connections and {lingering} in TIME_WAIT"))
    }
}

impl Part for Vec<Ports> {
    fn reset(&mut self, now: Time) {
        for ports in self {
            ports.taken.reset(now);
            (ports.used, ports.refused) = (0, 0);
        }
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        for (service, plan) in (0..).zip(&system.services).filter(|(_, plan)| plan.ephemeral_ports.is_some()) {
            let sum = rows.of_service(service, ResourceKind::Ports, 0, || format!("{} ports", plan.name));
            for ports in self.iter().filter(|ports| ports.service == service) {
                sum.gauge(&ports.taken, now, Some(f64::from(ports.limit)));
                sum.use_.visits += ports.used;
                sum.use_.refused += ports.refused;
            }
        }
    }

    fn laws(&mut self, _: Moment, _: &mut Vec<String>) {}
}
