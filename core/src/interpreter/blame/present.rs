//! What a token does at present. Its account tells; if it has none, or has a job on a CPU, its state does. So it is known of
//! every request where it failed and for what it holds units, although little is kept of those without an account.

use crate::kernel::{NONE, Time};
use crate::model::{Op, Runtime};

use crate::engine::progress::Progress;
use crate::engine::token::{ADMITTED, IN_THREAD, SAMPLED, State};
use crate::interpreter::pool::Borrowing;
use crate::interpreter::query::Trip;
use crate::interpreter::world::World;
use crate::parts::blame::accounts::Accounts;
use crate::parts::blame::log::{Label, UNEXPLAINED};
use crate::parts::blame::place::Places;
use crate::parts::network::http_client::Connecting;

impl World<'_> {
    /// What the token does, or did last where it does nothing yet, and since when.
    pub(crate) fn present(&self, t: u32) -> (Label, Time) {
        let Some(accounts) = &self.accounts else { return (UNEXPLAINED, self.engine.now) };
        let is_sampled = self.engine.tokens[t].has(SAMPLED);
        // What a job has lost to a fault is in its account only when it ends.
        let by_state = match self.engine.tokens[t].state {
            State::Working | State::AtServer => self.present_by_state(accounts, t),
            _ if is_sampled => None,
            _ => self.present_by_state(accounts, t),
        };
        let by_account = || accounts.present(self.engine.now, t, is_sampled);
        match by_state {
            Some((label, _)) if is_sampled => (label, by_account().1),
            Some(by_state) => by_state,
            None => by_account(),
        }
    }

    /// The same by the token's state; none where that does not tell it, so that it is kept of all tokens.
    fn present_by_state(&self, accounts: &Accounts, t: u32) -> Option<(Label, Time)> {
        let places = &accounts.places;
        let token = &self.engine.tokens[t];
        let process = self.processes.get(token.process as usize);
        let service = process.map_or_else(|| self.system.service_at(token.pc), |process| process.service);
        let wait = token.wait as usize;
        let label = match token.state {
            State::Queued => Label::waiting(self.queued_at(places, token.wait)),
            State::AtStation => Label::waiting(places.stations[wait][0]),
            State::Served if self.stations[wait].slows_down => return None,
            State::Served => {
                let is_shared = self.stations[wait].sharing.is_some();
                let has_waited = is_shared && self.engine.now - token.since > self.work_of_visit(t);
                let [place, _] = places.stations[wait];
                if has_waited { Label::waiting(place) } else { Label::served(place) }
            }
            State::Awaiting | State::Joining => UNEXPLAINED,
            State::Backlog if self.awaits_admission(t, service) => return None,
            State::Backlog | State::Ready => {
                let stopped = || self.stopped_by(places, token.process);
                let stopped = || stopped().or_else(|| self.collected_by(places, token.process));
                let fault = process.and_then(|_| stopped());
                let of_service = &places.services[service as usize];
                match (fault, process) {
                    (Some(fault), _) => Label::waiting(fault),
                    _ if self.is_kept_waiting(t, service) => Label::waiting(of_service.descriptors),
                    (None, Some(process)) if process.runtime != Runtime::EventLoop || token.has(IN_THREAD) => {
                        Label::served(places.own_time(service, token.pc))
                    }
                    _ => Label::waiting(of_service.loops),
                }
            }
            State::Working if self.is_standing(t) => Label::waiting(places.services[service as usize].collection),
            State::Working | State::AtServer => {
                let replica = if token.state == State::AtServer { token.wait } else { process?.replica };
                let [cpu, ..] = places.cpus[replica as usize];
                let is_under_lock =
                    token.state != State::AtServer && process.is_some_and(|process| process.gil != NONE);
                let (spent, work) = (self.engine.now - token.since, accounts.work(t));
                if spent <= work {
                    Label::served(cpu)
                } else if let Some(fault) =
                    self.slowed_by(places, replica).filter(|_| spent <= self.slowed(work, replica))
                {
                    Label::waiting(fault)
                } else if is_under_lock {
                    Label::waiting(places.services[service as usize].gil)
                } else {
                    Label::waiting(cpu)
                }
            }
            State::Elapsing | State::Outbound | State::Carrying => {
                // What is noted of it was noted when it began.
                if accounts.is_noted(t, token.since) {
                    return None;
                }
                self.elapsing(places, t, service)
            }
            State::Knocking | State::ConnectionQueued | State::Coalescing | State::Hung | State::AtDisk => return None,
        };
        Some((label, token.since))
    }

    /// What a token spends its time on that lets time pass, where nothing is noted of that.
    fn elapsing(&self, places: &Places, t: u32, service: u32) -> Label {
        let token = &self.engine.tokens[t];
        let own = &self.system.services[service as usize];
        if token.process == NONE {
            // On its way, or refused.
            return Label::waiting(places.services[service as usize].network);
        }
        let server = match self.system.program[token.pc as usize] {
            // Between the parts of a step; before its first part the step before it is still at hand.
            _ if token.phase == Progress::BEGIN => return Label::served(places.own_time(service, token.pc)),
            Op::Trip { .. } if Trip::from(token.phase) == Trip::Network => {
                return Label::served(places.own_time(service, token.pc));
            }
            Op::Trip { pool, .. } | Op::Commit { pool, .. } => own.pools[pool as usize].server,
            // Before that it is the work of opening one.
            Op::Borrow { pool, .. }
                if matches!(Borrowing::from(token.phase), Borrowing::Secure | Borrowing::Opened) =>
            {
                own.pools[pool as usize].server
            }
            Op::Connect { client, .. } if matches!(Connecting::from(token.phase), Connecting::Settling { .. }) => {
                own.clients[client as usize].server
            }
            Op::Send { client, .. } => own.clients[client as usize].server,
            _ => return Label::served(places.own_time(service, token.pc)),
        };
        Label::waiting(places.services[server as usize].network)
    }

    /// Whether the token waits to be accepted by a process, or by any of a replica's, while accept pauses for want of
    /// descriptors.
    fn is_kept_waiting(&self, t: u32, service: u32) -> bool {
        let token = &self.engine.tokens[t];
        if token.process != NONE {
            return self.lacks_descriptor(t, token.process);
        }
        let of_service = self.replicas.iter().filter(|replica| replica.service == service);
        token.state == State::Backlog && of_service.into_iter().any(|one| self.lacks_descriptor(t, one.first_process))
    }

    /// Whether the token waits for its service's ingress.
    pub(crate) fn awaits_admission(&self, t: u32, service: u32) -> bool {
        let ingress = self.ingresses.get(service as usize);
        ingress.is_some_and(Option::is_some) && !self.engine.tokens[t].has(ADMITTED)
    }
}
