//! What databases count against what their pools have open.

use crate::interpreter::world::World;
use crate::parts::network::process::Replica;

impl World<'_> {
    /// Databases that count other connections than their pools have open.
    pub(crate) fn session_violations(&self) -> Vec<String> {
        let mut opened = vec![0; self.replicas.len()];
        for (process, number) in self.processes.iter().zip(0..) {
            for (plan, id) in self.system.services[process.service as usize].pools.iter().zip(process.pools..) {
                let open = if plan.minded { self.slots[id as usize].opened } else { plan.min_size };
                opened[self.database_of(number, plan.server) as usize] += open;
            }
        }
        let wrong = |(replica, open): (&Replica, u32)| {
            let counted = replica.sessions.used.level();
            (counted != open).then(|| format!("a database counts {counted} connections, its pools have {open} open"))
        };
        self.replicas.iter().zip(opened).filter_map(wrong).collect()
    }
}
