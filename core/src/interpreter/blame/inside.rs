//! What those do who have a place inside of something that has no slots: the handler of a message, who holds a unit of its
//! consumer's prefetch, and a request that the ingress of its service has admitted.

use crate::kernel::NONE;

use crate::engine::token::{ADMITTED, SAMPLED};
use crate::interpreter::world::World;
use crate::parts::blame::log::Label;

impl World<'_> {
    /// The handler of this frame settles its message.
    #[inline]
    pub(crate) fn account_settled(&mut self, frame: u32, message: u32) {
        if self.accounts.is_some() && self.engine.tokens[self.engine.frames[frame].token].has(SAMPLED) {
            self.keep_settled(frame, message);
        }
    }

    #[inline(never)]
    fn keep_settled(&mut self, frame: u32, message: u32) {
        let consumer = self.consumer_of(message);
        if let Some(accounts) = &mut self.accounts {
            let t = self.engine.frames[frame].token;
            let state = self.broker.consumer(consumer);
            let place = accounts.places.consumers[consumer as usize];
            accounts.free_unit(self.engine.now, t, frame, place, state.is_waited_for(), state.waited_until);
        }
    }

    /// The handler of the message has failed: notes where.
    #[inline]
    pub(crate) fn account_failed_delivery(&mut self, t: u32, message: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.note_delivery_failed_at(message, accounts.failed_at(t));
        }
    }

    /// The handler of the message has not acknowledged it in time, wherever it is.
    #[inline]
    pub(crate) fn account_overdue(&mut self, message: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.note_delivery_failed_at(message, Label::NONE);
        }
    }

    /// Where the latest delivery of the message has failed, as far as that is known.
    pub(crate) fn delivery_failed_at(&self, message: u32) -> Label {
        self.accounts.as_ref().map_or(Label::NONE, |accounts| accounts.delivery_failed_at(message))
    }

    /// The token leaves the ingress of its service, or its account begins anew inside.
    #[inline]
    pub(crate) fn account_inside(&mut self, t: u32) {
        if self.accounts.is_some() && self.engine.tokens[t].flags & (ADMITTED | SAMPLED) == ADMITTED | SAMPLED {
            self.keep_inside(t);
        }
    }

    #[inline(never)]
    fn keep_inside(&mut self, t: u32) {
        let service = self.ingress_of(t) as usize;
        if let (Some(ingress), Some(accounts)) = (&self.ingresses[service], &mut self.accounts) {
            accounts.leave(self.engine.now, t, accounts.places.services[service].ingress, ingress.full_at);
        }
    }

    /// The places that the token is inside of, as far as others are kept out of them.
    pub(super) fn places_held_by(&self, t: u32) -> impl Iterator<Item = u16> {
        [self.ingress_held_by(t), self.queue_held_by(t)].into_iter().flatten()
    }

    fn ingress_held_by(&self, t: u32) -> Option<u16> {
        let service = self.engine.tokens[t].has(ADMITTED).then(|| self.ingress_of(t) as usize)?;
        let is_full = self.ingresses[service].as_ref().is_some_and(|ingress| ingress.is_full());
        is_full.then_some(self.accounts.as_ref()?.places.services[service].ingress)
    }

    fn queue_held_by(&self, t: u32) -> Option<u16> {
        // A message that waits for its next delivery is at no process.
        let message = self.message_of(t).filter(|_| self.engine.tokens[t].process != NONE)?;
        let consumer = self.consumer_of(message);
        let is_waited_for = self.broker.consumer(consumer).is_waited_for();
        is_waited_for.then_some(self.accounts.as_ref()?.places.consumers[consumer as usize])
    }
}
