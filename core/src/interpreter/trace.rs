//! Traces: the world tells a recorder where the tokens of the traced requests stand, and which tokens they cause.

use crate::kernel::NONE;
use crate::kernel::random::mix;
use crate::model::Op;

use crate::engine::progress::Progress;
use crate::engine::token::{Failure, Frame, FrameKind, Request, SAMPLED, State, Token};
use crate::interpreter::world::World;
use crate::parts::blame::log::Listener;
use crate::parts::blame::recorder::{Position, Recorder};
use crate::parts::blame::sample::Sample;
use crate::parts::blame::scout::RequestEnd;
use crate::parts::held::slots::SlotsKind;
use crate::parts::ledger::key_of_try;
use crate::parts::trace::assemble::{Names, traces};
use crate::parts::trace::span::Trace;

impl World<'_> {
    /// Notes the end of each request in the window. Whether that can be done: a system with very many services and
    /// endpoints keeps no accounts.
    pub fn scout(&mut self) -> bool {
        let Some(accounts) = &mut self.accounts else { return false };
        accounts.scouted = Some(Vec::new());
        true
    }

    /// The ends that were noted, in order.
    pub fn scouted(&mut self) -> Vec<RequestEnd> {
        let accounts = self.accounts.as_mut();
        accounts.and_then(|accounts| accounts.scouted.take()).unwrap_or_default()
    }

    /// Records these requests, and no others have accounts; each by the ends of its tries in an identical run. Whether
    /// that can be done.
    pub fn record(&mut self, requests: &[Vec<RequestEnd>]) -> bool {
        let Some(accounts) = &mut self.accounts else { return false };
        let tries = requests.iter().flatten();
        accounts.sample = Sample::chosen(tries.map(|end| key_of_try(end.key, end.earlier)).collect());
        accounts.segments.listener = Some(Listener::Recorder(Box::default()));
        accounts.most_segments = 0;
        true
    }

    /// The traces of these requests.
    pub fn traces(&mut self, requests: &[Vec<RequestEnd>]) -> Vec<Trace> {
        let under_way = self.recorder().map(|recorder| recorder.under_way()).unwrap_or_default();
        let Some(accounts) = &mut self.accounts else { return Vec::new() };
        for t in under_way {
            if accounts.has(t) {
                accounts.close(self.engine.now, t);
            }
        }
        let Some(Listener::Recorder(recorder)) = accounts.segments.listener.take() else { return Vec::new() };
        let names = Names { system: self.system, places: &accounts.places };
        traces(&recorder, &names, requests, self.engine.now)
    }

    /// Whether there is a look before each event, because requests are traced or what happens is metered.
    #[inline]
    pub(crate) fn is_recording(&self) -> bool {
        self.accounts.as_ref().is_some_and(|accounts| accounts.segments.listener.is_some())
    }

    /// Before an event is handled: records where the tokens of traced requests have been since the previous event, or
    /// makes the scrapes that are due.
    #[cold]
    pub(crate) fn look_at_traced(&mut self) {
        if self.is_metering() {
            return self.scrape_until(self.engine.now);
        }
        let Some(mut recorder) = self.recorder().map(std::mem::take) else { return };
        recorder.look(self.engine.now, |t| (self.position(t), self.engine.tokens[t].process));
        if let Some(place) = self.recorder() {
            *place = recorder;
        }
    }

    fn recorder(&mut self) -> Option<&mut Recorder> {
        match self.accounts.as_mut()?.segments.listener.as_mut()? {
            Listener::Recorder(recorder) => Some(recorder),
            Listener::Meter(_) => None,
        }
    }

    /// The token has an account from now on.
    #[cold]
    pub(crate) fn trace_begin(&mut self, t: u32) {
        if self.is_metering() {
            return self.meter_begin(t);
        }
        let Token { key, pc, .. } = self.engine.tokens[t];
        let now = self.engine.now;
        if let Some(recorder) = self.recorder() {
            recorder.begin(t, now, key, pc);
        }
    }

    /// The token, which has an account from now on, is another one's call or branch.
    #[cold]
    pub(crate) fn trace_cause(&mut self, t: u32, other: u32) {
        if self.is_metering() {
            return self.meter_call(other);
        }
        let plan = (self.engine.tokens[other].state == State::Joining)
            .then(|| self.guards.joins[self.engine.tokens[other].wait].plan);
        let (now, position) = (self.engine.now, self.position(other));
        if let Some(recorder) = self.recorder() {
            recorder.caused_by(t, other, now, position, plan);
        }
    }

    /// The token publishes a message, which has this key but for its consumer.
    #[cold]
    pub(crate) fn trace_publish(&mut self, t: u32, queue: u32, key: u64) {
        if !self.engine.tokens[t].has(SAMPLED) {
            return;
        }
        let queue = &self.system.queues[queue as usize];
        let consumers = &self.system.consumers[queue.first as usize..(queue.first + queue.count) as usize];
        if let Some(recorder) = self.recorder() {
            consumers.iter().for_each(|consumer| recorder.publish(t, mix(key ^ consumer.salt)));
        }
    }

    /// The token, which has just begun, handles a message with this key.
    #[cold]
    pub(crate) fn trace_message(&mut self, t: u32, key: u64, consumer: u32) {
        let Some(by) = self.recorder().and_then(|recorder| recorder.publisher(key)) else { return };
        self.weigh(t, 1);
        if let Some(recorder) = self.recorder() {
            recorder.handles(t, by, consumer);
        }
    }

    /// The token fails where it stands.
    #[cold]
    pub(crate) fn trace_failure(&mut self, t: u32, why: Failure) {
        if self.is_metering() {
            return self.meter_failure(t, why);
        }
        if self.engine.tokens[t].has(SAMPLED) {
            let (now, position) = (self.engine.now, self.position(t));
            if let Some(recorder) = self.recorder() {
                recorder.mark(t, now, why, position);
            }
        }
    }

    /// The token, which has an account, is about to go.
    #[cold]
    pub(crate) fn trace_end(&mut self, t: u32, failure: Failure) {
        let now = self.engine.now;
        if let Some(accounts) = self.accounts.as_mut().filter(|accounts| accounts.has(t)) {
            accounts.close(now, t);
        }
        if let Some(recorder) = self.recorder() {
            recorder.ended(t, now, failure);
        }
    }

    /// A request, or a try of one, has ended.
    #[cold]
    pub(crate) fn scout_end(&mut self, record: &Request, failure: Failure) {
        if self.is_metering() {
            return self.meter_client(record, failure);
        }
        if !self.tally.on {
            return;
        }
        let ended = self.engine.now;
        let user = self.ledger.as_ref().filter(|_| record.user != NONE).map(|ledger| ledger.users[record.user]);
        let (key, earlier) = match user {
            Some(user) => (self.key_of(user.number), user.attempt),
            None => (self.first_key(record.token), 0),
        };
        let end = RequestEnd { key, earlier, born: record.born, ended, failure, is_last: user.is_none() };
        if let Some(scouted) = self.accounts.as_mut().and_then(|accounts| accounts.scouted.as_mut()) {
            scouted.push(end);
        }
    }

    /// Marks the last recorded try of this user as its final one.
    #[cold]
    pub(crate) fn scout_last(&mut self, user: u32) {
        let key = self.ledger.as_ref().map(|ledger| self.key_of(ledger.users[user].number));
        let scouted = self.accounts.as_mut().and_then(|accounts| accounts.scouted.as_mut());
        if let Some(last) = scouted.and_then(|scouted| scouted.last_mut()).filter(|last| Some(last.key) == key) {
            last.is_last = true;
        }
    }

    /// The key that a token began with: those of later rounds and attempts are made from it.
    pub(crate) fn first_key(&self, t: u32) -> u64 {
        let mut key = self.engine.tokens[t].key;
        let mut frame = self.engine.tokens[t].frame;
        while frame != NONE {
            let Frame { below, kind, .. } = self.engine.frames[frame];
            key = match kind {
                FrameKind::Repeat { done, round, .. } => round.first(key, done),
                FrameKind::Retry { at, failures } => match self.system.program[at as usize] {
                    Op::Retry { plan } => self.system.retries[plan as usize].round.first(key, failures),
                    _ => key,
                },
                _ => key,
            };
            frame = below;
        }
        key
    }

    /// Where a token stands.
    fn position(&self, t: u32) -> Position {
        let token = &self.engine.tokens[t];
        let program = &self.system.program;
        // These operations continue after the program counter has passed them.
        let is_passed = |pc: &u32| {
            matches!(
                program[*pc as usize],
                Op::Cpu { .. }
                    | Op::Native { .. }
                    | Op::Sleep { .. }
                    | Op::Backoff { .. }
                    | Op::AcquireConnection { .. }
            )
        };
        let passed = token.pc.checked_sub(1).filter(is_passed).filter(|_| token.process != NONE);
        let waits_for_thread = || matches!(self.slots[token.wait as usize].kind, SlotsKind::RequestThreads);
        let (pc, is_inside) = match token.state {
            State::Joining => {
                let plan = self.guards.joins[token.wait].plan;
                let is_it = |op: &Op| matches!(op, Op::Parallel { plan: known } if *known == plan);
                let at = program.iter().position(is_it);
                (at.map_or(token.pc, |at| at as u32), true)
            }
            State::Queued if waits_for_thread() => (token.pc, false),
            _ if token.phase != Progress::BEGIN => (token.pc, true),
            State::Working | State::Elapsing | State::Outbound => match passed {
                Some(pc) => (pc, true),
                None => (token.pc, false),
            },
            State::Queued | State::ConnectionQueued | State::Coalescing | State::AtStation => (token.pc, true),
            State::Served | State::Awaiting | State::Hung | State::AtServer | State::AtDisk => (token.pc, true),
            State::Ready | State::Backlog | State::Knocking | State::Carrying => (token.pc, false),
        };
        let mut rounds = Vec::new();
        let mut frame = token.frame;
        while frame != NONE {
            let Frame { below, kind, .. } = self.engine.frames[frame];
            match kind {
                FrameKind::Repeat { done, .. } => rounds.push(done),
                FrameKind::Retry { failures, .. } => rounds.push(failures),
                _ => {}
            }
            frame = below;
        }
        rounds.reverse();
        Position { pc, is_inside, rounds }
    }
}
