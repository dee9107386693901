//! Jobs of the default executor of an event loop: asyncio's `run_in_executor` and `to_thread`, and the thread pool of
//! libuv.
//!
//! A job is a token beside the one that has handed it over. It queues for a thread, keeps that to the end of its steps,
//! whether these compute or block, and has no part in the rounds of the loop. The coroutine waits for it as for a branch
//! ([`super::parallel`]) and continues in a round of its loop.
//!
//! A coroutine that gives up does not stop the thread: CPython's `asyncio.futures._chain_future` passes the cancellation
//! on, `concurrent.futures.Future.cancel` refuses it once the job runs (`concurrent/futures/thread.py`,
//! `_WorkItem.run`), and libuv's `uv_cancel` answers `UV_EBUSY` (`src/threadpool.c`, `uv__work_cancel`). So a job that
//! still queues is dropped, and one that runs keeps its thread to its end. What it raises is raised in the coroutine.

use crate::kernel::{NONE, Time};
use crate::model::Op;

use crate::engine::next::Next;
use crate::engine::token::{FrameKind, IN_THREAD};
use crate::interpreter::world::World;

impl World<'_> {
    /// The job takes a thread, or queues for one.
    #[inline(never)]
    pub(crate) fn enter_thread(&mut self, t: u32) -> Next {
        let executor = self.process_of(t).executor;
        self.acquire(t, executor, 0)
    }

    /// The job has something to do again: its thread runs at once, unless its process is stopped by a fault.
    pub(crate) fn continue_in_thread(&mut self, t: u32) {
        let process = self.engine.tokens[t].process;
        let replica = self.processes[process as usize].replica;
        if self.replicas[replica as usize].health.frozen {
            self.account_stopped(t, process);
            self.processes[process as usize].event_loop.stopped.push(&mut self.engine.tokens, t);
        } else {
            self.engine.ready.push(&mut self.engine.tokens, t);
        }
    }

    /// The threads of a process that was stopped run again.
    pub(crate) fn resume_threads(&mut self, process: u32) {
        while let Some(t) = self.processes[process as usize].event_loop.stopped.pop(&mut self.engine.tokens) {
            self.engine.ready.push(&mut self.engine.tokens, t);
        }
    }

    /// The process that the token takes turns with others in; [`NONE`] for one in a thread.
    pub(crate) fn loop_of(&self, t: u32) -> u32 {
        let token = &self.engine.tokens[t];
        if token.has(IN_THREAD) { NONE } else { token.process }
    }

    /// Whether the token is a job that has its thread, which nothing stops. Whatever such a job holds or waits for lies
    /// above the frame of its thread.
    pub(crate) fn runs_in_thread(&self, t: u32) -> bool {
        let token = &self.engine.tokens[t];
        token.has(IN_THREAD)
            && !self.blocks(t)
            && !matches!(self.engine.frames[token.frame].kind, FrameKind::Branch { .. })
    }

    /// The work of a job that is nothing but work on the CPU, and is about to queue for its thread.
    pub(crate) fn work_in_thread(&self, t: u32) -> Time {
        let token = &self.engine.tokens[t];
        match self.system.program[token.pc as usize + 1] {
            Op::Cpu { demand, site } | Op::Native { demand, site } => {
                self.system.variates[demand.0 as usize].draw(site.key(token.key, 0))
            }
            _ => unreachable!("\"shortest\" is refused where jobs do anything else"),
        }
    }
}
