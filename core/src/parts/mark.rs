//! What happened in a run to replicas and breakers, with its time.

use serde::{Deserialize, Serialize};

use crate::kernel::Time;

/// Marks of a run that are kept, the first ones; beyond them they are counted.
const MOST: usize = 1000;

/// Something that happened at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// What.
    pub what: MarkKind,
    /// To what: `shop`, `shop replica 1`, `shop breaker pay`, `shop from 2 to 4 replicas`, `deploy release`.
    pub place: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A fault took a replica down.
    Down,
    /// A replica's liveness probe failed too often: its processes are killed, and begin anew later.
    Restart,
    /// A replica needs more memory than it may have: its processes are killed, and begin anew later.
    OutOfMemory,
    /// A replica that was down is up.
    Up,
    /// A replica's readiness probe failed too often: it gets no new requests.
    Unready,
    /// It gets requests again.
    Ready,
    /// A service gets more replicas.
    ScaledUp,
    /// A service gets fewer replicas.
    ScaledDown,
    /// A deploy begins.
    DeployBegins,
    /// A deploy is complete: the new replicas are available.
    DeployEnds,
    /// A circuit breaker opens.
    Open,
    /// An open circuit breaker lets requests through on trial.
    HalfOpen,
    /// A circuit breaker closes.
    Closed,
}

impl MarkKind {
    /// The word for it in files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Restart => "restart",
            Self::OutOfMemory => "out of memory",
            Self::Up => "up",
            Self::Unready => "unready",
            Self::Ready => "ready",
            Self::ScaledUp => "scaled up",
            Self::ScaledDown => "scaled down",
            Self::DeployBegins => "deploy begins",
            Self::DeployEnds => "deploy ends",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::Closed => "closed",
        }
    }
}

/// The marks of a run, in the order of their times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// The first ones.
    pub kept: Vec<Mark>,
    /// How many more there were.
    pub more: u64,
}

impl Marks {
    pub(super) fn add(&mut self, mark: Mark) {
        if self.kept.len() < MOST {
            self.kept.push(mark);
        } else {
            self.more += 1;
        }
    }
}
