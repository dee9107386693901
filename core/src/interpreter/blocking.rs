//! A wait that blocks the event loop: a driver, a lock or an HTTP client made for threads, called by a coroutine.
//!
//! The slice continues while it waits, so the loop neither polls nor accepts and runs nothing else (CPython
//! `asyncio/base_events.py`, `_run_once`: a handle's callback returns before the next one is called). Its timers wait, too:
//! a time-out around the coroutine and a cancellation reach it where it waits next (`asyncio/tasks.py`, `Task.cancel`),
//! while a time-out of the driver's own (`threading.Condition.wait(timeout)`, a socket's) ends the wait.
//!
//! The token has the thread of the loop to itself, so it carries the flag of a job in a thread
//! ([`IN_THREAD`]), and the loop remembers it as its blocker.

use crate::kernel::NONE;

use crate::engine::next::Next;
use crate::engine::token::{IN_THREAD, SAMPLED, State};
use crate::interpreter::deadlock::Held;
use crate::interpreter::world::World;

impl World<'_> {
    /// The token's waits block its event loop from now on.
    #[inline(never)]
    pub(crate) fn block(&mut self, t: u32) -> Next {
        let token = &mut self.engine.tokens[t];
        token.pc += 1;
        token.flags |= IN_THREAD;
        let (process, is_sampled) = (token.process, token.has(SAMPLED));
        self.processes[process as usize].event_loop.blocker = Some(t);
        if is_sampled {
            self.account_block(t, process);
        }
        self.keep_turn(t)
    }

    /// They no longer do; its slice continues.
    #[inline(never)]
    pub(crate) fn unblock(&mut self, t: u32) -> Next {
        self.engine.tokens[t].pc += 1;
        self.stop_blocking(t);
        self.keep_turn(t)
    }

    /// If the token blocks its event loop, its waits no longer do.
    #[inline(never)]
    pub(crate) fn stop_blocking(&mut self, t: u32) {
        if self.blocks(t) {
            let token = &mut self.engine.tokens[t];
            token.flags &= !IN_THREAD;
            let (process, is_sampled) = (token.process, token.has(SAMPLED));
            let event_loop = &mut self.processes[process as usize].event_loop;
            (event_loop.blocker, event_loop.deadlocked) = (None, false);
            if is_sampled {
                self.account_unblock(t, process);
            }
        }
    }

    /// The token continues before any other, as a slice that begins anew.
    fn keep_turn(&mut self, t: u32) -> Next {
        self.engine.ready.push_first(&mut self.engine.tokens, t);
        Next::Keep
    }

    /// Whether the token blocks its event loop.
    pub(crate) fn blocks(&self, t: u32) -> bool {
        let token = &self.engine.tokens[t];
        token.has(IN_THREAD) && self.blocker_of(token.process) == Some(t)
    }

    /// The token that blocks the event loop of a process.
    pub(crate) fn blocker_of(&self, process: u32) -> Option<u32> {
        if process == NONE { None } else { self.processes[process as usize].event_loop.blocker }
    }

    /// Whether the token has to wait for its event loop, which another one blocks, whatever else it waits for.
    #[inline]
    pub(crate) fn is_shut_out(&self, t: u32) -> bool {
        self.blocked_loop(t).is_some()
    }

    /// The event loop that the token needs and another one blocks: that of its process or, before a worker has accepted it,
    /// any of its replica.
    #[inline]
    pub(crate) fn blocked_loop(&self, t: u32) -> Option<Held> {
        if self.blocks_loops { self.find_blocked_loop(t) } else { None }
    }

    fn find_blocked_loop(&self, t: u32) -> Option<Held> {
        let token = &self.engine.tokens[t];
        if token.has(IN_THREAD) {
            return None;
        }
        if token.process != NONE {
            return self.blocker_of(token.process).map(|_| Held::Loop(token.process));
        }
        let is_in_backlog =
            token.state == State::Backlog && !self.awaits_admission(t, self.system.service_at(token.pc));
        let mut workers = if is_in_backlog { self.processes_of(token.wait) } else { return None };
        workers.all(|process| self.blocker_of(process).is_some()).then_some(Held::Loops(token.wait))
    }

    /// Whether nothing but what it waits for ends the token's wait: it has a thread, which nothing stops, or its event loop
    /// is blocked.
    pub(crate) fn is_out_of_reach(&self, t: u32) -> bool {
        self.runs_in_thread(t) || self.blocks_loops && (self.blocks(t) || self.is_shut_out(t))
    }
}
