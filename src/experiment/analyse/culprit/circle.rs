//! Hold-and-wait: holders of a place wait for another unit of it, or for a place that is held by requests that wait for theirs.
//!
//! It costs the share of the holders' time that is such a wait. If all units are held by requests that wait, only a time-out
//! ends that. So it may cause failures by a time-out even where holders mostly do something else.

use super::chain::{MOSTLY, blocked, is_blocked};
use super::failures::ALSO;
use super::{Culprit, CulpritKind, Evidence, percent};
use crate::experiment::analyse::blame::{Share, holders};
use crate::experiment::analyse::words;
use crate::parts::{Blame, BlamePlace, FailedAt, Failure, PlaceKind};

/// Share of the holders' time from which a wait that closes a chain is named where requests fail by a time-out there. In a
/// pool of 10 of which requests take one or two connections (120 loads, time-outs and shares of second ones), without the
/// second one up to 10 % of the requests more succeeded below this share, and up to all of them above it.
const CLOSES: f64 = 0.1;

/// A chain of holders that closes.
pub(super) struct Closing<'c, 'a> {
    /// What is held and waited for, each by the holders of the one before.
    pub places: &'c [&'a BlamePlace],
    /// What the holders of the last one wait for: the first one.
    pub share: Share<'a>,
}

impl Closing<'_, '_> {
    /// How it closes.
    pub fn words(&self) -> String {
        let share = percent(self.share.share);
        match self.places {
            [_] if self.is_of_loops() => {
                format!("each blocks one and waits for a call that needs one ({share} of the holders' time)")
            }
            [_] => {
                let each = units(self.share.place);
                let each = each.map_or_else(|| "each".into(), |units| format!("each of {units}"));
                format!("{each} holds one and waits for a second one ({share} of the holders' time)")
            }
            _ => self.waits(),
        }
    }

    /// The same as a wait: of several places, or where holders do something else for most of the time.
    fn waits(&self) -> String {
        let (name, share) = (&self.last().name, percent(self.share.share));
        let what = if self.places.len() == 1 { "a second one" } else { &self.share.place.name };
        match is_blocked(self.last(), &self.share) {
            true => blocked(self.last(), &self.share, &share),
            false => format!("those who hold {name} wait for {what} ({share} of their time)"),
        }
    }

    /// What removes it.
    pub fn remedy(&self) -> String {
        let without = match self.places {
            places if places.iter().any(is_loops) => "to wait without blocking the event loop removes it".to_owned(),
            [_] => "one unit a request removes it".to_owned(),
            _ => format!("to give back {} before waiting for {} removes it", self.last().name, self.share.place.name),
        };
        let more = match self.share.place.kind {
            PlaceKind::EventLoops if self.is_of_loops() => "more workers move",
            PlaceKind::Threads | PlaceKind::Executor => "more threads move",
            PlaceKind::Limit | PlaceKind::Ingress => "more slots move",
            _ => "a larger pool moves",
        };
        format!("{more} the limit, {without}")
    }

    /// Whether all that is held are event loops, which their holders block.
    fn is_of_loops(&self) -> bool {
        self.places.iter().all(is_loops)
    }

    fn last(&self) -> &BlamePlace {
        self.places.last().copied().unwrap_or(self.share.place)
    }
}

impl Evidence<'_> {
    /// Adds to the culprit at the end of a chain where that closes, if requests fail by a time-out there. For enough of the
    /// holders' time that is the culprit, where nothing else is behind it.
    pub(super) fn with_circle(&self, blame: &Blame, chain: &[&BlamePlace], mut found: Culprit) -> Culprit {
        let Some(circle) = self.closing(blame, chain).filter(|_| found.kind != CulpritKind::Circle) else {
            return found;
        };
        let all = match units(circle.share.place).filter(|_| circle.places.len() == 1) {
            Some(units) => format!("where all {units} do"),
            None => "where all do".to_owned(),
        };
        let end = self.end_of_circle(blame, circle.places);
        let end = end.map_or_else(String::new, |end| format!(", and {all}, {end}"));
        found.sentence += &format!("; {}{end}: {}", circle.waits(), circle.remedy());
        let is_root = circle.places.iter().any(|place| place.name == found.name);
        if found.kind == CulpritKind::Limits && is_root && circle.share.share >= MOSTLY {
            let name = circle.share.place.name.clone();
            return Culprit { name, kind: CulpritKind::Circle, is_full: false, tied: None, ..found };
        }
        found
    }

    /// Where a chain closes for a share of the holders' time, and requests fail by a time-out in that circle.
    pub(super) fn closing<'c, 'a>(&self, blame: &'a Blame, chain: &'c [&'a BlamePlace]) -> Option<Closing<'c, 'a>> {
        if !self.is_failing() {
            return None;
        }
        let closes = |(index, place): (usize, &&'a BlamePlace)| {
            let of_place = holders(blame, place).into_iter().filter(|one| !one.served && one.share >= CLOSES);
            let closing = |share: Share<'a>| {
                let at = chain[..=index].iter().position(|place| *place == share.place)?;
                Some(Closing { places: &chain[at..=index], share })
            };
            let is_held = |places: &[&BlamePlace]| places.iter().all(|place| place.kind != PlaceKind::BackOff);
            of_place.filter_map(closing).find(|circle| is_held(circle.places) && is_late(blame, circle.places))
        };
        chain.iter().enumerate().filter_map(closes).max_by(|a, b| a.share.share.total_cmp(&b.share.share))
    }

    /// What ends a circle of waits for these places, in words; none where its requests end without that.
    pub(super) fn end_of_circle(&self, blame: &Blame, circle: &[&BlamePlace]) -> Option<String> {
        if circle.iter().any(|place| place.units.is_some_and(|units| units.grows)) {
            return Some("that ends when there are enough of them, since one is added at a time".into());
        }
        if let Some(length) = circle.iter().find_map(|place| place.units?.patience) {
            return Some(format!("only the time-out of {} ends that", words::time(length.seconds())));
        }
        if self.deadlock.is_some() {
            return Some("nothing ends that".into());
        }
        let is_late = blame.failures.iter().any(|at| Failure::is_late(&at.cause));
        is_late.then(|| "only a time-out ends that".into())
    }
}

fn is_loops(place: &&BlamePlace) -> bool {
    place.kind == PlaceKind::EventLoops
}

/// Whether enough of the failures are late at these places.
fn is_late(blame: &Blame, places: &[&BlamePlace]) -> bool {
    let is_there =
        |at: &&FailedAt| Failure::is_late(&at.cause) && places.contains(&&blame.places[usize::from(at.place)]);
    let late: u64 = blame.failures.iter().filter(is_there).map(|at| at.requests).sum();
    let all: u64 = blame.failures.iter().map(|at| at.requests).sum();
    late > 0 && late as f64 >= ALSO * all as f64
}

/// The units of a place in each process, where their number is limited and stays the same.
fn units(place: &BlamePlace) -> Option<u32> {
    place.units.filter(|units| !units.grows).map(|units| units.number).filter(|&number| number < u32::MAX)
}
