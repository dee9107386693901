//! Visits to stations.

use crate::kernel::Time;
use crate::model::Draw;

use crate::engine::next::Next;
use crate::engine::token::Failure;
use crate::interpreter::world::World;
use crate::parts::compute::station::Arrival;

impl World<'_> {
    /// The token asks for service; its work is named by its key, so it need not be drawn before its service begins.
    #[inline(always)]
    pub(crate) fn visit(&mut self, t: u32, index: u32, time: Draw, key: u64) -> Next {
        match self.stations[index as usize].arrive(&mut self.engine, t) {
            Arrival::TurnedAway => return Next::Fail(Failure::TURNED_AWAY),
            Arrival::Begins => {
                let work = self.draw_in_line(t, time, key);
                self.begin_service(t, index, work);
            }
            Arrival::Waits => self.account_station(t, index),
            Arrival::Lines => self.line_up(t, index),
        }
        Next::Park
    }

    /// The service of a token that has waited begins.
    #[inline(always)]
    pub(crate) fn serve(&mut self, t: u32, index: u32) {
        let work = self.work_of_visit(t);
        self.begin_service(t, index, work);
    }

    #[inline(always)]
    fn begin_service(&mut self, t: u32, index: u32, work: Time) {
        let station = &mut self.stations[index as usize];
        if station.begin(&mut self.engine, t, work) {
            self.account_served(t, index, work);
        }
    }

    /// The token waits where the order of service or its patience matters.
    #[inline(never)]
    fn line_up(&mut self, t: u32, index: u32) {
        let sorts = self.stations[index as usize].sorts();
        let work = if sorts { self.work_of_visit(t) } else { Time::ZERO };
        self.stations[index as usize].line_up(&mut self.engine, t, work);
        self.account_station(t, index);
        if let Some(patience) = self.stations[index as usize].patience {
            self.limit_patience(t, patience);
        }
        if let Some(shedding) = self.stations[index as usize].shedding {
            let busy_since = self.stations[index as usize].busy_since();
            self.limit_by_shedding(t, shedding, busy_since);
        }
    }

    /// The same at a station that shares its servers.
    #[inline(never)]
    pub(crate) fn share_ended(&mut self, t: u32) {
        self.served(t);
    }

    /// The token's service is over: it leaves, and the next in line is served. In line, with all that it calls:
    /// calls took 90 of the 1,205 instructions of a customer of an M/M/1.
    #[inline(always)]
    pub(crate) fn served(&mut self, t: u32) {
        let index = self.engine.tokens[t].wait;
        if let Some(next) = self.stations[index as usize].finish(&mut self.engine, t) {
            self.serve(next, index);
        }
        self.engine.tokens[t].pc += 1;
    }
}
