//! Tokens on event loops: they wake, wait for a round, are accepted, and have their slice.

use crate::kernel::NONE;
use crate::kernel::calendar::Event;
use crate::kernel::time::Time;
use crate::model::Runtime;

use crate::engine::next::Next;
use crate::engine::progress::Progress;
use crate::engine::slot;
use crate::engine::token::{HOUSEKEEPING, IN_THREAD, SAMPLED, State, Token};
use crate::interpreter::world::World;

impl World<'_> {
    /// A token has something to do again: on an event loop it waits for the next round, elsewhere it continues now.
    pub(crate) fn wake(&mut self, t: u32) {
        let token = &mut self.engine.tokens[t];
        token.state = State::Ready;
        token.wait = NONE;
        let (process, is_rare) = (token.process, token.has(SAMPLED | IN_THREAD));
        if self.has_loops && process != NONE && self.processes[process as usize].runtime == Runtime::EventLoop {
            if is_rare {
                return self.continue_rare(t, process);
            }
            self.await_turn(t, process);
        } else {
            self.set_ready(t);
        }
    }

    /// The token waits for the next round of its event loop.
    #[inline(always)]
    pub(crate) fn await_turn(&mut self, t: u32, process: u32) {
        let event_loop = &mut self.processes[process as usize].event_loop;
        event_loop.incoming.push(&mut self.engine.tokens, t);
        event_loop.expect(&mut self.engine.tokens, self.engine.now, t);
        if event_loop.is_idle() {
            self.poll(process);
        }
    }

    /// The same, noted in its account; a token in a thread waits for no round.
    #[inline(never)]
    fn continue_rare(&mut self, t: u32, process: u32) {
        if self.engine.tokens[t].has(IN_THREAD) {
            return self.continue_in_thread(t);
        }
        self.keep_loop(t, process);
        self.await_turn(t, process);
    }

    /// The token continues now, unless its process is stopped by a fault; not for event loops.
    #[inline]
    pub(crate) fn set_ready(&mut self, t: u32) {
        if self.is_plain {
            return self.engine.ready.push(&mut self.engine.tokens, t);
        }
        self.set_ready_unless_frozen(t);
    }

    #[inline(never)]
    fn set_ready_unless_frozen(&mut self, t: u32) {
        let process = self.engine.tokens[t].process;
        if process != NONE && self.processes[process as usize].is_stopped() {
            self.account_stopped(t, process);
            let event_loop = &mut self.processes[process as usize].event_loop;
            event_loop.incoming.push(&mut self.engine.tokens, t);
            event_loop.expect(&mut self.engine.tokens, self.engine.now, t);
        } else {
            self.engine.ready.push(&mut self.engine.tokens, t);
        }
    }

    /// The slice that held the loop is over.
    #[inline]
    pub(crate) fn leave_loop(&mut self, process: u32) {
        if self.has_loops && process != NONE && self.processes[process as usize].runtime == Runtime::EventLoop {
            self.next_slice(process);
        }
    }

    /// Runs the next slice of this round, or begins another.
    #[inline(never)]
    fn next_slice(&mut self, process: u32) {
        match self.processes[process as usize].event_loop.next(&mut self.engine.tokens, self.engine.now) {
            Some(next) => self.engine.ready.push(&mut self.engine.tokens, next),
            None => self.poll(process),
        }
    }

    /// A new round: accepts, takes what became ready, and starts the first slice.
    pub(crate) fn poll(&mut self, process: u32) {
        let now = self.engine.now;
        self.accept(process);
        let event_loop = &mut self.processes[process as usize].event_loop;
        let mut incoming = std::mem::take(&mut event_loop.incoming);
        event_loop.round.append(&mut self.engine.tokens, &mut incoming);
        match event_loop.next(&mut self.engine.tokens, now) {
            Some(first) => {
                if event_loop.is_idle() {
                    event_loop.busy.up(now);
                }
                self.engine.ready.push(&mut self.engine.tokens, first);
            }
            None if !event_loop.is_idle() => event_loop.busy.down(now),
            None => {}
        }
    }

    /// Accepts all connections that wait for this process, and all in the backlog that it shares, as long as there are
    /// descriptors: asyncio accepts until the socket would block.
    fn accept(&mut self, process: u32) {
        loop {
            if !self.processes[process as usize].event_loop.accepts_all() {
                return self.accept_some(process);
            }
            let Some(t) = self.accept_next(process) else { return };
            self.processes[process as usize].event_loop.round.push(&mut self.engine.tokens, t);
        }
    }

    /// Accepts the next connection that waits for this process or in the backlog that it shares, if there is a
    /// descriptor for it; else accept pauses.
    #[inline(always)]
    pub(crate) fn accept_next(&mut self, process: u32) -> Option<u32> {
        let index = process as usize;
        let replica = self.processes[index].replica as usize;
        let own = self.processes[index].event_loop.accepting.first();
        let t = own.or_else(|| self.replicas[replica].backlog.iter(&self.engine.tokens).next())?;
        if !self.take_inbound(process, t) {
            self.pause_accept(process);
            return None;
        }
        if own.is_some() {
            self.processes[index].event_loop.accepting.remove(&mut self.engine.tokens, t);
        } else {
            let now = self.engine.now;
            self.replicas[replica].backlog.remove(&mut self.engine, t);
            self.enter_process(t, process);
            self.processes[index].event_loop.expect(&mut self.engine.tokens, now, t);
        }
        self.account_emfile(t, process);
        if self.engine.tokens[t].phase != Progress::BEGIN {
            self.replicas[replica].accept_queue.leave(&mut self.engine, t);
        }
        self.engine.tokens[t].state = State::Ready;
        Some(t)
    }

    /// The pause after EMFILE is over. With nothing under way but such pauses, and each of them in front of a full
    /// table, it never ends.
    pub(crate) fn resume_accept(&mut self, event: Event) {
        let process = event.slot() - slot::ACCEPT;
        if self.processes[process as usize].event_loop.accept_event != event.serial() {
            return; // the process that paused is no more
        }
        let nothing_else = self.engine.calendar.living() <= self.accept_retries;
        let mut paused = self.processes.iter().filter(|process| process.event_loop.is_paused());
        if nothing_else && paused.all(|process| process.descriptors.is_full()) {
            return;
        }
        let event_loop = &mut self.processes[process as usize].event_loop;
        event_loop.pause_accept(false);
        event_loop.resumed = self.engine.now;
        if event_loop.is_idle() {
            self.poll(process);
        }
    }

    /// A connection arrives at a replica whose workers race for it: an idle one gets it, else whichever polls first.
    pub(crate) fn race(&mut self, t: u32, replica: u32) {
        let Self { processes, replicas, choices, .. } = self;
        let shared = &mut replicas[replica as usize];
        let idle = |process: &u32| {
            let event_loop = &processes[*process as usize].event_loop;
            event_loop.is_idle() && !event_loop.is_paused()
        };
        let workers = shared.first_process..shared.first_process + shared.workers;
        let count = workers.clone().filter(idle).count() as u32;
        let winner = if count > 0 { workers.filter(idle).nth(choices.below(count) as usize) } else { None };
        (self.engine.tokens[t].state, self.engine.tokens[t].wait) = (State::Backlog, replica);
        let first = shared.first_process;
        shared.backlog.push(&mut self.engine, t, Time::ZERO);
        self.account_loop(t, first);
        match winner {
            Some(process) => self.poll(process),
            None => self.look_behind_blocked_loop(t),
        }
    }

    /// A connection for this process in particular.
    pub(crate) fn arrive_at_loop(&mut self, t: u32, process: u32) {
        self.engine.tokens[t].state = State::Backlog;
        self.account_loop(t, process);
        if self.has_libuv && self.read_or_line_up(t, process) {
            return;
        }
        let event_loop = &mut self.processes[process as usize].event_loop;
        event_loop.accepting.push(&mut self.engine.tokens, t);
        event_loop.expect(&mut self.engine.tokens, self.engine.now, t);
        if event_loop.is_idle() {
            self.poll(process);
        } else {
            self.look_behind_blocked_loop(t);
        }
    }

    /// The token's turn comes again in the next round, so many times over; then it continues. asyncio takes more than one
    /// round for most waits: the selector's callback sets a future, whose task is woken in the round after.
    #[inline(never)]
    pub(crate) fn go_round(&mut self, t: u32, rounds: u8) -> Next {
        let behind = self.engine.tokens[t].phase.count();
        if behind == rounds {
            return self.next_op(t);
        }
        self.engine.tokens[t].phase = Progress::counted(behind + 1);
        self.wake(t);
        Next::Park
    }

    /// The loop works on its own account: a token without a request takes its place in the round.
    pub(crate) fn burn(&mut self, process: u32, work: Time) {
        // The work rides in the key: no request, no draws.
        let mut token = Token::new(work.0, 0);
        token.flags = HOUSEKEEPING;
        token.process = process;
        let t = self.insert_token(token);
        let event_loop = &mut self.processes[process as usize].event_loop;
        event_loop.round.push(&mut self.engine.tokens, t);
        event_loop.expect(&mut self.engine.tokens, self.engine.now, t);
    }
}
