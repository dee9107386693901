//! The compiled program that requests run.

use crate::kernel::random::{GOLDEN, mix, unmix};

/// The name of a step, mixed into a request's key to name the step's draws. It is made from the endpoint, what the
/// step does and its ordinal among its like, so that it stays the same when other steps come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site(pub u32);

impl Site {
    /// The key of draw number `part` at this step, for a request with this key.
    #[inline]
    pub fn key(self, request: u64, part: u64) -> u64 {
        request.wrapping_add(((u64::from(self.0) << 8) | part).wrapping_mul(GOLDEN))
    }

    /// The key of a request that this step sends on behalf of one with this key.
    #[inline]
    pub fn child(self, request: u64) -> u64 {
        mix(self.key(request, 0xFF))
    }
}

/// The name of a loop, `retry` or `hedge` among those around it. Its n-th round draws with the key of the first after n
/// [steps](Round::next). Those that stand in each other have different names and so step through different keys: the key
/// of a draw depends on the path of rounds that leads to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round(u32);

/// Between the names of rounds: an odd number unrelated to the one between sites.
const STRIDE: u64 = 0xD134_2543_DE82_EF95;

impl Round {
    /// The name of a loop that stands in so many loops of the same endpoint.
    pub fn of_loop(depth: u32) -> Self {
        Self(3 * depth)
    }

    /// The name of a `retry` that stands in so many `retry` steps of the same endpoint.
    pub fn of_retry(depth: u32) -> Self {
        Self(3 * depth + 1)
    }

    /// The name of a `hedge` that stands in so many `hedge` steps of the same endpoint.
    pub fn of_hedge(depth: u32) -> Self {
        Self(3 * depth + 2)
    }

    /// The key of the round after the one with this key.
    #[inline]
    pub fn next(self, key: u64) -> u64 {
        mix(key.wrapping_add(u64::from(self.0).wrapping_mul(STRIDE)))
    }

    /// The key of the first round, so many rounds before the one with this key.
    pub fn first(self, key: u64, rounds: u32) -> u64 {
        (0..rounds).fold(key, |key, _| unmix(key).wrapping_sub(u64::from(self.0).wrapping_mul(STRIDE)))
    }
}

/// Index of a distribution in [`super::System::variates`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw(pub u32);

/// One operation. An index called `pool`, `limit` or `client` counts within the service of the process that runs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Work on the CPU, holding the event loop or thread.
    Cpu {
        /// How much.
        demand: Draw,
        /// The step's name.
        site: Site,
    },
    /// Time that passes without holding the event loop.
    Sleep {
        /// How long.
        time: Draw,
        /// The step's name.
        site: Site,
    },
    /// A visit to a station.
    Visit {
        /// Index in [`super::System::stations`].
        station: u32,
        /// Service demand.
        time: Draw,
        /// The step's name.
        site: Site,
    },
    /// Takes a connection of a pool, waiting if there is none.
    AcquireConnection {
        /// Which pool.
        pool: u32,
        /// The step's name.
        site: Site,
    },
    /// Takes a connection of a pool that minds its connections one by one, opening it if need be.
    Borrow {
        /// Which pool.
        pool: u32,
        /// The step's name.
        site: Site,
    },
    /// Takes a thread of the default executor, waiting if there is none: the beginning of a job, which is the branch of a
    /// [`Op::Parallel`].
    EnterThread,
    /// The token's waits block its event loop from here to the next [`Op::Unblock`]. No frame that catches lies between.
    Block,
    /// The token's waits leave its event loop to others again.
    Unblock,
    /// Work on the CPU that holds the event loop or thread but not the interpreter lock that threads contend for.
    Native {
        /// How much.
        demand: Draw,
        /// The step's name.
        site: Site,
    },
    /// Starts a token of the same process, without a wait for its end.
    Notify {
        /// Its first operation.
        to: u32,
        /// The step's name.
        site: Site,
    },
    /// Counts a round trip on the held connection of a pool.
    Count {
        /// Which pool.
        pool: u32,
    },
    /// A round trip on a held connection.
    Trip {
        /// Which pool's server.
        pool: u32,
        /// Work at the server; none for a bare round trip.
        work: Option<Draw>,
        /// The step's name.
        site: Site,
    },
    /// The same with a commit that the disk of the server must have before it answers.
    Commit {
        /// Which pool's server.
        pool: u32,
        /// Work at the server; none for a bare COMMIT.
        work: Option<Draw>,
        /// The step's name.
        site: Site,
    },
    /// Takes a slot of a limit of the process.
    AcquireLimit {
        /// Which.
        limit: u32,
    },
    /// Takes a slot of a limit of the whole system.
    AcquireShared {
        /// Index in [`super::System::limits`].
        limit: u32,
    },
    /// Gives back what the innermost acquire took (a reset trip, if any, stands before it as an operation of its own).
    Release,
    /// Takes a token of the rate limit of a client, waiting for it.
    Pace {
        /// Which client.
        client: u32,
    },
    /// CPU of making ready for a call: constructing a client, or searching the shared one's pool.
    Prepare {
        /// Which client.
        client: u32,
        /// The step's name.
        site: Site,
    },
    /// Takes a connection to the server: an idle one, a new one, or waits.
    Connect {
        /// Which client.
        client: u32,
        /// The step's name.
        site: Site,
    },
    /// Goes on elsewhere, unless the connection that the token holds has just been opened.
    Fresh {
        /// Where.
        otherwise: u32,
    },
    /// Time until a name is resolved, without holding the event loop.
    Resolve {
        /// How long.
        time: Draw,
        /// The step's name.
        site: Site,
    },
    /// CPU of a TLS handshake at the client.
    Secure {
        /// Which client.
        client: u32,
        /// How much.
        demand: Draw,
        /// The step's name.
        site: Site,
    },
    /// Sends the request and waits for the answer.
    Send {
        /// Which client.
        client: u32,
        /// Index in [`super::System::endpoints`].
        endpoint: u32,
        /// The step's name.
        site: Site,
    },
    /// Gives the connection back or closes it.
    HangUp,
    /// Begins a loop.
    Repeat {
        /// How often its body runs; at least once.
        times: u32,
        /// Its name.
        round: Round,
    },
    /// Ends a loop: back to its first operation, or on.
    Again {
        /// The first operation of the body.
        body: u32,
    },
    /// Makes the present round of the innermost loop its last one.
    Last,
    /// Goes on at one of some branches.
    Choose {
        /// The first in [`super::System::branches`].
        first: u32,
        /// How many; their cumulated probabilities end at 1.
        count: u32,
        /// The step's name.
        site: Site,
    },
    /// Goes on elsewhere.
    Jump {
        /// Where.
        to: u32,
    },
    /// Answers with an error.
    Fail {
        /// Index in [`super::System::reasons`].
        reason: u32,
    },
    /// Looks a key up in a cache. At a miss the next operation is run, at a hit the one after that.
    LookUp {
        /// Which cache.
        cache: u32,
        /// Index in [`super::System::popularities`].
        popularity: u32,
        /// The step's name.
        site: Site,
    },
    /// Stores what a miss has fetched.
    Store,
    /// Applies the event that is handled to its view.
    Project,
    /// Reads a view.
    Read {
        /// Index in [`super::System::views`].
        view: u32,
    },
    /// Answers now and continues.
    Respond,
    /// Hands a message to the broker.
    Publish {
        /// Index in [`super::System::queues`].
        queue: u32,
        /// The step's name.
        site: Site,
    },
    /// Lets the event loop go round so often before the next operation.
    Yield {
        /// Rounds.
        rounds: u8,
    },
    /// Begins steps that are tried again when they fail; the operation after it is [`Op::Backoff`].
    Retry {
        /// Index in [`super::System::retries`].
        plan: u32,
    },
    /// Waits before another attempt.
    Backoff {
        /// Index in [`super::System::retries`].
        plan: u32,
        /// The step's name.
        site: Site,
    },
    /// Begins steps that must be done in time.
    Timeout {
        /// Index in [`super::System::timeouts`].
        plan: u32,
    },
    /// Begins steps behind a circuit breaker, or fails.
    Breaker {
        /// Which of the service's breakers.
        breaker: u32,
    },
    /// Begins steps after whose failure the token continues elsewhere.
    Fallback {
        /// Index in [`super::System::fallbacks`].
        plan: u32,
    },
    /// Ends the steps that the innermost of these began, with success.
    Leave,
    /// Begins branches side by side, or a first attempt that others may follow, and waits for them.
    Parallel {
        /// Index in [`super::System::parallels`].
        plan: u32,
    },
    /// Ends a branch.
    Join,
    /// Takes memory of the process, which the end of the request gives back.
    Allocate {
        /// Index in [`super::System::allocations`].
        plan: u32,
    },
    /// Answers: the end of every endpoint.
    Answer,
}

/// An alternative of a `Choose`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branch {
    /// Probability of this or an earlier branch.
    pub cumulated: f64,
    /// Where it continues.
    pub to: u32,
}
