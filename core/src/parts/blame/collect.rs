//! What the requests of a window have spent their time on, added up: over all successes, over those around each
//! quantile of the response time, and over failures.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::statistics::Histogram;

use super::failing::Failing;
use super::figures::{Blame, BlameGroup, FailedAt, Holding, Spent, Times};
use super::log::Label;
use super::place::BlamePlace;
use super::sums::{Bin, Labels, Sums, add};
use crate::engine::token::Failure;
use crate::kernel::Time;

/// Bins of an octave of the response time.
const PER_OCTAVE: u32 = 8;

/// The sums under way.
#[derive(Clone, Debug)]
pub(crate) struct Collected {
    labels: Labels,
    /// Successes by response time; none of them in a bin that has no requests.
    bins: Vec<Bin>,
    /// The response times of those, in nanoseconds.
    pub took: u128,
    failed: Bin,
    /// Counts of all failures.
    failures: BTreeMap<(usize, Label), u64>,
    /// By the number of waiting at the held place.
    holders: Vec<Sums>,
    /// The same while requests fail.
    failing: Failing,
}

#[inline]
fn bin_of(ns: u64) -> usize {
    let ns = ns.max(u64::from(PER_OCTAVE));
    let octave = u64::BITS - 1 - ns.leading_zeros();
    let bits = PER_OCTAVE.trailing_zeros();
    ((octave << bits) | (ns >> (octave - bits)) as u32 & (PER_OCTAVE - 1)) as usize
}

impl Collected {
    pub fn new(places: usize) -> Self {
        Self {
            labels: Labels::new(2 * places),
            bins: Vec::new(),
            took: 0,
            failed: Bin::default(),
            failures: BTreeMap::new(),
            holders: Vec::new(),
            failing: Failing::default(),
        }
    }

    /// A success after this response time, which stands for `weight` of them.
    pub fn succeeded(&mut self, response: u64, weight: u16, stretches: impl Iterator<Item = (Label, u64)>) {
        self.took += u128::from(response) * u128::from(weight);
        let index = bin_of(response);
        if index >= self.bins.len() {
            self.bins.resize(index + 1, Bin::default());
        }
        self.bins[index].add(&mut self.labels, weight, stretches);
    }

    pub fn failed(&mut self, why: Failure, at: Label, weight: u16, stretches: impl Iterator<Item = (Label, u64)>) {
        self.failed.add(&mut self.labels, weight, stretches);
        *self.failures.entry((why.index(), at)).or_default() += 1;
    }

    /// Notes that a request sent at `sent` has failed. If it is time to look at all present holders, returns the time of
    /// the previous look.
    pub fn fails(&mut self, now: Time, sent: Time) -> Option<Time> {
        self.failing.failed(now, sent)
    }

    /// Like [`held`](Self::held), for a holder that took its unit at `times[0]` and gave it back, or is looked at, at
    /// `times[1]`.
    #[inline]
    pub fn held_between(&mut self, times: [Time; 2], place: u16, label: Label, ns: u64, weight: u16) {
        let (held, number) = self.numbers(place, label);
        add(&mut self.holders, held, number, ns, weight);
        self.failing.held(times, held, number, ns, weight);
    }

    /// Adds what a holder is doing as a request fails; `ns` is the time that this observation represents.
    pub fn seen(&mut self, place: u16, label: Label, ns: u64) {
        let (held, number) = self.numbers(place, label);
        self.failing.seen(held, number, ns);
    }

    /// A holder of a place, which stands for `weight` of them, has spent this while it held.
    #[inline]
    pub fn held(&mut self, place: u16, label: Label, ns: u64, weight: u16) {
        let (held, number) = self.numbers(place, label);
        add(&mut self.holders, held, number, ns, weight);
    }

    /// The numbers of waiting at a held place, and of what its holder does.
    #[inline]
    fn numbers(&mut self, place: u16, label: Label) -> (usize, usize) {
        (self.labels.number(Label::waiting(place)), self.labels.number(label))
    }

    /// The time of all successes that have an account.
    pub fn accounted(&self) -> u128 {
        self.bins.iter().flat_map(|bin| bin.times.0.iter()).sum()
    }

    /// The time that no account explains.
    pub fn unexplained(&self) -> u128 {
        let of_bin = |bin: &Bin| -> u128 {
            let numbers = self.labels.numbers[..2].iter().filter(|&&number| number != Labels::NONE);
            numbers.map(|&number| bin.times.get(usize::from(number))).sum()
        };
        self.bins.iter().chain([&self.failed]).map(of_bin).sum()
    }

    /// All of it, of places that have these names; `response_times` are those of all successes.
    pub fn finish(self, name: impl Fn(usize) -> BlamePlace, reasons: &[String], response_times: &Histogram) -> Blame {
        let mut names = Used { of: vec![None; self.labels.numbers.len() / 2], places: Vec::new(), name };
        let labels = self.labels.in_order();
        let strata = Strata::of(&self.bins, &labels, response_times);
        let mut groups = Vec::new();
        for group in BlameGroup::ALL {
            let Some((requests, times)) = self.group(group, &strata) else { continue };
            let spent = times.into_iter();
            let spent = spent.filter_map(|(number, ns)| names.spent(self.labels.labels[number], ns)).collect();
            groups.push(Times { group, requests, spent });
        }
        let failures = self.failures.iter().map(|(&(why, at), &requests)| FailedAt {
            cause: Failure::from_index(why).describe(reasons),
            place: names.place(at.place()),
            requests,
        });
        let failures = failures.collect();
        let holdings = |sums: &[Sums], names: &mut Used<_>| {
            let mut holders = Vec::new();
            for &held in &labels {
                let Some(times) = sums.get(held) else { continue };
                for &number in &labels {
                    if let Some(spent) = names.spent(self.labels.labels[number], times.get(number)) {
                        holders.push(Holding { held: names.place(self.labels.labels[held].place()), spent });
                    }
                }
            }
            holders
        };
        let holders = holdings(&self.holders, &mut names);
        let failing = holdings(self.failing.holders(), &mut names);
        Blame { places: names.places, groups, failures, holders, failing }
    }

    /// Requests of a group and their time by the number of the label; none where it has no request.
    fn group(&self, group: BlameGroup, strata: &Strata) -> Option<(f64, Vec<(usize, u128)>)> {
        if group == BlameGroup::Failed {
            let all: u64 = self.failures.values().sum();
            let times = strata.labels.iter().map(|&number| (number, self.failed.times.get(number)));
            let scale = Scale { from: self.failed.requests, to: all };
            return (all > 0).then(|| (all as f64, times.map(|(number, ns)| (number, scale.of(ns))).collect()));
        }
        let all = strata.requests;
        if strata.all.is_empty() {
            return None;
        }
        let Some((q, around)) = group.around() else {
            return Some((all as f64, strata.between(0.0, all as f64, 0..usize::MAX)));
        };
        // At least one request, that of the quantile.
        let (n, reach) = (all as f64, (around * all as f64).max(0.5));
        let middle = (q * n).clamp(0.5, n - 0.5);
        let (from, to) = ((middle - reach).max(0.0), (middle + reach).min(n));
        let near = strata.near(middle);
        Some((to - from - strata.others(from, to, &near), strata.between(from, to, near)))
    }
}

/// Turns the time of some requests into that of more of their kind.
#[derive(Clone, Copy, Debug)]
struct Scale {
    from: u64,
    to: u64,
}

impl Scale {
    fn of(self, ns: u128) -> u128 {
        if self.from == self.to || self.from == 0 {
            return ns;
        }
        (ns as f64 * (self.to as f64 / self.from as f64)).round() as u128
    }
}

/// Successes in strata of the response time: in each, the time of the requests that have an account stands for that of
/// all (poststratification: Cochran, Sampling Techniques, 1977, chapter 5A). So groups have their exact number
/// of requests, and an account tells how the time of requests as slow as its own is divided.
struct Strata<'a> {
    /// Of all strata together.
    pub requests: u64,
    /// In order of the response time, each with the number of its bin.
    all: Vec<(Scale, &'a Bin, usize)>,
    /// The numbers of the labels, in the order of those.
    labels: &'a [usize],
    /// Corrects the sum to that of all response times.
    correction: f64,
}

impl<'a> Strata<'a> {
    fn of(bins: &'a [Bin], labels: &'a [usize], response_times: &Histogram) -> Self {
        let mut counts = Vec::new();
        for bucket in response_times.buckets() {
            let index = bin_of(bucket.low);
            if index >= counts.len() {
                counts.resize(index + 1, 0);
            }
            counts[index] += bucket.count;
        }
        // A stratum without any account takes its division from the next slower one, the slowest strata from the last.
        let mut all: Vec<(Scale, &Bin, usize)> = Vec::new();
        let mut without = 0;
        for (index, count) in counts.into_iter().enumerate() {
            without += count;
            if let Some(bin) = bins.get(index).filter(|bin| bin.requests > 0) {
                all.push((Scale { from: bin.requests, to: std::mem::take(&mut without) }, bin, index));
            }
        }
        if let Some((scale, ..)) = all.last_mut() {
            scale.to += without;
        }
        let mut strata = Self { requests: response_times.count(), all, labels, correction: 1.0 };
        if strata.all.iter().any(|(scale, ..)| scale.from != scale.to) {
            let sum: u128 = strata.between(0.0, strata.requests as f64, 0..usize::MAX).iter().map(|&(_, ns)| ns).sum();
            strata.correction = response_times.sum() as f64 / (sum as f64).max(1.0);
        }
        strata
    }

    /// The bins of requests that take between about half and twice as long as the one of this rank.
    fn near(&self, rank: f64) -> Range<usize> {
        let octave = PER_OCTAVE as usize;
        let mut below = 0;
        let holds = |(scale, ..): &&(Scale, &Bin, usize)| {
            below += scale.to;
            rank < below as f64
        };
        let index = self.all.iter().find(holds).or(self.all.last()).map_or(0, |&(_, _, index)| index);
        index.saturating_sub(octave)..index + octave + 1
    }

    /// Each stratum with the share of its requests that are between two ranks of the response time.
    fn each_between(&self, from: f64, to: f64) -> impl Iterator<Item = (f64, Scale, &'a Bin, usize)> {
        let mut below = 0.0;
        self.all.iter().map(move |&(scale, bin, index)| {
            let count = scale.to as f64;
            let share = ((to.min(below + count) - from.max(below)) / count).max(0.0);
            below += count;
            (share, scale, bin, index)
        })
    }

    /// How many requests between two ranks of the response time are in other bins than these.
    fn others(&self, from: f64, to: f64, bins: &Range<usize>) -> f64 {
        let others = self.each_between(from, to).filter(|(_, _, _, index)| !bins.contains(index));
        others.map(|(share, scale, ..)| share * scale.to as f64).sum()
    }

    /// The time by the number of the label of the requests in these bins between two ranks of the response time.
    fn between(&self, from: f64, to: f64, bins: Range<usize>) -> Vec<(usize, u128)> {
        let mut times: Vec<(usize, u128)> = self.labels.iter().map(|&number| (number, 0)).collect();
        for (share, scale, bin, index) in self.each_between(from, to) {
            if share == 0.0 || !bins.contains(&index) {
                continue;
            }
            let count = scale.to as f64;
            let is_exact = share >= 1.0 && scale.from == scale.to && self.correction == 1.0;
            let factor = share.min(1.0) * count / scale.from as f64 * self.correction;
            for (number, sum) in &mut times {
                let ns = bin.times.get(*number);
                if ns > 0 {
                    *sum += if is_exact { ns } else { (ns as f64 * factor).round() as u128 };
                }
            }
        }
        times
    }
}

/// Numbers the places that appear, each name once.
struct Used<F> {
    of: Vec<Option<u16>>,
    places: Vec<BlamePlace>,
    name: F,
}

impl<F: Fn(usize) -> BlamePlace> Used<F> {
    fn place(&mut self, place: u16) -> u16 {
        let index = usize::from(place).min(self.of.len() - 1);
        if let Some(number) = self.of[index] {
            return number;
        }
        let place = (self.name)(index);
        let known = self.places.iter().position(|known| *known == place).unwrap_or_else(|| {
            self.places.push(place);
            self.places.len() - 1
        });
        self.of[index] = Some(known as u16);
        known as u16
    }

    fn spent(&mut self, label: Label, ns: u128) -> Option<Spent> {
        (ns > 0).then(|| Spent { place: self.place(label.place()), served: label.is_served(), ns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::blame::place::PlaceKind;

    #[test]
    fn bins_are_narrow_and_in_order() {
        let mut last = 0;
        for ns in 1..100_000u64 {
            let bin = bin_of(ns);
            assert!(bin >= last);
            last = bin;
        }
        assert_ne!(bin_of(1_000_000), bin_of(1_130_000), "an eighth of an octave is 13 % at most");
        assert!(bin_of(u64::MAX) < 512);
    }

    /// 900 requests of 1 ms of service, 100 of which 9 s are waiting: p50 is service alone, p95 nearly all waiting.
    fn two_kinds(every: usize, weight: u16) -> Blame {
        let place = |name: &str| BlamePlace { name: name.into(), kind: PlaceKind::Station, units: None };
        let places = [place("unexplained"), place("slow")];
        let (waits, served) = (Label::waiting(1), Label::served(1));
        let mut collected = Collected::new(2);
        let mut times = Histogram::new();
        for number in 0..1000 {
            let is_slow = number % 10 == 9;
            let response = if is_slow { 9_001_000_000 } else { 1_000_000 };
            times.record(response);
            if number % every == 0 || (is_slow && number % 20 == 9) {
                let wait = is_slow.then_some((waits, 9_000_000_000));
                collected.succeeded(response, weight, wait.into_iter().chain([(served, 1_000_000)]));
            }
        }
        collected.failed(Failure::GAVE_UP, waits, 1, [(waits, 7)].into_iter());
        collected.failed(Failure::GAVE_UP, waits, 0, std::iter::empty());
        collected.finish(|index| places[index].clone(), &[], &times)
    }

    #[test]
    fn groups_are_those_around_their_quantile() {
        let place = |name: &str| BlamePlace { name: name.into(), kind: PlaceKind::Station, units: None };
        let blame = two_kinds(1, 1);
        let of = |group: BlameGroup| blame.groups.iter().find(|times| times.group == group).unwrap();
        let sum = |group: BlameGroup| of(group).spent.iter().map(|spent| spent.ns).sum::<u128>();
        assert_eq!(sum(BlameGroup::Mean), 900 * 1_000_000 + 100 * 9_001_000_000);
        assert_eq!((of(BlameGroup::P50).requests, sum(BlameGroup::P50)), (100.0, 100 * 1_000_000));
        assert_eq!((of(BlameGroup::P95).requests.round(), sum(BlameGroup::P95)), (20.0, 20 * 9_001_000_000));
        assert_eq!((of(BlameGroup::P999).requests, sum(BlameGroup::P999)), (1.0, 9_001_000_000));
        assert_eq!(of(BlameGroup::Failed).spent, [Spent { place: 0, served: false, ns: 14 }], "one stands for both");
        assert_eq!(blame.failures, [FailedAt { cause: "client gave up".into(), place: 0, requests: 2 }]);
        assert_eq!(blame.places, [place("slow")]);
    }

    /// Accounts of a seventh of the fast requests and of half of the slow ones stand for all.
    #[test]
    fn a_sample_stands_for_all_requests_as_slow_as_its_own() {
        let (all, some) = (two_kinds(1, 1), two_kinds(7, 8));
        for (all, some) in all.groups.iter().zip(&some.groups) {
            assert_eq!((all.group, all.requests), (some.group, some.requests));
            for (all, some) in all.spent.iter().zip(&some.spent) {
                let off = all.ns.abs_diff(some.ns) as f64 / all.ns as f64;
                assert!(off < 1e-9, "{all:?} {some:?}");
            }
        }
    }
}
