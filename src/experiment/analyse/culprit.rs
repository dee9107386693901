//! The culprit: what limits a point, refuses its requests or keeps them waiting, from where their time went.
//!
//! Requests that wait for a place are followed to its holders: what they wait for in turn, up to the root of the chain.
//! A unit of a pool or a thread is waited for only while all are in use, so the place that a chain ends at is full
//! whenever requests wait for it, however little it is used over the whole run.

mod chain;
mod evidence;
mod failures;
mod outage;
mod telling;
mod unavailable;

pub use evidence::{Evidence, FAILING, Growing, Used};

use crate::experiment::analyse::words;
use crate::parts::{Blame, BlameGroup, BlamePlace, FailedAt, Failure, PlaceKind, ResourceKind};

use crate::experiment::analyse::blame::{Share, holders, shares};
use chain::{STRETCHED, contention, own_time, throttled};
use telling::{is_wait, stretch, telling};

/// Share of use below which a CPU limits no steady load: it could serve twice as much.
const SPARE: f64 = 0.5;

/// How much of the longest wait another one is at least, if the two are nearly as long.
const TIED: f64 = 0.8;

/// Share of the work behind the answers that completes from which its backlog is the matter where it piles up, and not what
/// fails of it.
const MOSTLY_DONE: f64 = 0.5;

/// What refuses with which cause.
const REFUSERS: [(Failure, &[ResourceKind]); 6] = [
    (Failure::TURNED_AWAY, &[ResourceKind::Station]),
    (Failure::BREAKER_OPEN, &[ResourceKind::Breaker]),
    (Failure::SHED, &[ResourceKind::Limit]),
    (Failure::RATE_LIMITED, &[ResourceKind::Ingress]),
    (Failure::TOO_MANY_IN_FLIGHT, &[ResourceKind::Ingress]),
    (Failure::THREADS_FULL, &[ResourceKind::Threads]),
];

/// What is behind a point's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Culprit {
    /// As the reports name it: a resource, a service or a fault.
    pub name: String,
    /// What it does.
    pub kind: CulpritKind,
    /// The same in a sentence, without a full stop.
    pub sentence: String,
    /// Whether it is saturated: at least 95 % in use, and waited for, over the phases of the window in which an objective
    /// is missed (over the whole window where none is, of a finite test up to its last request).
    pub is_full: bool,
    /// Whether enough requests to matter fail there.
    pub fails: bool,
    /// Whether it is a CPU that a steady load uses less than half: requests wait for it, but it limits nothing.
    pub has_spare: bool,
    /// For a fault: the resource of which it keeps all units in use.
    pub through: Option<String>,
    /// What requests wait for nearly as long: which of the two comes first may be chance.
    pub tied: Option<String>,
    /// Whether what refuses requests, or loses their work, does so because of errors, and not for want of a resource: a
    /// breaker that errors have opened, a service with a probe that is answered with one.
    pub is_by_error: bool,
}

impl Culprit {
    fn new(name: String, kind: CulpritKind, sentence: String) -> Self {
        Self {
            name,
            kind,
            sentence,
            is_full: false,
            fails: false,
            has_spare: false,
            through: None,
            tied: None,
            is_by_error: false,
        }
    }

    /// A fault that keeps all units of a resource in use.
    fn fault(name: &str, through: &BlamePlace, sentence: String) -> Self {
        let through = Some(through.name.clone());
        Self { is_full: true, through, ..Self::new(name.to_owned(), CulpritKind::Fault, sentence) }
    }

    /// What limits the point, if the culprit does: the root of the chain of waits, or what refuses. For a fault, the
    /// resource that it fills; one that only takes time limits nothing, nor does a CPU that could serve twice the load.
    pub fn limit(&self) -> Option<&str> {
        let limits = match self.kind {
            CulpritKind::TakesTime | CulpritKind::OwnError => false,
            CulpritKind::NeverAnswered | CulpritKind::LosesWork | CulpritKind::Outage => false,
            CulpritKind::Fault => self.is_full || self.fails,
            CulpritKind::Limits => self.is_full || self.fails || !self.has_spare,
            _ => true,
        };
        limits.then(|| self.through.as_deref().unwrap_or(&self.name))
    }

    /// The same in a sentence: `query threads (fault slow-tags)`.
    pub fn limit_words(&self) -> Option<String> {
        let because = self.through.as_ref().map_or_else(String::new, |_| format!(" ({})", self.name));
        let tied = self.tied.as_ref().map_or_else(String::new, |other| format!(", nearly as much by {other}"));
        self.limit().map(|limit| format!("{limit}{because}{tied}"))
    }

    /// Whether this resource or fault limits the point.
    pub fn is_limit(&self, name: &str) -> bool {
        self.limit().is_some_and(|limit| limit == name || self.name == name)
    }

    /// Whether requests that fail do so for want of a resource: they wait for it, are refused by it, or it is lost.
    pub fn is_shortage(&self) -> bool {
        match self.kind {
            CulpritKind::Deadlock | CulpritKind::Circle | CulpritKind::Limits => true,
            CulpritKind::Contention | CulpritKind::DroppedSyns => true,
            CulpritKind::Refuses | CulpritKind::Unavailable | CulpritKind::LosesWork => !self.is_by_error,
            CulpritKind::Fault => self.through.is_some() && !self.is_by_error,
            CulpritKind::OwnError | CulpritKind::NeverAnswered | CulpritKind::TakesTime | CulpritKind::Outage => false,
        }
    }

    /// The bottleneck if the culprit is one, and what it does in a few words: what limits the point, unless it only keeps
    /// requests waiting and is not saturated.
    pub fn bottleneck(&self) -> Option<(String, String)> {
        let limit = self.limit()?;
        let words = match self.kind {
            CulpritKind::Limits if !self.is_full => return None,
            CulpritKind::Fault | CulpritKind::Contention => format!("limited by {}", self.limit_words()?),
            _ => self.cause(),
        };
        Some((limit.to_owned(), words))
    }

    /// In a few words: `user-service pool auth is saturated`.
    pub fn cause(&self) -> String {
        let name = &self.name;
        match self.kind {
            CulpritKind::Deadlock => deadlocks(name),
            CulpritKind::Circle => format!("requests that hold {name} wait for a second one"),
            CulpritKind::NeverAnswered => "calls through a broken client are never answered".into(),
            CulpritKind::Refuses => format!("{name} refuses requests"),
            CulpritKind::Unavailable => format!("{} is unavailable", name.trim_end_matches(" unavailable")),
            CulpritKind::Fault | CulpritKind::Outage => name.clone(),
            CulpritKind::OwnError => format!("{name} answers with an error"),
            CulpritKind::LosesWork => format!("work of {name} fails after the answer"),
            CulpritKind::Limits if name.ends_with(" throttling") => {
                format!("{} is throttled", name.trim_end_matches(" throttling"))
            }
            CulpritKind::Limits if self.is_full => format!("{name} is saturated"),
            CulpritKind::Limits if self.fails => format!("requests fail while they wait for {name}"),
            CulpritKind::Limits => format!("requests wait for {name}"),
            CulpritKind::Contention => format!("contention on {}", name.trim_end_matches(" contention")),
            CulpritKind::DroppedSyns => format!("{name} is full and drops SYNs"),
            CulpritKind::TakesTime => format!("{name} takes most of the time"),
        }
    }
}

/// `app pool db deadlocks`, `app threads deadlock`.
pub fn deadlocks(resource: &str) -> String {
    let is_plural = [" threads", " connections", " event loops", " descriptors", " files"];
    let is_plural = is_plural.iter().any(|end| resource.ends_with(end));
    format!("{resource} {}", if is_plural { "deadlock" } else { "deadlocks" })
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
    /// An injected fault that keeps replicas down without any request losing time to it.
    Outage,
    /// A `fail` step of the model.
    OwnError,
    /// It loses work behind the answers.
    LosesWork,
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
    /// Whether it is how a sound system spends time under load: waits, contention, service.
    pub fn is_ordinary(self) -> bool {
        matches!(self, Self::Limits | Self::Contention | Self::TakesTime)
    }
}

impl Evidence<'_> {
    /// The culprit of the point: of its failures where there are enough to matter, else of the percentile
    /// of the objective that is missed, or the 95th.
    pub fn culprit(&self) -> Option<Culprit> {
        if let Some(deadlock) = self.deadlock {
            let circle = deadlock.circle.first().cloned().unwrap_or_default();
            let sentence = format!("the {}: {circle}", deadlocks(&deadlock.resource));
            return Some(Culprit::new(deadlock.resource.clone(), CulpritKind::Deadlock, sentence));
        }
        if self.hung >= 1.0 {
            let sentence = "calls through a broken client are never answered".to_owned();
            return Some(Culprit::new("a broken client".into(), CulpritKind::NeverAnswered, sentence));
        }
        let requests = |group: BlameGroup| {
            let of_group = |blame: &Blame| blame.groups.iter().find(|times| times.group == group).map(|it| it.requests);
            self.blame.and_then(of_group).unwrap_or(0.0)
        };
        let (failed, succeeded) = (requests(BlameGroup::Failed), requests(BlameGroup::Mean));
        let is_failing = failed * self.share_that_matters() > self.failing * (failed + succeeded);
        let is_backlog = self.grows == Growing::Work && self.work_completed.is_none_or(|share| share >= MOSTLY_DONE);
        let backlog = if is_backlog { self.backlog().or_else(|| self.longest_queue()) } else { None };
        if !is_failing && let Some(lost) = backlog.or_else(|| self.lost_work()) {
            return Some(lost);
        }
        let failures = if is_failing { self.of_failures() } else { None };
        let failures = failures.map(|found| Culprit { fails: true, ..found });
        // A few long waits may make up most of the mean, and be rarer than one request in twenty.
        let of_mean = || self.of_group(BlameGroup::Mean).filter(|found| found.kind != CulpritKind::TakesTime);
        let usual = self.of_missed().or_else(|| self.of_group(self.group));
        let takes_time = usual.as_ref().is_some_and(|found| found.kind == CulpritKind::TakesTime);
        let usual = match takes_time && self.group == BlameGroup::P95 {
            true => of_mean().or(usual),
            false => usual,
        };
        let found = failures.or(usual).or_else(|| self.of_failures()).or_else(|| self.of_failed_time());
        let is_telling = |found: &Culprit| {
            let takes_time = matches!(found.kind, CulpritKind::TakesTime | CulpritKind::OwnError);
            self.grows != Growing::Work && !(takes_time && self.grows == Growing::Requests)
        };
        let found = match found {
            Some(found) if is_telling(&found) && found.kind != CulpritKind::TakesTime => Some(found),
            found if self.grows == Growing::Nothing => self.behind().or(found),
            found => self.backlog().or(found),
        };
        let found = found.map(|found| Culprit { has_spare: self.has_spare(&found.name), ..found });
        let is_small = |found: &Culprit| found.kind == CulpritKind::TakesTime;
        let outage = self.outage().filter(|_| found.as_ref().is_none_or(is_small));
        outage.or_else(|| found.map(|found| self.amid_outage(found)))
    }

    /// The share of the failures that may be what misses an objective.
    fn share_that_matters(&self) -> f64 {
        let Some(blame) = self.blame.filter(|_| self.is_own_error_harmless) else { return 1.0 };
        let own = |at: &&FailedAt| blame.places[usize::from(at.place)].kind == PlaceKind::OwnError;
        let all: u64 = blame.failures.iter().map(|at| at.requests).sum();
        let own: u64 = blame.failures.iter().filter(own).map(|at| at.requests).sum();
        if all == 0 { 1.0 } else { 1.0 - own as f64 / all as f64 }
    }

    /// What piles up waits for this: the full resource with the longest queue, or what its holders wait for. Under a load
    /// that changes, what is full at the end may not be so over the window: then it is the longest queue of all.
    fn backlog(&self) -> Option<Culprit> {
        let queues = || self.resources.iter().filter(|one| one.queue >= 1.0);
        let longest = |a: &&Used, b: &&Used| a.queue.total_cmp(&b.queue);
        let full = queues().filter(|one| self.is_full(one.name)).max_by(longest);
        let most = full.or_else(|| queues().filter(|one| self.is_uneven && one.is_limited).max_by(longest))?;
        let (name, queue) = (most.name, most.queue);
        let (what, wait) = self.waiting(name, queue);
        let mut sentence = format!("{queue:.0} {what} {wait} for {name} on average");
        if most.is_full {
            sentence += &format!(", which is {} in use", percent(most.utilisation));
        }
        if let Some((blame, place)) = self.place(name).filter(|(blame, place)| !holders(blame, place).is_empty()) {
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

    /// The same where that resource is not full over the window: a fault that lets handlers fail at once empties the queue
    /// for a part of it.
    fn longest_queue(&self) -> Option<Culprit> {
        let waited_for = self.resources.iter().filter(|one| one.queue >= 1.0 && one.is_limited);
        let most = waited_for.max_by(|a, b| a.queue.total_cmp(&b.queue))?;
        let (blame, place) = self.place(most.name)?;
        let (what, wait) = self.waiting(most.name, most.queue);
        Some(self.chain(blame, place, format!("{:.0} {what} {wait} for {} on average", most.queue, most.name)))
    }

    /// What waits for a resource while something piles up, and the verb: requests, or the work behind their answers.
    fn waiting(&self, name: &str, queue: f64) -> (&'static str, &'static str) {
        let is_queue = |name: &str| name.starts_with("queue ");
        let of_work = self.grows == Growing::Work;
        let is_message = is_queue(name) || of_work && self.resources.iter().any(|used| is_queue(used.name));
        let (one, many) = match (is_message, of_work) {
            (true, _) => ("message", "messages"),
            (false, true) => ("job", "jobs"),
            (false, false) => ("request", "requests"),
        };
        if format!("{queue:.0}") == "1" { (one, "waits") } else { (many, "wait") }
    }

    /// The most frequent failure of the work behind the answers, where too little of it completes.
    fn lost_work(&self) -> Option<Culprit> {
        let failed = format!("{} of the work behind the answers", percent(1.0 - self.work_completed?));
        let most = self.lost_work.iter().max_by_key(|lost| lost.count)?;
        let all: u64 = self.lost_work.iter().map(|lost| lost.count).sum();
        let (name, cause) = (most.name.clone(), &most.cause);
        let share = percent(most.count as f64 / all as f64);
        let (kind, how) = match most.is_dropped() {
            true => (CulpritKind::Refuses, "is dropped by"),
            false => (CulpritKind::LosesWork, "fails at"),
        };
        let sentence = match most.count == all {
            true => format!("{failed} {how} {name} (`{cause}`)"),
            false => format!("{failed} fails: {share} of it {how} {name} (`{cause}`)"),
        };
        if let Some((blame, place)) = self.place(&name).filter(|_| most.is_dropped()) {
            return Some(self.refusal(blame, place, sentence));
        }
        let is_down = [Failure::CONNECTION_REFUSED, Failure::CONNECTION_LOST].map(|why| why.describe(&[]));
        if let Some((fault, down)) = self.longest_outage().filter(|_| is_down.contains(cause)) {
            let fault = Culprit::new(fault, CulpritKind::Fault, format!("{sentence}; {down}"));
            return Some(Culprit { is_by_error: true, ..fault });
        }
        if let Some(refuser) = self.refuser(cause) {
            let sentence = format!("{sentence}, refused by {}", refuser.name);
            return Some(match self.place(refuser.name) {
                Some((blame, place)) => self.refusal(blame, place, sentence),
                None => Culprit::new(refuser.name.to_owned(), CulpritKind::Refuses, sentence),
            });
        }
        let full =
            || self.resources.iter().filter(|one| one.is_full && one.queue >= 1.0 && !one.name.starts_with("queue "));
        let longest = full().filter(|_| Failure::is_late(cause)).max_by(|a, b| a.queue.total_cmp(&b.queue));
        if let Some(full) = longest {
            let sentence = format!("{sentence}, while {:.0} wait for {}", full.queue, full.name);
            return Some(match self.place(full.name) {
                Some((blame, place)) => self.chain(blame, place, sentence),
                None => Culprit { is_full: true, ..Culprit::new(full.name.to_owned(), CulpritKind::Limits, sentence) },
            });
        }
        let is_full = self.resources.iter().any(|one| one.is_full && one.queue > 0.0);
        let is_by_error = !(most.is_dropped() || Failure::is_late(cause) && is_full);
        Some(Culprit { is_by_error, ..Culprit::new(name, kind, sentence) })
    }

    /// The place of a resource, where the accounts know it.
    fn place(&self, name: &str) -> Option<(&Blame, &BlamePlace)> {
        let blame = self.blame?;
        Some((blame, blame.places.iter().find(|place| place.name == name)?))
    }

    /// The culprit of what a full resource refuses: what its holders wait for, or, if that is nothing else, itself.
    fn refusal(&self, blame: &Blame, place: &BlamePlace, sentence: String) -> Culprit {
        let found = self.chain(blame, place, sentence);
        match found.name == place.name && found.kind == CulpritKind::Limits {
            true => Culprit { kind: CulpritKind::Refuses, ..found },
            false => found,
        }
    }

    /// What refuses with this cause: the resource of its kind that refuses most.
    fn refuser(&self, cause: &str) -> Option<&Used<'_>> {
        let kinds = REFUSERS.iter().find(|(refusal, _)| refusal.describe(&[]) == cause)?.1;
        let all = self.resources.iter().filter(|one| kinds.contains(&one.kind) && one.refused > 0.0);
        all.max_by(|a, b| a.refused.total_cmp(&b.refused))
    }

    /// Where work behind the answers waits for most of the time to its completion.
    fn behind(&self) -> Option<Culprit> {
        let completion = self.completion_s?;
        // A view has no limit: its readers wait for the queue and the handlers behind it.
        let limited = self.resources.iter().filter(|one| one.is_limited);
        let longest = limited.max_by(|a, b| a.wait_s.total_cmp(&b.wait_s))?;
        let is_most = longest.wait_s * 2.0 >= completion && longest.wait_s > 0.0;
        is_most.then(|| {
            let sentence = format!(
                "work behind the answers waits {} for {}, out of {} to its completion",
                words::time(longest.wait_s),
                longest.name,
                words::time(completion)
            );
            if let Some((blame, place)) = self.place(longest.name) {
                return self.chain(blame, place, sentence);
            }
            let is_full = self.is_full(longest.name);
            Culprit { is_full, ..Culprit::new(longest.name.to_owned(), CulpritKind::Limits, sentence) }
        })
    }

    /// The culprit where an objective on response times is missed that the requests' own time would meet: what they wait for
    /// longest, however short that is beside their own time.
    fn of_missed(&self) -> Option<Culprit> {
        let (blame, bound) = (self.blame?, self.bound_s?);
        let shares = shares(blame, self.group);
        let own: f64 = shares.iter().filter(|share| !is_wait(share)).map(|share| share.seconds).sum();
        let longest = shares.iter().find(|share| is_wait(share)).filter(|_| own <= bound)?;
        let found = self.of_share(blame, self.group, &shares, longest);
        Some(self.with_tie(blame, self.group, &shares, longest, found))
    }

    /// The culprit of a percentile of the response time, or of the mean.
    pub fn of_group(&self, group: BlameGroup) -> Option<Culprit> {
        let blame = self.blame?;
        let shares = shares(blame, group);
        let first = telling(&shares).filter(|first| first.place.kind != PlaceKind::Unexplained)?;
        let found = self.of_share(blame, group, &shares, first);
        Some(self.with_tie(blame, group, &shares, first, found))
    }

    /// The culprit of a share of a group's time with that of the next wait, where that is nearly as long.
    fn with_tie(
        &self,
        blame: &Blame,
        group: BlameGroup,
        shares: &[Share],
        first: &Share,
        mut found: Culprit,
    ) -> Culprit {
        let is_rival =
            |share: &&Share| is_wait(share) && share.place != first.place && share.share >= TIED * first.share;
        let rival = shares.iter().find(is_rival).filter(|_| is_wait(first));
        let other = rival.map(|rival| self.of_share(blame, group, shares, rival));
        if let Some((rival, other)) = rival.zip(other).filter(|(_, other)| !found.is_limit(&other.name)) {
            found.sentence += &format!("; {} takes nearly as much ({})", rival.place.name, percent(rival.share));
            found.tied = other.limit().filter(|name| !self.has_spare(name)).map(str::to_owned);
        }
        found
    }

    /// The culprit of a share of a group's time, out of all of its shares.
    fn of_share(&self, blame: &Blame, group: BlameGroup, shares: &[Share], first: &Share) -> Culprit {
        let percent = percent(first.share);
        let who = match group {
            BlameGroup::Mean => "requests".to_owned(),
            BlameGroup::Failed => "failed requests".into(),
            BlameGroup::P999 => "requests around p99.9".into(),
            _ => format!("requests around {}", group.name()),
        };
        let spend = format!("{who} spend {percent} of their time");
        let name = first.place.name.clone();
        let (kind, sentence) = match first.place.kind {
            PlaceKind::Contention => {
                let owner = name.trim_end_matches(" contention");
                let factor = stretch(shares, owner);
                let lost = format!("{who} lose {percent} of their time to contention on {owner}");
                (CulpritKind::Contention, format!("{lost}: each job takes {factor:.1} times what it takes alone"))
            }
            PlaceKind::Cpu | PlaceKind::Station if !first.served && stretch(shares, &name) >= STRETCHED => {
                return contention(&name, stretch(shares, &name), format!("{spend} waiting for {name}"));
            }
            PlaceKind::Backlog => (
                CulpritKind::DroppedSyns,
                format!("{spend} sending SYNs again that {name} dropped because it was full"),
            ),
            PlaceKind::Fault => {
                return by_fault(blame, first.place, format!("{who} lose {percent} of their time to {name}"));
            }
            PlaceKind::Unavailable => {
                let service = name.trim_end_matches(" unavailable");
                (CulpritKind::Unavailable, format!("{spend} waiting for {service}, which is unavailable"))
            }
            PlaceKind::Delay | PlaceKind::Work => {
                (CulpritKind::TakesTime, format!("{spend} on {}", own_time(first.place)))
            }
            PlaceKind::Network | PlaceKind::BackOff | PlaceKind::ClientBackOff | PlaceKind::Hedge => {
                (CulpritKind::TakesTime, format!("{spend} on the {name}"))
            }
            _ if first.served => (CulpritKind::TakesTime, format!("{spend} being served by {name}")),
            PlaceKind::Throttling => {
                return self.chain(blame, first.place, format!("{spend} {}", throttled(first.place)));
            }
            _ => return self.chain(blame, first.place, format!("{spend} waiting for {name}")),
        };
        Culprit::new(name, kind, sentence)
    }

    /// The culprit of the 99.9th percentile, where it is another one than that of the percentile that decides.
    pub fn of_tail(&self) -> Option<Culprit> {
        let of_tail = self.of_group(BlameGroup::P999)?;
        let is_other = self.of_group(self.group).is_some_and(|usual| usual.name != of_tail.name);
        // The requests around the percentile of one trial may be far slower than that of all trials.
        let each: f64 = shares(self.blame?, BlameGroup::P999).iter().map(|share| share.seconds).sum();
        let is_as_slow = self.p999_s.is_none_or(|p999| each <= 2.0 * p999);
        (is_other && is_as_slow).then_some(of_tail)
    }

    /// Whether it is a CPU that a steady load uses less than half.
    fn has_spare(&self, name: &str) -> bool {
        let is_it = |known: &Used| known.name == name && known.utilisation < SPARE;
        !self.is_uneven && name.ends_with(" CPU") && self.resources.iter().any(is_it)
    }

    fn is_full(&self, name: &str) -> bool {
        self.resources.iter().any(|known| known.name == name && known.is_full)
    }
}

/// The culprit of what a fault costs: what it lowers is full while requests wait for it.
fn by_fault(blame: &Blame, fault: &BlamePlace, sentence: String) -> Culprit {
    match holders(blame, fault).into_iter().next() {
        Some(lowered) => Culprit::fault(&fault.name, lowered.place, sentence),
        None => Culprit::new(fault.name.clone(), CulpritKind::Fault, sentence),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::{Culprit, CulpritKind};

    /// A gateway that uses 2 % of its CPU keeps requests waiting while its quota is a fraction of a core; it limits nothing.
    #[test]
    fn a_cpu_with_spare_capacity_limits_nothing() {
        let cpu = || Culprit::new("gateway CPU".into(), CulpritKind::Limits, String::new());
        assert_eq!(cpu().limit(), Some("gateway CPU"));
        assert_eq!(Culprit { has_spare: true, ..cpu() }.limit(), None);
        assert_eq!(Culprit { has_spare: true, is_full: true, ..cpu() }.limit(), Some("gateway CPU"));
        assert_eq!(Culprit { has_spare: true, fails: true, ..cpu() }.limit(), Some("gateway CPU"));
    }

    #[test]
    fn several_threads_deadlock_and_one_pool_deadlocks() {
        let resources = ["web threads", "app pool db", "db connections"].map(super::deadlocks);
        assert_eq!(resources, ["web threads deadlock", "app pool db deadlocks", "db connections deadlock"]);
    }

    #[test]
    fn a_service_is_throttled() {
        let culprit =
            Culprit { is_full: true, ..Culprit::new("a throttling".into(), CulpritKind::Limits, String::new()) };
        assert_eq!(culprit.cause(), "a is throttled");
    }

    /// One in ten requests may give up while it waits for threads that are 88 % in use.
    #[test]
    fn what_failed_requests_wait_for_need_not_be_saturated() {
        let threads =
            || Culprit { fails: true, ..Culprit::new("a threads".into(), CulpritKind::Limits, String::new()) };
        assert_eq!(threads().cause(), "requests fail while they wait for a threads");
        assert_eq!(threads().bottleneck(), None);
        let full = Culprit { is_full: true, ..threads() };
        assert_eq!(full.bottleneck(), Some(("a threads".into(), "a threads is saturated".into())));
    }
}
