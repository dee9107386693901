//! Probes and faults as meant.

use crate::kernel::Time;

/// A probe of each replica of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbePlan {
    /// Index of the endpoint.
    pub endpoint: u32,
    /// Whether threads of its own answer it, so that it does not wait for those of the requests.
    pub own_threads: bool,
    /// Time between two probes of a replica.
    pub period: Time,
    /// Time within which it must be answered.
    pub timeout: Time,
    /// Time between the start and the first probe.
    pub initial_delay: Time,
    /// Failures in a row that count.
    pub failure_threshold: u32,
    /// Successes in a row that count; of readiness only.
    pub success_threshold: u32,
    /// From the kill to the next accept; of liveness only.
    pub restart_time: Time,
}

/// A fault that is brought on.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultPlan {
    /// Its name.
    pub name: String,
    /// Index of the service.
    pub service: u32,
    /// The replica, counted within the service; none: all.
    pub replica: Option<u32>,
    /// When it comes on, since the start of the run.
    pub from: Time,
    /// When it goes; none: never.
    pub to: Option<Time>,
    /// What it does.
    pub effect: FaultEffect,
}

impl FaultPlan {
    /// Whether another fault does the same kind of thing to the same target, however strongly.
    fn is_like(&self, other: &Self) -> bool {
        let same_kind = match (self.effect, other.effect) {
            (FaultEffect::Capacity { what: one, .. }, FaultEffect::Capacity { what: another, .. }) => one == another,
            (one, another) => std::mem::discriminant(&one) == std::mem::discriminant(&another),
        };
        same_kind && (self.service, self.replica) == (other.service, other.replica)
    }

    /// Whether it changes anything: work that takes once as long is as before.
    pub fn is_idle(&self) -> bool {
        match self.effect {
            FaultEffect::Slow(factor) => factor == 1.0,
            FaultEffect::Latency(added) => added == Time::ZERO,
            FaultEffect::Stuck | FaultEffect::Dead | FaultEffect::Capacity { .. } => false,
        }
    }

    /// The name of this fault together with those of `all` that do the same kind of thing to the same target: `fault a`,
    /// `faults a and b`, `faults a, b and c`, `faults a, b and 48 more`.
    pub fn joint_name(&self, all: &[Self]) -> String {
        let names: Vec<&str> = all.iter().filter(|other| self.is_like(other)).map(|like| like.name.as_str()).collect();
        match names.as_slice() {
            [a, b] => format!("faults {a} and {b}"),
            [a, b, c] => format!("faults {a}, {b} and {c}"),
            [a, b, more @ ..] => format!("faults {a}, {b} and {} more", more.len()),
            _ => format!("fault {}", self.name),
        }
    }
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaultEffect {
    /// Work takes this many times as long.
    Slow(f64),
    /// The processes are stopped.
    Stuck,
    /// The processes are killed, and down as long.
    Dead,
    /// This is added to each round trip to the service.
    Latency(Time),
    /// Slots of each process are fewer.
    Capacity {
        /// Which.
        what: Capacity,
        /// How many.
        size: u32,
    },
}

/// Slots whose number a fault lowers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// Connections of the service's pool of this index.
    Pool(u32),
    /// The service's limit of this index.
    Limit(u32),
    /// Threads: of the executor of an event loop, or for requests.
    Threads,
}
