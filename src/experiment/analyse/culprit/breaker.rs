//! What an open breaker refuses, and what opens it: the failures that it counts.

use super::chain::while_at;
use super::failures::Failing;
use super::telling::most;
use super::{Culprit, CulpritKind, Evidence, Used};
use crate::experiment::analyse::blame::{Share, holders};
use crate::experiment::analyse::words;
use crate::parts::{Blame, BlamePlace, PlaceKind};

impl Evidence<'_> {
    /// The culprit of what an open breaker refuses: `sentence` says how much that is. What it counts opens it; where no account
    /// knows that, what fails beside it, of which `others` is the largest part. `failing` has the words of what fails where.
    pub(super) fn opened(
        &self,
        blame: &Blame,
        breaker: &BlamePlace,
        others: Option<Share>,
        failing: &[Failing],
        sentence: String,
    ) -> Culprit {
        let counted = holders(blame, breaker).into_iter().filter(|share| share.place != breaker);
        let counted = most(&counted.collect::<Vec<_>>()).or(others);
        let Some(Share { place: cause, served, .. }) = counted else {
            return Culprit::new(breaker.name.clone(), CulpritKind::Refuses, sentence);
        };
        let is_there = |one: &&Failing| blame.places[usize::from(one.place)] == *cause && one.is_refused == served;
        let known = failing.iter().find(is_there);
        // An error that is raised in place of what fails there, such as in a fallback, does not open it.
        let named = known.filter(|one| !one.is_answered() || cause.kind == PlaceKind::OwnError).map(Failing::words);
        let after = match (cause.kind, named) {
            (PlaceKind::OwnError, None) => format!("errors of {}", cause.name),
            (PlaceKind::OwnError, Some(words)) => format!("{words}, an error of {}", cause.name),
            (kind, named) => {
                let by = named.as_ref().map_or(" refused by", |_| ", refused by");
                let words = named.unwrap_or_else(|| "failures".to_owned());
                match kind {
                    PlaceKind::Fault => format!("{words} due to {}", cause.name),
                    PlaceKind::Unexplained | PlaceKind::Network => words,
                    _ if served => format!("{words}{by} {}", cause.name),
                    _ => format!("{words} {}", while_at(cause)),
                }
            }
        };
        let sentence = format!("{sentence}; it opens after {after}");
        let index = blame.places.iter().position(|place| place == cause).unwrap_or_default();
        let unknown = Failing::at(index as u16, served);
        // Breakers may count what they refuse to each other, in a circle.
        let is_other = |held: u16| blame.places[usize::from(held)] != *breaker;
        let holders = blame.holders.iter().filter(|holding| is_other(holding.held)).copied().collect();
        let rest = Blame { holders, ..blame.clone() };
        let opened =
            self.of_failing(&rest, known.unwrap_or(&unknown), &[], failing.iter().map(|one| one.requests).sum());
        // What those wait for is the reason, if it is not all that was said.
        let behind = opened.as_ref().and_then(|opened| opened.sentence.split_once("; "));
        let sentence = match behind {
            Some((_, behind)) if cause.kind == PlaceKind::Breaker => {
                format!("{sentence}; {}", behind.replacen("it opens", &format!("{} opens", cause.name), 1))
            }
            Some((_, behind)) => format!("{sentence}; {behind}"),
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

    /// What is waited for before the own time of a service, during which something is given up as late: a resource of that
    /// service of which a visit waits for longer than it lasts. With the place, and the wait in words.
    fn late_at(&self, cause: &BlamePlace) -> Option<(&Blame, &BlamePlace, String)> {
        let service =
            cause.name.split(' ').next().filter(|_| matches!(cause.kind, PlaceKind::Delay | PlaceKind::Work))?;
        let is_own = |one: &&Used| one.name.strip_prefix(service).is_some_and(|rest| rest.starts_with(' '));
        let waits = |one: &&Used| one.is_limited && one.queue >= one.in_use && one.queue > 0.0;
        let own = self.resources.iter().filter(is_own).filter(waits);
        let longest = own.max_by(|a, b| a.queue.total_cmp(&b.queue))?;
        let (blame, place) = self.place(longest.name)?;
        Some((blame, place, format!("before that requests wait {} for {}", words::time(longest.wait_s), longest.name)))
    }
}
