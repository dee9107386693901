//! Blame: where each request's time goes, by place and by whether it waits there or is served.
//!
//! Every token has an *account*: since when it does what, and a log of what it did before. Each change of what a token
//! does closes a stretch of its log, so the stretches of a request add up to its response time, to the nanosecond.
//! While a token waits for another's answer its time is what that one's log says: on the answer, or when it gives up
//! waiting, the log of the callee becomes part of the caller's. Of branches side by side the log of the one that ended
//! the wait counts. Attempts that fail, back-offs and hedges stay in the log like everything else.
//!
//! On a CPU that jobs share, the work that was asked for is service; what it took beyond that was waiting for the CPU,
//! or lost to contention, to a quota or to a fault.
//!
//! Whoever holds a unit (a connection, a slot, a thread) remembers where its log was when it got it. When it gives the
//! unit back, and somebody waited for one meanwhile, what the holder did is added to what holders of that place do:
//! from that the reports follow a chain of waits to its root.

mod collect;
mod log;
mod place;

use crate::kernel::{NONE, Time};
use crate::model::{Effect, Op, Runtime};

pub use collect::{Blame, FailedAt, Group, Holding, Spent, Times};
pub use place::{Place, PlaceKind};

use collect::Collected;
use log::{Label, Log, Segments};
use place::Places;

use super::token::{Failure, HOUSEKEEPING, Request, State};
use super::world::World;

/// Services and endpoints beyond which no accounts are kept: their places could not be told apart.
const MOST_NAMED: usize = 1500;

/// Segments behind the last hold beyond which a log is compacted, unless there are more labels.
const MOST_SEGMENTS: u32 = 128;

/// What a token does, since when, and what it did before.
#[derive(Clone, Copy, Debug)]
struct Account {
    /// Up to when the log reaches.
    mark: Time,
    /// So many nanoseconds from there are spent on `label`, what comes after that on `rest`.
    first: u64,
    log: Log,
    /// The last segment of the log when the innermost unit that the token holds was taken, and the segments up to it.
    floor: u32,
    floor_count: u32,
    label: Label,
    rest: Label,
    /// Where it failed.
    failed_at: Label,
    /// Counts how often the log was taken away: a floor of another epoch is none.
    epoch: u16,
}

impl Account {
    fn new(now: Time) -> Self {
        Self {
            mark: now,
            first: u64::MAX,
            log: Log::default(),
            floor: NONE,
            floor_count: 0,
            label: UNEXPLAINED,
            rest: UNEXPLAINED,
            failed_at: Label::NONE,
            epoch: 0,
        }
    }
}

const UNEXPLAINED: Label = Label::waiting(0);

/// When a holder got its unit, and the floor of its account before that.
#[derive(Clone, Copy, Debug)]
struct Hold {
    at: Time,
    epoch: u16,
    floor: u32,
    floor_count: u32,
    /// The last segment of the log then.
    tail: u32,
}

/// What a user of the ledger spent on earlier attempts.
#[derive(Clone, Copy, Debug, Default)]
struct Earlier {
    log: Log,
    ended: Time,
}

/// The accounts of a run.
#[derive(Clone, Debug)]
pub(super) struct Accounts {
    places: Places,
    accounts: Vec<Account>,
    segments: Segments,
    most_segments: u32,
    /// By frame.
    holds: Vec<Hold>,
    /// By user of the ledger.
    earlier: Vec<Earlier>,
    /// What the CPU had lost when the token's job began, by token.
    lost: Vec<[f64; 3]>,
    collected: Collected,
}

impl Accounts {
    fn new(places: Places) -> Self {
        let labels = 2 * places.all.len();
        Self {
            accounts: Vec::new(),
            segments: Segments::new(labels),
            most_segments: MOST_SEGMENTS.max(2 * labels as u32),
            holds: Vec::new(),
            earlier: Vec::new(),
            lost: Vec::new(),
            collected: Collected::new(places.all.len()),
            places,
        }
    }

    /// A token begins.
    #[inline]
    fn begin(&mut self, now: Time, t: u32) {
        let index = t as usize;
        if index >= self.accounts.len() {
            self.accounts.resize(index + 1, Account::new(now));
        }
        self.segments.free(self.accounts[index].log);
        self.accounts[index] = Account::new(now);
    }

    #[inline]
    fn append(&mut self, t: u32, label: Label, ns: u64) {
        let account = &mut self.accounts[t as usize];
        self.segments.append(&mut account.log, label, ns, account.floor);
        if account.log.count - account.floor_count > self.most_segments {
            self.segments.compact(&mut account.log, account.floor, account.floor_count);
        }
    }

    /// Brings a token's log up to now.
    #[inline]
    fn close(&mut self, now: Time, t: u32) {
        let account = &mut self.accounts[t as usize];
        let ns = (now - account.mark).0;
        if ns == 0 {
            return;
        }
        account.mark = now;
        let Account { first, label, rest, .. } = *account;
        account.first = first.saturating_sub(ns);
        if ns <= first {
            return self.append(t, label, ns);
        }
        if first > 0 {
            self.append(t, label, first);
        }
        self.append(t, rest, ns - first);
    }

    /// The token does something else from now on.
    #[inline]
    fn turn(&mut self, now: Time, t: u32, label: Label) {
        self.turn_for(now, t, u64::MAX, label, label);
    }

    /// For so many nanoseconds the token does this, then something else.
    #[inline]
    fn turn_for(&mut self, now: Time, t: u32, first: u64, label: Label, rest: Label) {
        self.close(now, t);
        let account = &mut self.accounts[t as usize];
        (account.first, account.label, account.rest) = (first, label, rest);
    }

    /// The present stretch, which began now, is called otherwise.
    fn rename(&mut self, t: u32, label: Label) {
        let account = &mut self.accounts[t as usize];
        (account.first, account.label, account.rest) = (u64::MAX, label, label);
    }

    /// Takes a token's log away.
    fn take(&mut self, t: u32) -> Log {
        let account = &mut self.accounts[t as usize];
        account.epoch = account.epoch.wrapping_add(1);
        (account.floor, account.floor_count) = (NONE, 0);
        std::mem::take(&mut account.log)
    }

    /// What another did, since the time that the token's log reaches to, explains the token's wait.
    fn absorb(&mut self, now: Time, t: u32, mut log: Log, began: Time) {
        let mark = self.accounts[t as usize].mark;
        if began > mark {
            let hedge = Label::waiting(self.places.hedge);
            self.append(t, hedge, (began - mark).0);
        } else if began < mark {
            self.segments.skip(&mut log, (mark - began).0);
        }
        let account = &mut self.accounts[t as usize];
        account.mark = now;
        self.segments.concat(&mut account.log, log);
        if account.log.count - account.floor_count > self.most_segments {
            self.segments.compact(&mut account.log, account.floor, account.floor_count);
        }
    }

    fn length(&self, log: Log) -> u64 {
        self.segments.iter(log, NONE).map(|(_, ns)| ns).sum()
    }

    /// What the token does, or did last where it does nothing yet.
    fn present(&self, now: Time, t: u32) -> Label {
        let account = &self.accounts[t as usize];
        if (now - account.mark).0 > account.first { account.rest } else { account.label }
    }

    fn take_unit(&mut self, now: Time, t: u32, frame: u32) {
        self.close(now, t);
        let index = frame as usize;
        if index >= self.holds.len() {
            let none = Hold { at: now, epoch: 0, floor: NONE, floor_count: 0, tail: NONE };
            self.holds.resize(index + 1, none);
        }
        let account = &mut self.accounts[t as usize];
        let Account { log, floor, floor_count, epoch, .. } = *account;
        self.holds[index] = Hold { at: now, epoch, floor, floor_count, tail: log.tail };
        (account.floor, account.floor_count) = (log.tail, log.count);
    }

    fn free_unit(&mut self, now: Time, t: u32, frame: u32, place: u16, is_wanted: bool, waited_until: Time) {
        self.close(now, t);
        let hold = self.holds[frame as usize];
        let account = &mut self.accounts[t as usize];
        let is_whole = hold.epoch == account.epoch;
        if is_whole {
            (account.floor, account.floor_count) = (hold.floor, hold.floor_count);
        }
        if is_wanted || waited_until > hold.at {
            let log = account.log;
            for (label, ns) in self.segments.iter(log, if is_whole { hold.tail } else { NONE }) {
                self.collected.held(place, label, ns);
            }
        }
    }
}

/// A log on its way from one token to another, and when it began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Story {
    log: Log,
    began: Time,
}

impl World<'_> {
    /// Keeps accounts from now on.
    pub(super) fn keep_accounts(&mut self) {
        let clients: Vec<(u32, u32)> = self.clients.iter().map(|client| (client.process, client.index)).collect();
        let caches: Vec<(u32, u32)> = self.caches.iter().map(|cache| (cache.service, cache.number)).collect();
        if self.system.services.len() + self.system.endpoints.len() > MOST_NAMED {
            return;
        }
        let places = Places::of(self.system, &self.processes, &self.replicas, &self.slots, &clients, &caches);
        let is_told_apart = places.all.len() < usize::from(u16::MAX / 2);
        self.accounts = is_told_apart.then(|| Box::new(Accounts::new(places)));
    }

    /// The window opens.
    pub(super) fn reset_blame(&mut self) {
        if let Some(accounts) = &mut self.accounts {
            accounts.collected = Collected::new(accounts.places.all.len());
        }
    }

    /// The window closes: where the time went.
    pub(super) fn blame(&mut self) -> Option<Blame> {
        let accounts = self.accounts.as_mut()?;
        let places = &accounts.places.all;
        let collected = std::mem::replace(&mut accounts.collected, Collected::new(places.len()));
        Some(collected.finish(places, &self.system.reasons))
    }

    /// The laws that the accounts have broken: they explain each request's time, no more and no less.
    pub(super) fn broken_by_accounts(&self, broken: &mut Vec<String>) {
        let Some(accounts) = &self.accounts else { return };
        let ((accounted, unexplained), took) = (accounts.collected.sums(), self.tally.response_times.sum());
        if accounted != took {
            broken.push(format!("blame: requests took {took} ns, their accounts add up to {accounted} ns"));
        }
        if unexplained > 0 {
            broken.push(format!("blame: {unexplained} ns of the requests' time are unexplained"));
        }
    }

    /// A token begins.
    #[inline]
    pub(super) fn account(&mut self, t: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.begin(self.now, t);
        }
    }

    /// The token waits for a unit of these slots.
    #[inline]
    pub(super) fn account_queued(&mut self, t: u32, slots: u32) {
        if let Some(accounts) = &mut self.accounts {
            let place = accounts.places.slots[slots as usize];
            accounts.turn(self.now, t, Label::waiting(place));
            if !self.faults.is_empty() {
                self.account_lowered(t, slots);
            }
        }
    }

    /// Where a fault has lowered the slots, waiting for one is the fault's.
    fn account_lowered(&mut self, t: u32, slots: u32) {
        let state = &self.slots[slots as usize];
        if state.size >= state.full_size || state.process == NONE {
            return;
        }
        let service = self.processes[state.process as usize].service;
        let Some(accounts) = &mut self.accounts else { return };
        let lowers = |effect: &Effect| matches!(effect, Effect::Capacity { size, .. } if *size == state.size);
        if let Some(fault) = accounts.places.fault(self.system, &self.faults, service, lowers) {
            accounts.rename(t, Label::waiting(fault));
        }
    }

    /// The token waits for a connection of this HTTP client, or for an answer that a broken one never gets.
    #[inline]
    pub(super) fn account_client(&mut self, t: u32, client: u32) {
        if let Some(accounts) = &mut self.accounts {
            let place = accounts.places.clients[client as usize];
            accounts.turn(self.now, t, Label::waiting(place));
        }
    }

    /// The token waits for its event loop.
    #[inline]
    pub(super) fn account_loop(&mut self, t: u32, process: u32) {
        if let Some(accounts) = &mut self.accounts {
            let service = self.processes[process as usize].service as usize;
            let place = accounts.places.services[service].loops;
            accounts.turn(self.now, t, Label::waiting(place));
            if !self.faults.is_empty() {
                self.account_frozen(t, process);
            }
        }
    }

    /// A process that a fault has stopped runs nothing.
    fn account_frozen(&mut self, t: u32, process: u32) {
        let Some(accounts) = &mut self.accounts else { return };
        let state = &self.processes[process as usize];
        if self.replicas[state.replica as usize].health.frozen {
            let stops = |effect: &Effect| matches!(effect, Effect::Stuck);
            if let Some(fault) = accounts.places.fault(self.system, &self.faults, state.service, stops) {
                accounts.rename(t, Label::waiting(fault));
            }
        }
    }

    /// The token waits in the queue before its process, which is stopped.
    pub(super) fn account_stopped(&mut self, t: u32, process: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.close(self.now, t);
            self.account_frozen(t, process);
        }
    }

    /// The token's connection was not accepted for want of descriptors.
    pub(super) fn account_emfile(&mut self, t: u32, process: u32) {
        if let Some(accounts) = &mut self.accounts {
            let service = self.processes[process as usize].service as usize;
            let place = accounts.places.services[service].descriptors;
            if self.processes[process as usize].event_loop.resumed > accounts.accounts[t as usize].mark {
                accounts.rename(t, Label::waiting(place));
            }
        }
    }

    /// The token lets time pass in its service.
    #[inline]
    pub(super) fn account_delay(&mut self, t: u32) {
        if let Some(accounts) = &mut self.accounts {
            let process = self.tokens[t].process;
            let label = match self.processes.get(process as usize) {
                Some(process) => Label::served(accounts.places.services[process.service as usize].delay),
                None => UNEXPLAINED,
            };
            accounts.turn(self.now, t, label);
        }
    }

    /// The stretch that the token has just begun is spent on the network to a service, and before that, for the time
    /// that a fault adds, on the fault.
    #[inline]
    pub(super) fn account_network(&mut self, t: u32, service: u32, added: Time) {
        if self.accounts.is_some() {
            self.account_stretch(t, service, added);
        }
    }

    #[inline(never)]
    fn account_stretch(&mut self, t: u32, service: u32, added: Time) {
        let Some(accounts) = &mut self.accounts else { return };
        let rest = Label::waiting(accounts.places.services[service as usize].network);
        let fault = accounts.places.latency_fault(self.system, &self.faults, service).filter(|_| added > Time::ZERO);
        match fault {
            Some(fault) => accounts.turn_for(self.now, t, added.0, Label::waiting(fault), rest),
            None => accounts.turn(self.now, t, rest),
        }
    }

    /// The stretch that the token has just begun is a round trip to a database: what a fault adds, the network, and the
    /// work of one that queues nothing.
    pub(super) fn account_trip(&mut self, t: u32, service: u32, added: Time, network: Time, work: Time) {
        let Some(accounts) = &mut self.accounts else { return };
        let of_service = accounts.places.services[service as usize];
        let (on_the_way, served) = (Label::waiting(of_service.network), Label::served(of_service.delay));
        let rest = if work > Time::ZERO { served } else { on_the_way };
        let fault = accounts.places.latency_fault(self.system, &self.faults, service).filter(|_| added > Time::ZERO);
        match fault {
            // The network is then told with the work, where there is any.
            Some(fault) => accounts.turn_for(self.now, t, added.0, Label::waiting(fault), rest),
            None => accounts.turn_for(self.now, t, network.0, on_the_way, rest),
        }
    }

    /// The stretch that the token has just begun is the pause before another attempt.
    pub(super) fn account_back_off(&mut self, t: u32) {
        let process = self.tokens[t].process;
        if let Some(accounts) = &mut self.accounts
            && let Some(process) = self.processes.get(process as usize)
        {
            accounts.rename(t, Label::waiting(accounts.places.services[process.service as usize].back_off));
        }
    }

    /// The stretch that the token has just begun is the time until its SYN is sent again, or until the ingress of its
    /// service lets it pass.
    pub(super) fn account_arrival(&mut self, t: u32, service: u32, is_dropped: bool) {
        if let Some(accounts) = &mut self.accounts {
            let of_service = accounts.places.services[service as usize];
            let place = if is_dropped { of_service.backlog } else { of_service.ingress };
            accounts.turn(self.now, t, Label::waiting(place));
        }
    }

    /// The token waits for another's fetch.
    pub(super) fn account_fetch(&mut self, t: u32, cache: u32) {
        if let Some(accounts) = &mut self.accounts {
            let place = accounts.places.caches[cache as usize];
            accounts.turn(self.now, t, Label::waiting(place));
        }
    }

    /// The token waits for an answer, or for branches: their logs will tell.
    #[inline]
    pub(super) fn account_await(&mut self, t: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.turn(self.now, t, UNEXPLAINED);
        }
    }

    /// The token's job begins on a CPU.
    #[inline]
    pub(super) fn account_job(&mut self, t: u32, replica: u32, work: Time) {
        if self.accounts.is_some() {
            self.account_job_on(t, replica, work);
        }
    }

    #[inline(never)]
    fn account_job_on(&mut self, t: u32, replica: u32, work: Time) {
        let now = self.now;
        let Some(accounts) = &mut self.accounts else { return };
        let host = self.replicas[replica as usize].host;
        let [cpu, ..] = accounts.places.cpus[replica as usize];
        accounts.turn_for(now, t, work.0, Label::served(cpu), Label::waiting(cpu));
        if let Some(lost) = self.replicas[host as usize].cpu.lost(now) {
            let index = t as usize;
            if index >= accounts.lost.len() {
                accounts.lost.resize(index + 1, [0.0; 3]);
            }
            accounts.lost[index] = lost;
        }
    }

    /// The token's job begins under the interpreter lock.
    pub(super) fn account_lock(&mut self, t: u32, work: Time) {
        if let Some(accounts) = &mut self.accounts {
            let process = &self.processes[self.tokens[t].process as usize];
            let [cpu, ..] = accounts.places.cpus[process.replica as usize];
            let gil = accounts.places.services[process.service as usize].gil;
            accounts.turn_for(self.now, t, work.0, Label::served(cpu), Label::waiting(gil));
        }
    }

    /// The token's job has ended, or is given up with so many nanoseconds of work left: what the CPU lost meanwhile is
    /// no waiting for it.
    #[inline]
    pub(super) fn account_job_end(&mut self, t: u32, left: f64) {
        if self.accounts.is_some() {
            self.account_job_ended(t, left);
        }
    }

    #[inline(never)]
    fn account_job_ended(&mut self, t: u32, left: f64) {
        let now = self.now;
        let state = self.tokens[t].state;
        let process = self.tokens[t].process;
        // What a loop does on its own account is no endpoint's work.
        let is_own = self.tokens[t].has(HOUSEKEEPING);
        let Some(accounts) = &mut self.accounts else { return };
        let account = accounts.accounts[t as usize];
        let work = account.first.saturating_sub(left as u64);
        accounts.accounts[t as usize].first = work;
        let replica = match state {
            State::AtServer => self.tokens[t].wait,
            _ => self.processes[process as usize].replica,
        };
        let under_lock = state != State::AtServer && self.processes[process as usize].gil != NONE;
        let host = self.replicas[replica as usize].host;
        if !under_lock && let Some(lost) = self.replicas[host as usize].cpu.lost(now) {
            let [_, contention, throttling] = accounts.places.cpus[replica as usize];
            let service = self.replicas[replica as usize].service;
            let slows = |effect: &Effect| matches!(effect, Effect::Slow(_) | Effect::Stuck);
            let fault = accounts.places.fault(self.system, &self.faults, service, slows);
            let fault = fault.or_else(|| accounts.places.last_slow(self.system, service)).unwrap_or(0);
            let before = accounts.lost.get(t as usize).copied().unwrap_or(lost);
            for (place, (after, before)) in
                [contention, fault, throttling].into_iter().zip(lost.into_iter().zip(before))
            {
                let mark = accounts.accounts[t as usize].mark;
                let most = (now - mark).0.saturating_sub(work);
                let ns = ((after - before).max(0.0).round() as u64).min(most);
                if ns > 0 {
                    accounts.append(t, Label::waiting(place), ns);
                    accounts.accounts[t as usize].mark = mark + Time(ns);
                }
            }
        }
        if state == State::Working && self.processes[process as usize].runtime == Runtime::EventLoop {
            // The job has held its event loop.
            let place = accounts.places.services[self.processes[process as usize].service as usize].loops;
            let all = (now - account.mark).0;
            let lost = (accounts.accounts[t as usize].mark - account.mark).0;
            let served = work.min(all - lost);
            let pc = self.tokens[t].pc as usize;
            let label = match accounts.places.endpoint_of.get(pc) {
                Some(&endpoint) if !is_own => Label::served(accounts.places.endpoints[usize::from(endpoint)][1]),
                _ => account.label,
            };
            accounts.collected.held(place, label, served);
            accounts.collected.held(place, account.rest, all - served);
        }
        accounts.close(now, t);
    }

    /// The token waits at a station.
    #[inline]
    pub(super) fn account_station(&mut self, t: u32, station: u32) {
        if let Some(accounts) = &mut self.accounts {
            let [place, _] = accounts.places.stations[station as usize];
            accounts.turn(self.now, t, Label::waiting(place));
        }
    }

    /// The token is served at a station: for its work, then for what the station slows it down, or shares it out.
    #[inline]
    pub(super) fn account_served(&mut self, t: u32, station: u32, work: Time, is_shared: bool) {
        if let Some(accounts) = &mut self.accounts {
            let [place, contention] = accounts.places.stations[station as usize];
            let rest = if is_shared { place } else { contention };
            accounts.turn_for(self.now, t, work.0, Label::served(place), Label::waiting(rest));
        }
    }

    /// The token has taken a unit.
    #[inline]
    pub(super) fn account_take(&mut self, t: u32, frame: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.take_unit(self.now, t, frame);
        }
    }

    /// The holder of a unit of slots gives it back.
    #[inline]
    pub(super) fn account_free(&mut self, frame: u32, slots: u32) {
        if let Some(accounts) = &mut self.accounts {
            let t = self.frames[frame].token;
            let state = &self.slots[slots as usize];
            let place = accounts.places.slots[slots as usize];
            accounts.free_unit(self.now, t, frame, place, !state.queue.is_empty(), state.waited_until);
        }
    }

    /// The same for a connection of an HTTP client.
    #[inline]
    pub(super) fn account_free_client(&mut self, frame: u32, client: u32) {
        if let Some(accounts) = &mut self.accounts {
            let t = self.frames[frame].token;
            let state = &self.clients[client as usize];
            let place = accounts.places.clients[client as usize];
            accounts.free_unit(self.now, t, frame, place, !state.queue.is_empty(), state.waited_until);
        }
    }

    /// The token that waits has its answer from this one.
    #[inline]
    pub(super) fn account_answer(&mut self, parent: u32) {
        if let Some(accounts) = &mut self.accounts {
            let child = self.tokens[parent].wait;
            accounts.close(self.now, child);
            let log = accounts.take(child);
            let began = accounts.accounts[parent as usize].mark;
            accounts.accounts[parent as usize].failed_at = accounts.accounts[child as usize].failed_at;
            accounts.absorb(self.now, parent, log, began);
        }
    }

    /// What the token has done up to now, and those that it waits for: their accounts begin anew.
    fn story(&mut self, t: u32) -> Option<Story> {
        let now = self.now;
        self.explain(t);
        let accounts = self.accounts.as_mut()?;
        accounts.close(now, t);
        let log = accounts.take(t);
        let began = Time(now.0 - accounts.length(log).min(now.0));
        Some(Story { log, began })
    }

    /// The token waits no longer for what others do, though they have not done it: what they did up to now explains its
    /// wait.
    pub(super) fn explain(&mut self, t: u32) {
        let next = match self.tokens[t].state {
            _ if self.accounts.is_none() => return,
            State::Awaiting => Some(self.tokens[t].wait),
            State::Joining => {
                let branches = self.guards.joins[self.tokens[t].wait].branches;
                branches.first().map(|frame| self.frames[frame].token)
            }
            _ => None,
        };
        let Some(next) = next else {
            let now = self.now;
            if let Some(accounts) = &mut self.accounts {
                let label = accounts.present(now, t);
                accounts.accounts[t as usize].failed_at = label;
            }
            return;
        };
        if let Some(Story { log, began }) = self.story(next)
            && let Some(accounts) = &mut self.accounts
        {
            accounts.accounts[t as usize].failed_at = accounts.accounts[next as usize].failed_at;
            accounts.absorb(self.now, t, log, began);
        }
    }

    /// The story of a branch that ends.
    pub(super) fn branch_story(&mut self, t: u32) -> Option<Story> {
        let accounts = self.accounts.as_mut()?;
        accounts.close(self.now, t);
        let log = accounts.take(t);
        let began = Time(self.now.0 - accounts.length(log).min(self.now.0));
        Some(Story { log, began })
    }

    /// The parent goes on, or tries again, because of a branch with this story.
    pub(super) fn account_join(&mut self, parent: u32, branch: u32, story: Option<Story>) {
        if let (Some(accounts), Some(Story { log, began })) = (&mut self.accounts, story) {
            accounts.accounts[parent as usize].failed_at = accounts.accounts[branch as usize].failed_at;
            accounts.absorb(self.now, parent, log, began);
        }
    }

    /// A branch with this story does not matter.
    pub(super) fn forget_story(&mut self, story: Option<Story>) {
        if let (Some(accounts), Some(Story { log, .. })) = (&mut self.accounts, story) {
            accounts.segments.free(log);
        }
    }

    /// A user sends its request again: its earlier attempts and the pause since then are part of the wait for the
    /// answer.
    pub(super) fn account_resend(&mut self, user: u32) {
        if let Some(accounts) = &mut self.accounts
            && let Some(earlier) = accounts.earlier.get_mut(user as usize)
        {
            let pause = Label::waiting(accounts.places.client_back_off);
            let ns = (self.now - earlier.ended).0;
            if ns > 0 {
                accounts.segments.append(&mut earlier.log, pause, ns, NONE);
            }
        }
    }

    /// A request has ended, and its client sees that.
    #[inline]
    pub(super) fn account_end(&mut self, record: &Request, failure: Failure) {
        if self.accounts.is_some() {
            self.account_ended(record, failure);
        }
    }

    #[inline(never)]
    fn account_ended(&mut self, record: &Request, failure: Failure) {
        let now = self.now;
        if failure == Failure::GAVE_UP {
            self.explain(record.token);
        }
        let is_on = self.tally.on;
        let Some(accounts) = &mut self.accounts else { return };
        accounts.close(now, record.token);
        let mut log = accounts.take(record.token);
        if failure.is_some() {
            if is_on {
                let at = accounts.accounts[record.token as usize].failed_at;
                let at = if at == Label::NONE { UNEXPLAINED } else { at };
                accounts.collected.failed(failure, at, accounts.segments.iter(log, NONE));
            }
        } else if let Some(earlier) = accounts.earlier.get_mut(record.user as usize) {
            let mut whole = std::mem::take(&mut earlier.log);
            accounts.segments.concat(&mut whole, log);
            log = whole;
        }
        if !failure.is_some() && is_on {
            accounts.collected.succeeded((now - record.born).0, accounts.segments.iter(log, NONE));
        }
        if record.user == NONE || !failure.is_some() {
            return accounts.segments.free(log);
        }
        let user = record.user as usize;
        if user >= accounts.earlier.len() {
            accounts.earlier.resize(user + 1, Earlier::default());
        }
        let earlier = &mut accounts.earlier[user];
        earlier.ended = now;
        accounts.segments.concat(&mut earlier.log, log);
        accounts.segments.compact(&mut earlier.log, NONE, 0);
    }

    /// A probe has not been answered in time: where it waited explains what its replica's unavailability comes from.
    pub(super) fn account_probe(&mut self, t: u32, replica: u32, timeout: Time) {
        self.explain(t);
        let service = self.replicas[replica as usize].service as usize;
        if let Some(accounts) = &mut self.accounts {
            let at = accounts.accounts[t as usize].failed_at;
            let place = accounts.places.services[service].unavailable;
            accounts.collected.held(place, if at == Label::NONE { UNEXPLAINED } else { at }, timeout.0);
        }
    }

    /// A user has gone for good.
    pub(super) fn forget_user(&mut self, user: u32) {
        if let Some(accounts) = &mut self.accounts
            && let Some(earlier) = accounts.earlier.get_mut(user as usize)
        {
            let log = std::mem::take(&mut earlier.log);
            accounts.segments.free(log);
        }
    }

    /// The token goes on after a failure that a step of its own has caught.
    pub(super) fn account_caught(&mut self, t: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.accounts[t as usize].failed_at = Label::NONE;
        }
    }

    /// The token fails: notes where, or what refused it, unless that is known.
    #[inline]
    pub(super) fn account_failure(&mut self, t: u32, why: Failure) {
        if self.accounts.is_some() {
            self.account_failed(t, why);
        }
    }

    #[inline(never)]
    fn account_failed(&mut self, t: u32, why: Failure) {
        let Some(accounts) = &self.accounts else { return };
        if accounts.accounts[t as usize].failed_at != Label::NONE {
            return;
        }
        let refused = self.refused_by(t, why).map(Label::waiting);
        let Some(accounts) = &mut self.accounts else { return };
        let label = refused.unwrap_or_else(|| accounts.present(self.now, t));
        accounts.accounts[t as usize].failed_at = label;
    }

    /// What has refused a token; none where it only waited too long.
    fn refused_by(&self, t: u32, why: Failure) -> Option<u16> {
        let places = &self.accounts.as_ref()?.places;
        let token = &self.tokens[t];
        let pc = token.pc as usize;
        let op = &self.system.program[pc];
        let process = self.processes.get(token.process as usize);
        let service = process.map_or_else(|| self.system.service_at(token.pc), |process| process.service);
        let own = &self.system.services[service as usize];
        let of_service = &places.services[service as usize];
        // The service that the step at hand is about.
        let other = match *op {
            Op::AcquireConnection { pool, .. } | Op::Borrow { pool, .. } | Op::Trip { pool, .. } => {
                own.pools[pool as usize].server
            }
            Op::Connect { client, .. } | Op::Send { client, .. } => own.clients[client as usize].server,
            _ => service,
        };
        let slots = match (*op, process) {
            (Op::AcquireShared { limit }, _) => Some(self.shared + limit),
            (Op::AcquireLimit { limit }, Some(process)) => Some(process.limits + limit),
            (Op::AcquireConnection { pool, .. } | Op::Borrow { pool, .. }, Some(process)) => Some(process.pools + pool),
            _ => None,
        };
        let dead = |service: u32| {
            let kills = |effect: &Effect| matches!(effect, Effect::Dead);
            let fault = places.fault(self.system, &self.faults, service, kills);
            fault.unwrap_or(places.services[service as usize].unavailable)
        };
        match (why, *op) {
            (Failure::RATE_LIMITED | Failure::TOO_MANY_IN_FLIGHT, _) => Some(of_service.ingress),
            (Failure::CONNECTION_REFUSED | Failure::CONNECTION_LOST, _) => Some(dead(other)),
            (Failure::BREAKER_OPEN, Op::Breaker { breaker }) => {
                places.breakers[service as usize].get(breaker as usize).copied()
            }
            (Failure::SHED, _) => slots.map(|slots| places.slots[slots as usize]),
            (Failure::THREADS_FULL, _) => process.map(|process| places.slots[process.threads as usize]),
            (Failure::TURNED_AWAY, Op::Visit { station, .. }) => Some(places.stations[station as usize][0]),
            (Failure::NO_DESCRIPTOR, _) => Some(of_service.descriptors),
            (Failure::NO_PORT, _) => Some(of_service.ports),
            (Failure::TOO_MANY_CONNECTIONS, _) => Some(places.services[other as usize].sessions),
            (Failure::QUEUE_FULL, _) => match self.system.program.get(pc.wrapping_sub(1)) {
                Some(Op::Publish { queue, .. }) => places.queues.get(*queue as usize).copied(),
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
