//! What a deploy does next, as Kubernetes' deployment controller decides it (`pkg/controller/deployment/rolling.go`;
//! `recreate` as its documentation describes it). First new replicas are started as far as the surge allows. Then old ones
//! are removed, those that are not available first, as far as enough others are available.

use crate::model::{DeployPlan, DeployStrategy};

/// The replicas of a service in the course of a deploy, without those that are being removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// New ones, those that start included.
    pub new: u32,
    /// New ones that have been ready for long enough.
    pub new_available: u32,
    /// Old ones.
    pub old: u32,
    /// Old ones that are ready.
    pub old_available: u32,
    /// Old ones that are being removed and still exist.
    pub ending: u32,
    /// Old ones that stay: those that are not on the drained node.
    pub kept: u32,
}

/// A step of a deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// New replicas are started.
    Start(u32),
    /// Old replicas are removed.
    RemoveOld(u32),
    /// New replicas are removed: fewer are wanted than when they were started.
    RemoveNew(u32),
    /// Nothing, until a replica becomes available or has ended.
    Wait,
    /// The deploy is complete.
    Done,
}

/// The next step, where this number of replicas is wanted.
pub(crate) fn next(plan: &DeployPlan, desired: u32, counts: Counts) -> Next {
    let Counts { new, new_available, old, old_available, ending, kept } = counts;
    let kept = kept.min(desired);
    let target = desired - kept.min(old);
    if new > target {
        return Next::RemoveNew(new - target);
    }
    let (surge, unavailable) = plan.strategy.bounds(desired);
    if plan.strategy == DeployStrategy::Recreate && old.saturating_sub(kept) + ending > 0 {
        return if old > kept { Next::RemoveOld(old - kept) } else { Next::Wait };
    }
    let started = desired.saturating_add(surge).saturating_sub(old + new).min(target - new);
    if started > 0 {
        return Next::Start(started);
    }
    let removed = removable(desired.saturating_sub(unavailable), counts).min(old.saturating_sub(kept));
    if removed > 0 {
        return Next::RemoveOld(removed);
    }
    if old <= kept && new == target && new_available == new && old_available == old {
        return Next::Done;
    }
    Next::Wait
}

/// Old replicas that may be removed now, if at least this number must stay available (`reconcileOldReplicaSets`).
fn removable(least: u32, counts: Counts) -> u32 {
    let Counts { new, new_available, old, old_available, .. } = counts;
    let most = (old + new).saturating_sub(least + (new - new_available));
    if most == 0 {
        return 0;
    }
    let unhealthy = most.min(old - old_available);
    let healthy = (old_available + new_available).saturating_sub(least);
    unhealthy + healthy.min(old - unhealthy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Time;
    use crate::model::{Ending, Pods};

    fn plan(strategy: DeployStrategy, replicas: Option<u32>) -> DeployPlan {
        DeployPlan {
            name: "release".into(),
            at: Time::ZERO,
            strategy,
            replicas,
            start: Time::ZERO,
            min_ready: Time::ZERO,
            ending: Ending::within(Time(30_000_000_000)),
        }
    }

    fn rolling(surge: u32, unavailable: u32) -> DeployPlan {
        let strategy = DeployStrategy::Rolling { surge: Pods::Count(surge), unavailable: Pods::Count(unavailable) };
        plan(strategy, None)
    }

    fn counts([new, new_available]: [u32; 2], [old, old_available]: [u32; 2], ending: u32) -> Counts {
        Counts { new, new_available, old, old_available, ending, kept: 0 }
    }

    /// The first steps of the example in `rolling.go`: ten replicas, three more and two fewer are allowed.
    #[test]
    fn surge_and_unavailable_replicas_are_used_at_once() {
        let plan = rolling(3, 2);
        assert_eq!(next(&plan, 10, counts([0, 0], [10, 10], 0)), Next::Start(3));
        assert_eq!(next(&plan, 10, counts([3, 0], [10, 10], 0)), Next::RemoveOld(2));
        assert_eq!(next(&plan, 10, counts([3, 0], [8, 8], 2)), Next::Start(2));
        assert_eq!(next(&plan, 10, counts([5, 0], [8, 8], 2)), Next::Wait);
        // One is available: one of the old ones is not needed.
        assert_eq!(next(&plan, 10, counts([5, 1], [8, 8], 2)), Next::RemoveOld(1));
        assert_eq!(next(&plan, 10, counts([10, 9], [0, 0], 8)), Next::Wait);
        assert_eq!(next(&plan, 10, counts([10, 10], [0, 0], 8)), Next::Done);
    }

    /// Case 1 of that example: the new ones never become available, and an old one fails. It is not removed, since that would
    /// leave no room for it to come back.
    #[test]
    fn new_replicas_that_never_start_stop_the_deploy() {
        assert_eq!(next(&rolling(3, 2), 10, counts([5, 0], [8, 7], 0)), Next::Wait);
    }

    /// Old ones that are not available go first, and beyond them as many as enough others allow.
    #[test]
    fn unavailable_replicas_are_replaced_first() {
        assert_eq!(next(&rolling(0, 1), 4, counts([0, 0], [4, 2], 0)), Next::RemoveOld(1));
        assert_eq!(next(&rolling(4, 1), 4, counts([4, 4], [4, 2], 0)), Next::RemoveOld(4));
    }

    #[test]
    fn recreation_waits_for_the_last_old_one() {
        let plan = plan(DeployStrategy::Recreate, None);
        assert_eq!(next(&plan, 3, counts([0, 0], [3, 3], 0)), Next::RemoveOld(3));
        assert_eq!(next(&plan, 3, counts([0, 0], [0, 0], 1)), Next::Wait);
        assert_eq!(next(&plan, 3, counts([0, 0], [0, 0], 0)), Next::Start(3));
    }

    /// Two of four replicas are on the node, and the budget allows one to be unavailable.
    fn drain_step(desired: u32, new: [u32; 2], old: [u32; 2], ending: u32) -> Next {
        let plan = plan(DeployStrategy::Drain { unavailable: Pods::Count(1) }, Some(2));
        next(&plan, desired, Counts { kept: 2, ..counts(new, old, ending) })
    }

    #[test]
    fn a_drain_replaces_the_replicas_of_a_node() {
        assert_eq!(drain_step(4, [0, 0], [4, 4], 0), Next::RemoveOld(1));
        assert_eq!(drain_step(4, [0, 0], [3, 3], 1), Next::Start(1));
        assert_eq!(drain_step(4, [1, 0], [3, 3], 1), Next::Wait);
        assert_eq!(drain_step(4, [1, 1], [3, 3], 0), Next::RemoveOld(1));
        assert_eq!(drain_step(4, [2, 2], [2, 2], 0), Next::Done);
    }

    /// The autoscaler raises the number to six, or lowers it to three, in the middle of a drain: the node is drained all the same.
    #[test]
    fn an_autoscaler_changes_the_number_during_a_drain() {
        assert_eq!(drain_step(6, [1, 1], [3, 3], 0), Next::Start(2));
        assert_eq!(drain_step(6, [3, 3], [3, 3], 0), Next::RemoveOld(1));
        assert_eq!(drain_step(6, [4, 4], [2, 2], 0), Next::Done);
        assert_eq!(drain_step(3, [1, 1], [3, 3], 0), Next::RemoveOld(1));
        assert_eq!(drain_step(3, [1, 1], [2, 2], 0), Next::Done);
    }

    /// An autoscaler wants fewer in the middle of a deploy.
    #[test]
    fn fewer_replicas_are_wanted_meanwhile() {
        assert_eq!(next(&rolling(1, 0), 2, counts([3, 3], [1, 1], 0)), Next::RemoveNew(1));
        assert_eq!(next(&rolling(1, 0), 2, counts([2, 2], [1, 1], 0)), Next::RemoveOld(1));
    }
}
