//! Deploys: the replicas of a service are replaced by new ones, which begin cold.

use crate::kernel::NONE;
use crate::model::DeployPlan;

use crate::engine::task::Task;
use crate::interpreter::world::World;
use crate::parts::mark::MarkKind;
use crate::parts::scaling::rollout::{Next, next};

impl<'s> World<'s> {
    /// The deploy of this number of a scaler's service.
    fn deploy_plan(&self, scaler: u32, deploy: u32) -> &'s DeployPlan {
        &self.system.services[self.scalers[scaler as usize].service as usize].deploys[deploy as usize]
    }

    /// A deploy begins. It ends one that is under way, and replaces the new replicas of that one, too.
    pub(crate) fn begin_deploy(&mut self, index: u32, deploy: u32) {
        let (now, plan) = (self.engine.now, self.deploy_plan(index, deploy));
        self.mark_deploy(MarkKind::DeployBegins, plan);
        self.account_deploy(index);
        self.scalers[index as usize].begin_deploy(deploy, plan.replicas, now);
        self.roll(index);
    }

    /// Starts and removes replicas as far as the deploy under way may.
    pub(crate) fn roll(&mut self, index: u32) {
        loop {
            let scaler = &self.scalers[index as usize];
            let (deploy, now) = (scaler.deploy, self.engine.now);
            if deploy == NONE {
                return;
            }
            let plan = self.deploy_plan(index, deploy);
            let is_ready = |replica: u32| self.replicas[replica as usize].is_available();
            match next(plan, scaler.desired, scaler.counts(now, plan.min_ready, is_ready)) {
                Next::Start(count) => {
                    if self.start_replicas(index, count, plan.start) == 0 {
                        return;
                    }
                }
                Next::RemoveOld(count) => self.remove_some(index, deploy, count, false),
                Next::RemoveNew(count) => self.remove_some(index, deploy, count, true),
                Next::Wait => return,
                Next::Done => {
                    self.mark_deploy(MarkKind::DeployEnds, plan);
                    self.account_deploy(index);
                    self.scalers[index as usize].deploy = NONE;
                    return;
                }
            }
        }
    }

    /// Removes this number of a service's new or old replicas.
    fn remove_some(&mut self, index: u32, deploy: u32, count: u32, is_new: bool) {
        let ending = self.deploy_plan(index, deploy).ending;
        for _ in 0..count {
            let is_ready = |replica: u32| self.replicas[replica as usize].is_available();
            let Some(replica) = self.scalers[index as usize].next_of_version(is_new, is_ready) else { return };
            self.remove_replica(index, replica, ending, deploy);
        }
    }

    /// A replica becomes ready or stops being ready: looks at the deploy under way when that has lasted for `min_ready`.
    pub(crate) fn continue_deploy(&mut self, scaler: u32) {
        let deploy = self.scalers[scaler as usize].deploy;
        if deploy != NONE {
            let min_ready = self.deploy_plan(scaler, deploy).min_ready;
            self.engine.later(min_ready, Task::Roll { scaler });
        }
    }

    /// The deploy that removes a replica, by its number in the service.
    pub(crate) fn removed_by_deploy(&self, replica: u32) -> Option<u32> {
        let scaler = self.scalers.get(self.scaler_of(replica)?)?;
        Some(scaler.pod(replica).removed_by).filter(|&deploy| deploy != NONE)
    }

    /// The deploy that takes replicas of a service out of use at present, by its number there.
    pub(crate) fn removes_replicas(&self, service: u32) -> Option<u32> {
        let scaler = self.scalers.iter().find(|scaler| scaler.service == service)?;
        let leaving = scaler.pods.iter().map(|pod| pod.removed_by).find(|&deploy| deploy != NONE);
        leaving.or(Some(scaler.deploy).filter(|&deploy| deploy != NONE))
    }
}
