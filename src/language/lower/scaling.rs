//! Autoscaling as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{self, Autoscale, Cores, Duration, ScalingRule, SelectPolicy, Service};
use crate::model::{
    ActivationPlan, Ending, PolicySelect, Runtime, ScalingAmount, ScalingMetric, ScalingPlan, ScalingPolicy,
    ScalingRules,
};

// Defaults of Kubernetes' controller.
const SYNC_PERIOD: Time = seconds(15);
const CPU_INITIALIZATION: Time = seconds(300);
const INITIAL_READINESS: Time = seconds(30);
const STABILIZATION_DOWN: Time = seconds(300);
const POLICY_PERIOD: Time = seconds(15);
/// Default of Kubernetes' pods.
pub(super) const GRACE: Time = seconds(30);
// Default of metrics-server.
const RESOLUTION: Time = seconds(15);
// Defaults of KEDA.
const POLLING: Time = seconds(30);
const COOLDOWN: Time = seconds(300);
/// An assumption, not a default of Kubernetes: from a decision until the processes run.
pub(super) const START: Time = seconds(20);

pub(super) const fn seconds(count: u64) -> Time {
    Time(count * 1_000_000_000)
}

/// A time as given, or its default.
pub(super) fn time(given: Option<Duration>, default: Time) -> Time {
    given.map_or(default, |Duration(ns)| Time(ns))
}

impl Lowering<'_> {
    /// How the replicas of all services are scaled, once the consumers of queues are known.
    pub(super) fn autoscaling(&mut self) {
        let model = self.model;
        let all = At::Root.key("services");
        for (index, (name, service)) in model.services.iter().enumerate() {
            let at = all.key(name);
            for (pool_name, pool) in &service.pools {
                let is_scaled = model.services.get(&pool.server).is_some_and(|server| server.autoscale.is_some());
                if is_scaled {
                    let title = format!("database `{}` has an `autoscale`", pool.server);
                    let (pools, servers) = (at.key("pools"), all.key(&pool.server));
                    let pool = pools.key(pool_name);
                    let complaint = Complaint::at(pool.key("server"), title, "its connections lead to fixed replicas")
                        .also(servers.key("autoscale"), "scaled")
                        .help("leave `autoscale` out there: replicas of a database are not scaled here");
                    self.complain(complaint);
                }
            }
            if let Some(autoscale) = &service.autoscale {
                let plan = self.autoscale(at.key("autoscale"), (index as u32, name, service), autoscale);
                self.system.services[index].scaling = plan.map(Box::new);
            }
        }
    }

    fn autoscale(
        &mut self,
        at: At<'_>,
        (index, name, service): (u32, &str, &Service),
        autoscale: &Autoscale,
    ) -> Option<ScalingPlan> {
        let min = autoscale.min.unwrap_or(1);
        self.numbers(at, service, autoscale, min);
        if !(autoscale.target > 0.0 && autoscale.target <= 1e9) {
            let title = format!("`target` is {}", autoscale.target);
            self.complain(Complaint::at(at.key("target"), title, "must be above 0"));
            return None;
        }
        let metric = self.scaling_metric(at, (index, name, service), autoscale)?;
        let tolerance = autoscale.tolerance();
        if !(0.0..1.0).contains(&tolerance) {
            let title = format!("`tolerance` is {tolerance}");
            self.complain(Complaint::at(at.key("tolerance"), title, "must be at least 0 and below 1"));
        }
        let to_zero = (min == 0).then(|| ActivationPlan {
            polling: self.positive(at, "polling_interval", autoscale.polling_interval, POLLING),
            cooldown: time(autoscale.cooldown, COOLDOWN),
            threshold: f64::from(autoscale.activation_threshold.unwrap_or(0)),
        });
        Some(ScalingPlan {
            min,
            max: autoscale.max,
            metric,
            tolerance,
            sync_period: self.positive(at, "sync_period", autoscale.sync_period, SYNC_PERIOD),
            resolution: self.positive(at, "metric_resolution", autoscale.metric_resolution, RESOLUTION),
            start: time(autoscale.start, START),
            ending: Ending::within(time(autoscale.termination_grace_period, GRACE)),
            cpu_initialization: time(autoscale.cpu_initialization_period, CPU_INITIALIZATION),
            initial_readiness: time(autoscale.initial_readiness_delay, INITIAL_READINESS),
            up: self.scaling_rules(
                at.key("up"),
                autoscale.up.as_ref(),
                Time::ZERO,
                &[ScalingAmount::Percent(100), ScalingAmount::Replicas(4)],
            ),
            down: self.scaling_rules(
                at.key("down"),
                autoscale.down.as_ref(),
                STABILIZATION_DOWN,
                &[ScalingAmount::Percent(100)],
            ),
            to_zero,
        })
    }

    /// Refuses numbers of replicas that contradict each other, and keys that need `min = 0`.
    fn numbers(&mut self, at: At<'_>, service: &Service, autoscale: &Autoscale, min: u32) {
        let max = autoscale.max;
        self.at_least_one(at.key("max"), "max", max);
        if min > max {
            let complaint = Complaint::at(at.key("min"), format!("`min` is {min} and `max` is {max}"), "above `max`");
            self.complain(complaint.also(at.key("max"), "must be at least `min`"));
        } else if service.replicas > max {
            let title = format!("{} replicas at the start are more than `max`, which is {max}", service.replicas);
            let At::Key(of_service, _) = at else { return };
            self.complain(
                Complaint::at(of_service.key("replicas"), title, "a run begins with these").also(at.key("max"), ""),
            );
        }
        if min == 0 && autoscale.metric != language::ScalingMetric::Queue {
            let complaint =
                Complaint::at(at.key("min"), "a service without replicas has no metric", "must be at least 1")
                    .note("without replicas there is no CPU and no request in flight that could bring one back")
                    .help("only `metric = \"queue\"` scales to zero");
            self.complain(complaint);
        }
        let of_zero = [
            ("activation_threshold", autoscale.activation_threshold.is_some()),
            ("polling_interval", autoscale.polling_interval.is_some()),
            ("cooldown", autoscale.cooldown.is_some()),
        ];
        for (key, _) in of_zero.into_iter().filter(|&(_, given)| given && min > 0) {
            let title = format!("`{key}` is for services that scale to zero");
            let complaint = Complaint::at(at.key(key), title, "would have no effect");
            self.complain(complaint.help("set `min = 0`, or leave the key out"));
        }
    }

    fn scaling_metric(
        &mut self,
        at: At<'_>,
        (index, name, service): (u32, &str, &Service),
        autoscale: &Autoscale,
    ) -> Option<ScalingMetric> {
        use language::ScalingMetric::{Cpu, InFlight, Queue};
        let metric = autoscale.metric;
        let of_one = [
            ("cpu_request", autoscale.cpu_request.is_some() && metric != Cpu, "cpu"),
            ("queue", autoscale.queue.is_some() && metric != Queue, "queue"),
        ];
        for (key, _, metric) in of_one.into_iter().filter(|&(_, is_wrong, _)| is_wrong) {
            let title = format!("`{key}` is for `metric = \"{metric}\"`");
            self.complain(Complaint::at(at.key(key), title, "would have no effect"));
        }
        if metric == Queue && autoscale.metric_resolution.is_some() {
            let title = "the length of a queue is read at each decision, and not scraped";
            self.complain(Complaint::at(at.key("metric_resolution"), title, "would have no effect"));
        }
        match metric {
            Cpu => self.cpu_metric(at, name, service, autoscale),
            InFlight => Some(ScalingMetric::InFlight { milli: autoscale.target * 1000.0 }),
            Queue => {
                let consumer = self.consumer_of(at, (index, name), autoscale)?;
                Some(ScalingMetric::Messages { consumer, each: autoscale.target })
            }
        }
    }

    fn cpu_metric(
        &mut self,
        at: At<'_>,
        name: &str,
        service: &Service,
        autoscale: &Autoscale,
    ) -> Option<ScalingMetric> {
        let Some(Cores(cores)) = autoscale.cpu_request.or(service.cpu).filter(|_| service.machine.is_none()) else {
            let title = format!("service `{name}` has no CPU of its own, so there is no CPU utilisation to scale by");
            let mut complaint = Complaint::at_key(at, title, "scaled by CPU");
            if let At::Key(of_service, _) = at
                && service.machine.is_some()
            {
                complaint = complaint.also(of_service.key("machine"), "shares its cores with others");
            }
            self.complain(complaint.help("give it `cpu`, or use `metric = \"in-flight\"`"));
            return None;
        };
        if service.runtime == Runtime::Delay {
            let title = format!("service `{name}` uses no CPU: its steps are only elapsed time");
            let complaint = Complaint::at_key(at, title, "scaled by CPU");
            self.complain(complaint.help("use `metric = \"in-flight\"`, or another `runtime`"));
            return None;
        }
        let request = (cores * 1000.0).round().max(1.0) as u64;
        Some(ScalingMetric::Cpu { request, percent: (autoscale.target * 1e8).round() / 1e6 })
    }

    /// The consumer by which this service takes messages from the queue.
    fn consumer_of(&mut self, at: At<'_>, (index, name): (u32, &str), autoscale: &Autoscale) -> Option<u32> {
        let Some(queue) = &autoscale.queue else {
            let complaint = Complaint::at_key(at, "`metric = \"queue\"` needs a `queue`", "no queue to scale by");
            self.complain(complaint.help("add `queue` with the name of a queue that this service consumes"));
            return None;
        };
        let queues = &self.model.queues;
        let (number, _) = self.find(at.key("queue"), "queue", queue, queues.iter(), "")?;
        let system = &self.system;
        let is_its = |consumer: &u32| {
            let plan = &system.consumers[*consumer as usize];
            plan.queue == number && system.endpoints[plan.endpoint as usize].service == index
        };
        let consumers: Vec<u32> = (0..system.consumers.len() as u32).filter(is_its).collect();
        if let [consumer] = consumers[..] {
            return Some(consumer);
        }
        let count = consumers.len();
        let title = format!("service `{name}` has {count} consumers of queue `{queue}`");
        self.complain(Complaint::at(at.key("queue"), title, "must have exactly one"));
        None
    }

    fn scaling_rules(
        &mut self,
        at: At<'_>,
        rule: Option<&ScalingRule>,
        stabilization: Time,
        default: &[ScalingAmount],
    ) -> ScalingRules {
        let usual: Vec<ScalingPolicy> =
            default.iter().map(|&amount| ScalingPolicy { amount, period: POLICY_PERIOD }).collect();
        let Some(rule) = rule else {
            return ScalingRules { stabilization, policies: usual, select: PolicySelect::Most };
        };
        let policies = match &rule.policies {
            None => usual,
            Some(policies) => {
                let list = at.key("policies");
                if policies.is_empty() {
                    let complaint =
                        Complaint::at(list, "without a policy no change is allowed", "must have at least one");
                    self.complain(
                        complaint
                            .help("leave the key out for the policies of Kubernetes, or write `select = \"disabled\"`"),
                    );
                }
                policies
                    .iter()
                    .enumerate()
                    .filter_map(|(n, policy)| self.scaling_policy(list.index(n), policy))
                    .collect()
            }
        };
        ScalingRules {
            stabilization: rule.stabilization.map_or(stabilization, |Duration(ns)| Time(ns)),
            policies,
            select: match rule.select {
                SelectPolicy::Max => PolicySelect::Most,
                SelectPolicy::Min => PolicySelect::Least,
                SelectPolicy::Disabled => PolicySelect::Disabled,
            },
        }
    }

    fn scaling_policy(&mut self, at: At<'_>, policy: &language::ScalingPolicy) -> Option<ScalingPolicy> {
        let amount = match (policy.pods, policy.percent) {
            (Some(pods), None) => {
                self.at_least_one(at.key("pods"), "pods", pods);
                ScalingAmount::Replicas(pods)
            }
            (None, Some(percent)) => {
                self.at_least_one(at.key("percent"), "percent", percent);
                ScalingAmount::Percent(percent)
            }
            (pods, _) => {
                let has = if pods.is_some() { "has both" } else { "has neither" };
                let complaint = Complaint::at_key(at, "a policy must have exactly one of `pods` and `percent`", has);
                self.complain(complaint.help("for example { pods = 4, period = \"15s\" }"));
                return None;
            }
        };
        let period = self.positive(at, "period", Some(policy.period), POLICY_PERIOD);
        Some(ScalingPolicy { amount, period })
    }
}
