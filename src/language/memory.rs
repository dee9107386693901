//! Memory of processes, and garbage collection.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{Fraction, optional_fraction};
use super::{Bytes, Distribution, Duration};

/// Memory of a service's processes. A replica that needs more than its `limit` is killed with all its requests and starts
/// again, with Kubernetes' back-off (10 s before the second restart, then 20 s, 40 s and so on up to 300 s).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Memory of a process without requests: code, caches, connections, what every request needs. Without it: none.
    pub base: Option<Bytes>,
    /// Memory that a request holds in its process from its first step to its end, unless its endpoint has `memory` of its own.
    /// What waits for a thread or in the backlog holds none. Without it: none.
    pub per_request: Option<Bytes>,
    /// Memory of a replica, all its processes together, beyond which the kernel kills it (Kubernetes `limits.memory`).
    /// Garbage counts until it is collected. Without it: no limit.
    pub limit: Option<Bytes>,
    /// Time from the kill until the replica accepts connections again, Kubernetes' back-off aside. Without it: 5 s.
    pub restart_time: Option<Duration>,
}

/// A garbage collector of each process. A collection begins when an allocation finds no room: in `young`, in `growth` or in
/// `heap`, whichever is used up first. It frees what requests have dropped (`allocation`), and its time grows with the live
/// data: `base` and what requests in flight hold. So the fuller the heap is of live data, the more often it is collected.
/// Without room for an allocation after a collection the process is killed as by its memory limit (V8; a JVM with
/// `-XX:+ExitOnOutOfMemoryError`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collector {
    /// Whether requests stop while it works.
    #[serde(default)]
    pub kind: CollectorKind,
    /// Memory that a request allocates and drops, unless its endpoint has `allocation` of its own. It counts from the first
    /// step on.
    pub allocation: Bytes,
    /// Size of the heap of a process, live data and garbage together (`-Xmx`, `--max-old-space-size`, `GOMEMLIMIT`).
    /// Without it: it grows as far as `young` or `growth` lets it.
    pub heap: Option<Bytes>,
    /// Garbage that is allocated between two collections (`-Xmn`, the eden of a generational collector; V8's semi-space).
    /// Without it: not limited by this.
    pub young: Option<Bytes>,
    /// The same as a share of the live data at the last collection, at least 4 MiB (Go's `GOGC`: 100 is "100%").
    /// Without it: not limited by this.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub growth: Option<f64>,
    /// Share of `heap` in use from which on a concurrent collection begins (G1's `InitiatingHeapOccupancyPercent`). Only with
    /// `kind = "concurrent"` and `heap`. Without it: 45 %.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub start_at: Option<f64>,
    /// Time of a collection on each of its threads that have a core to themselves, the part that does not depend on the heap:
    /// with `kind = "stop-the-world"` the pause. Without it: none.
    pub time: Option<Distribution>,
    /// The same for each MiB of live data. Without it: none.
    pub time_per_mib: Option<Duration>,
    /// Threads that a collection works on, which share the CPU with requests (`ParallelGCThreads`, `ConcGCThreads`). Without
    /// it: 1 on an event loop, else one for each core, of a concurrent collector for each fourth core (Go, G1), at least 1.
    pub threads: Option<u32>,
}

/// Whether requests stop while a collector works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CollectorKind {
    /// The process stops: its event loop, or all its threads (Serial, Parallel and the young collections of G1; V8's
    /// scavenges). Jobs in the default executor of an event loop continue.
    #[default]
    StopTheWorld,
    /// It works beside the requests and takes CPU from them; only a request for which there is no room in `heap` waits for its
    /// end (Go, ZGC, Shenandoah). Its short pauses are not modelled.
    Concurrent,
}
