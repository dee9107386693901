//! The culprit: what limits a point, refuses its requests or keeps them waiting, from where their time went.
//!
//! Requests that wait for a place are followed to its holders: what they wait for in turn, up to the root of the chain.
//! A unit of a pool or a thread is waited for only while all are in use, so the place that a chain ends at is full
//! whenever requests wait for it, however little it is used over the whole run.

mod evidence;
mod telling;

pub use evidence::{Evidence, Growing, Used};

use crate::parts::{Blame, FailedAt, Group, Place, PlaceKind};

use super::blame::{Share, holders, shares};
use super::verdict;
use telling::{most, stretch, telling};

/// From which share of use on a resource that shares itself out, a CPU, is full.
const FULL: f64 = 0.95;

/// The same of a finite test, which begins and ends with fewer clients.
const FULL_IN_TEST: f64 = 0.85;

/// Share of requests from which failures decide on the culprit.
const FAILING: f64 = 0.01;

/// Share of the holders' time from which a chain of holders is followed further.
const MOSTLY: f64 = 0.3;

/// Share of the holders' time from which a chain that closes is a circle.
const CIRCLE: f64 = 0.5;

/// Share of the holders' time from which a fault is behind a wait, where the rest of it is their own work.
const BY_FAULT: f64 = 0.15;

/// How many times its own length each job takes before that is called contention.
const STRETCHED: f64 = 1.5;

/// Share of the failures from which a place matters beside the one where most happen.
const ALSO: f64 = 0.25;

/// The longest chain.
const LONGEST: usize = 8;

/// What is behind a point's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Culprit {
    /// As the reports name it: a resource, a service or a fault.
    pub name: String,
    /// What it does.
    pub kind: CulpritKind,
    /// The same in a sentence, without a full stop.
    pub sentence: String,
    /// Whether it is full while its requests suffer: at least 95 % in use over the window (85 % of a finite test, which
    /// begins and ends with fewer clients), or waited for by requests that failed.
    pub is_full: bool,
}

impl Culprit {
    fn new(name: String, kind: CulpritKind, sentence: String) -> Self {
        Self { name, kind, sentence, is_full: false }
    }

    /// What limits the point, if the culprit does: the root of the chain of waits, or what refuses.
    pub fn limit(&self) -> Option<&str> {
        self.kind.limits().then_some(self.name.as_str())
    }

    /// In a few words: `user-service pool auth is saturated`.
    pub fn cause(&self) -> String {
        let name = &self.name;
        match self.kind {
            CulpritKind::Deadlock => format!("{name} deadlocks"),
            CulpritKind::Circle => format!("requests that hold {name} wait for a second one"),
            CulpritKind::NeverAnswered => "calls through a broken client are never answered".into(),
            CulpritKind::Refuses => format!("{name} refuses requests"),
            CulpritKind::Unavailable => format!("{} is unavailable", name.trim_end_matches(" unavailable")),
            CulpritKind::Fault => name.clone(),
            CulpritKind::OwnError => format!("{name} answers with an error"),
            CulpritKind::Limits if self.is_full => format!("{name} is saturated"),
            CulpritKind::Limits => format!("requests wait for {name}"),
            CulpritKind::Contention => name.clone(),
            CulpritKind::DroppedSyns => format!("{name} is full and drops SYNs"),
            CulpritKind::TakesTime => format!("{name} takes most of the time"),
        }
    }
}

/// What a culprit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CulpritKind {
    /// Requests hold it and wait for it, or for each other: nothing ends that.
    Deadlock,
    /// The same, but a time-out ends it.
    Circle,
    /// Calls that are never answered.
    NeverAnswered,
    /// It refuses requests: a limit, an ingress, an open breaker, a full queue.
    Refuses,
    /// No replica accepts connections.
    Unavailable,
    /// An injected fault.
    Fault,
    /// A `fail` step of the model.
    OwnError,
    /// It is waited for: the root of the chain of holders.
    Limits,
    /// Jobs get in each other's way.
    Contention,
    /// SYNs were dropped by a full accept queue, and sent again.
    DroppedSyns,
    /// Time that is spent there without waiting: the service's own time, the network, a back-off.
    TakesTime,
}

impl CulpritKind {
    /// Whether the culprit is a resource that limits what the system can do.
    pub fn limits(self) -> bool {
        !matches!(self, Self::TakesTime | Self::OwnError | Self::NeverAnswered)
    }
}

impl Evidence<'_> {
    /// The culprit of the point: of its failures where there are enough to matter, else of its 95th percentile.
    pub fn culprit(&self) -> Option<Culprit> {
        if let Some(deadlock) = self.deadlock {
            let circle = deadlock.circle.first().cloned().unwrap_or_default();
            let sentence = format!("the {} deadlocks: {circle}", deadlock.resource);
            return Some(Culprit::new(deadlock.resource.clone(), CulpritKind::Deadlock, sentence));
        }
        if self.hung >= 1.0 {
            let sentence = "calls through a broken client are never answered".to_owned();
            return Some(Culprit::new("a broken client".into(), CulpritKind::NeverAnswered, sentence));
        }
        let requests = |group: Group| {
            let of_group = |blame: &Blame| blame.groups.iter().find(|times| times.group == group).map(|it| it.requests);
            self.blame.and_then(of_group).unwrap_or(0.0)
        };
        let (failed, succeeded) = (requests(Group::Failed), requests(Group::Mean));
        let is_failing = failed * self.share_that_matters() > FAILING * (failed + succeeded);
        let failures = if is_failing { self.of_failures() } else { None };
        // A request that fails while it waits has found all units in use.
        let failures = failures.map(|found| Culprit { is_full: true, ..found });
        let found = failures.or_else(|| self.of_group(Group::P95)).or_else(|| self.of_failures());
        let is_telling = |found: &Culprit| {
            let takes_time = matches!(found.kind, CulpritKind::TakesTime | CulpritKind::OwnError);
            self.grows != Growing::Work && !(takes_time && self.grows == Growing::Requests)
        };
        match found {
            Some(found) if is_telling(&found) && found.kind != CulpritKind::TakesTime => Some(found),
            found if self.grows == Growing::Nothing => self.behind().or(found),
            found => self.backlog().or(found),
        }
    }

    /// The share of the failures that may be what misses an objective.
    fn share_that_matters(&self) -> f64 {
        let Some(blame) = self.blame.filter(|_| self.is_own_error_harmless) else { return 1.0 };
        let own = |at: &&FailedAt| blame.places[usize::from(at.place)].kind == PlaceKind::OwnError;
        let all: u64 = blame.failures.iter().map(|at| at.requests).sum();
        let own: u64 = blame.failures.iter().filter(own).map(|at| at.requests).sum();
        if all == 0 { 1.0 } else { 1.0 - own as f64 / all as f64 }
    }

    /// What piles up waits for this: the full resource with the longest queue, or what its holders wait for.
    fn backlog(&self) -> Option<Culprit> {
        let waited_for = |one: &&Used| one.queue >= 1.0 && self.is_full(one.name);
        let most = self.resources.iter().filter(waited_for).max_by(|a, b| a.queue.total_cmp(&b.queue))?;
        let (name, queue) = (most.name, most.queue);
        let mut sentence =
            format!("{queue:.0} wait for {name} on average, which is {} in use", percent(most.utilisation));
        let place = self.blame.and_then(|blame| blame.places.iter().find(|place| place.name == name));
        if let (Some(blame), Some(place)) = (self.blame, place)
            && !holders(blame, place).is_empty()
        {
            return Some(self.chain(blame, place, sentence));
        }
        // None of its holders has released it yet, so nothing is known of what they do.
        let cpu = name.strip_suffix(" threads").map(|service| format!("{service} CPU"));
        let cpu = cpu.filter(|cpu| self.is_full(cpu));
        if let Some(cpu) = &cpu {
            sentence += &format!("; {cpu} is full as well");
        }
        let root = cpu.unwrap_or_else(|| name.to_owned());
        Some(Culprit { is_full: true, ..Culprit::new(root, CulpritKind::Limits, sentence) })
    }

    /// Where work behind the answers waits for most of the time to its completion.
    fn behind(&self) -> Option<Culprit> {
        let completion = self.completion_s?;
        let longest = self.resources.iter().max_by(|a, b| a.wait_s.total_cmp(&b.wait_s))?;
        let is_most = longest.wait_s * 2.0 >= completion && longest.wait_s > 0.0;
        is_most.then(|| {
            let sentence = format!(
                "work behind the answers waits {} for {}, out of {} to its completion",
                verdict::time(longest.wait_s),
                longest.name,
                verdict::time(completion)
            );
            let is_full = self.is_full(longest.name);
            Culprit { is_full, ..Culprit::new(longest.name.to_owned(), CulpritKind::Limits, sentence) }
        })
    }

    /// The culprit of a percentile of the response time, or of the mean.
    pub fn of_group(&self, group: Group) -> Option<Culprit> {
        let blame = self.blame?;
        let shares = shares(blame, group);
        let first = telling(&shares)?;
        let percent = percent(first.share);
        let time = match group {
            Group::Mean => format!("{percent} of the time"),
            Group::Failed => format!("{percent} of the failed requests' time"),
            Group::P999 => format!("{percent} of the time at p99.9"),
            _ => format!("{percent} of the time at {}", group.name()),
        };
        let name = first.place.name.clone();
        let (kind, sentence) = match first.place.kind {
            PlaceKind::Contention => {
                let owner = name.trim_end_matches(" contention");
                let factor = stretch(&shares, owner);
                (
                    CulpritKind::Contention,
                    format!(
                        "{time} is lost to contention on {owner}: each job takes {factor:.1} times what it takes alone"
                    ),
                )
            }
            PlaceKind::Cpu | PlaceKind::Station if !first.served && stretch(&shares, &name) >= STRETCHED => {
                let sentence = format!("{time} is waiting for {name}");
                return Some(contention(&name, stretch(&shares, &name), sentence));
            }
            PlaceKind::Backlog => (
                CulpritKind::DroppedSyns,
                format!("{time} is spent on sending SYNs again that {name} dropped because it was full"),
            ),
            PlaceKind::Fault => (CulpritKind::Fault, format!("{time} is due to {name}")),
            PlaceKind::Unavailable => (CulpritKind::Unavailable, format!("{time} is waiting for {name}")),
            PlaceKind::Delay | PlaceKind::Work => {
                (CulpritKind::TakesTime, format!("{time} is {}", own_time(first.place)))
            }
            PlaceKind::Network | PlaceKind::BackOff | PlaceKind::ClientBackOff | PlaceKind::Hedge => {
                (CulpritKind::TakesTime, format!("{time} is {name}"))
            }
            _ if first.served => (CulpritKind::TakesTime, format!("{time} is service by {name}")),
            _ => return Some(self.chain(blame, first.place, format!("{time} is waiting for {name}"))),
        };
        Some(Culprit::new(name, kind, sentence))
    }

    /// The culprit of the failures: what refused most of them, or what they waited for.
    fn of_failures(&self) -> Option<Culprit> {
        let blame = self.blame?;
        let mut places: Vec<(u16, u64)> = Vec::new();
        let is_own = |at: &FailedAt| blame.places[usize::from(at.place)].kind == PlaceKind::OwnError;
        // Where there is nothing else, they are the culprit after all.
        let without_own = self.is_own_error_harmless && blame.failures.iter().any(|at| !is_own(at));
        for at in blame.failures.iter().filter(|at| !(without_own && is_own(at))) {
            match places.iter_mut().find(|(place, _)| *place == at.place) {
                Some((_, count)) => *count += at.requests,
                None => places.push((at.place, at.requests)),
            }
        }
        let all: u64 = places.iter().map(|(_, count)| count).sum();
        let &(index, count) = places.iter().max_by_key(|(place, count)| (*count, u16::MAX - place))?;
        let place = &blame.places[usize::from(index)];
        let at_place = || blame.failures.iter().filter(|at| at.place == index);
        let cause = at_place().max_by_key(|at| at.requests).map_or("", |at| at.cause.as_str());
        let share = percent(count as f64 / all as f64);
        let name = place.name.clone();
        let of_failures = format!("{share} of the failures");
        let (kind, sentence) = match place.kind {
            PlaceKind::Unavailable => {
                let service = name.trim_end_matches(" unavailable");
                let sentence = format!("{of_failures} are `{cause}`: no replica of {service} is available");
                let probed = holders(blame, place);
                let Some(probe) = most(&probed).filter(|_| self.restarts > 0.0) else {
                    return Some(Culprit::new(name, CulpritKind::Unavailable, sentence));
                };
                let restarts = format!("its liveness probe restarts it {} a run", times(self.restarts));
                let waits = format!("the probe waits for {}", probe.place.name);
                // Where other requests fail in that very place, it is what the restarts come from.
                let also = places.iter().find(|(other, _)| blame.places[usize::from(*other)] == *probe.place);
                if let Some(&(_, count)) = also.filter(|(_, count)| *count as f64 >= ALSO * all as f64) {
                    let share = percent(count as f64 / all as f64);
                    let waits = format!("{share} of the failures are waiting for {}", probe.place.name);
                    let mut found = self.chain(blame, probe.place, waits);
                    found.sentence += &format!("; {service} is unavailable to the others, because {restarts}");
                    return Some(found);
                }
                let why = self.chain(blame, probe.place, waits).sentence;
                (CulpritKind::Unavailable, format!("{sentence}, because {restarts}: {why}"))
            }
            PlaceKind::Fault => (CulpritKind::Fault, format!("{of_failures} are due to {name} (`{cause}`)")),
            PlaceKind::OwnError => (CulpritKind::OwnError, format!("{of_failures} are `{cause}`, an error of {name}")),
            PlaceKind::Breaker => {
                let opened_by = blame.failures.iter().filter(|at| at.place != index).max_by_key(|at| at.requests);
                let why = opened_by.map_or_else(String::new, |at| format!("; it opens after `{}`", at.cause));
                (CulpritKind::Refuses, format!("{of_failures} are refused by {name}, which is open{why}"))
            }
            // Full threads refuse because of what holds them.
            PlaceKind::Threads if is_refusal(cause) => {
                let refused = format!("{of_failures} are refused by {name} (`{cause}`)");
                let found = self.chain(blame, place, refused);
                if found.name != name {
                    return Some(found);
                }
                (CulpritKind::Refuses, found.sentence)
            }
            kind if is_refusal(cause) && kind != PlaceKind::Unexplained => {
                (CulpritKind::Refuses, format!("{of_failures} are refused by {name} (`{cause}`)"))
            }
            PlaceKind::Backlog => {
                (CulpritKind::DroppedSyns, format!("{of_failures} are `{cause}` while {name} is full and drops SYNs"))
            }
            PlaceKind::Delay => {
                (CulpritKind::TakesTime, format!("{of_failures} are `{cause}` during {}", own_time(place)))
            }
            // No request waits for one of its connections, so they wait for an answer.
            PlaceKind::HttpClient if holders(blame, place).is_empty() => (
                CulpritKind::NeverAnswered,
                format!("{of_failures} are `{cause}`: calls through a broken {name} are never answered"),
            ),
            PlaceKind::Network | PlaceKind::Unexplained | PlaceKind::ClientBackOff => return None,
            PlaceKind::Contention => return self.of_group(Group::Failed),
            _ => {
                return Some(self.chain(blame, place, format!("{of_failures} are `{cause}` while waiting for {name}")));
            }
        };
        Some(Culprit::new(name, kind, sentence))
    }

    /// Follows those who hold what is waited for.
    fn chain(&self, blame: &Blame, first: &Place, mut sentence: String) -> Culprit {
        let mut chain = vec![first];
        let mut root = first;
        while chain.len() < LONGEST {
            let last = chain[chain.len() - 1];
            let all = holders(blame, last);
            let Some(next) = most(&all) else { break };
            if next.share < MOSTLY {
                break;
            }
            let share = percent(next.share);
            if let Some(at) = chain.iter().position(|place| *place == next.place) {
                let who = match chain.len() - at {
                    1 => format!("each holds one and waits for a second one ({share} of the holders' time)"),
                    _ => format!("those who hold {} wait for {} ({share})", last.name, next.place.name),
                };
                let is_circle = next.share >= CIRCLE && !next.served;
                sentence += &format!("; {who}");
                if is_circle {
                    sentence +=
                        ", and only a time-out ends that: a larger pool moves the limit, one unit a request removes it";
                    return Culprit::new(next.place.name.clone(), CulpritKind::Circle, sentence);
                }
                break;
            }
            let doing = match next.place.kind {
                PlaceKind::Fault => format!("lose time to {}", next.place.name),
                PlaceKind::Work => format!("are busy with {}", next.place.name),
                PlaceKind::Network => format!("wait for {}", next.place.name),
                PlaceKind::Contention => format!("lose time to {}", next.place.name),
                PlaceKind::Delay => format!("spend it on {}", own_time(next.place)),
                _ if next.served => format!("are served by {}", next.place.name),
                _ => format!("wait for {}", next.place.name),
            };
            sentence += &format!("; those who hold it {doing} ({share} of their time)");
            if next.place.kind == PlaceKind::Fault {
                return Culprit::new(next.place.name.clone(), CulpritKind::Fault, sentence);
            }
            // What the fault does not take is their own work.
            let fault = all.iter().find(|one| one.place.kind == PlaceKind::Fault && one.share >= BY_FAULT);
            if let Some(fault) = fault.filter(|_| next.served) {
                let (name, share) = (&fault.place.name, percent(fault.share));
                sentence += &format!(" and lose time to {name} ({share})");
                return Culprit::new(name.clone(), CulpritKind::Fault, sentence);
            }
            if let PlaceKind::Cpu | PlaceKind::Station | PlaceKind::Contention = next.place.kind {
                let owner = next.place.name.trim_end_matches(" contention");
                let factor = stretch(&all, owner);
                if factor >= STRETCHED {
                    return contention(owner, factor, sentence);
                }
            }
            if self.is_root(&next) {
                root = next.place;
            } else if next.place.kind == PlaceKind::Work
                && let Some(cpu) = last.name.strip_suffix(" event loops").map(|service| format!("{service} CPU"))
                && self.is_full(&cpu)
            {
                sentence += &format!(", which takes all of {cpu}");
                return Culprit { is_full: true, ..Culprit::new(cpu, CulpritKind::Limits, sentence) };
            }
            chain.push(next.place);
        }
        let is_full = self.is_full(&root.name);
        Culprit { is_full, ..Culprit::new(root.name.clone(), CulpritKind::Limits, sentence) }
    }

    /// Whether what holders do is the limit behind what they hold.
    fn is_root(&self, share: &Share) -> bool {
        match share.place.kind {
            PlaceKind::Cpu | PlaceKind::Station => !share.served || self.is_full(&share.place.name),
            PlaceKind::Gil | PlaceKind::Throttling => true,
            PlaceKind::EventLoops | PlaceKind::Executor | PlaceKind::Threads | PlaceKind::Connections => !share.served,
            PlaceKind::Limit | PlaceKind::HttpClient | PlaceKind::Cache | PlaceKind::Descriptors => !share.served,
            _ => false,
        }
    }

    fn is_full(&self, name: &str) -> bool {
        let full = if self.is_uneven { FULL_IN_TEST } else { FULL };
        self.resources.iter().any(|known| known.name == name && known.utilisation >= full)
    }
}

/// Contention on a CPU or at a station that is waited for.
fn contention(owner: &str, factor: f64, sentence: String) -> Culprit {
    let sentence = format!("{sentence}, where contention makes each job take {factor:.1} times what it takes alone");
    Culprit::new(format!("{owner} contention"), CulpritKind::Contention, sentence)
}

/// Whether a failure is a refusal, and not the end of a wait.
fn is_refusal(cause: &str) -> bool {
    const REFUSALS: [&str; 10] = [
        "too many open files",
        "turned away",
        "breaker open",
        "shed",
        "rate limited (429)",
        "too many in flight (429)",
        "too many database connections",
        "no free port",
        "thread queue full",
        "queue full",
    ];
    REFUSALS.contains(&cause)
}

fn own_time(place: &Place) -> String {
    match place.name.strip_suffix(" sleep") {
        Some(service) => format!("time that {service} sleeps"),
        None => format!("the own time of {}", place.name),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn times(count: f64) -> String {
    if count == 1.0 { "once".into() } else { format!("{count:.1} times") }
}
