//! Tokens take units, wait for them, and give them back.

use crate::kernel::{NONE, Time};
use crate::model::{Op, Order, Patience};

use crate::engine::next::Next;
use crate::engine::token::{Failure, FrameKind};
use crate::interpreter::world::World;
use crate::parts::held::slots::{Slots, SlotsKind};

impl World<'_> {
    /// Takes a unit for the token, at once or later; `site_key` names the draw of a new connection's time.
    pub(crate) fn acquire(&mut self, t: u32, id: u32, site_key: u64) -> Next {
        let slots = &mut self.slots[id as usize];
        if slots.has_room() {
            let opens = slots.opens();
            if opens {
                let (process, now) = (slots.process as usize, self.engine.now);
                if self.outages > 0 && self.is_server_down(id) {
                    return Next::Fail(Failure::CONNECTION_REFUSED);
                }
                if !self.processes[process].descriptors.take(now) {
                    return Next::Fail(Failure::NO_DESCRIPTOR);
                }
            }
            self.hold(t, id);
            self.engine.tokens[t].pc += 1;
            if opens {
                let slots = &mut self.slots[id as usize];
                slots.opened += 1;
                if let Some(draw) = slots.connect_time {
                    let time = self.draw(t, draw, site_key);
                    return self.elapse(t, time);
                }
            }
            return Next::On;
        }
        if slots.is_full() {
            if self.grows_when_full(id) {
                return self.acquire(t, id, site_key);
            }
            let slots = &mut self.slots[id as usize];
            slots.shed += 1;
            slots.waited_until = self.engine.now;
            return Next::Fail(Failure::SHED);
        }
        self.queue_for(t, id);
        Next::Park
    }

    /// Puts the token into the queue for a unit.
    pub(crate) fn queue_for(&mut self, t: u32, id: u32) {
        if !self.slots[id as usize].queue.is_plain() {
            return self.line_up_for(t, id);
        }
        let slots = &mut self.slots[id as usize];
        slots.enqueue(&mut self.engine, t, id, Time::ZERO);
        let patience = slots.patience;
        self.account_queued(t, id);
        self.engine.limit_wait(t, patience);
        self.look_for_deadlock(t);
    }

    /// The same where the order of service or a patience that is drawn matters.
    #[inline(never)]
    fn line_up_for(&mut self, t: u32, id: u32) {
        let sorts = self.slots[id as usize].queue.order() == Order::Shortest;
        let work = if sorts { self.work_in_thread(t) } else { Time::ZERO };
        let slots = &mut self.slots[id as usize];
        slots.enqueue(&mut self.engine, t, id, work);
        let (patience, drawn) = (slots.patience, slots.drawn_patience);
        let shedding = slots.shedding.map(|shedding| (shedding, slots.queue.busy_since));
        self.account_queued(t, id);
        self.engine.limit_wait(t, patience);
        if let Some(draw) = drawn {
            self.limit_patience(t, Patience::Drawn(draw));
        }
        if let Some((shedding, busy_since)) = shedding {
            self.limit_by_shedding(t, shedding, busy_since);
        }
        self.watch_growth(id);
        self.watch_connections(id);
        self.look_for_deadlock(t);
    }

    /// Gives the token a unit.
    pub(crate) fn hold(&mut self, t: u32, id: u32) {
        self.take_unit(t, id, FrameKind::Hold { slots: id });
    }

    /// The token takes a unit, which the undoing of its frame gives back.
    #[inline]
    pub(crate) fn take_unit(&mut self, t: u32, id: u32, kind: FrameKind) {
        let frame = self.engine.push_frame(t, kind);
        self.account_take(t, frame);
        self.slots[id as usize].take(&mut self.engine, frame);
    }

    /// The frame by which the token holds a unit is undone: the unit is free.
    #[inline]
    pub(crate) fn free_unit(&mut self, t: u32, frame: u32, id: u32) {
        self.account_free(t, frame, id);
        self.slots[id as usize].free(&mut self.engine, frame);
    }

    /// The same, and the unit goes to the first in the queue, if any.
    pub(crate) fn give_back(&mut self, t: u32, frame: u32, id: u32) {
        self.free_unit(t, frame, id);
        if let Some(next) = self.slots[id as usize].next(&mut self.engine) {
            let Slots { kind, is_plain, .. } = self.slots[id as usize];
            if !is_plain {
                return self.give_on(t, id, next);
            }
            self.engine.drop_timer(next);
            self.hold(next, id);
            self.granted(next, kind);
        }
    }

    /// The same where processes share the units, or the token may have to wait for an event loop that another one blocks.
    #[inline(never)]
    fn give_on(&mut self, t: u32, id: u32, next: u32) {
        let Slots { kind, sharers, .. } = self.slots[id as usize];
        if sharers > 1 {
            self.move_to_process(next, self.engine.tokens[t].process);
        }
        self.engine.drop_timer(next);
        self.hold(next, id);
        self.granted(next, kind);
        self.look_behind_blocked_loop(next);
    }

    pub(crate) fn granted(&mut self, t: u32, kind: SlotsKind) {
        match kind {
            SlotsKind::Connections { .. } | SlotsKind::Limit { .. } => {
                self.engine.tokens[t].pc += 1;
                self.hand_over(t);
            }
            SlotsKind::Shared { .. } | SlotsKind::Executor => {
                self.engine.tokens[t].pc += 1;
                self.wake(t);
            }
            SlotsKind::RequestThreads => self.wake(t),
        }
    }

    /// Grants what slots have to those who wait: there are more than before, or a place whose connection is gone.
    pub(crate) fn grant_waiting(&mut self, id: u32) {
        let now = self.engine.now;
        if self.slots[id as usize].barging {
            return self.wake_waiting(id);
        }
        while let Some(next) = self.slots[id as usize].next(&mut self.engine) {
            let slots = &self.slots[id as usize];
            if slots.pool != NONE {
                self.lend_next(next, id);
                continue;
            }
            let (kind, process, connect_time) = (slots.kind, slots.process, slots.connect_time);
            let opens = slots.opens();
            self.engine.drop_timer(next);
            let refusal = if opens && self.is_server_down(id) {
                Failure::CONNECTION_REFUSED
            } else if opens && !self.processes[process as usize].descriptors.take(now) {
                Failure::NO_DESCRIPTOR
            } else {
                Failure::NONE
            };
            if refusal.is_some() {
                self.engine.tokens[next].failure = refusal;
                self.slots[id as usize].left_without += 1;
                self.wake(next);
                continue;
            }
            self.hold(next, id);
            self.slots[id as usize].opened += u32::from(opens);
            match (connect_time, self.system.program[self.engine.tokens[next].pc as usize]) {
                (Some(draw), Op::AcquireConnection { site, .. }) if opens => {
                    let time = self.draw(next, draw, site.key(self.engine.tokens[next].key, 0));
                    self.engine.tokens[next].pc += 1;
                    if self.elapse(next, time) == Next::On {
                        self.wake(next);
                    }
                }
                _ => self.granted(next, kind),
            }
            self.look_behind_blocked_loop(next);
        }
        let waiting: Vec<u32> = self.slots[id as usize].queue.iter(&self.engine.tokens).collect();
        waiting.into_iter().for_each(|t| self.look_for_deadlock(t));
    }
}
