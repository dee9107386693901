//! Replicas are probed, and restarted or taken out of the balancing.

use crate::kernel::calendar::Event;
use crate::kernel::random::name;
use crate::kernel::{NONE, Time};
use crate::model::ProbePlan;

use crate::engine::slot;
use crate::engine::task::Task;
use crate::engine::token::{ABANDONED, Failure, HOUSEKEEPING, State, WASTE};
use crate::interpreter::world::World;
use crate::parts::trouble::liveness::{Prober, Stagnation};

/// Probes in a row, of each prober, after which a system in which nothing else happens is taken to stay as it is.
const MOST_STAGNANT: u32 = 100;

impl World<'_> {
    /// Schedules the first probes.
    pub(crate) fn begin_probing(&mut self) {
        for (service, group) in self.system.services.iter().zip(self.groups.clone()) {
            for number in 0..service.replicas {
                for (is_readiness, plan) in [(false, &service.liveness), (true, &service.readiness)] {
                    let Some(plan) = plan else { continue };
                    let spread = u128::from(number) * u128::from(plan.period.0) / u128::from(service.replicas);
                    let prober = self.probers.len() as u32;
                    let tick = self.engine.later(plan.initial_delay + Time(spread as u64), Task::Probe { prober });
                    self.probers.push(Prober {
                        replica: group.first_replica + number,
                        is_readiness,
                        failures: 0,
                        successes: 0,
                        sent: 0,
                        token: NONE,
                        timeout: NONE,
                        tick,
                    });
                }
            }
        }
    }

    fn probe_plan(&self, prober: &Prober) -> Option<&ProbePlan> {
        let service = &self.system.services[self.replicas[prober.replica as usize].service as usize];
        if prober.is_readiness { service.readiness.as_ref() } else { service.liveness.as_ref() }
    }

    /// Sends a probe, unless the last one is still under way.
    pub(crate) fn probe(&mut self, index: u32) {
        let prober = self.probers[index as usize];
        self.probers[index as usize].tick = NONE;
        let Some(&ProbePlan { endpoint, period, timeout, .. }) = self.probe_plan(&prober) else { return };
        if self.is_stagnant() {
            return;
        }
        let tick = self.engine.later(period, Task::Probe { prober: index });
        self.probers[index as usize].tick = tick;
        if prober.token != NONE {
            return;
        }
        let key = name(self.key, prober.sent, "probe", u64::from(index));
        let t = self.spawn(endpoint, key);
        self.engine.priorities.set(t, 0);
        self.engine.tokens[t].flags |= WASTE;
        let timeout = self.engine.later(timeout, Task::ProbeTimeout { prober: index });
        let prober = &mut self.probers[index as usize];
        (prober.token, prober.timeout) = (t, timeout);
        prober.sent += 1;
        let replica = prober.replica;
        self.arrive_at(t, replica);
    }

    /// Whether nothing has been under way but probes for so long that nothing will change any more.
    fn is_stagnant(&mut self) -> bool {
        let seen = (self.numbered, self.requests.len());
        if seen != self.stagnation.seen || self.is_anything_under_way() {
            self.stagnation = Stagnation { in_a_row: 0, seen };
        }
        self.stagnation.in_a_row += 1;
        self.stagnation.in_a_row > MOST_STAGNANT * self.probers.len() as u32
    }

    /// Whether anything is under way that is not there for probes' sake: an event of the load, a fault, a request that
    /// does something, or waits with a time-out.
    fn is_anything_under_way(&self) -> bool {
        let others = |event: Event| event.slot >= slot::SOURCE || (event.slot >= slot::TASK && !self.is_upkeep(event));
        let patience = self.has_patience() && !self.requests.is_empty();
        patience || self.engine.calendar.any(others) || self.engine.tokens.living().any(|t| self.is_under_way(t))
    }

    /// Whether a token that is not there for probes' sake does something, or waits with a time-out.
    pub(crate) fn is_under_way(&self, t: u32) -> bool {
        let token = &self.engine.tokens[t];
        let is_frozen = |replica: u32| self.replicas[replica as usize].health.frozen;
        let waits = match token.state {
            // Whoever goes before it in its loop is looked at too.
            State::Ready => true,
            State::Working => is_frozen(self.process_of(t).replica),
            State::AtServer => is_frozen(token.wait),
            state => state.waits_for_others(),
        };
        !self.is_for_probe(t) && !token.has(HOUSEKEEPING) && (!waits || token.is_limited() || self.is_freed(t))
    }

    /// Whether a token is a probe, or does what a probe has asked for; what a probe has published belongs to no job.
    pub(crate) fn is_for_probe(&self, t: u32) -> bool {
        if self.jobs.kept {
            self.jobs.of(t) == NONE && !self.waits_to_retry(t)
        } else {
            self.engine.tokens[t].is_probe()
        }
    }

    /// The replica that a prober probes, and how long it waits for an answer.
    fn probed(&self, index: u32) -> (u32, Time) {
        let prober = &self.probers[index as usize];
        (prober.replica, self.probe_plan(prober).map_or(Time::ZERO, |plan| plan.timeout))
    }

    /// A probe has been answered, or its connection is lost.
    pub(crate) fn probe_answered(&mut self, t: u32, failure: Failure) {
        let Some(index) = self.probers.iter().position(|prober| prober.token == t) else { return };
        self.engine.call_off(self.probers[index].timeout);
        if failure.is_some() {
            let (replica, timeout) = self.probed(index as u32);
            self.account_failed_probe(t, replica, timeout);
        }
        self.judge(index, !failure.is_some());
    }

    /// The prober closes the connection of a probe that has not been answered; the handler works on.
    pub(crate) fn probe_timed_out(&mut self, index: u32) {
        let t = self.probers[index as usize].token;
        let (replica, timeout) = self.probed(index);
        self.account_late_probe(t, replica, timeout);
        if self.engine.tokens[t].state == State::Knocking {
            self.stop_knocking(t);
            return self.judge(index as usize, false);
        }
        self.engine.tokens[t].flags |= ABANDONED;
        self.close_inbound(t);
        self.judge(index as usize, false);
        if self.cancels {
            self.interrupt(t, Failure::CANCELLED);
        }
    }

    fn judge(&mut self, index: usize, answered: bool) {
        let prober = self.probers[index];
        let Some(&ProbePlan { failure_threshold, success_threshold, .. }) = self.probe_plan(&prober) else { return };
        let prober = &mut self.probers[index];
        (prober.token, prober.timeout) = (NONE, NONE);
        let Prober { replica, is_readiness, .. } = *prober;
        if answered {
            prober.failures = 0;
            prober.successes += 1;
            if is_readiness && prober.successes >= success_threshold {
                self.change_availability(replica, |health| health.ready = true);
            }
        } else {
            prober.successes = 0;
            prober.failures += 1;
            if prober.failures == failure_threshold {
                if is_readiness {
                    self.change_availability(replica, |health| health.ready = false);
                } else {
                    // Apart, since the probe may have ended in the middle of a step.
                    self.engine.later(Time::ZERO, Task::Restart { replica });
                }
            }
        }
    }

    /// A replica that goes down is not probed.
    pub(crate) fn stop_probing(&mut self, replica: u32) {
        for index in 0..self.probers.len() {
            let prober = self.probers[index];
            if prober.replica != replica {
                continue;
            }
            if prober.token != NONE {
                self.engine.tokens[prober.token].flags |= ABANDONED;
                self.engine.call_off(prober.timeout);
            }
            if prober.tick != NONE {
                self.engine.call_off(prober.tick);
            }
            let prober = &mut self.probers[index];
            (prober.token, prober.timeout, prober.tick) = (NONE, NONE, NONE);
            (prober.failures, prober.successes) = (0, 0);
        }
    }

    /// A replica that has come up is probed again.
    pub(crate) fn resume_probing(&mut self, replica: u32) {
        for index in 0..self.probers.len() as u32 {
            let prober = self.probers[index as usize];
            if prober.replica == replica
                && let Some(&ProbePlan { initial_delay, .. }) = self.probe_plan(&prober)
            {
                let tick = self.engine.later(initial_delay, Task::Probe { prober: index });
                self.probers[index as usize].tick = tick;
            }
        }
    }
}
