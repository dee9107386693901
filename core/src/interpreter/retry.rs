//! Attempts of `retry` steps.

use crate::model::{Op, Site};

use crate::engine::next::Next;
use crate::engine::token::{Failure, FrameKind};
use crate::interpreter::world::World;
use crate::parts::guards::retry::Budget;

impl World<'_> {
    /// The first attempt begins, behind the operation that waits before the others.
    #[inline(never)]
    pub(crate) fn begin_retry(&mut self, t: u32, plan: u32) -> Next {
        let at = self.engine.tokens[t].pc;
        self.guards.reactions.retries[plan as usize][0] += 1;
        if let Some(budget) = self.budget(t, plan) {
            budget.deposit();
        }
        self.engine.tokens[t].pc += 1;
        self.enter_frame(t, FrameKind::Retry { at, failures: 0 })
    }

    fn budget(&mut self, t: u32, plan: u32) -> Option<&mut Budget> {
        let retry = &self.system.retries[plan as usize];
        retry.budget.as_ref()?;
        let first_process = self.system.services[retry.service as usize].first_process;
        let number = self.engine.tokens[t].process - first_process;
        self.guards.budgets.get_mut((self.guards.first_budget[plan as usize] + number) as usize)
    }

    /// The wait before another attempt.
    #[inline(never)]
    pub(crate) fn back_off(&mut self, t: u32, plan: u32, site: Site) -> Next {
        self.engine.tokens[t].pc += 1;
        let token = &self.engine.tokens[t];
        let FrameKind::Retry { failures, .. } = self.engine.frames[token.frame].kind else {
            unreachable!("backoff stands in a retry");
        };
        let u = self.chance(t, site);
        let wait = self.system.retries[plan as usize].backoff.wait(failures, u);
        let next = self.elapse(t, wait);
        self.account_back_off(t, wait);
        next
    }

    /// An attempt has failed: whether there is another. The retry's frame is the innermost.
    pub(crate) fn try_again(&mut self, t: u32, why: Failure) -> bool {
        let frame = self.engine.tokens[t].frame;
        let FrameKind::Retry { at, failures } = self.engine.frames[frame].kind else { return false };
        let Op::Retry { plan } = self.system.program[at as usize] else { return false };
        let again = failures + 1 < self.system.retries[plan as usize].attempts
            && self.guards.retried[plan as usize].contains(why)
            && self.budget(t, plan).is_none_or(Budget::withdraw);
        if again {
            self.guards.reactions.retries[plan as usize][1] += 1;
            self.engine.frames[frame].kind = FrameKind::Retry { at, failures: failures + 1 };
            let retry = &self.system.retries[plan as usize];
            self.engine.tokens[t].key = retry.round.next(self.engine.tokens[t].key);
            self.engine.tokens[t].pc = at + 1;
        }
        again
    }

    /// What comes after a `retry` draws as if the first attempt had been the only one. Its frame is the innermost.
    pub(crate) fn forget_attempts(&mut self, t: u32) {
        if let FrameKind::Retry { at, failures } = self.engine.frames[self.engine.tokens[t].frame].kind
            && let Op::Retry { plan } = self.system.program[at as usize]
        {
            self.engine.tokens[t].key =
                self.system.retries[plan as usize].round.first(self.engine.tokens[t].key, failures);
        }
    }
}
