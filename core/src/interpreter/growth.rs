//! Slots grow: when they starve, or when their queue is full ([`crate::parts::held::growth`]).

use crate::engine::task::Task;
use crate::interpreter::world::World;

impl World<'_> {
    /// A token waits for a unit: schedules the next look at slots that grow when they starve.
    pub(crate) fn watch_growth(&mut self, id: u32) {
        if let Some(every) = self.slots[id as usize].next_look() {
            self.engine.later(every, Task::Grow { slots: id });
        }
    }

    /// Adds a unit to slots with a full queue, if they grow so. Returns whether they did. Tokens that wait for each other there
    /// can then continue when the token that gets the unit has ended.
    pub(crate) fn grows_when_full(&mut self, id: u32) -> bool {
        let slots = &mut self.slots[id as usize];
        let was_deadlocked = slots.deadlocked;
        let grows = slots.grows_when_full(self.engine.now);
        if grows && was_deadlocked {
            self.withdraw_deadlock(id);
        }
        grows
    }

    /// Adds a unit to slots that have starved since the last look. While requests wait, the next look is scheduled.
    pub(crate) fn grow(&mut self, id: u32) {
        if self.slots[id as usize].look(self.engine.now) {
            self.grant_waiting(id);
        }
        if !self.slots[id as usize].queue.is_empty() {
            self.watch_growth(id);
        }
    }
}
