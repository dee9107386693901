//! What a full resource has to do with replicas that a fault keeps down.

use super::{Culprit, CulpritKind, Evidence, percent};
use crate::experiment::blame::outages;

/// Share of a service's replicas that are down, from which the sentence mentions it.
const OUTAGE: f64 = 0.05;

impl Evidence<'_> {
    /// Adds to the sentence that a fault keeps replicas of the limiting service down, where one does.
    pub(super) fn amid_outage(&self, mut found: Culprit) -> Culprit {
        let Some(blame) = self.blame.filter(|_| found.kind == CulpritKind::Limits) else { return found };
        let service = found.name.split(' ').next().unwrap_or_default();
        let name = format!("{service} unavailable");
        let down = self.resources.iter().find(|one| one.name == name).map_or(0.0, |one| one.utilisation);
        let place = blame.places.iter().find(|place| place.name == name).filter(|_| down >= OUTAGE);
        let by = place.map(|place| outages(blame, place)).unwrap_or_default();
        if let Some(fault) = by.first() {
            let (fault, share) = (&fault.place.name, percent(down));
            found.sentence += &format!("; {fault} keeps replicas of {service} down ({share} of the replicas' time)");
        }
        found
    }
}
