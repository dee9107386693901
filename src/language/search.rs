//! What is searched for instead of swept: the knee of a load, the smallest size that does.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Metric;
use super::bound::Bound;
use super::units::{Fraction, fraction, optional_fraction};

/// A bound that a metric must keep: `{ at-least = { metric = "success_rate", value = 0.99 } }`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Objective {
    /// The metric is at least this.
    AtLeast {
        /// Which metric.
        metric: Metric,
        /// The bound, in the metric's unit or with one.
        #[schemars(with = "Bound")]
        value: f64,
    },
    /// The metric is at most this.
    AtMost {
        /// Which metric.
        metric: Metric,
        /// The bound, in the metric's unit or with one.
        #[schemars(with = "Bound")]
        value: f64,
    },
}

impl Objective {
    /// The metric that is bounded.
    pub fn metric(self) -> Metric {
        let (Self::AtLeast { metric, .. } | Self::AtMost { metric, .. }) = self;
        metric
    }

    /// The bound, in the metric's unit.
    pub fn bound(self) -> f64 {
        let (Self::AtLeast { value, .. } | Self::AtMost { value, .. }) = self;
        value
    }

    /// Whether the metric must not fall below the bound.
    pub fn is_at_least(self) -> bool {
        matches!(self, Self::AtLeast { .. })
    }

    /// Whether a value of the metric misses it.
    pub fn is_missed_by(self, value: f64) -> bool {
        if self.is_at_least() { value < self.bound() } else { value > self.bound() }
    }
}

/// What `sim knee` searches for: along one axis, the last value that still meets every objective.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Knee {
    /// What to vary: the name of an axis, or the path of any number. Without it: the first axis of numbers.
    pub axis: Option<String>,
    /// The smallest value to try, in the notation of the path. Without it: the smallest of the axis.
    #[schemars(with = "Option<serde_json::Value>")]
    pub from: Option<toml::Value>,
    /// The largest value to try. Without it: the largest of the axis.
    #[schemars(with = "Option<serde_json::Value>")]
    pub to: Option<toml::Value>,
    /// The resolution of the knee, in the notation of the path. Without it: 1 for whole numbers, else a
    /// hundredth of the range.
    #[schemars(with = "Option<serde_json::Value>")]
    pub resolution: Option<toml::Value>,
    /// Search for the smallest value that meets the objectives, as for a pool, instead of the largest, as for a load. Counts
    /// for this axis only: `--axis` with another one looks for the largest, unless `--smallest` is given.
    #[serde(default)]
    pub smallest: bool,
    /// The objectives, all of which must be met. Without any, and without `slope`: a success rate of at least `collapse_below`.
    #[serde(default)]
    pub objectives: Vec<Objective>,
    /// The throughput must still grow by at least this share of proportional growth, 0 to 1, measured over the last
    /// tenth of the value.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub slope: Option<f64>,
    /// The probability that the whole answer is correct, for each variant.
    #[serde(default = "nineteen_of_twenty", deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub confidence: f64,
    /// Replications after which a value is reported as too close to call.
    #[serde(default = "eighty")]
    pub max_replications: u32,
}

impl Default for Knee {
    fn default() -> Self {
        Self {
            axis: None,
            from: None,
            to: None,
            resolution: None,
            smallest: false,
            objectives: Vec::new(),
            slope: None,
            confidence: nineteen_of_twenty(),
            max_replications: eighty(),
        }
    }
}

/// What `sim optimize` searches for: the cheapest setting of several parameters that meets every objective.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Optimize {
    /// The parameters; every combination of their values is a setting.
    pub parameters: Vec<Parameter>,
    /// The cost of everything else.
    #[serde(default)]
    pub constant: f64,
    /// The objectives, all of which must be met.
    pub objectives: Vec<Objective>,
    /// Assume that more of any parameter never makes an objective worse: a setting that is no larger in any parameter
    /// than one that misses is then excluded without trials. More threads or connections *can* hurt; more replicas and
    /// cores hardly ever do.
    #[serde(default)]
    pub monotone: bool,
    /// The probability that all decisions are correct.
    #[serde(default = "nineteen_of_twenty", deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub confidence: f64,
    /// Replications after which a setting is reported as too close to call.
    #[serde(default = "eighty")]
    pub max_replications: u32,
    /// Trials after which no further setting is tried.
    #[serde(default = "ten_thousand")]
    pub max_trials: u64,
}

/// A parameter to choose: `from` and `to`, or a list of `values`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The path of a number, or the name of an axis.
    pub path: String,
    /// The smallest value, in the notation of the path.
    #[schemars(with = "Option<serde_json::Value>")]
    pub from: Option<toml::Value>,
    /// The largest value.
    #[schemars(with = "Option<serde_json::Value>")]
    pub to: Option<toml::Value>,
    /// Distance between two values. Without it: 1 for whole numbers, else a twentieth of the range.
    #[schemars(with = "Option<serde_json::Value>")]
    pub step: Option<toml::Value>,
    /// The values, if they are not a range.
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    pub values: Option<Vec<toml::Value>>,
    /// Cost per unit: 1 for a number, one core for cores, one second for a duration, 1/s for a rate.
    #[serde(default)]
    pub cost: f64,
}

fn ten_thousand() -> u64 {
    10_000
}

fn nineteen_of_twenty() -> f64 {
    0.95
}

fn eighty() -> u32 {
    80
}
