//! A question: a model under a load, swept over axes, in variants, with hypotheses.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::bound::Bound;
use super::units::{Fraction, fraction, optional_fraction};
use super::{Duration, Knee, Load, Measure, Metric, Objective, Optimize, Run};

/// An experiment: variants x axes x replications.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The question, in a sentence; the charts' title where there is no finding.
    pub title: String,
    /// The model file, relative to this file.
    pub model: String,
    /// The load; may be left out where the model has one.
    pub load: Option<Load>,
    /// What is varied, by name; every combination of values is a point.
    #[serde(default)]
    pub axes: BTreeMap<String, Axis>,
    /// Designs that are compared. Without any there is one, the model as it is.
    #[serde(default)]
    pub variants: Vec<Variant>,
    /// Overrides that all variants share, by path: `"services.shop.workers" = 2`,
    /// `"services.shop.endpoints.buy.steps.query#2.time" = "5ms"` (the second `query` of the steps;
    /// `steps[3].query.time` counts from 0), `"load.timeout" = "10s"`. A table is merged into the model's key by key, at
    /// every depth: `"services.shop.pools.main" = { max_size = 50 }` keeps the pool's other keys. Arrays and single
    /// values replace what is there, and so does a table that is one of several kinds (a step, a distribution).
    /// `{ unset = true }` takes an optional key away, and `replace = true` in a table all keys that it does not name.
    /// `sim check` shows what each variant changes.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub set: BTreeMap<String, toml::Value>,
    /// Independent replications of each point.
    #[serde(default = "five")]
    pub replications: u32,
    /// Required precision of the figures, and the limit on replications.
    #[serde(default)]
    pub run: Run,
    /// The seed of every random stream.
    #[serde(default = "one")]
    pub seed: u64,
    /// The success objective: a point with a success rate below it is collapsed, sheds load, is overloaded or is failing.
    #[serde(default = "nine_tenths", deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub collapse_below: f64,
    /// Objectives that every point must meet: `[{ at-most = { metric = "p99_s", value = 1 } }]`. A point that misses an objective
    /// on a time is slow; a success rate here is the success objective where it is above `collapse_below`. `sim knee`
    /// looks for these where `[knee]` has none of its own.
    #[serde(default)]
    pub objectives: Vec<Objective>,
    /// Events after which a trial is stopped and reported as stopped.
    pub max_events: Option<u64>,
    /// Wall-clock time after which a trial is stopped and reported as stopped. Where it stops depends on the machine.
    pub max_wall_time: Option<Duration>,
    /// Measurements of the real system, laid over the charts and compared in the table.
    #[serde(default)]
    pub measurements: Vec<Measurement>,
    /// Claims, each with an expectation that the sweep tests.
    #[serde(default)]
    pub hypotheses: Vec<Hypothesis>,
    /// Changes to judge: whether each helps, does nothing or harms, and by how much.
    #[serde(default)]
    pub effects: Vec<Change>,
    /// Variants that combine several changes, to find out what each change contributes.
    #[serde(default)]
    pub ablations: Vec<Ablation>,
    /// What `sim knee` searches for; ignored by a sweep.
    pub knee: Option<Knee>,
    /// What `sim optimize` searches for; ignored by a sweep.
    pub optimize: Option<Optimize>,
    /// What `sim measure` sends to the real system; ignored by a sweep.
    pub measure: Option<Measure>,
}

/// One axis: `values`, or `from`, `to` and `step` (linear) or `points` (linear or logarithmic).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// What is varied: a path into the model, or into the load (`load.concurrency`).
    pub path: String,
    /// Further paths that get the same value, or the value times a factor (`{ "load.users" = 2 }`).
    #[serde(default)]
    pub also: BTreeMap<String, f64>,
    /// The values.
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    pub values: Option<Vec<toml::Value>>,
    /// First value, in the notation of the path: `10`, `"80/s"`, `"500m"`, `"20ms"`.
    #[schemars(with = "Option<serde_json::Value>")]
    pub from: Option<toml::Value>,
    /// Last value.
    #[schemars(with = "Option<serde_json::Value>")]
    pub to: Option<toml::Value>,
    /// Distance between two values.
    #[schemars(with = "Option<serde_json::Value>")]
    pub step: Option<toml::Value>,
    /// Number of values.
    pub points: Option<u32>,
    /// Spacing of the values.
    #[serde(default)]
    pub scale: Scale,
    /// Label for charts and tables, with its unit; the axis' name where it is left out.
    pub label: Option<String>,
}

/// Spacing of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Equal differences.
    #[default]
    Linear,
    /// Equal ratios.
    Log,
}

/// A design: the model with some values set otherwise.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// Other variants from which it takes `set`, in this order; its own comes last. This combines changes that are
    /// variants themselves: `extends = ["larger pool", "second replica"]`.
    #[serde(default)]
    pub extends: Vec<String>,
    /// What is set otherwise, by path, as in the experiment's own `set`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub set: BTreeMap<String, toml::Value>,
    /// Values of axes that this variant is run at, where it does not run at all of them.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<serde_json::Value>>")]
    pub only: BTreeMap<String, Vec<toml::Value>>,
}

/// A row measured on the real system.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Its name in the report.
    pub name: String,
    /// The variant that was measured. Without it: the first.
    pub variant: Option<String>,
    /// The point: one value of each axis (`100`, `"80/s"`, or a range that contains only one value).
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Values>")]
    pub at: BTreeMap<String, toml::Value>,
    /// What was measured.
    pub measured: Measured,
    /// Tolerance of each measured figure without an entry in `tolerances`, such as `"10%"`: relative, but absolute (10
    /// points) for the success rate.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub tolerance: Option<f64>,
    /// Tolerances of individual figures.
    #[serde(default)]
    pub tolerances: Tolerances,
}

/// The tolerance of each measured figure.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tolerances {
    /// Of the throughput; absolute: successes a minute, or a rate.
    pub throughput_per_min: Option<Tolerance>,
    /// Of the success rate.
    pub success_rate: Option<Tolerance>,
    /// Of the mean response time; absolute: seconds, or a duration.
    pub mean_s: Option<Tolerance>,
    /// Of the 95th percentile of the response time; absolute: seconds, or a duration.
    pub p95_s: Option<Tolerance>,
}

/// How far a prediction may be from what was measured.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tolerance {
    /// Relative to the measured value: 0.1 or `"10%"`.
    Relative(
        #[serde(deserialize_with = "fraction")]
        #[schemars(with = "Fraction")]
        f64,
    ),
    /// In the unit of the figure, or with one: 0.2 or `"200ms"` of a time, `"0.5/s"` of a throughput, `"2%"` (points) of
    /// a success rate.
    Absolute(#[schemars(with = "Bound")] f64),
}

impl Tolerance {
    /// How far, whatever it is relative to.
    pub fn size(self) -> f64 {
        match self {
            Self::Relative(size) | Self::Absolute(size) => size,
        }
    }
}

/// Measured figures.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Successes a minute, or with a unit: `"9/s"`.
    #[schemars(with = "Option<Bound>")]
    pub throughput_per_min: Option<f64>,
    /// Successes out of all, 0 to 1 or `"99.5%"`.
    #[schemars(with = "Option<Bound>")]
    pub success_rate: Option<f64>,
    /// Mean response time of successes, in seconds or with a unit: `"300ms"`.
    #[schemars(with = "Option<Bound>")]
    pub mean_s: Option<f64>,
    /// 95th percentile of the response time, in seconds or with a unit: `"300ms"`.
    #[schemars(with = "Option<Bound>")]
    pub p95_s: Option<f64>,
}

/// A claim, and the expectation that tests it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// The claim, in words.
    pub claim: String,
    /// The variant that it is about. Without it: the first.
    pub variant: Option<String>,
    /// The points that it is about: for each axis one value, a list of values, or a range. Without it: all.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Values>")]
    pub at: BTreeMap<String, toml::Value>,
    /// The class of requests that it is about (`load.classes`); only for throughput, success rate and response times.
    /// Without it: all requests.
    pub class: Option<String>,
    /// The service that it is about; only for calls received, imbalance of workers and replica-hours. Without it: all
    /// services together, or the most uneven one.
    pub service: Option<String>,
    /// The cause of failures that it is about, in the reports' words (`"read timed out"`, or a reason that a `fail` step
    /// gives); only for `failed_requests`. Without it: all causes.
    pub cause: Option<String>,
    /// The expectation that must be met.
    pub expect: Expectation,
    /// The claim is a belief that the author expects to be refuted: the hypothesis holds if the expectation fails.
    #[serde(default)]
    pub refuted: bool,
    /// The answer to the question in the experiment's title if this claim is true; if it is refuted, the answer is the other
    /// one. At most one hypothesis has this key; reports then begin with the answer. Without it they begin with what the
    /// changes are worth, or with what becomes of the variants.
    pub answers: Option<Answer>,
}

/// An answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
}

impl Answer {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
        }
    }
}

/// A change to judge by one metric at one point: it helps, does nothing or harms, by the paired difference of two
/// variants that meet the same requests.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The change, in words: "a limit of 150 at the ingress".
    pub change: String,
    /// The variant with the change.
    pub variant: String,
    /// The variant without it. Without this key: the first.
    pub against: Option<String>,
    /// Which metric.
    pub metric: Metric,
    /// The point: one value of each axis (`100`, `"80/s"`, or a range that contains only one value).
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Values>")]
    pub at: BTreeMap<String, toml::Value>,
    /// Smallest difference that counts: relative to the other variant (0.05 is 5 %), for a share such as the success
    /// rate in absolute terms (0.05 is 5 points). If the whole interval of the difference is smaller, the change does
    /// nothing.
    #[serde(default = "fiftieth", deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub matters: f64,
}

/// Values of an axis: one (`100`, `"80/s"`), a list (`[50, 100]`), or a range (`{ from = "80/s", to = "120/s" }`), in the
/// notation of the axis' path.
#[derive(Clone, Debug)]
pub struct Values;

impl JsonSchema for Values {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Values".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let range = generator.subschema_for::<Range>();
        json_schema!({
            "description": "Values of an axis, in the notation of its path: one (`100`, `\"80/s\"`), a list (`[50, 100]`), or a range (`{ from = \"80/s\", to = \"120/s\" }`).",
            "anyOf": [{ "type": ["string", "number", "boolean"] }, { "type": "array" }, range]
        })
    }
}

/// What each of several changes contributes: a variant that `extends` others is compared with itself without each of
/// them, and each of them alone is compared with none. The variants that lack one change are generated, and run at this
/// point only.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ablation {
    /// The variant with all changes; each variant that it `extends` is one of them.
    pub variant: String,
    /// The variant without any change. Without this key: the first.
    pub against: Option<String>,
    /// Which metric.
    pub metric: Metric,
    /// The point: one value of each axis.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Values>")]
    pub at: BTreeMap<String, toml::Value>,
    /// Smallest difference that counts, as in `effects`.
    #[serde(default = "fiftieth", deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub matters: f64,
}

/// A range of an axis: from `from` to `to`, both included; either may be left out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Smallest value, in the notation of the axis' path.
    #[schemars(with = "Option<serde_json::Value>")]
    pub from: Option<toml::Value>,
    /// Largest value.
    #[schemars(with = "Option<serde_json::Value>")]
    pub to: Option<toml::Value>,
}

/// What must be observed. Written as a table with one key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Expectation {
    /// The metric is at least this at every point.
    AtLeast {
        /// Which metric.
        metric: Metric,
        /// The bound, in the metric's unit or with one.
        #[schemars(with = "Bound")]
        value: f64,
    },
    /// The metric is at most this at every point.
    AtMost {
        /// Which metric.
        metric: Metric,
        /// The bound, in the metric's unit or with one.
        #[schemars(with = "Bound")]
        value: f64,
    },
    /// A collapse between these values of the first axis. At every point up to `from` no replication loses capacity,
    /// no backlog grows and the success rate is at least `collapse_below`; at `to` it is below that, and the point is
    /// dead, damaged, unstable or collapsed. A point that sheds load or keeps its goodput has not collapsed.
    Collapses {
        /// Still safe, in the notation of the axis' path.
        #[schemars(with = "serde_json::Value")]
        from: toml::Value,
        /// Collapsed.
        #[schemars(with = "serde_json::Value")]
        to: toml::Value,
    },
    /// At every point no replication loses capacity, no backlog grows, and the success rate is at least
    /// `collapse_below`, or below it only because load is shed while goodput holds.
    Survives {},
    /// After the load ends, most processes of the target do not respond, in every replication, at every point.
    Stuck {},
    /// After the load ends, all capacity is there again, in every replication, at every point. One lost worker in one
    /// replication refutes it, and so does a disturbance (a spike, a fault) after which success or response times are not
    /// back in their usual range when a run ends.
    Recovers {},
    /// Some replication loses capacity for good (a worker, a connection, a thread), at every point.
    LosesCapacity {},
    /// The success objective is missed only because requests are refused on purpose (by a limit, an ingress, a breaker),
    /// while goodput stays at nine tenths or more of the best at a lower load, at every point.
    Sheds {},
    /// Every objective is met, no replication loses capacity, and no backlog grows, at every point.
    Healthy {},
    /// The variant's metric is higher than another variant's by at least `by` at every point. 0.1 is 10 % of the other's
    /// figure; of shares such as the success rate it is 10 percentage points.
    HigherThan {
        /// The other variant.
        variant: String,
        /// Which metric.
        metric: Metric,
        /// By how much at least: relative to the other, of shares in points.
        #[serde(default, deserialize_with = "fraction")]
        #[schemars(with = "Fraction")]
        by: f64,
    },
    /// The variant's metric is lower than another variant's by at least `by` at every point. 0.1 is 10 % of the other's
    /// figure; of shares such as the success rate it is 10 percentage points.
    LowerThan {
        /// The other variant.
        variant: String,
        /// Which metric.
        metric: Metric,
        /// By how much at least: relative to the other, of shares in points.
        #[serde(default, deserialize_with = "fraction")]
        #[schemars(with = "Fraction")]
        by: f64,
    },
    /// The two variants' metrics differ by less than `within` at every point. 0.1 is 10 % of the other's figure; of shares
    /// such as the success rate it is 10 percentage points.
    SameAs {
        /// The other variant.
        variant: String,
        /// Which metric.
        metric: Metric,
        /// Largest difference: relative to the other, of shares in points.
        #[serde(deserialize_with = "fraction")]
        #[schemars(with = "Fraction")]
        within: f64,
    },
    /// What limits is this resource, at every point: the root of the chain of waits, what refuses requests, or what a
    /// fault fills.
    SaturatedBy {
        /// The resource, as the reports name it: `"shop CPU"`, `"shop pool orders"`, `"shop threads"`, `"fault outage"`.
        /// A name that nothing in the model has is refused.
        resource: String,
    },
    /// Every measurement that has a tolerance is met.
    MeetsMeasurements {},
}

fn five() -> u32 {
    5
}

fn one() -> u64 {
    1
}

fn fiftieth() -> f64 {
    0.02
}

fn nine_tenths() -> f64 {
    0.9
}
