//! Jobs on CPUs: of the time that one takes its work is service, the rest waiting for the CPU, or lost to contention, to
//! a quota or to a fault.

use crate::kernel::{NONE, Time};
use crate::model::{FaultEffect, Op, Runtime};

use crate::engine::progress::Progress;
use crate::engine::token::{HOUSEKEEPING, IN_THREAD, SAMPLED, State};
use crate::interpreter::world::World;
use crate::parts::blame::accounts::make_room;
use crate::parts::blame::log::Label;

impl World<'_> {
    /// The token's job begins on a CPU.
    #[inline]
    pub(crate) fn account_job(&mut self, t: u32, replica: u32, work: Time) {
        if self.begins_job(t, work) {
            self.keep_job(t, replica, work);
        }
    }

    /// The token's job begins under the interpreter lock.
    #[inline]
    pub(crate) fn account_lock(&mut self, t: u32, work: Time) {
        if self.begins_job(t, work) {
            self.keep_lock(t, work);
        }
    }

    /// Whether the token has an account. The work of every token and its begin are kept: they tell what it does at present.
    #[inline(always)]
    fn begins_job(&mut self, t: u32, work: Time) -> bool {
        let Some(accounts) = &mut self.accounts else { return false };
        let token = &mut self.engine.tokens[t];
        token.since = self.engine.now;
        accounts.note_work(t, work);
        token.has(SAMPLED)
    }

    #[inline(never)]
    fn keep_job(&mut self, t: u32, replica: u32, work: Time) {
        let Some(accounts) = &self.accounts else { return };
        let [cpu, ..] = accounts.places.cpus[replica as usize];
        self.spends_first_on(t, work, Label::served(cpu), Label::waiting(cpu));
        self.account_loss(t, replica);
    }

    /// Notes what jobs on the CPU have lost before this one began.
    #[inline(never)]
    fn account_loss(&mut self, t: u32, replica: u32) {
        let host = self.replicas[replica as usize].host;
        let lost = self.replicas[host as usize].cpu.lost(self.engine.now);
        // What a fault slows down later has lost nothing yet.
        let lost = lost.or_else(|| (!self.faults.is_empty()).then_some([0.0; 4]));
        if let (Some(accounts), Some(lost)) = (&mut self.accounts, lost) {
            make_room(&mut accounts.lost, t, [0.0; 4]);
            accounts.lost[t as usize] = lost;
        }
    }

    #[inline(never)]
    fn keep_lock(&mut self, t: u32, work: Time) {
        let Some(accounts) = &self.accounts else { return };
        let process = &self.processes[self.engine.tokens[t].process as usize];
        let [cpu, ..] = accounts.places.cpus[process.replica as usize];
        let gil = accounts.places.services[process.service as usize].gil;
        self.spends_first_on(t, work, Label::served(cpu), Label::waiting(gil));
    }

    #[inline(never)]
    pub(crate) fn keep_job_end(&mut self, t: u32, left: f64) {
        let now = self.engine.now;
        let host = self.replicas[self.replica_of_job(t) as usize].host;
        let lost = if self.loses_on_cpu(t) { self.replicas[host as usize].cpu.lost(now) } else { None };
        self.split_job(t, left, lost);
    }

    /// The client of a token with an account gives up while the token's job is on a CPU, and the job continues: charges what
    /// the CPU has lost up to now to its causes, so that it does not count as waiting for the CPU.
    pub(super) fn account_job_so_far(&mut self, t: u32) {
        let is_on_cpu = matches!(self.engine.tokens[t].state, State::Working | State::AtServer);
        if !is_on_cpu || !self.loses_on_cpu(t) {
            return;
        }
        let replica = self.replica_of_job(t);
        let host = self.replicas[replica as usize].host;
        let Some((left, lost)) = self.replicas[host as usize].cpu.so_far(self.engine.now, t) else { return };
        self.split_job(t, left, Some(lost));
        let Some(accounts) = &mut self.accounts else { return };
        let [cpu, ..] = accounts.places.cpus[replica as usize];
        make_room(&mut accounts.lost, t, [0.0; 4]);
        accounts.lost[t as usize] = lost;
        self.spends_first_on(t, Time(left as u64), Label::served(cpu), Label::waiting(cpu));
    }

    /// The replica with the CPU of a token's job.
    fn replica_of_job(&self, t: u32) -> u32 {
        let token = &self.engine.tokens[t];
        match token.state {
            State::AtServer => token.wait,
            _ => self.processes[token.process as usize].replica,
        }
    }

    /// Whether a token's job is on a CPU that may lose time: not under an interpreter lock, nor at a station, which has none.
    fn loses_on_cpu(&self, t: u32) -> bool {
        let token = &self.engine.tokens[t];
        let under_lock = || token.state != State::AtServer && self.processes[token.process as usize].gil != NONE;
        token.state != State::Served && !under_lock()
    }

    /// Splits the time that a token's job has taken up to now. `left`: its remaining work in nanoseconds; `lost`: what the CPU
    /// has lost since the start of the run.
    fn split_job(&mut self, t: u32, left: f64, lost: Option<[f64; 4]>) {
        let now = self.engine.now;
        let state = self.engine.tokens[t].state;
        let process = self.engine.tokens[t].process;
        let replica = self.replica_of_job(t);
        // What a loop does on its own account is no endpoint's work.
        let is_own = self.engine.tokens[t].has(HOUSEKEEPING);
        let Some(accounts) = &mut self.accounts else { return };
        let account = *accounts.of(t);
        let before = lost.map(|lost| accounts.lost.get(t as usize).copied().unwrap_or(lost));
        let faster = lost.zip(before).map_or(0.0, |(lost, before)| (lost[3] - before[3]).max(0.0));
        // What a fast machine did beyond its time took none.
        let work = account.first.saturating_sub(left as u64).saturating_sub(faster.round() as u64);
        accounts.of_mut(t).first = work;
        let is_on_loop = state == State::Working
            && self.processes[process as usize].runtime == Runtime::EventLoop
            && !self.engine.tokens[t].has(IN_THREAD);
        // The job has held its event loop.
        let held = is_on_loop.then(|| {
            let service = self.processes[process as usize].service as usize;
            accounts.places.services[service].loops
        });
        let times = [account.mark, now];
        if let Some((lost, before)) = lost.zip(before) {
            let [_, contention, throttling] = accounts.places.cpus[replica as usize];
            let service = self.replicas[replica as usize].service;
            let slows = |effect: &FaultEffect| matches!(effect, FaultEffect::Slow(_) | FaultEffect::Stuck);
            let is_slowed = lost[1] > before[1];
            let fault = is_slowed.then(|| accounts.places.fault(self.system, &self.faults, service, slows)).flatten();
            let was_slowed = || accounts.places.last_slow(self.system, service);
            let fault = fault.or_else(|| is_slowed.then(was_slowed).flatten()).unwrap_or(0);
            for (place, (after, before)) in
                [contention, fault, throttling].into_iter().zip(lost.into_iter().zip(before))
            {
                let mark = accounts.of(t).mark;
                let most = (now - mark).0.saturating_sub(work);
                let ns = ((after - before).max(0.0).round() as u64).min(most);
                if ns > 0 {
                    accounts.append(t, Label::waiting(place), ns);
                    accounts.of_mut(t).mark = mark + Time(ns);
                    if let Some(held) = held {
                        accounts.collected.held_between(times, held, Label::waiting(place), ns, account.weight);
                    }
                }
            }
        }
        if let Some(place) = held {
            let all = (now - account.mark).0;
            let lost = (accounts.of(t).mark - account.mark).0;
            let served = work.min(all - lost);
            let pc = self.engine.tokens[t].pc as usize;
            let (process, places) = (&self.processes[process as usize], &accounts.places);
            // What it takes to make a client or to open a connection. A step that has ended before that has not begun it.
            let begun = self.engine.tokens[t].phase != Progress::BEGIN;
            let connects = match self.system.program.get(pc).filter(|_| begun) {
                Some(&Op::Prepare { client, .. }) => {
                    let plan = &self.system.services[process.service as usize].clients[client as usize];
                    (!plan.shared).then(|| places.clients[(process.clients + client) as usize])
                }
                Some(&Op::Secure { client, .. }) => Some(places.clients[(process.clients + client) as usize]),
                Some(&(Op::AcquireConnection { pool, .. } | Op::Borrow { pool, .. })) => {
                    Some(places.slots[(process.pools + pool) as usize])
                }
                _ => None,
            };
            let label = match accounts.places.endpoint_of.get(pc) {
                _ if let Some(connects) = connects.filter(|_| !is_own) => Label::served(connects),
                Some(&endpoint) if !is_own => Label::served(accounts.places.endpoints[usize::from(endpoint)][1]),
                _ => account.label,
            };
            accounts.collected.held_between(times, place, label, served, account.weight);
            accounts.collected.held_between(times, place, account.rest, all - lost - served, account.weight);
        }
        accounts.close(now, t);
    }
}
