//! Visits to stations.

use crate::engine::next::Next;
use crate::engine::token::{Failure, State};
use crate::interpreter::world::World;

impl World<'_> {
    /// The token asks for service; its work is named by its key, so it need not be drawn before its service begins.
    #[inline]
    pub(crate) fn visit(&mut self, t: u32, index: u32) -> Next {
        let now = self.engine.now;
        let station = &mut self.stations[index as usize];
        if station.inside.gauge.level() >= station.capacity {
            station.turned_away += 1;
            return Next::Fail(Failure::TURNED_AWAY);
        }
        station.inside.enter(now);
        let token = &mut self.engine.tokens[t];
        token.wait = index;
        token.since = now;
        if station.sharing.is_some() {
            token.state = State::Served;
            let work = self.work_of_visit(t);
            if let Some(cpu) = &mut self.stations[index as usize].sharing {
                cpu.start(&mut self.engine.calendar, now, t, work);
            }
            self.account_served(t, index, work, true);
        } else if station.busy.level() < station.servers {
            self.serve(t, index);
        } else {
            token.state = State::AtStation;
            station.queue.push(&mut self.engine.tokens, now, t);
            self.account_station(t, index);
        }
        Next::Park
    }

    #[inline]
    fn serve(&mut self, t: u32, index: u32) {
        let now = self.engine.now;
        let work = self.work_of_visit(t);
        let station = &mut self.stations[index as usize];
        station.busy.up(now);
        let demand = work;
        let work = station.stretched(work);
        station.begun += u128::from(work.0);
        station.due += u128::from((now + work).0);
        let token = &mut self.engine.tokens[t];
        token.state = State::Served;
        token.event = self.engine.calendar.schedule(now + work, t);
        self.account_served(t, index, demand, false);
    }

    /// The token's service is over: it leaves, and the next in line is served.
    #[inline]
    pub(crate) fn served(&mut self, t: u32) {
        let index = self.engine.tokens[t].wait;
        let now = self.engine.now;
        let station = &mut self.stations[index as usize];
        station.inside.leave(now, self.engine.tokens[t].since);
        if station.sharing.is_none() {
            station.busy.down(now);
            station.due -= u128::from(now.0);
            if let Some(next) = station.queue.pop(&mut self.engine.tokens, now) {
                self.serve(next, index);
            }
        }
        self.engine.tokens[t].pc += 1;
    }

    /// The token leaves the station unserved.
    pub(crate) fn leave_station(&mut self, t: u32) {
        let index = self.engine.tokens[t].wait;
        let now = self.engine.now;
        let since = self.engine.tokens[t].since;
        if self.engine.tokens[t].state == State::AtStation {
            let station = &mut self.stations[index as usize];
            station.queue.remove(&mut self.engine.tokens, now, t);
            station.inside.leave(now, since);
            return;
        }
        let station = &mut self.stations[index as usize];
        if let Some(cpu) = &mut station.sharing {
            cpu.cancel(&mut self.engine.calendar, now, t);
            station.inside.leave(now, since);
        } else {
            self.engine.forget_event(t);
            self.stations[index as usize].broken_off = true;
            self.served(t);
        }
    }
}
