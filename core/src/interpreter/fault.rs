//! Faults that are brought on: a replica slow, stopped or dead for a time, a slower network, less of a pool or limit.

use std::collections::BTreeSet;

use crate::kernel::Time;
use crate::model::{Capacity, FaultEffect, FaultPlan, Runtime};

use crate::engine::task::Task;
use crate::interpreter::world::World;
use crate::parts::mark::MarkKind;

impl<'s> World<'s> {
    /// Schedules the instants at which faults come on or go.
    pub(crate) fn begin_faults(&mut self) {
        let system = self.system;
        self.faults = vec![false; system.faults.len()];
        if system.faults.iter().any(|plan| matches!(plan.effect, FaultEffect::Latency(_))) {
            self.latencies = vec![Time::ZERO; system.services.len()];
        }
        let instants: BTreeSet<Time> =
            system.faults.iter().flat_map(|plan| std::iter::once(plan.from).chain(plan.to)).collect();
        for at in instants {
            self.engine.later(at, Task::Faults);
        }
    }

    /// Faults come on and go. All that changes at this instant is settled before anything is granted, resumed or
    /// accepted: where one fault ends as another begins, nothing happens in between.
    pub(crate) fn change_faults(&mut self) {
        let (now, system) = (self.engine.now, self.system);
        let begin = |plan: &&FaultPlan| plan.from == now;
        let end = |plan: &&FaultPlan| plan.to == Some(now);
        self.account_halts(|plan| begin(&plan), |plan| end(&plan));
        for (is_on, plan) in self.faults.iter_mut().zip(&system.faults) {
            *is_on = (*is_on || begin(&plan)) && !end(&plan);
        }
        let changed = || system.faults.iter().filter(|plan| begin(plan) || end(plan));
        let mut resized = Vec::new();
        for plan in changed() {
            match plan.effect {
                FaultEffect::Latency(_) => self.set_latency(plan.service),
                FaultEffect::Slow(_) => self.places(plan).for_each(|replica| self.set_speed(replica)),
                FaultEffect::Capacity { what, .. } => {
                    for replica in self.places(plan) {
                        self.resize(replica, what, &mut resized);
                    }
                }
                FaultEffect::Stuck | FaultEffect::Dead => {}
            }
        }
        let places = |world: &Self, effect: FaultEffect, which: &dyn Fn(&&FaultPlan) -> bool| -> Vec<u32> {
            let plans = system.faults.iter().filter(|plan| plan.effect == effect).filter(which);
            plans.flat_map(|plan| world.places(plan)).collect()
        };
        // Who dies is unavailable before the first death shows anywhere.
        let dying = places(self, FaultEffect::Dead, &begin);
        let dying: Vec<u32> = dying.into_iter().filter(|&replica| self.bring_down(replica)).collect();
        let rising = places(self, FaultEffect::Dead, &end);
        let rising: Vec<u32> = rising.into_iter().filter(|&replica| self.lift(replica)).collect();
        for replica in dying {
            self.mark_replica(MarkKind::Down, replica);
            self.kill(replica);
        }
        for &replica in &rising {
            self.come_up(replica);
        }
        for replica in places(self, FaultEffect::Stuck, &begin) {
            self.freeze(replica);
        }
        for replica in places(self, FaultEffect::Stuck, &end) {
            self.thaw(replica);
        }
        for id in resized {
            // Who waits does so because of another fault from now on, or of none.
            self.account_resized(id);
            self.grant_waiting(id);
        }
        if !rising.is_empty() {
            self.resume_consuming();
        }
    }

    /// The replicas that a fault is about.
    fn places(&self, plan: &FaultPlan) -> impl Iterator<Item = u32> + use<> {
        let first = self.groups[plan.service as usize].first_replica;
        let count = self.system.services[plan.service as usize].replicas;
        let only = plan.replica;
        (0..count).filter(move |replica| only.is_none_or(|only| only == *replica)).map(move |replica| first + replica)
    }

    /// Sets what the faults add to each round trip to a service.
    fn set_latency(&mut self, service: u32) {
        let added = self.active().filter(|plan| plan.service == service).filter_map(|plan| match plan.effect {
            FaultEffect::Latency(time) => Some(time),
            _ => None,
        });
        self.latencies[service as usize] = added.fold(Time::ZERO, |sum, time| sum + time);
    }

    /// The faults that are on.
    fn active(&self) -> impl Iterator<Item = &'s FaultPlan> {
        let system = self.system;
        self.faults.iter().zip(&system.faults).filter(|(is_on, _)| **is_on).map(|(_, plan)| plan)
    }

    /// Those that are on at a replica.
    fn active_at(&self, replica: u32) -> impl Iterator<Item = &'s FaultPlan> {
        let service = self.replicas[replica as usize].service;
        let number = replica - self.groups[service as usize].first_replica;
        self.active().filter(move |plan| plan.service == service && plan.replica.is_none_or(|only| only == number))
    }

    /// Whether a fault that never ends has stopped or killed a process for good. A liveness probe ends a stop.
    pub fn is_gone(&self, process: u32) -> bool {
        let replica = self.processes[process as usize].replica;
        let restarts = self.system.services[self.replicas[replica as usize].service as usize].liveness.is_some();
        let is_for_good = |plan: &FaultPlan| {
            plan.to.is_none()
                && match plan.effect {
                    FaultEffect::Dead => true,
                    FaultEffect::Stuck => !restarts,
                    _ => false,
                }
        };
        self.active_at(replica).any(is_for_good)
    }

    /// Time that faults add to a round trip to a service.
    #[inline]
    pub(crate) fn added_latency(&self, service: u32) -> Time {
        self.latencies.get(service as usize).copied().unwrap_or_default()
    }

    /// How long work takes at a replica that has no CPU to be slow.
    #[inline]
    pub(crate) fn slowed(&self, work: Time, replica: u32) -> Time {
        if self.faults.is_empty() {
            return work;
        }
        Time((work.0 as f64 * self.replicas[replica as usize].health.slow).round() as u64)
    }

    /// Sets the CPU of a replica to the speed that the faults leave it.
    pub(crate) fn set_speed(&mut self, replica: u32) {
        let slow = self.active_at(replica).map(|plan| match plan.effect {
            FaultEffect::Slow(factor) => factor,
            _ => 1.0,
        });
        let slow: f64 = slow.product();
        let now = self.engine.now;
        let shared = &mut self.replicas[replica as usize];
        shared.health.slow = slow;
        let speed = if shared.health.frozen { 0.0 } else { 1.0 / slow };
        shared.cpu.set_speed(&mut self.engine.calendar, now, speed);
    }

    /// The processes of the replica stop where they are (SIGSTOP): the kernel still takes connections into the backlog.
    fn freeze(&mut self, replica: u32) {
        if self.is_down(replica) {
            return;
        }
        let now = self.engine.now;
        self.replicas[replica as usize].health.frozen = true;
        self.set_speed(replica);
        for process in self.processes_of(replica) {
            let process = &mut self.processes[process as usize];
            if process.runtime != Runtime::EventLoop {
                process.frozen = true;
            } else if process.event_loop.is_idle() {
                process.event_loop.busy.up(now);
                process.frozen = true;
            }
        }
        self.account_stop(replica);
    }

    /// They continue, unless another fault stops them or they have been killed meanwhile.
    fn thaw(&mut self, replica: u32) {
        let is_stuck = self.active_at(replica).any(|plan| plan.effect == FaultEffect::Stuck);
        if is_stuck || !std::mem::replace(&mut self.replicas[replica as usize].health.frozen, false) {
            return;
        }
        self.set_speed(replica);
        self.account_stop(replica);
        for index in self.processes_of(replica) {
            self.resume_threads(index);
            let process = &mut self.processes[index as usize];
            if !std::mem::replace(&mut process.frozen, false) {
                continue;
            }
            if process.runtime == Runtime::EventLoop {
                self.poll(index);
                continue;
            }
            if !process.collected {
                self.release_threads(index);
            }
        }
    }

    /// What has become ready in a process without an event loop while it was stopped continues.
    pub(crate) fn release_threads(&mut self, process: u32) {
        let now = self.engine.now;
        while let Some(t) = self.processes[process as usize].event_loop.take(&mut self.engine.tokens, now) {
            self.engine.ready.push(&mut self.engine.tokens, t);
        }
    }

    pub(crate) fn processes_of(&self, replica: u32) -> std::ops::Range<u32> {
        let shared = &self.replicas[replica as usize];
        shared.first_process..shared.first_process + shared.workers
    }

    /// Sets slots of the replica's processes to the size that the faults leave them and adds them to `resized`. A
    /// token that holds a unit keeps it, and none is granted before fewer are held.
    fn resize(&mut self, replica: u32, what: Capacity, resized: &mut Vec<u32>) {
        let least = self.active_at(replica).filter_map(|plan| match plan.effect {
            FaultEffect::Capacity { what: same, size } if same == what => Some(size),
            _ => None,
        });
        let least = least.min();
        let (now, is_down) = (self.engine.now, self.is_down(replica));
        for process in self.processes_of(replica) {
            let process = &self.processes[process as usize];
            let id = match what {
                Capacity::Pool(pool) => process.pools + pool,
                Capacity::Limit(limit) => process.limits + limit,
                Capacity::Threads if process.runtime == Runtime::EventLoop => process.executor,
                Capacity::Threads => process.threads,
            };
            let slots = &mut self.slots[id as usize];
            let least = least.map(|least| least.saturating_mul(slots.sharers));
            slots.size = least.map_or(slots.full_size, |least| least.min(slots.full_size));
            if !is_down {
                slots.sizes.set(now, slots.size);
            }
            resized.push(id);
        }
    }
}
