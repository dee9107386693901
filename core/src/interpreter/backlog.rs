//! Connections are opened to services with a bounded backlog.

use crate::kernel::NONE;

use crate::engine::next::Next;
use crate::engine::progress::Progress;
use crate::engine::token::{Failure, FrameKind, SAMPLED, State};
use crate::interpreter::world::World;
use crate::parts::network::backlog::{Knock, gives_up, is_counted};
use crate::parts::network::process::Replica;

impl World<'_> {
    /// A token opens a connection to a service with a bounded backlog.
    pub(crate) fn knock(&mut self, t: u32, service: u32) {
        let replica = self.choose_replica(service);
        self.knock_at(t, replica);
    }

    /// The token's SYN reaches the replica.
    pub(crate) fn knock_at(&mut self, t: u32, replica: u32) {
        match self.replicas[replica as usize].accept_queue.knock(&mut self.engine, t) {
            Knock::Dropped { wait, is_first } => {
                let next = self.elapse(t, wait);
                debug_assert_eq!(next, Next::Park);
                let token = &mut self.engine.tokens[t];
                (token.state, token.wait) = (State::Knocking, replica);
                let service = self.replicas[replica as usize].service;
                self.account_arrival(t, service, true);
                if is_first {
                    self.limit_caller(t, true);
                }
            }
            Knock::Established { was_dropped } => {
                if was_dropped {
                    self.limit_caller(t, false);
                }
                self.pass_on(t, replica);
            }
        }
    }

    /// It is time to send the SYN again.
    pub(crate) fn knock_again(&mut self, t: u32) {
        if gives_up(&self.engine.tokens[t]) {
            self.fail(t, Failure::CONNECT_TIMEOUT);
            return;
        }
        let replica = self.engine.tokens[t].wait;
        if self.is_down(replica) {
            self.engine.tokens[t].phase = Progress::BEGIN;
            return self.refuse(t, Failure::CONNECTION_REFUSED);
        }
        self.knock_at(t, replica);
    }

    /// The caller waits for its connection from now on, or, when that is there after all, for the answer.
    fn limit_caller(&mut self, t: u32, connects: bool) {
        let caller = self.engine.tokens[t].parent;
        if caller == NONE || self.engine.tokens[caller].state != State::Awaiting {
            return;
        }
        if let FrameKind::Connection { client, .. } = self.engine.frames[self.engine.tokens[caller].frame].kind {
            let client = &self.clients[client as usize];
            let timeout = if connects { client.connect_timeout } else { client.timeout };
            self.engine.drop_timer(caller);
            self.engine.limit_wait(caller, timeout);
        }
    }

    /// Whether a token that waits for an answer is not even connected.
    pub(crate) fn is_knocking(&self, caller: u32) -> bool {
        let token = &self.engine.tokens[caller];
        token.state == State::Awaiting && self.engine.tokens[token.wait].state == State::Knocking
    }

    /// The connection that a token tries to open is no longer wanted.
    pub(crate) fn stop_knocking(&mut self, t: u32) {
        self.engine.forget_event(t);
        if self.jobs.kept {
            self.leave_job(t, Failure::GAVE_UP);
        }
        self.leave_ingress(t);
        while self.engine.tokens[t].frame != NONE {
            self.pop_frame(t);
        }
        if self.engine.tokens[t].has(SAMPLED) {
            self.end_account(t);
        }
        self.engine.tokens.remove(t);
    }

    /// Replicas whose accept queue counts others than wait in it.
    pub(crate) fn accept_queue_violations(&self) -> Vec<String> {
        let counted = |t: u32| is_counted(&self.engine.tokens[t]);
        let wrong = |replica: &Replica| {
            let own = replica.first_process..replica.first_process + replica.workers;
            let waiting: usize = own
                .map(|process| self.processes[process as usize].event_loop.accepting)
                .map(|accepting| accepting.iter(&self.engine.tokens).filter(|&t| counted(t)).count())
                .sum();
            let waiting = waiting + replica.backlog.iter(&self.engine.tokens).filter(|&t| counted(t)).count();
            let level = replica.accept_queue.level();
            (level as usize != waiting).then(|| format!("an accept queue counts {level} connections, {waiting} wait"))
        };
        self.replicas.iter().filter_map(wrong).collect()
    }
}
