//! How those who wait for a unit of something are served, and how long they wait.

use schemars::JsonSchema;
use serde::Deserialize;

use super::program::Draw;
use crate::kernel::Time;

/// How a waiting line is served.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waiting {
    /// In what order.
    pub order: Order,
    /// How long a token waits; none: until it is served.
    pub patience: Option<Patience>,
    /// Which of those who wait are dropped under overload.
    pub shedding: Option<Shedding>,
}

/// The order in which those who wait are served. A service that has begun is not interrupted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// First in, first out.
    #[default]
    Fifo,
    /// Last in, first out.
    Lifo,
    /// First in, first out while at most as many wait as there are servers; last in, first out while more wait (Maurer
    /// 2015, "Fail at Scale"; HHVM's `ServerThreadJobLIFOSwitchThreshold`).
    AdaptiveLifo,
    /// The highest `priority` of a request's class first; among equals, first in, first out. Calls and branches of a
    /// request have its priority; what has no class (probes, handlers of messages) has priority 0.
    Priority,
    /// The shortest service first; among equals, first in, first out. Only where the service is known when the wait
    /// begins: at stations, and at the executor of an event loop.
    Shortest,
}

/// Which of those who wait are dropped under overload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shedding {
    /// Controlled delay, as Facebook has it for request queues (Maurer 2015, "Fail at Scale"): a token may wait for the
    /// interval, but only for the target while the queue has not been empty for longer than the interval.
    Codel {
        /// The longest wait in a queue that does not become empty.
        target: Time,
        /// The longest wait otherwise.
        interval: Time,
    },
    /// A token that would not be done before its caller's deadline: it waits until this long before that.
    Late(Time),
}

/// How long a token waits before it gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Always this long.
    Fixed(Time),
    /// A time that is drawn for each wait.
    Drawn(Draw),
}
