//! What fills a resource that the load alone would not fill: requests that are sent again, hedges, second deliveries and
//! fetches; and replicas that an autoscaler adds too late.

use super::{Culprit, CulpritKind, Evidence, Used, percent};
use crate::experiment::analyse::blame::{Share, holders, shares};
use crate::experiment::analyse::strain::FULL;
use crate::parts::{BlameGroup, PlaceKind, Reaction, ReactionKind};

/// Calls for each that the load needs from which a sentence says how many there are: a third of all is sent again. An assumption.
const OFTEN: f64 = 1.5;

/// Something that adds to a load.
struct Added {
    /// What it is called: `hedges of web.get`.
    name: String,
    /// Calls for each that the load needs.
    factor: f64,
    /// What it does, in words.
    words: String,
    /// The units of the resource that would be in use without it; none where that is not known.
    needed: Option<f64>,
}

impl Evidence<'_> {
    /// Adds what adds to the load of the resource that limits, and names it where the load would not fill the resource without
    /// it.
    pub(super) fn amid_added(&self, mut found: Culprit) -> Culprit {
        if !found.is_shortage() || found.kind == CulpritKind::Fault {
            return found;
        }
        let limit = self.resources.iter().find(|one| one.name == found.name);
        let of_reactions = self.reactions.iter().filter_map(|reaction| self.added(reaction, &found.name, limit));
        let all = of_reactions.chain(self.sent_again(limit)).filter(|added| added.factor >= OFTEN);
        let Some(most) = all.max_by(|a, b| a.factor.total_cmp(&b.factor)) else { return found };
        found.sentence += &format!("; {}", most.words);
        let capacity = limit.and_then(|limit| limit.capacity).filter(|&capacity| capacity > 0.0);
        let without = most.needed.zip(capacity).map(|(needed, capacity)| needed / capacity);
        let fits = without.filter(|&without| without < FULL);
        if let Some(without) = fits.filter(|_| found.kind == CulpritKind::Limits && (found.is_full || found.fails)) {
            let share =
                if without < 0.005 { "less than 1 %".to_owned() } else { format!("about {}", percent(without)) };
            found.sentence += &format!(": without them {share} of {} would be in use", found.name);
            found.by = Some(most.name);
        }
        found
    }

    /// Says that an autoscaler adds replicas of the limiting service too late, where one does.
    pub(super) fn amid_scaling(&self, mut found: Culprit) -> Culprit {
        let is_of = |service: &str| found.name.strip_prefix(service).is_some_and(|rest| rest.starts_with(' '));
        let Some(late) = self.late_scaling.as_ref().filter(|late| found.is_shortage() && is_of(&late.service)) else {
            return found;
        };
        let seconds = |time: f64| format!("{time:.0} s");
        let [from, to] = late.replicas;
        let ready = match late.last_ready_s - late.first_ready_s < 1.0 {
            true => format!("at {}", seconds(late.first_ready_s)),
            false => format!("from {} to {}", seconds(late.first_ready_s), seconds(late.last_ready_s)),
        };
        let replicas = if from == 1 { "replica" } else { "replicas" };
        found.sentence += &format!(
            "; the autoscaler of {} adds replicas too late: objectives are missed from {} on, it asks for more than {from} \
             {replicas} at {}, and the new ones, up to {to} in all, get requests {ready}",
            late.service,
            seconds(late.missed_from_s),
            seconds(late.decided_s),
        );
        found.by = Some(format!("late autoscaling of {}", late.service));
        found
    }

    /// What a reaction of the system adds to a resource; none where it does not reach it.
    fn added(&self, reaction: &Reaction, name: &str, limit: Option<&Used>) -> Option<Added> {
        let Reaction { kind, place, occasions, count, reaches } = reaction;
        let owns = |owner: &String| {
            let name = ["station ", "limit "].iter().find_map(|start| name.strip_prefix(start)).unwrap_or(name);
            name.strip_prefix(owner.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '.']))
        };
        if *count == 0 || !reaches.iter().any(owns) {
            return None;
        }
        let (calls, again) = (*occasions as f64, *count as f64);
        let share = percent(again / calls);
        let (name, factor, words) = match kind {
            ReactionKind::Fallback => return None,
            ReactionKind::Retry | ReactionKind::Hedge => {
                let factor = (calls + again) / calls;
                let (step, name) = match kind {
                    ReactionKind::Retry => ("retry", format!("retries of {place}")),
                    _ => ("hedge", format!("hedges of {place}")),
                };
                (name, factor, format!("each `{step}` of {place} makes {factor:.1} attempts"))
            }
            ReactionKind::Redelivery => {
                let words =
                    format!("{share} of the deliveries of {place} are not acknowledged in time, and made again");
                (format!("redeliveries of {place}"), calls / (calls - again).max(1.0), words)
            }
            ReactionKind::Fetch => {
                let words =
                    format!("{share} of the fetches of {place} begin while another one of the same key is under way");
                let name = format!("simultaneous fetches of {place}");
                (name, calls / (calls - again).max(1.0), format!("{words} (`coalesce` lets them wait for it)"))
            }
        };
        let needed = limit.and_then(|limit| match kind {
            // A message is handled after its answer, which no account of a request has.
            ReactionKind::Redelivery => {
                let came = self.resources.iter().find(|one| one.name == *place)?.visits - again / self.trials;
                Some(units_of_each(limit, calls / self.trials)? * came)
            }
            // Answers tell what a request needs without them, and where none is given the use of the units does.
            ReactionKind::Retry | ReactionKind::Hedge => self
                .units_asked(limit, &[BlameGroup::Mean])
                .or_else(|| Some(units_of_each(limit, (calls + again) / self.trials)? * calls / self.trials)),
            // What is asked in all, those that fail included, is shared by the fetches.
            _ => Some(self.units_asked(limit, &[BlameGroup::Mean, BlameGroup::Failed])? / factor),
        });
        Some(Added { name, factor, words, needed })
    }

    /// What clients add that send requests again.
    fn sent_again(&self, limit: Option<&Used>) -> Option<Added> {
        let factor = self.attempts;
        let words = format!("clients send {factor:.1} requests for each user, as they try again");
        let needed = limit.and_then(|limit| self.units_asked(limit, &[BlameGroup::Mean]));
        Some(Added { name: "retries of clients".into(), factor, words, needed })
    }

    /// The units of a resource that the requests of the load ask for: their number a second, times the time for which those of
    /// these groups use a unit, which is what they are served there; or, of threads, connections and slots, what their holders
    /// do. None where no request of these groups does that.
    pub(super) fn units_asked(&self, limit: &Used, groups: &[BlameGroup]) -> Option<f64> {
        let (blame, place) = self.place(limit.name)?;
        let held = holders(blame, place);
        let uses = |share: &Share| match place.kind {
            PlaceKind::Cpu | PlaceKind::Station => share.place == place && share.served,
            _ => held.iter().any(|doing| (doing.place, doing.served) == (share.place, share.served)),
        };
        let (mut requests, mut seconds) = (0.0, 0.0);
        for times in blame.groups.iter().filter(|times| groups.contains(&times.group)) {
            let each: f64 =
                shares(blame, times.group).iter().filter(|share| uses(share)).map(|share| share.seconds).sum();
            (requests, seconds) = (requests + times.requests, seconds + times.requests * each);
        }
        (seconds > 0.0).then(|| seconds / requests * self.sent_a_second)
    }
}

/// The units of a resource in use for each of so many calls, by those that no longer wait for it at the end of the window: of a
/// queue that grows evenly twice as many wait then as on average.
fn units_of_each(limit: &Used, calls: f64) -> Option<f64> {
    let served = limit.visits - 2.0 * limit.queue;
    (served >= 1.0 && calls > 0.0).then(|| limit.in_use * limit.visits / served / calls)
}
