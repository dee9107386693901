//! What hosts and databases ration to a service: CPU quota, the interpreter lock, the accept queue, ports, connections.

use crate::model::ServicePlan;

use crate::parts::interpreter::world::World;
use crate::parts::network::process::Replica;
use crate::parts::outcome::{ResourceKind, ResourceUse};
use crate::parts::usage::{Span, Sum};

impl World<'_> {
    /// The rations of a service that the model bounds.
    pub(crate) fn rations(&self, service: u32, plan: &ServicePlan, span: Span) -> Vec<ResourceUse> {
        let now = self.now;
        let first = self.groups[service as usize].first_replica as usize;
        let replicas = first..first + plan.replicas as usize;
        let begin = |what: &str, kind| Sum::new(|| format!("{} {what}", plan.name), kind, span);
        let mut uses = Vec::new();
        if plan.cpu_period.is_some() {
            let mut sum = begin("throttling", ResourceKind::Throttling);
            for Replica { cpu, .. } in &self.replicas[replicas.clone()] {
                sum.time(cpu.used_and_stood(now).1.unwrap_or_default());
            }
            uses.push(sum.finish());
        }
        if plan.gil {
            let mut sum = begin("GIL", ResourceKind::Gil);
            for lock in self.gils.iter().filter(|lock| self.processes[lock.process as usize].service == service) {
                let replica = self.processes[lock.process as usize].replica;
                let up = sum.up(&self.replicas[replica as usize].down, now);
                sum.lock(lock, now, up);
            }
            uses.push(sum.finish());
        }
        if let Some(backlog) = plan.backlog {
            let mut sum = begin("backlog", ResourceKind::Backlog);
            for Replica { accept_queue, .. } in &self.replicas[replicas.clone()] {
                sum.gauge(&accept_queue.waiting, now, Some(f64::from(backlog) + 1.0));
                sum.use_.visits += accept_queue.entered;
                sum.use_.refused += accept_queue.dropped;
            }
            uses.push(sum.finish());
        }
        if plan.ephemeral_ports.is_some() {
            let mut sum = begin("ports", ResourceKind::Ports);
            for ports in self.ports.iter().filter(|ports| ports.service == service) {
                sum.gauge(&ports.taken, now, Some(f64::from(ports.limit)));
                sum.use_.visits += ports.used;
                sum.use_.refused += ports.refused;
            }
            uses.push(sum.finish());
        }
        if let Some(most) = plan.max_connections {
            let mut sum = begin("connections", ResourceKind::Sessions);
            for Replica { sessions, down, .. } in &self.replicas[replicas] {
                let up = sum.up(down, now);
                sum.gauge(&sessions.used, now, Some(f64::from(most) * up));
                sum.use_.visits += sessions.opened;
                sum.use_.refused += sessions.refused;
            }
            uses.push(sum.finish());
        }
        uses
    }
}
