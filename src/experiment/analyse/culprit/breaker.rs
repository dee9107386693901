//! What an open breaker refuses, and what opens it: the failures that it counts.

use super::chain::{own_time, while_at};
use super::failures::Failing;
use super::telling::most;
use super::{Culprit, CulpritKind, Evidence, Used, percent};
use crate::experiment::analyse::blame::{Share, holders};
use crate::experiment::analyse::words;
use crate::parts::{Blame, BlamePlace, PlaceKind};

/// Where something fails, and whether it is refused there.
pub(super) type Failed<'a> = (&'a BlamePlace, bool);

impl Evidence<'_> {
    /// The culprit of what an open breaker refuses: `sentence` says how much that is. What the breaker counts opens it; where
    /// no account knows that, `other`, which is most of what fails besides. `failing` has the causes of what fails where.
    pub(super) fn opened(
        &self,
        blame: &Blame,
        breaker: &BlamePlace,
        other: Option<Failed>,
        failing: &[Failing],
        sentence: String,
    ) -> Culprit {
        let counted: Vec<_> = holders(blame, breaker).into_iter().filter(|share| share.place != breaker).collect();
        let Some((cause, is_refused)) = most(&counted).map(|share| (share.place, share.served)).or(other) else {
            return Culprit::new(breaker.name.clone(), CulpritKind::Refuses, sentence);
        };
        if cause.kind == PlaceKind::SlowCalls {
            return self.opened_by_slow_calls(blame, breaker, cause, sentence);
        }
        let is_there = |one: &&Failing| blame.places[usize::from(one.place)] == *cause && one.is_refused == is_refused;
        let known = failing.iter().find(is_there);
        let sentence = format!("{sentence}; it opens after {}", failures((cause, is_refused), known));
        let index = blame.places.iter().position(|place| place == cause).unwrap_or_default();
        let unknown = Failing::at(index as u16, is_refused);
        // Breakers may count what they refuse to each other, in a circle.
        let is_other = |held: u16| blame.places[usize::from(held)] != *breaker;
        let holders = blame.holders.iter().filter(|holding| is_other(holding.held)).copied().collect();
        let rest = Blame { holders, ..blame.clone() };
        let all = failing.iter().map(|one| one.requests).sum();
        let opened = self.behind_failing(&rest, known.unwrap_or(&unknown), &[], all, Some(&sentence));
        // What those wait for is the reason.
        let behind = opened.as_ref().map(|opened| opened.sentence.strip_prefix(&sentence).ok_or(&opened.sentence));
        let sentence = match behind {
            Some(Ok(behind)) if cause.kind == PlaceKind::Breaker => {
                format!("{sentence}{}", behind.replacen("it opens", &format!("{} opens", cause.name), 1))
            }
            Some(Ok(behind)) => format!("{sentence}{behind}"),
            Some(Err(other)) => format!("{sentence}; {other}"),
            None => sentence,
        };
        let is_own_time = opened.as_ref().is_none_or(|opened| opened.kind == CulpritKind::TakesTime);
        let opened = match self.late_at(cause).filter(|_| is_own_time) {
            Some((blame, place, waits)) => Some(self.chain(blame, place, format!("{sentence}; {waits}"))),
            None => opened.map(|opened| Culprit { sentence: sentence.clone(), ..opened }),
        };
        let sentence = opened.as_ref().map_or(sentence, |opened| opened.sentence.clone());
        // A fault may also open it through a resource that it fills.
        let by_fault = opened.as_ref().filter(|opened| opened.kind == CulpritKind::Fault);
        let found = match by_fault {
            Some(fault) => Culprit::fault(&fault.name, breaker, sentence),
            None => Culprit::new(breaker.name.clone(), CulpritKind::Refuses, sentence),
        };
        let is_by_error = by_fault.is_some() || opened.is_some_and(|opened| !opened.is_shortage());
        Culprit { is_by_error, ..found }
    }

    /// The same where slow calls are most of what opens it: what they spend their time on.
    fn opened_by_slow_calls(
        &self,
        blame: &Blame,
        breaker: &BlamePlace,
        slow: &BlamePlace,
        sentence: String,
    ) -> Culprit {
        let sentence = format!("{sentence}; it opens because calls behind it are slow");
        let all = holders(blame, slow);
        let Some(most) = most(&all) else {
            return Culprit::new(breaker.name.clone(), CulpritKind::Refuses, sentence);
        };
        let (name, share) = (&most.place.name, percent(most.share));
        let sentence = match most.place.kind {
            PlaceKind::Fault => format!("{sentence}, {share} of their time due to {name}"),
            _ => format!("{sentence}, {share} of their time {}", spent_at(&most)),
        };
        if most.place.kind == PlaceKind::Fault {
            let found = Culprit::fault(name, breaker, sentence);
            return Culprit { is_by_error: true, ..found };
        }
        let behind = self.chain(blame, most.place, sentence);
        let found = match behind.kind {
            CulpritKind::Fault => Culprit::fault(&behind.name, breaker, behind.sentence),
            _ => Culprit::new(breaker.name.clone(), CulpritKind::Refuses, behind.sentence),
        };
        Culprit { is_by_error: behind.kind == CulpritKind::Fault, ..found }
    }

    /// What is waited for before the own time of a service, during which something is given up as late: a resource of that
    /// service of which a visit waits for longer than it lasts. With the place, and the wait in words.
    fn late_at(&self, cause: &BlamePlace) -> Option<(&Blame, &BlamePlace, String)> {
        if cause.kind != PlaceKind::Delay {
            return None;
        }
        // `mail`, `mail sleep` or, of several endpoints that sleep, `mail.send sleep`.
        let is_own = |one: &&Used| {
            let service = one.name.split(' ').next().unwrap_or_default();
            let rest = cause.name.strip_prefix(service);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '.']))
        };
        let waits = |one: &&Used| one.is_limited && one.queue >= one.in_use && one.queue > 0.0;
        let own = self.resources.iter().filter(is_own).filter(waits);
        let longest = own.max_by(|a, b| a.queue.total_cmp(&b.queue))?;
        let (blame, place) = self.place(longest.name)?;
        Some((blame, place, format!("before that requests wait {} for {}", words::time(longest.wait_s), longest.name)))
    }
}

/// What opens a breaker, in words: the failures at a place that refuses something or not, with their causes where these are
/// known.
fn failures((place, is_refused): Failed, known: Option<&Failing>) -> String {
    let name = &place.name;
    // An error that is raised in place of what fails there, such as in a fallback, does not open it.
    let is_counted = |one: &&Failing| !one.is_answered() || place.kind == PlaceKind::OwnError;
    let Some(causes) = known.filter(is_counted).map(Failing::words) else {
        return match place.kind {
            PlaceKind::OwnError => format!("errors of {name}"),
            PlaceKind::Fault => format!("failures due to {name}"),
            PlaceKind::Unexplained | PlaceKind::Network => "failures".to_owned(),
            _ if is_refused => format!("refusals by {name}"),
            _ => format!("failures {}", while_at(place)),
        };
    };
    match place.kind {
        PlaceKind::OwnError => format!("{causes}, an error of {name}"),
        PlaceKind::Fault => format!("{causes} due to {name}"),
        PlaceKind::Unexplained | PlaceKind::Network => causes,
        _ if is_refused => format!("{causes}, refused by {name}"),
        _ => format!("{causes} {}", while_at(place)),
    }
}

/// What slow calls spend their time on: `waiting for mail pool db`, `served by mail CPU`.
fn spent_at(share: &Share) -> String {
    let name = &share.place.name;
    match share.place.kind {
        PlaceKind::Delay | PlaceKind::Work => own_time(share.place),
        _ if share.served => format!("served by {name}"),
        _ => while_at(share.place).trim_start_matches("while ").to_owned(),
    }
}
