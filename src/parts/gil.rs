//! The global interpreter lock of a CPython process: of its threads that run Python code, one runs at a time.
//!
//! The lock goes round among those that want it (CPython: every 5 ms, `sys.getswitchinterval()`), so they share what
//! one thread would get of the CPU: to the operating system the process has one runnable thread, however many wait for
//! the lock. Here the sharing is even at every moment. That a short slice of the event loop waits for up to 5 ms until
//! a thread lets go of the lock is left out.
//!
//! The process stands in the [CPU](super::cpu) as one job, whose progress its own jobs share.

use crate::kernel::gauge::Gauge;
use crate::kernel::time::Time;

use super::interpreter::Next;
use super::token::State;
use super::world::World;

/// Where a process with a lock stands in a CPU in place of a token: this and the number of its lock.
pub(super) const MARK: u32 = 1 << 31;

/// Nanoseconds that are lost in rounding.
const ROUNDING: f64 = 0.05;

#[derive(Clone, Copy, Debug)]
struct Job {
    finish: f64,
    token: u32,
}

/// The lock of one process.
#[derive(Clone, Debug)]
pub(super) struct Gil {
    pub process: u32,
    /// The replica whose CPU it runs on.
    host: u32,
    /// In the order of their coming.
    jobs: Vec<Job>,
    /// The work that each of the jobs has got since the lock was last free.
    virtual_time: f64,
    /// Progress of the CPU for which that is right.
    seen: f64,
    /// 1 while the lock is held.
    pub held: Gauge,
    /// Jobs that hold the lock or wait for it.
    pub wanted: Gauge,
    pub finished: u64,
}

impl Gil {
    pub fn new(process: u32, host: u32) -> Self {
        Self {
            process,
            host,
            jobs: Vec::new(),
            virtual_time: 0.0,
            seen: 0.0,
            held: Gauge::default(),
            wanted: Gauge::default(),
            finished: 0,
        }
    }

    pub fn reset(&mut self, now: Time) {
        self.held.reset(now);
        self.wanted.reset(now);
        self.finished = 0;
    }

    /// The CPU's progress since the last look is shared.
    fn settle(&mut self, progress: f64) {
        if !self.jobs.is_empty() {
            self.virtual_time += (progress - self.seen) / self.jobs.len() as f64;
        }
        self.seen = progress;
    }
}

impl World<'_> {
    /// Work under the lock, in the token's event loop or thread.
    pub(super) fn work_under_lock(&mut self, t: u32, gil: u32, work: Time) -> Next {
        self.tokens[t].state = State::Working;
        self.want_lock(t, gil, work);
        Next::Keep
    }

    /// A job that needs the lock begins.
    pub(super) fn want_lock(&mut self, t: u32, gil: u32, work: Time) {
        let now = self.now;
        self.leave_cpu(gil);
        let lock = &mut self.gils[gil as usize];
        if lock.jobs.is_empty() {
            lock.virtual_time = 0.0;
            lock.held.up(now);
        }
        lock.wanted.up(now);
        lock.jobs.push(Job { finish: lock.virtual_time + work.0 as f64, token: t });
        self.enter_cpu(gil);
        self.account_lock(t, work);
    }

    /// Takes the process out of the CPU, if it is there, to come back with other jobs.
    fn leave_cpu(&mut self, gil: u32) {
        let now = self.now;
        let lock = &mut self.gils[gil as usize];
        if !lock.jobs.is_empty() {
            let cpu = &mut self.replicas[lock.host as usize].cpu;
            lock.settle(cpu.progress(now));
            cpu.cancel(&mut self.calendar, now, MARK | gil);
        }
    }

    /// The process gets what its next job to be done needs, times those that share it.
    fn enter_cpu(&mut self, gil: u32) {
        let now = self.now;
        let lock = &mut self.gils[gil as usize];
        let Some(next) = lock.jobs.iter().map(|job| job.finish).min_by(f64::total_cmp) else { return };
        let work = (next - lock.virtual_time).max(0.0) * lock.jobs.len() as f64;
        let cpu = &mut self.replicas[lock.host as usize].cpu;
        cpu.start(&mut self.calendar, now, MARK | gil, Time(work.ceil() as u64));
        lock.seen = cpu.progress(now);
    }

    /// The process has got what its next job needed.
    pub(super) fn lock_done(&mut self, gil: u32) {
        let now = self.now;
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
    pub(super) fn leave_lock(&mut self, t: u32) -> bool {
        let Some(process) = self.processes.get(self.tokens[t].process as usize) else { return false };
        let gil = process.gil;
        let Some(lock) = self.gils.get(gil as usize) else { return false };
        let Some(index) = lock.jobs.iter().position(|job| job.token == t) else { return false };
        let now = self.now;
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
