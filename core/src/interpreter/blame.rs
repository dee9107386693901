//! Each change of what a token does closes a stretch of its account (see [`crate::parts::blame`]).
//!
//! A flag ([`SAMPLED`]) marks the tokens that have an account, so most events of the others cost one test of it. What
//! those do at present follows from their state ([`present`]) when a failure or the end of the window asks for it.

pub(crate) mod ends;
mod faults;
mod heap;
mod inside;
mod jobs;
mod present;
mod window;

use crate::kernel::{NONE, Time};
use crate::model::Load;

use crate::engine::token::{Failure, HOUSEKEEPING, SAMPLED};
use crate::interpreter::world::World;
use crate::parts::blame::accounts::Accounts;
use crate::parts::blame::log::{Label, UNEXPLAINED};
use crate::parts::blame::place::Places;
use crate::parts::blame::sample::Sample;

/// Services and endpoints beyond which no accounts are kept: their places could not be told apart.
const MOST_NAMED: usize = 1500;

/// What happens to tokens, as the parts report it. A run without accounts tests for them, and nothing else; what is done
/// for a token that has one is out of line, so that the paths of the others stay short. Where a hot path has the token at
/// hand, it tests the flag alone and calls `keep_…` itself. `all`: done for tokens without an account, too.
macro_rules! hooks {
    ($($(#[$doc:meta])* $hook:ident => $kept:ident($t:ident: u32 $(, $argument:ident: $type:ty)*);)*) => {
        impl World<'_> {
            $(
                $(#[$doc])*
                #[inline(always)]
                pub(crate) fn $hook(&mut self, $t: u32 $(, $argument: $type)*) {
                    if self.accounts.is_some() && self.engine.tokens[$t].has(SAMPLED) {
                        self.$kept($t $(, $argument)*);
                    }
                }
            )*
        }
    };
    (all: $($(#[$doc:meta])* $hook:ident => $kept:ident($($argument:ident: $type:ty),*);)*) => {
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
    /// The token waits for a unit of these slots.
    account_queued => keep_queued(t: u32, slots: u32);
    /// The token waits for its event loop.
    account_loop => keep_loop(t: u32, process: u32);
    /// The token waits in the queue before its process, which is stopped.
    account_stopped => keep_stopped(t: u32, process: u32);
    /// The token's connection was not accepted for want of descriptors.
    account_emfile => keep_emfile(t: u32, process: u32);
    /// The token waits for an answer, or for branches: their logs will tell.
    account_await => keep_await(t: u32);
    /// The token's job has ended, or is given up with `left` nanoseconds of work: what the CPU lost meanwhile is
    /// no waiting for it.
    account_job_end => keep_job_end(t: u32, left: f64);
    /// The token waits at a station.
    account_station => keep_station(t: u32, station: u32);
    /// The token stands still because of a garbage collection.
    account_collected => keep_collected(t: u32);
    /// The token has taken a unit.
    account_take => keep_take(t: u32, frame: u32);
}

hooks! { all:
    /// The token waits for a connection of this HTTP client, or for an answer that a broken one never gets.
    account_client => keep_client(t: u32, client: u32);
    /// The stretch that the token has just begun is the wait for a token of this HTTP client's rate limit.
    account_paced => keep_paced(t: u32, client: u32);
    /// The token waits for a flush of this disk, or is being flushed.
    account_disk => keep_disk(t: u32, disk: u32, is_served: bool);
    /// The stretch that the token has just begun is the wait for a resolver.
    account_look_up => keep_look_up(t: u32);
    /// The token waits for another's fetch.
    account_fetch => keep_fetch(t: u32, cache: u32);
    /// The stretch that the token has just begun is the pause before another attempt; `wait` is its length.
    account_back_off => keep_back_off(t: u32, wait: Time);
    /// The stretch that the token has just begun is the time until its SYN is sent again, or until the rate limit of its
    /// service admits it.
    account_arrival => keep_arrival(t: u32, service: u32, is_dropped: bool);
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

    /// A token begins.
    #[inline(always)]
    pub(crate) fn account(&mut self, t: u32, key: u64, flags: u8) {
        if let Some(accounts) = &self.accounts
            && (accounts.sample.takes(key) || flags & HOUSEKEEPING != 0 || accounts.has_failed_at())
        {
            self.keep_token(t);
        }
    }

    #[inline(never)]
    fn keep_token(&mut self, t: u32) {
        let Some(accounts) = &mut self.accounts else { return };
        accounts.forget_failure(t);
        let token = &self.engine.tokens[t];
        // What has no draws has no key.
        let key = if token.key == 0 || token.has(HOUSEKEEPING) { accounts.sample.unnamed() } else { token.key };
        let weight = accounts.sample.weight(key);
        self.weigh(t, weight);
    }

    /// The token works for another, and has an account if that one has.
    #[inline]
    pub(crate) fn account_for(&mut self, t: u32, other: u32) {
        if self.accounts.is_some() && (self.engine.tokens[t].flags | self.engine.tokens[other].flags) & SAMPLED != 0 {
            self.account_like(t, other);
        }
    }

    #[inline(never)]
    fn account_like(&mut self, t: u32, other: u32) {
        let weight = match &self.accounts {
            Some(accounts) if self.engine.tokens[other].has(SAMPLED) => accounts.of(other).weight,
            _ => 0,
        };
        self.weigh(t, weight);
        if self.is_recording() {
            self.trace_cause(t, other);
        }
    }

    /// Gives a token that has just begun its weight: how many requests it stands for; 0 for one without an account.
    pub(crate) fn weigh(&mut self, t: u32, weight: u16) {
        let Some(accounts) = &mut self.accounts else { return };
        let token = &mut self.engine.tokens[t];
        if weight == 0 {
            token.flags &= !SAMPLED;
            accounts.end(t);
        } else {
            token.flags |= SAMPLED;
            accounts.begin(self.engine.now, t, weight);
            if accounts.segments.listener.is_some() {
                self.trace_begin(t);
            }
        }
    }

    /// The token, which has an account, spends its time on this from now on.
    #[inline]
    fn spends_on(&mut self, t: u32, label: impl FnOnce(&Self, &Places) -> Label) {
        let Some(accounts) = &self.accounts else { return };
        let label = label(self, &accounts.places);
        self.spends_first_on(t, Time(u64::MAX), label, label);
    }

    /// The token, which has an account, spends so long on this, then its time on something else.
    #[inline]
    fn spends_first_on(&mut self, t: u32, first: Time, label: Label, rest: Label) {
        if let Some(accounts) = &mut self.accounts {
            accounts.turn_for(self.engine.now, t, first.0, label, rest);
        }
    }

    /// The same of a token that may have none.
    fn any_spends_on(&mut self, t: u32, label: impl FnOnce(&Self, &Places) -> Label) {
        let Some(accounts) = &self.accounts else { return };
        let label = label(self, &accounts.places);
        self.stretch(t, Time(u64::MAX), label, label);
    }

    /// The token spends so long on this, then its time on something else. That is kept of a token without an account, too.
    #[inline(always)]
    fn stretch(&mut self, t: u32, first: Time, label: Label, rest: Label) {
        let is_sampled = self.engine.tokens[t].has(SAMPLED);
        if let Some(accounts) = &mut self.accounts {
            if is_sampled {
                accounts.turn_for(self.engine.now, t, first.0, label, rest);
            } else {
                accounts.note(self.engine.now, t, first.0, label, rest);
            }
        }
    }

    /// The present stretch, which has just begun, is called otherwise.
    fn rename(&mut self, t: u32, label: Label) {
        if let Some(accounts) = &mut self.accounts {
            accounts.rename(t, label);
        }
    }

    #[inline(never)]
    fn keep_queued(&mut self, t: u32, slots: u32) {
        self.spends_on(t, |world, places| Label::waiting(world.queued_at(places, slots)));
    }

    #[inline(never)]
    fn keep_client(&mut self, t: u32, client: u32) {
        self.any_spends_on(t, |_, places| Label::waiting(places.clients[client as usize]));
    }

    #[inline(never)]
    pub(crate) fn keep_loop(&mut self, t: u32, process: u32) {
        self.spends_on(t, |world, places| {
            let of_service = &places.services[world.processes[process as usize].service as usize];
            let stopped = world.stopped_by(places, process).or_else(|| world.collected_by(places, process));
            let full = || world.lacks_descriptor(t, process).then_some(of_service.descriptors);
            Label::waiting(stopped.or_else(full).unwrap_or(of_service.loops))
        });
    }

    #[inline(never)]
    fn keep_stopped(&mut self, t: u32, process: u32) {
        let Some(accounts) = &mut self.accounts else { return };
        accounts.close(self.engine.now, t);
        let Some(accounts) = &self.accounts else { return };
        let stopped = self.stopped_by(&accounts.places, process);
        if let Some(fault) = stopped.or_else(|| self.collected_by(&accounts.places, process)) {
            self.rename(t, Label::waiting(fault));
        }
    }

    #[inline(never)]
    fn keep_emfile(&mut self, t: u32, process: u32) {
        let Some(accounts) = &self.accounts else { return };
        let process = &self.processes[process as usize];
        let place = accounts.places.services[process.service as usize].descriptors;
        if process.event_loop.resumed > accounts.of(t).mark {
            self.rename(t, Label::waiting(place));
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
        let Some(accounts) = &self.accounts else { return };
        if let Some(fault) = self.slowed_by(&accounts.places, replica) {
            let served = Label::served(accounts.places.services[service as usize].delay);
            self.stretch(t, added, Label::waiting(fault), served);
        }
    }

    /// The token, which has an account, lets time pass in its service. The state of one without an account tells as much,
    /// unless more is noted below.
    #[inline(never)]
    pub(crate) fn keep_delay(&mut self, t: u32) {
        self.spends_on(t, |world, places| {
            let token = &world.engine.tokens[t];
            match world.processes.get(token.process as usize) {
                Some(process) => Label::served(places.own_time(process.service, token.pc)),
                None => UNEXPLAINED,
            }
        });
    }

    /// The stretch that the token has just begun is spent on the network to a service, and before that, for the time
    /// that a fault adds, on the fault.
    #[inline(always)]
    pub(crate) fn account_network(&mut self, t: u32, service: u32, added: Time) {
        if self.accounts.is_some() && (self.engine.tokens[t].has(SAMPLED) || added > Time::ZERO) {
            self.keep_network(t, service, added);
        }
    }

    #[inline(never)]
    fn keep_network(&mut self, t: u32, service: u32, added: Time) {
        let Some(accounts) = &self.accounts else { return };
        let rest = Label::waiting(accounts.places.services[service as usize].network);
        let of_fault = || accounts.places.latency_fault(self.system, &self.faults, service);
        match (added > Time::ZERO).then(of_fault).flatten() {
            Some(fault) => self.stretch(t, added, Label::waiting(fault), rest),
            None => self.stretch(t, Time(u64::MAX), rest, rest),
        }
    }

    /// The stretch that the token has just begun is a round trip to a database: what a fault adds, the network, and the
    /// work of one that queues nothing.
    #[inline(always)]
    pub(crate) fn account_trip(&mut self, t: u32, service: u32, added: Time, network: Time, work: Time) {
        if self.accounts.is_some() && (self.engine.tokens[t].has(SAMPLED) || added.max(work) > Time::ZERO) {
            self.keep_trip(t, service, added, network, work);
        }
    }

    #[inline(never)]
    fn keep_trip(&mut self, t: u32, service: u32, added: Time, network: Time, work: Time) {
        let Some(accounts) = &self.accounts else { return };
        let of_service = accounts.places.services[service as usize];
        let (on_the_way, served) = (Label::waiting(of_service.network), Label::served(of_service.delay));
        let rest = if work > Time::ZERO { served } else { on_the_way };
        let of_fault = || accounts.places.latency_fault(self.system, &self.faults, service);
        match (added > Time::ZERO).then(of_fault).flatten() {
            // The network is then told with the work, where there is any.
            Some(fault) => self.stretch(t, added, Label::waiting(fault), rest),
            None => self.stretch(t, network, on_the_way, rest),
        }
    }

    /// The pause is explained by the place where the attempt before it failed. This is kept of every token, sampled or not.
    #[inline(never)]
    fn keep_back_off(&mut self, t: u32, wait: Time) {
        let Some(accounts) = &mut self.accounts else { return };
        let failed_at = accounts.failed_at(t);
        accounts.note_failed_at(t, Label::NONE);
        let endpoint = accounts.places.endpoint_of.get(self.engine.tokens[t].pc as usize);
        if wait == Time::ZERO || self.engine.tokens[t].process == NONE {
            return;
        }
        let Some(&endpoint) = endpoint else { return };
        let [_, _, place] = accounts.places.endpoints[usize::from(endpoint)];
        if failed_at != Label::NONE {
            accounts.collected.held(place, failed_at, wait.0, 1);
        }
        self.stretch(t, Time(u64::MAX), Label::waiting(place), Label::waiting(place));
    }

    #[inline(never)]
    fn keep_arrival(&mut self, t: u32, service: u32, is_dropped: bool) {
        self.any_spends_on(t, |_, places| {
            let of_service = places.services[service as usize];
            Label::waiting(if is_dropped { of_service.backlog } else { of_service.rate_limit })
        });
    }

    #[inline(never)]
    fn keep_paced(&mut self, t: u32, client: u32) {
        self.any_spends_on(t, |_, places| Label::waiting(places.paces[client as usize]));
    }

    #[inline(never)]
    fn keep_look_up(&mut self, t: u32) {
        self.any_spends_on(t, |world, places| {
            let process = &world.processes[world.engine.tokens[t].process as usize];
            Label::waiting(places.services[process.service as usize].look_up)
        });
    }

    #[inline(never)]
    fn keep_fetch(&mut self, t: u32, cache: u32) {
        self.any_spends_on(t, |_, places| Label::waiting(places.caches[cache as usize]));
    }

    #[inline(never)]
    fn keep_await(&mut self, t: u32) {
        self.spends_on(t, |_, _| UNEXPLAINED);
    }

    #[inline(never)]
    fn keep_station(&mut self, t: u32, station: u32) {
        self.spends_on(t, |_, places| Label::waiting(places.stations[station as usize][0]));
    }

    /// The token is served at a station: for its work, then for what the station slows it down, or shares it out.
    #[inline(never)]
    pub(crate) fn account_served(&mut self, t: u32, station: u32, work: Time) {
        let Some(accounts) = &self.accounts else { return };
        let [place, contention] = accounts.places.stations[station as usize];
        let is_shared = self.stations[station as usize].sharing.is_some();
        let rest = if is_shared { place } else { contention };
        self.stretch(t, work, Label::served(place), Label::waiting(rest));
    }

    #[inline(never)]
    fn keep_take(&mut self, t: u32, frame: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.take_unit(self.engine.now, t, frame);
        }
    }

    /// The token, which has an account, blocks the event loop of its process.
    pub(crate) fn account_block(&mut self, t: u32, process: u32) {
        if let Some(accounts) = &mut self.accounts {
            accounts.block(self.engine.now, t, process);
        }
    }

    /// It no longer does.
    pub(crate) fn account_unblock(&mut self, t: u32, process: u32) {
        let service = self.processes[process as usize].service as usize;
        let innermost = self.engine.tokens[t].frame;
        let holds = |frame: &u32| *frame != NONE && self.engine.frames[*frame].kind.is_hold();
        let inner = Some(innermost).filter(holds).unwrap_or(NONE);
        if let Some(accounts) = &mut self.accounts {
            let place = accounts.places.services[service].loops;
            accounts.unblock(self.engine.now, t, process, place, inner);
        }
    }

    /// The token gives back the unit of slots that it holds by this frame.
    #[inline]
    pub(crate) fn account_free(&mut self, t: u32, frame: u32, slots: u32) {
        if self.accounts.is_some() && self.engine.tokens[t].has(SAMPLED) {
            self.keep_free(t, frame, slots);
        }
    }

    #[inline(never)]
    fn keep_free(&mut self, t: u32, frame: u32, slots: u32) {
        if let Some(accounts) = &mut self.accounts {
            let state = &self.slots[slots as usize];
            let place = accounts.places.slots[slots as usize];
            accounts.free_unit(self.engine.now, t, frame, place, !state.queue.is_empty(), state.waited_until);
        }
    }

    /// The same for a connection of an HTTP client.
    #[inline]
    pub(crate) fn account_free_client(&mut self, frame: u32, client: u32) {
        if self.accounts.is_some() && self.engine.tokens[self.engine.frames[frame].token].has(SAMPLED) {
            self.keep_free_client(frame, client);
        }
    }

    #[inline(never)]
    fn keep_free_client(&mut self, frame: u32, client: u32) {
        if let Some(accounts) = &mut self.accounts {
            let t = self.engine.frames[frame].token;
            let state = &self.clients[client as usize];
            let place = accounts.places.clients[client as usize];
            accounts.free_unit(self.engine.now, t, frame, place, state.is_waited_for(), state.waited_until);
        }
    }

    /// The token that waits has its answer, or the failure that ends its wait.
    #[inline]
    pub(crate) fn account_answer(&mut self, parent: u32, failure: Failure) {
        if self.accounts.is_some() && (failure.is_some() || self.engine.tokens[parent].has(SAMPLED)) {
            self.keep_answer(parent);
        }
    }

    /// The token, which has an account, is about to go.
    #[inline(never)]
    pub(crate) fn end_account(&mut self, t: u32) {
        let Some(accounts) = &mut self.accounts else { return };
        if accounts.segments.listener.is_some() {
            let failure = self.engine.tokens[t].failure;
            match self.is_metering() {
                true => self.meter_answer(t, failure),
                false => self.trace_end(t, failure),
            }
        }
        let Some(accounts) = &mut self.accounts else { return };
        accounts.end(t);
    }

    #[inline(never)]
    fn keep_answer(&mut self, parent: u32) {
        let child = self.engine.tokens[parent].wait;
        let is_sampled = self.engine.tokens[parent].has(SAMPLED) && self.engine.tokens[child].has(SAMPLED);
        let Some(accounts) = &mut self.accounts else { return };
        accounts.note_failed_at(parent, accounts.failed_at(child));
        if is_sampled {
            accounts.close(self.engine.now, child);
            let log = accounts.take(child);
            let began = accounts.of(parent).mark;
            accounts.absorb(self.engine.now, parent, log, began);
        }
    }
}
