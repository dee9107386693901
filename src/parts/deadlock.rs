//! Deadlocks, found in the wait-for graph when a circle closes.
//!
//! A circle can close only when a token that holds something begins to wait without a time-out. From there the graph is
//! followed: a token waits for slots or for another token's answer; slots wait for any one of their holders. If no
//! token that can be reached is able to go on, none of them ever will (Holt 1972: with single-unit requests a knot is
//! necessary and sufficient).

use crate::kernel::NONE;

use super::outcome::Deadlock;
use super::slots::SlotsKind;
use super::token::{FrameKind, State};
use super::world::World;

impl World<'_> {
    /// The token begins to wait for slots, without a time-out and holding something.
    pub(super) fn look_for_deadlock(&mut self, t: u32) {
        let origin = self.tokens[t].wait;
        let Some(knot) = self.knot(origin) else { return };
        let news = knot.iter().filter(|&&id| !self.slots[id as usize].deadlocked).count();
        for &id in &knot {
            self.slots[id as usize].deadlocked = true;
        }
        match &mut self.deadlock {
            Some(deadlock) => deadlock.instances += news as u32,
            None => {
                self.deadlock = Some(Deadlock {
                    at: self.now,
                    resource: self.resource_name(origin),
                    circle: knot.iter().map(|&id| self.describe_circle(id)).collect(),
                    instances: knot.len() as u32,
                });
            }
        }
    }

    /// The slots that can be reached from `origin` if no token that can be reached is able to go on.
    fn knot(&self, origin: u32) -> Option<Vec<u32>> {
        let mut slots = vec![origin];
        let mut next = 0;
        while next < slots.len() {
            for frame in self.slots[slots[next] as usize].holders.iter(&self.frames) {
                let mut t = self.frames[frame].token;
                while self.tokens[t].state == State::Awaiting && self.tokens[t].timer == NONE {
                    t = self.tokens[t].wait;
                }
                let token = &self.tokens[t];
                match token.state {
                    State::Queued if token.timer == NONE => {
                        if !slots.contains(&token.wait) {
                            slots.push(token.wait);
                        }
                    }
                    // Waits for ever: it will not let go either.
                    State::Hung if token.timer == NONE => {}
                    _ => return None,
                }
            }
            next += 1;
        }
        Some(slots)
    }

    fn describe_circle(&self, id: u32) -> String {
        let slots = &self.slots[id as usize];
        let holders = slots.used.level();
        let waited: Vec<u32> =
            slots.holders.iter(&self.frames).map(|frame| self.tokens[self.frames[frame].token].wait).collect();
        let place = self.place_name(slots.process);
        let (held, another) = self.unit_names(id);
        let who = if holders == 1 { "the one request".into() } else { format!("each of {holders} requests") };
        let target = match waited.first() {
            Some(&first) if first == id => format!("and waits for {another}"),
            Some(&first) if waited.iter().all(|&other| other == first) && first != NONE => {
                let (other, _) = self.unit_names(first);
                format!("and waits for {other}")
            }
            _ => "and waits".into(),
        };
        format!("{who} in {place} holds {held} {target}")
    }

    /// `("a connection of pool auth", "another one")`.
    fn unit_names(&self, id: u32) -> (String, String) {
        let slots = &self.slots[id as usize];
        let another = "another one".to_owned();
        match slots.kind {
            SlotsKind::Connections { .. } | SlotsKind::Limit { .. } | SlotsKind::Shared { .. } => {
                let unit = if matches!(slots.kind, SlotsKind::Connections { .. }) { "a connection" } else { "a slot" };
                (format!("{unit} of {}", self.slots_name(id)), another)
            }
            SlotsKind::RequestThreads => ("a thread".into(), another),
            SlotsKind::Executor => ("a thread of the default executor".into(), another),
        }
    }

    /// `worker 3 of user-service-1`.
    fn place_name(&self, process: u32) -> String {
        if process == NONE {
            return "the whole system".into();
        }
        let plan = self.system.processes[process as usize];
        let service = &self.system.services[plan.service as usize];
        format!("worker {} of {}-{}", plan.worker + 1, service.name, plan.replica + 1)
    }

    /// Requests that wait for an answer that never comes.
    pub(super) fn hung(&self) -> u64 {
        let mut hung = 0;
        for index in 0..self.frames.capacity() as u32 {
            let frame = &self.frames[index];
            let holds = matches!(frame.kind, FrameKind::Connection { .. });
            let token = frame.token;
            if holds && self.tokens[token].frame == index && self.tokens[token].state == State::Hung {
                hung += 1;
            }
        }
        hung
    }
}
