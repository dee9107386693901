//! Budgets of retries.

use crate::model::BudgetPlan;

/// Tokens for retries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub tokens: f64,
    pub plan: BudgetPlan,
}

impl Budget {
    pub fn new(plan: &BudgetPlan) -> Self {
        Self { tokens: plan.max_tokens, plan: *plan }
    }

    /// A first attempt.
    pub fn deposit(&mut self) {
        self.tokens = (self.tokens + self.plan.ratio).min(self.plan.max_tokens);
    }

    /// A retry, if there is a token. Rounding does not cost one: ten tenths are a whole.
    pub fn withdraw(&mut self) -> bool {
        let has = self.tokens >= 1.0 - 1e-9;
        if has {
            self.tokens -= 1.0;
        }
        has
    }
}
