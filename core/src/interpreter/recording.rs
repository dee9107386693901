//! What the timeline records of the world, where the load asks for all of it: the resources at the end of each interval,
//! and what happens to replicas and breakers.

use crate::kernel::Time;
use crate::model::DeployPlan;

use crate::interpreter::world::World;
use crate::parts::mark::{Mark, MarkKind};
use crate::parts::network::process::Process;
use crate::parts::recording::Recording;
use crate::parts::usage::Span;

impl World<'_> {
    /// Whether the timeline is recorded, so that time is looked at before each event.
    #[inline]
    pub(crate) fn is_sampling(&self) -> bool {
        self.ledger.as_ref().is_some_and(|ledger| ledger.is_recorded())
    }

    /// Before time advances to `next`: records each interval that ends by then.
    #[cold]
    pub(crate) fn sample_up_to(&mut self, next: Time) {
        if next == Time::MAX {
            return;
        }
        if let Some((timeline, _)) = self.ledger.as_mut().and_then(|ledger| ledger.recorded()) {
            timeline.reach(next);
        }
        while let Some((timeline, sampled)) = self.ledger.as_mut().and_then(|ledger| ledger.recorded()) {
            let length = timeline.length;
            let end = Time((sampled.0 / length.0 + 1) * length.0);
            if end > next {
                return;
            }
            self.sample_at(end);
        }
    }

    /// Records what the resources have come to up to this time, at which none has changed since the last event.
    fn sample_at(&mut self, at: Time) {
        let now = std::mem::replace(&mut self.engine.now, at);
        let span = at - self.window_start;
        let uses = self.resources(Span::unnamed(span));
        self.engine.now = now;
        if let Some((timeline, _)) = self.ledger.as_mut().and_then(|ledger| ledger.recorded()) {
            let length = timeline.length;
            if let Some(recording) = &mut timeline.recording {
                recording.sample(at, length, &uses, span);
            }
        }
    }

    /// The counters of the resources are about to be reset.
    pub(crate) fn sample_before_reset(&mut self) {
        if !self.is_sampling() {
            return;
        }
        let now = self.engine.now;
        self.sample_up_to(now);
        if now > Time::ZERO {
            self.sample_at(now);
        }
        if let Some(recording) = self.recording() {
            recording.reset_levels();
        }
    }

    /// The timeline ends here.
    pub(crate) fn end_recording(&mut self) {
        if !self.is_sampling() {
            return;
        }
        let now = self.engine.now;
        self.sample_up_to(now);
        self.sample_at(now);
        let uses = self.resources(Span::of(now - self.window_start));
        let system = self.system;
        if let Some(recording) = self.recording() {
            recording.name(uses, &system.reasons);
        }
    }

    fn recording(&mut self) -> Option<&mut Recording> {
        self.ledger.as_mut()?.recorded()?.0.recording.as_deref_mut()
    }

    fn mark_at(&mut self, what: MarkKind, place: String) {
        let at = self.engine.now;
        if let Some(recording) = self.recording() {
            recording.mark(Mark { at, what, place });
        }
    }

    /// Something happens to a replica, which is given by its number among all.
    pub(crate) fn mark_replica(&mut self, what: MarkKind, replica: u32) {
        if self.is_sampling() {
            let place = self.place_of_replica(replica);
            self.mark_at(what, place);
        }
    }

    /// Marks a decision to change the number of replicas of a service.
    pub(crate) fn mark_scaling(&mut self, what: MarkKind, service: u32, from: u32, to: u32) {
        if self.is_sampling() {
            let name = &self.system.services[service as usize].name;
            let place = format!("{name} from {from} to {to} replicas");
            self.mark_at(what, place);
        }
    }

    /// Marks the start or the end of a deploy.
    pub(crate) fn mark_deploy(&mut self, what: MarkKind, plan: &DeployPlan) {
        if self.is_sampling() {
            self.mark_at(what, plan.title());
        }
    }

    fn place_of_replica(&self, replica: u32) -> String {
        let service = self.replicas[replica as usize].service as usize;
        let plan = &self.system.services[service];
        match plan.replicas {
            1 => plan.name.clone(),
            _ => format!("{} replica {}", plan.name, replica - self.groups[service].first_replica),
        }
    }

    /// A breaker, which is given by its number among all, has changed its state.
    #[inline(never)]
    pub(crate) fn mark_breaker(&mut self, breaker: u32) {
        if !self.is_sampling() {
            return;
        }
        let what = self.guards.breakers[breaker as usize].mark();
        let of = |(process, number): (&Process, u32)| {
            let plan = &self.system.services[process.service as usize];
            let own = breaker.checked_sub(process.breakers)? as usize;
            let name = &plan.breakers.get(own)?.name;
            let shared = &self.replicas[process.replica as usize];
            let worker = number - shared.first_process;
            let replica = process.replica - self.groups[process.service as usize].first_replica;
            Some(match (plan.replicas, plan.workers) {
                (1, 1) => format!("{} breaker {name}", plan.name),
                (_, 1) => format!("{} breaker {name}, replica {replica}", plan.name),
                (1, _) => format!("{} breaker {name}, worker {worker}", plan.name),
                _ => format!("{} breaker {name}, replica {replica}, worker {worker}", plan.name),
            })
        };
        let Some(place) = self.processes.iter().zip(0..).find_map(of) else { return };
        self.mark_at(what, place);
    }
}
