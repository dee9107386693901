//! The number of a service's replicas follows its load: decisions, new replicas, and the end of old ones.
//!
//! A replica that is removed gets no new requests or messages at once (in a cluster the news takes a moment to reach all
//! proxies), and its idle connections are closed, as servers do at SIGTERM. It ends when it has nothing left to do, and is
//! killed when its grace period is over (Kubernetes, "Pod Lifecycle", termination of pods).

use crate::kernel::{NONE, Time};
use crate::model::{ScalingMetric, ScalingPlan};

use crate::engine::task::Task;
use crate::interpreter::world::World;
use crate::parts::mark::MarkKind;
use crate::parts::scaling::calculator::{wanted, wanted_for};
use crate::parts::scaling::{Scaler, Stage};

impl<'s> World<'s> {
    /// Takes down the places without a replica, and schedules the first decisions.
    pub(crate) fn begin_scaling(&mut self) {
        let system = self.system;
        for (service, plan) in (0..).zip(&system.services) {
            let Some(scaling) = plan.scaling.as_deref() else { continue };
            let scaler = self.scalers.len() as u32;
            let first = self.groups[service as usize].first_replica;
            self.scalers.push(Scaler::new(service, first, scaling, plan.replicas));
            for replica in first + scaling.initial..first + plan.replicas {
                self.groups[service as usize].absent.up(self.engine.now);
                self.take_down(replica);
            }
            let half = Time(scaling.resolution.0 / 2);
            self.engine.later(half, Task::ScrapeReplicas { scaler });
            self.engine.later(scaling.sync_period, Task::Scale { scaler });
            if let Some(to_zero) = &scaling.to_zero {
                self.engine.later(to_zero.polling, Task::Activate { scaler });
            }
        }
    }

    fn scaling_plan(&self, scaler: u32) -> &'s ScalingPlan {
        let service = self.scalers[scaler as usize].service as usize;
        self.system.services[service].scaling.as_deref().expect("a service with a scaler has a plan for it")
    }

    /// The scaler of the service that a replica belongs to, if it has one.
    fn scaler_of(&self, replica: u32) -> Option<usize> {
        let service = self.replicas[replica as usize].service;
        self.scalers.iter().position(|scaler| scaler.service == service)
    }

    /// The number of tasks that autoscalers repeat.
    pub(crate) fn scaling_watches(&self) -> usize {
        (0..self.scalers.len() as u32).map(|scaler| 2 + usize::from(self.scaling_plan(scaler).to_zero.is_some())).sum()
    }

    fn cpu_used(&self, replica: u32) -> f64 {
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
        let (service, from) = (scaler.service, std::mem::replace(&mut scaler.desired, to));
        scaler.changes += 1;
        let what = if to > from { MarkKind::ScaledUp } else { MarkKind::ScaledDown };
        self.mark_scaling(what, service, from, to);
        self.fill(index);
        while self.scalers[index as usize].staying() > to {
            let is_ready = |replica: u32| self.replicas[replica as usize].is_available();
            let Some(replica) = self.scalers[index as usize].next_to_leave(is_ready) else { return };
            self.remove_replica(index, replica);
        }
    }

    /// Starts the replicas that are missing, as far as places are free: one that is being removed keeps its place until it
    /// has ended.
    fn fill(&mut self, index: u32) {
        let (now, plan) = (self.engine.now, self.scaling_plan(index));
        while self.scalers[index as usize].staying() < self.scalers[index as usize].desired {
            let Some(replica) = self.scalers[index as usize].in_stage(Stage::Absent).next() else { return };
            let task = self.engine.later(plan.start, Task::Start { replica });
            let scaler = &mut self.scalers[index as usize];
            scaler.existing.up(now);
            let service = scaler.service as usize;
            let pod = scaler.pod_mut(replica);
            pod.begin(now);
            pod.task = task;
            self.groups[service].absent.down(now);
            self.replicas[replica as usize].health.forget_restarts();
        }
    }

    /// The processes of a new replica run.
    pub(crate) fn start_replica(&mut self, replica: u32) {
        let (now, used) = (self.engine.now, self.cpu_used(replica));
        if let Some(scaler) = self.scaler_of(replica) {
            self.scalers[scaler].pod_mut(replica).run(now, used);
        }
        self.raise(replica);
    }

    fn remove_replica(&mut self, index: u32, replica: u32) {
        let plan = self.scaling_plan(index);
        if self.scalers[index as usize].pod(replica).stage == Stage::Starting {
            // It is down as it was before.
            return self.vacate(index as usize, replica);
        }
        if self.is_down(replica) || self.inside_replica(replica) == 0 {
            return self.end_replica(replica);
        }
        let task = self.engine.later(plan.grace, Task::Terminate { replica });
        let pod = self.scalers[index as usize].pod_mut(replica);
        (pod.stage, pod.task) = (Stage::Leaving, task);
        self.leaving += 1;
        self.change_availability(replica, |health| health.leaving = true);
        self.stop_probing(replica);
        self.close_idle_connections_to(replica);
    }

    /// A token of a process ends while replicas are being removed. If it is the last of such a replica, the replica is looked
    /// at once the token has ended.
    #[inline(never)]
    pub(crate) fn leave_leaving(&mut self, t: u32) {
        let process = self.engine.tokens[t].process;
        if process == NONE {
            return;
        }
        let replica = self.processes[process as usize].replica;
        if self.replicas[replica as usize].health.leaving && self.inside_replica(replica) == 1 {
            self.engine.later(Time::ZERO, Task::Drained { replica });
        }
    }

    /// A replica that leaves may have nothing left to do.
    pub(crate) fn drained_replica(&mut self, replica: u32) {
        if self.is_leaving(replica) && self.inside_replica(replica) == 0 {
            self.end_replica(replica);
        }
    }

    /// The grace period of a replica is over.
    pub(crate) fn terminate_replica(&mut self, replica: u32) {
        if let Some(scaler) = self.scaler_of(replica) {
            self.scalers[scaler].pod_mut(replica).task = NONE;
        }
        self.end_replica(replica);
    }

    /// Whether a replica is being removed: it only finishes what it has begun.
    pub(crate) fn is_leaving(&self, replica: u32) -> bool {
        self.replicas[replica as usize].health.leaving
    }

    /// Whether the replica exists, has started, and is not being removed; it may be restarting. True without a scaler.
    pub(crate) fn is_staffed(&self, replica: u32) -> bool {
        self.scaler_of(replica).is_none_or(|scaler| self.scalers[scaler].pod(replica).stage == Stage::Running)
    }

    /// A replica ends: it is killed, and its place is free.
    fn end_replica(&mut self, replica: u32) {
        let Some(scaler) = self.scaler_of(replica) else { return };
        // The place is down while it is free; that of a replica that restarts is down already.
        if !self.call_off_raise(replica) {
            self.take_down(replica);
        }
        if self.is_leaving(replica) {
            self.leaving -= 1;
            self.change_availability(replica, |health| health.leaving = false);
        }
        self.vacate(scaler, replica);
        self.fill(scaler as u32);
    }

    /// The replica at this place is gone: the place is free.
    fn vacate(&mut self, scaler: usize, replica: u32) {
        let now = self.engine.now;
        let scaler = &mut self.scalers[scaler];
        scaler.existing.down(now);
        let service = scaler.service as usize;
        let pod = scaler.pod_mut(replica);
        let task = pod.task;
        pod.end();
        self.groups[service].absent.up(now);
        if task != NONE {
            self.engine.call_off(task);
        }
    }

    /// Cancels the end of a restart. Returns whether the replica was restarting.
    fn call_off_raise(&mut self, replica: u32) -> bool {
        let tasks = &self.engine.tasks;
        let raise = tasks.living().find(|&id| tasks[id].task == Task::Raise { replica });
        if let Some(id) = raise {
            self.engine.call_off(id);
        }
        raise.is_some()
    }

    /// Notes that a replica begins or stops getting requests.
    pub(crate) fn note_turn(&mut self, replica: u32) {
        let now = self.engine.now;
        if let Some(scaler) = self.scaler_of(replica) {
            self.scalers[scaler].pod_mut(replica).turned = Some(now);
        }
    }
}
