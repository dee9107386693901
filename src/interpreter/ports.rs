//! Connections of clients take ports and leave them in TIME_WAIT.

use crate::kernel::NONE;
use crate::kernel::deadline::Purpose;

use crate::interpreter::world::World;
use crate::parts::held::ports::Ports;

impl World<'_> {
    /// Takes a port for a connection of this client, if there is one.
    pub(crate) fn take_port(&mut self, client: u32) -> bool {
        let ports = self.clients[client as usize].ports;
        if ports == NONE {
            return true;
        }
        let ports = &mut self.ports[ports as usize];
        let free = ports.taken.level() < ports.limit;
        if free {
            ports.taken.up(self.engine.now);
            ports.used += 1;
        } else {
            ports.refused += 1;
        }
        free
    }

    /// A connection of this client is closed.
    pub(crate) fn close_port(&mut self, client: u32) {
        let id = self.clients[client as usize].ports;
        if id == NONE {
            return;
        }
        let now = self.engine.now;
        let ports = &mut self.ports[id as usize];
        match ports.time_wait {
            Some(lane) => {
                ports.lingering += 1;
                self.engine.deadlines.set(&mut self.engine.calendar, now, lane, id, Purpose::Linger);
            }
            None => ports.taken.down(now),
        }
    }

    /// A port has been in TIME_WAIT for long enough.
    pub(crate) fn free_port(&mut self, id: u32) {
        let ports = &mut self.ports[id as usize];
        ports.lingering -= 1;
        ports.taken.down(self.engine.now);
    }

    /// Ports that are taken by others than connections.
    pub(crate) fn port_violations(&self) -> Vec<String> {
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
