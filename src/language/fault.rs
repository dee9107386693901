//! Faults that are brought on in a run, to see what becomes of the system.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;

/// A fault at a service, for a time. Times count from the start of the run, the warm-up included.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The service.
    pub service: String,
    /// The replica, counted from 0. Without it: all. It has no effect on `latency`, which is that of the service.
    pub replica: Option<u32>,
    /// When it begins.
    pub from: Duration,
    /// When it ends. Without it: never.
    pub to: Option<Duration>,
    /// What it does.
    pub effect: Effect,
}

/// What a fault does: `"stuck"`, `"dead"`, or a table with one key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Effect {
    /// The processes stop where they are and resume later (SIGSTOP, a frozen virtual machine): connections are still
    /// taken into the backlog, nothing is answered. A restart ends it.
    Stuck,
    /// The processes are killed, with their requests, and connections are refused as long: then they start cold.
    Dead,
    /// All work on the replica's CPU takes this many times as long, a thousandth to a million. With `runtime = "delay"`
    /// so do its sleeps, which are its own time; elsewhere a sleep takes as long as before.
    Slow(f64),
    /// This is added to each round trip of calls and queries to the service (and to each connect).
    Latency(Duration),
    /// A pool, limit or thread pool in each process has fewer places: holders keep theirs, and no other request gets
    /// one until fewer are held.
    Capacity(Capacity),
}

/// What has fewer places: exactly one of `pool`, `limit`, or `threads = true`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// A connection pool of the service.
    pub pool: Option<String>,
    /// A limit of the service.
    pub limit: Option<String>,
    /// Its threads: of the default executor of an event loop, or for requests.
    #[serde(default)]
    pub threads: bool,
    /// Places that are left; 0 for none.
    pub size: u32,
}
