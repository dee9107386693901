//! Requests pass the reverse proxy in front of a service.

use crate::kernel::NONE;

use crate::engine::token::{ADMITTED, Token};
use crate::interpreter::world::World;
use crate::parts::network::ingress::{Admission, Released};

impl World<'_> {
    /// A request comes to its service: whether it continues at once. Else it was refused, or waits for a token.
    #[inline(never)]
    pub(crate) fn admit(&mut self, t: u32, endpoint: u32, peer: u32) -> bool {
        let service = self.system.endpoints[endpoint as usize].service;
        let Some(ingress) = &mut self.ingresses[service as usize] else { return true };
        let admission = ingress.arrive(&mut self.engine, t, peer);
        self.is_admitted(t, service, admission)
    }

    /// The bucket has a token again: the next request that waits for one is admitted or refused.
    pub(crate) fn admit_next(&mut self, service: u32) {
        let Some(ingress) = &mut self.ingresses[service as usize] else { return };
        let Some(Released { token: t, peer, admission }) = ingress.release(&mut self.engine) else { return };
        if self.is_admitted(t, service, admission) {
            self.route(t, self.endpoint_at(self.engine.tokens[t].pc), peer);
        }
    }

    fn is_admitted(&mut self, t: u32, service: u32, admission: Admission) -> bool {
        match admission {
            Admission::Passes => return true,
            Admission::Waits => self.account_arrival(t, service, false),
            Admission::TurnedAway(why) => self.refuse(t, why),
        }
        false
    }

    /// The endpoint that begins with this operation.
    fn endpoint_at(&self, pc: u32) -> u32 {
        self.system.endpoints.iter().position(|endpoint| endpoint.entry == pc).unwrap_or(0) as u32
    }

    /// The request is inside its ingress no more: it was answered, or its client has gone.
    pub(crate) fn leave_ingress(&mut self, t: u32) {
        if !self.engine.tokens[t].has(ADMITTED) {
            return;
        }
        self.account_inside(t);
        let service = self.ingress_of(t) as usize;
        if let Some(ingress) = &mut self.ingresses[service] {
            ingress.let_out(&mut self.engine, t);
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
