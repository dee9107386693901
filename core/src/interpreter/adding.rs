//! Pools that open connections themselves while those who need them wait: see [`Adder`].

use crate::kernel::random::name;
use crate::kernel::{NONE, Time};

use crate::engine::task::Task;
use crate::interpreter::world::World;
use crate::parts::held::pool::Adder;

impl World<'_> {
    fn adder(&mut self, id: u32) -> Option<&mut Adder> {
        let slots = &self.slots[id as usize];
        self.pools.get_mut(slots.pool as usize)?.adder.as_deref_mut()
    }

    /// A token waits for a connection, or one has been closed: the pool begins to open one, if it opens them itself.
    pub(crate) fn watch_connections(&mut self, id: u32) {
        if self.slots[id as usize].in_background && self.lacks_connections(id) {
            let Some(adder) = self.adder(id) else { return };
            if !std::mem::replace(&mut adder.is_active, true) {
                self.add_connection(id);
            }
        }
    }

    /// Whether more wait than connections are idle, and more may be open (`shouldContinueCreating`).
    fn lacks_connections(&self, id: u32) -> bool {
        let slots = &self.slots[id as usize];
        let idle = slots.size.saturating_sub(slots.used.level());
        slots.opened < slots.full_size && slots.queue.population.gauge.level() > idle
    }

    /// The pool tries to open a connection.
    fn add_connection(&mut self, id: u32) {
        let opened = self.open_connection(id).is_ok();
        let connect_time = self.slots[id as usize].connect_time;
        let Some(adder) = self.adder(id) else { return };
        adder.attempts += 1;
        let attempts = adder.attempts;
        let mut wait = adder.back_off;
        match opened {
            true => adder.is_connecting = true,
            false => adder.back_off = (adder.back_off + adder.back_off).min(Adder::LONGEST_BACK_OFF),
        }
        if opened {
            let key = name(self.key, attempts, "connection", u64::from(id));
            wait = connect_time.map_or(Time::ZERO, |draw| self.system.variates[draw.0 as usize].draw(key));
        }
        let task = self.engine.later(wait, Task::AddConnection { slots: id });
        if let Some(adder) = self.adder(id) {
            adder.task = task;
        }
    }

    /// The opening of a connection, or a pause of the pool, is over.
    pub(crate) fn continue_adding(&mut self, id: u32) {
        let Some(adder) = self.adder(id) else { return };
        adder.task = NONE;
        if !std::mem::take(&mut adder.is_connecting) {
            if self.lacks_connections(id) {
                return self.add_connection(id);
            }
            if let Some(adder) = self.adder(id) {
                (adder.is_active, adder.back_off) = (false, Adder::FIRST_BACK_OFF);
            }
            return;
        }
        let task = self.engine.later(Adder::PAUSE, Task::AddConnection { slots: id });
        if let Some(adder) = self.adder(id) {
            (adder.back_off, adder.task) = (Adder::FIRST_BACK_OFF, task);
        }
        self.slots[id as usize].size += 1;
        self.keep_connection(id, 0);
        if let Some(next) = self.slots[id as usize].next(&mut self.engine) {
            self.lend_next(next, id);
        }
    }

    /// The process or the database of a pool was killed: a connection that is being opened fails.
    pub(crate) fn break_off_adding(&mut self, id: u32) {
        let Some(adder) = self.adder(id) else { return };
        if !std::mem::take(&mut adder.is_connecting) {
            return;
        }
        let (wait, task) = (adder.back_off, adder.task);
        adder.back_off = (wait + wait).min(Adder::LONGEST_BACK_OFF);
        self.engine.call_off(task);
        self.give_up_connection(id);
        let task = self.engine.later(wait, Task::AddConnection { slots: id });
        if let Some(adder) = self.adder(id) {
            adder.task = task;
        }
    }
}
