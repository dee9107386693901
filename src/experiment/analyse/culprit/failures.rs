//! The culprit of the failures: what refused most of them, or what they waited for.

use super::chain::while_at;
use super::telling::{is_wait, telling};
use super::unavailable::times;
use super::{Culprit, CulpritKind, Evidence, by_fault, percent};
use crate::experiment::analyse::blame::{Share, holders, shares, while_failing};
use crate::parts::{Blame, BlameGroup, BlamePlace, FailedAt, Failure, PlaceKind};

/// Share of the failures from which a place matters besides the one where most happen: an assumption.
pub(super) const ALSO: f64 = 0.25;

/// Share of what fails at a place from which a cause is named.
const NAMED: f64 = 0.005;

/// Share of the failed requests' time from which a wait has made them late.
const LATE: f64 = 0.15;

/// The same of all waits together where something else takes more of that time, so that some requests would be late without the
/// waits. An assumption: in `tests/culprits/late-in-part.toml` two limits take 43 % of it, and larger ones raise success from 74
/// to 89.6 %.
const PARTLY_LATE: f64 = 0.3;

/// How many times as long as successes failed requests are at a place that is as slow to them as to successes.
const USUAL: f64 = 1.05;

/// Which of the requests that failed during something other than a wait were late because of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    All,
    Some,
}

/// What fails at one place in the same way: refused there at once, or after waiting there.
pub(super) struct Failing {
    pub place: u16,
    pub is_refused: bool,
    pub requests: u64,
    /// Causes with the number of requests, most first.
    causes: Vec<(String, u64)>,
}

impl Failing {
    /// What fails at a place, of which no more is known.
    pub fn at(place: u16, is_refused: bool) -> Self {
        Self { place, is_refused, requests: 0, causes: Vec::new() }
    }

    /// All failures by place, most first.
    pub fn all<'a>(failures: impl Iterator<Item = &'a FailedAt>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for at in failures {
            let is_refused = Failure::fails_at_once(&at.cause);
            let known = match all.iter().position(|known| (known.place, known.is_refused) == (at.place, is_refused)) {
                Some(known) => known,
                None => {
                    all.push(Self::at(at.place, is_refused));
                    all.len() - 1
                }
            };
            let failing = &mut all[known];
            failing.requests += at.requests;
            match failing.causes.iter_mut().find(|(cause, _)| *cause == at.cause) {
                Some((_, requests)) => *requests += at.requests,
                None => failing.causes.push((at.cause.clone(), at.requests)),
            }
        }
        for failing in &mut all {
            failing.causes.sort_by_key(|(_, requests)| std::cmp::Reverse(*requests));
        }
        all.sort_by_key(|failing| (std::cmp::Reverse(failing.requests), failing.place));
        all
    }

    /// The same with what fails by these causes at other places: for a sentence that names no place.
    fn anywhere(&self, others: &[Self]) -> Self {
        let mut all = Self { causes: self.causes.clone(), ..*self };
        for (cause, requests) in &mut all.causes {
            let elsewhere = others.iter().filter(|other| !other.is_refused).flat_map(|other| &other.causes);
            *requests += elsewhere.filter(|(other, _)| *other == *cause).map(|(_, requests)| requests).sum::<u64>();
        }
        all.causes.sort_by_key(|(_, requests)| std::cmp::Reverse(*requests));
        all.requests = all.causes.iter().map(|(_, requests)| requests).sum();
        all
    }

    fn share(&self, all: u64) -> f64 {
        self.requests as f64 / all as f64
    }

    /// Whether this is its most frequent cause.
    fn is_mostly(&self, cause: Failure) -> bool {
        self.causes.first().is_some_and(|(words, _)| *words == cause.describe(&[]))
    }

    /// Whether most of them are refused on purpose.
    fn is_shed(&self) -> bool {
        Failure::REFUSALS.iter().any(|&refusal| self.is_mostly(refusal))
    }

    /// Whether it is answered with an error of the model's own, in place of what fails there.
    pub fn is_answered(&self) -> bool {
        self.causes.first().is_some_and(|(words, _)| Failure::is_own(words))
    }

    /// Whether this is one of its causes.
    fn has(&self, cause: Failure) -> bool {
        self.causes.iter().any(|(words, _)| *words == cause.describe(&[]))
    }

    /// Its causes in words: `` `client gave up` ``, or `` `client gave up` (60 %) and `read timed out` (40 %) ``.
    pub fn words(&self) -> String {
        let share = |requests: u64| requests as f64 / self.requests as f64;
        let named: Vec<_> = self.causes.iter().filter(|(_, requests)| share(*requests) >= NAMED).take(3).collect();
        match named.as_slice() {
            [(cause, _)] => format!("`{cause}`"),
            _ => {
                let each = named.iter().map(|(cause, requests)| format!("`{cause}` ({})", percent(share(*requests))));
                let each: Vec<String> = each.collect();
                let (last, others) =
                    each.split_last().map_or(("", [].as_slice()), |(last, rest)| (last.as_str(), rest));
                format!("{} and {last}", others.join(", "))
            }
        }
    }
}

impl Evidence<'_> {
    /// The culprit of the failures.
    pub(super) fn of_failures(&self) -> Option<Culprit> {
        let blame = &while_failing(self.blame?);
        let kind_of = |place: u16| blame.places[usize::from(place)].kind;
        let is_own = |at: &FailedAt| kind_of(at.place) == PlaceKind::OwnError;
        // If all failures are errors of the model's own, they are the culprit.
        let without_own = self.is_own_error_harmless && blame.failures.iter().any(|at| !is_own(at));
        let mut failing = Failing::all(blame.failures.iter());
        let all: u64 = failing.iter().map(|one| one.requests).sum();
        if without_own {
            failing.sort_by_key(|one| kind_of(one.place) == PlaceKind::OwnError);
        }
        // Without the refusals the objective would be met, whatever else fails.
        if self.sheds {
            failing.sort_by_key(|one| !one.is_shed());
        }
        let (most, others) = failing.split_first()?;
        let mut found = self.of_failing(blame, most, others, all)?;
        // Many failures at another place, or of another kind at the same one, are named as well.
        let place = |one: &Failing| &blame.places[usize::from(one.place)];
        for other in others.iter().filter(|other| other.share(all) >= ALSO) {
            if other.place != most.place && found.sentence.contains(&place(other).name) {
                continue;
            }
            let (share, causes, name) = (percent(other.share(all)), other.words(), &place(other).name);
            found.sentence += &match kind_of(other.place) {
                PlaceKind::Fault => format!("; {share} are due to {name} ({causes})"),
                PlaceKind::OwnError => format!("; {share} are {causes}, an error of {name}"),
                _ if other.is_refused => format!("; {share} are refused by {name} ({causes})"),
                PlaceKind::Unexplained | PlaceKind::Network => continue,
                _ => format!("; {share} are {causes} {}", while_at(place(other))),
            };
        }
        Some(found)
    }

    /// The culprit of what fails at one place; `others` fail as well.
    pub(super) fn of_failing(
        &self,
        blame: &Blame,
        most_of_all: &Failing,
        others: &[Failing],
        all: u64,
    ) -> Option<Culprit> {
        self.behind_failing(blame, most_of_all, others, all, None)
    }

    /// The same, where `told` already says what fails: the sentence begins with it, and continues with what is behind that.
    pub(super) fn behind_failing(
        &self,
        blame: &Blame,
        most_of_all: &Failing,
        others: &[Failing],
        all: u64,
        told: Option<&str>,
    ) -> Option<Culprit> {
        let head = |what: String| told.map_or(what, str::to_owned);
        let place = &blame.places[usize::from(most_of_all.place)];
        let causes = most_of_all.words();
        let name = place.name.clone();
        let of_failures = format!("{} of the failures", percent(most_of_all.share(all)));
        let (kind, sentence) = match place.kind {
            PlaceKind::Unavailable => {
                let also = |place: &BlamePlace| {
                    let same = others.iter().find(|other| blame.places[usize::from(other.place)] == *place);
                    let words = |other: &Failing| {
                        let (share, causes) = (percent(other.share(all)), other.words());
                        match other.is_refused {
                            true => format!("{share} of the failures are refused by {} ({causes})", place.name),
                            false => format!("{share} of the failures are {causes} {}", while_at(place)),
                        }
                    };
                    same.filter(|other| other.share(all) >= ALSO).map(words)
                };
                let service = name.trim_end_matches(" unavailable");
                let down = match most_of_all.has(Failure::CONNECTION_REFUSED) {
                    true => format!("no replica of {service} is available"),
                    false => format!("replicas of {service} are killed"),
                };
                return Some(self.unavailable(
                    blame,
                    place,
                    head(format!("{of_failures} are {causes}: {down}")),
                    &also,
                ));
            }
            PlaceKind::Memory => {
                let service = name.trim_end_matches(" memory");
                let killed = format!("replicas of {service} need more memory than they may have and are killed");
                // Replicas that are down from before the window on are not killed in it.
                let often =
                    if self.restarts < 0.05 { String::new() } else { format!(" {} a run", times(self.restarts)) };
                (CulpritKind::OutOfMemory, head(format!("{of_failures} are {causes}: {killed}{often}")))
            }
            PlaceKind::Fault => {
                return Some(by_fault(blame, place, head(format!("{of_failures} are due to {name} ({causes})"))));
            }
            PlaceKind::OwnError => {
                (CulpritKind::OwnError, head(format!("{of_failures} are {causes}, an error of {name}")))
            }
            PlaceKind::Breaker => {
                let refused = head(format!("{of_failures} are refused by {name}, which is open"));
                let other = others.iter().find(|other| other.place != most_of_all.place);
                let other = other.map(|other| (&blame.places[usize::from(other.place)], other.is_refused));
                return Some(self.opened(blame, place, other, others, refused));
            }
            // What is full refuses because of what its holders do; a rate has no holders.
            PlaceKind::Threads
            | PlaceKind::Limit
            | PlaceKind::Connections
            | PlaceKind::HttpClient
            | PlaceKind::Queue
            | PlaceKind::Ingress
                if most_of_all.is_refused =>
            {
                return Some(self.refusal(
                    blame,
                    place,
                    head(format!("{of_failures} are refused by {name} ({causes})")),
                ));
            }
            kind if most_of_all.is_refused && kind != PlaceKind::Unexplained => {
                (CulpritKind::Refuses, head(format!("{of_failures} are refused by {name} ({causes})")))
            }
            PlaceKind::Backlog => (
                CulpritKind::DroppedSyns,
                head(format!("{of_failures} are {causes} while {name} is full and drops SYNs")),
            ),
            // A request that has waited too long is given up later, wherever it is by then.
            PlaceKind::Delay
            | PlaceKind::Network
            | PlaceKind::BackOff
            | PlaceKind::ClientBackOff
            | PlaceKind::Hedge
                if let Some((mut found, part)) = self.wait_of_failed(blame, place) =>
            {
                let failed = match part {
                    Part::All => {
                        let anywhere = most_of_all.anywhere(others);
                        format!("{} of the failures are {}", percent(anywhere.share(all)), anywhere.words())
                    }
                    Part::Some => format!("{of_failures} are {causes} {}", while_at(place)),
                };
                found.sentence = format!("{}; {}", head(failed), found.sentence);
                return Some(found);
            }
            PlaceKind::Delay => {
                (CulpritKind::TakesTime, head(format!("{of_failures} are {causes} {}", while_at(place))))
            }
            PlaceKind::HttpClient if most_of_all.is_mostly(Failure::DISCONNECTED) => (
                CulpritKind::Disconnects,
                head(format!(
                    "{of_failures} are {causes}: the server closes idle connections of {name} as requests are sent over \
                     them; its `keep_alive` must be longer than the client's `keepalive_expiry`"
                )),
            ),
            // No request waits for one of its connections, so they wait for an answer.
            PlaceKind::HttpClient if holders(blame, place).is_empty() => (
                CulpritKind::NeverAnswered,
                head(format!("{of_failures} are {causes}: calls through a broken {name} are never answered")),
            ),
            PlaceKind::Network | PlaceKind::Unexplained | PlaceKind::ClientBackOff => return None,
            PlaceKind::Hedge => return None,
            PlaceKind::BackOff => {
                let failed = head(format!("{of_failures} are {causes} {}", while_at(place)));
                let found = self.chain(blame, place, failed);
                return Some(found).filter(|found| found.kind != CulpritKind::TakesTime);
            }
            PlaceKind::Contention => return self.of_group(BlameGroup::Failed),
            _ if most_of_all.is_answered() => {
                let answered =
                    format!("{of_failures} are {causes}, the answer to what {name} refuses or keeps waiting");
                return Some(self.chain(blame, place, head(answered)));
            }
            _ => {
                let failed = head(format!("{of_failures} are {causes} {}", while_at(place)));
                return Some(self.chain(blame, place, failed));
            }
        };
        Some(Culprit::new(name, kind, sentence))
    }

    /// The wait because of which requests were late that failed during something other than a wait. It is the largest wait of
    /// the failed requests' time, if they mostly waited, or if what they failed during took no longer than it takes successes.
    /// Otherwise a wait for something full makes a part of them late.
    fn wait_of_failed(&self, blame: &Blame, place: &BlamePlace) -> Option<(Culprit, Part)> {
        let failed = shares(blame, BlameGroup::Failed);
        let wait = failed.iter().find(|share| is_wait(share) && share.share >= LATE)?;
        let seconds = |shares: &[Share]| -> Option<f64> {
            let there: Vec<f64> = shares.iter().filter(|one| one.place == place).map(|one| one.seconds).collect();
            (!there.is_empty()).then(|| there.iter().sum())
        };
        let usual = seconds(&shares(blame, BlameGroup::Mean));
        let is_usual = || usual.zip(seconds(&failed)).is_some_and(|(usual, failed)| failed <= USUAL * usual);
        let waiting: f64 = failed.iter().filter(|share| is_wait(share)).map(|share| share.share).sum();
        let part = match telling(&failed).is_some_and(is_wait) || is_usual() {
            true => Part::All,
            false if waiting >= PARTLY_LATE && self.is_full(&wait.place.name) => Part::Some,
            false => return None,
        };
        Some((self.of_share(blame, BlameGroup::Failed, &failed, wait), part))
    }

    /// What the failed requests spent most of their time on, where no place refused them or kept them waiting.
    pub(super) fn of_failed_time(&self) -> Option<Culprit> {
        let blame = self.blame?;
        let failing = Failing::all(blame.failures.iter());
        let all: u64 = failing.iter().map(|one| one.requests).sum();
        let (first, others) = failing.split_first()?;
        let most = first.anywhere(others);
        let mut found = self.of_group(BlameGroup::Failed)?;
        let share = percent(most.share(all));
        found.sentence = format!("{share} of the failures are {}; {}", most.words(), found.sentence);
        Some(found)
    }
}
