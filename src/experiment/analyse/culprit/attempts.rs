//! What is behind a pause before another attempt: what failed the attempt before.

use super::chain::while_at;
use super::failures::Failing;
use super::telling::most;
use super::{Culprit, CulpritKind, Evidence, percent};
use crate::experiment::analyse::blame::Share;
use crate::parts::{Blame, BlamePlace, PlaceKind};

/// How a chain continues behind a pause before another attempt.
pub(super) enum Before<'a> {
    /// There is its root.
    Root(Culprit),
    /// At the place that most attempts fail at, and whether it refuses them.
    Place(&'a BlamePlace, bool),
    /// It ends: what fails the attempts is no resource.
    Nothing,
}

impl Evidence<'_> {
    /// What fails most of the attempts before a pause, the last place of a chain that has this root so far. `all` has the
    /// places that they fail at, as served where the place refuses them.
    pub(super) fn before_back_off<'a>(
        &self,
        blame: &Blame,
        chain: &[&BlamePlace],
        all: &[Share<'a>],
        root: &BlamePlace,
        sentence: &mut String,
    ) -> Before<'a> {
        let Some(failed) = most(all) else { return Before::Nothing };
        let (place, name, share) = (failed.place, &failed.place.name, percent(failed.share));
        let how = match place.kind {
            PlaceKind::Unexplained => return Before::Nothing,
            PlaceKind::Fault => format!("fail because of {name}"),
            PlaceKind::OwnError => format!("fail with an error of {name}"),
            PlaceKind::Unavailable => format!("find no replica of {}", name.trim_end_matches(" unavailable")),
            PlaceKind::Breaker => format!("are refused by {name}, which is open"),
            _ if failed.served => format!("are refused by {name}"),
            _ => format!("fail {}", while_at(place)),
        };
        *sentence += &format!("; {share} of that pause follows attempts that {how}");
        // The chain begins with the pause: no resource is held in it.
        let is_first = chain.len() == 1;
        match place.kind {
            PlaceKind::Fault if is_first => {
                Before::Root(Culprit::new(name.clone(), CulpritKind::Fault, std::mem::take(sentence)))
            }
            PlaceKind::Fault => Before::Root(Culprit::fault(name, root, std::mem::take(sentence))),
            PlaceKind::OwnError if is_first => {
                Before::Root(Culprit::new(name.clone(), CulpritKind::OwnError, std::mem::take(sentence)))
            }
            PlaceKind::Unavailable => Before::Root(self.unavailable(blame, place, std::mem::take(sentence), &|_| None)),
            PlaceKind::Breaker => {
                let others: Vec<Share> = all.iter().filter(|share| share.place != place).cloned().collect();
                let failing = Failing::all(blame.failures.iter());
                let other = most(&others).map(|share| (share.place, share.served));
                Before::Root(self.opened(blame, place, other, &failing, std::mem::take(sentence)))
            }
            PlaceKind::Contention => {
                Before::Root(Culprit::new(name.clone(), CulpritKind::Contention, std::mem::take(sentence)))
            }
            PlaceKind::OwnError | PlaceKind::Delay | PlaceKind::Work | PlaceKind::Network => Before::Nothing,
            PlaceKind::BackOff | PlaceKind::ClientBackOff | PlaceKind::Hedge => Before::Nothing,
            _ if chain.contains(&place) => Before::Nothing,
            _ => Before::Place(place, failed.served),
        }
    }
}
