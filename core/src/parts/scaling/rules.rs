//! Limits of the changes that measurements ask for: stabilization windows, then policies, then `min` and `max`
//! (Kubernetes 1.33, `horizontal.go`: `normalizeDesiredReplicasWithBehaviors`).

use crate::kernel::Time;
use crate::model::{PolicySelect, ScalingAmount, ScalingPlan, ScalingRules};

/// What a controller remembers of a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// What measurements have asked for, before any limit.
    recommendations: Vec<(Time, u32)>,
    /// Replicas that were added.
    added: Vec<(Time, u32)>,
    /// Replicas that were removed.
    removed: Vec<(Time, u32)>,
}

impl Memory {
    /// A decision is due. At the first one the present number counts as a recommendation
    /// (`recordInitialRecommendation`).
    pub fn begin(&mut self, now: Time, current: u32) {
        if self.recommendations.is_empty() {
            self.recommendations.push((now, current));
        }
    }

    /// The number within all limits, where measurements ask for `wanted`.
    pub fn bounded(&mut self, plan: &ScalingPlan, now: Time, current: u32, wanted: u32) -> u32 {
        let stable = self.stabilized(plan, now, current, wanted);
        let least = plan.min.max(1);
        if stable > current {
            let most = plan.max.min(self.highest(&plan.up, now, current).max(current));
            stable.min(most)
        } else if stable < current {
            stable.max(least.max(self.lowest(&plan.down, now, current).min(current)))
        } else {
            stable
        }
    }

    /// Not above the lowest recommendation in the window of growth, and not below the highest in that of shrinking
    /// (`stabilizeRecommendationWithBehaviors`). A recommendation as old as the window no longer counts.
    fn stabilized(&mut self, plan: &ScalingPlan, now: Time, current: u32, wanted: u32) -> u32 {
        let (up, down) = (plan.up.stabilization, plan.down.stabilization);
        let recent = |window: Time| {
            self.recommendations.iter().filter(move |(at, _)| now.since(*at) < window).map(|&(_, number)| number)
        };
        let least = recent(up).fold(wanted, u32::min);
        let most = recent(down).fold(wanted, u32::max);
        let longest = up.max(down);
        self.recommendations.retain(|&(at, _)| now.since(at) <= longest);
        self.recommendations.push((now, wanted));
        current.max(least).min(most)
    }

    /// The number changes.
    pub fn changed(&mut self, plan: &ScalingPlan, now: Time, from: u32, to: u32) {
        let longest = |rules: &ScalingRules| rules.policies.iter().map(|policy| policy.period).max();
        let kept = longest(&plan.up).max(longest(&plan.down)).unwrap_or_default();
        for changes in [&mut self.added, &mut self.removed] {
            changes.retain(|&(at, _)| now.since(at) <= kept);
        }
        let changes = if to > from { &mut self.added } else { &mut self.removed };
        changes.push((now, to.abs_diff(from)));
    }

    /// The number at the start of a period that ends now.
    fn at_start(&self, now: Time, current: u32, period: Time) -> i64 {
        let sum = |changes: &[(Time, u32)]| -> i64 {
            changes.iter().filter(|(at, _)| now.since(*at) < period).map(|&(_, change)| i64::from(change)).sum()
        };
        i64::from(current) - sum(&self.added) + sum(&self.removed)
    }

    /// The highest number that the policies allow (`calculateScaleUpLimitWithScalingRules`).
    fn highest(&self, rules: &ScalingRules, now: Time, current: u32) -> u32 {
        let limit = |amount: ScalingAmount, start: i64| match amount {
            ScalingAmount::Replicas(count) => start + i64::from(count),
            ScalingAmount::Percent(percent) => (start as f64 * (1.0 + f64::from(percent) / 100.0)).ceil() as i64,
        };
        let all = rules.policies.iter().map(|policy| limit(policy.amount, self.at_start(now, current, policy.period)));
        Self::chosen(rules.select, current, all.clone().max(), all.min())
    }

    /// The lowest number that the policies allow (`calculateScaleDownLimitWithBehaviors`).
    fn lowest(&self, rules: &ScalingRules, now: Time, current: u32) -> u32 {
        let limit = |amount: ScalingAmount, start: i64| match amount {
            ScalingAmount::Replicas(count) => start - i64::from(count),
            ScalingAmount::Percent(percent) => (start as f64 * (1.0 - f64::from(percent) / 100.0)) as i64,
        };
        let all = rules.policies.iter().map(|policy| limit(policy.amount, self.at_start(now, current, policy.period)));
        Self::chosen(rules.select, current, all.clone().min(), all.max())
    }

    fn chosen(select: PolicySelect, current: u32, most: Option<i64>, least: Option<i64>) -> u32 {
        let limit = match select {
            PolicySelect::Most => most,
            PolicySelect::Least => least,
            PolicySelect::Disabled => None,
        };
        limit.map_or(current, |limit| u32::try_from(limit.max(0)).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ending, ScalingMetric, ScalingPolicy};

    fn policy(amount: ScalingAmount, seconds: u64) -> ScalingPolicy {
        ScalingPolicy { amount, period: second(seconds) }
    }

    fn second(seconds: u64) -> Time {
        Time(seconds * 1_000_000_000)
    }

    /// Kubernetes' own rules.
    fn plan() -> ScalingPlan {
        let all = ScalingAmount::Percent(100);
        ScalingPlan {
            min: 1,
            max: 100,
            metric: ScalingMetric::Cpu { request: 1000, percent: 70.0 },
            tolerance: 0.1,
            sync_period: second(15),
            resolution: second(15),
            start: second(20),
            ending: Ending::within(second(30)),
            cpu_initialization: second(300),
            initial_readiness: second(30),
            up: ScalingRules {
                stabilization: Time::ZERO,
                policies: vec![policy(all, 15), policy(ScalingAmount::Replicas(4), 15)],
                select: PolicySelect::Most,
            },
            down: ScalingRules {
                stabilization: second(300),
                policies: vec![policy(all, 15)],
                select: PolicySelect::Most,
            },
            to_zero: None,
        }
    }

    /// The numbers after decisions every 15 s that ask for these.
    fn course(plan: &ScalingPlan, from: u32, wanted: &[u32]) -> Vec<u32> {
        let (mut memory, mut current, mut course) = (Memory::default(), from, Vec::new());
        for (&wanted, number) in wanted.iter().zip(1..) {
            let now = second(15 * number);
            memory.begin(now, current);
            let to = memory.bounded(plan, now, current, wanted);
            if to != current {
                memory.changed(plan, now, current, to);
            }
            current = to;
            course.push(current);
        }
        course
    }

    /// Four more or twice as many in 15 s, whichever is more.
    #[test]
    fn growth_is_bounded_by_its_policies() {
        assert_eq!(course(&plan(), 1, &[50; 6]), [5, 10, 20, 40, 50, 50]);
        let least = ScalingRules { select: PolicySelect::Least, ..plan().up };
        assert_eq!(course(&ScalingPlan { up: least.clone(), ..plan() }, 1, &[50; 6]), [2, 4, 8, 12, 16, 20]);
        let never = ScalingRules { select: PolicySelect::Disabled, ..least };
        assert_eq!(course(&ScalingPlan { up: never, ..plan() }, 1, &[50; 3]), [1; 3]);
        assert_eq!(course(&ScalingPlan { max: 8, ..plan() }, 1, &[50; 3]), [5, 8, 8]);
    }

    /// Two a minute: the change of 15 s still counts at 60 s, and no longer at 75 s.
    #[test]
    fn a_policy_counts_what_has_changed_within_its_period() {
        let up = ScalingRules { policies: vec![policy(ScalingAmount::Replicas(2), 60)], ..plan().up };
        assert_eq!(course(&ScalingPlan { up, ..plan() }, 1, &[50; 6]), [3, 3, 3, 3, 5, 5]);
    }

    /// The recommendation of 15 s counts for 300 s, so no longer at 315 s.
    #[test]
    fn shrinking_waits_for_the_window() {
        let wanted = [vec![10], vec![4; 24]].concat();
        let course = self::course(&plan(), 10, &wanted);
        assert_eq!(course[..20], [10; 20]);
        assert_eq!(course[20..], [4; 5]);
    }

    /// The highest recommendation of the window counts: a short peak starts the wait again.
    #[test]
    fn a_peak_is_kept_for_the_window() {
        let wanted = [vec![2], vec![6], vec![1; 24]].concat();
        let course = self::course(&plan(), 2, &wanted);
        assert_eq!((course[0], course[1], course[20], course[21]), (2, 6, 6, 1));
    }

    #[test]
    fn growth_may_wait_as_well() {
        let up = ScalingRules { stabilization: second(60), ..plan().up };
        let course = self::course(&ScalingPlan { up, ..plan() }, 2, &[5, 3, 5, 5, 5, 5]);
        assert_eq!(course, [2, 2, 2, 2, 3, 5], "the first decision notes that there are two");
    }

    #[test]
    fn shrinking_is_bounded_by_its_policies() {
        let down = ScalingRules {
            stabilization: Time::ZERO,
            policies: vec![policy(ScalingAmount::Percent(10), 15)],
            select: PolicySelect::Most,
        };
        // 9.0, 8.1, 7.2, ... are cut to whole numbers.
        assert_eq!(course(&ScalingPlan { down, ..plan() }, 10, &[1; 4]), [9, 8, 7, 6]);
        let at_once = ScalingRules { stabilization: Time::ZERO, ..plan().down };
        assert_eq!(course(&ScalingPlan { down: at_once, min: 3, ..plan() }, 10, &[0; 2]), [3, 3]);
    }
}
