//! Connections of clients take ports and leave them in TIME_WAIT.

use crate::kernel::NONE;

use crate::interpreter::world::World;

impl World<'_> {
    /// Takes a port for a connection of this client, if there is one.
    pub(crate) fn take_port(&mut self, client: u32) -> bool {
        match self.clients[client as usize].ports {
            NONE => true,
            ports => self.ports[ports as usize].take(self.engine.now),
        }
    }

    /// A connection of this client is closed.
    pub(crate) fn close_port(&mut self, client: u32) {
        match self.clients[client as usize].ports {
            NONE => {}
            ports => self.ports[ports as usize].close(&mut self.engine, ports),
        }
    }

    /// Ports that are taken by others than connections.
    pub(crate) fn port_violations(&self) -> Vec<String> {
        let mut open = vec![0; self.ports.len()];
        for client in self.clients.iter().filter(|client| client.ports != NONE) {
            open[client.ports as usize] += client.connections();
        }
        self.ports.iter().zip(open).filter_map(|(ports, open)| ports.broken_law(open)).collect()
    }
}
