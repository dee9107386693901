//! Autoscaling of a service, as Kubernetes' HorizontalPodAutoscaler and KEDA do it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{Fraction, fraction, optional_fraction};
use super::{Cores, Duration};

/// The number of replicas follows the load, as with Kubernetes' HorizontalPodAutoscaler: every `sync_period` it is set to
/// `ceil(replicas * metric / target)`, the number that brings the metric to its `target`. Before replicas are added, those that
/// are not ready count as idle; before some are removed, those without a metric count as busy. A run begins with `replicas`
/// of the service, or `min` if that is more. New replicas begin cold. A replica that is removed, the youngest first, gets
/// nothing new. It ends when it has nothing left to do, or is killed when its `termination_grace_period` is over; until then it
/// counts towards `max`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Autoscale {
    /// What is measured.
    #[serde(default)]
    pub metric: ScalingMetric,
    /// Value of the metric to aim at in each replica: with `"cpu"` a share of the request, 0.7 or "70%"
    /// (`averageUtilization`); with `"in-flight"` a number of requests, and with `"queue"` a number of messages
    /// (`averageValue`).
    #[serde(deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub target: f64,
    /// Least number of replicas (`minReplicas`). 0 only with `metric = "queue"`: then the last replicas end when the queue has
    /// been short for the `cooldown`, as with KEDA. Without it: 1.
    pub min: Option<u32>,
    /// Greatest number of replicas (`maxReplicas`).
    pub max: u32,
    /// CPU that a replica requests (Kubernetes `requests.cpu`); `target` is a share of it. Only with `metric = "cpu"`.
    /// Without it: the `cpu` of the service, as in Kubernetes.
    pub cpu_request: Option<Cores>,
    /// The queue to scale by, which this service consumes; only with `metric = "queue"`. At each decision, messages that wait
    /// and messages at work count (KEDA's scalers for RabbitMQ, SQS and Kafka count both).
    pub queue: Option<String>,
    /// Share by which the metric may differ from its target before replicas are added or removed
    /// (`--horizontal-pod-autoscaler-tolerance`). Without it: 0.1.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub tolerance: Option<f64>,
    /// Time between two decisions (`--horizontal-pod-autoscaler-sync-period`). Without it: 15 s.
    pub sync_period: Option<Duration>,
    /// Time between two scrapes of replicas (metrics-server `--metric-resolution`): CPU is the mean between two of them,
    /// requests in flight are those at a scrape. Not with `metric = "queue"`. Without it: 15 s.
    pub metric_resolution: Option<Duration>,
    /// Time from the decision to add a replica until its processes run: scheduling, pulling the image, starting. With a
    /// readiness probe it gets requests only when that succeeds. Without it: 20 s, an assumption.
    pub start: Option<Duration>,
    /// Time that a replica that is removed has to finish (`terminationGracePeriodSeconds`); then it is killed, and its requests
    /// fail with "connection lost". Without it: 30 s.
    pub termination_grace_period: Option<Duration>,
    /// How long after its start the CPU of a replica counts only if it is ready
    /// (`--horizontal-pod-autoscaler-cpu-initialization-period`). Without it: 5 min.
    pub cpu_initialization_period: Option<Duration>,
    /// A replica that stops being ready within this time after its start counts as never ready
    /// (`--horizontal-pod-autoscaler-initial-readiness-delay`). Without it: 30 s.
    pub initial_readiness_delay: Option<Duration>,
    /// Limits of growth (`behavior.scaleUp`). Without it: no stabilization, and in 15 s twice as many replicas or 4 more,
    /// whichever is more.
    pub up: Option<ScalingRule>,
    /// Limits of shrinking (`behavior.scaleDown`). Without it: a stabilization of 5 min, and then down to `min` at once.
    pub down: Option<ScalingRule>,
    /// A service without replicas gets its first one when the queue holds more messages than this (KEDA
    /// `activationThreshold`); only with `min = 0`. Without it: 0.
    pub activation_threshold: Option<u32>,
    /// Time between two looks at the queue of a service without replicas (KEDA `pollingInterval`); only with `min = 0`.
    /// Without it: 30 s.
    pub polling_interval: Option<Duration>,
    /// Time for which the queue must hold no more messages than `activation_threshold` before the last replicas end (KEDA
    /// `cooldownPeriod`); it also counts from the start of the run. Only with `min = 0`. Without it: 5 min.
    pub cooldown: Option<Duration>,
}

impl Autoscale {
    /// The tolerance; without one in the model, that of Kubernetes.
    pub(super) fn tolerance(&self) -> f64 {
        self.tolerance.unwrap_or(0.1)
    }
}

/// What the number of replicas follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScalingMetric {
    /// CPU in use, as a share of the request (`type: Resource`).
    #[default]
    Cpu,
    /// Requests inside a replica at each scrape (`type: Pods`, a gauge that the service exports).
    InFlight,
    /// Messages of a queue (`type: External`, as KEDA has it).
    Queue,
}

/// Limits of changes in one direction.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingRule {
    /// Window of earlier decisions that delay a change (`stabilizationWindowSeconds`): growth stops at the lowest number that
    /// was wanted in the window, shrinking at the highest. Without it: none for growth, 5 min for shrinking.
    pub stabilization: Option<Duration>,
    /// How many replicas may be added or removed in which period. Without it: the policies of Kubernetes.
    pub policies: Option<Vec<ScalingPolicy>>,
    /// Which of several policies counts (`selectPolicy`). Without it: `"max"`.
    #[serde(default)]
    pub select: SelectPolicy,
}

/// How many replicas may be added or removed in a period: exactly one of `pods` and `percent`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingPolicy {
    /// A number of replicas.
    pub pods: Option<u32>,
    /// A percentage of the replicas at the start of the period.
    pub percent: Option<u32>,
    /// Length of the period (`periodSeconds`).
    pub period: Duration,
}

/// Which of several policies counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SelectPolicy {
    /// The one that allows the most change.
    #[default]
    Max,
    /// The one that allows the least change.
    Min,
    /// None: nothing changes in this direction.
    Disabled,
}
