//! The recorder: for each token of a traced request, what it spent its time on, where it stood in the program meanwhile,
//! and where it failed.

use std::collections::HashMap;

use crate::kernel::{NONE, Time};

use super::log::{Label, UNEXPLAINED};
use crate::engine::token::Failure;

/// Where a token stands in the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// The operation that is under way, or the one that comes next.
    pub pc: u32,
    /// The operation is under way.
    pub is_inside: bool,
    /// Rounds of the loops and failures of the `retry` steps that the token is in, outermost first.
    pub rounds: Vec<u32>,
}

/// What a stretch of time was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spell {
    Spent(Label),
    /// Another token, which has a record of its own, was waited for.
    Awaited,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub from: Time,
    pub to: Time,
    pub spell: Spell,
}

/// What a token does at a time, which may take none: it fails, or causes another token.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub at: Time,
    /// Why it fails, whether or not that is caught; [`Failure::NONE`] where it causes another token.
    pub why: Failure,
    pub position: Position,
}

/// Why there is a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The load sent it.
    Load,
    /// The token of this record sent it.
    Call(u32),
    /// The token of this record began it, as a branch of a plan of [`crate::model::System::parallels`].
    Branch { by: u32, plan: u32 },
    /// The token of this record published the message that it handles.
    Message { by: u32, consumer: u32 },
}

/// What is known of a token.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub cause: Cause,
    pub key: u64,
    /// Its first operation.
    pub entry: u32,
    pub begun: Time,
    /// Up to when its stretches reach, without a gap.
    pub until: Time,
    pub is_over: bool,
    /// How it ended.
    pub failure: Failure,
    /// The process that it reached last; [`NONE`] if it has reached none.
    pub process: u32,
    pub stretches: Vec<Stretch>,
    /// Where it stood from this time on.
    pub positions: Vec<(Time, Position)>,
    pub marks: Vec<Mark>,
}

/// The records of the traced requests of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    pub records: Vec<Record>,
    /// By token, its record.
    of: Vec<u32>,
    /// Records of tokens under way, and the token of each.
    open: Vec<(u32, u32)>,
    /// The last event before the present one.
    seen: Time,
    /// Keys of all messages that traced requests have published, each with the record of the token that published it. They
    /// stay, because a message may be delivered again.
    published: HashMap<u64, u32>,
}

impl Recorder {
    /// A token begins; one that has just begun may begin again, as another attempt of its user.
    pub fn begin(&mut self, t: u32, now: Time, key: u64, entry: u32) {
        if let Some(record) = self.record(t)
            && record.begun == now
            && record.key == key
        {
            return;
        }
        let number = self.records.len() as u32;
        self.records.push(Record {
            cause: Cause::Load,
            key,
            entry,
            begun: now,
            until: now,
            is_over: false,
            failure: Failure::NONE,
            process: NONE,
            stretches: Vec::new(),
            positions: Vec::new(),
            marks: Vec::new(),
        });
        if self.of.len() <= t as usize {
            self.of.resize(t as usize + 1, NONE);
        }
        self.of[t as usize] = number;
        self.open.push((number, t));
    }

    /// The token was sent or begun by another one, which stands there; `plan` of a branch.
    pub fn caused_by(&mut self, t: u32, other: u32, at: Time, position: Position, plan: Option<u32>) {
        self.mark(other, at, Failure::NONE, position);
        let by = self.number(other);
        if let (Some(by), Some(record)) = (by, self.record(t)) {
            record.cause = match plan {
                Some(plan) => Cause::Branch { by, plan },
                None => Cause::Call(by),
            };
        }
    }

    /// The token publishes a message with this key.
    pub fn publish(&mut self, t: u32, key: u64) {
        if let Some(by) = self.number(t) {
            self.published.entry(key).or_insert(by);
        }
    }

    /// Who published the message with this key; none where no traced request did.
    pub fn publisher(&self, key: u64) -> Option<u32> {
        self.published.get(&key).copied()
    }

    /// The token handles a message.
    pub fn handles(&mut self, t: u32, by: u32, consumer: u32) {
        if let Some(record) = self.record(t) {
            record.cause = Cause::Message { by, consumer };
        }
    }

    /// A stretch is added to the account of a token.
    pub fn spent(&mut self, t: u32, label: Label, ns: u64) {
        if let Some(record) = self.record(t) {
            let to = record.until + Time(ns);
            // What is not explained yet will be by another token.
            let spell = if label == UNEXPLAINED { Spell::Awaited } else { Spell::Spent(label) };
            record.stretches.push(Stretch { from: record.until, to, spell });
            record.until = to;
        }
    }

    /// The tokens under way.
    pub fn under_way(&self) -> Vec<u32> {
        let is_open = |&&(number, _): &&(u32, u32)| !self.records[number as usize].is_over;
        self.open.iter().filter(is_open).map(|&(_, t)| t).collect()
    }

    /// Up to now the token has waited for another one, which told what it did itself.
    pub fn awaited(&mut self, t: u32, now: Time) {
        if let Some(record) = self.record(t)
            && record.until < now
        {
            record.stretches.push(Stretch { from: record.until, to: now, spell: Spell::Awaited });
            record.until = now;
        }
    }

    /// The token fails, or causes another one.
    pub fn mark(&mut self, t: u32, at: Time, why: Failure, position: Position) {
        if let Some(record) = self.record(t) {
            record.marks.push(Mark { at, why, position });
        }
    }

    /// The token ends.
    pub fn ended(&mut self, t: u32, now: Time, failure: Failure) {
        let Some(number) = self.number(t) else { return };
        self.awaited(t, now);
        let record = &mut self.records[number as usize];
        (record.is_over, record.failure) = (true, failure);
    }

    /// Called before the event at `now`: since the previous event each token has been where `position` says, at that
    /// process.
    pub fn look(&mut self, now: Time, position: impl Fn(u32) -> (Position, u32)) {
        let since = std::mem::replace(&mut self.seen, now);
        let Self { open, records, .. } = self;
        open.retain(|&(number, _)| !records[number as usize].is_over);
        if since == now {
            return;
        }
        for &(number, t) in &*open {
            let record = &mut records[number as usize];
            let (position, process) = position(t);
            if process != NONE {
                record.process = process;
            }
            if record.positions.last().is_none_or(|(_, last)| *last != position) {
                record.positions.push((since, position));
            }
        }
    }

    fn number(&self, t: u32) -> Option<u32> {
        let number = self.of.get(t as usize).copied().filter(|&number| number != NONE)?;
        (!self.records[number as usize].is_over).then_some(number)
    }

    fn record(&mut self, t: u32) -> Option<&mut Record> {
        let number = self.number(t)?;
        self.records.get_mut(number as usize)
    }
}
