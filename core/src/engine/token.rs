//! Tokens: requests on their way through the program. A token is 64 bytes, so that a million in flight fit a laptop.

mod failure;

pub use failure::Failure;

use crate::kernel::calendar::Serial;
use crate::kernel::list::{Linked, Links};
use crate::kernel::{NONE, Time};
use crate::model::Round;

use crate::engine::progress::Progress;

/// A request at work in a process: program counter, state, and what must be undone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub links: Links,
    /// Names the request's own draws.
    pub key: u64,
    /// The calendar event that this token waits for; any other that comes up for its slot is dead.
    pub event: Serial,
    /// When the present wait, delay or job began; at a station, when the token came there.
    pub since: Time,
    /// The next operation.
    pub pc: u32,
    /// The innermost [`Frame`].
    pub frame: u32,
    /// The process that it runs in; [`NONE`] while in a backlog that several processes share.
    pub process: u32,
    /// The token that waits for this one's answer.
    pub parent: u32,
    /// The client's [`Request`] that this token answers.
    pub request: u32,
    /// What it waits for: an index whose meaning depends on the state.
    pub wait: u32,
    /// The deadline of the present wait.
    pub timer: u32,
    pub state: State,
    /// How far the present operation has got.
    pub phase: Progress,
    /// Why it is to unwind at its next step.
    pub failure: Failure,
    pub flags: u8,
    /// Which token it is, among all that the thread had.
    #[cfg(debug_assertions)]
    pub born: u32,
}

#[cfg(not(debug_assertions))]
const _: () = assert!(std::mem::size_of::<Token>() == 64);

/// Flag: the client or caller is gone; all further work is wasted.
pub(crate) const ABANDONED: u8 = 1;
/// Flag: holds a descriptor of its process for the inbound connection.
pub(crate) const INBOUND: u8 = 2;
/// Flag: no request, but the CPU that an event loop burns on its own account, a connection that is still to be closed,
/// or a statement of a client that has died.
pub(crate) const HOUSEKEEPING: u8 = 4;
/// Flag: sent by the load itself, not by another service; or once sent by a caller that has gone, and wasted as such.
pub(crate) const ROOT: u8 = 8;
/// Flag: its client gave up while requests were counted, so what it still does is counted as waste.
pub(crate) const WASTE: u8 = 16;
/// Flag: it takes no part in the rounds of the event loop of its process: it is a job of the default executor, in a thread
/// or waiting for one, or it blocks the thread of the loop itself.
pub(crate) const IN_THREAD: u8 = 32;
/// Flag: it has an account of where its time goes.
pub(crate) const SAMPLED: u8 = 64;
/// Flag: it is inside its service's ingress.
pub(crate) const ADMITTED: u8 = 128;

impl Token {
    pub fn new(key: u64, pc: u32) -> Self {
        Self {
            links: Links::default(),
            key,
            event: 0,
            since: Time::ZERO,
            pc,
            frame: NONE,
            process: NONE,
            parent: NONE,
            request: NONE,
            wait: NONE,
            timer: NONE,
            state: State::Ready,
            phase: Progress::BEGIN,
            failure: Failure::NONE,
            flags: 0,
            #[cfg(debug_assertions)]
            born: crate::engine::draws::born(),
        }
    }

    /// A probe of a replica, or a call on behalf of one: waste that the load has not sent.
    pub fn is_probe(&self) -> bool {
        self.flags & (WASTE | ROOT) == WASTE
    }

    /// Whether its present wait has a time-out.
    #[inline]
    pub fn is_limited(&self) -> bool {
        self.timer != NONE || (self.event != 0 && matches!(self.state, State::Queued | State::AtStation))
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl Linked for Token {
    #[inline]
    fn links(&self) -> Links {
        self.links
    }
    #[inline]
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// Where a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// To be stepped, or being stepped.
    Ready,
    /// In a backlog, not yet accepted by any process; of replica `wait` if several processes share it.
    Backlog,
    /// Its connection is refused by a full backlog of replica `wait`, and it tries again.
    Knocking,
    /// Its CPU job is under way, and it keeps its event loop or thread.
    Working,
    /// Its statement is at work on the database's CPU.
    AtServer,
    /// Waits for a flush of disk `wait`, or is being flushed.
    AtDisk,
    /// Waits for time to pass.
    Elapsing,
    /// On its way to a server, where it continues without its event loop.
    Outbound,
    /// Waits in the queue of slots `wait`.
    Queued,
    /// Waits for a connection of HTTP client `wait`.
    ConnectionQueued,
    /// Waits for token `wait` to answer.
    Awaiting,
    /// Brings a message, a question or a notice to where it is to go.
    Carrying,
    /// Waits for another request that fetches the same key of cache `wait`.
    Coalescing,
    /// Waits for an answer that never comes.
    Hung,
    /// Waits at station `wait`.
    AtStation,
    /// Is served at station `wait`.
    Served,
    /// Waits for the branches that it began, join `wait`.
    Joining,
}

impl State {
    /// Whether it waits for what others do, so that by itself it ends only with a time-out.
    pub fn waits_for_others(self) -> bool {
        match self {
            Self::Queued | Self::ConnectionQueued | Self::Coalescing | Self::Awaiting | Self::Hung => true,
            Self::Backlog | Self::AtStation | Self::Joining => true,
            Self::Ready | Self::Working | Self::AtServer | Self::AtDisk => false,
            Self::Elapsing | Self::Outbound | Self::Carrying | Self::Served | Self::Knocking => false,
        }
    }
}

/// One entry of the stack of a token: what is undone when its steps are done or fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Links among the holders of the same slots.
    pub links: Links,
    pub token: u32,
    /// The next outer frame.
    pub below: u32,
    pub kind: FrameKind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum FrameKind {
    /// Holds one unit of these slots.
    Hold { slots: u32 },
    /// Holds one unit of the slots of a pool that minds its connections, and the connection in it.
    Lent { slots: u32, connection: Connection },
    /// Holds one unit of the slots of a pool after its server was killed: the connection is dead.
    Severed { slots: u32 },
    /// Was woken for a unit of these slots, which another token may take first. `delayed`: it had waited for any time.
    Woken { slots: u32, delayed: bool },
    /// A loop: rounds that are left, rounds that are done, and its name.
    Repeat { left: u32, done: u32, round: Round },
    /// Holds a connection of an HTTP client, to a process of the server once that has accepted it.
    Connection { client: u32, peer: u32 },
    /// Waits for a connection of an HTTP client, since then.
    Line { client: u32, since: Time },
    /// Waits for a token of the rate limit of a client, since then.
    Paced { pacer: u32, since: Time },
    /// Waits for another's fetch for a cache, since then.
    Pends { cache: u32, since: Time },
    /// Handles this message in this process; the end of the frame settles the message. The process is [`NONE`] while the
    /// message waits for its next delivery.
    Message { message: u32, process: u32 },
    /// Fetches this key of a cache.
    Fetch { cache: u32, key: u32 },
    /// Asks whether this job is complete.
    Poll { job: u32 },
    /// On a failure the token returns to the `Retry` operation `at`. `failures`: how often it has.
    Retry { at: u32, failures: u32 },
    /// On a failure the token continues with the steps of this fallback.
    Fallback { plan: u32 },
    /// Steps that must be done before this deadline; none when it is over.
    Timeout { plan: u32, deadline: u32 },
    /// The deadline that came with the call, a task; none when it is over.
    Deadline { task: u32 },
    /// Behind a circuit breaker, since its state with this number.
    Breaker { breaker: u32, era: u32 },
    /// Holds memory of its process.
    Memory { plan: u32 },
    /// Behind a circuit breaker that judges by a window, since then; [`Time::MAX`] once it has judged.
    Judged { breaker: u32, since: Time },
    /// Waits for branches.
    Join { join: u32 },
    /// The outermost frame of a branch; [`NONE`] when nothing waits for it.
    Branch { join: u32 },
}

impl FrameKind {
    /// Whether it is about a unit that others may wait for.
    pub fn is_hold(self) -> bool {
        matches!(self, Self::Hold { .. } | Self::Lent { .. } | Self::Severed { .. } | Self::Connection { .. })
    }
}

const _: () = assert!(std::mem::size_of::<Frame>() <= 32);

impl Linked for Frame {
    fn links(&self) -> Links {
        self.links
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// A request as its client sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub born: Time,
    pub client: u32,
    pub token: u32,
    pub timer: u32,
    /// Whose it is in the ledger; [`NONE`] where none is kept, and of probes.
    pub user: u32,
}

const _: () = assert!(std::mem::size_of::<Request>() == 24);

/// What a place in a pool holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// None.
    Closed,
    /// One that is being opened.
    Opening,
    /// An open one. `trips`: round trips that it has made.
    Open { trips: u32 },
    /// One to a database that was killed.
    Dead,
}
