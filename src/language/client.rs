//! What a process uses to reach others: database connection pools and HTTP clients.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{CallRate, ClientMetrics, Distribution, Dns, Duration, PoolMetrics, Shed, Tls};
use crate::model::Order;

/// A database connection pool in the manner of asyncpg, one in each process.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// The service behind the pool.
    pub server: String,
    /// Connections opened at start.
    #[serde(default = "ten")]
    pub min_size: u32,
    /// Connections at most; more requests than that wait.
    #[serde(default = "ten")]
    pub max_size: u32,
    /// How long a request waits for a connection before it fails, the opening of a new one included (asyncpg
    /// `acquire(timeout=...)`). Where it is random, the opening is not included. Without it: no limit, as in asyncpg.
    pub acquire_timeout: Option<Distribution>,
    /// Which of the requests that wait gets the next connection. asyncpg, HikariCP and node-postgres serve the first.
    #[serde(default)]
    pub order: Order,
    /// Which of the requests that wait are dropped under overload. Without it: none.
    pub shed: Option<Shed>,
    /// Whether a request that comes may take a connection that was given back before the one that waited for it does.
    #[serde(default)]
    pub waiters: PoolWaiters,
    /// How long each round trip may take, from the sending of the command to its result (asyncpg `command_timeout`); it
    /// does not cover the wait for a connection. A statement that takes longer is cancelled at the database and fails;
    /// its connection stays usable and goes back to the pool at once (asyncpg first waits for the database to confirm).
    pub command_timeout: Option<Duration>,
    /// Time to open a connection when the pool grows (TCP, authentication). Without it: none.
    pub connect_time: Option<Distribution>,
    /// Who opens a connection.
    #[serde(default)]
    pub connects: PoolConnects,
    /// CPU of opening a connection where the request runs (asyncpg computes SCRAM-SHA-256 in Python). Without it: none.
    pub connect_cpu: Option<Distribution>,
    /// TLS of its connections (libpq's `sslmode`, `ssl` of asyncpg and node-postgres). A handshake follows each connect; its round
    /// trips are `round_trip`, one more for the request for encryption. Without it: none.
    pub tls: Option<Tls>,
    /// How long a connection may be idle before it is closed, if more than `min_size` are open (asyncpg 0.32; 300 s by
    /// default, "0s" never). Without it: no limit. Connections closed below `min_size` for another reason are opened
    /// again when a request needs them, not in the background as asyncpg does.
    pub max_inactive_connection_lifetime: Option<Duration>,
    /// With this many connections idle, one more that is given back is closed, unless a request waits for it: SQLAlchemy's
    /// `pool_size`, with `max_size` its sum with `max_overflow`, and Go's `SetMaxIdleConns` (2 there where nothing is said).
    /// Without it: no limit.
    pub max_idle_connections: Option<u32>,
    /// Which idle connection the next request gets. It has an effect only with `max_inactive_connection_lifetime` or
    /// `max_queries`: else all connections are alike.
    #[serde(default)]
    pub reuse: PoolReuse,
    /// Round trips after which a connection is closed when it is given back (asyncpg: 50000). Without it: never.
    pub max_queries: Option<u32>,
    /// Elapsed time of a bare round trip to the server (BEGIN, COMMIT, reset), and of the network under a statement.
    pub round_trip: Option<Distribution>,
    /// CPU that each round trip costs where the request runs.
    pub trip_cpu: Option<Distribution>,
    /// Whether a release resets the connection first: one more round trip, during which it is still held (asyncpg
    /// does).
    #[serde(default = "yes")]
    pub reset_on_release: bool,
    /// Names of its metrics, instead of those that `[metrics.pools]` gives.
    #[serde(default)]
    pub metrics: PoolMetrics,
}

/// Who opens a connection of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PoolConnects {
    /// The request that needs one; if that fails, the request fails (asyncpg, node-postgres, SQLAlchemy).
    #[default]
    Request,
    /// A thread of the pool, one at a time, while the request waits for this one or for one that is given back. If it fails, it
    /// tries again after 10 ms, 20 ms and so on up to 5 s as long as a request waits; a request fails only when its
    /// `acquire_timeout` is over (HikariCP).
    Background,
}

/// How those who wait for a connection of a pool get it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PoolWaiters {
    /// What is given back goes to the first that waits at once (HikariCP, node-postgres, `asyncio.Semaphore`).
    #[default]
    Fair,
    /// The first that waits is woken and looks again when it runs. If another request has taken the connection meanwhile, such
    /// as one that comes in the same round of the event loop, it waits again, behind all others; its `acquire_timeout`
    /// continues (`asyncio.Queue`, on which asyncpg's pool and SQLAlchemy's asynchronous pool are built; SQLAlchemy's QueuePool).
    Barging,
}

/// Which idle connection is used next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PoolReuse {
    /// The one that was given back last (asyncpg): the others stay idle and can be closed.
    #[default]
    Lifo,
    /// The one that has been idle longest (SQLAlchemy's QueuePool): all stay in use.
    Fifo,
}

/// An HTTP client in the manner of httpx.AsyncClient, one in each process (or one a request).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The service that it calls.
    pub server: String,
    /// One client for each request, or one for the process.
    #[serde(default)]
    pub reuse: Reuse,
    /// CPU of constructing the client, paid on the event loop at each call when `reuse = "per-request"`:
    /// `httpx.AsyncClient()` builds an SSL context, also for http:// targets.
    pub setup_cpu: Option<Distribution>,
    /// CPU of one call (encoding, h11, the task's slices), without setup, connect and search.
    pub call_cpu: Option<Distribution>,
    /// Elapsed time of a TCP connect; paid once a connection.
    pub connect_time: Option<Distribution>,
    /// CPU of opening a connection.
    pub connect_cpu: Option<Distribution>,
    /// Look-ups of the server's name, one before each new connection. Without it: they take no time.
    pub dns: Option<Dns>,
    /// TLS of its connections (https). A handshake follows each connect; its round trips are `round_trip`. Without it: none.
    pub tls: Option<Tls>,
    /// Network time of a call, there and back.
    pub round_trip: Option<Distribution>,
    /// Time-out of a connect and of the wait for the answer, each (httpx `timeout`). Without it: none.
    pub timeout: Option<Duration>,
    /// Time-out of a connect (httpx `connect`). Without it: `timeout`.
    pub connect_timeout: Option<Duration>,
    /// Time-out of the wait for the answer (httpx `read`). Without it: `timeout`.
    pub read_timeout: Option<Duration>,
    /// Time-out of sending the request (httpx `write`). It has no effect: requests fit a socket's buffer here, and
    /// sending never waits. It is accepted so that real settings can be pasted.
    pub write_timeout: Option<Duration>,
    /// Time-out of the wait for a free connection (httpx `pool`); each futile wake-up starts it afresh, as httpcore
    /// does. Without it: `timeout`.
    pub pool_timeout: Option<Duration>,
    /// Connections of a shared client at most. Without it: no limit.
    pub max_connections: Option<u32>,
    /// Which of the calls that wait for one of `max_connections` wake when one comes free.
    #[serde(default)]
    pub waiters: Waiters,
    /// With more connections open than this (idle or not, as httpcore counts), one that becomes idle is closed.
    /// Without it: no limit.
    pub max_keepalive_connections: Option<u32>,
    /// With this many connections idle, one more that becomes idle is closed; those in use do not count (Go's
    /// `MaxIdleConnsPerHost`, 2 there where nothing is said; nginx' `keepalive`, Node's `maxFreeSockets`). Without it: no
    /// limit.
    pub max_idle_connections: Option<u32>,
    /// Calls a second that each process sends at most, after which they wait. Without it: no limit.
    pub rate_limit: Option<CallRate>,
    /// How long an idle connection is kept. Without it: 5 s.
    pub keepalive_expiry: Option<Duration>,
    /// CPU of searching a shared client's pool at each call.
    pub search_cpu: Option<SearchCost>,
    /// CPU of one futile wake-up in the wait for a free connection.
    pub wake_cpu: Option<Distribution>,
    /// In this many workers (over all replicas, spread evenly) the client is broken: its calls are never answered.
    #[serde(default)]
    pub broken_workers: u32,
    /// Whether a restart of a worker gives it a client that is not broken (of the `broken_workers`), as it does where
    /// the client was broken by what happened to the process.
    #[serde(default = "yes")]
    pub repaired_by_restart: bool,
    /// Names of its metrics, instead of those that `[metrics.clients]` gives.
    #[serde(default)]
    pub metrics: ClientMetrics,
}

/// Whether a client lives for one request or as long as the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reuse {
    /// A new client, and so a new connection, for each request.
    #[default]
    PerRequest,
    /// One client for the process: connections are kept and reused.
    Shared,
}

/// Which of the calls that wait for a connection wake when one comes free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Waiters {
    /// All wake, one wins, and the others queue again with a fresh `pool_timeout` (httpx over httpcore 1.0).
    #[default]
    Race,
    /// The first has it at once (`maxSockets` of Node's `http.Agent`, Go's `MaxConnsPerHost`).
    Fifo,
}

/// CPU of one search of the pool: `per_idle * i + per_idle_squared * i^2 + per_busy * b` beside `i` idle and `b` busy
/// connections (httpcore polls every idle connection and counts all of them for each).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchCost {
    /// For each idle connection.
    #[serde(default)]
    pub per_idle: Duration,
    /// For each pair of idle connections.
    #[serde(default)]
    pub per_idle_squared: Duration,
    /// For each busy connection.
    #[serde(default)]
    pub per_busy: Duration,
}

fn ten() -> u32 {
    10
}

fn yes() -> bool {
    true
}
