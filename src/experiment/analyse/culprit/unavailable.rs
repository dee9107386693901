//! Why a service has no replica that accepts connections: its probes fail.

use super::chain::{own_time, throttled};
use super::telling::most;
use super::{Culprit, CulpritKind, Evidence, with_article};
use crate::experiment::analyse::blame::holders;
use crate::parts::{Blame, BlamePlace, PlaceKind};

impl Evidence<'_> {
    /// The culprit of failures that found no replica, with what its probes failed at. `also` says which share of the
    /// failures happens at a place, if it is large.
    pub(super) fn unavailable(
        &self,
        blame: &Blame,
        place: &BlamePlace,
        sentence: String,
        also: &dyn Fn(&BlamePlace) -> Option<String>,
    ) -> Culprit {
        let name = place.name.clone();
        let service = name.trim_end_matches(" unavailable");
        let Some(probe) = most(&holders(blame, place)) else {
            return Culprit { is_by_error: true, ..Culprit::new(name, CulpritKind::Unavailable, sentence) };
        };
        let error = error(probe.place);
        let restarts = match (self.restarts > 0.0, &error) {
            (true, _) => format!("its liveness probe restarts it {} a run", times(self.restarts)),
            (false, None) => "its readiness probe is not answered in time".to_owned(),
            (false, Some(_)) => "its readiness probe fails".to_owned(),
        };
        if let Some(error) = error {
            let sentence = format!("{sentence}, because {restarts}: {error}");
            return Culprit { is_by_error: true, ..Culprit::new(name, CulpritKind::Unavailable, sentence) };
        }
        // Where other requests fail in that very place, it is what the restarts come from.
        if let Some(failures) = also(probe.place) {
            let mut found = self.chain(blame, probe.place, failures);
            found.sentence += &format!("; {service} is unavailable to the others, because {restarts}");
            return found;
        }
        let waits = match probe.place.kind {
            PlaceKind::Delay => format!("the probe spends its time on {}", own_time(probe.place)),
            PlaceKind::Throttling => format!("the probe is {}", throttled(probe.place)),
            _ => format!("the probe waits for {}", with_article(&probe.place.name)),
        };
        let why = self.chain(blame, probe.place, waits);
        let is_by_error = !why.is_shortage();
        let sentence = format!("{sentence}, because {restarts}: {}", why.sentence);
        Culprit { is_by_error, ..Culprit::new(name, CulpritKind::Unavailable, sentence) }
    }
}

/// Why a probe fails that does not only wait too long.
fn error(place: &BlamePlace) -> Option<String> {
    let name = &place.name;
    match place.kind {
        PlaceKind::OwnError => Some(format!("{name} answers the probe with an error")),
        PlaceKind::Fault => Some(format!("{name} makes the probe fail")),
        PlaceKind::Unavailable => {
            Some(format!("the probe finds no replica of {}", name.trim_end_matches(" unavailable")))
        }
        PlaceKind::Breaker | PlaceKind::Ingress | PlaceKind::RateLimit => Some(format!("{name} refuses the probe")),
        _ => None,
    }
}

/// How often something happens: `once`, `2.5 times`.
pub(super) fn times(count: f64) -> String {
    if count == 1.0 { "once".into() } else { format!("{count:.1} times") }
}
