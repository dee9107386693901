//! Autoscaling of a service, as Kubernetes' HorizontalPodAutoscaler and KEDA do it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{Fraction, fraction, optional_fraction};
use super::{Cores, Duration};

/// The number of replicas follows the load, as Kubernetes' HorizontalPodAutoscaler has it: every `sync_period` as many
/// replicas are wanted as bring the metric to its `target`, `ceil(replicas * metric / target)`; replicas that are not ready
/// count as idle before some are added, and those without a metric as busy before some are removed. A run begins with
/// `replicas` of the service, or `min` if that is more. New replicas begin cold. One that is removed gets nothing new, and
/// is killed when it has nothing left to do or its `termination_grace_period` is over; the youngest goes first. Until then it
/// keeps its place among `max`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Autoscale {
    /// What is measured.
    #[serde(default)]
    pub metric: ScalingMetric,
    /// What the metric is to be for each replica: of `"cpu"` a share of the request, 0.7 or "70%" (`averageUtilization`); of
    /// `"in-flight"` requests and of `"queue"` messages (`averageValue`).
    #[serde(deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub target: f64,
    /// Replicas at least (`minReplicas`). 0 only with `metric = "queue"`: then the last replicas end when the queue has been
    /// short for the `cooldown`, as with KEDA. Without it: 1.
    pub min: Option<u32>,
    /// Replicas at most (`maxReplicas`).
    pub max: u32,
    /// CPU that a replica requests (Kubernetes `requests.cpu`), which `target` is a share of; only with `metric = "cpu"`.
    /// Without it: the `cpu` of the service, as in Kubernetes.
    pub cpu_request: Option<Cores>,
    /// The queue that counts, which this service consumes; only with `metric = "queue"`. Those that wait and those
    /// at work count, when a decision is due (KEDA's scalers for RabbitMQ, SQS and Kafka count both).
    pub queue: Option<String>,
    /// By which share the metric may miss its target before replicas are added or removed
    /// (`--horizontal-pod-autoscaler-tolerance`). Without it: 0.1.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub tolerance: Option<f64>,
    /// Time between two decisions (`--horizontal-pod-autoscaler-sync-period`). Without it: 15 s.
    pub sync_period: Option<Duration>,
    /// Time between two scrapes of replicas (metrics-server `--metric-resolution`): CPU is the mean between two of them,
    /// requests in flight are those at a scrape. Not with `metric = "queue"`. Without it: 15 s.
    pub metric_resolution: Option<Duration>,
    /// From the decision for a replica until its processes run: scheduling, pulling the image, starting. With a readiness
    /// probe it gets requests only when that succeeds. Without it: 20 s.
    pub start: Option<Duration>,
    /// How long a replica that is removed may work on (`terminationGracePeriodSeconds`); then it is killed, and its requests
    /// get "connection lost". Without it: 30 s.
    pub termination_grace_period: Option<Duration>,
    /// How long after its start the CPU of a replica counts only if it is ready
    /// (`--horizontal-pod-autoscaler-cpu-initialization-period`). Without it: 5 min.
    pub cpu_initialization_period: Option<Duration>,
    /// How soon after its start a replica that stops being ready is taken never to have been ready
    /// (`--horizontal-pod-autoscaler-initial-readiness-delay`). Without it: 30 s.
    pub initial_readiness_delay: Option<Duration>,
    /// What bounds growth (`behavior.scaleUp`). Without it: no stabilization, and each 15 s twice as many replicas or 4 more,
    /// whichever is more.
    pub up: Option<ScalingRule>,
    /// What bounds shrinking (`behavior.scaleDown`). Without it: a stabilization of 5 min, and then down to `min` at once.
    pub down: Option<ScalingRule>,
    /// Messages that do not yet begin the first replica (KEDA `activationThreshold`); only with `min = 0`. Without it: 0, so
    /// that one message does.
    pub activation_threshold: Option<u32>,
    /// Time between two looks at the queue of a service without replicas (KEDA `pollingInterval`); only with `min = 0`.
    /// Without it: 30 s.
    pub polling_interval: Option<Duration>,
    /// How long the queue must have been short before the last replicas end (KEDA `cooldownPeriod`), from the start of the
    /// run on; only with `min = 0`. Without it: 5 min.
    pub cooldown: Option<Duration>,
}

impl Autoscale {
    /// The tolerance; where the model says nothing, that of Kubernetes.
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

/// What bounds changes in one direction.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingRule {
    /// For how long what was wanted before holds a change up (`stabilizationWindowSeconds`): no more replicas than the least
    /// of that time were wanted, no fewer than the most. Without it: none for growth, 5 min for shrinking.
    pub stabilization: Option<Duration>,
    /// How many replicas may be added or removed in how much time. Without them: those of Kubernetes.
    pub policies: Option<Vec<ScalingPolicy>>,
    /// Which of several policies counts (`selectPolicy`). Without it: `"max"`.
    #[serde(default)]
    pub select: SelectPolicy,
}

/// How many replicas may be added or removed in a period: exactly one of `pods` and `percent`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingPolicy {
    /// So many.
    pub pods: Option<u32>,
    /// So many percent of the replicas at the start of the period.
    pub percent: Option<u32>,
    /// In how much time (`periodSeconds`).
    pub period: Duration,
}

/// Which of several policies counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SelectPolicy {
    /// That which allows the most change.
    #[default]
    Max,
    /// That which allows the least change.
    Min,
    /// None: nothing changes in this direction.
    Disabled,
}
