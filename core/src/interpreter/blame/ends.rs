//! Ends of waits and of requests: the log of a token that ends becomes part of another one's, or of the figures; what
//! fails is filed under the place where it failed.

use crate::kernel::{NONE, Time};
use crate::model::{FaultEffect, Op};

use crate::engine::token::{Failure, Request, SAMPLED, State};
use crate::interpreter::world::World;
use crate::parts::PlaceKind;
use crate::parts::blame::accounts::Earlier;
use crate::parts::blame::log::{Label, Log, UNEXPLAINED};
use crate::parts::blame::place::Places;

/// A log on its way from one token to another, and when it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    log: Log,
    began: Time,
}

impl World<'_> {
    /// What the token has done up to now: its account begins anew. None where it has none.
    pub(crate) fn story(&mut self, t: u32) -> Option<Story> {
        if !self.engine.tokens[t].has(SAMPLED) {
            return None;
        }
        let now = self.engine.now;
        self.account_inside(t);
        self.account_job_so_far(t);
        let accounts = self.accounts.as_mut()?;
        accounts.close(now, t);
        let log = accounts.take(t);
        let began = Time(now.0 - accounts.length(log).min(now.0));
        Some(Story { log, began })
    }

    /// The same of a token that ends.
    pub(crate) fn last_story(&mut self, t: u32, failure: Failure) -> Option<Story> {
        let story = self.story(t)?;
        if self.is_recording() {
            self.trace_end(t, failure);
        }
        Some(story)
    }

    /// The token waits no longer for what others do, though they have not done it: what they did up to now explains its
    /// wait.
    pub(crate) fn explain(&mut self, t: u32) {
        if self.accounts.is_none() {
            return;
        }
        let Some(next) = self.awaited_by(t) else {
            let (at, _) = self.present(t);
            if let Some(accounts) = &mut self.accounts {
                accounts.note_failed_at(t, at);
            }
            return;
        };
        self.explain(next);
        let story = self.story(next);
        self.account_join(t, next, story);
    }

    /// The parent continues or retries because of a branch with this story, or has its wait explained by it.
    pub(crate) fn account_join(&mut self, parent: u32, branch: u32, story: Option<Story>) {
        let is_sampled = self.engine.tokens[parent].has(SAMPLED);
        let Some(accounts) = &mut self.accounts else { return };
        accounts.note_failed_at(parent, accounts.failed_at(branch));
        if let Some(Story { log, began }) = story {
            if is_sampled {
                accounts.absorb(self.engine.now, parent, log, began);
            } else {
                accounts.segments.free(log);
            }
        }
    }

    /// A branch with this story does not matter.
    pub(crate) fn forget_story(&mut self, story: Option<Story>) {
        if let (Some(accounts), Some(Story { log, .. })) = (&mut self.accounts, story) {
            accounts.segments.free(log);
        }
    }

    /// A user sends its request again: its earlier attempts and the pause since then are part of the wait for the
    /// answer.
    pub(crate) fn account_resend(&mut self, user: u32) {
        if let Some(accounts) = &mut self.accounts
            && let Some(earlier) = accounts.earlier.get_mut(user as usize)
        {
            let pause = Label::waiting(accounts.places.client_back_off);
            let ns = (self.engine.now - earlier.ended).0;
            if ns > 0 && earlier.weight > 0 {
                accounts.segments.append(&mut earlier.log, pause, ns, NONE);
            }
        }
    }

    /// A user sends this token as another attempt, which has an account if the first had one.
    pub(crate) fn account_attempt(&mut self, t: u32, user: u32) {
        if let Some(accounts) = &self.accounts
            && let Some(earlier) = accounts.earlier.get(user as usize)
        {
            let weight = earlier.weight;
            self.weigh(t, weight);
        }
    }

    /// A request that has an account has succeeded: with what its user spent on earlier attempts.
    #[inline(never)]
    pub(crate) fn account_success(&mut self, record: &Request) {
        let now = self.engine.now;
        let Some(accounts) = &mut self.accounts else { return };
        accounts.sample.ended();
        accounts.close(now, record.token);
        let mut log = accounts.take(record.token);
        if let Some(earlier) = accounts.earlier.get_mut(record.user as usize) {
            let mut whole = std::mem::take(&mut earlier.log);
            accounts.segments.concat(&mut whole, log);
            log = whole;
        }
        if self.tally.on {
            let weight = accounts.of(record.token).weight;
            accounts.collected.succeeded((now - record.born).0, weight, accounts.segments.iter(log, NONE));
        }
        accounts.segments.free(log);
        if accounts.scouted.is_some() {
            self.scout_end(record, Failure::NONE);
        }
    }

    /// A request has failed. Where is noted of each, what it spent its time on of those that have an account.
    #[inline(never)]
    pub(crate) fn account_failed_request(&mut self, record: &Request, failure: Failure) {
        if self.accounts.is_none() {
            return;
        }
        let now = self.engine.now;
        if failure == Failure::GAVE_UP {
            self.explain(record.token);
            self.account_inside(record.token);
        }
        let is_sampled = self.engine.tokens[record.token].has(SAMPLED);
        if failure == Failure::GAVE_UP && is_sampled {
            self.account_job_so_far(record.token);
        }
        if self.accounts.as_ref().is_some_and(|accounts| accounts.scouted.is_some()) {
            self.scout_end(record, failure);
        }
        let Some(accounts) = &mut self.accounts else { return };
        let (mut log, mut weight) = (Log::default(), 0);
        if is_sampled {
            accounts.close(now, record.token);
            log = accounts.take(record.token);
            weight = accounts.of(record.token).weight;
        }
        let mut look = None;
        if self.tally.on {
            let at = accounts.failed_at(record.token);
            let at = if at == Label::NONE { UNEXPLAINED } else { at };
            accounts.collected.failed(failure, at, weight, accounts.segments.iter(log, NONE));
            let kind = accounts.places.kind(at.place());
            if has_holders(failure, kind) {
                look = accounts.collected.fails(now, record.born);
            }
        }
        if let Some(before) = look {
            self.look_at_holders(before, record.born);
        }
        let Some(accounts) = &mut self.accounts else { return };
        if record.user == NONE {
            return accounts.segments.free(log);
        }
        let user = record.user as usize;
        if user >= accounts.earlier.len() {
            accounts.earlier.resize(user + 1, Earlier::default());
        }
        let earlier = &mut accounts.earlier[user];
        (earlier.ended, earlier.weight) = (now, weight);
        accounts.segments.concat(&mut earlier.log, log);
        accounts.segments.compact(&mut earlier.log, NONE, 0);
    }

    /// A probe has not been answered in time: where it waited explains what its replica's unavailability comes from.
    pub(crate) fn account_late_probe(&mut self, t: u32, replica: u32, timeout: Time) {
        self.explain(t);
        self.account_failed_probe(t, replica, timeout);
    }

    /// A probe has failed: where it did explains the same. Each failed probe counts alike.
    pub(crate) fn account_failed_probe(&mut self, t: u32, replica: u32, timeout: Time) {
        let service = self.replicas[replica as usize].service as usize;
        if let Some(accounts) = &mut self.accounts {
            let at = accounts.failed_at(t);
            let place = accounts.places.services[service].unavailable;
            accounts.collected.held(place, if at == Label::NONE { UNEXPLAINED } else { at }, timeout.0, 1);
        }
    }

    /// A user has gone for good.
    pub(crate) fn forget_user(&mut self, user: u32) {
        if self.accounts.as_ref().is_some_and(|accounts| accounts.scouted.is_some()) {
            self.scout_last(user);
        }
        if let Some(accounts) = &mut self.accounts
            && let Some(earlier) = accounts.earlier.get_mut(user as usize)
        {
            let log = std::mem::take(&mut earlier.log);
            accounts.segments.free(log);
        }
    }

    /// The token continues after a failure that one of its own steps has caught.
    pub(crate) fn account_caught(&mut self, t: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.note_failed_at(t, Label::NONE);
        }
    }

    /// The token tries again after an attempt that failed: what failed it is kept until the pause begins.
    pub(crate) fn account_retried(&mut self, t: u32, why: Failure) {
        if let Some(accounts) = &mut self.accounts {
            accounts.note_failed_at(t, failed_by(accounts.failed_at(t), why));
        }
    }

    /// A breaker counts a failure of the token: where it was explains why the breaker opens. Each failure counts alike.
    pub(crate) fn account_counted(&mut self, t: u32, why: Failure, breaker: u32) {
        let Some(accounts) = &mut self.accounts else { return };
        let process = &self.processes[self.engine.tokens[t].process as usize];
        let of_service = &accounts.places.breakers[process.service as usize];
        if let Some(&place) = of_service.get((breaker - process.breakers) as usize) {
            let at = failed_by(accounts.failed_at(t), why);
            accounts.collected.held(place, if at == Label::NONE { UNEXPLAINED } else { at }, 1, 1);
        }
    }

    /// A breaker with a window has judged a call of the token, or the call is over without a result. What a slow one spent
    /// its time on explains why the breaker opens.
    pub(crate) fn account_judged(&mut self, t: u32, frame: u32, breaker: u32, slow: bool) {
        let Some(accounts) = &mut self.accounts else { return };
        let process = &self.processes[self.engine.tokens[t].process as usize];
        let number = (breaker - process.breakers) as usize;
        let service = process.service as usize;
        let place_in = |places: &[Vec<u16>]| places[service].get(number).copied();
        let places = place_in(&accounts.places.breakers).zip(place_in(&accounts.places.slow_calls));
        let Some((of_breaker, of_slow)) = places else { return };
        if slow {
            accounts.collected.held(of_breaker, Label::waiting(of_slow), 1, 1);
        }
        if self.engine.tokens[t].has(SAMPLED) {
            accounts.free_unit(self.engine.now, t, frame, of_slow, slow, Time::ZERO);
        }
    }

    /// What is done instead begins: where the failure was that it answers.
    pub(crate) fn account_fallback(&mut self, t: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.note_answered(t, accounts.failed_at(t));
        }
    }

    /// The token is refused before it reaches its service, or killed with a process of it: the service is what fails it,
    /// whatever the step at hand is about.
    pub(crate) fn account_refusal(&mut self, t: u32, service: u32, why: Failure) {
        let Some(accounts) = &self.accounts else { return };
        let place = match why {
            Failure::RATE_LIMITED => accounts.places.services[service as usize].rate_limit,
            Failure::TOO_MANY_IN_FLIGHT => accounts.places.services[service as usize].ingress,
            _ => self.down(&accounts.places, t, service),
        };
        if let Some(accounts) = &mut self.accounts {
            accounts.note_failed_at(t, Label::waiting(place));
        }
    }

    /// The place of a service that is down to a token: the fault or the deploy behind it, or else its unavailability.
    fn down(&self, places: &Places, t: u32, service: u32) -> u16 {
        let kills = |effect: &FaultEffect| matches!(effect, FaultEffect::Dead);
        let fault = places.fault(self.system, &self.faults, service, kills);
        let deploy = || self.deploy_behind(places, t, service);
        fault
            .or_else(deploy)
            .or_else(|| self.out_of_memory(places, service))
            .unwrap_or(places.services[service as usize].unavailable)
    }

    /// The deploy because of which a service has refused a token or killed it, if one has.
    fn deploy_behind(&self, places: &Places, t: u32, service: u32) -> Option<u16> {
        let process = self.processes.get(self.engine.tokens[t].process as usize);
        let deploy = match process.filter(|process| process.service == service) {
            Some(process) => self.removed_by_deploy(process.replica),
            None => self.removes_replicas(service),
        };
        Some(places.deploys[service as usize][deploy? as usize])
    }

    /// The token fails: notes where, or what refused it, unless that is known.
    #[inline]
    pub(crate) fn account_failure(&mut self, t: u32, why: Failure) {
        if self.accounts.is_some() {
            self.account_failed(t, why);
        }
    }

    #[inline(never)]
    fn account_failed(&mut self, t: u32, why: Failure) {
        if self.is_recording() {
            self.trace_failure(t, why);
        }
        if self.accounts.as_ref().is_none_or(|accounts| accounts.failed_at(t) != Label::NONE) {
            return;
        }
        let refused = || self.refused_by(t, why).map(Label::waiting);
        let at = self.answered(t).or_else(refused).unwrap_or_else(|| self.present(t).0);
        if let Some(accounts) = &mut self.accounts {
            accounts.note_failed_at(t, at);
        }
    }

    /// Where the failure was that a `fail` step answers in place of what a fallback has caught: that is what the failure of the
    /// step comes from, unless it was an error of the model's own as well.
    fn answered(&self, t: u32) -> Option<Label> {
        let accounts = self.accounts.as_ref()?;
        let pc = self.engine.tokens[t].pc;
        let is_inside = || self.system.fallbacks.iter().any(|plan| (plan.otherwise..plan.end).contains(&pc));
        let at = Some(accounts.answered(t)).filter(|&at| at != Label::NONE)?;
        let is_known = !matches!(accounts.places.kind(at.place())?, PlaceKind::OwnError | PlaceKind::Unexplained);
        let is_fail = matches!(self.system.program[pc as usize], Op::Fail { .. });
        (is_known && is_fail && is_inside()).then_some(at)
    }

    /// What has refused a token; none where it only waited too long.
    fn refused_by(&self, t: u32, why: Failure) -> Option<u16> {
        let places = &self.accounts.as_ref()?.places;
        let token = &self.engine.tokens[t];
        let pc = token.pc as usize;
        let op = &self.system.program[pc];
        let process = self.processes.get(token.process as usize);
        let service = process.map_or_else(|| self.system.service_at(token.pc), |process| process.service);
        let own = &self.system.services[service as usize];
        let of_service = &places.services[service as usize];
        // The service that the step at hand is about.
        let other = match *op {
            Op::AcquireConnection { pool, .. }
            | Op::Borrow { pool, .. }
            | Op::Trip { pool, .. }
            | Op::Commit { pool, .. } => own.pools[pool as usize].server,
            Op::Connect { client, .. } | Op::Secure { client, .. } | Op::Send { client, .. } => {
                own.clients[client as usize].server
            }
            _ => service,
        };
        let slots = match (*op, process) {
            (Op::AcquireShared { limit }, _) => Some(self.shared + limit),
            (Op::AcquireLimit { limit }, Some(process)) => Some(process.limits + limit),
            (Op::AcquireConnection { pool, .. } | Op::Borrow { pool, .. }, Some(process)) => Some(process.pools + pool),
            _ => None,
        };
        if matches!(why, Failure::DELAY_CONTROLLED | Failure::TOO_LATE) {
            return match token.state {
                State::AtStation => Some(places.stations[token.wait as usize][0]),
                State::Queued => Some(self.queued_at(places, token.wait)),
                _ => None,
            };
        }
        match (why, *op) {
            (Failure::CONNECTION_REFUSED | Failure::CONNECTION_LOST, _) => Some(self.down(places, t, other)),
            (Failure::BREAKER_OPEN, Op::Breaker { breaker }) => {
                places.breakers[service as usize].get(breaker as usize).copied()
            }
            (Failure::RATE_LIMITED, Op::Pace { client }) => {
                process.map(|process| places.paces[(process.clients + client) as usize])
            }
            (Failure::SHED, _) => slots.map(|slots| places.slots[slots as usize]),
            (Failure::THREADS_FULL, _) => process.map(|process| places.slots[process.threads as usize]),
            (Failure::TURNED_AWAY, Op::Visit { station, .. }) => Some(places.stations[station as usize][0]),
            (Failure::NO_DESCRIPTOR, _) => Some(of_service.descriptors),
            (Failure::NO_PORT, _) => Some(of_service.ports),
            (Failure::TOO_MANY_CONNECTIONS, _) => Some(places.services[other as usize].sessions),
            (Failure::QUEUE_FULL, _) => match self.system.program.get(pc.wrapping_sub(1)) {
                Some(Op::Publish { queue, .. }) => self
                    .broker
                    .full_consumer(&self.system.queues[*queue as usize])
                    .and_then(|consumer| places.consumers.get(consumer as usize).copied()),
                _ => None,
            },
            (Failure::DISCONNECTED, Op::Send { client, .. }) => {
                process.and_then(|process| places.clients.get((process.clients + client) as usize).copied())
            }
            (_, Op::Fail { .. }) => {
                places.endpoint_of.get(pc).map(|&endpoint| places.endpoints[usize::from(endpoint)][0])
            }
            _ => None,
        }
    }
}

/// What has failed something at this place: as served where it refused it, and as waiting where it only kept it too long, or
/// answered with an error.
fn failed_by(at: Label, why: Failure) -> Label {
    match at {
        Label::NONE => at,
        _ if why.is_at_once() => Label::served(at.place()),
        _ => Label::waiting(at.place()),
    }
}

/// Whether those who hold what others wait for may be behind a failure at a place of this kind.
fn has_holders(why: Failure, kind: Option<PlaceKind>) -> bool {
    let is_alone = matches!(kind, None | Some(PlaceKind::OwnError | PlaceKind::Network | PlaceKind::Unexplained));
    !is_alone && !matches!(why, Failure::RATE_LIMITED | Failure::DISCONNECTED)
}
