//! Distributions as written: `"20ms"`, `"exp(20ms)"` or a table such as `{ lognormal = { mean = "20ms", cv = 0.6 } }`.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use super::Duration;
use super::units::{Fraction, fraction, optional_fraction};

/// A random duration: a string (`"20ms"` is constant, `"exp(20ms)"` exponential) or a table with one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution(
    /// Its shape.
    pub Shape,
);

/// The shape of a distribution, as a table with one key.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Shape {
    /// Always this value.
    Constant(Duration),
    /// Exponential with this mean.
    Exp(Duration),
    /// Uniform between two values.
    Uniform {
        /// Smallest.
        min: Duration,
        /// Largest.
        max: Duration,
    },
    /// Lognormal, given by mean and coefficient of variation, or by median and 99th percentile.
    Lognormal {
        /// Mean; with `cv`.
        mean: Option<Duration>,
        /// Standard deviation over mean; with `mean`.
        #[serde(default, deserialize_with = "optional_fraction")]
        #[schemars(with = "Option<Fraction>")]
        cv: Option<f64>,
        /// Median; with `p99`.
        median: Option<Duration>,
        /// 99th percentile; with `median`.
        p99: Option<Duration>,
    },
    /// Sum of `k` exponentials, with this mean.
    Erlang {
        /// Mean of the sum.
        mean: Duration,
        /// Number of phases.
        k: u32,
    },
    /// Gamma, given by mean and coefficient of variation.
    Gamma {
        /// Mean.
        mean: Duration,
        /// Standard deviation over mean.
        #[serde(deserialize_with = "fraction")]
        #[schemars(with = "Fraction")]
        cv: f64,
    },
    /// Weibull.
    Weibull {
        /// Mean.
        mean: Duration,
        /// Shape; below 1 is heavy-tailed.
        shape: f64,
    },
    /// Pareto, cut off at `max`.
    Pareto {
        /// Smallest value.
        min: Duration,
        /// Largest value.
        max: Duration,
        /// Tail index.
        alpha: f64,
    },
    /// One of several, by weight.
    Mixture(Vec<Weighted>),
    /// Values drawn from a column of a CSV file, in seconds, each as likely as the others.
    Empirical {
        /// The file, relative to the model's.
        file: String,
        /// The column's name.
        column: String,
    },
}

/// A part of a mixture.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weighted {
    /// Its weight, relative to the others'.
    #[serde(deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub weight: f64,
    /// The distribution of this part.
    pub of: Distribution,
}

impl FromStr for Distribution {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let shape = match text.split_once('(') {
            None => Shape::Constant(text.parse()?),
            Some((name, rest)) => {
                let inner = rest
                    .strip_suffix(')')
                    .ok_or_else(|| format!("`{text}` lacks its closing parenthesis; write {text})"))?;
                match name.trim() {
                    "exp" => Shape::Exp(inner.parse()?),
                    "constant" => Shape::Constant(inner.parse()?),
                    other => {
                        return Err(format!(
                            "`{other}(...)` is not a distribution that fits a string; write \"exp(20ms)\", \"20ms\" or a \
                             table such as {{ lognormal = {{ mean = \"20ms\", cv = 0.6 }} }}"
                        ));
                    }
                }
            }
        };
        Ok(Self(shape))
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = Distribution;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(
                    "a duration (\"20ms\"), \"exp(20ms)\", or a table such as { lognormal = { mean = \"20ms\", cv = 0.6 } }",
                )
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Distribution, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Distribution, A::Error> {
                Shape::deserialize(MapAccessDeserializer::new(map)).map(Distribution)
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Distribution {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Distribution".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let shape = generator.subschema_for::<Shape>();
        json_schema!({
            "description": "A random duration: \"20ms\" is constant, \"exp(20ms)\" exponential, else a table with one key.",
            "anyOf": [{ "type": "string" }, shape]
        })
    }
}
