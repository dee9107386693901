//! The names of all that can limit a system, known before it runs.

use crate::kernel::Time;
use crate::model::{DeployPlan, Load, System};

use crate::interpreter::world::World;
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Span;

/// The names that reports can give to what limits a system under a load: its resources, contention at those that share
/// themselves out, the queues that can refuse a message, its faults and its deploys.
pub fn limit_names(system: &System, load: &Load) -> Vec<String> {
    let world = World::new(system, load, 0, 0);
    let mut names = Vec::new();
    for resource in world.resources(Span::of(Time(1))) {
        if matches!(resource.kind, ResourceKind::Cpu | ResourceKind::Station) {
            names.push(format!("{} contention", resource.name));
        }
        names.push(resource.name);
    }
    names.extend(system.queues.iter().map(|queue| format!("queue {}", queue.name)));
    names.extend(system.faults.iter().map(|fault| format!("fault {}", fault.name)));
    names.extend(system.services.iter().flat_map(|service| &service.deploys).map(DeployPlan::title));
    names
}
