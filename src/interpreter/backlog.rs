//! Connections are opened to services with a bounded backlog.

use crate::kernel::{NONE, Time};

use crate::engine::next::Next;
use crate::engine::progress::Progress;
use crate::engine::token::{Failure, FrameKind, State};
use crate::interpreter::world::World;
use crate::parts::network::process::Replica;

/// RFC 6298's initial retransmission time-out.
const FIRST_RETRY: Time = Time(1_000_000_000);
/// `net.ipv4.tcp_syn_retries`.
const RETRIES: u8 = 6;

/// How far a connection has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialling {
    /// No SYN of it has been dropped, and it is in no accept queue that is counted.
    Fresh,
    /// It is counted in an accept queue.
    Queued,
    /// So many SYNs have been dropped.
    Refused { attempts: u8 },
}

impl From<Progress> for Dialling {
    fn from(phase: Progress) -> Self {
        match phase.count() {
            0 => Self::Fresh,
            1 => Self::Queued,
            count => Self::Refused { attempts: count - 1 },
        }
    }
}

impl From<Dialling> for Progress {
    fn from(arrival: Dialling) -> Self {
        Self::counted(match arrival {
            Dialling::Fresh => 0,
            Dialling::Queued => 1,
            Dialling::Refused { attempts } => attempts + 1,
        })
    }
}

impl Dialling {
    fn attempts(self) -> u8 {
        match self {
            Self::Fresh | Self::Queued => 0,
            Self::Refused { attempts } => attempts,
        }
    }
}

impl World<'_> {
    /// A token opens a connection to a service with a bounded backlog.
    pub(crate) fn knock(&mut self, t: u32, service: u32) {
        let replica = self.choose_replica(service);
        self.knock_at(t, replica);
    }

    /// The token's SYN reaches the replica.
    pub(crate) fn knock_at(&mut self, t: u32, replica: u32) {
        let now = self.engine.now;
        let shared = &mut self.replicas[replica as usize];
        if shared.accept_queue.waiting.level() >= shared.accept_queue.room {
            shared.accept_queue.dropped += 1;
            let attempt = Dialling::from(self.engine.tokens[t].phase).attempts();
            let wait = Time(FIRST_RETRY.0 << attempt);
            let next = self.elapse(t, wait);
            debug_assert_eq!(next, Next::Park);
            let token = &mut self.engine.tokens[t];
            (token.state, token.wait) = (State::Knocking, replica);
            token.phase = Dialling::Refused { attempts: attempt + 1 }.into();
            let service = self.replicas[replica as usize].service;
            self.account_arrival(t, service, true);
            if attempt == 0 {
                self.limit_caller(t, true);
            }
            return;
        }
        shared.accept_queue.waiting.up(now);
        shared.accept_queue.entered += 1;
        let token = &mut self.engine.tokens[t];
        let before = std::mem::replace(&mut token.phase, Dialling::Queued.into());
        if Dialling::from(before) != Dialling::Fresh {
            self.limit_caller(t, false);
        }
        self.pass_on(t, replica);
    }

    /// It is time to send the SYN again.
    pub(crate) fn knock_again(&mut self, t: u32) {
        if Dialling::from(self.engine.tokens[t].phase).attempts() > RETRIES {
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

    /// Nobody wants the connection any more that a token tries to open.
    pub(crate) fn stop_knocking(&mut self, t: u32) {
        self.engine.forget_event(t);
        if self.jobs.kept {
            self.leave_job(t, Failure::GAVE_UP);
        }
        self.leave_ingress(t);
        while self.engine.tokens[t].frame != NONE {
            self.pop_frame(t);
        }
        self.engine.tokens.remove(t);
    }

    /// The token leaves the accept queue: it is accepted, or its connection is reset.
    pub(crate) fn leave_accept_queue(&mut self, t: u32, replica: u32) {
        if self.engine.tokens[t].phase == Dialling::Queued.into() {
            self.engine.tokens[t].phase = Progress::BEGIN;
            let now = self.engine.now;
            self.replicas[replica as usize].accept_queue.waiting.down(now);
        }
    }

    /// Replicas whose accept queue counts others than wait in it.
    pub(crate) fn accept_queue_violations(&self) -> Vec<String> {
        let counted = |t: u32| self.engine.tokens[t].phase == Dialling::Queued.into();
        let wrong = |replica: &Replica| {
            let own = replica.first_process..replica.first_process + replica.workers;
            let waiting: usize = own
                .map(|process| self.processes[process as usize].event_loop.accepting)
                .map(|accepting| accepting.iter(&self.engine.tokens).filter(|&t| counted(t)).count())
                .sum();
            let waiting = waiting + replica.backlog.iter(&self.engine.tokens).filter(|&t| counted(t)).count();
            let level = replica.accept_queue.waiting.level();
            (level as usize != waiting).then(|| format!("an accept queue counts {level} connections, {waiting} wait"))
        };
        self.replicas.iter().filter_map(wrong).collect()
    }
}
