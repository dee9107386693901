//! Autoscaling as meant.

use crate::kernel::Time;

/// How the number of a service's replicas follows its load. The number of its places is [`super::ServicePlan::replicas`].
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingPlan {
    /// Replicas that are up at the start of a run.
    pub initial: u32,
    /// Replicas at least, while there are any.
    pub min: u32,
    /// Replicas at most.
    pub max: u32,
    /// What is measured, and what it is to be.
    pub metric: ScalingMetric,
    /// The share by which the metric may differ from its target without anything being done.
    pub tolerance: f64,
    /// Time between two decisions.
    pub sync_period: Time,
    /// Time between two scrapes of the replicas.
    pub resolution: Time,
    /// From the decision for a replica until its processes run.
    pub start: Time,
    /// How long a replica that is removed may work on.
    pub grace: Time,
    /// How long after its start the CPU of a replica counts only when it is ready.
    pub cpu_initialization: Time,
    /// How soon after its start a replica that stops being ready is taken never to have been ready.
    pub initial_readiness: Time,
    /// What bounds growth.
    pub up: ScalingRules,
    /// What bounds shrinking.
    pub down: ScalingRules,
    /// Whether there may be no replica at all, and what ends that; only with [`ScalingMetric::Messages`].
    pub to_zero: Option<ActivationPlan>,
}

/// What is measured of a service, and what it is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScalingMetric {
    /// CPU in use.
    Cpu {
        /// What a replica requests, in thousandths of a core.
        request: u64,
        /// The part of it that is to be in use, in percent.
        percent: f64,
    },
    /// Requests inside a replica when it is scraped, in thousandths.
    InFlight {
        /// As many as there are to be.
        milli: f64,
    },
    /// Messages that wait for a consumer or are at work, when a decision is due.
    Messages {
        /// The consumer, an index in [`super::System::consumers`].
        consumer: u32,
        /// As many for each replica.
        each: f64,
    },
}

/// What bounds changes in one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingRules {
    /// How far back recommendations hold a change up.
    pub stabilization: Time,
    /// How much may change in how much time.
    pub policies: Vec<ScalingPolicy>,
    /// Which of the policies counts.
    pub select: PolicySelect,
}

/// How much may change in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalingPolicy {
    /// How much.
    pub amount: ScalingAmount,
    /// In how much time.
    pub period: Time,
}

/// Replicas that are added or removed in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalingAmount {
    /// So many.
    Replicas(u32),
    /// So many percent of those at the start of the period.
    Percent(u32),
}

/// Which of several policies counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicySelect {
    /// That which allows the most change.
    Most,
    /// That which allows the least.
    Least,
    /// None: no change in this direction.
    Disabled,
}

/// When the first replica begins, and the last one ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivationPlan {
    /// Time between two looks at the queue.
    pub polling: Time,
    /// How long the queue must have been short before the last replicas end.
    pub cooldown: Time,
    /// Messages that are still short.
    pub threshold: f64,
}
