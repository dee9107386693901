//! What the events of a run do: a token continues, a CPU job is done, a time-out is over, the load has its turn.

use crate::kernel::NONE;
use crate::kernel::calendar::Event;
use crate::kernel::deadline::Purpose;
use crate::model::Op;

use crate::engine::next::Next;
use crate::engine::slot;
use crate::engine::token::State;
use crate::interpreter::world::{Source, World};
use crate::parts::compute::gil::MARK;
use crate::parts::held::heap::COLLECTOR;

impl World<'_> {
    /// Whether an event is awaited that brings on more than a probe or a restart.
    #[inline(never)]
    pub(crate) fn is_due(&self, event: Event) -> bool {
        let is_task = (slot::TASK..slot::SOURCE).contains(&event.slot());
        self.is_alive(event) && !(is_task && self.is_upkeep(event))
    }

    /// Whether an event is still awaited, and not a time-out without end.
    #[inline(never)]
    fn is_alive(&self, event: Event) -> bool {
        let (slot, serial) = (event.slot(), event.serial());
        if slot < slot::CPU {
            self.engine.tokens[slot].event == serial
        } else if slot < slot::STATION {
            self.replicas[(slot - slot::CPU) as usize].cpu.awaits(serial)
        } else if slot < slot::ACCEPT {
            let station = &self.stations[(slot - slot::STATION) as usize];
            station.sharing.as_ref().is_some_and(|cpu| cpu.awaits(serial))
        } else if (slot::TASK..slot::SOURCE).contains(&slot) {
            self.engine.tasks[slot - slot::TASK].event == serial
        } else {
            !(slot::LANE..slot::TASK).contains(&slot)
        }
    }

    /// Tells the load of the requests that have ended.
    #[inline(always)]
    pub(crate) fn report_ended<S: Source>(&mut self, source: &mut S) {
        if !S::AWAITS_ENDS {
            return;
        }
        while let Some(ended) = self.ended.pop() {
            // The limits are looked at after the step.
            self.paused |= self.standstill.is_bounded() && self.standstill.ended(self.engine.now);
            source.ended(self, ended);
        }
    }

    /// Does what an event is for.
    #[inline]
    pub(crate) fn happen<S: Source>(&mut self, event: Event, source: &mut S) {
        if event.slot() < slot::CPU {
            self.token_event(event);
        } else if event.slot() >= slot::SOURCE {
            source.event(self, event.slot() - slot::SOURCE);
        } else if event.slot() >= slot::TASK {
            self.task_event(event);
        } else if event.slot() >= slot::LANE {
            match self.engine.deadlines.expire(&mut self.engine.calendar, event) {
                Some((token, Purpose::Wait)) => self.timed_out(token),
                Some((request, Purpose::Patience)) => self.give_up(request),
                Some((connection, Purpose::Idle)) => self.idled_out(connection),
                Some((port, Purpose::Linger)) => self.ports[port as usize].free(self.engine.now),
                Some((frame, Purpose::Scope)) => self.timeout_over(frame),
                Some((message, Purpose::Acknowledgement)) => self.unacknowledged(message),
                None => {}
            }
        } else if event.slot() >= slot::ACCEPT {
            self.accept_retries -= 1;
            self.resume_accept(event);
        } else {
            self.cpu_event(event);
        }
        if self.engine.calendar.wants_compaction() {
            self.compact();
        }
    }

    #[inline(always)]
    fn token_event(&mut self, event: Event) {
        let t = event.slot();
        let token = &mut self.engine.tokens[t];
        if token.event != event.serial() {
            self.engine.calendar.buried();
            return;
        }
        token.event = 0;
        match token.state {
            State::Served => {
                self.served(t);
                self.step_next(t);
            }
            State::Carrying => self.carried(t),
            State::Outbound => self.continue_at_server(t),
            State::Knocking => self.knock_again(t),
            State::Queued | State::AtStation => self.waited_too_long(t),
            State::Elapsing => {
                self.engine.drop_timer(t);
                self.wake(t);
            }
            State::Ready
            | State::Backlog
            | State::Working
            | State::AtServer
            | State::AtDisk
            | State::ConnectionQueued
            | State::Awaiting
            | State::Coalescing
            | State::Hung
            | State::Joining => unreachable!("no event is scheduled for a token in this state"),
        }
    }

    /// The token continues at the server that it has reached, apart from its event loop.
    #[inline]
    pub(crate) fn continue_at_server(&mut self, t: u32) {
        match self.execute_apart(t) {
            Next::On | Next::Pause => self.wake(t),
            Next::Fail(why) => {
                self.engine.tokens[t].failure = why;
                self.wake(t);
            }
            Next::Keep | Next::Park | Next::End => {}
        }
    }

    /// Steps the token at once where it would be the next to step anyway, else wakes it.
    #[inline(always)]
    fn step_next(&mut self, t: u32) {
        if !self.goes_on_at_once || !self.engine.ready.is_empty() {
            return self.wake(t);
        }
        let token = &mut self.engine.tokens[t];
        token.state = State::Ready;
        token.wait = NONE;
        // Often a visit is the last step.
        match self.system.program[token.pc as usize] {
            Op::Answer if !token.failure.is_some() => self.finish(t),
            _ => self.step(t),
        }
    }

    /// The event of a CPU. It is dead if a job has come or gone since, because that planned another one.
    #[inline(always)]
    fn cpu_event(&mut self, event: Event) {
        let cpu = match event.slot().checked_sub(slot::STATION) {
            Some(station) => self.stations[station as usize].sharing.as_mut(),
            None => Some(&mut self.replicas[(event.slot() - slot::CPU) as usize].cpu),
        };
        match cpu {
            Some(cpu) if cpu.awaits(event.serial()) => {
                cpu.complete(&mut self.engine.calendar, self.engine.now, event.serial(), &mut self.done);
                self.jobs_done();
            }
            _ => self.engine.calendar.buried(),
        }
    }

    #[inline(never)]
    fn jobs_done(&mut self) {
        // Nearly always it is one, so the list stays where it is.
        for index in 0..self.done.len() {
            let t = self.done[index];
            if t < COLLECTOR {
                self.job_done(t);
            } else if t < MARK {
                self.collector_done(t - COLLECTOR);
            } else {
                self.lock_done(t - MARK);
            }
        }
        self.done.clear();
    }

    fn compact(&mut self) {
        let mut calendar = std::mem::take(&mut self.engine.calendar);
        // A lane's event is never dead: its deadlines are.
        calendar.compact(|event| (slot::LANE..slot::TASK).contains(&event.slot()) || self.is_alive(event));
        self.engine.calendar = calendar;
    }
}
