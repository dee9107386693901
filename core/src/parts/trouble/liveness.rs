//! Probes of replicas: liveness, which restarts, and readiness, which takes out of the balancing.
//!
//! The kubelet sends each replica a request every `period`; a probe fails when it is answered with an error or not
//! within `timeout`, and after `failure_threshold` failures in a row Kubernetes acts. A probe arrives like any other
//! connection, so it waits behind blocking work on the event loop, a full thread pool, or a pause of accept, unless a
//! server with threads of its own answers it (Spring Boot's `management.server.port`). The first
//! is sent `initial_delay` after the start; the replicas of a service start one after the other and are probed evenly
//! spread over a period.

use crate::kernel::{NONE, Time};
use crate::model::ProbePlan;

use crate::engine::Engine;
use crate::engine::task::Task;
use crate::engine::token::ABANDONED;

/// Probes in a row, of each prober, after which a system in which nothing else happens is taken to stay as it is.
const MOST_STAGNANT: u32 = 100;

/// What the end of a probe changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing yet.
    Unchanged,
    /// Whether the replica gets requests.
    Ready(bool),
    /// The replica must be restarted: a task does that, since the probe may have ended in the middle of a step.
    Dead,
}

/// Who probes a replica.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prober {
    /// Its own number.
    index: u32,
    pub replica: u32,
    is_readiness: bool,
    pub plan: ProbePlan,
    failures: u32,
    successes: u32,
    /// Probes so far.
    pub sent: u64,
    /// The probe under way; [`NONE`] if there is none.
    pub token: u32,
    /// The task that ends its wait.
    timeout: u32,
    /// The task that sends the next.
    tick: u32,
}

impl Prober {
    pub fn new(index: u32, replica: u32, is_readiness: bool, plan: ProbePlan) -> Self {
        Self {
            index,
            replica,
            is_readiness,
            plan,
            failures: 0,
            successes: 0,
            sent: 0,
            token: NONE,
            timeout: NONE,
            tick: NONE,
        }
    }

    /// The replica has come up: it is probed after its initial delay, and so much later.
    pub fn start(&mut self, engine: &mut Engine, later: Time) {
        self.tick = engine.later(self.plan.initial_delay + later, Task::Probe { prober: self.index });
    }

    /// The replica goes down: it is not probed, and what becomes of the probe under way does not matter.
    pub fn stop(&mut self, engine: &mut Engine) {
        if self.token != NONE {
            engine.tokens[self.token].flags |= ABANDONED;
            engine.call_off(self.timeout);
        }
        if self.tick != NONE {
            engine.call_off(self.tick);
        }
        (self.token, self.timeout, self.tick) = (NONE, NONE, NONE);
        (self.failures, self.successes) = (0, 0);
    }

    /// The period is over, and another begins unless the system is `stagnant`. Whether to send a probe: not while
    /// the last one is under way.
    pub fn is_due(&mut self, engine: &mut Engine, stagnant: bool) -> bool {
        self.tick = NONE;
        if stagnant {
            return false;
        }
        self.tick = engine.later(self.plan.period, Task::Probe { prober: self.index });
        self.token == NONE
    }

    /// The token is sent as a probe.
    pub fn send(&mut self, engine: &mut Engine, t: u32) {
        self.timeout = engine.later(self.plan.timeout, Task::ProbeTimeout { prober: self.index });
        self.token = t;
        self.sent += 1;
    }

    /// The probe under way has been answered, well or not.
    pub fn answered(&mut self, engine: &mut Engine, is_well: bool) -> Verdict {
        engine.call_off(self.timeout);
        self.judge(engine, is_well)
    }

    /// The probe under way has not been answered in time.
    pub fn timed_out(&mut self, engine: &mut Engine) -> Verdict {
        self.judge(engine, false)
    }

    fn judge(&mut self, engine: &mut Engine, is_well: bool) -> Verdict {
        (self.token, self.timeout) = (NONE, NONE);
        if is_well {
            (self.failures, self.successes) = (0, self.successes + 1);
            let is_ready = self.is_readiness && self.successes >= self.plan.success_threshold;
            return if is_ready { Verdict::Ready(true) } else { Verdict::Unchanged };
        }
        (self.failures, self.successes) = (self.failures + 1, 0);
        if self.failures != self.plan.failure_threshold {
            Verdict::Unchanged
        } else if self.is_readiness {
            Verdict::Ready(false)
        } else {
            engine.later(Time::ZERO, Task::Restart { replica: self.replica });
            Verdict::Dead
        }
    }
}

/// Probes in a row that found nothing else under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stagnation {
    in_a_row: u32,
    /// Requests sent so far, and under way.
    pub seen: (u64, usize),
}

impl Stagnation {
    /// Another probe is due. `moves`: something else is under way. Whether nothing has been for so long, with so many
    /// probers, that nothing will change.
    pub fn lasts(&mut self, seen: (u64, usize), moves: bool, probers: usize) -> bool {
        if moves {
            *self = Self { in_a_row: 0, seen };
        }
        self.in_a_row += 1;
        self.in_a_row > MOST_STAGNANT * probers as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdicts on probes that end so, one after another: 2 failures or 3 successes in a row count.
    fn verdicts(is_readiness: bool, ends: &[bool]) -> (Vec<Verdict>, usize) {
        let plan = ProbePlan {
            endpoint: 0,
            own_threads: false,
            period: Time(10),
            timeout: Time(1),
            initial_delay: Time::ZERO,
            failure_threshold: 2,
            success_threshold: 3,
            restart_time: Time::ZERO,
        };
        let (mut engine, mut prober) = (Engine::default(), Prober::new(0, 7, is_readiness, plan));
        let end = |&is_well: &bool| {
            prober.send(&mut engine, 0);
            prober.answered(&mut engine, is_well)
        };
        let verdicts = ends.iter().map(end).collect();
        (verdicts, engine.tasks.len())
    }

    #[test]
    fn readiness_changes_after_enough_in_a_row() {
        use Verdict::{Ready, Unchanged};
        let ends = [false, true, false, false, true, true, true];
        let expected = vec![Unchanged, Unchanged, Unchanged, Ready(false), Unchanged, Unchanged, Ready(true)];
        assert_eq!(verdicts(true, &ends), (expected, 0));
    }

    #[test]
    fn liveness_restarts_once() {
        use Verdict::{Dead, Unchanged};
        let expected = vec![Unchanged, Unchanged, Dead, Unchanged, Unchanged];
        assert_eq!(verdicts(false, &[true, false, false, false, true]), (expected, 1), "one task, the restart");
    }
}
