//! What a run tells of its accounts: where the time of each group of requests goes, where requests failed, and what those
//! do who hold what others wait for.

use serde::{Deserialize, Serialize};

use super::place::{BlamePlace, PlaceKind, Units};
use crate::kernel::wire::Number;

/// A group of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlameGroup {
    /// All that succeeded.
    Mean,
    /// The tenth of them around the median.
    P50,
    /// The fiftieth around the 90th percentile.
    P90,
    /// The fiftieth around the 95th percentile. Of the requests around a percentile only those count that take between
    /// about half and twice as long as it: the others do not show what it consists of.
    P95,
    /// The hundredth around the 99th percentile.
    P99,
    /// The thousandth around the 99.9th percentile.
    P999,
    /// All that failed, each attempt by itself.
    Failed,
}

impl BlameGroup {
    /// All groups.
    pub const ALL: [Self; 7] = [Self::Mean, Self::P50, Self::P90, Self::P95, Self::P99, Self::P999, Self::Failed];

    /// The quantile that it is around, and how far around in ranks.
    pub(super) fn around(self) -> Option<(f64, f64)> {
        match self {
            Self::Mean | Self::Failed => None,
            Self::P50 => Some((0.5, 0.05)),
            Self::P90 => Some((0.9, 0.01)),
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
            Self::P90 => "p90",
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
    pub places: Vec<BlamePlace>,
    /// The time of each group that has any request, in the order of [`BlameGroup::ALL`].
    pub groups: Vec<Times>,
    /// Failures by cause and by where the request was when it failed, or what refused it.
    pub failures: Vec<FailedAt>,
    /// What those who hold a unit of a place do meanwhile, as far as somebody waits for one. Of a breaker: the places
    /// of the failures that it has counted, with a nanosecond for each.
    pub holders: Vec<Holding>,
    /// The same of those who hold one when a request fails, or who gave it back while that request was under way. Errors that
    /// the model answers itself are left aside.
    pub failing: Vec<Holding>,
}

/// The time of a group of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// Which.
    pub group: BlameGroup,
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
type BlameRow = (
    Vec<(String, PlaceKind, Option<Units>)>,
    Vec<(BlameGroup, Number, Vec<SpentRow>)>,
    Vec<(String, u16, u64)>,
    Vec<(u16, SpentRow)>,
    Vec<(u16, SpentRow)>,
);

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
        let held = |all: Vec<Holding>| all.into_iter().map(|holding| (holding.held, holding.spent.into())).collect();
        (
            of.places.into_iter().map(|place| (place.name, place.kind, place.units)).collect(),
            of.groups.into_iter().map(|times| (times.group, Number(times.requests), spent(times.spent))).collect(),
            of.failures.into_iter().map(|at| (at.cause, at.place, at.requests)).collect(),
            held(of.holders),
            held(of.failing),
        )
    }
}

impl From<BlameRow> for Blame {
    fn from((places, groups, failures, holders, failing): BlameRow) -> Self {
        let times = |(group, requests, spent): (BlameGroup, Number, Vec<SpentRow>)| Times {
            group,
            requests: requests.0,
            spent: spent.into_iter().map(Into::into).collect(),
        };
        let failed = |(cause, place, requests)| FailedAt { cause, place, requests };
        let held = |all: Vec<(u16, SpentRow)>| {
            all.into_iter().map(|(held, spent)| Holding { held, spent: spent.into() }).collect()
        };
        Self {
            places: places.into_iter().map(|(name, kind, units)| BlamePlace { name, kind, units }).collect(),
            groups: groups.into_iter().map(times).collect(),
            failures: failures.into_iter().map(failed).collect(),
            holders: held(holders),
            failing: held(failing),
        }
    }
}
