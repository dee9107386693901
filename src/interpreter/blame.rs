//! Each change of what a token does closes a stretch of its account (see [`crate::parts::blame`]).

pub(crate) mod ends;
mod faults;
mod window;

use crate::kernel::{NONE, Time};
use crate::model::{Effect, Load, Runtime};

use crate::engine::token::{HOUSEKEEPING, State};
use crate::interpreter::world::World;
use crate::parts::blame::accounts::{Accounts, UNEXPLAINED};
use crate::parts::blame::log::Label;
use crate::parts::blame::place::Places;
use crate::parts::blame::sample::Sample;

/// Services and endpoints beyond which no accounts are kept: their places could not be told apart.
const MOST_NAMED: usize = 1500;

/// What happens to tokens, as the parts report it. A run without accounts tests for them, and nothing else; what a run
/// with accounts does stands out of line, so that the paths of the others stay short.
macro_rules! hooks {
    ($($(#[$doc:meta])* $hook:ident => $kept:ident($($argument:ident: $type:ty),*);)*) => {
        impl World<'_> {
            $(
                $(#[$doc])*
                #[inline(always)]
                pub(crate) fn $hook(&mut self, $($argument: $type),*) {
                    if self.accounts.is_some() {
                        self.$kept($($argument),*);
                    }
                }
            )*
        }
    };
}

hooks! {
    /// A token begins.
    account => keep_token(t: u32);
    /// The token waits for a unit of these slots.
    account_queued => keep_queued(t: u32, slots: u32);
    /// The token waits for a connection of this HTTP client, or for an answer that a broken one never gets.
    account_client => keep_client(t: u32, client: u32);
    /// The token waits for its event loop.
    account_loop => keep_loop(t: u32, process: u32);
    /// The token lets time pass in its service.
    account_delay => keep_delay(t: u32);
    /// The token's job begins on a CPU.
    account_job => keep_job(t: u32, replica: u32, work: Time);
    /// The holder of a unit of slots gives it back.
    account_free => keep_free(frame: u32, slots: u32);
    /// The same for a connection of an HTTP client.
    account_free_client => keep_free_client(frame: u32, client: u32);
    /// The token that waits has its answer from this one.
    account_answer => keep_answer(parent: u32);
}

impl World<'_> {
    /// Keeps accounts from now on.
    pub(crate) fn keep_accounts(&mut self, load: &Load) {
        let clients: Vec<(u32, u32)> = self.clients.iter().map(|client| (client.process, client.index)).collect();
        let caches: Vec<(u32, u32)> = self.caches.iter().map(|cache| (cache.service, cache.number)).collect();
        if self.system.services.len() + self.system.endpoints.len() > MOST_NAMED {
            return;
        }
        let places = Places::of(self.system, &self.processes, &self.replicas, &self.slots, &clients, &caches);
        let is_told_apart = places.all.len() < usize::from(u16::MAX / 2);
        self.accounts = is_told_apart.then(|| Box::new(Accounts::new(places, Sample::of(load))));
        self.replicas.iter_mut().for_each(|replica| replica.cpu.keep_losses());
        self.stations.iter_mut().filter_map(|station| station.sharing.as_mut()).for_each(|cpu| cpu.keep_losses());
    }

    #[inline(never)]
    fn keep_token(&mut self, t: u32) {
        if let Some(accounts) = &mut self.accounts {
            let token = &self.engine.tokens[t];
            // What has no draws has no key.
            let key = if token.key == 0 || token.has(HOUSEKEEPING) { accounts.sample.unnamed() } else { token.key };
            accounts.begin(self.engine.now, t, key);
        }
    }

    /// The token works for another, and has an account if that one has.
    #[inline]
    pub(crate) fn account_for(&mut self, t: u32, other: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.accounts[t as usize].weight = accounts.accounts[other as usize].weight;
        }
    }

    #[inline(never)]
    fn keep_queued(&mut self, t: u32, slots: u32) {
        if let Some(accounts) = &mut self.accounts {
            let place = accounts.places.slots[slots as usize];
            accounts.turn(self.engine.now, t, Label::waiting(place));
            if !self.faults.is_empty() {
                self.account_lowered(t, slots);
            }
        }
    }

    #[inline(never)]
    fn keep_client(&mut self, t: u32, client: u32) {
        if let Some(accounts) = &mut self.accounts {
            let place = accounts.places.clients[client as usize];
            accounts.turn(self.engine.now, t, Label::waiting(place));
        }
    }

    #[inline(never)]
    fn keep_loop(&mut self, t: u32, process: u32) {
        if let Some(accounts) = &mut self.accounts {
            let service = self.processes[process as usize].service as usize;
            let place = accounts.places.services[service].loops;
            accounts.turn(self.engine.now, t, Label::waiting(place));
            if !self.faults.is_empty() {
                self.account_frozen(t, process);
            }
        }
    }

    /// Of the stretch that the token has just begun this much is due to a fault that makes its replica slow: it is charged
    /// first, as what a fault adds to a round trip is.
    #[inline]
    pub(crate) fn account_slowed(&mut self, t: u32, replica: u32, added: Time) {
        if added > Time::ZERO {
            self.account_slowness(t, replica, added);
        }
    }

    #[inline(never)]
    fn account_slowness(&mut self, t: u32, replica: u32, added: Time) {
        let service = self.replicas[replica as usize].service;
        let Some(accounts) = &mut self.accounts else { return };
        let slows = |effect: &Effect| matches!(effect, Effect::Slow(factor) if *factor > 1.0);
        if let Some(fault) = accounts.places.fault(self.system, &self.faults, service, slows) {
            let served = Label::served(accounts.places.services[service as usize].delay);
            accounts.turn_for(self.engine.now, t, added.0, Label::waiting(fault), served);
        }
    }

    /// The token's connection was not accepted for want of descriptors.
    pub(crate) fn account_emfile(&mut self, t: u32, process: u32) {
        if let Some(accounts) = &mut self.accounts {
            let service = self.processes[process as usize].service as usize;
            let place = accounts.places.services[service].descriptors;
            if self.processes[process as usize].event_loop.resumed > accounts.accounts[t as usize].mark {
                accounts.rename(t, Label::waiting(place));
            }
        }
    }

    #[inline(never)]
    fn keep_delay(&mut self, t: u32) {
        if let Some(accounts) = &mut self.accounts {
            let process = self.engine.tokens[t].process;
            let label = match self.processes.get(process as usize) {
                Some(process) => Label::served(accounts.places.services[process.service as usize].delay),
                None => UNEXPLAINED,
            };
            accounts.turn(self.engine.now, t, label);
        }
    }

    /// The stretch that the token has just begun is spent on the network to a service, and before that, for the time
    /// that a fault adds, on the fault.
    #[inline]
    pub(crate) fn account_network(&mut self, t: u32, service: u32, added: Time) {
        if self.accounts.is_some() {
            self.account_stretch(t, service, added);
        }
    }

    #[inline(never)]
    fn account_stretch(&mut self, t: u32, service: u32, added: Time) {
        let Some(accounts) = &mut self.accounts else { return };
        let rest = Label::waiting(accounts.places.services[service as usize].network);
        let of_fault = || accounts.places.latency_fault(self.system, &self.faults, service);
        match (added > Time::ZERO).then(of_fault).flatten() {
            Some(fault) => accounts.turn_for(self.engine.now, t, added.0, Label::waiting(fault), rest),
            None => accounts.turn(self.engine.now, t, rest),
        }
    }

    /// The stretch that the token has just begun is a round trip to a database: what a fault adds, the network, and the
    /// work of one that queues nothing.
    pub(crate) fn account_trip(&mut self, t: u32, service: u32, added: Time, network: Time, work: Time) {
        let Some(accounts) = &mut self.accounts else { return };
        let of_service = accounts.places.services[service as usize];
        let (on_the_way, served) = (Label::waiting(of_service.network), Label::served(of_service.delay));
        let rest = if work > Time::ZERO { served } else { on_the_way };
        let of_fault = || accounts.places.latency_fault(self.system, &self.faults, service);
        match (added > Time::ZERO).then(of_fault).flatten() {
            // The network is then told with the work, where there is any.
            Some(fault) => accounts.turn_for(self.engine.now, t, added.0, Label::waiting(fault), rest),
            None => accounts.turn_for(self.engine.now, t, network.0, on_the_way, rest),
        }
    }

    /// The stretch that the token has just begun is the pause before another attempt.
    pub(crate) fn account_back_off(&mut self, t: u32) {
        let process = self.engine.tokens[t].process;
        if let Some(accounts) = &mut self.accounts
            && let Some(process) = self.processes.get(process as usize)
        {
            accounts.rename(t, Label::waiting(accounts.places.services[process.service as usize].back_off));
        }
    }

    /// The stretch that the token has just begun is the time until its SYN is sent again, or until the ingress of its
    /// service lets it pass.
    pub(crate) fn account_arrival(&mut self, t: u32, service: u32, is_dropped: bool) {
        if let Some(accounts) = &mut self.accounts {
            let of_service = accounts.places.services[service as usize];
            let place = if is_dropped { of_service.backlog } else { of_service.ingress };
            accounts.turn(self.engine.now, t, Label::waiting(place));
        }
    }

    /// The token waits for another's fetch.
    pub(crate) fn account_fetch(&mut self, t: u32, cache: u32) {
        if let Some(accounts) = &mut self.accounts {
            let place = accounts.places.caches[cache as usize];
            accounts.turn(self.engine.now, t, Label::waiting(place));
        }
    }

    /// The token waits for an answer, or for branches: their logs will tell.
    #[inline]
    pub(crate) fn account_await(&mut self, t: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.turn(self.engine.now, t, UNEXPLAINED);
        }
    }

    #[inline(never)]
    fn keep_job(&mut self, t: u32, replica: u32, work: Time) {
        if let Some(accounts) = &mut self.accounts {
            let [cpu, ..] = accounts.places.cpus[replica as usize];
            accounts.turn_for(self.engine.now, t, work.0, Label::served(cpu), Label::waiting(cpu));
            if accounts.has(t) {
                self.account_loss(t, replica);
            }
        }
    }

    /// Notes what jobs on the CPU have lost before this one began.
    #[inline(never)]
    fn account_loss(&mut self, t: u32, replica: u32) {
        let host = self.replicas[replica as usize].host;
        let lost = self.replicas[host as usize].cpu.lost(self.engine.now);
        // What a fault slows down later has lost nothing yet.
        let lost = lost.or_else(|| (!self.faults.is_empty()).then_some([0.0; 4]));
        if let (Some(accounts), Some(lost)) = (&mut self.accounts, lost) {
            let index = t as usize;
            if index >= accounts.lost.len() {
                accounts.lost.resize(index + 1, [0.0; 4]);
            }
            accounts.lost[index] = lost;
        }
    }

    /// The token's job begins under the interpreter lock.
    pub(crate) fn account_lock(&mut self, t: u32, work: Time) {
        if let Some(accounts) = &mut self.accounts {
            let process = &self.processes[self.engine.tokens[t].process as usize];
            let [cpu, ..] = accounts.places.cpus[process.replica as usize];
            let gil = accounts.places.services[process.service as usize].gil;
            accounts.turn_for(self.engine.now, t, work.0, Label::served(cpu), Label::waiting(gil));
        }
    }

    /// The token's job has ended, or is given up with so many nanoseconds of work left: what the CPU lost meanwhile is
    /// no waiting for it.
    #[inline]
    pub(crate) fn account_job_end(&mut self, t: u32, left: f64) {
        if self.accounts.as_ref().is_some_and(|accounts| accounts.has(t)) {
            self.account_job_ended(t, left);
        }
    }

    #[inline(never)]
    fn account_job_ended(&mut self, t: u32, left: f64) {
        let now = self.engine.now;
        let state = self.engine.tokens[t].state;
        let process = self.engine.tokens[t].process;
        // What a loop does on its own account is no endpoint's work.
        let is_own = self.engine.tokens[t].has(HOUSEKEEPING);
        let Some(accounts) = &mut self.accounts else { return };
        let account = accounts.accounts[t as usize];
        let replica = match state {
            State::AtServer => self.engine.tokens[t].wait,
            _ => self.processes[process as usize].replica,
        };
        let host = self.replicas[replica as usize].host;
        let under_lock = state != State::AtServer && self.processes[process as usize].gil != NONE;
        let lost = if under_lock { None } else { self.replicas[host as usize].cpu.lost(now) };
        let before = lost.map(|lost| accounts.lost.get(t as usize).copied().unwrap_or(lost));
        let faster = lost.zip(before).map_or(0.0, |(lost, before)| (lost[3] - before[3]).max(0.0));
        // What a fast machine did beyond its time took none.
        let work = account.first.saturating_sub(left as u64).saturating_sub(faster.round() as u64);
        accounts.accounts[t as usize].first = work;
        let is_on_loop = state == State::Working && self.processes[process as usize].runtime == Runtime::EventLoop;
        // The job has held its event loop.
        let held = is_on_loop.then(|| {
            let service = self.processes[process as usize].service as usize;
            accounts.places.services[service].loops
        });
        if let Some((lost, before)) = lost.zip(before) {
            let [_, contention, throttling] = accounts.places.cpus[replica as usize];
            let service = self.replicas[replica as usize].service;
            let slows = |effect: &Effect| matches!(effect, Effect::Slow(_) | Effect::Stuck);
            let is_slowed = lost[1] > before[1];
            let fault = is_slowed.then(|| accounts.places.fault(self.system, &self.faults, service, slows)).flatten();
            let was_slowed = || accounts.places.last_slow(self.system, service);
            let fault = fault.or_else(|| is_slowed.then(was_slowed).flatten()).unwrap_or(0);
            for (place, (after, before)) in
                [contention, fault, throttling].into_iter().zip(lost.into_iter().zip(before))
            {
                let mark = accounts.accounts[t as usize].mark;
                let most = (now - mark).0.saturating_sub(work);
                let ns = ((after - before).max(0.0).round() as u64).min(most);
                if ns > 0 {
                    accounts.append(t, Label::waiting(place), ns);
                    accounts.accounts[t as usize].mark = mark + Time(ns);
                    if let Some(held) = held {
                        accounts.collected.held(held, Label::waiting(place), ns, account.weight);
                    }
                }
            }
        }
        if let Some(place) = held {
            let all = (now - account.mark).0;
            let lost = (accounts.accounts[t as usize].mark - account.mark).0;
            let served = work.min(all - lost);
            let pc = self.engine.tokens[t].pc as usize;
            let label = match accounts.places.endpoint_of.get(pc) {
                Some(&endpoint) if !is_own => Label::served(accounts.places.endpoints[usize::from(endpoint)][1]),
                _ => account.label,
            };
            accounts.collected.held(place, label, served, account.weight);
            accounts.collected.held(place, account.rest, all - lost - served, account.weight);
        }
        accounts.close(now, t);
    }

    /// The token waits at a station.
    #[inline]
    pub(crate) fn account_station(&mut self, t: u32, station: u32) {
        if let Some(accounts) = &mut self.accounts {
            let [place, _] = accounts.places.stations[station as usize];
            accounts.turn(self.engine.now, t, Label::waiting(place));
        }
    }

    /// The token is served at a station: for its work, then for what the station slows it down, or shares it out.
    #[inline]
    pub(crate) fn account_served(&mut self, t: u32, station: u32, work: Time, is_shared: bool) {
        if let Some(accounts) = &mut self.accounts {
            let [place, contention] = accounts.places.stations[station as usize];
            let rest = if is_shared { place } else { contention };
            accounts.turn_for(self.engine.now, t, work.0, Label::served(place), Label::waiting(rest));
        }
    }

    /// The token has taken a unit.
    #[inline]
    pub(crate) fn account_take(&mut self, t: u32, frame: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.take_unit(self.engine.now, t, frame);
        }
    }

    #[inline(never)]
    fn keep_free(&mut self, frame: u32, slots: u32) {
        if let Some(accounts) = &mut self.accounts {
            let t = self.engine.frames[frame].token;
            let state = &self.slots[slots as usize];
            if !accounts.has(t) {
                return;
            }
            let place = accounts.places.slots[slots as usize];
            accounts.free_unit(self.engine.now, t, frame, place, !state.queue.is_empty(), state.waited_until);
        }
    }

    #[inline(never)]
    fn keep_free_client(&mut self, frame: u32, client: u32) {
        if let Some(accounts) = &mut self.accounts {
            let t = self.engine.frames[frame].token;
            let state = &self.clients[client as usize];
            if !accounts.has(t) {
                return;
            }
            let place = accounts.places.clients[client as usize];
            accounts.free_unit(self.engine.now, t, frame, place, !state.queue.is_empty(), state.waited_until);
        }
    }

    #[inline(never)]
    fn keep_answer(&mut self, parent: u32) {
        if let Some(accounts) = &mut self.accounts {
            let child = self.engine.tokens[parent].wait;
            accounts.close(self.engine.now, child);
            let log = accounts.take(child);
            let began = accounts.accounts[parent as usize].mark;
            accounts.accounts[parent as usize].failed_at = accounts.accounts[child as usize].failed_at;
            accounts.absorb(self.engine.now, parent, log, began);
        }
    }
}
