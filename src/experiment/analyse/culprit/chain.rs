//! Chains of holders: requests wait for a unit, its holders wait for another one, and so on to the root.

use super::attempts::Before;
use super::circle::Closing;
use super::telling::{is_wait, most, stretch};
use super::{Culprit, CulpritKind, Evidence, agree, percent, with_article};
use crate::experiment::analyse::blame::{Share, holders, shares, slows};
use crate::parts::{Blame, BlameGroup, BlamePlace, PlaceKind};

/// Share of the holders' time from which a chain of holders is followed further.
pub(super) const MOSTLY: f64 = 0.3;

/// Share of the holders' time from which a wait is followed where their own work takes more of it.
const SOME: f64 = 0.05;

/// Share of the holders' time from which a chain that closes is a circle, whatever fails.
const CIRCLE: f64 = 0.5;

/// Share of the holders' time from which a fault is behind a wait, where the rest of it is their own work.
const BY_FAULT: f64 = 0.15;

/// Share of the time of those who work on event loops or threads from which the CPU slows them down.
const SLOWED: f64 = 0.1;

/// How much of the loops' or threads' use the CPU's is at least, if it is the CPU that is short: less than 1 by what the
/// two are rounded.
const AS_USED: f64 = 0.99;

/// How many times its own length each job takes before that is called contention.
pub(super) const STRETCHED: f64 = 1.5;

/// Share of the work of event loops from which the connects in it are named.
const CONNECTS: f64 = 0.25;

/// The longest chain.
const LONGEST: usize = 8;

impl Evidence<'_> {
    /// Follows the holders of what requests wait for, step by step, and says where they wait for each other. Of a pause before
    /// another attempt that is what failed the attempt before.
    pub(super) fn chain(&self, blame: &Blame, first: &BlamePlace, sentence: String) -> Culprit {
        let mut chain = vec![first];
        let found = self.follow(blame, &mut chain, sentence);
        self.with_circle(blame, &chain, found)
    }

    /// Follows the chain from its first place to its root.
    fn follow<'a>(&self, blame: &'a Blame, chain: &mut Vec<&'a BlamePlace>, mut sentence: String) -> Culprit {
        let mut root = chain[0];
        // Whether the root is where attempts were refused, and not where they waited.
        let mut refuses = false;
        while chain.len() < LONGEST {
            let last = chain[chain.len() - 1];
            let all = holders(blame, last);
            if last.kind == PlaceKind::BackOff {
                match self.before_back_off(blame, chain, &all, root, &mut sentence) {
                    Before::Root(found) => return found,
                    Before::Place(place, is_refused) => {
                        (root, refuses) = (place, is_refused);
                        chain.push(place);
                        continue;
                    }
                    Before::Nothing => break,
                }
            }
            let Some(next) = self.next(&all, chain) else { break };
            let share = percent(next.share);
            if let Some(at) = chain.iter().position(|place| *place == next.place) {
                // Retries within retries pause at one place.
                if next.place.kind == PlaceKind::BackOff {
                    break;
                }
                let is_circle = next.share >= CIRCLE && !next.served;
                if !is_circle && self.closing(blame, chain).is_some() {
                    break;
                }
                let circle = Closing { places: &chain[at..], share: next };
                sentence += &format!("; {}", circle.words());
                if is_circle {
                    let end = self.end_of_circle(blame, circle.places);
                    let end = end.map_or_else(String::new, |end| format!(", and {end}"));
                    sentence += &format!("{end}: {}", circle.remedy());
                    return Culprit::new(circle.share.place.name.clone(), CulpritKind::Circle, sentence);
                }
                break;
            }
            let doing = match next.place.kind {
                PlaceKind::Fault => format!("lose time to {}", next.place.name),
                PlaceKind::Work => format!("are busy with {}", next.place.name),
                PlaceKind::Network => format!("wait for {}", with_article(&next.place.name)),
                PlaceKind::Contention => format!("lose time to {}", next.place.name),
                PlaceKind::Throttling => format!("are {}", throttled(next.place)),
                PlaceKind::Delay => format!("spend time on {}", own_time(next.place)),
                PlaceKind::BackOff => "pause before another attempt".to_owned(),
                _ if is_connecting(&next) => format!("are busy with connects of {}", next.place.name),
                PlaceKind::GarbageCollection => format!("are stopped by {}", with_article(&next.place.name)),
                _ if next.served => format!("are served by {}", next.place.name),
                _ => format!("wait for {}", with_article(&next.place.name)),
            };
            let who = match last.kind {
                PlaceKind::Queue => "those who handle messages of",
                PlaceKind::Ingress => "those inside",
                _ => "those who hold",
            };
            if is_blocked(last, &next) {
                sentence += &format!("; {}", blocked(last, &next, &share));
            } else {
                sentence += &format!("; {who} {} {doing} ({share} of their time)", last.name);
            }
            if next.place.kind == PlaceKind::Fault {
                return Culprit::fault(&next.place.name, root, sentence);
            }
            // What the fault does not take is their own work.
            let fault = all.iter().find(|one| one.place.kind == PlaceKind::Fault && one.share >= BY_FAULT);
            if let Some(fault) = fault.filter(|_| next.served) {
                let (name, share) = (&fault.place.name, percent(fault.share));
                sentence += &format!(" and lose time to {name} ({share})");
                return Culprit::fault(name, root, sentence);
            }
            if let PlaceKind::Cpu | PlaceKind::Station | PlaceKind::Contention = next.place.kind {
                let owner = next.place.name.trim_end_matches(" contention");
                let factor = stretch(&all, owner);
                if factor >= STRETCHED {
                    return contention(owner, factor, sentence);
                }
            }
            if self.is_root(&next) {
                (root, refuses) = (next.place, false);
            } else if (next.place.kind == PlaceKind::Work || is_connecting(&next))
                && let Some(cpu) = last.name.strip_suffix(" event loops").map(|service| format!("{service} CPU"))
                && self.is_full(&cpu)
            {
                // None of their jobs waits for the CPU, so each loop has a core, and there is no other one.
                sentence += &format!(
                    ", which takes all of {cpu}: an event loop uses one core, and both are full, so that it takes more of \
                     both, or less CPU for each request"
                );
                let connects: f64 = all.iter().filter(|one| is_connecting(one)).map(|one| one.share).sum();
                if is_connecting(&next) {
                    sentence += "; kept connections avoid them";
                } else if connects >= CONNECTS {
                    sentence += &format!("; {} of it are connects, which kept connections avoid", percent(connects));
                }
                let found = Culprit::new(last.name.clone(), CulpritKind::Limits, sentence);
                return Culprit { is_full: true, tied: Some(cpu), ..found };
            }
            chain.push(next.place);
        }
        let is_full = self.is_full(&root.name);
        // Those who hold the threads or event loops keep all of them in use.
        let slowing = self.slowing_fault(blame, root).map(|found| (found, true));
        let slowing = slowing.or_else(|| self.slowing_jobs(blame, root).map(|found| (found, is_full)));
        if let Some(((fault, share), is_full)) = slowing {
            let share = percent(share);
            sentence += &format!("; those who use {} lose time to {} ({share} of their time)", root.name, fault.name);
            return Culprit { is_full, ..Culprit::fault(&fault.name, root, sentence) };
        }
        let kind = match root.kind {
            PlaceKind::BackOff => CulpritKind::TakesTime,
            _ if refuses => CulpritKind::Refuses,
            _ => CulpritKind::Limits,
        };
        Culprit { is_full, ..Culprit::new(root.name.clone(), kind, sentence) }
    }

    /// A fault that makes the jobs on a CPU longer, and its share of their time. A CPU has no units to hold: those who work on
    /// it hold the threads or event loops of the service.
    fn slowing_fault<'a>(&self, blame: &'a Blame, cpu: &BlamePlace) -> Option<(&'a BlamePlace, f64)> {
        let service = cpu.name.strip_suffix(" CPU").filter(|_| cpu.kind == PlaceKind::Cpu)?;
        let workers = |place: &&BlamePlace| {
            matches!(place.kind, PlaceKind::Threads | PlaceKind::EventLoops)
                && place.name.strip_prefix(service).is_some_and(|rest| rest.starts_with(' '))
        };
        let of_workers = blame.places.iter().filter(workers).flat_map(|place| holders(blame, place));
        let faults = of_workers.filter(|one| one.place.kind == PlaceKind::Fault && one.share >= BY_FAULT);
        faults.max_by(|a, b| a.share.total_cmp(&b.share)).map(|one| (one.place, one.share))
    }

    /// The same where no request waits for those who work on the CPU, as they are not limited in number: a fault that makes
    /// its jobs longer, and its share of what late requests spend there.
    fn slowing_jobs<'a>(&self, blame: &'a Blame, cpu: &BlamePlace) -> Option<(&'a BlamePlace, f64)> {
        let all = shares(blame, if self.is_failing() { BlameGroup::Failed } else { self.group });
        let on_cpu: f64 = all.iter().filter(|one| one.place == cpu).map(|one| one.share).sum();
        let fault = all.iter().find(|one| slows(blame, one.place, cpu)).filter(|one| one.share >= BY_FAULT)?;
        let share = fault.share / (fault.share + on_cpu);
        (share >= MOSTLY).then_some((fault.place, share))
    }

    /// What the holders of the last place of a chain do that leads to the root; none where nothing does.
    fn next<'a>(&self, all: &[Share<'a>], chain: &[&BlamePlace]) -> Option<Share<'a>> {
        let (most, last) = (most(all)?, chain.last()?);
        if let Some(cpu) = self.slowing_cpu(all, &most, last) {
            return Some(cpu);
        }
        let is_much = most.share >= MOSTLY || most.place.kind == PlaceKind::Cpu && most.share >= SLOWED;
        if is_much && (is_wait(&most) || most.place.kind == PlaceKind::BackOff) {
            return Some(most);
        }
        let short = self.short(all).filter(|short| !chain.contains(&short.place));
        short.or_else(|| is_much.then_some(most))
    }

    /// The longest wait of holders for a resource that has less to spare than that wait is of their time. As long as their own
    /// resource is full, more of it would add no more than what is to spare, and without the wait each of them would be done
    /// sooner by more than that.
    fn short<'a>(&self, all: &[Share<'a>]) -> Option<Share<'a>> {
        let spare = |name: &str| {
            let used = self.resources.iter().find(|one| one.name == name).filter(|one| one.is_limited)?;
            Some(if used.is_full { 0.0 } else { 1.0 - used.utilisation })
        };
        let is_short = |one: &&Share| {
            let is_place = is_wait(one) && self.is_root(one) && one.share >= SOME;
            is_place && spare(&one.place.name).is_some_and(|spare| one.share >= spare)
        };
        all.iter().find(is_short).cloned()
    }

    /// The CPU behind event loops or threads on which jobs mostly work, if it makes those jobs longer: either by much, or
    /// while it is in use as much as the loops or threads are, so that more of these would not help.
    fn slowing_cpu<'a>(&self, all: &[Share<'a>], most: &Share, held: &BlamePlace) -> Option<Share<'a>> {
        let works = most.served && matches!(most.place.kind, PlaceKind::Work | PlaceKind::Cpu) || is_connecting(most);
        let slows = |one: &&Share| one.place.kind == PlaceKind::Cpu && !one.served && one.share >= SLOWED;
        let cpu = all.iter().find(slows).filter(|_| works)?;
        let in_use = |name: &str| self.resources.iter().find(|one| one.name == name).map(|one| one.utilisation);
        let as_used = in_use(&cpu.place.name).zip(in_use(&held.name)).is_some_and(|(cpu, held)| cpu >= AS_USED * held);
        (cpu.share >= MOSTLY || as_used).then(|| cpu.clone())
    }

    /// Whether what holders do is the limit behind what they hold.
    fn is_root(&self, share: &Share) -> bool {
        match share.place.kind {
            PlaceKind::Cpu | PlaceKind::Station | PlaceKind::Disk => !share.served || self.is_full(&share.place.name),
            PlaceKind::Gil | PlaceKind::Throttling | PlaceKind::GarbageCollection => true,
            PlaceKind::EventLoops | PlaceKind::Executor | PlaceKind::Threads | PlaceKind::Connections => !share.served,
            PlaceKind::Limit | PlaceKind::HttpClient | PlaceKind::Cache | PlaceKind::Descriptors => !share.served,
            _ => false,
        }
    }
}

/// Whether those who hold an event loop block it while they wait for this: what else they do there is work.
pub(super) fn is_blocked(held: &BlamePlace, share: &Share) -> bool {
    let own = |place: &BlamePlace| held.name.strip_suffix(" event loops") == place.name.strip_suffix(" CPU");
    held.kind == PlaceKind::EventLoops
        && match share.place.kind {
            PlaceKind::Work | PlaceKind::Gil | PlaceKind::Contention | PlaceKind::Throttling | PlaceKind::Fault => {
                false
            }
            PlaceKind::Cpu => !own(share.place),
            PlaceKind::Network | PlaceKind::Delay => true,
            _ => !share.served,
        }
}

/// `app event loops are blocked by waiting for app pool db (97 % of their time)`.
pub(super) fn blocked(held: &BlamePlace, share: &Share, percent: &str) -> String {
    let by = match share.place.kind {
        PlaceKind::Delay => own_time(share.place),
        _ => format!("waiting for {}", with_article(&share.place.name)),
    };
    format!("{} are blocked by {by} ({percent} of their time)", held.name)
}

/// Whether this is the CPU that it takes to make a client, or to open a connection of a pool.
fn is_connecting(share: &Share) -> bool {
    share.served && matches!(share.place.kind, PlaceKind::HttpClient | PlaceKind::Connections)
}

/// Contention on a CPU or at a station that is waited for.
pub(super) fn contention(owner: &str, factor: f64, sentence: String) -> Culprit {
    let sentence = format!("{sentence}, where contention makes each job take {factor:.1} times what it takes alone");
    Culprit::new(format!("{owner} contention"), CulpritKind::Contention, sentence)
}

/// `throttled by the CPU quota of gateway`.
pub(super) fn throttled(place: &BlamePlace) -> String {
    format!("throttled by the CPU quota of {}", place.name.trim_end_matches(" throttling"))
}

/// Where something happens, or fails: `while waiting for app threads`, `during the sleep of app`.
pub(super) fn while_at(place: &BlamePlace) -> String {
    let name = &place.name;
    match place.kind {
        PlaceKind::Delay | PlaceKind::Work => format!("during {}", own_time(place)),
        PlaceKind::BackOff | PlaceKind::ClientBackOff | PlaceKind::Hedge | PlaceKind::Network => {
            format!("during {}", with_article(name))
        }
        PlaceKind::Throttling => format!("while {}", throttled(place)),
        PlaceKind::Backlog => format!("while {}", agree(name, "is full and drops SYNs", "are full and drop SYNs")),
        PlaceKind::Contention => format!("while losing time to {name}"),
        PlaceKind::GarbageCollection => format!("while stopped by {}", with_article(name)),
        PlaceKind::Unavailable => format!("while {} is unavailable", name.trim_end_matches(" unavailable")),
        _ => format!("while waiting for {name}"),
    }
}

/// The own time of a service, in words.
pub(super) fn own_time(place: &BlamePlace) -> String {
    match place.name.strip_suffix(" sleep") {
        Some(service) => format!("the sleep of {service}"),
        None => format!("the own time of {}", place.name),
    }
}
