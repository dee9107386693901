//! A phase of the window ends: what had happened since the one before.

use crate::kernel::Time;

use crate::interpreter::world::World;
use crate::parts::phase::{Phase, PhaseUse, Phases};
use crate::parts::usage::Span;

impl World<'_> {
    /// Counts in each phase how many responses take longer than each of these times.
    pub fn watch(&mut self, bounds: Vec<Time>) {
        self.phases.bounds = bounds;
    }

    /// A phase of the window ends here, unless it has no length, and the next begins.
    pub fn end_phase(&mut self) {
        let length = self.engine.now - self.window_start;
        if !self.tally.on || length == self.phases.before.length {
            return;
        }
        let times = &self.tally.response_times;
        let all = Phase {
            length,
            succeeded: self.tally.succeeded,
            ended: self.tally.succeeded + self.tally.failed(),
            under_way: self.requests.len() as u64,
            response_ns: times.sum(),
            slower: self.phases.bounds.iter().map(|bound| times.count_above(bound.0)).collect(),
            is_tail: self.phases.is_tail,
            uses: self.resources(Span::unnamed(length)).iter().map(|used| used.phase(length)).collect(),
        };
        let Phases { before, ended, .. } = &mut self.phases;
        let slower = all.slower.iter().zip(before.slower.iter().chain(std::iter::repeat(&0)));
        let nothing = PhaseUse::default();
        let uses = all.uses.iter().zip(before.uses.iter().chain(std::iter::repeat(&nothing)));
        ended.push(Phase {
            length: all.length - before.length,
            succeeded: all.succeeded - before.succeeded,
            ended: all.ended - before.ended,
            response_ns: all.response_ns - before.response_ns,
            slower: slower.map(|(all, before)| all - before).collect(),
            uses: uses.map(|(all, before)| all.since(*before)).collect(),
            ..all
        });
        *before = all;
    }

    /// The load, a finite test, has sent its last request.
    pub fn sent_last(&mut self) {
        self.end_phase();
        self.phases.is_tail = true;
    }
}
