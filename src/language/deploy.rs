//! Deploys and drains: replicas of a service are replaced while it is in use.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::Duration;

/// The replicas of a service are replaced by new ones, which begin cold: their pools have `min_size` connections, their caches
/// are empty (unless `shared`), and their clients have no connections. The order is that of a Kubernetes Deployment, or of a
/// drain. A second deploy of the service that begins before the first is complete replaces the new replicas, too.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// The service.
    pub service: String,
    /// When it begins, counted from the start of the run, the warm-up included.
    pub at: Duration,
    /// In which order replicas are replaced.
    #[serde(default)]
    pub strategy: Strategy,
    /// Greatest number of replicas beyond the wanted number (`maxSurge`): a number, or a percentage, which is rounded up. Those
    /// that are being removed do not count. Only with `strategy = "rolling-update"`. Without it: "25%".
    pub max_surge: Option<Pods>,
    /// Replicas of the wanted number that may be unavailable (`maxUnavailable`): a number, or a percentage, which is rounded
    /// down; with `strategy = "drain"` that of the PodDisruptionBudget, rounded up. Not with `strategy = "recreate"`. Without
    /// it: "25%", or for a drain "100%" (no budget).
    pub max_unavailable: Option<Pods>,
    /// Replicas of the service on the node; only with `strategy = "drain"`. Without it: all.
    pub replicas: Option<u32>,
    /// Time from the decision to start a new replica until its processes run: scheduling, pulling the image, starting. With a
    /// readiness probe it gets requests only when that succeeds. Without it: 20 s, an assumption.
    pub start: Option<Duration>,
    /// How long a new replica must have been ready to count as available (`minReadySeconds`). Without it: 0 s.
    pub min_ready: Option<Duration>,
    /// Time until the balancers and proxies know of a replica that it is being removed. They send it new requests until then,
    /// and it refuses those that come after its SIGTERM. Kept connections lead to it until SIGTERM. Without it: 1 s, an
    /// assumption.
    pub endpoint_delay: Option<Duration>,
    /// Length of the `preStop` hook of a replica that is removed, such as a sleep: it serves as before and gets SIGTERM
    /// afterwards. Without it: 0 s.
    pub pre_stop: Option<Duration>,
    /// Time from the decision to remove a replica until it is killed, if it has not ended (`terminationGracePeriodSeconds`);
    /// its requests then fail with "connection lost". `pre_stop` is part of it; after that there are at least 2 s. Without it:
    /// 30 s.
    pub termination_grace_period: Option<Duration>,
    /// What the processes of a replica do at SIGTERM.
    #[serde(default)]
    pub on_sigterm: OnSigterm,
}

/// In which order replicas are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// New replicas start and old ones are removed step by step, within `max_surge` and `max_unavailable` (`RollingUpdate`).
    #[default]
    RollingUpdate,
    /// All old replicas are removed; the new ones start when the last of them has ended (`Recreate`).
    Recreate,
    /// A node is drained (`kubectl drain`): replicas on it are evicted as far as `max_unavailable` allows, and each is replaced
    /// elsewhere at the moment of its eviction.
    Drain,
}

/// What processes do at SIGTERM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnSigterm {
    /// They take no new connections and no new messages, close idle connections, finish what they have begun, and end.
    #[default]
    Drain,
    /// They end at once: requests fail with "connection lost" (a process without a handler of the signal).
    Exit,
    /// They continue, and are killed when the grace period is over (a process with number 1 in its container and without
    /// a handler; a shell that does not forward the signal).
    Ignore,
}

/// A number of replicas as written: `2`, or a percentage of those that are wanted, `"25%"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pods {
    /// A number.
    Count(u32),
    /// A percentage.
    Percent(u32),
}

const FORMS: &str = "a number of replicas, such as 1, or a whole percentage, such as \"25%\"";

impl<'de> Deserialize<'de> for Pods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Pods;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(FORMS)
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Pods, E> {
                u32::try_from(value).map(Pods::Count).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<Pods, E> {
                let percent = value.trim().strip_suffix('%').and_then(|number| number.trim().parse().ok());
                percent.map(Pods::Percent).ok_or_else(|| E::invalid_value(Unexpected::Str(value), &self))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for Pods {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pods".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of replicas, or a whole percentage of those that are wanted, such as \"25%\".",
            "oneOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^ *[0-9]+ *% *$" }]
        })
    }
}
