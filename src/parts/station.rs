//! Stations of a queueing network: FCFS with `c` servers and room for `K`, processor sharing, or delay.

use crate::kernel::gauge::Gauge;
use crate::kernel::time::Time;
use crate::model::StationPlan;

use super::cpu::Cpu;
use super::interpreter::Next;
use super::population::{Population, Queue};
use super::token::{Failure, State};
use super::world::{World, slot};

/// A station's state.
#[derive(Clone, Debug)]
pub(super) struct Station {
    /// `u32::MAX` for infinitely many.
    servers: u32,
    capacity: u32,
    slowdown: f64,
    /// Of a processor-sharing station.
    pub sharing: Option<Cpu>,
    pub busy: Gauge,
    pub queue: Queue,
    /// Waiting and served.
    pub inside: Population,
    pub turned_away: u64,
    /// Work begun since the last reset, in nanoseconds.
    begun: u128,
    /// Sum of the times at which the services under way end.
    due: u128,
    /// Work that services under way still had to do at the last reset.
    carried: u128,
    /// A service was broken off, so that less was worked than begun.
    broken_off: bool,
}

impl Station {
    pub fn new(plan: &StationPlan, index: u32) -> Self {
        let servers = plan.servers.unwrap_or(u32::MAX);
        Self {
            servers,
            capacity: plan.capacity.unwrap_or(u32::MAX),
            slowdown: plan.slowdown,
            sharing: plan.sharing.then(|| {
                let cores = plan.servers.map_or(f64::INFINITY, f64::from);
                Cpu::new(cores, plan.slowdown, slot::STATION + index)
            }),
            busy: Gauge::default(),
            queue: Queue::default(),
            inside: Population::default(),
            turned_away: 0,
            begun: 0,
            due: 0,
            carried: 0,
            broken_off: false,
        }
    }

    pub fn reset(&mut self, now: Time) {
        if let Some(cpu) = &mut self.sharing {
            cpu.reset(now);
        }
        self.busy.reset(now);
        self.queue.population.reset(now);
        self.inside.reset(now);
        (self.turned_away, self.begun, self.carried, self.broken_off) = (0, 0, self.remaining(now), false);
    }

    /// Whether it has room for so many and no more.
    pub fn is_bounded(&self) -> bool {
        self.capacity < u32::MAX
    }

    /// Work that services under way still have to do.
    fn remaining(&self, now: Time) -> u128 {
        self.due - u128::from(self.busy.level()) * u128::from(now.0)
    }

    /// Both sides of the utilisation law if they differ: the time that servers were busy, and the service that was
    /// given.
    pub fn broken_law(&self, now: Time) -> Option<(u128, u128)> {
        let sides = (self.busy.area(now), self.begun + self.carried - self.remaining(now));
        (sides.0 != sides.1 && !self.broken_off).then_some(sides)
    }

    fn stretched(&self, work: Time) -> Time {
        if self.slowdown == 0.0 {
            return work;
        }
        Time((work.0 as f64 * (1.0 + self.slowdown * f64::from(self.inside.gauge.level()))) as u64)
    }
}

impl World<'_> {
    /// The token asks for service; its work is named by its key, so it need not be drawn before its service begins.
    #[inline]
    pub(super) fn visit(&mut self, t: u32, index: u32) -> Next {
        let now = self.now;
        let station = &mut self.stations[index as usize];
        if station.inside.gauge.level() >= station.capacity {
            station.turned_away += 1;
            return Next::Fail(Failure::TURNED_AWAY);
        }
        station.inside.enter(now);
        let token = &mut self.tokens[t];
        token.wait = index;
        token.since = now;
        if station.sharing.is_some() {
            token.state = State::Served;
            let work = self.work_of_visit(t);
            if let Some(cpu) = &mut self.stations[index as usize].sharing {
                cpu.start(&mut self.calendar, now, t, work);
            }
            self.account_served(t, index, work, true);
        } else if station.busy.level() < station.servers {
            self.serve(t, index);
        } else {
            token.state = State::AtStation;
            station.queue.push(&mut self.tokens, now, t);
            self.account_station(t, index);
        }
        Next::Park
    }

    #[inline]
    fn serve(&mut self, t: u32, index: u32) {
        let now = self.now;
        let work = self.work_of_visit(t);
        let station = &mut self.stations[index as usize];
        station.busy.up(now);
        let demand = work;
        let work = station.stretched(work);
        station.begun += u128::from(work.0);
        station.due += u128::from((now + work).0);
        let token = &mut self.tokens[t];
        token.state = State::Served;
        token.event = self.calendar.schedule(now + work, t);
        self.account_served(t, index, demand, false);
    }

    /// The token's service is over: it leaves, and the next in line is served.
    #[inline]
    pub(super) fn served(&mut self, t: u32) {
        let index = self.tokens[t].wait;
        let now = self.now;
        let station = &mut self.stations[index as usize];
        station.inside.leave(now, self.tokens[t].since);
        if station.sharing.is_none() {
            station.busy.down(now);
            station.due -= u128::from(now.0);
            if let Some(next) = station.queue.pop(&mut self.tokens, now) {
                self.serve(next, index);
            }
        }
        self.tokens[t].pc += 1;
    }

    /// The token leaves the station unserved.
    pub(super) fn leave_station(&mut self, t: u32) {
        let index = self.tokens[t].wait;
        let now = self.now;
        let since = self.tokens[t].since;
        if self.tokens[t].state == State::AtStation {
            let station = &mut self.stations[index as usize];
            station.queue.remove(&mut self.tokens, now, t);
            station.inside.leave(now, since);
            return;
        }
        let station = &mut self.stations[index as usize];
        if let Some(cpu) = &mut station.sharing {
            cpu.cancel(&mut self.calendar, now, t);
            station.inside.leave(now, since);
        } else {
            self.forget_event(t);
            self.stations[index as usize].broken_off = true;
            self.served(t);
        }
    }
}
