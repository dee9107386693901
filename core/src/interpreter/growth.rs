//! Slots grow: when they starve, or when their queue is full ([`crate::parts::held::growth`]).

use crate::engine::task::Task;
use crate::interpreter::world::World;

impl World<'_> {
    /// A token waits for a unit of slots that may grow: they are looked at regularly.
    pub(crate) fn watch_growth(&mut self, id: u32) {
        if let Some(every) = self.slots[id as usize].next_look() {
            self.engine.later(every, Task::Grow { slots: id });
        }
    }

    /// Looks at slots that may grow, and goes on as long as something waits.
    pub(crate) fn grow(&mut self, id: u32) {
        if self.slots[id as usize].look(self.engine.now) {
            self.grant_waiting(id);
        }
        if !self.slots[id as usize].queue.is_empty() {
            self.watch_growth(id);
        }
    }
}
