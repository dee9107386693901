//! A system: its services, and stations and limits outside of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::units::{Fraction, optional_fraction};
use super::{Deploy, Duration, Fault, Load, Metrics, Queue, Service, View};
use crate::model::Order;

/// A system as its architect describes it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What this system is, in a sentence.
    pub title: Option<String>,
    /// The services, by name.
    #[serde(default)]
    pub services: BTreeMap<String, Service>,
    /// Stations of a queueing network, by name; `visit` steps go there.
    #[serde(default)]
    pub stations: BTreeMap<String, Station>,
    /// Machines with cores that several services share, by name; a service refers to one by `machine = "..."`.
    #[serde(default)]
    pub machines: BTreeMap<String, Machine>,
    /// Semaphores of the whole system, by name; `with = { shared = ... }` steps hold them.
    #[serde(default)]
    pub limits: BTreeMap<String, Limit>,
    /// Queues of a message broker, by name; `publish` steps put messages on them.
    #[serde(default)]
    pub queues: BTreeMap<String, Queue>,
    /// Faults that are injected in a run, by name.
    #[serde(default)]
    pub faults: BTreeMap<String, Fault>,
    /// Deploys and drains: replicas of a service are replaced while it is in use, by name.
    #[serde(default)]
    pub deploys: BTreeMap<String, Deploy>,
    /// Read sides that are fed by events, by name.
    #[serde(default)]
    pub views: BTreeMap<String, View>,
    /// Named values, for a value that is used in several places or that is varied by name: `bcrypt = "100ms"`. A string
    /// `"$bcrypt"` stands for it anywhere in the model and in loads, and `"exp($bcrypt)"` for a distribution with it;
    /// `"$$"` at the start of a string is a dollar sign. `set` and axes change it as `constants.bcrypt`, everywhere at
    /// once.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub constants: BTreeMap<String, toml::Value>,
    /// Prices per hour, from which the metric `cost` is computed.
    pub prices: Option<Prices>,
    /// Names of the metrics that the services export.
    #[serde(default)]
    pub metrics: Metrics,
    /// The load to use without an experiment (`sim run models/...`).
    pub load: Option<Load>,
    /// Where numbers come from, by path: `"services.user-service.workers" = { assumed = "not in the report" }`.
    #[serde(default)]
    pub provenance: BTreeMap<String, Provenance>,
}

/// Prices per hour, in any currency. The metric `cost` is the cost of the measuring window.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Price of a replica of each service that is not named in `replicas`. Without it: nothing.
    #[serde(default)]
    pub replica_hour: f64,
    /// Price of a core, of a replica (`cpu`) or of a machine. Without it: nothing.
    #[serde(default)]
    pub core_hour: f64,
    /// Price of a replica by the name of its service. Its cores are added.
    #[serde(default)]
    pub replicas: BTreeMap<String, f64>,
}

/// Where a number comes from: exactly one of `measured`, `documented`, `calibrated`, `assumed`, with the reason in words.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Measured: where and how.
    pub measured: Option<String>,
    /// Documented: by whom.
    pub documented: Option<String>,
    /// Calibrated: to which measurements of the whole system it was fitted, and when. `sim calibrate` writes it, with the 90 %
    /// interval of the value as its range.
    pub calibrated: Option<String>,
    /// Assumed: why this value is plausible.
    pub assumed: Option<String>,
    /// The plausible range of the value, in the value's own notation. `sim sensitivity` varies values that have one, `sim
    /// calibrate` fits those that are assumed or calibrated.
    #[schemars(with = "Option<[serde_json::Value; 2]>")]
    pub range: Option<[toml::Value; 2]>,
}

/// A machine: its cores are shared by all processes of the services that run on it (processor sharing).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Its cores.
    pub cpu: super::Cores,
    /// Speed of its cores relative to those on which the CPU times of the model were measured: at 0.5 all work of all services
    /// on it takes twice as long. Without it: 1.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub speed: Option<f64>,
}

/// A station of a queueing network.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Servers working in parallel; `"infinite"` makes it a delay station.
    #[serde(default)]
    pub servers: Servers,
    /// The order of service.
    #[serde(default)]
    pub discipline: Discipline,
    /// Requests inside at most, served ones included (the K of M/M/c/K); one more is turned away with an error.
    pub capacity: Option<u32>,
    /// Which of the requests that wait is served next.
    #[serde(default)]
    pub order: Order,
    /// How long a request waits for a server before it leaves with an error. Without it: until it is served.
    pub patience: Option<super::Distribution>,
    /// Which of the requests that wait are dropped under overload. Without it: none.
    pub shed: Option<super::Shed>,
    /// Growth of a demand with the number inside at the start of its service: with `n` inside it takes
    /// `1 + slowdown * n` times as long (`fcfs`), or at every moment (`ps`).
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub slowdown: Option<f64>,
}

/// The number of servers of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// So many.
    Count(u32),
    /// As many as there are requests: a delay station.
    Infinite,
}

impl Default for Servers {
    fn default() -> Self {
        Self::Count(1)
    }
}

impl<'de> Deserialize<'de> for Servers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Servers;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a number of servers, such as 4, or \"infinite\"")
            }
            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Servers, E> {
                u32::try_from(value)
                    .map(Servers::Count)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(value), &self))
            }
            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Servers, E> {
                match value {
                    "infinite" => Ok(Servers::Infinite),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(value), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Servers {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Servers".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The number of servers, or \"infinite\" for a delay station.",
            "oneOf": [{ "type": "integer", "minimum": 1 }, { "const": "infinite" }]
        })
    }
}

/// The order of service at a station.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Discipline {
    /// First come, first served.
    #[default]
    Fcfs,
    /// Processor sharing: all inside share the servers evenly, none getting more than one.
    Ps,
}

/// How a number of threads, or of slots that stand for threads, grows under load. It does not shrink again; a process that is
/// restarted begins with its first number.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// Greatest number in a process (Spring's `maxPoolSize`, .NET's `SetMaxThreads`).
    pub to: u32,
    /// Time between two looks. A look adds one if something waits and nothing that waited was granted one since the look
    /// before. .NET looks every 500 ms and so adds one or two threads a second to a pool that starves. Without it each request
    /// that finds `max_queue` others waiting adds one, and is served before them, as in java.util.concurrent's
    /// `ThreadPoolExecutor`.
    pub every: Option<Duration>,
}

/// A counting semaphore.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Slots. Without it: unlimited, and only the number in use is observed.
    pub size: Option<u32>,
    /// How the number of slots grows under load. Without it: it is fixed.
    pub grow: Option<Growth>,
    /// Requests that may wait for a slot; one more fails at once with "shed" (load shedding; with `size` a bulkhead as
    /// Resilience4j's). 0: no request waits. Without it: no limit.
    pub max_queue: Option<u32>,
    /// How long a request waits for a slot before it fails (Resilience4j `maxWaitDuration`). Without it: no limit.
    pub acquire_timeout: Option<super::Distribution>,
    /// Which of the requests that wait gets the next slot.
    #[serde(default)]
    pub order: Order,
    /// Which of the requests that wait are dropped under overload. Without it: none.
    pub shed: Option<super::Shed>,
}
