//! Faults as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{self, Duration, Effect, Fault, PoolConnects, Service};
use crate::model::{self, FaultPlan, Runtime};

impl Lowering<'_> {
    pub(super) fn faults(&mut self) {
        let all = At::Root.key("faults");
        for (name, fault) in &self.model.faults {
            if let Some(plan) = self.fault(all.key(name), name, fault) {
                self.system.faults.push(plan);
            }
        }
    }

    fn fault(&mut self, at: At<'_>, name: &str, fault: &Fault) -> Option<FaultPlan> {
        let services = &self.model.services;
        let (index, service) = self.find(at.key("service"), "service", &fault.service, services.iter(), "")?;
        if let Some(replica) = fault.replica.filter(|&replica| replica >= service.places()) {
            let title = format!("service `{}` has no replica {replica}", fault.service);
            let label = format!("must be below {}", service.places());
            self.complain(Complaint::at(at.key("replica"), title, label).note("replicas are counted from 0"));
        }
        if let Some(to) = fault.to.filter(|to| to.0 <= fault.from.0) {
            let title =
                if to.0 == fault.from.0 { "the fault lasts no time" } else { "the fault ends before it begins" };
            let complaint = Complaint::at(at.key("to"), title, "must be after `from`").also(at.key("from"), "");
            self.complain(complaint.help("leave out `to` for a fault that lasts to the end of the run"));
        }
        let effect = self.effect(at, (&fault.service, service), &fault.effect)?;
        Some(FaultPlan {
            name: name.into(),
            service: index,
            replica: fault.replica,
            from: Time(fault.from.0),
            to: fault.to.map(|Duration(ns)| Time(ns)),
            effect,
        })
    }

    fn effect(&mut self, at: At<'_>, (name, service): (&str, &Service), effect: &Effect) -> Option<model::FaultEffect> {
        let key = at.key("effect");
        let all = At::Root.key("services");
        let of = all.key(name);
        if matches!(effect, Effect::Stuck | Effect::Slow(_)) && service.machine.is_some() {
            let title = format!("service `{name}` runs on a machine that it shares");
            let complaint = Complaint::at(key, title, "would stop or slow down its neighbours, too")
                .also(of.key("machine"), "shared");
            self.complain(complaint.help("give the service a `cpu` of its own instead of the `machine`"));
        }
        match effect {
            Effect::Stuck => {
                if service.runtime == Runtime::Delay {
                    let title = format!("service `{name}` has no processes that could be stopped");
                    let complaint = Complaint::at(key, title, "needs an event loop or threads")
                        .also(of.key("runtime"), "work is only elapsed time");
                    self.complain(complaint.help("use \"dead\", or { slow = ... }"));
                }
                Some(model::FaultEffect::Stuck)
            }
            Effect::Dead => Some(model::FaultEffect::Dead),
            Effect::Slow(factor) => {
                if !(1e-3..=1e6).contains(factor) {
                    let title = format!("`slow` is {factor}");
                    let complaint = Complaint::at(key.key("slow"), title, "must be between a thousandth and a million")
                        .note("work takes `slow` times as long");
                    self.complain(complaint.help("for no progress at all write `effect = \"stuck\"`"));
                }
                Some(model::FaultEffect::Slow(*factor))
            }
            Effect::Latency(Duration(ns)) => Some(model::FaultEffect::Latency(Time(*ns))),
            Effect::Capacity(capacity) => {
                let at = key.key("capacity");
                let what = self.capacity(at, (name, service), capacity)?;
                Some(model::FaultEffect::Capacity { what, size: capacity.size })
            }
        }
    }

    fn no_fault_of_growing(&mut self, at: At<'_>, what: &str) -> Option<model::Capacity> {
        let title = format!("a fault that lowers {what} is not supported yet");
        self.complain(Complaint::at(at, title, "its size changes by itself").help("leave `grow` out, or the fault"));
        None
    }

    fn capacity(
        &mut self,
        at: At<'_>,
        (name, service): (&str, &Service),
        capacity: &language::Capacity,
    ) -> Option<model::Capacity> {
        let of_service = format!(" in service `{name}`");
        match (&capacity.pool, &capacity.limit, capacity.threads) {
            (Some(pool), None, false) => {
                let found = self.find(at.key("pool"), "pool", pool, service.pools.iter(), &of_service);
                let (index, found) = found?;
                if found.connects == PoolConnects::Background {
                    let title = "a fault that lowers a pool that connects in the background is not supported yet";
                    let complaint = Complaint::at(at.key("pool"), title, "its size changes by itself");
                    self.complain(complaint.help("leave out `connects` of the pool, or the fault"));
                    return None;
                }
                Some(model::Capacity::Pool(index))
            }
            (None, Some(limit), false) => {
                let found = self.find(at.key("limit"), "limit", limit, service.limits.iter(), &of_service);
                let (index, found) = found?;
                if found.grow.is_some() {
                    return self.no_fault_of_growing(at.key("limit"), "a limit that grows");
                }
                Some(model::Capacity::Limit(index))
            }
            (None, None, true) => {
                let has_threads = match service.runtime {
                    Runtime::EventLoop => true,
                    Runtime::Threads => service.threads.is_some(),
                    Runtime::Delay => false,
                };
                if service.grow_threads.is_some() {
                    return self.no_fault_of_growing(at.key("threads"), "a pool of threads that grows");
                }
                if has_threads {
                    return Some(model::Capacity::Threads);
                }
                let title = format!("service `{name}` has no limited number of threads");
                self.complain(Complaint::at(at.key("threads"), title, "nothing to make fewer of"));
                None
            }
            (None, None, false) => {
                let complaint =
                    Complaint::at_key(at, "a capacity needs a name", "has none of `pool`, `limit` and `threads`");
                self.complain(complaint.help("write such as { limit = \"gate\", size = 2 }"));
                None
            }
            _ => {
                let complaint = Complaint::at_key(at, "a fault lowers one capacity", "has several");
                self.complain(complaint.help("make another fault for the other"));
                None
            }
        }
    }
}
