//! Circuit breakers (Nygard, "Release It!", 2007; pybreaker 1.x, circuitbreaker 2.x): closed, open, half-open.
//!
//! As in those libraries an open breaker turns half-open at the first request after `recovery_time`, not by a timer.
//! The Python libraries let every request through while half-open; here `half_open_calls` bounds them, as
//! Resilience4j's `permittedNumberOfCallsInHalfOpenState` does. An end that belongs to an earlier state of the breaker
//! counts for nothing (Polly: "the results of actions that began before the circuit opened").
//!
//! One with a window ([`SlidingWindow`]) is Resilience4j's instead: the half-open state lets `half_open_calls` pass in all
//! and is over when enough of them have ended; each end counts in the state in which it finds the breaker.

use crate::kernel::Time;
use crate::kernel::gauge::TimeWeighted;
use crate::model::{BreakerPlan, Opening};

use crate::parts::guards::window::{Ended, Judgement, SlidingWindow};
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
    /// Failures in a row that open it.
    threshold: u32,
    /// What opens it instead.
    window: Option<Box<SlidingWindow>>,
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
        let (threshold, window) = match &plan.opens {
            Opening::InARow(threshold) => (*threshold, None),
            Opening::Rate(window) => (u32::MAX, Some(Box::new(SlidingWindow::new(window)))),
        };
        Self {
            threshold,
            window,
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
        if let Some(window) = &mut self.window {
            window.begin(if matches!(state, BreakerState::HalfOpen { .. }) { self.most_trials } else { 0 });
        }
    }

    /// Whether it has been open for long enough. Resilience4j asks whether the present time is after the end of that.
    fn may_try(&self, open: Time) -> bool {
        if self.window.is_some() { open > self.recovery } else { open >= self.recovery }
    }

    /// Whether it judges by a window.
    pub fn has_window(&self) -> bool {
        self.window.is_some()
    }

    /// Whether a call that took so long is slow.
    pub fn is_slow(&self, took: Time) -> bool {
        self.window.as_ref().is_some_and(|window| window.is_slow(took))
    }

    /// A call ends that a breaker with a window has let pass.
    pub fn ended(&mut self, now: Time, ended: Ended) {
        let Some(window) = &mut self.window else { return };
        let is_trial = matches!(self.state, BreakerState::HalfOpen { .. });
        let judgement = match self.state {
            BreakerState::Closed { .. } => window.judge(now, ended),
            BreakerState::HalfOpen { .. } => window.judge_trial(ended, self.most_trials),
            BreakerState::Open { .. } => return,
        };
        match judgement {
            Judgement::Above => self.turn(now, BreakerState::Open { since: now }),
            Judgement::Below if is_trial => self.turn(now, BreakerState::Closed { failures: 0 }),
            Judgement::Below | Judgement::TooFew => {}
        }
    }

    /// The same for a call that ends without a result.
    pub fn gave_up(&mut self) {
        if let (BreakerState::HalfOpen { .. }, Some(window)) = (self.state, &mut self.window) {
            window.give_back();
        }
    }

    /// A request asks to pass: the era in which it does.
    pub fn pass(&mut self, now: Time) -> Option<u32> {
        if let BreakerState::Open { since } = self.state
            && self.may_try(now.since(since))
        {
            self.turn(now, BreakerState::HalfOpen { trials: 0 });
        }
        match &mut self.state {
            BreakerState::Closed { .. } => {}
            BreakerState::HalfOpen { .. } if self.window.as_mut().is_some_and(|window| window.permits()) => {}
            BreakerState::HalfOpen { trials } if self.window.is_none() && *trials < self.most_trials => *trials += 1,
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
