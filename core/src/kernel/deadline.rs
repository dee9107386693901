//! Deadlines: timers that are nearly always cancelled.
//!
//! Time-outs of one length expire in the order in which they were set, so those of each length form a queue of their
//! own (a *lane*), in which setting and cancelling are constant-time list operations and nothing dead is left behind.
//! Only one event a lane stands in the [calendar](super::calendar): that of its head, under the time and serial that
//! the head got when it was set, so deadlines take part in the one ordering rule like every other event. When the head
//! is cancelled its event stays, and on coming up puts the new head's event in its place. (Varghese and Lauck 1987 sort
//! timers by remaining time; lanes by constant length need no sorting at all.)

use super::NONE;
use super::calendar::{Calendar, Event, Serial};
use super::list::{Linked, Links, List};
use super::slab::Slab;
use super::time::Time;

/// A queue of deadlines of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneId(u32);

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A token's present wait.
    Wait,
    /// The client's patience with a request.
    Patience,
    /// The life of something that is not used.
    Idle,
    /// What remains for a while of something that has ended.
    Linger,
    /// A stretch of a token's steps.
    Scope,
    /// The acknowledgement of a message.
    Acknowledgement,
}

#[derive(Clone, Copy, Debug)]
struct Deadline {
    time: Time,
    serial: Serial,
    links: Links,
    owner: u32,
    lane: u32,
    purpose: Purpose,
}

impl Linked for Deadline {
    fn links(&self) -> Links {
        self.links
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

#[derive(Clone, Debug)]
struct Lane {
    length: Time,
    queue: List,
    in_calendar: bool,
}

/// All deadlines of a run.
#[derive(Clone, Debug)]
pub struct Deadlines {
    lanes: Vec<Lane>,
    deadlines: Slab<Deadline>,
    /// Calendar slot of the first lane; the others follow.
    first_slot: u32,
}

impl Deadlines {
    /// Deadlines whose lanes use calendar slots from `first_slot` on.
    pub fn new(first_slot: u32) -> Self {
        Self { lanes: Vec::new(), deadlines: Slab::default(), first_slot }
    }

    /// The longest length that a deadline may have; zero without any.
    pub fn longest(&self) -> Time {
        self.lanes.iter().map(|lane| lane.length).max().unwrap_or(Time::ZERO)
    }

    /// The lane for deadlines of this length.
    pub fn lane(&mut self, length: Time) -> LaneId {
        let index = self.lanes.iter().position(|lane| lane.length == length).unwrap_or_else(|| {
            self.lanes.push(Lane { length, queue: List::default(), in_calendar: false });
            self.lanes.len() - 1
        });
        LaneId(index as u32)
    }

    /// Sets a deadline; the result cancels it.
    #[inline]
    pub fn set(&mut self, calendar: &mut Calendar, now: Time, lane: LaneId, owner: u32, purpose: Purpose) -> u32 {
        let entry = &mut self.lanes[lane.0 as usize];
        let time = now + entry.length;
        let serial = calendar.reserve();
        let id =
            self.deadlines.insert(Deadline { time, serial, links: Links::default(), owner, lane: lane.0, purpose });
        entry.queue.push(&mut self.deadlines, id);
        if !entry.in_calendar {
            entry.in_calendar = true;
            calendar.insert(Event::new(time, serial, self.first_slot + lane.0));
        }
        id
    }

    /// Cancels a deadline that has not come up; [`NONE`] is let pass.
    #[inline(always)]
    pub fn cancel(&mut self, id: u32) {
        if id != NONE {
            self.cancel_set(id);
        }
    }

    #[inline(never)]
    fn cancel_set(&mut self, id: u32) {
        let lane = self.deadlines[id].lane;
        self.lanes[lane as usize].queue.remove(&mut self.deadlines, id);
        self.deadlines.remove(id);
    }

    /// When a deadline that has not come up will.
    pub fn time(&self, id: u32) -> Time {
        self.deadlines[id].time
    }

    /// A lane's event came up: the deadline that it was for, unless that was cancelled.
    pub fn expire(&mut self, calendar: &mut Calendar, event: Event) -> Option<(u32, Purpose)> {
        let lane = &mut self.lanes[(event.slot() - self.first_slot) as usize];
        lane.in_calendar = false;
        let expired = lane.queue.first().filter(|&head| self.deadlines[head].serial == event.serial()).map(|head| {
            lane.queue.remove(&mut self.deadlines, head);
            self.deadlines.remove(head);
            (self.deadlines[head].owner, self.deadlines[head].purpose)
        });
        if let Some(head) = lane.queue.first() {
            let Deadline { time, serial, .. } = self.deadlines[head];
            lane.in_calendar = true;
            calendar.insert(Event::new(time, serial, event.slot()));
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(calendar: &mut Calendar, deadlines: &mut Deadlines) -> Vec<(u64, u32)> {
        std::iter::from_fn(|| {
            let event = calendar.pop()?;
            Some(deadlines.expire(calendar, event).map(|(owner, _)| (event.time().0, owner)))
        })
        .flatten()
        .collect()
    }

    #[test]
    fn lanes_expire_in_the_order_of_time_then_setting() {
        let (mut calendar, mut deadlines) = (Calendar::default(), Deadlines::new(0));
        let (short, long) = (deadlines.lane(Time(10)), deadlines.lane(Time(30)));
        assert_eq!(deadlines.lane(Time(10)), short);
        for (now, lane, owner) in [(0, long, 1), (20, short, 2), (20, long, 3), (25, short, 4)] {
            deadlines.set(&mut calendar, Time(now), lane, owner, Purpose::Wait);
        }
        assert_eq!(run(&mut calendar, &mut deadlines), [(30, 1), (30, 2), (35, 4), (50, 3)]);
        assert_eq!(deadlines.deadlines.len(), 0);
    }

    #[test]
    fn a_cancelled_head_hands_its_event_on() {
        let (mut calendar, mut deadlines) = (Calendar::default(), Deadlines::new(0));
        let lane = deadlines.lane(Time(10));
        let ids: Vec<u32> =
            (0..4).map(|n| deadlines.set(&mut calendar, Time(n), lane, n as u32, Purpose::Patience)).collect();
        deadlines.cancel(ids[0]);
        deadlines.cancel(ids[2]);
        deadlines.cancel(NONE);
        assert_eq!(calendar.len(), 1, "one event a lane");
        assert_eq!(run(&mut calendar, &mut deadlines), [(11, 1), (13, 3)]);
    }
}
