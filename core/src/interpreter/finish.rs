//! Answers, and the end of a token, by one or by failure: everything that it holds is given back, and who waits for it
//! continues.

use crate::kernel::{NONE, Time};

use crate::engine::next::Next;
use crate::engine::token::{ABANDONED, Failure, INBOUND, Request, SAMPLED, State, Token, WASTE};
use crate::interpreter::world::{Ended, World};
use crate::parts::network::ROUND_TRIP;

impl World<'_> {
    /// The token answers.
    #[inline]
    pub(crate) fn finish(&mut self, t: u32) {
        while self.engine.tokens[t].frame != NONE {
            self.pop_frame(t);
        }
        if self.engine.tokens[t].has(INBOUND) {
            self.hang_up_inbound(t);
        }
        if !self.is_plain {
            self.leave_ingress(t);
            if self.leaving > 0 {
                self.leave_leaving(t);
            }
        }
        let &Token { process, parent, request, failure, flags, .. } = &self.engine.tokens[t];
        if process != NONE {
            self.processes[process as usize].inside -= 1;
        }
        if parent != NONE {
            self.answer_parent(parent, process, failure);
        }
        let job = if self.jobs.kept { self.leave_job(t, failure) } else { NONE };
        if request != NONE {
            self.answer(request, failure, job, flags & SAMPLED != 0);
        } else if flags & WASTE != 0 {
            self.finish_rare(t, failure);
        }
        if flags & SAMPLED != 0 {
            self.end_account(t);
        }
        self.engine.tokens.remove(t);
        self.leave_loop(process);
    }

    /// The token answers and works on: its caller continues.
    #[inline(never)]
    pub(crate) fn respond(&mut self, t: u32) -> Next {
        if self.is_recording() && self.is_metering() {
            self.meter_answer(t, Failure::NONE);
        }
        self.close_inbound(t);
        self.leave_ingress(t);
        let token = &mut self.engine.tokens[t];
        token.pc += 1;
        let (process, parent, request) = (token.process, token.parent, token.request);
        (token.parent, token.request) = (NONE, NONE);
        self.jobs.answered(t);
        if parent != NONE {
            self.answer_parent(parent, process, Failure::NONE);
        }
        if request != NONE {
            let job = self.jobs.of(t);
            self.answer_early(request, job);
        } else if self.engine.tokens[t].is_probe() {
            self.probe_answered(t, Failure::NONE);
        }
        Next::On
    }

    /// The token's work was wasted, or for a probe.
    fn finish_rare(&mut self, t: u32, failure: Failure) {
        if self.engine.tokens[t].is_probe() {
            return self.probe_answered(t, failure);
        }
        // A handler that was cancelled, or killed with its process, has completed nothing.
        let is_cut_short = matches!(failure, Failure::CANCELLED | Failure::DEADLINE_EXCEEDED) || self.is_killed(t);
        self.tally.wasted += u64::from(!is_cut_short);
        self.tally.abandoned_inside -= 1;
    }

    /// The token that waits for an answer of this process has it.
    #[inline]
    pub(crate) fn answer_parent(&mut self, parent: u32, process: u32, failure: Failure) {
        if process != NONE {
            self.learn_peer(parent, process);
        }
        self.account_answer(parent, failure);
        self.engine.drop_timer(parent);
        let waiting = &mut self.engine.tokens[parent];
        // One that blocks its event loop may have been cancelled meanwhile.
        if !waiting.failure.is_some() {
            waiting.failure = failure;
        }
        waiting.pc += 1;
        self.wake(parent);
    }

    /// The client has its answer before the token's work is done.
    #[inline(never)]
    fn answer_early(&mut self, request: u32, job: u32) {
        let is_sampled = self.engine.tokens[self.requests[request].token].has(SAMPLED);
        self.answer(request, Failure::NONE, job, is_sampled);
    }

    /// The client has its answer; `is_sampled`: the token that answers has an account. If a `job` outlasts the answer, the
    /// client may await its completion.
    #[inline(always)]
    fn answer(&mut self, request: u32, failure: Failure, job: u32, is_sampled: bool) {
        let record = self.requests[request];
        self.engine.deadlines.cancel(record.timer);
        self.requests.remove(request);
        self.tally.ended(self.engine.now, record.born, failure);
        if failure.is_some() {
            self.account_failed_request(&record, failure);
        } else if is_sampled {
            self.account_success(&record);
        }
        let refused_at_once = failure.is_some() && self.is_refused_at_once(&record, failure);
        if record.user != NONE && self.sends_again(record.user, failure, refused_at_once) {
            // Nothing waits for what this attempt leaves behind.
            return self.leave_alone(job);
        }
        if (job == NONE || !self.await_completion(job, failure)) && self.reports_ends {
            self.ended.push(Ended { client: record.client, failure, refused_at_once });
        }
    }

    /// Whether a request is refused within a round trip of being sent.
    #[inline(never)]
    fn is_refused_at_once(&self, request: &Request, failure: Failure) -> bool {
        failure.is_refusal() && self.engine.now - self.sent_at(request) <= ROUND_TRIP
    }

    /// When a request was sent; of one that is sent again, the present attempt.
    pub(crate) fn sent_at(&self, request: &Request) -> Time {
        match &self.ledger {
            Some(ledger) if request.user != NONE => ledger.users[request.user].last,
            _ => request.born,
        }
    }

    /// The client gives up. Its handler works on, or is cancelled where the load says so.
    pub(crate) fn give_up(&mut self, request: u32) {
        let record = self.requests[request];
        self.requests.remove(request);
        self.tally.ended(self.engine.now, record.born, Failure::GAVE_UP);
        self.account_failed_request(&record, Failure::GAVE_UP);
        let is_over = record.user == NONE || !self.sends_again(record.user, Failure::GAVE_UP, false);
        if is_over && self.reports_ends {
            self.ended.push(Ended { client: record.client, failure: Failure::GAVE_UP, refused_at_once: false });
        }
        self.leave_alone(self.jobs.of(record.token));
        if self.engine.tokens[record.token].state == State::Knocking {
            return self.stop_knocking(record.token);
        }
        let token = &mut self.engine.tokens[record.token];
        token.request = NONE;
        token.flags |= ABANDONED;
        if self.tally.on {
            token.flags |= WASTE;
            self.tally.abandoned_inside += 1;
        }
        self.close_inbound(record.token);
        self.leave_ingress(record.token);
        if self.cancels {
            self.interrupt(record.token, Failure::CANCELLED);
        }
    }
}
