//! Places that are looked up by more than a number.

use crate::model::{FaultEffect, System};

use super::Places;

impl Places {
    /// The place of the time that passes in a service without a resource, at this operation.
    pub fn own_time(&self, service: u32, pc: u32) -> u16 {
        let endpoint = self.endpoint_of.get(pc as usize).and_then(|&endpoint| self.sleeps.get(usize::from(endpoint)));
        let own = endpoint.filter(|(of, _)| *of == service).map(|(_, place)| *place);
        own.unwrap_or(self.services[service as usize].delay)
    }

    /// The fault that adds to round trips to a service, the first in the model's order among those that are on.
    pub fn latency_fault(&self, system: &System, on: &[bool], service: u32) -> Option<u16> {
        self.fault(system, on, service, |effect| matches!(effect, FaultEffect::Latency(_)))
    }

    /// The first fault of a service that makes it slow or stops it, on or not.
    pub fn last_slow(&self, system: &System, service: u32) -> Option<u16> {
        let all = vec![true; system.faults.len()];
        self.fault(system, &all, service, |effect| matches!(effect, FaultEffect::Slow(_) | FaultEffect::Stuck))
    }

    /// The first fault of a service that is on and does this.
    pub fn fault(
        &self,
        system: &System,
        on: &[bool],
        service: u32,
        does: impl Fn(&FaultEffect) -> bool,
    ) -> Option<u16> {
        let mut all = system.faults.iter().zip(on).zip(&self.faults);
        let found = all.find(|((plan, on), _)| **on && plan.service == service && does(&plan.effect));
        found.map(|(_, &place)| place)
    }
}
