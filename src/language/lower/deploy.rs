//! Deploys as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use super::scaling::{GRACE, START, seconds, time};
use crate::kernel::Time;
use crate::language::{Deploy, OnSigterm, Pods, Strategy};
use crate::model::{self, AtSigterm, DeployPlan, DeployStrategy, Ending};

// Defaults of Kubernetes' Deployments.
const MAX_SURGE: Pods = Pods::Percent(25);
const MAX_UNAVAILABLE: Pods = Pods::Percent(25);
/// The kubelet's least time between SIGTERM and the kill (`minimumGracePeriodInSeconds`).
const LEAST_GRACE: Time = seconds(2);
/// An assumption, not a default of Kubernetes: until all balancers and proxies know of a removal.
const ENDPOINT_DELAY: Time = seconds(1);

impl Lowering<'_> {
    /// The deploys of all services.
    pub(super) fn deploys(&mut self) {
        let all = At::Root.key("deploys");
        for (name, deploy) in &self.model.deploys {
            let at = all.key(name);
            let services = &self.model.services;
            let found = self.find(at.key("service"), "service", &deploy.service, services.iter(), "");
            let Some((index, service)) = found else { continue };
            self.not_a_database(at, deploy);
            let places = service.places();
            if let Some(replicas) = deploy.replicas {
                self.at_least_one(at.key("replicas"), "replicas", replicas);
                if deploy.strategy != Strategy::Drain {
                    let complaint =
                        Complaint::at(at.key("replicas"), "a deploy replaces all replicas", "would have no effect");
                    self.complain(complaint.help("leave the key out, or write `strategy = \"drain\"`"));
                } else if replicas > places {
                    let title = format!("{replicas} replicas on the node are more than `{}` has", deploy.service);
                    self.complain(Complaint::at(at.key("replicas"), title, format!("must be at most {places}")));
                }
            }
            if let Some(strategy) = self.strategy(at, deploy) {
                let plan = plan(name, deploy, strategy);
                self.system.services[index as usize].deploys.push(plan);
            }
        }
    }

    /// Refuses deploys of a service that pools connect to.
    fn not_a_database(&mut self, at: At<'_>, deploy: &Deploy) {
        let model = self.model;
        let all = At::Root.key("services");
        for (user, service) in &model.services {
            if let Some((pool_name, _)) = service.pools.iter().find(|(_, pool)| pool.server == deploy.service) {
                let title = format!("database `{}` has a deploy", deploy.service);
                let user = all.key(user);
                let pools = user.key("pools");
                let pool = pools.key(pool_name);
                let complaint = Complaint::at(at.key("service"), title, "replicas of a database are not replaced here")
                    .also(pool.key("server"), "its connections lead to fixed replicas")
                    .help("for a database that restarts use a fault with `effect = \"dead\"`");
                return self.complain(complaint);
            }
        }
    }

    fn strategy(&mut self, at: At<'_>, deploy: &Deploy) -> Option<DeployStrategy> {
        let name = match deploy.strategy {
            Strategy::RollingUpdate => "rolling-update",
            Strategy::Recreate => "recreate",
            Strategy::Drain => "drain",
        };
        let without = [
            ("max_surge", deploy.max_surge, deploy.strategy != Strategy::RollingUpdate),
            ("max_unavailable", deploy.max_unavailable, deploy.strategy == Strategy::Recreate),
        ];
        for (key, given, is_wrong) in without {
            if given.is_some() && is_wrong {
                let title = format!("`strategy = \"{name}\"` has no `{key}`");
                self.complain(Complaint::at(at.key(key), title, "would have no effect"));
            }
        }
        if let Some(Pods::Percent(percent @ 101..)) = deploy.max_unavailable {
            let title = format!("`max_unavailable` is {percent} %");
            self.complain(Complaint::at(at.key("max_unavailable"), title, "must be at most \"100%\""));
        }
        let is_none = |pods: Pods| matches!(pods, Pods::Count(0) | Pods::Percent(0));
        let (surge, unavailable) = (deploy.max_surge, deploy.max_unavailable);
        match deploy.strategy {
            Strategy::Recreate => Some(DeployStrategy::Recreate),
            Strategy::Drain => {
                let unavailable = unavailable.unwrap_or(Pods::Percent(100));
                if is_none(unavailable) {
                    let complaint =
                        Complaint::at(at.key("max_unavailable"), "a budget of 0 allows no eviction", "must be above 0")
                            .note("`kubectl drain` tries again until it is stopped");
                    self.complain(complaint);
                    return None;
                }
                Some(DeployStrategy::Drain { unavailable: meant(unavailable) })
            }
            Strategy::RollingUpdate => {
                let (surge, unavailable) = (surge.unwrap_or(MAX_SURGE), unavailable.unwrap_or(MAX_UNAVAILABLE));
                if is_none(surge) && is_none(unavailable) {
                    let title = "a deploy without a surge needs a replica that may be unavailable";
                    let complaint = Complaint::at(at.key("max_unavailable"), title, "must be above 0")
                        .also(at.key("max_surge"), "or this must be above 0");
                    self.complain(complaint);
                    return None;
                }
                Some(DeployStrategy::Rolling { surge: meant(surge), unavailable: meant(unavailable) })
            }
        }
    }
}

fn meant(pods: Pods) -> model::Pods {
    match pods {
        Pods::Count(count) => model::Pods::Count(count),
        Pods::Percent(percent) => model::Pods::Percent(percent),
    }
}

fn plan(name: &str, deploy: &Deploy, strategy: DeployStrategy) -> DeployPlan {
    let grace = time(deploy.termination_grace_period, GRACE);
    let sigterm = time(deploy.pre_stop, Time::ZERO).min(grace);
    DeployPlan {
        name: name.into(),
        at: Time(deploy.at.0),
        strategy,
        replicas: deploy.replicas,
        start: time(deploy.start, START),
        min_ready: time(deploy.min_ready, Time::ZERO),
        ending: Ending {
            unlisted: time(deploy.endpoint_delay, ENDPOINT_DELAY),
            sigterm,
            kill: grace.max(sigterm + LEAST_GRACE),
            at_sigterm: match deploy.on_sigterm {
                OnSigterm::Drain => AtSigterm::Drain,
                OnSigterm::Exit => AtSigterm::Exit,
                OnSigterm::Ignore => AtSigterm::Ignore,
            },
        },
    }
}
