//! What replicas that a fault keeps down have to do with a point.

use super::{Culprit, CulpritKind, Evidence, Used, agree, percent};
use crate::experiment::analyse::blame::{Share, holders, lowered, outages, shares};
use crate::experiment::analyse::strain::FULL;
use crate::parts::{Blame, BlameGroup, BlamePlace, PlaceKind};

/// Share of a service's replicas that are down, from which a sentence mentions it.
const OUTAGE: f64 = 0.05;

/// Share of a group's time from which requests lose time to a fault.
const TOLD: f64 = 0.005;

impl Evidence<'_> {
    /// Adds to the sentence that a fault keeps replicas of the limiting service down, where one does, or else that their
    /// probes do.
    pub(super) fn amid_outage(&self, mut found: Culprit) -> Culprit {
        if found.kind == CulpritKind::Limits {
            // Messages of a queue are handled by the services that its holders are at.
            let mut services = match self.place(&found.name) {
                Some((blame, place)) if place.kind == PlaceKind::Queue => {
                    holders(blame, place).iter().filter_map(|share| self.unavailability_of(&share.place.name)).collect()
                }
                _ => Vec::from_iter(self.unavailability_of(&found.name)),
            };
            services.dedup();
            let by_fault = services.iter().find_map(|service| Some((*service, self.outage_of(service)?)));
            if let Some((service, (fault, sentence))) = by_fault {
                found.sentence += &format!("; {sentence}");
                if self.fits_without_outage(&found.name, service) {
                    found.sentence += "; the load would fit into all of them";
                    found.by = Some(fault);
                }
            } else if let Some(sentence) = services.iter().find_map(|service| self.failed_probes_of(service)) {
                found.sentence += &format!("; {sentence}");
            }
        }
        found
    }

    /// Whether a full resource would have time to spare if no replica of its service were down; not where that is unknown.
    fn fits_without_outage(&self, limit: &str, unavailable: &str) -> bool {
        let needed = || {
            let limit = self.resources.iter().find(|one| one.name == limit).filter(|one| one.is_full)?;
            let (_, _, down) = self.downtime(unavailable)?;
            Some(self.units_asked(limit, &[BlameGroup::Mean])? / (limit.capacity? / (1.0 - down)))
        };
        needed().is_some_and(|share| share < FULL)
    }

    /// The row of the replicas that are down of the service that has a place: `b unavailable` of `b threads` and of
    /// `b.get sleep`. A service may have a dot in its name: then it is that of the longest name that fits.
    fn unavailability_of(&self, place: &str) -> Option<&str> {
        let has_it = |row: &&str| {
            let rest = row.strip_suffix(" unavailable").and_then(|service| place.strip_prefix(service));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '.']))
        };
        self.resources.iter().map(|one| one.name).filter(has_it).max_by_key(|row| row.len())
    }

    /// Names the fault that reduces the capacity of the limiting resource, where capacity is lost for good: what the
    /// holders of its units do does not show it.
    pub(super) fn amid_lowering(&self, found: Culprit) -> Culprit {
        let is_limit = self.is_damaged && found.kind == CulpritKind::Limits;
        let Some((blame, limit)) = self.place(&found.name).filter(|_| is_limit) else { return found };
        let lowers = |fault: &&BlamePlace| {
            fault.kind == PlaceKind::Fault && lowered(blame, fault).any(|lowered| lowered == limit)
        };
        let Some(fault) = blame.places.iter().find(lowers) else { return found };
        let reduces = agree(&fault.name, "reduces the capacity of", "reduce the capacity of");
        let sentence = format!("{}; {reduces} {}", found.sentence, limit.name);
        Culprit::fault(&fault.name, limit, sentence)
    }

    /// The fault that keeps replicas down, where capacity is lost for good.
    pub(super) fn outage(&self) -> Option<Culprit> {
        let blame = self.blame.filter(|_| self.is_damaged)?;
        let mut down = blame.places.iter().filter(|place| place.kind == PlaceKind::Unavailable);
        let (fault, sentence) = down.find_map(|place| self.outage_of(&place.name))?;
        let lost: f64 =
            BlameGroup::ALL.iter().map(|&group| share_of(&shares(blame, group), &fault)).fold(0.0, f64::max);
        if lost >= TOLD {
            return Some(Culprit::new(fault, CulpritKind::Fault, sentence));
        }
        let sentence = format!("{sentence}; requests lose no time to it");
        Some(Culprit::new(fault, CulpritKind::Outage, sentence))
    }

    /// The fault that keeps most replicas of any service down, and what it does in words.
    pub(super) fn longest_outage(&self) -> Option<(String, String)> {
        let unavailable = |one: &&Used| one.name.ends_with(" unavailable");
        let down = self.resources.iter().filter(unavailable).max_by(|a, b| a.utilisation.total_cmp(&b.utilisation))?;
        self.outage_of(down.name)
    }

    /// The share of the replicas' time in which those with this row are down, if it is worth a word, with its place.
    fn downtime(&self, name: &str) -> Option<(&Blame, &BlamePlace, f64)> {
        let down = self.resources.iter().find(|one| one.name == name).map_or(0.0, |one| one.utilisation);
        let (blame, place) = self.place(name).filter(|_| down >= OUTAGE)?;
        Some((blame, place, down))
    }

    /// What probes that are not answered in time, or fail, have to do with replicas that are down.
    fn failed_probes_of(&self, name: &str) -> Option<String> {
        let (blame, place, down) = self.downtime(name)?;
        let (service, share) = (name.trim_end_matches(" unavailable"), percent(down));
        let words = format!("failed probes keep replicas of {service} out of service ({share} of the replicas' time)");
        (!holders(blame, place).is_empty()).then_some(words)
    }

    /// The fault behind replicas that are down, and what it does in words.
    fn outage_of(&self, name: &str) -> Option<(String, String)> {
        let (blame, place, down) = self.downtime(name)?;
        let fault = outages(blame, place).first()?.place.name.clone();
        let (service, share) = (name.trim_end_matches(" unavailable"), percent(down));
        let keeps = agree(&fault, "keeps replicas of", "keep replicas of");
        let sentence = format!("{keeps} {service} down ({share} of the replicas' time)");
        Some((fault, sentence))
    }
}

/// The share of a time that is due to a fault.
fn share_of(shares: &[Share], fault: &str) -> f64 {
    shares.iter().filter(|share| share.place.name == fault).map(|share| share.share).sum()
}
