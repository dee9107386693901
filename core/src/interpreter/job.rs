//! Jobs begin with a request, are joined and left by tokens and messages, and are awaited by clients.

use crate::kernel::random::{GOLDEN, mix};
use crate::kernel::{NONE, Time};
use crate::model::Notice;

use crate::engine::token::{Failure, FrameKind, ROOT};
use crate::interpreter::world::{Ended, World};
use crate::parts::blame::log::Label;
use crate::parts::messaging::broker::consumer_name;
use crate::parts::messaging::job::{Behind, Job, LostMessage, Membership, Stage};
use crate::parts::outcome::{Completion, LostWork};

/// Questions in a row after which it is certain that nothing will change, if nothing but questions is under
/// way.
const MOST_IN_VAIN: u32 = 10_000;

impl World<'_> {
    /// A request is sent: the start of a job. `awaits`: its client waits for completion, if clients do.
    pub(crate) fn begin_job(&mut self, t: u32, client: u32, born: Time, awaits: bool) {
        let counted = self.tally.on;
        let jobs = &mut self.jobs;
        let job = Job {
            born,
            key: self.engine.tokens[t].key,
            client,
            parts: 0,
            asked: 0,
            stage: Stage::Sent,
            awaited: awaits && jobs.notice.is_some(),
            counted,
            failed: false,
            refused: false,
        };
        jobs.counts.begun += u64::from(counted);
        let job = jobs.jobs.insert(job);
        self.join_job(t, job);
    }

    /// The token is part of this job; [`NONE`] is let pass.
    pub(crate) fn join_job(&mut self, t: u32, job: u32) {
        if job == NONE {
            return;
        }
        let of = &mut self.jobs.of;
        if of.len() <= t as usize {
            of.resize(t as usize + 1, Membership::NONE);
        }
        of[t as usize] = Membership { job, has_answered: false };
        self.add_part(job);
    }

    /// The job has one more part; [`NONE`] is let pass.
    pub(crate) fn add_part(&mut self, job: u32) {
        if job != NONE {
            self.jobs.jobs[job].parts += 1;
        }
    }

    /// The token ends. Its job, unless that is complete now.
    pub(crate) fn leave_job(&mut self, t: u32, failure: Failure) -> u32 {
        let job = self.jobs.of(t);
        if job == NONE {
            return NONE;
        }
        let Membership { has_answered, .. } = std::mem::replace(&mut self.jobs.of[t as usize], Membership::NONE);
        let token = &self.engine.tokens[t];
        let is_root = token.has(ROOT);
        if failure.is_some() && has_answered {
            let service = self.processes[token.process as usize].service;
            let at = self.accounts.as_ref().map_or(Label::NONE, |accounts| accounts.failed_at(t));
            self.count_lost(job, Behind::Handler(service), failure, at);
        } else if failure.is_some() && is_root {
            self.jobs.jobs[job].refused = true;
        }
        self.end_part(job, (is_root || has_answered) && failure.is_some())
    }

    /// A part of the job has ended. The job, unless it is complete now; [`NONE`] is let pass.
    pub(crate) fn end_part(&mut self, job: u32, failed: bool) -> u32 {
        if job == NONE {
            return NONE;
        }
        let entry = &mut self.jobs.jobs[job];
        entry.failed |= failed;
        entry.parts -= 1;
        if entry.parts > 0 {
            return job;
        }
        if entry.stage != Stage::Waiting {
            self.end_job(job);
            return NONE;
        }
        if let Some(Notice::Webhook(time)) = &self.jobs.notice {
            let time = time.draw(mix(entry.key ^ GOLDEN));
            if time == Time::ZERO {
                self.notify(job);
                return NONE;
            }
            let caller = self.notice_token(job, 0);
            self.carry(caller, time);
        }
        job
    }

    /// The client gave up waiting for its answer.
    pub(crate) fn leave_alone(&mut self, job: u32) {
        if job != NONE {
            self.jobs.jobs[job].stage = Stage::Alone;
        }
    }

    /// The client has its answer. Whether it waits for the completion of the job.
    pub(crate) fn await_completion(&mut self, job: u32, failure: Failure) -> bool {
        let entry = &mut self.jobs.jobs[job];
        if failure.is_some() || !entry.awaited {
            entry.stage = Stage::Alone;
            return false;
        }
        entry.stage = Stage::Waiting;
        self.ask_later(job);
        true
    }

    /// The next question of a client that polls.
    fn ask_later(&mut self, job: u32) {
        if let Some(Notice::Poll { every, endpoint }) = self.jobs.notice {
            let caller = self.notice_token(job, endpoint);
            self.jobs.asking += 1;
            self.carry(caller, every);
        }
    }

    /// A token that brings the client's question, or the answer to it.
    fn notice_token(&mut self, job: u32, endpoint: u32) -> u32 {
        let entry = &mut self.jobs.jobs[job];
        entry.asked += 1;
        let key = mix(entry.key.wrapping_add(GOLDEN.wrapping_mul(u64::from(entry.asked))));
        let t = self.spawn(endpoint, key);
        self.engine.priorities.set(t, 0);
        self.engine.push_frame(t, FrameKind::Poll { job });
        t
    }

    /// A question is on its way, or a webhook calls.
    pub(crate) fn bring_notice(&mut self, t: u32, job: u32) {
        if let Some(Notice::Poll { endpoint, .. }) = self.jobs.notice {
            self.jobs.asking -= 1;
            let nothing_else = self.engine.calendar.living() <= self.jobs.asking;
            self.jobs.in_vain = if nothing_else { self.jobs.in_vain + 1 } else { 0 };
            if self.jobs.in_vain <= MOST_IN_VAIN {
                return self.arrive(t, endpoint, NONE);
            }
            // It would never stop asking.
            self.engine.frames.remove(self.engine.tokens[t].frame);
            self.engine.tokens.remove(t);
            return;
        }
        self.engine.frames.remove(self.engine.tokens[t].frame);
        self.engine.tokens.remove(t);
        self.notify(job);
    }

    /// The question was answered.
    pub(crate) fn asked(&mut self, job: u32, failure: Failure) {
        if failure.is_some() || self.jobs.jobs[job].parts > 0 {
            self.ask_later(job);
        } else {
            self.notify(job);
        }
    }

    /// The client learns that the job is complete.
    fn notify(&mut self, job: u32) {
        let Job { client, failed, .. } = self.jobs.jobs[job];
        self.end_job(job);
        let failure = if failed { Failure::INCOMPLETE } else { Failure::NONE };
        if self.reports_ends {
            self.ended.push(Ended { client, failure, refused_at_once: false });
        }
    }

    /// A copy of a message was lost, or refused: it is counted like its job.
    pub(crate) fn count_loss(&mut self, job: u32, loss: LostMessage) {
        if self.tally.on || (job != NONE && self.jobs.jobs[job].counted) {
            let counts = &mut self.jobs.counts;
            *match loss {
                LostMessage::DeadLetter => &mut counts.dead_letters,
                LostMessage::Dropped => &mut counts.dropped,
                LostMessage::Refused => &mut counts.refused,
            } += 1;
        }
    }

    /// A handler of the job has not acknowledged its message in time.
    pub(crate) fn count_overdue(&mut self, job: u32) {
        if self.tally.on || (job != NONE && self.jobs.jobs[job].counted) {
            self.jobs.counts.overdue += 1;
        }
    }

    /// Work of a job behind its answer has failed, at this place as far as that is known.
    pub(crate) fn count_lost(&mut self, job: u32, at: Behind, cause: Failure, place: Label) {
        if self.tally.on || (job != NONE && self.jobs.jobs[job].counted) {
            self.jobs.counts.lose(at, cause, place);
        }
    }

    /// What became of the jobs, for a window of this length.
    pub(crate) fn completion(&mut self, window: Time) -> Option<Completion> {
        if !self.jobs.kept {
            return None;
        }
        let mut again: Vec<u32> = Vec::new();
        for (message, it) in self.broker.failing() {
            if it.job != NONE && self.jobs.jobs[it.job].counted && !self.jobs.jobs[it.job].failed {
                let at = self.delivery_failed_at(message);
                self.jobs.counts.lose(Behind::Consumer(it.consumer), it.last, at);
                again.push(it.job);
            }
        }
        again.sort_unstable();
        again.dedup();
        let mut lost: Vec<LostWork> = Vec::new();
        for (at, cause, place, copies) in std::mem::take(&mut self.jobs.counts.lost) {
            let one = self.lost_work(at, cause, place, copies);
            match lost.iter_mut().find(|known| (&known.name, &known.cause) == (&one.name, &one.cause)) {
                Some(known) => known.add(&one),
                None => lost.push(one),
            }
        }
        let counts = &mut self.jobs.counts;
        let length = window.max(counts.last - self.window_start.min(counts.last)).seconds();
        Some(Completion {
            completed: counts.completed,
            failed: counts.failed,
            times: std::mem::take(&mut counts.times),
            completed_per_min: (length > 0.0).then(|| counts.completed as f64 / length * 60.0),
            dead_letters: counts.dead_letters,
            dropped: counts.dropped,
            refused: counts.refused,
            overdue: counts.overdue,
            broken: counts.broken,
            failing: again.len() as u64,
            lost,
        })
    }

    fn lost_work(&self, at: Behind, cause: Failure, place: Label, count: u64) -> LostWork {
        let name = match at {
            Behind::Consumer(consumer) => consumer_name(self.system, consumer as usize),
            Behind::Handler(service) => self.system.services[service as usize].name.clone(),
        };
        let accounts = self.accounts.as_ref().filter(|_| place != Label::NONE);
        let place = accounts.map(|accounts| accounts.places.all[usize::from(place.place())].place(self.system));
        let places = place.map(|place| (place, count)).into_iter().collect();
        LostWork { name, cause: cause.describe(&self.system.reasons), count, at: places }
    }

    fn end_job(&mut self, job: u32) {
        let Job { born, counted, failed, refused, .. } = self.jobs.jobs[job];
        self.jobs.jobs.remove(job);
        if !self.tally.on && !counted {
            return;
        }
        let counts = &mut self.jobs.counts;
        if failed {
            counts.failed += 1;
            counts.broken += u64::from(!refused);
        } else {
            counts.last = self.engine.now;
            counts.completed += 1;
            counts.times.record((self.engine.now - born).0);
        }
    }
}
