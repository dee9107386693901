//! How the rate of an open load goes over time.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::units::{Fraction, fraction};
use super::super::{Duration, RateOrZero};

/// A point of a rate over time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatePoint {
    /// When, from the start of the run (the warm-up is part of it).
    pub at: Duration,
    /// The rate from then on, or at that moment of a ramp.
    pub rate: RateOrZero,
}

/// The points of a rate over time, a row each, from a CSV file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateTable {
    /// The file, relative to the model's.
    pub file: String,
    /// The column of times, in seconds from the start of the run, in rising order.
    pub time: String,
    /// The column of rates: requests in each `per`.
    pub rate: String,
    /// The time that a rate counts requests of: "1m" for requests a minute. Without it: "1s".
    pub per: Option<Duration>,
    /// What the rates are multiplied with, 0 to a million: 2 is twice the load. Without it: 1.
    pub factor: Option<f64>,
}

/// How the rate goes from one point of a profile to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Interpolation {
    /// In a straight line; after the last point it stays.
    #[default]
    Ramp,
    /// It stays until the next point.
    Steps,
}

/// A spike: for a while the rate is a different one (`rate`), or a multiple of the normal one (`factor`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spike {
    /// When it begins, from the start of the run.
    pub at: Duration,
    /// How long it lasts.
    pub length: Duration,
    /// The rate in it, whatever `diurnal` says.
    pub rate: Option<RateOrZero>,
    /// Multiple of the normal rate, 0 to a million.
    pub factor: Option<f64>,
}

/// A daily course: the rate is multiplied with `1 + amplitude sin(2 pi t / period)`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diurnal {
    /// Length of a day.
    pub period: Duration,
    /// 0 to 1: 0.5 lets the rate go between half and one and a half times its mean.
    #[serde(deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub amplitude: f64,
}

/// Bursts: the rate is one of two, each for a time that is exponentially distributed (a Markov-modulated Poisson
/// process of two states). The first state is drawn by the share of time that it has.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bursts {
    /// Mean length of a burst.
    pub mean_on: Duration,
    /// Mean time between two bursts.
    pub mean_off: Duration,
    /// Rate in a burst, above `off_rate`.
    pub on_rate: RateOrZero,
    /// Rate between bursts.
    pub off_rate: RateOrZero,
}

/// Arrivals at the times that a CSV file holds, one a row.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalTrace {
    /// The file, relative to the model's.
    pub file: String,
    /// The column of times, in seconds from the start of the run, in rising order. Without it: `time_s`.
    pub column: Option<String>,
    /// The column of classes, names of `classes`. Without it classes are drawn by their weights.
    pub class: Option<String>,
    /// What the times are multiplied with, above 0 and a million at most: 0.5 is twice the rate. Without it: 1.
    pub scale: Option<f64>,
}
