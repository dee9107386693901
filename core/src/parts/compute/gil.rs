//! The global interpreter lock of a CPython process: of its threads that run Python code, one runs at a time.
//!
//! The lock goes round among those that want it (CPython: every 5 ms, `sys.getswitchinterval()`), so they share what
//! one thread would get of the CPU: to the operating system the process has one runnable thread, however many wait for
//! the lock. Here the sharing is even at every moment. That a short slice of the event loop waits for up to 5 ms until
//! a thread lets go of the lock is left out.
//!
//! The process stands in the [CPU](super::cpu) as one job, whose progress its own jobs share.

use crate::kernel::gauge::TimeWeighted;
use crate::kernel::time::Time;

use crate::parts::part::{Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// Where a process with a lock stands in a CPU in place of a token: this and the number of its lock.
pub(crate) const MARK: u32 = 1 << 31;

#[derive(Clone, Copy, Debug)]
pub(crate) struct LockJob {
    pub finish: f64,
    pub token: u32,
}

/// The lock of one process.
#[derive(Clone, Debug)]
pub(crate) struct Gil {
    pub process: u32,
    /// The replica whose CPU it runs on.
    pub host: u32,
    /// In the order of their coming.
    pub jobs: Vec<LockJob>,
    /// The work that each of the jobs has got since the lock was last free.
    pub virtual_time: f64,
    /// Progress of the CPU for which that is right.
    pub seen: f64,
    /// 1 while the lock is held.
    pub held: TimeWeighted,
    /// Jobs that hold the lock or wait for it.
    pub wanted: TimeWeighted,
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
            held: TimeWeighted::default(),
            wanted: TimeWeighted::default(),
            finished: 0,
        }
    }

    /// The CPU's progress since the last look is shared.
    pub fn settle(&mut self, progress: f64) {
        if !self.jobs.is_empty() {
            self.virtual_time += (progress - self.seen) / self.jobs.len() as f64;
        }
        self.seen = progress;
    }
}

impl Part for Gil {
    fn reset(&mut self, now: Time) {
        self.held.reset(now);
        self.wanted.reset(now);
        self.finished = 0;
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let service = system.processes[self.process as usize].service;
        let plan = &system.services[service as usize];
        let up = rows.up(self.process);
        let sum = rows.of_service(service, ResourceKind::Gil, 0, || format!("{} GIL", plan.name));
        sum.gauge(&self.held, now, Some(up));
        let waits = self.wanted.area(now).saturating_sub(self.held.area(now)) as f64;
        sum.queued_for(waits, self.wanted.peak().saturating_sub(1));
        sum.use_.visits += self.finished + u64::from(self.wanted.level());
    }

    fn laws(&mut self, _: Moment, _: &mut Vec<String>) {}
}
