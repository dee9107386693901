//! Garbage collections beside what limits a service.

use super::{Culprit, CulpritKind, Evidence, percent};

/// Share of the time from which a sentence says that collections take it. An assumption: a fifth.
const MUCH: f64 = 0.2;

impl Evidence<'_> {
    /// Adds how much of the time garbage collections take in the service that limits the point, where that is much: they use
    /// its CPU, and its threads and event loops stand still meanwhile.
    pub(super) fn amid_collections(&self, mut found: Culprit) -> Culprit {
        let Some((service, _)) = found.name.split_once(' ').filter(|_| found.kind == CulpritKind::Limits) else {
            return found;
        };
        let name = format!("{service} garbage collection");
        let row = self.resources.iter().find(|used| used.name == name && used.utilisation >= MUCH);
        if let Some(row) = row.filter(|_| !found.sentence.contains("garbage collection")) {
            found.sentence +=
                &format!("; garbage collections of {service} take {} of the time", percent(row.utilisation));
        }
        found
    }
}
