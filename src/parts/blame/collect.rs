//! What the requests of a window have spent their time on, added up: over all successes, over those around each
//! quantile of the response time, and over failures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::log::Label;
use super::place::{Place, PlaceKind};
use crate::kernel::wire::Number;
use crate::parts::token::Failure;

/// Bins of an octave of the response time.
const PER_OCTAVE: u32 = 8;

/// A group of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// All that succeeded.
    Mean,
    /// The tenth of them around the median.
    P50,
    /// The fiftieth around the 95th percentile.
    P95,
    /// The hundredth around the 99th percentile.
    P99,
    /// The thousandth around the 99.9th percentile.
    P999,
    /// All that failed, each attempt by itself.
    Failed,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 6] = [Self::Mean, Self::P50, Self::P95, Self::P99, Self::P999, Self::Failed];

    /// The quantile that it is around, and how far around in ranks.
    fn around(self) -> Option<(f64, f64)> {
        match self {
            Self::Mean | Self::Failed => None,
            Self::P50 => Some((0.5, 0.05)),
            Self::P95 => Some((0.95, 0.01)),
            Self::P99 => Some((0.99, 0.005)),
            Self::P999 => Some((0.999, 0.0005)),
        }
    }

    /// As files name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::P999 => "p999",
            Self::Failed => "failed",
        }
    }
}

/// Where the time of the requests of a window went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "BlameRow", from = "BlameRow")]
pub struct Blame {
    /// The places that appear in it.
    pub places: Vec<Place>,
    /// The time of each group that has any request, in the order of [`Group::ALL`].
    pub groups: Vec<Times>,
    /// Failures by cause and by where the request was when it failed, or what refused it.
    pub failures: Vec<FailedAt>,
    /// What those who hold a unit of a place do meanwhile, as far as somebody waits for one.
    pub holders: Vec<Holding>,
}

/// The time of a group of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// Which.
    pub group: Group,
    /// Requests in it; not a whole number where a bin of response times is in it in part.
    pub requests: f64,
    /// The time of all of them together.
    pub spent: Vec<Spent>,
}

/// Time at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Index in [`Blame::places`].
    pub place: u16,
    /// Being served there, not waiting.
    pub served: bool,
    /// In nanoseconds.
    pub ns: u128,
}

/// Requests that failed alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAt {
    /// Why, in the reports' words.
    pub cause: String,
    /// Where it was, or what refused it: an index in [`Blame::places`].
    pub place: u16,
    /// How many.
    pub requests: u64,
}

/// What holders of a place spent their time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// What is held: an index in [`Blame::places`].
    pub held: u16,
    /// What the holder does meanwhile.
    pub spent: Spent,
}

/// A [`Spent`] as a journal has it: twice the place, plus one where it was served, and the nanoseconds.
type SpentRow = (u16, u128);

/// A [`Blame`] as a journal has it: lists in the order of the fields.
type BlameRow =
    (Vec<(String, PlaceKind)>, Vec<(Group, Number, Vec<SpentRow>)>, Vec<(String, u16, u64)>, Vec<(u16, SpentRow)>);

impl From<Spent> for SpentRow {
    fn from(Spent { place, served, ns }: Spent) -> Self {
        (place << 1 | u16::from(served), ns)
    }
}

impl From<SpentRow> for Spent {
    fn from((label, ns): SpentRow) -> Self {
        Self { place: label >> 1, served: label & 1 == 1, ns }
    }
}

impl From<Blame> for BlameRow {
    fn from(of: Blame) -> Self {
        let spent = |spent: Vec<Spent>| spent.into_iter().map(Into::into).collect();
        (
            of.places.into_iter().map(|place| (place.name, place.kind)).collect(),
            of.groups.into_iter().map(|times| (times.group, Number(times.requests), spent(times.spent))).collect(),
            of.failures.into_iter().map(|at| (at.cause, at.place, at.requests)).collect(),
            of.holders.into_iter().map(|holding| (holding.held, holding.spent.into())).collect(),
        )
    }
}

impl From<BlameRow> for Blame {
    fn from((places, groups, failures, holders): BlameRow) -> Self {
        let times = |(group, requests, spent): (Group, Number, Vec<SpentRow>)| Times {
            group,
            requests: requests.0,
            spent: spent.into_iter().map(Into::into).collect(),
        };
        let failed = |(cause, place, requests)| FailedAt { cause, place, requests };
        Self {
            places: places.into_iter().map(|(name, kind)| Place { name, kind }).collect(),
            groups: groups.into_iter().map(times).collect(),
            failures: failures.into_iter().map(failed).collect(),
            holders: holders.into_iter().map(|(held, spent)| Holding { held, spent: spent.into() }).collect(),
        }
    }
}

/// Time by label.
#[derive(Clone, Debug, Default)]
struct Bin {
    requests: u64,
    times: Box<[u128]>,
}

impl Bin {
    fn new(labels: usize) -> Self {
        Self { requests: 0, times: vec![0; labels].into() }
    }

    #[inline]
    fn add(&mut self, stretches: impl Iterator<Item = (Label, u64)>) {
        self.requests += 1;
        for (label, ns) in stretches {
            self.times[label.index()] += u128::from(ns);
        }
    }
}

/// The sums under way.
#[derive(Clone, Debug)]
pub(super) struct Collected {
    labels: usize,
    /// Successes by response time.
    bins: Vec<Option<Bin>>,
    failed: Bin,
    failures: BTreeMap<(usize, Label), u64>,
    /// By held place, then label; empty for one that has not been held.
    holders: Vec<Vec<u128>>,
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
        let labels = 2 * places;
        Self {
            labels,
            bins: Vec::new(),
            failed: Bin::new(labels),
            failures: BTreeMap::new(),
            holders: vec![Vec::new(); places],
        }
    }

    /// A success after this response time.
    #[inline]
    pub fn succeeded(&mut self, response: u64, stretches: impl Iterator<Item = (Label, u64)>) {
        let index = bin_of(response);
        match self.bins.get_mut(index) {
            Some(Some(bin)) => bin.add(stretches),
            _ => self.open(index).add(stretches),
        }
    }

    #[cold]
    fn open(&mut self, index: usize) -> &mut Bin {
        if self.bins.len() <= index {
            self.bins.resize(index + 1, None);
        }
        let labels = self.labels;
        self.bins[index].get_or_insert_with(|| Bin::new(labels))
    }

    pub fn failed(&mut self, why: Failure, at: Label, stretches: impl Iterator<Item = (Label, u64)>) {
        self.failed.add(stretches);
        *self.failures.entry((why.index(), at)).or_default() += 1;
    }

    /// A holder of a place has spent this while it held.
    #[inline]
    pub fn held(&mut self, place: u16, label: Label, ns: u64) {
        let of_place = &mut self.holders[usize::from(place)];
        if of_place.is_empty() {
            of_place.resize(self.labels, 0);
        }
        of_place[label.index()] += u128::from(ns);
    }

    /// The time of all successes and, of all requests, what is unexplained.
    pub fn sums(&self) -> (u128, u128) {
        let bins = || self.bins.iter().flatten();
        let all = bins().flat_map(|bin| bin.times.iter()).sum();
        let unexplained = bins().chain([&self.failed]).map(|bin| bin.times[0] + bin.times[1]).sum();
        (all, unexplained)
    }

    /// All of it, of these places.
    pub fn finish(self, places: &[Place], reasons: &[String]) -> Blame {
        let mut names = Used { of: vec![None; places.len()], places: Vec::new(), all: places };
        let groups = Group::ALL.map(|group| self.group(group)).into_iter().flatten();
        let groups = groups.map(|(group, requests, times)| Times {
            group,
            requests,
            spent: times.iter().enumerate().filter_map(|(label, &ns)| names.spent(label, ns)).collect(),
        });
        let groups = groups.collect();
        let failures = self.failures.iter().map(|(&(why, at), &requests)| FailedAt {
            cause: Failure::from_index(why).describe(reasons),
            place: names.place(at.index() / 2),
            requests,
        });
        let failures = failures.collect();
        let mut holders = Vec::new();
        for (held, times) in self.holders.iter().enumerate() {
            for (label, &ns) in times.iter().enumerate() {
                if let Some(spent) = names.spent(label, ns) {
                    holders.push(Holding { held: names.place(held), spent });
                }
            }
        }
        Blame { places: names.places, groups, failures, holders }
    }

    /// The time of a group by label; none where it has no request.
    fn group(&self, group: Group) -> Option<(Group, f64, Vec<u128>)> {
        if group == Group::Failed {
            return (self.failed.requests > 0)
                .then(|| (group, self.failed.requests as f64, self.failed.times.to_vec()));
        }
        let all: u64 = self.bins.iter().flatten().map(|bin| bin.requests).sum();
        if all == 0 {
            return None;
        }
        let mut times = vec![0u128; self.labels];
        let Some((q, around)) = group.around() else {
            for bin in self.bins.iter().flatten() {
                times.iter_mut().zip(&bin.times).for_each(|(sum, ns)| *sum += ns);
            }
            return Some((group, all as f64, times));
        };
        // At least one request, that of the quantile.
        let (n, reach) = (all as f64, (around * all as f64).max(0.5));
        let middle = (q * n).clamp(0.5, n - 0.5);
        let (from, to) = ((middle - reach).max(0.0), (middle + reach).min(n));
        let mut below = 0.0;
        for bin in self.bins.iter().flatten() {
            let count = bin.requests as f64;
            let share = ((to.min(below + count) - from.max(below)) / count).max(0.0);
            below += count;
            if share > 0.0 {
                let part = |ns: u128| if share >= 1.0 { ns } else { (ns as f64 * share).round() as u128 };
                times.iter_mut().zip(&bin.times).for_each(|(sum, &ns)| *sum += part(ns));
            }
        }
        Some((group, to - from, times))
    }
}

/// Numbers the places that appear.
struct Used<'a> {
    of: Vec<Option<u16>>,
    places: Vec<Place>,
    all: &'a [Place],
}

impl Used<'_> {
    fn place(&mut self, index: usize) -> u16 {
        let index = index.min(self.all.len() - 1);
        *self.of[index].get_or_insert_with(|| {
            self.places.push(self.all[index].clone());
            (self.places.len() - 1) as u16
        })
    }

    fn spent(&mut self, label: usize, ns: u128) -> Option<Spent> {
        (ns > 0).then(|| Spent { place: self.place(label / 2), served: label % 2 == 1, ns })
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
    #[test]
    fn groups_are_those_around_their_quantile() {
        let place = |name: &str| Place { name: name.into(), kind: PlaceKind::Station };
        let places = [place("unexplained"), place("slow")];
        let (waits, served) = (Label::waiting(1), Label::served(1));
        let mut collected = Collected::new(2);
        for _ in 0..900 {
            collected.succeeded(1_000_000, [(served, 1_000_000)].into_iter());
        }
        for _ in 0..100 {
            collected.succeeded(9_001_000_000, [(waits, 9_000_000_000), (served, 1_000_000)].into_iter());
        }
        collected.failed(Failure::GAVE_UP, waits, [(waits, 7)].into_iter());
        let blame = collected.finish(&places, &[]);
        let of = |group: Group| blame.groups.iter().find(|times| times.group == group).unwrap();
        let sum = |group: Group| of(group).spent.iter().map(|spent| spent.ns).sum::<u128>();
        assert_eq!(sum(Group::Mean), 900 * 1_000_000 + 100 * 9_001_000_000);
        assert_eq!((of(Group::P50).requests, sum(Group::P50)), (100.0, 100 * 1_000_000));
        assert_eq!((of(Group::P95).requests.round(), sum(Group::P95)), (20.0, 20 * 9_001_000_000));
        assert_eq!((of(Group::P999).requests, sum(Group::P999)), (1.0, 9_001_000_000));
        assert_eq!(of(Group::Failed).spent, [Spent { place: 0, served: false, ns: 7 }]);
        assert_eq!(blame.failures, [FailedAt { cause: "client gave up".into(), place: 0, requests: 1 }]);
        assert_eq!(blame.places, [place("slow")]);
    }
}
