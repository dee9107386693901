//! What is searched for instead of swept: the knee of a load, the smallest size that does.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Metric;
use super::bound::Bound;

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
}

/// What `sim knee` looks for: along one axis, the last value that still meets every objective.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Knee {
    /// What is varied: the name of an axis, or a path of any number. Without it: the first axis of numbers.
    pub axis: Option<String>,
    /// The smallest value that is looked at, in the notation of the path. Without it: the smallest of the axis.
    #[schemars(with = "Option<serde_json::Value>")]
    pub from: Option<toml::Value>,
    /// The largest value that is looked at. Without it: the largest of the axis.
    #[schemars(with = "Option<serde_json::Value>")]
    pub to: Option<toml::Value>,
    /// How closely the knee is looked for, in the notation of the path. Without it: 1 for whole numbers, else a
    /// hundredth of the range.
    #[schemars(with = "Option<serde_json::Value>")]
    pub resolution: Option<toml::Value>,
    /// Looks for the smallest value that meets the objectives, as of a pool, and not for the largest, as of a load.
    #[serde(default)]
    pub smallest: bool,
    /// What must be met, all of it. Without any, and without `slope`: a success rate of at least `collapse_below`.
    #[serde(default)]
    pub objectives: Vec<Objective>,
    /// The throughput must still grow by at least this share of what it would if it were in proportion to the axis, 0
    /// to 1; looked at over the last tenth of the value.
    pub slope: Option<f64>,
    /// The probability with which the whole answer is right, for each variant.
    #[serde(default = "nineteen_of_twenty")]
    pub confidence: f64,
    /// Replications after which a value is given up as too close to tell.
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

/// What `sim optimize` looks for: the cheapest setting of several parameters that meets every objective.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Optimize {
    /// What is chosen; every combination of values is a setting.
    pub parameters: Vec<Parameter>,
    /// What everything else costs.
    #[serde(default)]
    pub constant: f64,
    /// What must be met, all of it.
    pub objectives: Vec<Objective>,
    /// More of any parameter may be taken never to make an objective worse: what has no more of anything than a setting
    /// that misses is then excluded without trials. More threads or connections *can* hurt; replicas and cores hardly.
    #[serde(default)]
    pub monotone: bool,
    /// The probability with which all decisions are right.
    #[serde(default = "nineteen_of_twenty")]
    pub confidence: f64,
    /// Replications after which a setting is given up as too close to tell.
    #[serde(default = "eighty")]
    pub max_replications: u32,
    /// Trials after which no further setting is tried.
    #[serde(default = "ten_thousand")]
    pub max_trials: u64,
}

/// A parameter that is chosen: `from` and `to`, or a list of `values`.
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
    /// Distance of two values. Without it: 1 for whole numbers, else a twentieth of the range.
    #[schemars(with = "Option<serde_json::Value>")]
    pub step: Option<toml::Value>,
    /// The values, where they are no range.
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    pub values: Option<Vec<toml::Value>>,
    /// What a unit costs: of a number 1, of cores one core, of a duration a second, of a rate one a second.
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
