//! Jobs: all that descends from one request of the load. A request is answered once; its job is complete when the last
//! handler and the last message that descend from it have ended. The two differ where a handler responds and works on,
//! or publishes.
//!
//! Nothing is kept of jobs where nothing outlasts its answer: there they are complete when they are answered.

use crate::kernel::slab::Slab;
use crate::kernel::{NONE, Time};
use crate::model::Notice;
use crate::statistics::histogram::Histogram;

use crate::engine::token::Failure;
use crate::parts::blame::log::Label;
use crate::parts::part::{Moment, Part};
use crate::parts::usage::Rows;

/// All that descends from one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    pub born: Time,
    /// Names the draws of its notices.
    pub key: u64,
    pub client: u32,
    /// Handlers and messages that have not ended.
    pub parts: u32,
    /// Questions so far.
    pub asked: u32,
    pub stage: Stage,
    /// Its client wants to know when it is complete.
    pub awaited: bool,
    /// Its request was counted.
    pub counted: bool,
    pub failed: bool,
    /// Its request failed, so its client expects no further work.
    pub refused: bool,
}

/// A token's part in a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membership {
    /// The job; [`NONE`] if the token belongs to none.
    pub job: u32,
    /// The token has answered and works on.
    pub has_answered: bool,
}

impl Membership {
    pub const NONE: Self = Self { job: NONE, has_answered: false };
}

/// How far the client has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It waits for its answer.
    Sent,
    /// It has its answer and waits for completion.
    Waiting,
    /// It has gone.
    Alone,
}

/// All jobs under way, and what became of the others.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    /// Something may outlast its answer, so jobs are kept.
    pub kept: bool,
    pub jobs: Slab<Job>,
    /// By token.
    pub of: Vec<Membership>,
    pub notice: Option<Notice>,
    /// Questions that are put off.
    pub asking: usize,
    /// Questions in a row that were asked while nothing but questions was under way.
    pub in_vain: u32,
    pub counts: Completions,
}

/// What becomes of a copy of a message that is not handled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LostMessage {
    /// Its last retry failed.
    DeadLetter,
    /// A full queue dropped it.
    Dropped,
    /// A full queue refused it.
    Refused,
}

/// Jobs by their end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Completions {
    /// Under way when counting began.
    carried: u64,
    pub begun: u64,
    pub completed: u64,
    pub failed: u64,
    /// From request to completion of those completed.
    pub times: Histogram,
    /// The last completion.
    pub last: Time,
    /// Those of the failed that were answered with success.
    pub broken: u64,
    pub dead_letters: u64,
    pub dropped: u64,
    pub refused: u64,
    /// How often a message was not acknowledged in time.
    pub overdue: u64,
    /// What failed behind the answers, why, and at which place, as far as that is known.
    pub lost: Vec<(Behind, Failure, Label, u64)>,
}

/// Where work behind an answer fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// At a consumer of messages.
    Consumer(u32),
    /// In a handler that had responded: the service.
    Handler(u32),
}

impl Completions {
    pub fn lose(&mut self, at: Behind, cause: Failure, place: Label) {
        match self.lost.iter_mut().find(|(known, why, there, _)| (*known, *why, *there) == (at, cause, place)) {
            Some((_, _, _, count)) => *count += 1,
            None => self.lost.push((at, cause, place, 1)),
        }
    }
}

impl Jobs {
    pub fn new(kept: bool, notice: Option<&Notice>) -> Self {
        let notice = notice.filter(|_| kept).cloned();
        Self {
            kept,
            jobs: Slab::default(),
            of: Vec::new(),
            notice,
            asking: 0,
            in_vain: 0,
            counts: Completions::default(),
        }
    }

    /// The job that a token belongs to; [`NONE`] if to none.
    pub fn of(&self, t: u32) -> u32 {
        self.of.get(t as usize).map_or(NONE, |part| part.job)
    }

    /// The token has answered and works on.
    pub fn answered(&mut self, t: u32) {
        if let Some(part) = self.of.get_mut(t as usize) {
            part.has_answered = true;
        }
    }
}

impl Part for Jobs {
    fn reset(&mut self, _: Time) {
        self.counts = Completions { carried: self.jobs.len() as u64, ..Completions::default() };
    }

    fn usage(&self, _: Moment, _: &mut Rows) {}

    fn laws(&mut self, _: Moment, broken: &mut Vec<String>) {
        let counts = &self.counts;
        let came = counts.carried + counts.begun;
        let seen = counts.completed + counts.failed + self.jobs.len() as u64;
        if self.kept && came != seen {
            broken.push(format!("flow conservation: {came} jobs came, {seen} ended or are inside"));
        }
    }

    fn is_at_rest(&self) -> bool {
        self.jobs.is_empty()
    }
}
