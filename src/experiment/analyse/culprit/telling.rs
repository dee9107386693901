//! Which share of a time tells what is behind it.

use crate::experiment::analyse::blame::Share;
use crate::parts::PlaceKind;

/// Share of the time that is waiting from which a wait is named, and not the service that takes longest: half of it, less
/// what rounding may take away.
const WAITING: f64 = 0.499;

/// What tells most of a request's time: the largest share, but of a request that mostly waits the largest wait.
pub(super) fn telling<'b, 'a>(shares: &'b [Share<'a>]) -> Option<&'b Share<'a>> {
    let waiting: f64 = shares.iter().filter(|share| is_wait(share)).map(|share| share.share).sum();
    let wait = shares.iter().find(|share| is_wait(share)).filter(|_| waiting >= WAITING);
    wait.or(shares.first())
}

/// Whether a share of the time is waiting for a resource, or what others or a fault cost.
pub(super) fn is_wait(share: &Share) -> bool {
    !share.served
        && !matches!(
            share.place.kind,
            PlaceKind::Network
                | PlaceKind::BackOff
                | PlaceKind::ClientBackOff
                | PlaceKind::Hedge
                | PlaceKind::Delay
                | PlaceKind::Unexplained
        )
}

/// How many times its own length a job takes on a CPU or at a station because others are in its way.
pub(super) fn stretch(shares: &[Share], owner: &str) -> f64 {
    let sum = |is_it: &dyn Fn(&Share) -> bool| shares.iter().filter(|one| is_it(one)).map(|one| one.share).sum::<f64>();
    let served = sum(&|one| one.served && one.place.name == owner);
    let lost = sum(&|one| {
        one.place.kind == PlaceKind::Contention && one.place.name.strip_suffix(" contention") == Some(owner)
    });
    if lost > 0.0 { (served + lost) / served.max(f64::MIN_POSITIVE) } else { 1.0 }
}

/// What holders do most, a CPU's service and the waiting for it taken together.
pub(super) fn most<'a>(all: &[Share<'a>]) -> Option<Share<'a>> {
    let joint = |one: &Share<'a>| {
        let same = all.iter().filter(|other| other.place == one.place);
        let share = same.clone().map(|other| other.share).sum();
        let served = same.filter(|other| other.served).map(|other| other.share).sum::<f64>() * 2.0 >= share;
        Share { share, served, ..one.clone() }
    };
    all.iter().map(joint).max_by(|a, b| a.share.total_cmp(&b.share).then_with(|| b.place.name.cmp(&a.place.name)))
}
