//! Replicas that start and end while the service is in use.
//!
//! The end of a replica has the steps of Kubernetes' "termination of pods" (documentation, "Pod Lifecycle"; kubelet,
//! `killContainer` in `pkg/kubelet/kuberuntime/kuberuntime_container.go`). Two things run side by side from the decision to
//! remove it. The news reaches the balancers, which send it nothing new from then on; kept connections still lead to it. And
//! its processes run the `preStop` hook, during which they work as before, and get SIGTERM. Servers then take no new
//! connections, close idle ones, and end when they have nothing left to do. What still runs at the end of the grace period is
//! killed. A balancer that does not know yet sends requests to a replica that refuses them.

use crate::kernel::{NONE, Time};
use crate::model::{AtSigterm, Ending};

use crate::engine::task::Task;
use crate::interpreter::world::World;
use crate::parts::scaling::{Scaler, Stage};

impl World<'_> {
    /// Takes down the places without a replica, and schedules the first decisions and the deploys.
    pub(crate) fn begin_turnover(&mut self) {
        let system = self.system;
        for (service, plan) in (0..).zip(&system.services).filter(|(_, plan)| plan.varies()) {
            let scaler = self.scalers.len() as u32;
            let first = self.groups[service as usize].first_replica;
            self.scalers.push(Scaler::new(service, first, plan.initial, plan.replicas));
            for replica in first + plan.initial..first + plan.replicas {
                self.groups[service as usize].absent.up(self.engine.now);
                self.take_down(replica);
            }
            if let Some(scaling) = &plan.scaling {
                let half = Time(scaling.resolution.0 / 2);
                self.engine.later(half, Task::ScrapeReplicas { scaler });
                self.engine.later(scaling.sync_period, Task::Scale { scaler });
                if let Some(to_zero) = &scaling.to_zero {
                    self.engine.later(to_zero.polling, Task::Activate { scaler });
                }
            }
            for (deploy, plan) in (0..).zip(&plan.deploys) {
                self.engine.later(plan.at, Task::Deploy { scaler, deploy });
            }
        }
    }

    /// The scaler of the service that a replica belongs to, if it has one.
    pub(crate) fn scaler_of(&self, replica: u32) -> Option<usize> {
        let service = self.replicas[replica as usize].service;
        self.scalers.iter().position(|scaler| scaler.service == service)
    }

    /// Starts the replicas that are missing, as far as places are free: one that is being removed keeps its place until it
    /// has ended.
    pub(crate) fn fill(&mut self, index: u32) {
        let scaler = &self.scalers[index as usize];
        if scaler.deploy != NONE {
            self.engine.later(Time::ZERO, Task::Roll { scaler: index });
        } else if let Some(scaling) = &self.system.services[scaler.service as usize].scaling {
            let missing = scaler.desired.saturating_sub(scaler.staying());
            self.start_replicas(index, missing, scaling.start);
        }
    }

    /// Starts this number of replicas, or as many as there are free places. Their processes run after `start`.
    pub(crate) fn start_replicas(&mut self, index: u32, count: u32, start: Time) -> u32 {
        for started in 0..count {
            let Some(replica) = self.scalers[index as usize].in_stage(Stage::Absent).next() else { return started };
            let now = self.engine.now;
            let task = self.engine.later(start, Task::Start { replica });
            let scaler = &mut self.scalers[index as usize];
            scaler.begin(replica, now);
            scaler.pod_mut(replica).task = task;
            self.groups[scaler.service as usize].absent.down(now);
            self.replicas[replica as usize].health.forget_restarts();
        }
        count
    }

    /// The processes of a new replica run.
    pub(crate) fn start_replica(&mut self, replica: u32) {
        let (now, used) = (self.engine.now, self.cpu_used(replica));
        if let Some(scaler) = self.scaler_of(replica) {
            self.scalers[scaler].pod_mut(replica).run(now, used);
        }
        self.raise(replica);
    }

    /// Removes a replica because of a deploy, given by its number in the service, or of a decision of the autoscaler ([`NONE`]).
    pub(crate) fn remove_replica(&mut self, index: u32, replica: u32, ending: Ending, deploy: u32) {
        if self.scalers[index as usize].pod(replica).stage == Stage::Starting {
            // It is down as it was before.
            return self.vacate(index as usize, replica);
        }
        if self.is_down(replica) || (ending.is_at_once() && self.inside_replica(replica) == 0) {
            return self.end_replica(replica);
        }
        let task = self.engine.later(ending.kill, Task::Terminate { replica });
        let pod = self.scalers[index as usize].pod_mut(replica);
        (pod.stage, pod.task) = (Stage::Leaving, task);
        (pod.removed_by, pod.at_sigterm) = (deploy, ending.at_sigterm);
        self.leaving += 1;
        self.stop_probing(replica);
        if ending.unlisted == Time::ZERO {
            self.unlist_replica(replica);
        } else {
            self.engine.later(ending.unlisted, Task::Unlist { replica });
        }
        if ending.sigterm == Time::ZERO {
            self.stop_replica(replica);
        } else {
            self.engine.later(ending.sigterm, Task::Stop { replica });
        }
    }

    /// The balancers learn that a replica is being removed.
    pub(crate) fn unlist_replica(&mut self, replica: u32) {
        self.change_availability(replica, |health| health.leaving = true);
        self.drained_replica(replica);
    }

    /// A replica that is being removed gets SIGTERM.
    pub(crate) fn stop_replica(&mut self, replica: u32) {
        let Some(scaler) = self.scaler_of(replica) else { return };
        match self.scalers[scaler].pod(replica).at_sigterm {
            AtSigterm::Drain => {
                self.close_replica(replica);
                self.close_idle_connections_to(replica);
                self.drained_replica(replica);
            }
            AtSigterm::Exit => {
                let task = std::mem::replace(&mut self.scalers[scaler].pod_mut(replica).task, NONE);
                if task != NONE {
                    self.engine.call_off(task);
                }
                self.terminate_replica(replica);
            }
            AtSigterm::Ignore => {}
        }
    }

    /// From now on the replica takes nothing new.
    fn close_replica(&mut self, replica: u32) {
        self.change_availability(replica, |health| health.closed = true);
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
        if self.is_closed(replica) && self.inside_replica(replica) == 1 {
            self.engine.later(Time::ZERO, Task::Drained { replica });
        }
    }

    /// A replica that is being removed may have nothing left to do. It keeps its place in the balancers until they know.
    pub(crate) fn drained_replica(&mut self, replica: u32) {
        let health = &self.replicas[replica as usize].health;
        if health.closed && health.leaving && self.inside_replica(replica) == 0 {
            self.end_replica(replica);
        }
    }

    /// The processes of a replica that is being removed are killed: its grace period is over, or they end at SIGTERM.
    pub(crate) fn terminate_replica(&mut self, replica: u32) {
        if let Some(scaler) = self.scaler_of(replica) {
            self.scalers[scaler].pod_mut(replica).task = NONE;
        }
        if self.replicas[replica as usize].health.leaving {
            return self.end_replica(replica);
        }
        self.close_replica(replica);
        self.kill(replica);
    }

    /// Whether a replica is being removed and takes nothing new.
    pub(crate) fn is_closed(&self, replica: u32) -> bool {
        self.replicas[replica as usize].health.closed
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
        if self.scalers[scaler].pod(replica).stage == Stage::Leaving {
            self.leaving -= 1;
            self.change_availability(replica, |health| (health.leaving, health.closed) = (false, false));
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
            let is_new = self.scalers[scaler].pod_mut(replica).turned.replace(now).is_none();
            if is_new && self.replicas[replica as usize].is_available() {
                self.scalers[scaler].note_ready(replica, now);
            }
            self.continue_deploy(scaler as u32);
        }
    }
}
