//! Work under the interpreter lock: which process stands in the CPU, and for how much.

use crate::kernel::time::Time;

use crate::engine::next::Next;
use crate::engine::token::State;
use crate::interpreter::world::World;
use crate::parts::compute::gil::{LockJob, MARK};

/// Nanoseconds that are lost in rounding.
const ROUNDING: f64 = 0.05;

impl World<'_> {
    /// Work under the lock, in the token's event loop or thread.
    pub(crate) fn work_under_lock(&mut self, t: u32, gil: u32, work: Time) -> Next {
        self.engine.tokens[t].state = State::Working;
        self.want_lock(t, gil, work);
        Next::Keep
    }

    /// A job that needs the lock begins.
    pub(crate) fn want_lock(&mut self, t: u32, gil: u32, work: Time) {
        let now = self.engine.now;
        self.leave_cpu(gil);
        let lock = &mut self.gils[gil as usize];
        let work = self.replicas[lock.host as usize].stretched(work);
        if lock.jobs.is_empty() {
            lock.virtual_time = 0.0;
            lock.held.up(now);
        }
        lock.wanted.up(now);
        lock.jobs.push(LockJob { finish: lock.virtual_time + work.0 as f64, token: t });
        self.enter_cpu(gil);
        self.account_lock(t, work);
    }

    /// Takes the process out of the CPU, if it is there, to come back with other jobs.
    fn leave_cpu(&mut self, gil: u32) {
        let now = self.engine.now;
        let lock = &mut self.gils[gil as usize];
        if !lock.jobs.is_empty() {
            let cpu = &mut self.replicas[lock.host as usize].cpu;
            lock.settle(cpu.progress(now));
            cpu.cancel(&mut self.engine.calendar, now, MARK | gil);
        }
    }

    /// The process gets what its next job to be done needs, times those that share it.
    fn enter_cpu(&mut self, gil: u32) {
        let now = self.engine.now;
        let lock = &mut self.gils[gil as usize];
        let Some(next) = lock.jobs.iter().map(|job| job.finish).min_by(f64::total_cmp) else { return };
        let work = (next - lock.virtual_time).max(0.0) * lock.jobs.len() as f64;
        let cpu = &mut self.replicas[lock.host as usize].cpu;
        cpu.start(&mut self.engine.calendar, now, MARK | gil, Time(work.ceil() as u64));
        lock.seen = cpu.progress(now);
    }

    /// The process has got what its next job needed.
    pub(crate) fn lock_done(&mut self, gil: u32) {
        let now = self.engine.now;
        // A job that came at this very instant, before the word of this one's end, has put the process there anew.
        self.leave_cpu(gil);
        let lock = &mut self.gils[gil as usize];
        if lock.jobs.is_empty() {
            return;
        }
        let mut done = std::mem::take(&mut self.released);
        let reached = lock.virtual_time + ROUNDING;
        done.extend(lock.jobs.iter().filter(|job| job.finish <= reached).map(|job| job.token));
        lock.jobs.retain(|job| job.finish > reached);
        for _ in &done {
            lock.wanted.down(now);
            lock.finished += 1;
        }
        if lock.jobs.is_empty() {
            lock.held.down(now);
        }
        self.enter_cpu(gil);
        for t in done.drain(..) {
            self.job_done(t);
        }
        self.released = done;
    }

    /// Takes a token's job away before it is done, as when its process is killed. Whether it wanted the lock at all.
    pub(crate) fn leave_lock(&mut self, t: u32) -> bool {
        let Some(process) = self.processes.get(self.engine.tokens[t].process as usize) else { return false };
        let gil = process.gil;
        let Some(lock) = self.gils.get(gil as usize) else { return false };
        let Some(index) = lock.jobs.iter().position(|job| job.token == t) else { return false };
        let now = self.engine.now;
        self.leave_cpu(gil);
        let lock = &mut self.gils[gil as usize];
        lock.jobs.remove(index);
        lock.wanted.down(now);
        if lock.jobs.is_empty() {
            lock.held.down(now);
        }
        self.enter_cpu(gil);
        true
    }
}
