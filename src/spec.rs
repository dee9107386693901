//! TOML as written: the types that an architect's files deserialize into.
//!
//! Every type denies unknown keys, every doc comment becomes a sentence of the JSON Schema (`sim schema`), and the
//! keys are the names that the real configuration uses (Kubernetes, uvicorn, asyncpg, httpx), so that real values can
//! be pasted. Nothing here is checked across fields: that is what [`lower`] does, which turns a [`Model`] as
//! written into a [`crate::model::System`] as meant.

mod client;
mod distribution;
mod experiment;
mod load;
mod model;
mod service;
mod step;
mod units;

pub use client::{Client, Pool, Reuse, SearchCost};
pub use distribution::{Distribution, Shape, Weighted};
pub use experiment::{Axis, Expectation, Experiment, Hypothesis, Measured, Measurement, Metric, Range, Scale, Variant};
pub use load::{Abandon, Arrivals, Before, Load, LoadKind};
pub use model::{Discipline, Limit, Model, Provenance, Servers, Station};
pub use service::{Balance, Endpoint, Runtime, Service};
pub use step::{Branch, CallStep, HashStep, Place, QueryStep, RepeatStep, Step, VisitStep, WithStep};
pub use units::{Cores, Duration, Rate};
