//! Who sends requests, how many, and for how long.

mod arrival;
mod clients;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use arrival::{ArrivalTrace, Bursts, Diurnal, Interpolation, RatePoint, RateTable, Spike};
pub use clients::{ClientRetry, LoadStage, RequestClass};

use super::{Distribution, Duration, Rate, WarmUp};

/// A load. Which keys belong to which `kind` is checked when the experiment is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Closed (a number of clients, each waits for its answer), open (arrivals that do not depend on answers), or mixed
    /// (classes that are each one of these).
    pub kind: LoadKind,
    /// The endpoint that is called: `"service.endpoint"`. A load has this, or `classes`.
    pub target: Option<String>,
    /// Several classes of requests, by name, each with its endpoint and its share; in a mixed load with its clients or its rate. After a finite test each process of
    /// every service that is called is probed.
    #[serde(default)]
    pub classes: BTreeMap<String, RequestClass>,
    /// Closed: clients at work at the same time (the load tool's threads).
    pub concurrency: Option<u32>,
    /// Closed, finite: requests in all; the test ends with the last answer. Without it the load is endless.
    pub users: Option<u32>,
    /// Closed: time between an answer and the next request of the same client. Without it: none.
    pub think_time: Option<Distribution>,
    /// Closed: time between the starts of two clients, so that they do not all begin at once. Without it: none.
    pub spacing: Option<Duration>,
    /// Closed: time over which the clients start, evenly (JMeter's ramp-up period). Without it: none.
    pub ramp_up: Option<Duration>,
    /// Closed, endless: the number of clients over time, in stages as k6 has them; it starts with `concurrency`, or
    /// with none.
    pub stages: Option<Vec<LoadStage>>,
    /// Open: arrivals in a unit of time, `"9/s"` or `"540/min"`.
    pub rate: Option<Rate>,
    /// Open: the rate over time, by points. Before the first it is `rate`, or where that is left out that of the first.
    /// The arrivals are exact: a Poisson process is stretched by the inverse of the integrated rate (Çinlar 1975), one
    /// draw an arrival, so that variants meet the same users.
    pub profile: Option<Vec<RatePoint>>,
    /// Open: the same, from a CSV file with a column of times and one of rates, as monitoring exports them.
    pub profile_from: Option<RateTable>,
    /// Open: how the rate changes between the points of `profile` or `profile_from`. Without it: `ramp`.
    pub interpolation: Option<Interpolation>,
    /// Open: short times with another rate, one after the other.
    pub spikes: Option<Vec<Spike>>,
    /// Open: a daily course of the rate.
    pub diurnal: Option<Diurnal>,
    /// Open: bursts at random times, in place of `rate`.
    pub bursts: Option<Bursts>,
    /// Open: recorded arrivals, in place of `rate`. They are not repeated after the last one.
    pub trace: Option<ArrivalTrace>,
    /// Open: how arrivals follow each other. Without it: `poisson`.
    pub arrivals: Option<Arrivals>,
    /// How long a client waits for its answer before it gives up. Without it: no limit.
    pub timeout: Option<Duration>,
    /// What a client that gives up does to the server's handler.
    #[serde(default)]
    pub abandon: Abandon,
    /// Whether and when a client sends a failed request again. Without it: never.
    pub retry: Option<ClientRetry>,
    /// Length of the intervals of a timeline (timeline.csv and its chart), which begins at time 0, warm-up included; it
    /// holds 4096 intervals at most and doubles their length in a longer run. With it, percentiles, failures by cause,
    /// resources and what happens to replicas and breakers are recorded as well (timeline-resources.csv and others).
    /// Without it: the counts of requests alone, in intervals of a round length, where the load changes over time or the
    /// model has faults or deploys, else (and for a finite test) no timeline.
    pub timeline: Option<Duration>,
    /// Count the calls that reach each service, for `calls_per_s` and `peak_calls_per_s`. The value is the length of the
    /// intervals of which the fullest is the peak: `"1s"`. Without it: calls are not counted.
    pub call_rates: Option<Duration>,
    /// The end of the disturbance, from the start of the run. `recovery_s` is the time from then until the success rate
    /// and the mean response time of the requests that end in an interval are in their usual range, which is that of the
    /// intervals before the disturbance; a success rate of `collapse_below` is enough. Where the load changes over time,
    /// it is the range of the same run without its faults; where spikes disturb such a load, successes alone count.
    /// Choose `timeline` so that tens of requests end in an interval. Without it: the end of the last spike or fault, if
    /// the run continues after it.
    pub recovered_after: Option<Duration>,
    /// Whether to record where each request's time goes (blame.csv): `true` for every request, which takes half to two
    /// thirds more instructions; `false` for none: then culprits are named from queues alone, and requests that a fault without
    /// an end has left waiting do not count as unanswered. Without it: `sim run` records every request; a sweep records a sample
    /// (one request in 16, more of small tests), scaled to all requests by response time.
    pub blame: Option<bool>,
    /// Endless, open and mixed: time before anything is counted; `"auto"` finds it for a load that does not change, by pilot
    /// runs and MSER-5, and shows it in a chart (warm-up.png).
    pub warm_up: Option<WarmUp>,
    /// Endless, open and mixed: length of the measuring window, after the warm-up. Of a trace and of stages it may be left
    /// out: to the last arrival, or the end of the last stage.
    pub duration: Option<Duration>,
    /// How a client learns that work which outlasts its answer is complete; it is busy until then. Without it a client
    /// is free once it has its answer.
    pub completion: Option<Completion>,
    /// Finite: how long the system is left alone after the test before it is probed for being stuck. Without it: 2 min.
    pub cool_down: Option<Duration>,
    /// Finite: an earlier test on the same system; this one starts with what it left (hung requests, deadlocked pools).
    pub before: Option<Before>,
}

/// How a client learns of completion: exactly one of `poll` and `webhook`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Completion {
    /// It calls `endpoint` this long after each answer, the first time this long after the answer to its request. Each
    /// poll is a request that does what the endpoint does; it waits for its answer without time-out and is not counted
    /// among the requests. Polling continues after a failure, and also if the work never ends, until nothing else can
    /// happen.
    pub poll: Option<Duration>,
    /// The endpoint that it asks: `"service.endpoint"`.
    pub endpoint: Option<String>,
    /// It is called back, so long after completion.
    pub webhook: Option<Distribution>,
}

/// Closed or open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadKind {
    /// A number of clients; each sends its next request only after its last one was answered or given up.
    Closed,
    /// Requests arrive at a rate, independently of what happens to earlier ones.
    Open,
    /// Each of the `classes` has clients of its own (`concurrency`, `think_time`) or a rate of its own (`rate`,
    /// `arrivals`): users beside scheduled jobs, or two populations that wait for different answers.
    Mixed,
}

/// How arrivals of an open load follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Exponential gaps: independent users.
    #[default]
    Poisson,
    /// Equal gaps.
    Constant,
}

/// What a client that gives up does to the server's handler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Abandon {
    /// The server continues although the client has gone (FastAPI; measured): what it then completes is counted as
    /// wasted.
    #[default]
    Continue,
    /// The handler is cancelled and gives back what it holds.
    Cancel,
}

/// An earlier closed, finite test on the same system.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// Clients at work at the same time.
    pub concurrency: u32,
    /// Requests in all.
    pub users: u32,
    /// Time between the end of that test and the start of this one. Without it: none.
    pub pause: Option<Duration>,
}
