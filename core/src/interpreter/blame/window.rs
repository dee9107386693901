//! The window of the accounts: it opens, it closes, and the accounts must explain each request's time.

use crate::kernel::{NONE, Time};
use crate::model::{FaultEffect, FaultPlan, Runtime};

use crate::engine::token::{SAMPLED, State};
use crate::interpreter::deadlock::Held;
use crate::interpreter::world::World;
use crate::parts::blame::accounts::Accounts;
use crate::parts::blame::collect::Collected;
use crate::parts::blame::figures::Blame;
use crate::parts::blame::log::Label;
use crate::parts::held::slots::Slots;
use crate::parts::scaling::Scaler;

/// The longest chain of calls that is followed when the window closes.
const LONGEST: usize = 1000;

impl World<'_> {
    /// The window opens.
    pub(crate) fn reset_blame(&mut self) {
        if let Some(accounts) = &mut self.accounts {
            accounts.collected = Collected::new(accounts.places.all.len());
            accounts.sample.open_window();
            accounts.opened = self.engine.now;
        }
    }

    /// The window closes: where the time went.
    pub(crate) fn blame(&mut self) -> Option<Blame> {
        self.account_holders();
        self.account_outages();
        self.account_lowering();
        let accounts = self.accounts.as_mut()?;
        let places = &accounts.places.all;
        let collected = std::mem::replace(&mut accounts.collected, Collected::new(places.len()));
        let name = |index: usize| places[index].place(self.system);
        Some(collected.finish(name, &self.system.reasons, &self.tally.response_times))
    }

    /// The laws that the accounts have broken: they explain each request's time, no more and no less.
    pub(crate) fn broken_by_accounts(&self, broken: &mut Vec<String>) {
        let Some(accounts) = &self.accounts else { return };
        let (accounted, took) = (accounts.collected.accounted(), accounts.collected.took);
        if accounted != took {
            broken.push(format!("blame: requests took {took} ns, their accounts add up to {accounted} ns"));
        }
        let all = self.tally.response_times.sum();
        if accounts.sample.is_whole() && took != all {
            broken.push(format!("blame: requests took {all} ns, those that have an account {took} ns"));
        }
        let unexplained = accounts.collected.unexplained();
        if unexplained > 0 {
            broken.push(format!("blame: {unexplained} ns of the requests' time are unexplained"));
        }
    }

    /// The window closes: adds what the present holders of units that others wait for are doing, since they began it.
    fn account_holders(&mut self) {
        let found = self.present_holders();
        self.add_holders(&found);
    }

    /// Faults begin or end at this instant. A stuck process or a lowered capacity halts requests, also some that hold units. Few
    /// requests are halted for as long as the fault lasts, and a sample may have none of them. So when such a fault ends, all
    /// present holders of units that others wait for are charged with what they have lost to it; a holder with an account
    /// leaves that time out when it gives its unit back.
    pub(crate) fn account_halts(&mut self, begin: impl Fn(&FaultPlan) -> bool, end: impl Fn(&FaultPlan) -> bool) {
        let Some(accounts) = &self.accounts else { return };
        let halts = |effect: &FaultEffect| matches!(effect, FaultEffect::Stuck | FaultEffect::Capacity { .. });
        let places = |which: &dyn Fn(&FaultPlan) -> bool| -> Vec<u16> {
            let plans = self.system.faults.iter().zip(&accounts.places.faults);
            plans.filter(|(plan, _)| halts(&plan.effect) && which(plan)).map(|(_, &place)| place).collect()
        };
        let (begun, over) = (places(&begin), places(&end));
        if !over.is_empty() {
            let mut found = self.present_holders();
            found.retain(|(_, label, _)| over.contains(&label.place()));
            self.add_holders(&found);
        }
        if let Some(accounts) = &mut self.accounts {
            accounts.halts_over.extend(over);
            accounts.halts_over.retain(|place| !begun.contains(place));
        }
    }

    /// What the present holders of units that others wait for are doing, and since when: by the place that they hold.
    fn present_holders(&self) -> Vec<(u16, Label, Time)> {
        let Some(accounts) = &self.accounts else { return Vec::new() };
        let mut found = Vec::new();
        for (held, unit) in self.wanted(accounts) {
            for holder in self.holders(unit) {
                let (label, since) = self.present_in_window(holder, accounts.opened);
                found.push((held, label, since));
            }
        }
        for process in &self.processes {
            if let Some(blocker) = process.event_loop.blocker {
                let (label, since) = self.present_in_window(blocker, accounts.opened);
                found.push((accounts.places.services[process.service as usize].loops, label, since));
            }
        }
        for holder in self.engine.tokens.living() {
            for held in self.places_held_by(holder) {
                let (label, since) = self.present_in_window(holder, accounts.opened);
                found.push((held, label, since));
            }
        }
        found
    }

    fn add_holders(&mut self, found: &[(u16, Label, Time)]) {
        let Some(accounts) = &mut self.accounts else { return };
        let now = self.engine.now;
        for &(held, label, since) in found {
            accounts.collected.held_between([since, now], held, label, (now - since).0, 1);
        }
    }

    /// A request that was sent then has failed: adds what those are doing who hold units that others wait for. Of those who
    /// have an account more is known when they give them back. `before` is when they were looked at last.
    pub(super) fn look_at_holders(&mut self, before: Time, sent: Time) {
        let Some(accounts) = &self.accounts else { return };
        let now = self.engine.now;
        let age = now - sent.max(accounts.opened);
        let mut found = Vec::new();
        for (held, unit) in self.wanted(accounts) {
            for holder in self.holders(unit).filter(|&holder| !self.engine.tokens[holder].has(SAMPLED)) {
                let (label, since) = self.present_in_window(holder, accounts.opened);
                let stands_for = (now - before.max(accounts.opened)).min(age.max(now - since));
                found.push((held, label, stands_for.0));
            }
        }
        let Some(accounts) = &mut self.accounts else { return };
        for (held, label, ns) in found {
            accounts.collected.seen(held, label, ns);
        }
    }

    /// The slots and clients of which somebody waits for a unit, with their places.
    fn wanted<'a>(&'a self, accounts: &'a Accounts) -> impl Iterator<Item = (u16, Held)> + 'a {
        let is_wanted = |slots: &Slots| !slots.queue.is_empty() || slots.is_full() && !slots.has_room();
        let slots = self.slots.iter().zip(0..).filter(move |(slots, _)| is_wanted(slots));
        let slots = slots.map(|(_, id)| (accounts.places.slots[id as usize], Held::Slots(id)));
        let clients = self.clients.iter().zip(0..).filter(|(client, _)| client.is_waited_for());
        slots.chain(clients.map(|(_, id)| (accounts.places.clients[id as usize], Held::Client(id))))
    }

    /// The window closes: notes for how long faults and deploys have kept replicas of a service down. That is no wait, so it
    /// is filed as served.
    fn account_outages(&mut self) {
        let Some(accounts) = &mut self.accounts else { return };
        for (plan, &fault) in self.system.faults.iter().zip(&accounts.places.faults) {
            let (from, to) = (plan.from.max(accounts.opened), plan.to.unwrap_or(self.engine.now).min(self.engine.now));
            if plan.effect == FaultEffect::Dead && from < to {
                let down = accounts.places.services[plan.service as usize].unavailable;
                accounts.collected.held(down, Label::served(fault), (to - from).0, 1);
            }
        }
        (0..self.scalers.len() as u32).for_each(|scaler| self.account_deploy(scaler));
    }

    /// A deploy ends, or the window closes: notes for how long it has taken replicas out of use.
    pub(crate) fn account_deploy(&mut self, scaler: u32) {
        let Scaler { service, deploy, began, .. } = self.scalers[scaler as usize];
        let Some(accounts) = self.accounts.as_mut().filter(|_| deploy != NONE) else { return };
        let length = self.engine.now.since(began.max(accounts.opened));
        let deploy = accounts.places.deploys[service as usize][deploy as usize];
        let down = accounts.places.services[service as usize].unavailable;
        accounts.collected.held(down, Label::served(deploy), length.0, 1);
    }

    /// The window closes: notes which slots each fault lowers, as what those who wait because of the fault wait for, and
    /// which CPU it makes slow or stops, as what serves them.
    fn account_lowering(&mut self) {
        let Some(accounts) = &self.accounts else { return };
        let mut found = Vec::new();
        for (plan, &fault) in self.system.faults.iter().zip(&accounts.places.faults) {
            let lowered = |slots: &&Slots| {
                self.processes.get(slots.process as usize).is_some_and(|process| process.service == plan.service)
                    && matches!(plan.effect, FaultEffect::Capacity { what, .. } if slots.kind.is_of(what))
            };
            let place = self.slots.iter().zip(&accounts.places.slots).find(|(slots, _)| lowered(slots));
            found.extend(place.map(|(_, &place)| (fault, Label::waiting(place))));
            let slows = match plan.effect {
                FaultEffect::Slow(factor) => factor > 1.0,
                FaultEffect::Stuck => true,
                _ => false,
            };
            let has_cpu = self.system.services[plan.service as usize].runtime != Runtime::Delay;
            let replica = self.replicas.iter().position(|replica| replica.service == plan.service);
            let cpu = replica.filter(|_| slows && has_cpu).map(|replica| accounts.places.cpus[replica][0]);
            found.extend(cpu.map(|cpu| (fault, Label::served(cpu))));
        }
        let Some(accounts) = &mut self.accounts else { return };
        for (fault, label) in found {
            accounts.collected.held(fault, label, 1, 1);
        }
    }

    /// What the holder of a unit does, or the token that it waits for in the end, and since when in a window that opened
    /// then.
    fn present_in_window(&self, holder: u32, opened: Time) -> (Label, Time) {
        let (label, since) = self.present_at(self.last_of(holder));
        (label, since.max(opened).min(self.engine.now))
    }

    /// From a token along the answers and branches that are waited for, to one that waits for something else.
    fn last_of(&self, mut t: u32) -> u32 {
        for _ in 0..LONGEST {
            let Some(next) = self.awaited_by(t) else { break };
            t = next;
        }
        t
    }

    /// The token that a token waits for: the one that answers it, or the first of its branches.
    pub(super) fn awaited_by(&self, t: u32) -> Option<u32> {
        let token = &self.engine.tokens[t];
        match token.state {
            State::Awaiting => Some(token.wait),
            State::Joining => {
                let branches = self.guards.joins[token.wait].branches;
                branches.first().map(|frame| self.engine.frames[frame].token)
            }
            _ => None,
        }
    }

    /// What the token does, and since when, with the fault that has stopped its CPU.
    fn present_at(&self, t: u32) -> (Label, Time) {
        let (label, since) = self.present(t);
        (self.stopped_at(t, label).unwrap_or(label), since)
    }

    fn stopped_at(&self, t: u32, label: Label) -> Option<Label> {
        let places = &self.accounts.as_ref()?.places;
        let token = &self.engine.tokens[t];
        let replica = match token.state {
            State::AtServer => token.wait,
            _ => self.processes.get(token.process as usize)?.replica,
        };
        let state = self.replicas.get(replica as usize)?;
        let is_on_cpu = label.place() == places.cpus[replica as usize][0];
        if !is_on_cpu || !state.health.frozen {
            return None;
        }
        let stops = |effect: &FaultEffect| matches!(effect, FaultEffect::Stuck);
        places.fault(self.system, &self.faults, state.service, stops).map(Label::waiting)
    }
}
