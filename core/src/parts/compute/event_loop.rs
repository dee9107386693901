//! The event loop of asyncio under uvicorn: a *polling* server.
//!
//! A round polls, then runs all that became ready, newly accepted requests first among them; what becomes ready
//! meanwhile waits for the next round. Nothing is pre-empted: a slice ends only where its coroutine waits. So each
//! wait, however short, costs at least one whole round, in which every newly arrived request first runs its own first
//! slice (CPython 3.11 `base_events._run_once`; measured: a 0.9 ms transaction took 500 ms beside blocking hashes).

use crate::kernel::calendar::Serial;
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::list::List;
use crate::kernel::slab::Slab;
use crate::kernel::time::Time;
use crate::model::{Balance, Runtime};

use crate::engine::population::QueueStatistics;
use crate::engine::token::Token;
use crate::parts::usage::Sum;

/// The loop of one process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EventLoop {
    /// Connections that the next poll accepts.
    pub accepting: List,
    /// Waits that are over since the last poll.
    pub incoming: List,
    /// What is left of this round.
    pub round: List,
    /// Jobs of its executor that would run if the process were not stopped.
    pub stopped: List,
    /// The token that blocks it: a slice that waits without letting others have their turn.
    pub blocker: Option<u32>,
    /// Whether that token can never continue.
    pub deadlocked: bool,
    /// 1 while a slice runs.
    pub busy: TimeWeighted,
    /// Tokens that have something to do and wait for their slice.
    pub waiting: QueueStatistics,
    pub accept_paused: bool,
    /// When accept last went on after a pause.
    pub resumed: Time,
    /// The event that ends the pause.
    pub accept_event: Serial,
}

impl EventLoop {
    pub fn is_idle(&self) -> bool {
        self.busy.level() == 0
    }

    /// Takes out a token that waits for a connection to be accepted, for a round, or for its slice.
    pub fn take(&mut self, tokens: &mut Slab<Token>, now: Time) -> Option<u32> {
        let t = self.accepting.pop(tokens).or_else(|| self.incoming.pop(tokens)).or_else(|| self.round.pop(tokens))?;
        self.waiting.leave(now, tokens[t].since);
        Some(t)
    }

    /// The tokens that wait for a connection to be accepted, for a round, or for their slice.
    pub fn each_waiting<'a>(&'a self, tokens: &'a Slab<Token>) -> impl Iterator<Item = u32> + 'a {
        [&self.accepting, &self.incoming, &self.round].into_iter().flat_map(|list| list.iter(tokens))
    }

    /// A token begins to wait for its slice.
    pub fn expect(&mut self, tokens: &mut Slab<Token>, now: Time, t: u32) {
        tokens[t].since = now;
        self.waiting.enter(now);
    }

    /// The next token of this round.
    pub fn next(&mut self, tokens: &mut Slab<Token>, now: Time) -> Option<u32> {
        let t = self.round.pop(tokens)?;
        self.waiting.leave(now, tokens[t].since);
        Some(t)
    }

    /// Its process was killed, and nothing waits for it any more.
    pub fn clear(&mut self, now: Time) {
        (self.accept_paused, self.accept_event) = (false, 0);
        (self.blocker, self.deadlocked) = (None, false);
        if !self.is_idle() {
            self.busy.down(now);
        }
    }

    /// Adds what it did in the window to a row. `up`: the share of the window in which its replica was up.
    pub fn add_to(&self, sum: &mut Sum, now: Time, up: f64) {
        sum.gauge(&self.busy, now, Some(up));
        sum.waiting(&self.waiting, now);
        sum.use_.visits += self.waiting.left;
    }

    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        self.busy.reset(now);
        self.waiting.reset(now);
    }
}

/// Whether workers of a replica race for connections.
pub(crate) fn races(accept: Balance, runtime: Runtime) -> bool {
    accept == Balance::AcceptRace && runtime == Runtime::EventLoop
}
