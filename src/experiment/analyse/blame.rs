//! Where the time of a point's requests went, over its replications together.

use crate::parts::{Blame, BlameGroup, BlamePlace, FailedAt, Holding, PlaceKind, Spent, Times};

/// A share of a group's time.
#[derive(Clone, Debug, PartialEq)]
pub struct Share<'a> {
    /// Where.
    pub place: &'a BlamePlace,
    /// Being served there, not waiting.
    pub served: bool,
    /// Of each request on average, in seconds.
    pub seconds: f64,
    /// Out of all of the group's time, or of a holder's, 0 to 1.
    pub share: f64,
}

/// The blame of trials together; none where none has any.
pub fn merged<'a>(mut all: impl Iterator<Item = &'a Blame>) -> Option<Blame> {
    let mut whole = all.next()?.clone();
    all.for_each(|other| add(&mut whole, other));
    Some(whole)
}

fn add(whole: &mut Blame, other: &Blame) {
    let places: Vec<u16> = other.places.iter().map(|place| index_of(&mut whole.places, place)).collect();
    let here = |spent: &Spent| Spent { place: places[usize::from(spent.place)], ..*spent };
    for times in &other.groups {
        let known = whole.groups.iter().position(|known| known.group == times.group).unwrap_or_else(|| {
            whole.groups.push(Times { group: times.group, requests: 0.0, spent: Vec::new() });
            whole.groups.len() - 1
        });
        whole.groups[known].requests += times.requests;
        times.spent.iter().for_each(|spent| add_spent(&mut whole.groups[known].spent, here(spent)));
    }
    whole.groups.sort_by_key(|times| BlameGroup::ALL.iter().position(|group| *group == times.group));
    for at in &other.failures {
        let place = places[usize::from(at.place)];
        match whole.failures.iter_mut().find(|known| known.cause == at.cause && known.place == place) {
            Some(known) => known.requests += at.requests,
            None => whole.failures.push(FailedAt { place, ..at.clone() }),
        }
    }
    let here = |holding: &Holding| Holding { held: places[usize::from(holding.held)], spent: here(&holding.spent) };
    other.holders.iter().for_each(|holding| add_holding(&mut whole.holders, here(holding)));
    other.failing.iter().for_each(|holding| add_holding(&mut whole.failing, here(holding)));
}

fn add_holding(all: &mut Vec<Holding>, holding: Holding) {
    let same = |known: &&mut Holding| known.held == holding.held && is_same(&known.spent, &holding.spent);
    match all.iter_mut().find(same) {
        Some(known) => known.spent.ns += holding.spent.ns,
        None => all.push(holding),
    }
}

/// The same with what holders do while requests fail in place of what they do over the whole window, as far as any held a
/// place then.
pub fn while_failing(blame: &Blame) -> Blame {
    let is_known = |held: u16| blame.failing.iter().any(|holding| holding.held == held);
    let others = blame.holders.iter().filter(|holding| !is_known(holding.held));
    Blame { holders: others.chain(&blame.failing).copied().collect(), ..blame.clone() }
}

fn is_same(a: &Spent, b: &Spent) -> bool {
    (a.place, a.served) == (b.place, b.served)
}

fn add_spent(all: &mut Vec<Spent>, spent: Spent) {
    match all.iter_mut().find(|known| is_same(known, &spent)) {
        Some(known) => known.ns += spent.ns,
        None => all.push(spent),
    }
}

fn index_of(places: &mut Vec<BlamePlace>, place: &BlamePlace) -> u16 {
    let known = places.iter().position(|known| known == place);
    known.unwrap_or_else(|| {
        places.push(place.clone());
        places.len() - 1
    }) as u16
}

/// Where the time of a group went, the largest share first; empty where the group has no request.
pub fn shares(blame: &Blame, group: BlameGroup) -> Vec<Share<'_>> {
    let Some(times) = blame.groups.iter().find(|times| times.group == group) else { return Vec::new() };
    shared(blame, times.spent.iter(), times.requests)
}

/// What those who hold a unit of a place spend their time on while somebody waits for one, the largest share first.
pub fn holders<'a>(blame: &'a Blame, held: &BlamePlace) -> Vec<Share<'a>> {
    let of_place = |holding: &&Holding| blame.places[usize::from(holding.held)] == *held && !is_outage(blame, holding);
    shared(blame, blame.holders.iter().filter(of_place).map(|holding| &holding.spent), 1.0)
}

/// What a fault lowers: the slots that it has made fewer.
pub fn lowered<'a>(blame: &'a Blame, fault: &BlamePlace) -> impl Iterator<Item = &'a BlamePlace> {
    holders(blame, fault).into_iter().filter(|share| !share.served).map(|share| share.place)
}

/// Whether a fault makes this CPU slow, or stops it: that is filed as served.
pub fn slows(blame: &Blame, fault: &BlamePlace, cpu: &BlamePlace) -> bool {
    fault.kind == PlaceKind::Fault && holders(blame, fault).iter().any(|share| share.served && share.place == cpu)
}

/// The faults that keep replicas of an unavailable service down, the longest first.
pub fn outages<'a>(blame: &'a Blame, unavailable: &BlamePlace) -> Vec<Share<'a>> {
    let of_place =
        |holding: &&Holding| blame.places[usize::from(holding.held)] == *unavailable && is_outage(blame, holding);
    shared(blame, blame.holders.iter().filter(of_place).map(|holding| &holding.spent), 1.0)
}

/// Whether this is for how long a fault kept replicas of a service down, and not what a holder does. It is no wait, so it
/// is filed as served; what a fault costs a probe is a wait. A probe that is late may be so while it is served.
fn is_outage(blame: &Blame, holding: &Holding) -> bool {
    let kind = |place: u16| blame.places[usize::from(place)].kind;
    let is_by_fault = holding.spent.served && kind(holding.spent.place) == PlaceKind::Fault;
    kind(holding.held) == PlaceKind::Unavailable && is_by_fault
}

fn shared<'a>(blame: &'a Blame, spent: impl Iterator<Item = &'a Spent> + Clone, requests: f64) -> Vec<Share<'a>> {
    let all: u128 = spent.clone().map(|spent| spent.ns).sum();
    let share = |spent: &Spent| Share {
        place: &blame.places[usize::from(spent.place)],
        served: spent.served,
        seconds: spent.ns as f64 / 1e9 / requests.max(f64::MIN_POSITIVE),
        share: spent.ns as f64 / (all as f64).max(1.0),
    };
    let mut shares: Vec<Share> = spent.map(share).collect();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.place.name.cmp(&b.place.name)));
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replications_add_up_whatever_the_order_of_their_places() {
        let place = |name: &str| BlamePlace { name: name.into(), kind: PlaceKind::Station, units: None };
        let spent = |place, ns| Spent { place, served: false, ns };
        let one = |names: [&str; 2], group, ns: [u128; 2]| Blame {
            places: names.map(place).to_vec(),
            groups: vec![Times { group, requests: 2.0, spent: vec![spent(0, ns[0]), spent(1, ns[1])] }],
            failures: vec![FailedAt { cause: "shed".into(), place: 1, requests: 3 }],
            holders: vec![Holding { held: 0, spent: spent(1, 5) }],
            failing: vec![Holding { held: 0, spent: spent(0, 5) }],
        };
        let mut whole = one(["a", "b"], BlameGroup::Mean, [1, 2]);
        add(&mut whole, &one(["b", "c"], BlameGroup::Mean, [10, 20]));
        add(&mut whole, &one(["b", "a"], BlameGroup::P95, [1, 3]));
        let named = |group| -> Vec<(String, f64)> {
            let shares = shares(&whole, group);
            shares.iter().map(|share| (share.place.name.clone(), (share.seconds * 1e9).round())).collect()
        };
        assert_eq!(named(BlameGroup::Mean), [("c".into(), 5.0), ("b".into(), 3.0), ("a".into(), 0.0)]);
        assert_eq!(named(BlameGroup::P95), [("a".into(), 2.0), ("b".into(), 1.0)]);
        assert_eq!(whole.failures.iter().map(|at| at.requests).collect::<Vec<_>>(), [3, 3, 3]);
        assert_eq!(holders(&whole, &place("b")).len(), 2);
        let failing = while_failing(&whole);
        let of =
            |held: &str| holders(&failing, &place(held)).iter().map(|it| it.place.name.clone()).collect::<Vec<_>>();
        assert_eq!((of("a"), of("b")), (vec!["a".to_owned()], vec!["b".to_owned()]));
        assert!(outages(&whole, &place("b")).is_empty());
        assert!(shares(&whole, BlameGroup::Failed).is_empty());
    }

    /// A service is down by a fault for 30 s. One of its probes is late after 15 s in which it waited for a CPU, another one
    /// during a sleep: that is what holders do.
    #[test]
    fn an_outage_is_no_work_of_a_holder() {
        let place = |name: &str, kind| BlamePlace { name: name.into(), kind, units: None };
        let (down, fault) = (place("a unavailable", PlaceKind::Unavailable), place("fault f", PlaceKind::Fault));
        let holding = |place, served, ns| Holding { held: 0, spent: Spent { place, served, ns } };
        let blame = Blame {
            places: vec![down.clone(), fault, place("a CPU", PlaceKind::Cpu), place("a sleep", PlaceKind::Delay)],
            groups: Vec::new(),
            failures: Vec::new(),
            holders: vec![holding(1, true, 30), holding(2, false, 15), holding(3, true, 5)],
            failing: Vec::new(),
        };
        let of = |shares: Vec<Share>| shares.iter().map(|it| (it.place.name.clone(), it.share)).collect::<Vec<_>>();
        assert_eq!(of(holders(&blame, &down)), [("a CPU".to_owned(), 0.75), ("a sleep".to_owned(), 0.25)]);
        assert_eq!(of(outages(&blame, &down)), [("fault f".to_owned(), 1.0)]);
    }
}
