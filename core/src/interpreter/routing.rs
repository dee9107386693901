//! From a sender to a process: how connections are spread over replicas and workers.

use crate::kernel::NONE;
use crate::model::{Balance, Runtime};

use crate::engine::token::{Failure, Token};
use crate::interpreter::world::World;
use crate::parts::compute::event_loop::races;
use crate::parts::network::peer::LOST;
use crate::parts::network::process::{Process, ReplicaGroup};

impl World<'_> {
    pub(crate) fn process_of(&self, t: u32) -> &Process {
        &self.processes[self.engine.tokens[t].process as usize]
    }

    /// A new token at the start of an endpoint.
    #[inline]
    pub(crate) fn spawn(&mut self, endpoint: u32, key: u64) -> u32 {
        self.begin_token(endpoint, key, 0)
    }

    /// A new token with these flags at the start of an endpoint.
    #[inline(always)]
    pub(crate) fn begin_token(&mut self, endpoint: u32, key: u64, flags: u8) -> u32 {
        let entry = self.system.endpoints[endpoint as usize].entry;
        let t = self.insert_token(Token { flags, ..Token::new(key, entry) });
        #[cfg(debug_assertions)]
        self.note_token(t);
        t
    }

    /// A new token.
    #[inline]
    pub(crate) fn insert_token(&mut self, token: Token) -> u32 {
        let (key, flags) = (token.key, token.flags);
        let t = self.engine.tokens.insert(token);
        self.account(t, key, flags);
        t
    }

    /// Brings a token to a process: to `peer` if its connection leads there, else where the service's balancing says.
    #[inline]
    pub(crate) fn arrive(&mut self, t: u32, endpoint: u32, peer: u32) {
        if !self.is_plain {
            return self.arrive_guarded(t, endpoint, peer);
        }
        if peer != NONE {
            return self.enter(t, peer);
        }
        let service = self.system.endpoints[endpoint as usize].service;
        let plan = &self.system.services[service as usize];
        if plan.replicas == 1 && plan.workers == 1 {
            return self.enter(t, plan.first_process);
        }
        let replica = self.choose_replica(service);
        self.pass_on(t, replica);
    }

    /// The same where an ingress, a full backlog or an outage may be in the way, or calls are counted.
    #[inline(never)]
    fn arrive_guarded(&mut self, t: u32, endpoint: u32, peer: u32) {
        if self.system.endpoints[endpoint as usize].is_handshake {
            return self.route(t, endpoint, peer);
        }
        if let Some(calls) = &mut self.calls {
            calls.received(self.engine.now, self.system.endpoints[endpoint as usize].service);
        }
        if self.ingresses.is_empty() || self.admit(t, endpoint, peer) {
            self.route(t, endpoint, peer);
        }
    }

    /// Brings a token that is past the ingress to a process.
    pub(crate) fn route(&mut self, t: u32, endpoint: u32, peer: u32) {
        if self.outages > 0 || peer == LOST {
            return self.arrive_amid_outage(t, endpoint, peer);
        }
        if peer != NONE {
            return self.enter(t, peer);
        }
        let service = self.system.endpoints[endpoint as usize].service;
        let plan = &self.system.services[service as usize];
        if plan.backlog.is_some() {
            return self.knock(t, service);
        }
        if plan.replicas == 1 && plan.workers == 1 {
            return self.enter(t, plan.first_process);
        }
        let replica = self.choose_replica(service);
        self.pass_on(t, replica);
    }

    /// Brings a token to a replica, whose backlog may be full.
    pub(crate) fn arrive_at(&mut self, t: u32, replica: u32) {
        let service = self.replicas[replica as usize].service;
        match self.system.services[service as usize].backlog {
            Some(_) => self.knock_at(t, replica),
            None => self.pass_on(t, replica),
        }
    }

    /// Brings a token to a replica, to whichever worker gets it.
    pub(crate) fn pass_on(&mut self, t: u32, replica: u32) {
        let plan = &self.system.services[self.replicas[replica as usize].service as usize];
        if races(plan.accept, plan.runtime) && plan.workers > 1 {
            return self.race(t, replica);
        }
        let process = self.choose_worker(replica, plan.accept);
        self.enter(t, process);
    }

    /// Brings a token to a process while some replicas get no requests, or where its connection is lost.
    fn arrive_amid_outage(&mut self, t: u32, endpoint: u32, peer: u32) {
        if peer == LOST || (peer != NONE && self.is_down(self.processes[peer as usize].replica)) {
            return self.refuse(t, Failure::CONNECTION_LOST);
        }
        // One that has got SIGTERM has closed its connections.
        if peer != NONE && !self.is_closed(self.processes[peer as usize].replica) {
            return self.enter(t, peer);
        }
        let service = self.system.endpoints[endpoint as usize].service;
        match self.choose_available(service).filter(|&replica| !self.is_closed(replica)) {
            Some(replica) => self.arrive_at(t, replica),
            None => self.refuse(t, Failure::CONNECTION_REFUSED),
        }
    }

    /// A replica among those that get requests, if any does.
    fn choose_available(&mut self, service: u32) -> Option<u32> {
        let plan = &self.system.services[service as usize];
        let ReplicaGroup { first_replica: first, next_replica: next, .. } = self.groups[service as usize];
        let is_available = |replica: &u32| self.replicas[(first + replica) as usize].is_available();
        let mut available = (0..plan.replicas).filter(is_available);
        let chosen = match plan.balance {
            Balance::Random => match available.clone().count() as u32 {
                0 => None,
                count => {
                    let nth = self.choices.below(count) as usize;
                    (0..plan.replicas)
                        .filter(|&replica| self.replicas[(first + replica) as usize].is_available())
                        .nth(nth)
                }
            },
            Balance::LeastBusy => available.min_by_key(|replica| self.inside_replica(first + replica)),
            Balance::RoundRobin | Balance::AcceptRace => {
                let after = available.clone().find(|&replica| replica >= next);
                let turn = after.or_else(|| available.next());
                if let Some(turn) = turn {
                    self.groups[service as usize].next_replica = (turn + 1) % plan.replicas;
                }
                turn
            }
        };
        chosen.map(|replica| first + replica)
    }

    pub(crate) fn choose_replica(&mut self, service: u32) -> u32 {
        let plan = &self.system.services[service as usize];
        let group = &mut self.groups[service as usize];
        let chosen = match plan.balance {
            Balance::Random => self.choices.below(plan.replicas),
            Balance::LeastBusy => {
                let first = group.first_replica;
                (0..plan.replicas).min_by_key(|replica| self.inside_replica(first + replica)).unwrap_or(0)
            }
            Balance::RoundRobin | Balance::AcceptRace => {
                let turn = group.next_replica;
                group.next_replica = (turn + 1) % plan.replicas;
                turn
            }
        };
        self.groups[service as usize].first_replica + chosen
    }

    pub(crate) fn choose_worker(&mut self, replica: u32, accept: Balance) -> u32 {
        let shared = &mut self.replicas[replica as usize];
        let workers = shared.workers;
        let chosen = match accept {
            Balance::Random => self.choices.below(workers),
            Balance::RoundRobin => {
                let turn = shared.next_worker;
                shared.next_worker = (turn + 1) % workers;
                turn
            }
            Balance::LeastBusy | Balance::AcceptRace => {
                let first = shared.first_process;
                (0..workers).min_by_key(|worker| self.processes[(first + worker) as usize].inside).unwrap_or(0)
            }
        };
        self.replicas[replica as usize].first_process + chosen
    }

    /// Requests and messages at a replica, those included that no worker has taken yet.
    pub(crate) fn inside_replica(&self, replica: u32) -> u32 {
        let shared = &self.replicas[replica as usize];
        let workers = shared.first_process..shared.first_process + shared.workers;
        let inside: u32 = workers.map(|process| self.processes[process as usize].inside).sum();
        inside + shared.backlog.population.gauge.level()
    }

    /// The token belongs to this process from now on.
    pub(crate) fn enter_process(&mut self, t: u32, process: u32) {
        self.engine.tokens[t].process = process;
        self.processes[process as usize].inside += 1;
    }

    /// The worker of the replica that has the least to do takes the token.
    fn take_by_idle_worker(&mut self, t: u32) {
        let process = self.engine.tokens[t].process as usize;
        self.processes[process].inside -= 1;
        let idle = self.choose_worker(self.processes[process].replica, Balance::LeastBusy);
        self.enter_process(t, idle);
    }

    /// Another worker of the replica takes the token.
    pub(crate) fn move_to_process(&mut self, t: u32, process: u32) {
        let before = std::mem::replace(&mut self.engine.tokens[t].process, process);
        self.processes[before as usize].inside -= 1;
        self.processes[process as usize].inside += 1;
    }

    /// The token reaches a process, which runs it as its runtime does.
    #[inline]
    pub(crate) fn enter(&mut self, t: u32, process: u32) {
        self.enter_process(t, process);
        self.begin(t, process);
    }

    /// The process runs the token as its runtime does.
    #[inline]
    pub(crate) fn begin(&mut self, t: u32, process: u32) {
        match self.processes[process as usize].runtime {
            Runtime::Delay => self.set_ready(t),
            Runtime::EventLoop => self.arrive_at_loop(t, process),
            Runtime::Threads => {
                let threads = self.processes[process as usize].threads;
                if threads == NONE {
                    self.set_ready(t);
                } else if self.slots[threads as usize].has_room() {
                    if self.slots[threads as usize].sharers > 1 {
                        self.take_by_idle_worker(t);
                    }
                    self.hold(t, threads);
                    self.set_ready(t);
                } else if self.slots[threads as usize].is_full() {
                    if self.grows_when_full(threads) {
                        return self.begin(t, process);
                    }
                    // A step of its own: clients that come again at once must not go round here.
                    self.slots[threads as usize].waited_until = self.engine.now;
                    self.engine.tokens[t].failure = Failure::THREADS_FULL;
                    self.set_ready(t);
                } else {
                    self.queue_for(t, threads);
                }
            }
        }
    }
}
