//! The culprit: what limits a point, refuses its requests or keeps them waiting, from where their time went.
//!
//! Requests that wait for a place are followed to its holders: what they wait for in turn, up to the root of the chain.
//! A unit of a pool or a thread is waited for only while all are in use, so the place that a chain ends at is full
//! whenever requests wait for it, however little it is used over the whole run.

mod added;
mod attempts;
mod breaker;
mod chain;
mod circle;
mod collections;
mod evidence;
mod failures;
mod found;
mod outage;
mod telling;
mod unavailable;

pub use evidence::{Evidence, FAILING, Growing, Used};
pub use found::{Culprit, CulpritKind, agree, deadlocks, is_plural, named, with_article};

use crate::experiment::analyse::words;
use crate::parts::{Blame, BlameGroup, BlamePlace, FailedAt, Failure, LostWork, PlaceKind, ResourceKind};

use crate::experiment::analyse::blame::{Share, holders, lowered, shares};
use chain::{STRETCHED, contention, own_time, throttled};
use telling::{is_wait, stretch, telling};

/// Share of use below which a CPU limits no steady load: it could serve twice as much.
const SPARE: f64 = 0.5;

/// How much of the longest wait another one is at least, if the two are nearly as long.
const TIED: f64 = 0.8;

/// Share of a time that is most of it: half, less what rounding may take away.
const HALF: f64 = 0.495;

/// Share of the work behind the answers that completes from which a backlog of it decides on the culprit, even if more of it
/// fails than waits at the end. An assumption: half.
const MOSTLY_DONE: f64 = 0.5;

/// What refuses with which cause.
const REFUSERS: [(Failure, &[ResourceKind]); 6] = [
    (Failure::TURNED_AWAY, &[ResourceKind::Station]),
    (Failure::BREAKER_OPEN, &[ResourceKind::Breaker]),
    (Failure::SHED, &[ResourceKind::Limit]),
    (Failure::RATE_LIMITED, &[ResourceKind::RateLimit]),
    (Failure::TOO_MANY_IN_FLIGHT, &[ResourceKind::Ingress]),
    (Failure::THREADS_FULL, &[ResourceKind::Threads]),
];

impl Evidence<'_> {
    /// The culprit of the point: of its failures where there are enough to matter, else of the percentile
    /// of the objective that is missed, or the 95th.
    pub fn culprit(&self) -> Option<Culprit> {
        if let Some(deadlock) = self.deadlock {
            let circle = deadlock.circle.first().cloned().unwrap_or_default();
            let sentence = format!("{}: {circle}", deadlocks(&deadlock.resource));
            return Some(Culprit::new(deadlock.resource.clone(), CulpritKind::Deadlock, sentence));
        }
        if self.hung >= 1.0 {
            let sentence = "calls through a broken client are never answered".to_owned();
            return Some(Culprit::new("a broken client".into(), CulpritKind::NeverAnswered, sentence));
        }
        if let Some(fault) = self.halted() {
            return Some(fault);
        }
        let is_failing = self.is_failing();
        let is_backlog = !is_failing && self.is_backlog_of_work();
        let backlog = if is_backlog { self.backlog(None).or_else(|| self.longest_queue(None)) } else { None };
        if !is_failing && let Some(lost) = backlog.or_else(|| self.lost_work()) {
            return Some(self.amid_added(self.amid_outage(lost)));
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
        let waits = usual.clone().filter(|found| found.kind != CulpritKind::TakesTime);
        let found = failures.or(usual).or_else(|| self.of_failures()).or_else(|| self.of_failed_time());
        let is_telling = |found: &Culprit| {
            let takes_time = matches!(found.kind, CulpritKind::TakesTime | CulpritKind::OwnError);
            self.grows != Growing::Work && !(takes_time && self.grows == Growing::Requests)
        };
        let found = match found {
            Some(found) if self.is_before_backlog(&found) => Some(self.behind_refusal(waits, found)),
            Some(found) if is_telling(&found) && found.kind != CulpritKind::TakesTime => Some(found),
            found if self.grows == Growing::Nothing => self.behind().or(found),
            found => self.backlog(None).map(|found| self.while_on(found)).or_else(|| self.at_end()).or(found),
        };
        let found = found.map(|found| Culprit { has_spare: self.has_spare(&found.name), ..found });
        let is_small = |found: &Culprit| found.kind == CulpritKind::TakesTime;
        let outage = self.outage().filter(|_| found.as_ref().is_none_or(is_small));
        outage.or_else(|| found.map(|found| self.amid(self.amid_collections(found))))
    }

    /// Adds what else is behind the shortage of a resource.
    fn amid(&self, found: Culprit) -> Culprit {
        self.amid_scaling(self.amid_added(self.amid_halt(self.amid_lowering(self.amid_outage(found)))))
    }

    /// The fault that is on when the window closes, where no request has ended and the target is not back after the load:
    /// requests that wait for what the fault has halted have no account that has ended.
    fn halted(&self) -> Option<Culprit> {
        let fault = self.faults_at_end.first().filter(|_| self.ends_nothing && self.is_damaged)?;
        let sentence = format!("no request has ended when the window closes; {} then", is_on(fault));
        Some(Culprit { fails: true, ..Culprit::new(fault.clone(), CulpritKind::Fault, sentence) })
    }

    /// Names the fault that has halted the service of the limiting resource up to the end of the window: those who wait there
    /// then have no account that has ended, so the others tell nothing of it.
    fn amid_halt(&self, mut found: Culprit) -> Culprit {
        let is_of = |service: &str| found.name.strip_prefix(service).is_some_and(|rest| rest.starts_with(' '));
        let halt = self.halted_at_end.iter().find(|(_, service)| is_of(service));
        let is_limit = self.is_damaged && found.kind == CulpritKind::Limits;
        let Some(((fault, service), (_, limit))) = halt.filter(|_| is_limit).zip(self.place(&found.name)) else {
            return found;
        };
        found.sentence = found.sentence.replace(&format!("; {} when the window closes", is_on(fault)), "");
        let sentence =
            format!("{}; {} {service} up to the end of the window", found.sentence, agree(fault, "halts", "halt"));
        Culprit { fails: found.fails, ..Culprit::fault(fault, limit, sentence) }
    }

    /// Adds the fault that is on when the window closes, where no account of what is held then has it.
    fn while_on(&self, mut found: Culprit) -> Culprit {
        if let Some(fault) = self.faults_at_end.first().filter(|_| found.kind == CulpritKind::Limits) {
            found.sentence += &format!("; {} when the window closes", is_on(fault));
        }
        found
    }

    /// The fault that is on when the window closes, where more than usual is under way then and no queue shows why.
    fn at_end(&self) -> Option<Culprit> {
        let fault = self.faults_at_end.first().filter(|_| self.grows == Growing::Requests)?;
        let sentence = format!("requests are still under way at the end of the window, when {}", is_on(fault));
        Some(Culprit { is_by_error: true, ..Culprit::new(fault.clone(), CulpritKind::Fault, sentence) })
    }

    /// Whether work behind the answers piles up, and more of it waits at the end than fails, or most of it completes.
    fn is_backlog_of_work(&self) -> bool {
        let decides = |share: f64| share >= MOSTLY_DONE || self.work_left >= 0.5 * (1.0 - share);
        self.grows == Growing::Work && self.work_completed.is_none_or(decides)
    }

    /// Whether this refuses requests while others pile up: what it admits is still too much for what is behind it. Clients that
    /// pile up because they are refused and send again are no such backlog.
    fn is_before_backlog(&self, found: &Culprit) -> bool {
        let refuses = found.kind == CulpritKind::Refuses || found.refuser.is_some();
        refuses && self.grows == Growing::Requests && !self.are_between_attempts
    }

    /// The culprit of the backlog, or else what requests usually wait for; the sentence also says what refuses requests.
    fn behind_refusal(&self, waits: Option<Culprit>, refusal: Culprit) -> Culprit {
        let refuser = refusal.refuser.as_ref().unwrap_or(&refusal.name);
        let queue = self.backlog(Some(refuser)).or_else(|| self.longest_queue(Some(refuser)));
        let Some(mut found) = queue.or(waits).filter(|found| !found.is_limit(refuser)) else { return refusal };
        found.sentence += &format!("; {} as well", agree(refuser, "refuses requests", "refuse requests"));
        found
    }

    /// Whether enough requests fail for the failures to decide on the culprit.
    fn is_failing(&self) -> bool {
        let requests = |group: BlameGroup| {
            let of_group = |blame: &Blame| blame.groups.iter().find(|times| times.group == group).map(|it| it.requests);
            self.blame.and_then(of_group).unwrap_or(0.0)
        };
        let (failed, succeeded) = (requests(BlameGroup::Failed), requests(BlameGroup::Mean));
        // If the answers miss the objective only by what is refused on purpose, work behind the others decides if it waits.
        let is_shed = self.sheds && self.work_completed.is_some() && self.work_left > 0.0;
        failed * self.share_that_matters() > self.failing * (failed + succeeded) && !is_shed
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
    /// that changes, what is full at the end may not be so over the window: then it is the longest queue of all. The queue of
    /// what refuses requests does not count.
    fn backlog(&self, refuser: Option<&str>) -> Option<Culprit> {
        let queues = || self.resources.iter().filter(|one| one.queue >= 1.0 && Some(one.name) != refuser);
        let longest = |a: &&Used, b: &&Used| a.queue.total_cmp(&b.queue);
        let full = queues().filter(|one| self.is_full(one.name)).max_by(longest);
        let most = full.or_else(|| queues().filter(|one| self.is_uneven && one.is_limited).max_by(longest))?;
        let name = most.name;
        let mut sentence = self.waiting(most);
        if most.is_full {
            let are = if is_plural(name) { "are" } else { "is" };
            sentence += &format!(", which {are} {} in use", percent(most.utilisation));
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
    fn longest_queue(&self, refuser: Option<&str>) -> Option<Culprit> {
        let waits = |one: &&Used| one.queue >= 1.0 && one.is_limited && Some(one.name) != refuser;
        let waited_for = self.resources.iter().filter(waits);
        let most = waited_for.max_by(|a, b| a.queue.total_cmp(&b.queue))?;
        let (blame, place) = self.place(most.name)?;
        Some(self.chain(blame, place, self.waiting(most)))
    }

    /// What waits for a resource while something piles up, requests or the work behind their answers: `134 requests wait for
    /// app limit lock on average`.
    fn waiting(&self, most: &Used) -> String {
        let Used { name, queue, .. } = *most;
        let is_queue = |name: &str| name.starts_with("queue ");
        let of_work = self.grows == Growing::Work;
        let is_message = is_queue(name) || of_work && self.resources.iter().any(|used| is_queue(used.name));
        let (one, many) = match (is_message, of_work) {
            (true, _) => ("message", "messages"),
            (false, true) => ("job", "jobs"),
            (false, false) => ("request", "requests"),
        };
        let number = format!("{queue:.0}");
        let waiting = if number == "1" { format!("{one} waits") } else { format!("{many} wait") };
        format!("{number} {waiting} for {name} on average")
    }

    /// The most frequent failure of the work behind the answers, where too little of it completes.
    fn lost_work(&self) -> Option<Culprit> {
        let failed = format!("{} of the work behind the answers", percent(1.0 - self.work_completed? - self.work_left));
        let most = self.lost_work.iter().max_by_key(|lost| lost.count)?;
        let all: u64 = self.lost_work.iter().map(|lost| lost.count).sum();
        let (name, cause) = (most.name.clone(), &most.cause);
        let share = percent(most.count as f64 / all as f64);
        let (kind, how) = match most.is_dropped() {
            true => (CulpritKind::Refuses, "is dropped by"),
            false => (CulpritKind::LosesWork, "fails at"),
        };
        let mut sentence = match most.count == all {
            true => format!("{failed} {how} {name} (`{cause}`)"),
            false => format!("{failed} fails: {share} of it {how} {name} (`{cause}`)"),
        };
        if *cause == Failure::UNACKNOWLEDGED.describe(&[]) {
            sentence += "; its messages are delivered again while their handlers still work";
        }
        if let Some((blame, place)) = self.place(&name).filter(|_| most.is_dropped()) {
            return Some(self.refusal(blame, place, sentence));
        }
        let found = self.of_lost(most);
        let is_down = [Failure::CONNECTION_REFUSED, Failure::CONNECTION_LOST].map(|why| why.describe(&[]));
        let is_it = |fault: &str| found.as_ref().is_none_or(|found| found.name == fault);
        let outage = self.longest_outage().filter(|(fault, _)| is_down.contains(cause) && is_it(fault));
        if let Some((fault, down)) = outage {
            let fault = Culprit::new(fault, CulpritKind::Fault, format!("{sentence}; {down}"));
            return Some(Culprit { is_by_error: true, ..fault });
        }
        if let Some(found) = found {
            let sentence = format!("{sentence}: {}", found.sentence);
            return Some(Culprit { sentence, ..found });
        }
        if let Some(refuser) = self.refuser(cause) {
            let sentence = format!("{sentence}, refused by {}", refuser.name);
            return Some(match self.place(refuser.name) {
                Some((blame, breaker)) if breaker.kind == PlaceKind::Breaker => {
                    self.opened(blame, breaker, None, &[], sentence + ", which is open")
                }
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

    /// The culprit of work behind the answers that failed, by where its handlers did; none where that is not known, or no more
    /// than an error or the time of their own.
    fn of_lost(&self, lost: &LostWork) -> Option<Culprit> {
        let Blame { mut places, holders, failing, .. } = self.blame?.clone();
        let mut failures = Vec::new();
        for (place, count) in &lost.at {
            let index = places.iter().position(|known| known == place).unwrap_or_else(|| {
                places.push(place.clone());
                places.len() - 1
            });
            failures.push(FailedAt { cause: lost.cause.clone(), place: index as u16, requests: *count });
        }
        let blame = Blame { places, groups: Vec::new(), failures, holders, failing };
        let of_work = Evidence { blame: Some(&blame), is_own_error_harmless: false, sheds: false, ..self.clone() };
        let found = of_work.of_failures()?;
        let is_own = matches!(found.kind, CulpritKind::OwnError | CulpritKind::TakesTime);
        (!is_own).then_some(found)
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
            false => Culprit { refuser: Some(place.name.clone()), ..found },
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
            let name = match rival.place.name.strip_suffix(" unavailable") {
                Some(service) => format!("the unavailability of {service}"),
                None => with_article(&rival.place.name),
            };
            let takes = agree(&name, "takes nearly as much", "take nearly as much");
            found.sentence += &format!("; {takes} ({})", percent(rival.share));
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
            PlaceKind::BackOff => {
                return self.chain(blame, first.place, format!("{spend} on {}", with_article(&name)));
            }
            PlaceKind::Network | PlaceKind::ClientBackOff | PlaceKind::Hedge => {
                (CulpritKind::TakesTime, format!("{spend} on {}", with_article(&name)))
            }
            _ if first.served => (CulpritKind::TakesTime, format!("{spend} being served by {name}")),
            PlaceKind::Throttling => {
                return self.chain(blame, first.place, format!("{spend} {}", throttled(first.place)));
            }
            PlaceKind::GarbageCollection => {
                return self.chain(blame, first.place, format!("{spend} stopped by {}", with_article(&name)));
            }
            _ => return self.chain(blame, first.place, format!("{spend} waiting for {name}")),
        };
        Culprit { is_minor: first.share < HALF, ..Culprit::new(name, kind, sentence) }
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
    match lowered(blame, fault).next() {
        Some(lowered) => Culprit::fault(&fault.name, lowered, sentence),
        None => Culprit::new(fault.name.clone(), CulpritKind::Fault, sentence),
    }
}

/// `fault down is on`.
fn is_on(fault: &str) -> String {
    agree(fault, "is on", "are on")
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
