//! What a trace consists of.

use serde::Serialize;

use crate::kernel::Time;
use crate::parts::blame::BlamePlace;

/// One request, from its client's first try to its end, and all that it caused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// The request's number in its run, mixed with the seed; names the trace.
    pub key: u64,
    /// Its spans, each behind its parent. The first is the request as its client sees it.
    pub spans: Vec<TraceSpan>,
}

/// One span: what happened between two times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TraceSpan {
    /// The span that it is a part of, or that caused it; none of the first one.
    pub parent: Option<usize>,
    /// Since the start of the run.
    pub start: Time,
    /// Since the start of the run. A handler may end after the one who waited for it has gone.
    pub end: Time,
    /// The service that does it; none for the client.
    pub service: Option<String>,
    /// What happens.
    pub doing: Doing,
    /// Why it failed, in the words of the reports; none where it did not.
    pub failure: Option<String>,
}

impl TraceSpan {
    /// How long it took.
    pub fn length(&self) -> Time {
        self.end.since(self.start)
    }
}

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// A connection of a database pool.
    Connection,
    /// A slot of a limit.
    Slot,
    /// A thread of the default executor.
    Thread,
}

/// What happens in a span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Doing {
    /// A client waits for the answer to its request; where it sends it again, from the first try to the last answer.
    Request {
        /// The service that it calls.
        server: String,
        /// The endpoint there.
        endpoint: String,
    },
    /// One try of a client that sends its request again.
    Try {
        /// Counted from 1.
        number: u32,
        /// The service that it calls.
        server: String,
        /// The endpoint there.
        endpoint: String,
    },
    /// An endpoint is at work on a request, its way there included.
    Handler {
        /// The endpoint.
        endpoint: String,
        /// The replica, counted from 1; none where it has reached none.
        replica: Option<u32>,
        /// The process in the replica, counted from 1; none where it has reached none.
        worker: Option<u32>,
    },
    /// A consumer handles a message.
    Message {
        /// The queue that the message comes from.
        queue: String,
        /// The endpoint that handles it.
        endpoint: String,
        /// The replica, counted from 1; none where it has reached none.
        replica: Option<u32>,
        /// The process in the replica, counted from 1; none where it has reached none.
        worker: Option<u32>,
    },
    /// A call of another service, from making ready to hanging up.
    Call {
        /// The HTTP client.
        client: String,
        /// The service that it calls.
        server: String,
        /// The endpoint there.
        endpoint: String,
    },
    /// A round trip to a database.
    Trip {
        /// The pool.
        pool: String,
        /// The service behind it.
        server: String,
        /// Whether the server works on a statement, or only answers.
        works: bool,
    },
    /// A message is handed to the broker.
    Publish {
        /// The queue.
        queue: String,
    },
    /// Waits for a unit of something, holds it and gives it back.
    With {
        /// What.
        held: Held,
        /// Its name in the reports.
        name: String,
    },
    /// Branches side by side.
    Parallel,
    /// Attempts that are sent while earlier ones are under way.
    Hedge,
    /// A job of the default executor, and the wait for it.
    Thread,
    /// One branch, attempt or job of these.
    Branch {
        /// Counted from 1.
        number: u32,
    },
    /// Steps that are tried again when they fail.
    Retry,
    /// One attempt of them.
    Attempt {
        /// Counted from 1.
        number: u32,
    },
    /// Steps that are repeated.
    Repeat,
    /// One round of them.
    Round {
        /// Counted from 1.
        number: u32,
    },
    /// Steps that must be done in time.
    Timeout,
    /// Steps behind a circuit breaker.
    Breaker {
        /// Its name.
        name: String,
    },
    /// Steps that something else is done for when they fail.
    Fallback,
    /// What is done instead.
    Otherwise,
    /// A look-up in a cache, with what is done at a hit or a miss.
    Cache {
        /// Its name.
        name: String,
    },
    /// Time that is spent at a place of the reports.
    Spent {
        /// The place.
        place: BlamePlace,
        /// Served there, not waiting for it.
        served: bool,
    },
}
