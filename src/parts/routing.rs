//! From a sender to a process: how connections are spread over replicas and workers.

use crate::kernel::NONE;
use crate::model::{Balance, Runtime};

use super::event_loop::races;
use super::process::Process;
use super::token::{Failure, Token};
use super::world::World;

impl World<'_> {
    pub(super) fn process_of(&self, t: u32) -> &Process {
        &self.processes[self.tokens[t].process as usize]
    }

    /// A new token at the start of an endpoint.
    #[inline]
    pub(super) fn spawn(&mut self, endpoint: u32, key: u64) -> u32 {
        self.tokens.insert(Token::new(key, self.system.endpoints[endpoint as usize].entry))
    }

    /// Brings a token to a process: to `peer` if its connection leads there, else where the service's balancing says.
    pub(super) fn arrive(&mut self, t: u32, endpoint: u32, peer: u32) {
        if peer != NONE {
            return self.enter(t, peer);
        }
        let service = self.system.endpoints[endpoint as usize].service;
        let plan = &self.system.services[service as usize];
        if plan.replicas == 1 && plan.workers == 1 {
            return self.enter(t, plan.first_process);
        }
        let replica = self.choose_replica(service);
        if races(plan.accept, plan.runtime) && plan.workers > 1 {
            return self.race(t, replica);
        }
        let process = self.choose_worker(replica, plan.accept);
        self.enter(t, process);
    }

    fn choose_replica(&mut self, service: u32) -> u32 {
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

    fn choose_worker(&mut self, replica: u32, accept: Balance) -> u32 {
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

    fn inside_replica(&self, replica: u32) -> u32 {
        let shared = &self.replicas[replica as usize];
        let workers = shared.first_process..shared.first_process + shared.workers;
        let inside: u32 = workers.map(|process| self.processes[process as usize].inside).sum();
        inside + shared.backlog.population.gauge.level()
    }

    /// The token belongs to this process from now on.
    pub(super) fn enter_process(&mut self, t: u32, process: u32) {
        self.tokens[t].process = process;
        self.processes[process as usize].inside += 1;
    }

    /// The token reaches a process, which runs it as its runtime does.
    #[inline]
    pub(super) fn enter(&mut self, t: u32, process: u32) {
        self.enter_process(t, process);
        self.begin(t, process);
    }

    /// The process runs the token as its runtime does.
    #[inline]
    pub(super) fn begin(&mut self, t: u32, process: u32) {
        match self.processes[process as usize].runtime {
            Runtime::Delay => self.ready.push(&mut self.tokens, t),
            Runtime::EventLoop => self.arrive_at_loop(t, process),
            Runtime::Threads => {
                let threads = self.processes[process as usize].threads;
                if threads == NONE {
                    self.ready.push(&mut self.tokens, t);
                } else if self.slots[threads as usize].used.level() < self.slots[threads as usize].size {
                    self.hold(t, threads);
                    self.ready.push(&mut self.tokens, t);
                } else if self.slots[threads as usize].is_full() {
                    // A step of its own: clients that come again at once must not go round here.
                    self.tokens[t].failure = Failure::THREADS_FULL;
                    self.ready.push(&mut self.tokens, t);
                } else {
                    self.queue_for(t, threads);
                }
            }
        }
    }
}
