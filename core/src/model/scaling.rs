//! Autoscaling as meant.

use super::deploy::Ending;
use crate::kernel::Time;

/// How the number of a service's replicas follows its load. The number of its places is [`super::ServicePlan::replicas`].
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingPlan {
    /// The least number of replicas. If it is 0, the autoscaler keeps at least one until the queue has been short.
    pub min: u32,
    /// The greatest number of replicas.
    pub max: u32,
    /// What is measured, and its target.
    pub metric: ScalingMetric,
    /// The share by which the metric may differ from its target without a change of the number.
    pub tolerance: f64,
    /// Time between two decisions.
    pub sync_period: Time,
    /// Time between two scrapes of the replicas.
    pub resolution: Time,
    /// Time from the decision to add a replica until its processes run.
    pub start: Time,
    /// How a replica that is removed ends.
    pub ending: Ending,
    /// How long after its start the CPU of a replica counts only when it is ready.
    pub cpu_initialization: Time,
    /// A replica that stops being ready within this time after its start counts as never ready.
    pub initial_readiness: Time,
    /// What bounds growth.
    pub up: ScalingRules,
    /// What bounds shrinking.
    pub down: ScalingRules,
    /// How the service scales to zero; none if it keeps at least one replica. Only with [`ScalingMetric::Messages`].
    pub to_zero: Option<ActivationPlan>,
}

/// What is measured of a service, and its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScalingMetric {
    /// CPU in use.
    Cpu {
        /// What a replica requests, in thousandths of a core.
        request: u64,
        /// The target: the part of it in use, in percent.
        percent: f64,
    },
    /// Requests inside a replica when it is scraped, in thousandths.
    InFlight {
        /// The target.
        milli: f64,
    },
    /// Messages that wait for a consumer or are at work, when a decision is due.
    Messages {
        /// The consumer, an index in [`super::System::consumers`].
        consumer: u32,
        /// The target for each replica.
        each: f64,
    },
}

/// What bounds changes in one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingRules {
    /// The window of past recommendations that limit a change.
    pub stabilization: Time,
    /// How much may change in which period.
    pub policies: Vec<ScalingPolicy>,
    /// Which of the policies counts.
    pub select: PolicySelect,
}

/// How much may change in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalingPolicy {
    /// The greatest change.
    pub amount: ScalingAmount,
    /// The length of the period.
    pub period: Time,
}

/// Replicas that are added or removed in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalingAmount {
    /// A number of replicas.
    Replicas(u32),
    /// A percentage of the replicas at the start of the period.
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

/// When a service without replicas gets its first one, and when the last ones end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivationPlan {
    /// Time between two looks at the queue.
    pub polling: Time,
    /// How long the queue must have been short before the last replicas end.
    pub cooldown: Time,
    /// The queue is short with at most this number of messages.
    pub threshold: f64,
}
