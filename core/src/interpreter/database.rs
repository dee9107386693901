//! What databases count against what their pools have open.

use crate::interpreter::world::World;
use crate::parts::network::process::Replica;
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

impl World<'_> {
    /// Adds the rows of the connections that databases take: in use are those that requests hold, not those that pools keep
    /// open for the next one.
    pub(crate) fn sessions(&self, rows: &mut Rows) {
        let limit = |replica: &Replica| self.system.services[replica.service as usize].max_connections;
        if self.replicas.iter().all(|replica| limit(replica).is_none()) {
            return;
        }
        let now = self.engine.now;
        let mut held = vec![0; self.replicas.len()];
        for (process, number) in self.processes.iter().zip(0..) {
            for (plan, id) in self.system.services[process.service as usize].pools.iter().zip(process.pools..) {
                held[self.database_of(number, plan.server) as usize] += self.slots[id as usize].used.area(now);
            }
        }
        for (replica, held) in self.replicas.iter().zip(held) {
            let Some(most) = limit(replica) else { continue };
            let name = || format!("{} connections", self.system.services[replica.service as usize].name);
            let sum = rows.of_service(replica.service, ResourceKind::Sessions, 0, name);
            let (in_use, up) = (sum.mean(held as f64), sum.up(&replica.down, now));
            replica.sessions.add_to(sum, in_use, f64::from(most) * up);
        }
    }

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
            let counted = replica.sessions.open;
            (counted != open).then(|| format!("a database counts {counted} connections, its pools have {open} open"))
        };
        self.replicas.iter().zip(opened).filter_map(wrong).collect()
    }
}
