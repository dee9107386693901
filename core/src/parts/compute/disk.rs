//! The disk of a database: a commit is answered when a flush of the log that began after it has ended.
//!
//! One flush at a time. With group commit it serves all who wait when it begins (PostgreSQL: `XLogFlush` in
//! `src/backend/access/transam/xlog.c`, where those who wait for the lock of the writer find their record flushed; InnoDB:
//! `log_write_up_to` in `storage/innobase/log/log0write.cc`). So with n clients that do nothing but commit, flushes serve 1 and
//! n - 1 in turn, and n / 2 of them are answered in the time of one flush.

use crate::kernel::Time;
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::list::List;
use crate::model::System;

use crate::engine::Engine;
use crate::engine::queue::Queue;
use crate::engine::token::State;
use crate::parts::part::{Left, Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// What a disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Nothing,
    /// It waits for more commits.
    Waiting,
    Flushing,
}

/// The disk of a replica.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    pub service: u32,
    pub replica: u32,
    doing: Doing,
    /// Those who wait for a flush to begin.
    pub waiting: Queue,
    /// Those that the flush under way serves.
    served: List,
    /// Flushes so far: names their draws.
    pub flushes: u64,
    busy: TimeWeighted,
    commits: u64,
}

impl Disk {
    pub fn new(service: u32, replica: u32) -> Self {
        Self {
            service,
            replica,
            doing: Doing::Nothing,
            waiting: Queue::default(),
            served: List::default(),
            flushes: 0,
            busy: TimeWeighted::default(),
            commits: 0,
        }
    }

    /// Whether neither a flush nor the wait before one is under way.
    pub fn is_idle(&self) -> bool {
        self.doing == Doing::Nothing
    }

    /// The next flush waits for more commits.
    pub fn wait(&mut self) {
        self.doing = Doing::Waiting;
    }

    /// A flush begins that serves those who wait, or only the first of them.
    pub fn flush(&mut self, engine: &mut Engine, groups: bool) -> Vec<u32> {
        let mut served = Vec::new();
        while let Some(t) = self.waiting.pop(engine, 1) {
            self.served.push(&mut engine.tokens, t);
            served.push(t);
            if !groups {
                break;
            }
        }
        self.flushes += 1;
        self.doing = Doing::Flushing;
        self.busy.up(engine.now);
        served
    }

    /// The flush has ended: those that it has served.
    pub fn flushed(&mut self, engine: &mut Engine) -> Vec<u32> {
        self.doing = Doing::Nothing;
        self.busy.down(engine.now);
        let mut served = Vec::new();
        while let Some(t) = self.served.pop(&mut engine.tokens) {
            served.push(t);
        }
        self.commits += served.len() as u64;
        served
    }

    /// Whether the flush under way serves this token.
    fn serves(&self, engine: &Engine, t: u32) -> bool {
        self.served.iter(&engine.tokens).any(|one| one == t)
    }
}

impl Part for Disk {
    fn reset(&mut self, now: Time) {
        self.waiting.population.reset(now);
        self.busy.reset(now);
        self.commits = 0;
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let plan = &system.services[self.service as usize];
        let up = rows.up(plan.first_process + (self.replica * plan.workers));
        let sum = rows.of_service(self.service, ResourceKind::Disk, 0, || format!("{} disk", plan.name));
        sum.gauge(&self.busy, now, Some(up));
        sum.waiting(&self.waiting.population, now);
        sum.use_.visits += self.waiting.population.left;
    }

    fn laws(&mut self, Moment { now, .. }: Moment, broken: &mut Vec<String>) {
        self.waiting.population.check(now, broken, || format!("the disk of replica {}", self.replica));
    }

    fn is_at_rest(&self) -> bool {
        self.waiting.is_empty() && self.served.first().is_none()
    }

    fn keeps(state: State) -> bool {
        state == State::AtDisk
    }

    fn leave(&mut self, _: &System, engine: &mut Engine, t: u32) -> Left {
        if self.serves(engine, t) {
            self.served.remove(&mut engine.tokens, t);
        } else {
            self.waiting.remove(engine, t);
        }
        Left::Alone
    }
}
