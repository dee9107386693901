//! Replicas are probed, and restarted or taken out of the balancing.

use crate::kernel::calendar::Event;
use crate::kernel::random::name;
use crate::kernel::{NONE, Time};

use crate::engine::slot;
use crate::engine::token::{ABANDONED, Failure, HOUSEKEEPING, State, WASTE};
use crate::interpreter::world::World;
use crate::parts::mark::MarkKind;
use crate::parts::trouble::liveness::{Prober, Verdict};

impl World<'_> {
    /// Schedules the first probes.
    pub(crate) fn begin_probing(&mut self) {
        for (service, group) in self.system.services.iter().zip(&self.groups) {
            for number in 0..service.replicas {
                for (is_readiness, plan) in [(false, service.liveness), (true, service.readiness)] {
                    let Some(plan) = plan else { continue };
                    let spread = u128::from(number) * u128::from(plan.period.0) / u128::from(service.replicas);
                    let replica = group.first_replica + number;
                    let mut prober = Prober::new(self.probers.len() as u32, replica, is_readiness, plan);
                    prober.start(&mut self.engine, Time(spread as u64));
                    self.probers.push(prober);
                }
            }
        }
    }

    /// Sends a probe, unless the last one is still under way.
    pub(crate) fn probe(&mut self, index: u32) {
        let is_stagnant = self.is_stagnant();
        let prober = &mut self.probers[index as usize];
        if !prober.is_due(&mut self.engine, is_stagnant) {
            return;
        }
        let Prober { plan, replica, sent, .. } = *prober;
        let t = self.spawn(plan.endpoint, name(self.key, sent, "probe", u64::from(index)));
        self.engine.priorities.set(t, 0);
        self.engine.tokens[t].flags |= WASTE;
        self.probers[index as usize].send(&mut self.engine, t);
        if plan.own_threads {
            // The first process has the other port.
            self.enter_process(t, self.replicas[replica as usize].first_process);
            self.set_ready(t);
        } else {
            self.arrive_at(t, replica);
        }
    }

    /// Whether only probes and autoscalers have been active for long enough that the state no longer changes.
    pub(crate) fn is_stagnant(&mut self) -> bool {
        let seen = (self.numbered, self.requests.len());
        let moves = seen != self.stagnation.seen || self.is_anything_under_way();
        self.stagnation.lasts(seen, moves, self.probers.len() + self.scaling_watches())
    }

    /// Whether anything is under way that is not there for probes' sake: an event of the load, a fault, a request that
    /// does something, or waits with a time-out.
    fn is_anything_under_way(&self) -> bool {
        let others =
            |event: Event| event.slot() >= slot::SOURCE || (event.slot() >= slot::TASK && !self.is_upkeep(event));
        let patience = self.has_patience() && !self.requests.is_empty();
        patience || self.engine.calendar.any(others) || self.engine.tokens.living().any(|t| self.is_under_way(t))
    }

    /// Whether a token that is not there for probes' sake does something, or waits with a time-out.
    pub(crate) fn is_under_way(&self, t: u32) -> bool {
        let token = &self.engine.tokens[t];
        let is_frozen = |replica: u32| self.replicas[replica as usize].health.frozen;
        let waits = match token.state {
            // The one before it in its loop is looked at too.
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

    /// A probe has been answered, or its connection is lost.
    pub(crate) fn probe_answered(&mut self, t: u32, failure: Failure) {
        let Some(index) = self.probers.iter().position(|prober| prober.token == t) else { return };
        if failure.is_some() {
            let Prober { replica, plan, .. } = self.probers[index];
            self.account_failed_probe(t, replica, plan.timeout);
        }
        let verdict = self.probers[index].answered(&mut self.engine, !failure.is_some());
        self.act_on(index, verdict);
    }

    /// The prober closes the connection of a probe that has not been answered; the handler works on.
    pub(crate) fn probe_timed_out(&mut self, index: u32) {
        let index = index as usize;
        let Prober { token: t, replica, plan, .. } = self.probers[index];
        self.account_late_probe(t, replica, plan.timeout);
        let is_connected = self.engine.tokens[t].state != State::Knocking;
        if is_connected {
            self.engine.tokens[t].flags |= ABANDONED;
            self.close_inbound(t);
        } else {
            self.stop_knocking(t);
        }
        let verdict = self.probers[index].timed_out(&mut self.engine);
        self.act_on(index, verdict);
        if is_connected && self.cancels {
            self.interrupt(t, Failure::CANCELLED);
        }
    }

    fn act_on(&mut self, index: usize, verdict: Verdict) {
        match verdict {
            Verdict::Ready(is_ready) => {
                let replica = self.probers[index].replica;
                if self.replicas[replica as usize].health.ready != is_ready {
                    self.mark_replica(if is_ready { MarkKind::Ready } else { MarkKind::Unready }, replica);
                }
                self.change_availability(self.probers[index].replica, |health| health.ready = is_ready);
            }
            Verdict::Unchanged | Verdict::Dead => {}
        }
    }

    /// A replica that goes down is not probed.
    pub(crate) fn stop_probing(&mut self, replica: u32) {
        for prober in self.probers.iter_mut().filter(|prober| prober.replica == replica) {
            prober.stop(&mut self.engine);
        }
    }

    /// A replica that has come up is probed again.
    pub(crate) fn resume_probing(&mut self, replica: u32) {
        for prober in self.probers.iter_mut().filter(|prober| prober.replica == replica) {
            prober.start(&mut self.engine, Time::ZERO);
        }
    }
}
