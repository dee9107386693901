//! Circuit breakers (Nygard, "Release It!", 2007; pybreaker 1.x, circuitbreaker 2.x): closed, open, half-open.
//!
//! As in those libraries an open breaker turns half-open at the first request after `recovery_time`, not by a timer.
//! The Python libraries let every request through while half-open; here `half_open_calls` bounds them, as
//! Resilience4j's `permittedNumberOfCallsInHalfOpenState` does. An end that belongs to an earlier state of the breaker
//! counts for nothing (Polly: "the results of actions that began before the circuit opened").

use crate::kernel::Time;
use crate::kernel::gauge::TimeWeighted;
use crate::model::BreakerPlan;

use crate::parts::mark::MarkKind;
use crate::parts::usage::Sum;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BreakerState {
    /// So many failures without a success between.
    Closed {
        failures: u32,
    },
    Open {
        since: Time,
    },
    /// So many trials under way.
    HalfOpen {
        trials: u32,
    },
}

/// The breaker of one process.
#[derive(Clone, Debug)]
pub(crate) struct Breaker {
    threshold: u32,
    recovery: Time,
    most_trials: u32,
    state: BreakerState,
    /// Counts changes of the state.
    pub era: u32,
    /// 1 while it is not closed.
    pub open: TimeWeighted,
    pub refused: u64,
    pub passed: u64,
    opened: u64,
}

impl Breaker {
    pub fn new(plan: &BreakerPlan) -> Self {
        Self {
            threshold: plan.failure_threshold,
            recovery: plan.recovery_time,
            most_trials: plan.half_open_calls,
            state: BreakerState::Closed { failures: 0 },
            era: 0,
            open: TimeWeighted::default(),
            refused: 0,
            passed: 0,
            opened: 0,
        }
    }

    pub fn reset(&mut self, now: Time) {
        self.open.reset(now);
        (self.refused, self.passed, self.opened) = (0, 0, 0);
    }

    /// Adds what it did in the window to a row.
    pub fn add_to(&self, sum: &mut Sum, now: Time) {
        sum.gauge(&self.open, now, Some(1.0));
        sum.use_.visits += self.passed;
        sum.use_.refused += self.refused;
        *sum.use_.opened.get_or_insert(0) += self.opened;
    }

    /// Whether no trial is under way.
    pub fn is_at_rest(&self) -> bool {
        !matches!(self.state, BreakerState::HalfOpen { trials } if trials > 0)
    }

    /// A new process has a new breaker.
    pub fn renew(&mut self, now: Time) {
        self.turn(now, BreakerState::Closed { failures: 0 });
    }

    /// What a change to its present state is called.
    pub fn mark(&self) -> MarkKind {
        match self.state {
            BreakerState::Closed { .. } => MarkKind::Closed,
            BreakerState::Open { .. } => MarkKind::Open,
            BreakerState::HalfOpen { .. } => MarkKind::HalfOpen,
        }
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, BreakerState::Closed { .. })
    }

    fn turn(&mut self, now: Time, state: BreakerState) {
        self.state = state;
        self.opened += u64::from(matches!(state, BreakerState::Open { .. }));
        self.era = self.era.wrapping_add(1);
        self.open.set(now, u32::from(!matches!(state, BreakerState::Closed { .. })));
    }

    /// A request asks to pass: the era in which it does.
    pub fn pass(&mut self, now: Time) -> Option<u32> {
        if let BreakerState::Open { since } = self.state
            && now.since(since) >= self.recovery
        {
            self.turn(now, BreakerState::HalfOpen { trials: 0 });
        }
        match &mut self.state {
            BreakerState::Closed { .. } => {}
            BreakerState::HalfOpen { trials } if *trials < self.most_trials => *trials += 1,
            _ => {
                self.refused += 1;
                return None;
            }
        }
        self.passed += 1;
        Some(self.era)
    }

    pub fn succeeded(&mut self, now: Time) {
        match &mut self.state {
            BreakerState::Closed { failures } => *failures = 0,
            _ => self.turn(now, BreakerState::Closed { failures: 0 }),
        }
    }

    pub fn failed(&mut self, now: Time) {
        if let BreakerState::Closed { failures } = &mut self.state {
            *failures += 1;
            if *failures < self.threshold {
                return;
            }
        }
        self.turn(now, BreakerState::Open { since: now });
    }

    /// A trial is over without a result.
    pub fn left(&mut self) {
        if let BreakerState::HalfOpen { trials } = &mut self.state {
            *trials -= 1;
        }
    }
}
