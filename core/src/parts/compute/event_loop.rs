//! The event loop of asyncio under uvicorn: a *polling* server.
//!
//! A round polls, then runs all that became ready, newly accepted requests first among them; what becomes ready
//! meanwhile waits for the next round. Nothing is pre-empted: a slice ends only where its coroutine waits. So each
//! wait, however short, costs at least one whole round, in which every newly arrived request first runs its own first
//! slice (CPython 3.11 `base_events._run_once`; measured: a 0.9 ms transaction took 500 ms beside blocking hashes).
//!
//! libuv differs in four ways ([`LoopKind::Libuv`]). Since 1.45 it accepts one connection in a round
//! (`src/unix/stream.c`, `uv__server_io`, which looped until `EAGAIN` before; pull request 3696). An accepted connection
//! is given to epoll when the next round begins (`src/unix/linux.c`, `uv__io_poll`), behind all that is ready by then.
//! Its events run in the order in which epoll reports them, new requests like others. And Node runs the callbacks of
//! promises and of `process.nextTick` after each of them (`lib/internal/process/task_queues.js`), so that a connection
//! that is given back is used by its next holder in the same round.

use crate::kernel::calendar::Serial;
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::list::List;
use crate::kernel::slab::Slab;
use crate::kernel::time::Time;
use crate::model::{Balance, LoopKind, LoopPlan, Runtime};

use crate::engine::population::QueueStatistics;
use crate::engine::token::Token;
use crate::parts::usage::Sum;

/// The loop of one process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EventLoop {
    /// Connections that the next polls accept.
    pub accepting: List,
    /// Connections that the last poll of libuv has accepted, to be read in the next round.
    pub accepted: List,
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
    /// Flags of what keeps it from accepting all that waits: [`PAUSED`], [`LIMITED`], [`LIBUV`].
    restraints: u8,
    /// Connections that a round accepts at most.
    pub accepts: u32,
    /// Connections that have been opened to a loop of libuv; the number of each is its place in the accept queue, where it
    /// may wait before its request comes.
    opened: u32,
    /// How many of them the loop has accepted.
    taken: u32,
    /// When accept last went on after a pause.
    pub resumed: Time,
    /// The event that ends the pause.
    pub accept_event: Serial,
}

/// Accept pauses.
const PAUSED: u8 = 1;
/// A round accepts a limited number.
const LIMITED: u8 = 2;
/// The loop is libuv's.
const LIBUV: u8 = 4;

impl EventLoop {
    pub fn new(plan: LoopPlan) -> Self {
        let limited = if plan.accepts < u32::MAX { LIMITED } else { 0 };
        let libuv = if plan.kind == LoopKind::Libuv { LIBUV } else { 0 };
        Self { restraints: limited | libuv, accepts: plan.accepts, ..Self::default() }
    }

    /// Whether it accepts all that waits, in each round.
    #[inline(always)]
    pub fn accepts_all(&self) -> bool {
        self.restraints == 0
    }

    /// Whether it is libuv's.
    pub fn is_libuv(&self) -> bool {
        self.restraints & LIBUV > 0
    }

    /// A connection is opened to it: its number.
    pub fn open(&mut self) -> u32 {
        self.opened += 1;
        self.opened - 1
    }

    /// Whether it has accepted the connection of this number.
    pub fn has_accepted(&self, number: u32) -> bool {
        number < self.taken
    }

    /// Accepts the next connection that has been opened, if there is one.
    pub fn accept(&mut self) -> bool {
        let is_open = self.taken < self.opened;
        self.taken += u32::from(is_open);
        is_open
    }

    /// Whether accept pauses.
    pub fn is_paused(&self) -> bool {
        self.restraints & PAUSED > 0
    }

    /// Accept pauses from now on, or no longer.
    pub fn pause_accept(&mut self, pauses: bool) {
        self.restraints = if pauses { self.restraints | PAUSED } else { self.restraints & !PAUSED };
    }

    pub fn is_idle(&self) -> bool {
        self.busy.level() == 0
    }

    /// Takes out a token that waits for a connection to be accepted, for a round, or for its slice.
    pub fn take(&mut self, tokens: &mut Slab<Token>, now: Time) -> Option<u32> {
        let lists = [&mut self.accepting, &mut self.incoming, &mut self.accepted, &mut self.round];
        let t = lists.into_iter().find_map(|list| list.pop(tokens))?;
        self.waiting.leave(now, tokens[t].since);
        Some(t)
    }

    /// The tokens that wait for a connection to be accepted, for a round, or for their slice.
    pub fn each_waiting<'a>(&'a self, tokens: &'a Slab<Token>) -> impl Iterator<Item = u32> + 'a {
        [&self.accepting, &self.incoming, &self.accepted, &self.round].into_iter().flat_map(|list| list.iter(tokens))
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

    /// Its process was killed, and nothing waits for it.
    pub fn clear(&mut self, now: Time) {
        self.pause_accept(false);
        self.taken = self.opened;
        self.accept_event = 0;
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
