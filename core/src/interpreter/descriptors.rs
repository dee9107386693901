//! Inbound connections take descriptors, and accept meets a full table.

use crate::kernel::random::name;
use crate::kernel::time::Time;

use crate::engine::slot;
use crate::engine::token::{HOUSEKEEPING, INBOUND, Token};
use crate::interpreter::world::World;

/// How long accept pauses after EMFILE: `constants.ACCEPT_RETRY_DELAY` of asyncio.
const ACCEPT_RETRY: Time = Time(1_000_000_000);

impl World<'_> {
    /// Takes a descriptor for the inbound connection of a request.
    pub(crate) fn take_inbound(&mut self, process: u32, t: u32) -> bool {
        let now = self.engine.now;
        let taken = self.processes[process as usize].descriptors.take(now);
        if taken {
            self.engine.tokens[t].flags |= INBOUND;
        }
        taken
    }

    /// The request has its answer: its connection is closed, at once or after some rounds of the loop, when the server
    /// has seen that the client closed it. A token without request stands for it until then.
    #[inline]
    pub(crate) fn hang_up_inbound(&mut self, t: u32) {
        let token = &mut self.engine.tokens[t];
        debug_assert!(token.has(INBOUND));
        let process = token.process;
        if self.processes[process as usize].linger == 0 {
            return self.close_inbound(t);
        }
        token.flags &= !INBOUND;
        let mut lingering = Token::new(0, 0);
        lingering.flags = HOUSEKEEPING | INBOUND;
        lingering.process = process;
        let lingering = self.insert_token(lingering);
        self.wake(lingering);
    }

    /// Closes the inbound connection of a request, if it is open.
    pub(crate) fn close_inbound(&mut self, t: u32) {
        let token = &mut self.engine.tokens[t];
        if token.has(INBOUND) {
            token.flags &= !INBOUND;
            let (process, now) = (token.process as usize, self.engine.now);
            self.processes[process].descriptors.release(now);
        }
    }

    fn retry_accept(&mut self, process: u32, delay: Time) {
        let event = self.engine.calendar.schedule(self.engine.now + delay, slot::ACCEPT + process);
        self.processes[process as usize].event_loop.accept_event = event;
        self.accept_retries += 1;
    }

    /// The CPU of an episode is burnt. Each of its failed accepts has set a retry of its own, one second later, so they
    /// are due over a time as long as the episode was. Those that fell due meanwhile make the loop accept again at
    /// once.
    pub(crate) fn end_episode(&mut self, process: u32) {
        let (now, table) = (self.engine.now, &mut self.processes[process as usize].descriptors);
        let Some(began) = table.episode.take() else { return };
        table.retries.push_back((began + ACCEPT_RETRY, now + ACCEPT_RETRY));
        while table.retries.front().is_some_and(|&(_, last)| last <= began) {
            table.retries.pop_front();
        }
        let (next, is_full) = (table.retries.front().copied(), table.is_full());
        match next {
            Some((first, _)) if first > now => self.retry_accept(process, first - now),
            // If nothing can still free a descriptor, the episodes would never end.
            _ if is_full && !self.is_anybody_at_work() => {}
            _ => {
                let event_loop = &mut self.processes[process as usize].event_loop;
                event_loop.pause_accept(false);
                event_loop.resumed = now;
            }
        }
    }

    /// Whether anything can still happen apart from episodes: a token that acts or waits with a time-out, a client
    /// whose patience ends, an event of the load or of a part.
    fn is_anybody_at_work(&self) -> bool {
        let acts = |t: u32| {
            let token = &self.engine.tokens[t];
            let is_episode = token.has(HOUSEKEEPING) && !token.has(INBOUND);
            !is_episode && (!token.state.waits_for_others() || token.is_limited())
        };
        let patience = self.has_patience() && !self.requests.is_empty();
        patience
            || self.engine.calendar.any(|event| event.slot() >= slot::TASK)
            || self.engine.tokens.living().any(acts)
    }

    /// Accept met EMFILE: it pauses, the loop burns the CPU of the episode, and what waits in the backlog is left to an
    /// idle worker beside it, if there is one.
    pub(crate) fn pause_accept(&mut self, process: u32) {
        self.processes[process as usize].event_loop.pause_accept(true);
        self.account_pause(process);
        if self.processes[process as usize].emfile_cpu.is_none() {
            self.retry_accept(process, ACCEPT_RETRY);
        }
        if let Some(draw) = self.processes[process as usize].emfile_cpu {
            self.processes[process as usize].descriptors.episode = Some(self.engine.now);
            let episode = self.processes[process as usize].descriptors.exhausted;
            let key = name(self.key, episode, "emfile", u64::from(process));
            let work = self.system.variates[draw.0 as usize].draw(key);
            self.burn(process, work);
        }
        let shared = &self.replicas[self.processes[process as usize].replica as usize];
        if shared.backlog.is_empty() {
            return;
        }
        let mut workers = shared.first_process..shared.first_process + shared.workers;
        let able = |worker: &u32| {
            let event_loop = &self.processes[*worker as usize].event_loop;
            *worker != process && event_loop.is_idle() && !event_loop.is_paused()
        };
        if let Some(other) = workers.find(able) {
            self.poll(other);
        }
    }
}
