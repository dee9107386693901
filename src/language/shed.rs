//! Which of those who wait in a queue are dropped under overload.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;

/// Which of the requests that wait in a queue are dropped under overload: a table with one key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Shed {
    /// Those that wait too long in a queue that does not become empty; they fail with "shed by controlled delay".
    Codel(Codel),
    /// Those that can no longer be done before their caller gives up; they fail with "shed as too late".
    Late(Late),
}

/// Controlled delay, as Facebook has it for queues of requests (Maurer 2015, "Fail at Scale", after Nichols and Jacobson 2012,
/// RFC 8289): a request that joins the queue may wait for `interval`, so that a burst is served; if the queue has not been empty
/// for longer than that, it may wait for `target` only.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Codel {
    /// The longest wait in a queue that does not become empty (folly `codel_target_delay`). Without it: 5 ms.
    pub target: Option<Duration>,
    /// The longest wait otherwise, and how long the queue must be busy for the shorter one (folly `codel_interval`). Without
    /// it: 100 ms.
    pub interval: Option<Duration>,
}

/// A request waits until `needs` before the deadline of its caller and is dropped then; with less left it does not wait at
/// all. The deadline is when the client of the load or the caller gives up (`timeout`), the end of a `timeout` step around
/// the wait, or a deadline that came with the call: what requests carry in a header (`grpc-timeout`). Requests without one are
/// not dropped.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// How long a request takes once it is served, the way back included.
    pub needs: Duration,
}
