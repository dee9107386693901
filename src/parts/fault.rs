//! Faults that are brought on: a replica slow, stopped or dead for a time, a slower network, less of a pool or limit.

use crate::kernel::Time;
use crate::model::{Capacity, Effect, FaultPlan, Runtime};

use super::task::Task;
use super::world::World;

impl<'s> World<'s> {
    /// Schedules the faults.
    pub(super) fn begin_faults(&mut self) {
        let system = self.system;
        self.faults = vec![false; system.faults.len()];
        if system.faults.iter().any(|plan| matches!(plan.effect, Effect::Latency(_))) {
            self.latencies = vec![Time::ZERO; system.services.len()];
        }
        for (fault, plan) in (0..).zip(&system.faults) {
            let first = self.groups[plan.service as usize].first_replica;
            let all = 0..system.services[plan.service as usize].replicas;
            // Each replica has a task of its own: what one death sets off comes before the next.
            for replica in all.filter(|replica| plan.replica.is_none_or(|only| only == *replica)) {
                let replica = first + replica;
                self.later(plan.from, Task::Fault { fault, replica, begins: true });
                if let Some(to) = plan.to {
                    self.later(to, Task::Fault { fault, replica, begins: false });
                }
            }
        }
    }

    /// A fault comes on, or goes, at a replica.
    pub(super) fn fault(&mut self, fault: u32, replica: u32, begins: bool) {
        let system = self.system;
        let plan = &system.faults[fault as usize];
        self.faults[fault as usize] = begins;
        match plan.effect {
            Effect::Slow(_) => self.set_speed(replica),
            Effect::Stuck if begins => self.freeze(replica),
            Effect::Stuck => self.thaw(replica),
            Effect::Dead if begins => self.take_down(replica),
            Effect::Dead => self.raise(replica),
            Effect::Latency(_) => {
                let all = self.active().filter(|other| other.service == plan.service);
                let added = all.filter_map(|other| match other.effect {
                    Effect::Latency(time) => Some(time.0),
                    _ => None,
                });
                self.latencies[plan.service as usize] = Time(added.sum());
            }
            Effect::Capacity { what, .. } => self.resize(replica, what),
        }
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

    /// Time that faults add to a round trip to a service.
    #[inline]
    pub(super) fn added_latency(&self, service: u32) -> Time {
        self.latencies.get(service as usize).copied().unwrap_or_default()
    }

    /// How long work takes at a replica that has no CPU to be slow.
    #[inline]
    pub(super) fn slowed(&self, work: Time, replica: u32) -> Time {
        if self.faults.is_empty() {
            return work;
        }
        Time((work.0 as f64 * self.replicas[replica as usize].health.slow).round() as u64)
    }

    /// Sets the CPU of a replica to the speed that the faults leave it.
    pub(super) fn set_speed(&mut self, replica: u32) {
        let slow = self.active_at(replica).map(|plan| match plan.effect {
            Effect::Slow(factor) => factor,
            _ => 1.0,
        });
        let slow: f64 = slow.product();
        let now = self.now;
        let shared = &mut self.replicas[replica as usize];
        shared.health.slow = slow;
        let speed = if shared.health.frozen { 0.0 } else { 1.0 / slow };
        shared.cpu.set_speed(&mut self.calendar, now, speed);
    }

    /// The processes of the replica stop where they are (SIGSTOP): the kernel still takes connections into the backlog.
    fn freeze(&mut self, replica: u32) {
        if self.is_down(replica) {
            return;
        }
        let now = self.now;
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
    }

    /// They go on, unless another fault stops them or they have been killed meanwhile.
    fn thaw(&mut self, replica: u32) {
        let is_stuck = self.active_at(replica).any(|plan| plan.effect == Effect::Stuck);
        if is_stuck || !std::mem::replace(&mut self.replicas[replica as usize].health.frozen, false) {
            return;
        }
        self.set_speed(replica);
        let now = self.now;
        for index in self.processes_of(replica) {
            let process = &mut self.processes[index as usize];
            if !std::mem::replace(&mut process.frozen, false) {
                continue;
            }
            if process.runtime == Runtime::EventLoop {
                self.poll(index);
                continue;
            }
            while let Some(t) = self.processes[index as usize].event_loop.take(&mut self.tokens, now) {
                self.ready.push(&mut self.tokens, t);
            }
        }
    }

    fn processes_of(&self, replica: u32) -> std::ops::Range<u32> {
        let shared = &self.replicas[replica as usize];
        shared.first_process..shared.first_process + shared.workers
    }

    /// Sets slots of the replica's processes to the size that the faults leave them: whoever holds one keeps it, and
    /// nobody gets one before fewer are held; whoever waits gets what there is more.
    fn resize(&mut self, replica: u32, what: Capacity) {
        let least = self.active_at(replica).filter_map(|plan| match plan.effect {
            Effect::Capacity { what: same, size } if same == what => Some(size),
            _ => None,
        });
        let least = least.min();
        for process in self.processes_of(replica) {
            let process = &self.processes[process as usize];
            let id = match what {
                Capacity::Pool(pool) => process.pools + pool,
                Capacity::Limit(limit) => process.limits + limit,
                Capacity::Threads if process.runtime == Runtime::EventLoop => process.executor,
                Capacity::Threads => process.threads,
            };
            let slots = &mut self.slots[id as usize];
            slots.size = least.map_or(slots.full_size, |least| least.min(slots.full_size));
            self.grant_waiting(id);
        }
    }
}
