//! The number of a service's replicas follows its load: what is measured, and the decisions.

use crate::kernel::NONE;
use crate::model::{ScalingMetric, ScalingPlan};

use crate::engine::task::Task;
use crate::interpreter::world::World;
use crate::parts::mark::MarkKind;
use crate::parts::scaling::calculator::{wanted, wanted_for};

impl<'s> World<'s> {
    fn scaling_plan(&self, scaler: u32) -> &'s ScalingPlan {
        let service = self.scalers[scaler as usize].service as usize;
        self.system.services[service].scaling.as_deref().expect("only a service with autoscaling has its tasks")
    }

    /// The number of tasks that autoscalers repeat.
    pub(crate) fn scaling_watches(&self) -> usize {
        let plans = self.scalers.iter().filter_map(|it| self.system.services[it.service as usize].scaling.as_deref());
        plans.map(|plan| 2 + usize::from(plan.to_zero.is_some())).sum()
    }

    pub(crate) fn cpu_used(&self, replica: u32) -> f64 {
        self.replicas[replica as usize].cpu.used_and_stood(self.engine.now).0
    }

    /// The counters of all parts are about to be reset: keeps the CPU that each replica has used.
    pub(crate) fn carry_replicas(&mut self) {
        for scaler in 0..self.scalers.len() {
            let first = self.scalers[scaler].first_replica;
            for number in 0..self.scalers[scaler].pods.len() {
                let used = self.cpu_used(first + number as u32);
                self.scalers[scaler].pods[number].carry(used);
            }
        }
    }

    /// The replicas are scraped.
    pub(crate) fn scrape_replicas(&mut self, scaler: u32) {
        if self.is_stagnant() {
            return;
        }
        let (now, plan) = (self.engine.now, self.scaling_plan(scaler));
        self.engine.later(plan.resolution, Task::ScrapeReplicas { scaler });
        let first = self.scalers[scaler as usize].first_replica;
        for number in 0..self.scalers[scaler as usize].pods.len() {
            let replica = first + number as u32;
            let runs = !self.is_down(replica);
            let (used, inside) = (self.cpu_used(replica), self.inside_replica(replica));
            let pod = &mut self.scalers[scaler as usize].pods[number];
            match plan.metric {
                ScalingMetric::Cpu { .. } => pod.scrape(plan, now, runs.then_some(used)),
                ScalingMetric::InFlight { .. } => pod.gauge(now, runs.then_some(inside)),
                ScalingMetric::Messages { .. } => {}
            }
        }
    }

    /// A decision is due.
    pub(crate) fn scale(&mut self, index: u32) {
        if self.is_stagnant() {
            return;
        }
        let (now, plan) = (self.engine.now, self.scaling_plan(index));
        self.engine.later(plan.sync_period, Task::Scale { scaler: index });
        let current = self.scalers[index as usize].desired;
        // Without replicas the controller rests (`ScalingDisabled`).
        if current == 0 {
            return;
        }
        let wanted = match plan.metric {
            ScalingMetric::Messages { consumer, each } => {
                Some(wanted_for(self.broker.consumer(consumer).inside(), each, current, plan.tolerance))
            }
            metric => {
                let scaler = &self.scalers[index as usize];
                let measured = (scaler.first_replica..).zip(&scaler.pods).filter_map(|(replica, pod)| {
                    pod.measured(plan, now, self.replicas[replica as usize].is_available())
                });
                wanted(metric, current, &measured.collect::<Vec<_>>(), plan.tolerance)
            }
        };
        let memory = &mut self.scalers[index as usize].memory;
        memory.begin(now, current);
        let Some(wanted) = wanted else { return };
        let to = memory.bounded(plan, now, current, wanted);
        if to != current {
            memory.changed(plan, now, current, to);
            self.scale_to(index, to);
        }
    }

    /// A look at the queue of a service that may have no replicas (KEDA, `scale_handler.go` and `scale_scaledobjects.go`).
    pub(crate) fn activate(&mut self, index: u32) {
        let (now, plan) = (self.engine.now, self.scaling_plan(index));
        let (Some(to_zero), ScalingMetric::Messages { consumer, .. }) = (&plan.to_zero, plan.metric) else { return };
        if self.is_stagnant() {
            return;
        }
        self.engine.later(to_zero.polling, Task::Activate { scaler: index });
        let is_active = self.broker.consumer(consumer).inside() as f64 > to_zero.threshold;
        let scaler = &mut self.scalers[index as usize];
        if is_active {
            scaler.active = now;
            if scaler.desired == 0 {
                self.scale_to(index, plan.min.max(1));
            }
        } else if scaler.desired > 0 && now.since(scaler.active) > to_zero.cooldown {
            self.scale_to(index, 0);
        }
    }

    /// Whether there is no replica and the next look at the queue starts one.
    pub(crate) fn is_to_activate(&self, index: u32) -> bool {
        let plan = self.scaling_plan(index);
        let (Some(to_zero), ScalingMetric::Messages { consumer, .. }) = (&plan.to_zero, plan.metric) else {
            return false;
        };
        self.scalers[index as usize].desired == 0 && self.broker.consumer(consumer).inside() as f64 > to_zero.threshold
    }

    fn scale_to(&mut self, index: u32, to: u32) {
        let scaler = &mut self.scalers[index as usize];
        let (service, from) = (scaler.service, scaler.desired);
        scaler.want(to, self.engine.now);
        let what = if to > from { MarkKind::ScaledUp } else { MarkKind::ScaledDown };
        self.mark_scaling(what, service, from, to);
        if self.scalers[index as usize].deploy != NONE {
            return self.roll(index);
        }
        let ending = self.scaling_plan(index).ending;
        self.fill(index);
        while self.scalers[index as usize].staying() > to {
            let is_ready = |replica: u32| self.replicas[replica as usize].is_available();
            let Some(replica) = self.scalers[index as usize].next_to_leave(is_ready) else { return };
            self.remove_replica(index, replica, ending, NONE);
        }
    }
}
