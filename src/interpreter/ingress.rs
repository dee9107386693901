//! Requests pass the reverse proxy in front of a service.

use crate::kernel::{NONE, Time};

use crate::engine::task::Task;
use crate::engine::token::{ABANDONED, ADMITTED, Failure, State, Token};
use crate::interpreter::world::World;

impl World<'_> {
    /// A request comes to its service: whether it goes on at once. Else it was refused, or waits for a token.
    #[inline(never)]
    pub(crate) fn admit(&mut self, t: u32, endpoint: u32, peer: u32) -> bool {
        let service = self.system.endpoints[endpoint as usize].service;
        let now = self.engine.now;
        let Some(ingress) = &mut self.guards.ingresses[service as usize] else { return true };
        match ingress.bucket.as_mut().map_or(Some(Time::ZERO), |bucket| bucket.take(now)) {
            None => {
                self.turn_away(t, service, Failure::RATE_LIMITED);
                false
            }
            Some(Time::ZERO) => self.admit_in_flight(t, service),
            Some(delay) => {
                ingress.waiting.push(&mut self.engine, t, Time::ZERO);
                self.engine.tokens[t].state = State::Backlog;
                self.engine.tokens[t].wait = peer;
                self.account_arrival(t, service, false);
                self.engine.later(delay, Task::Admit { service });
                false
            }
        }
    }

    /// A token is there: the next request that waits for one takes it.
    pub(crate) fn admit_next(&mut self, service: u32) {
        let Some(ingress) = &mut self.guards.ingresses[service as usize] else { return };
        let Some(t) = ingress.waiting.pop(&mut self.engine, 1) else { return };
        let peer = std::mem::replace(&mut self.engine.tokens[t].wait, NONE);
        let is_gone = self.engine.tokens[t].failure.is_some() || self.engine.tokens[t].has(ABANDONED);
        let goes_on = !is_gone && self.admit_in_flight(t, service);
        if let (false, Some(ingress)) = (goes_on, &mut self.guards.ingresses[service as usize]) {
            ingress.left_without += 1;
        }
        if is_gone {
            // Nothing is sent on.
            self.engine.tokens[t].failure = Failure::CANCELLED;
            self.engine.tokens[t].state = State::Ready;
            self.engine.ready.push(&mut self.engine.tokens, t);
        } else if goes_on {
            self.route(t, self.endpoint_at(self.engine.tokens[t].pc), peer);
        }
    }

    /// The endpoint that begins with this operation.
    fn endpoint_at(&self, pc: u32) -> u32 {
        self.system.endpoints.iter().position(|endpoint| endpoint.entry == pc).unwrap_or(0) as u32
    }

    fn admit_in_flight(&mut self, t: u32, service: u32) -> bool {
        let now = self.engine.now;
        let Some(ingress) = &mut self.guards.ingresses[service as usize] else { return true };
        if ingress.inside.level() >= ingress.most {
            ingress.full_at = now;
            self.turn_away(t, service, Failure::TOO_MANY_IN_FLIGHT);
            return false;
        }
        ingress.inside.up(now);
        ingress.admitted += 1;
        self.engine.tokens[t].flags |= ADMITTED;
        true
    }

    /// The request is answered without having reached its service.
    fn turn_away(&mut self, t: u32, service: u32, why: Failure) {
        if let Some(ingress) = &mut self.guards.ingresses[service as usize] {
            ingress.refused += 1;
        }
        self.refuse(t, why);
    }

    /// The request is inside its ingress no more: it was answered, or its client has gone.
    pub(crate) fn leave_ingress(&mut self, t: u32) {
        if !self.engine.tokens[t].has(ADMITTED) {
            return;
        }
        self.account_inside(t);
        self.engine.tokens[t].flags &= !ADMITTED;
        let (service, now) = (self.ingress_of(t), self.engine.now);
        if let Some(ingress) = &mut self.guards.ingresses[service as usize] {
            ingress.inside.down(now);
        }
    }

    /// The service of which the ingress has admitted the token.
    pub(crate) fn ingress_of(&self, t: u32) -> u32 {
        let Token { process, pc, .. } = self.engine.tokens[t];
        if process != NONE {
            return self.processes[process as usize].service;
        }
        // In a backlog that several processes share it stands before its first operation.
        self.system.endpoints[self.endpoint_at(pc) as usize].service
    }
}
