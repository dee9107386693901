//! The marks that a course is made of.

use crate::engine::token::State;
use crate::interpreter::world::World;
use crate::parts::course::CourseMark;

impl World<'_> {
    fn backing_off(&self) -> u64 {
        self.ledger.as_ref().map_or(0, |ledger| ledger.backing_off())
    }

    /// Tokens that wait in a queue with a limit: for a unit, for a server, or to be accepted.
    fn in_bounded_queues(&self) -> u64 {
        let slots = self.slots.iter().filter(|slots| slots.room < u32::MAX).map(|slots| slots.queue.population.gauge);
        let stations = self.stations.iter().filter_map(|station| station.bounded());
        let accepts = self.replicas.iter().filter_map(|replica| replica.accept_queue.bounded());
        slots.chain(stations).chain(accepts).map(|gauge| u64::from(gauge.level())).sum()
    }

    /// Tokens at work: all but those that wait for the answer of others.
    fn at_work(&self) -> u64 {
        let tokens = &self.engine.tokens;
        let waits = |t: &u32| matches!(tokens[*t].state, State::Awaiting | State::Joining);
        (tokens.len() - tokens.living().filter(waits).count()) as u64
    }

    /// What has happened since the window was opened.
    pub fn mark(&self) -> CourseMark {
        CourseMark {
            in_flight: self.requests.len() as u64 + self.backing_off() + self.tally.abandoned_inside,
            inside: self.backing_off() + self.at_work() + self.broker.ready(),
            sent: self.ledger.as_ref().map_or(self.tally.sent, |ledger| ledger.first_tries()),
            bounded: self.in_bounded_queues(),
            bounded_messages: self.broker.waiting_in_bounded(self.system),
            succeeded: self.tally.succeeded,
            ended: self.tally.succeeded + self.tally.failed(),
            response_ns: self.tally.response_times.sum(),
        }
    }
}
