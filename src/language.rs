//! TOML as written: the types that an architect's files deserialize into, and what is made of them.
//!
//! Every type denies unknown keys, every doc comment becomes a sentence of the JSON Schema ([`schema`], `sim schema`),
//! and the keys are the names that the real configuration uses (Kubernetes, uvicorn, asyncpg, httpx), so that real
//! values can be pasted.
//!
//! The way of a file: a [`Source`] is parsed into a tree whose every value knows its place; overrides change the tree;
//! the tree is read into the types; and [`lower()`] turns a [`Model`] as written into a [`crate::model::System`] as
//! meant. Whatever is wrong on this way is a [`Mistake`] that shows the place where it was written, be it the model,
//! the experiment or `--set` on the command line.

pub(crate) mod bound;
pub(crate) mod bounded;
mod cache;
pub(crate) mod check;
mod client;
pub(crate) mod constants;
mod deploy;
pub(crate) mod difference;
mod disk;
mod distribution;
mod experiment;
mod fault;
mod foreign;
pub(crate) mod form;
mod load;
pub mod lower;
mod measure;
mod memory;
mod metrics;
mod mistake;
mod model;
pub(crate) mod names;
mod opening;
pub(crate) mod path;
mod probe;
mod queue;
pub(crate) mod read;
mod reference;
mod resilience;
mod run;
mod scaling;
pub mod schema;
mod search;
mod service;
pub(crate) mod setting;
mod shed;
mod source;
mod step;
pub(crate) mod tree;
pub(crate) mod units;
pub(crate) mod unused;
mod visible;

pub use cache::Cache;
pub use client::{Client, Pool, PoolConnects, PoolReuse, PoolWaiters, Reuse, SearchCost, Waiters};
pub use deploy::{Deploy, OnSigterm, Pods, Strategy};
pub use difference::Difference;
pub use disk::Disk;
pub use distribution::{Distribution, Shape, Weighted};
pub use experiment::{
    Ablation, Answer, Axis, Change, Expectation, Experiment, Hypothesis, Measured, Measurement, Range, Scale,
    Tolerance, Tolerances, Values, Variant,
};
pub use fault::{Capacity, Effect, Fault};
pub use load::{
    Abandon, ArrivalTrace, Arrivals, Before, Bursts, ClientRetry, Completion, Diurnal, Interpolation, Load, LoadKind,
    LoadStage, RatePoint, RateTable, RequestClass, Spike,
};
pub use lower::{Assumption, Basis, Columns, Complaint, Sourced, lower};

pub use crate::metric::Metric;
pub use measure::{Connections, HttpVersion, Measure, Placeholder, RealRequest, Template, TemplatePiece};
pub use memory::{Collector, CollectorKind, Memory};
pub use metrics::{ClientMetrics, EndpointMetrics, Metrics, PoolMetrics};
pub use mistake::{Mark, Mistake, Mistakes};
pub use model::{Discipline, Growth, Limit, Machine, Model, Prices, Provenance, Servers, Station};
pub use opening::{Dns, Resolver, Tls, TlsVersion};
pub use path::{Path, Segment};
pub use probe::{Liveness, Readiness};
pub use queue::{Consumer, LateAck, Overflow, Queue, View};
pub use reference::{reference, section};
pub use resilience::{Breaker, CallRate, CallWindow, Ingress, RateLimit};
pub use run::{MultipleHypotheses, Run};
pub use scaling::{Autoscale, ScalingMetric, ScalingPolicy, ScalingRule, SelectPolicy};
pub use search::{Knee, Objective, Optimize, Parameter};
pub use service::{Endpoint, Rounds, Service, Throttling};
pub use shed::{Codel, Late, Shed};
pub use source::Source;
pub(crate) use source::tidy;
pub use step::{
    BlockingSleep, Branch, BreakerStep, CacheStep, CallStep, FallbackStep, HashStep, HedgeStep, NotifyStep,
    ParallelStep, Place, Popularity, ProjectStep, PublishStep, QueryStep, ReadStep, RepeatStep, RespondStep,
    RetryBudget, RetryStep, SleepStep, Step, ThreadStep, TimeoutStep, VisitStep, WithStep,
};
pub use units::{Bytes, Cores, Duration, Fraction, Rate, RateOrZero, Share, WarmUp};
pub use visible::{visible, visible_layout, visible_lines};
