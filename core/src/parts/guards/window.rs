//! The sliding windows of Resilience4j's circuit breaker (2.4: `CircuitBreakerStateMachine`, `CircuitBreakerMetrics`,
//! `FixedSizeSlidingWindowMetrics`, `SlidingTimeWindowMetrics`).
//!
//! As there, a window begins empty with each state; a call is slow if it lasts longer than the threshold, failed or not;
//! each end is judged with the calls of the window, once these are enough. A window of time has a bucket for each whole
//! second of the clock: the present one and those before it.

use std::collections::VecDeque;

use crate::kernel::Time;
use crate::model::{WindowPlan, WindowSpan};

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub failed: bool,
    pub slow: bool,
}

/// Calls that have ended, and of those how many failed and how many were slow.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    calls: u64,
    failed: u64,
    slow: u64,
}

impl Count {
    fn add(&mut self, Ended { failed, slow }: Ended) {
        self.calls += 1;
        self.failed += u64::from(failed);
        self.slow += u64::from(slow);
    }

    fn remove(&mut self, other: Self) {
        self.calls -= other.calls;
        self.failed -= other.failed;
        self.slow -= other.slow;
    }
}

/// What the ends in a window say of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// There are too few.
    TooFew,
    /// Neither rate reaches its threshold.
    Below,
    /// A rate reaches its threshold.
    Above,
}

/// The ends that a state of a breaker judges by.
#[derive(Clone, Debug)]
pub(crate) struct SlidingWindow {
    plan: WindowPlan,
    total: Count,
    /// Of a window of calls, each of them.
    ends: VecDeque<Ended>,
    /// Of a window of time, the seconds that have any.
    seconds: VecDeque<(u64, Count)>,
    /// While half-open, how many calls may still pass.
    permits: u32,
}

impl SlidingWindow {
    pub fn new(plan: &WindowPlan) -> Self {
        let plan = plan.clone();
        Self { plan, total: Count::default(), ends: VecDeque::new(), seconds: VecDeque::new(), permits: 0 }
    }

    /// A state begins: with so many calls that may pass where it is the half-open one.
    pub fn begin(&mut self, permits: u32) {
        self.total = Count::default();
        self.ends.clear();
        self.seconds.clear();
        self.permits = permits;
    }

    /// Whether a call may pass in the half-open state.
    pub fn permits(&mut self) -> bool {
        let may = self.permits > 0;
        self.permits -= u32::from(may);
        may
    }

    /// A call has ended without a result (`releasePermission`).
    pub fn give_back(&mut self) {
        self.permits = self.permits.saturating_add(1);
    }

    /// Whether a call that took so long is slow.
    pub fn is_slow(&self, took: Time) -> bool {
        took > self.plan.slow_after
    }

    /// The calls that the half-open state judges by are as many as may pass, however few the window needs else.
    pub fn judge_trial(&mut self, ended: Ended, trials: u32) -> Judgement {
        self.total.add(ended);
        self.judgement(self.plan.min_calls.min(trials))
    }

    /// A call ends while the breaker is closed.
    pub fn judge(&mut self, now: Time, ended: Ended) -> Judgement {
        self.total.add(ended);
        match self.plan.span {
            WindowSpan::Calls(most) => {
                self.ends.push_back(ended);
                if self.ends.len() > most as usize
                    && let Some(oldest) = self.ends.pop_front()
                {
                    let mut gone = Count::default();
                    gone.add(oldest);
                    self.total.remove(gone);
                }
                self.judgement(self.plan.min_calls.min(most))
            }
            WindowSpan::Seconds(length) => {
                let second = now.0 / 1_000_000_000;
                while let Some(&(old, gone)) = self.seconds.front()
                    && old + u64::from(length) <= second
                {
                    self.total.remove(gone);
                    self.seconds.pop_front();
                }
                match self.seconds.back_mut() {
                    Some((last, count)) if *last == second => count.add(ended),
                    _ => {
                        let mut count = Count::default();
                        count.add(ended);
                        self.seconds.push_back((second, count));
                    }
                }
                self.judgement(self.plan.min_calls)
            }
        }
    }

    fn judgement(&self, least: u32) -> Judgement {
        let Count { calls, failed, slow } = self.total;
        if calls < u64::from(least) {
            return Judgement::TooFew;
        }
        let rate = |part: u64| part as f64 / calls as f64;
        match rate(failed) >= self.plan.failure_rate || rate(slow) >= self.plan.slow_rate {
            true => Judgement::Above,
            false => Judgement::Below,
        }
    }
}
