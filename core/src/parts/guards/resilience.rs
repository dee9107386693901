//! The state of what guards requests: circuit breakers, retry budgets, time-outs of steps, branches.

use crate::kernel::Time;
use crate::kernel::deadline::{Deadlines, LaneId};
use crate::kernel::slab::Slab;
use crate::model::{Causes, System};

use crate::engine::token::Failure;
use crate::parts::guards::breaker::Breaker;
use crate::parts::guards::parallel::Join;
use crate::parts::guards::retry::Budget;
use crate::parts::part::{Moment, Part};
use crate::parts::reaction::Reactions;
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// All guards of a run. A model without them has none, and asks nothing of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guards {
    /// Of all processes, those of a process together.
    pub breakers: Vec<Breaker>,
    /// Of each retry step that has one, in each process of its service.
    pub budgets: Vec<Budget>,
    /// The first budget of each retry step.
    pub first_budget: Vec<u32>,
    /// What each retry step catches.
    pub retried: Vec<Caught>,
    /// What each fallback catches.
    pub caught: Vec<Caught>,
    /// The lane of each `timeout` step.
    pub timeouts: Vec<LaneId>,
    /// The lane of each hedge.
    pub hedges: Vec<Option<LaneId>>,
    pub joins: Slab<Join>,
    pub reactions: Reactions,
    /// Whether a time-out or a hedge can end a wait from outside.
    pub can_free: bool,
    /// Whether any deadline goes with a call.
    pub propagates: bool,
}

impl Guards {
    pub fn new(system: &System, deadlines: &mut Deadlines) -> Self {
        let mut guards = Self::default();
        for service in &system.services {
            for _ in 0..service.replicas * service.workers {
                guards.breakers.extend(service.breakers.iter().map(Breaker::new));
            }
        }
        for retry in &system.retries {
            guards.first_budget.push(guards.budgets.len() as u32);
            guards.retried.push(Caught::new(&retry.on, &system.reasons));
            if let Some(budget) = &retry.budget {
                let service = &system.services[retry.service as usize];
                let processes = service.replicas * service.workers;
                guards.budgets.extend((0..processes).map(|_| Budget::new(budget)));
            }
        }
        guards.caught = system.fallbacks.iter().map(|plan| Caught::new(&plan.on, &system.reasons)).collect();
        guards.timeouts = system.timeouts.iter().map(|plan| deadlines.lane(plan.after)).collect();
        guards.hedges = system.parallels.iter().map(|plan| plan.after.map(|after| deadlines.lane(after))).collect();
        guards.reactions = Reactions::new(system);
        guards.can_free = !system.timeouts.is_empty() || guards.hedges.iter().any(Option::is_some);
        guards.propagates = system.timeouts.iter().any(|plan| plan.propagate);
        guards
    }
}

/// A set of failures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caught([u64; 4]);

impl Caught {
    pub fn new(causes: &Causes, reasons: &[String]) -> Self {
        let Some(words) = causes else { return Self([u64::MAX; 4]) };
        let mut set = [0; 4];
        for index in 0..=usize::from(u8::MAX) {
            if words.contains(&Failure::from_index(index).describe(reasons)) {
                set[index / 64] |= 1 << (index % 64);
            }
        }
        Self(set)
    }

    pub fn contains(self, failure: Failure) -> bool {
        let index = failure.index();
        self.0[index / 64] & (1 << (index % 64)) != 0
    }
}

impl Part for Guards {
    fn reset(&mut self, now: Time) {
        self.breakers.iter_mut().for_each(|breaker| breaker.reset(now));
        self.reactions.reset();
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let mut breakers = self.breakers.iter();
        for process in &system.processes {
            let service = &system.services[process.service as usize];
            for ((number, plan), breaker) in (0..).zip(&service.breakers).zip(&mut breakers) {
                let name = || format!("{} breaker {}", service.name, plan.name);
                breaker.add_to(rows.of_service(process.service, ResourceKind::Breaker, number, name), now);
            }
        }
    }

    fn laws(&mut self, _: Moment, _: &mut Vec<String>) {}

    fn is_at_rest(&self) -> bool {
        self.joins.is_empty() && self.breakers.iter().all(Breaker::is_at_rest)
    }

    /// The process that comes up in its place has closed breakers and full buckets.
    fn process_died(&mut self, process: u32, Moment { system, now }: Moment) {
        let service = system.processes[process as usize].service;
        let plan = &system.services[service as usize];
        let before = &system.processes[..process as usize];
        let first: usize = before.iter().map(|it| system.services[it.service as usize].breakers.len()).sum();
        for breaker in &mut self.breakers[first..first + plan.breakers.len()] {
            breaker.renew(now);
        }
        for (retry, first) in system.retries.iter().zip(&self.first_budget) {
            if let (true, Some(budget)) = (retry.service == service, &retry.budget) {
                self.budgets[(first + process - plan.first_process) as usize] = Budget::new(budget);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_and_reasons_are_told_apart() {
        let reasons = ["out of stock".to_owned(), "bad luck".to_owned()];
        let caught = Caught::new(&Some(vec!["read timed out".into(), "bad luck".into()]), &reasons);
        assert!(caught.contains(Failure::READ_TIMEOUT) && caught.contains(Failure::reason(1)));
        assert!(!caught.contains(Failure::reason(0)) && !caught.contains(Failure::ACQUIRE_TIMEOUT));
        assert!(Caught::new(&None, &reasons).contains(Failure::reason(215)));
    }
}
