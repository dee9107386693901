//! Event loops that accept a limited number of connections in a round, and those of libuv, which accept a connection in one
//! round and read it in a later one ([`crate::parts::compute::event_loop`]).

use crate::kernel::NONE;
use crate::model::LoopKind;

use crate::engine::token::{FrameKind, IN_THREAD, SAMPLED, State};
use crate::interpreter::world::World;
use crate::parts::network::peer::{number_of, numbered};

impl World<'_> {
    /// Accepts connections where a round accepts a limited number, or none for now. libuv's round takes what has become
    /// ready, in this order, and at the end the connections that the last round accepted; a round without anything else
    /// to do ends at once.
    #[inline(never)]
    pub(crate) fn accept_some(&mut self, process: u32) {
        let index = process as usize;
        loop {
            let event_loop = &mut self.processes[index].event_loop;
            let (is_libuv, accepts) = (event_loop.is_libuv(), event_loop.accepts);
            if is_libuv {
                for mut list in [std::mem::take(&mut event_loop.incoming), std::mem::take(&mut event_loop.accepted)] {
                    event_loop.round.append(&mut self.engine.tokens, &mut list);
                }
            }
            let mut accepts_any = false;
            for _ in 0..accepts {
                if self.processes[index].event_loop.is_paused() {
                    break;
                }
                let is_empty = self.next_in_line(process).is_none();
                if is_empty && self.processes[index].event_loop.accept() {
                    accepts_any = true;
                    if self.next_in_line(process).is_none() {
                        continue; // its request is yet to come
                    }
                }
                let Some(t) = self.accept_next(process) else { break };
                accepts_any = true;
                let event_loop = &mut self.processes[index].event_loop;
                let list = if is_libuv { &mut event_loop.accepted } else { &mut event_loop.round };
                list.push(&mut self.engine.tokens, t);
            }
            if !is_libuv || !accepts_any || !self.processes[index].event_loop.round.is_empty() {
                return;
            }
        }
    }

    /// The next request to accept of those that wait for this process alone; on libuv's loop only if its connection has been
    /// accepted.
    fn next_in_line(&self, process: u32) -> Option<u32> {
        let event_loop = &self.processes[process as usize].event_loop;
        let first = event_loop.accepting.first()?;
        let is_next = !event_loop.is_libuv() || event_loop.has_accepted(self.engine.tokens[first].wait);
        is_next.then_some(first)
    }

    /// A call opens a connection; the frame of the connection is on top of the stack. On libuv's loop the connection takes
    /// its place in the accept queue before the request is sent. With a bounded backlog, an ingress or several processes it
    /// arrives with the request instead, which is a simplification.
    #[inline(never)]
    pub(crate) fn open_to_loop(&mut self, t: u32, server: u32) {
        let plan = &self.system.services[server as usize];
        let is_one = plan.replicas == 1 && plan.workers == 1 && self.outages == 0;
        if plan.event_loop.kind != LoopKind::Libuv || !is_one || plan.backlog.is_some() || plan.ingress.is_some() {
            return;
        }
        let process = plan.first_process;
        let event_loop = &mut self.processes[process as usize].event_loop;
        let number = event_loop.open();
        let is_idle = event_loop.is_idle();
        let frame = self.engine.tokens[t].frame;
        if let FrameKind::Connection { peer, .. } = &mut self.engine.frames[frame].kind {
            *peer = numbered(number);
        }
        if is_idle {
            self.poll(process);
        }
    }

    /// A request reaches a loop. On libuv's loop it is ready if its connection has been accepted, and waits for its turn in
    /// the next round; otherwise it waits with its connection. Returns whether it is ready.
    #[inline(never)]
    pub(crate) fn read_or_line_up(&mut self, t: u32, process: u32) -> bool {
        if !self.processes[process as usize].event_loop.is_libuv() {
            return false;
        }
        let caller = self.engine.tokens[t].parent;
        let frame = if caller == NONE { NONE } else { self.engine.tokens[caller].frame };
        let peer = match (frame != NONE).then(|| self.engine.frames[frame].kind) {
            Some(FrameKind::Connection { peer, .. }) => peer,
            _ => NONE,
        };
        let event_loop = &mut self.processes[process as usize].event_loop;
        let number = number_of(peer);
        let is_accepted = peer == process || number.is_some_and(|number| event_loop.has_accepted(number));
        if !is_accepted || !self.take_inbound(process, t) {
            let event_loop = &mut self.processes[process as usize].event_loop;
            self.engine.tokens[t].wait = number.unwrap_or_else(|| event_loop.open());
            return false;
        }
        self.engine.tokens[t].state = State::Ready;
        self.await_turn(t, process);
        self.look_behind_blocked_loop(t);
        true
    }

    /// A slice has given a token what it waited for. On libuv's loop, if the slice ran in the token's own process, the token
    /// continues when the slice ends, before the next event of the round.
    #[inline]
    pub(crate) fn hand_over(&mut self, t: u32) {
        if self.has_libuv {
            return self.continue_in_round(t);
        }
        self.wake(t);
    }

    #[inline(never)]
    fn continue_in_round(&mut self, t: u32) {
        let process = self.engine.tokens[t].process;
        let is_in_round = process != NONE
            && !self.engine.tokens[t].has(IN_THREAD)
            && self.processes[process as usize].event_loop.is_libuv()
            && !self.processes[process as usize].event_loop.is_idle();
        if !is_in_round {
            return self.wake(t);
        }
        let token = &mut self.engine.tokens[t];
        token.state = State::Ready;
        token.wait = NONE;
        if token.has(SAMPLED) {
            self.keep_loop(t, process);
        }
        let event_loop = &mut self.processes[process as usize].event_loop;
        event_loop.round.push_first(&mut self.engine.tokens, t);
        event_loop.expect(&mut self.engine.tokens, self.engine.now, t);
    }
}
