//! The culprit of the failures: what refused most of them, or what they waited for.

use super::chain::own_time;
use super::telling::most;
use super::{Culprit, CulpritKind, Evidence, percent};
use crate::experiment::blame::holders;
use crate::parts::{Blame, FailedAt, Failure, Group, PlaceKind};

/// Share of the failures from which a place matters beside the one where most happen.
const ALSO: f64 = 0.25;

/// Share of what fails at a place from which a cause is named.
const NAMED: f64 = 0.005;

/// What fails at one place in the same way: refused there at once, or after waiting there.
struct Failing {
    place: u16,
    is_refused: bool,
    requests: u64,
    /// Causes with the number of requests, most first.
    causes: Vec<(String, u64)>,
}

impl Failing {
    /// All failures by place, most first.
    fn all<'a>(failures: impl Iterator<Item = &'a FailedAt>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for at in failures {
            let is_refused = Failure::fails_at_once(&at.cause);
            let known = match all.iter().position(|known| (known.place, known.is_refused) == (at.place, is_refused)) {
                Some(known) => known,
                None => {
                    all.push(Self { place: at.place, is_refused, requests: 0, causes: Vec::new() });
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

    fn share(&self, all: u64) -> f64 {
        self.requests as f64 / all as f64
    }

    /// Its causes in words: `` `client gave up` ``, or `` `client gave up` (60 %) and `read timed out` (40 %) ``.
    fn words(&self) -> String {
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
        let blame = self.blame?;
        let kind_of = |place: u16| blame.places[usize::from(place)].kind;
        let is_own = |at: &FailedAt| kind_of(at.place) == PlaceKind::OwnError;
        // If all failures are errors of the model's own, they are the culprit.
        let without_own = self.is_own_error_harmless && blame.failures.iter().any(|at| !is_own(at));
        let failing = Failing::all(blame.failures.iter().filter(|at| !(without_own && is_own(at))));
        let all: u64 = failing.iter().map(|one| one.requests).sum();
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
                _ => format!("; {share} are {causes} at {name}"),
            };
        }
        Some(found)
    }

    /// The culprit of what fails at one place, `others` beside it.
    fn of_failing(&self, blame: &Blame, most_of_all: &Failing, others: &[Failing], all: u64) -> Option<Culprit> {
        let place = &blame.places[usize::from(most_of_all.place)];
        let causes = most_of_all.words();
        let name = place.name.clone();
        let of_failures = format!("{} of the failures", percent(most_of_all.share(all)));
        let (kind, sentence) = match place.kind {
            PlaceKind::Unavailable => {
                let service = name.trim_end_matches(" unavailable");
                let sentence = format!("{of_failures} are {causes}: no replica of {service} is available");
                let Some(probe) = most(&holders(blame, place)) else {
                    return Some(Culprit::new(name, CulpritKind::Unavailable, sentence));
                };
                let restarts = match self.restarts > 0.0 {
                    true => format!("its liveness probe restarts it {} a run", times(self.restarts)),
                    false => "its readiness probe is not answered in time".to_owned(),
                };
                let waits = format!("the probe waits for {}", probe.place.name);
                // Where other requests fail in that very place, it is what the restarts come from.
                let also = others.iter().find(|other| blame.places[usize::from(other.place)] == *probe.place);
                if let Some(share) = also.map(|other| other.share(all)).filter(|&share| share >= ALSO) {
                    let share = percent(share);
                    let waits = format!("{share} of the failures are waiting for {}", probe.place.name);
                    let mut found = self.chain(blame, probe.place, waits);
                    found.sentence += &format!("; {service} is unavailable to the others, because {restarts}");
                    return Some(found);
                }
                let why = self.chain(blame, probe.place, waits).sentence;
                (CulpritKind::Unavailable, format!("{sentence}, because {restarts}: {why}"))
            }
            PlaceKind::Fault => (CulpritKind::Fault, format!("{of_failures} are due to {name} ({causes})")),
            PlaceKind::OwnError => (CulpritKind::OwnError, format!("{of_failures} are {causes}, an error of {name}")),
            PlaceKind::Breaker => {
                let opened_by = others.iter().find(|other| other.place != most_of_all.place);
                let why = opened_by.map_or_else(String::new, |other| format!("; it opens after {}", other.words()));
                (CulpritKind::Refuses, format!("{of_failures} are refused by {name}, which is open{why}"))
            }
            // Full threads refuse because of what holds them.
            PlaceKind::Threads if most_of_all.is_refused => {
                let refused = format!("{of_failures} are refused by {name} ({causes})");
                let found = self.chain(blame, place, refused);
                if found.name != name {
                    return Some(found);
                }
                (CulpritKind::Refuses, found.sentence)
            }
            kind if most_of_all.is_refused && kind != PlaceKind::Unexplained => {
                (CulpritKind::Refuses, format!("{of_failures} are refused by {name} ({causes})"))
            }
            PlaceKind::Backlog => {
                (CulpritKind::DroppedSyns, format!("{of_failures} are {causes} while {name} is full and drops SYNs"))
            }
            PlaceKind::Delay => {
                (CulpritKind::TakesTime, format!("{of_failures} are {causes} during {}", own_time(place)))
            }
            // No request waits for one of its connections, so they wait for an answer.
            PlaceKind::HttpClient if holders(blame, place).is_empty() => (
                CulpritKind::NeverAnswered,
                format!("{of_failures} are {causes}: calls through a broken {name} are never answered"),
            ),
            PlaceKind::Network | PlaceKind::Unexplained | PlaceKind::ClientBackOff => return None,
            PlaceKind::Contention => return self.of_group(Group::Failed),
            _ => {
                return Some(self.chain(blame, place, format!("{of_failures} are {causes} while waiting for {name}")));
            }
        };
        Some(Culprit::new(name, kind, sentence))
    }
}

fn times(count: f64) -> String {
    if count == 1.0 { "once".into() } else { format!("{count:.1} times") }
}
