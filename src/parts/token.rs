//! Tokens: requests on their way through the program. A token is 64 bytes, so that a million in flight fit a laptop.

use crate::kernel::NONE;
use crate::kernel::calendar::Serial;
use crate::kernel::list::{Linked, Links};
use crate::kernel::time::Time;

/// A request at work in a process: program counter, state, and what must be undone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub links: Links,
    /// Names the request's own draws.
    pub key: u64,
    /// The calendar event that this token waits for; any other that comes up for its slot is dead.
    pub event: Serial,
    /// When the present wait began.
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
    pub phase: u8,
    /// Why it is to unwind at its next step.
    pub failure: Failure,
    pub flags: u8,
}

const _: () = assert!(std::mem::size_of::<Token>() == 64);

/// Flag: the client or caller is gone; whatever is done is done for nobody.
pub(super) const ABANDONED: u8 = 1;
/// Flag: holds a descriptor of its process for the inbound connection.
pub(super) const INBOUND: u8 = 2;
/// Flag: no request, but the CPU that an event loop burns on its own account.
pub(super) const HOUSEKEEPING: u8 = 4;
/// Flag: its client gave up while requests were counted, so what it still does is counted as waste.
pub(super) const WASTE: u8 = 16;
/// Flag: has answered and works on.
pub(super) const RESPONDED: u8 = 64;
/// Flag: its process has died; whatever it fails with is never caught.
pub(super) const KILLED: u8 = 32;
/// Flag: it is inside its service's ingress.
pub(super) const ADMITTED: u8 = 128;
/// Flag: sent by the load itself, not by another service; or once sent by a caller that has gone, and wasted as such.
pub(super) const ROOT: u8 = 8;

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
            phase: 0,
            failure: Failure::NONE,
            flags: 0,
        }
    }

    /// A probe of a replica, or a call on behalf of one: waste that the load has not sent.
    pub fn is_probe(&self) -> bool {
        self.flags & (WASTE | ROOT) == WASTE
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
pub(super) enum State {
    /// To be stepped, or being stepped.
    Ready,
    /// In a backlog, not yet accepted by any process.
    Backlog,
    /// Its connection is refused by a full backlog of replica `wait`, and it tries again.
    Knocking,
    /// Its CPU job is under way, and it keeps its event loop or thread.
    Working,
    /// Its CPU job is under way in a thread of the default executor.
    Offloaded,
    /// Its statement is at work on the database's CPU.
    AtServer,
    /// Waits for time to pass.
    Elapsing,
    /// On its way to a server; goes on there without its event loop.
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

/// Why a request failed. Zero is none, then the causes that the parts know, then the model's own reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure(u8);

impl Failure {
    /// It did not.
    pub const NONE: Self = Self(0);
    /// The client gave up.
    pub const GAVE_UP: Self = Self(1);
    /// No connection or slot came free in time.
    pub const ACQUIRE_TIMEOUT: Self = Self(2);
    /// No connection to the server in time.
    pub const CONNECT_TIMEOUT: Self = Self(3);
    /// No answer of another service in time.
    pub const READ_TIMEOUT: Self = Self(4);
    /// No descriptor left for an outbound connection (EMFILE).
    pub const NO_DESCRIPTOR: Self = Self(5);
    /// A station was full.
    pub const TURNED_AWAY: Self = Self(6);
    /// Cancelled because the client gave up.
    pub const CANCELLED: Self = Self(7);
    /// A queue was full and refused the message.
    pub const QUEUE_FULL: Self = Self(26);
    /// What the answer promised was never completed: a message was dropped or dead-lettered, or a handler failed.
    pub const INCOMPLETE: Self = Self(27);
    /// The database takes no more connections.
    pub const TOO_MANY_CONNECTIONS: Self = Self(14);
    /// A statement took longer than `command_timeout`.
    pub const COMMAND_TIMEOUT: Self = Self(15);
    /// No ephemeral port left for an outbound connection (EADDRNOTAVAIL).
    pub const NO_PORT: Self = Self(16);
    /// The queue before a thread pool was full.
    pub const THREADS_FULL: Self = Self(17);
    /// The server closed the connection that the request was sent on.
    pub const DISCONNECTED: Self = Self(36);
    /// The process that answered, or was to answer, was killed (a reset connection).
    pub const CONNECTION_LOST: Self = Self(20);
    /// No replica accepts connections.
    pub const CONNECTION_REFUSED: Self = Self(21);
    /// A circuit breaker was open.
    pub const BREAKER_OPEN: Self = Self(8);
    /// A `timeout` step was over.
    pub const TIMED_OUT: Self = Self(9);
    /// The deadline that came with a call was over.
    pub const DEADLINE_EXCEEDED: Self = Self(10);
    /// Too many waited for a limit.
    pub const SHED: Self = Self(11);
    /// The ingress had no token (429).
    pub const RATE_LIMITED: Self = Self(12);
    /// Too many were inside the ingress (429).
    pub const TOO_MANY_IN_FLIGHT: Self = Self(13);
    /// Causes up to here are the parts'; what follows is the model's own.
    const FIRST_REASON: u8 = 40;

    /// The model's own reason number `index`; beyond 215 they share the last.
    pub fn reason(index: u32) -> Self {
        Self(u8::try_from(index).unwrap_or(u8::MAX).saturating_add(Self::FIRST_REASON))
    }

    /// Whether this is a failure.
    #[inline]
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }

    /// In words.
    pub fn describe(self, reasons: &[String]) -> String {
        match self.0 {
            0 => "none".into(),
            1 => "client gave up".into(),
            2 => "acquire timed out".into(),
            3 => "connect timed out".into(),
            4 => "read timed out".into(),
            5 => "too many open files".into(),
            6 => "turned away".into(),
            7 => "cancelled".into(),
            36 => "server disconnected".into(),
            26 => "queue full".into(),
            27 => "never completed".into(),
            14 => "too many database connections".into(),
            15 => "command timed out".into(),
            16 => "no free port".into(),
            17 => "thread queue full".into(),
            20 => "connection lost".into(),
            21 => "connection refused".into(),
            8 => "breaker open".into(),
            9 => "timed out".into(),
            10 => "deadline exceeded".into(),
            11 => "shed".into(),
            12 => "rate limited (429)".into(),
            13 => "too many in flight (429)".into(),
            n => {
                reasons.get(usize::from(n.wrapping_sub(Self::FIRST_REASON))).cloned().unwrap_or_else(|| "other".into())
            }
        }
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(super) fn from_index(index: usize) -> Self {
        Self(index as u8)
    }
}

/// What must be undone when a token goes on or fails: one entry of its stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Links among the holders of the same slots.
    pub links: Links,
    pub token: u32,
    /// The next outer frame.
    pub below: u32,
    pub kind: FrameKind,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum FrameKind {
    /// Holds one unit of these slots.
    Hold { slots: u32 },
    /// Holds one unit of the slots of a pool that minds its connections, and the connection in it.
    Lent { slots: u32, connection: super::pool::Connection },
    /// Holds one unit of the slots of a pool whose server was killed: the connection is dead.
    Severed { slots: u32 },
    /// A loop with this many rounds to go, and so many behind it.
    Repeat { left: u32, done: u32 },
    /// Holds a connection of an HTTP client, to a process of the server once that has accepted it.
    Connection { client: u32, peer: u32 },
    /// Handles this message, which is settled by its end.
    Message { message: u32 },
    /// Fetches this key of a cache.
    Fetch { cache: u32, key: u32 },
    /// Asks whether this job is complete.
    Poll { job: u32 },
    /// Failures go back to the `Retry` operation `at`, so many times already.
    Retry { at: u32, failures: u32 },
    /// Failures go on elsewhere.
    Fallback { plan: u32 },
    /// Steps that must be done before this deadline; none when it is over.
    Timeout { plan: u32, deadline: u32 },
    /// The deadline that came with the call, a task; none when it is over.
    Deadline { task: u32 },
    /// Behind a circuit breaker, since its state with this number.
    Breaker { breaker: u32, era: u32 },
    /// Waits for branches.
    Join { join: u32 },
    /// The outermost frame of a branch; [`NONE`] when nobody waits for it any more.
    Branch { join: u32 },
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
pub(super) struct Request {
    pub born: Time,
    pub client: u32,
    pub token: u32,
    pub timer: u32,
    /// Whose it is in the ledger; [`NONE`] where none is kept, and of probes.
    pub user: u32,
}

const _: () = assert!(std::mem::size_of::<Request>() == 24);
