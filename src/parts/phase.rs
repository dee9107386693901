//! The phases of a window: what clients saw, and how much each resource was used, in each part of it. They tell what was
//! in use while requests failed or were slow, which the means over the window do not.

use crate::kernel::Time;

use super::observe::Span;
use super::world::World;

/// Phases of a finite test, each with the same number of requests that end in it.
pub const OF_TEST: u32 = 16;

/// A part of a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phase {
    /// Its length.
    pub length: Time,
    /// Requests answered with success in it.
    pub succeeded: u64,
    /// Requests that ended in it, each attempt of a client by itself.
    pub ended: u64,
    /// Requests under way at its end.
    pub under_way: u64,
    /// Response times of the successful in all, in nanoseconds.
    pub response_ns: u128,
    /// Of the successful, those that took longer than each of the bounds that are watched.
    pub slower: Vec<u64>,
    /// Whether the load, a finite test, had sent its last request before.
    pub is_tail: bool,
    /// How much each resource was used, in the order of the window's resources.
    pub uses: Vec<PhaseUse>,
}

/// How much a resource was used in a phase, over all its instances.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PhaseUse {
    /// Units in use, times nanoseconds.
    pub in_use: f64,
    /// Units that there were, times nanoseconds; none: unlimited.
    pub capacity: Option<f64>,
}

impl PhaseUse {
    /// What came since an earlier time, where both are counted from the opening of the window.
    fn since(self, before: Self) -> Self {
        let capacity = self.capacity.map(|capacity| capacity - before.capacity.unwrap_or(0.0));
        Self { in_use: self.in_use - before.in_use, capacity }
    }
}

/// The phases of a window that is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Phases {
    /// Response times of which is counted how many took longer.
    pub bounds: Vec<Time>,
    /// Those that have ended.
    ended: Vec<Phase>,
    /// All that had happened in the window up to the end of the last.
    before: Phase,
    is_tail: bool,
}

impl Phases {
    /// The window opens.
    pub fn reset(&mut self) {
        let bounds = std::mem::take(&mut self.bounds);
        *self = Self { bounds, ..Self::default() };
    }

    /// The window closes.
    pub fn take(&mut self) -> Vec<Phase> {
        std::mem::take(&mut self.ended)
    }
}

impl World<'_> {
    /// Counts in each phase how many responses take longer than each of these times.
    pub fn watch(&mut self, bounds: Vec<Time>) {
        self.phases.bounds = bounds;
    }

    /// A phase of the window ends here, unless it has no length, and the next begins.
    pub fn end_phase(&mut self) {
        let length = self.now - self.window_start;
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
