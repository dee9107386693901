//! The list of parts.

use crate::interpreter::world::World;
use crate::parts::part::Moment;

/// The parts of a world, as an array of references. A new part is entered here, and nowhere else: it is reset, reported,
/// checked and cleared with the others.
macro_rules! parts {
    ($world:expr $(, $mutable:tt)?) => {{
        type Entry<'a> = &'a $($mutable)? dyn Part;
        let entries: [Entry; 19] = [
            &$($mutable)? $world.processes,
            &$($mutable)? $world.replicas,
            &$($mutable)? $world.groups,
            &$($mutable)? $world.slots,
            &$($mutable)? $world.clients,
            &$($mutable)? $world.pacers,
            &$($mutable)? $world.stations,
            &$($mutable)? $world.gils,
            &$($mutable)? $world.disks,
            &$($mutable)? $world.heaps,
            &$($mutable)? $world.ports,
            &$($mutable)? $world.broker,
            &$($mutable)? $world.jobs,
            &$($mutable)? $world.guards,
            &$($mutable)? $world.ingresses,
            &$($mutable)? $world.views,
            &$($mutable)? $world.caches,
            &$($mutable)? $world.ledger,
            &$($mutable)? $world.scalers,
        ];
        entries
    }};
}

pub(crate) use parts;

impl<'s> World<'s> {
    /// What a part needs to know to answer for itself.
    pub(crate) fn moment(&self) -> Moment<'s> {
        Moment { system: self.system, now: self.engine.now }
    }
}
