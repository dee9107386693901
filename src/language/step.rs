//! What a request does: the steps of an endpoint.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{Fraction, fraction, optional_fraction};
use super::{BreakerStep, CacheStep, Distribution, FallbackStep, HedgeStep, ParallelStep, RetryStep, TimeoutStep};

/// One step of an endpoint. Written as a table with one key: `{ cpu = "1.5ms" }`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Work on the CPU, where the request runs; on an event loop it blocks the loop.
    Cpu(Distribution),
    /// A password hash (bcrypt), on the event loop or in a thread of the default executor.
    Hash(HashStep),
    /// A statement or transaction on a database connection.
    Query(QueryStep),
    /// A request to another service, through one of this service's HTTP clients; waits for the answer.
    Call(CallStep),
    /// A request to another service without waiting for the answer: it is sent in the background, and its outcome does
    /// not matter here.
    Notify(NotifyStep),
    /// Holds a pool connection or a semaphore slot around nested steps: hold-and-wait.
    With(WithStep),
    /// Nested steps in a thread of the default executor (`asyncio.to_thread`, libuv's thread pool); waits for their end
    /// without blocking the event loop.
    Thread(ThreadStep),
    /// Waits without blocking the event loop.
    Sleep(Distribution),
    /// Nested steps, several times.
    Repeat(RepeatStep),
    /// One of several branches, by probability; if they add up to less than 1, the rest does nothing.
    Choose(Vec<Branch>),
    /// Answers with an error, for this reason.
    Fail(String),
    /// Looks a key up in a cache of this service, and fetches it on a miss.
    Cache(CacheStep),
    /// Applies the handled event to a view: later reads of the view see it.
    Project(ProjectStep),
    /// Records how stale a view is at this moment; the cost of reading belongs into other steps.
    Read(ReadStep),
    /// Answers now (202 Accepted) and continues with the steps that follow; a failure there no longer fails the request.
    Respond(RespondStep),
    /// Puts a message on a queue of the broker (`[queues]`) and waits for its confirm.
    Publish(PublishStep),
    /// A visit to a station of the queueing network (`[stations]`).
    Visit(VisitStep),
    /// Nested steps that are tried again when they fail.
    Retry(RetryStep),
    /// Nested steps that must be done in time.
    Timeout(TimeoutStep),
    /// Nested steps behind a circuit breaker.
    Breaker(BreakerStep),
    /// Nested steps, and what is done instead when they fail.
    Fallback(FallbackStep),
    /// Nested steps with a second attempt that starts when the first takes long.
    Hedge(HedgeStep),
    /// Branches that run side by side.
    Parallel(ParallelStep),
}

/// A password hash.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HashStep {
    /// CPU of one hash.
    pub cpu: Distribution,
    /// Where it runs.
    #[serde(default)]
    pub on: Place,
    /// Whether it keeps the interpreter lock of its process (pure Python, or an extension that does not release it), so
    /// that nothing else of that process runs Python meanwhile; bcrypt releases it. On an event loop it matters only
    /// beside threads that keep the lock.
    #[serde(default)]
    pub holds_gil: bool,
}

/// Nested steps as one job of the default executor of an event loop: it waits for one of the `threads` of its process,
/// first come, first served, and keeps it to the end of the steps, whether they compute or block. A request that gives up
/// meanwhile does not stop the thread: a job that still waits for a thread is dropped, one that runs is run to its end. A
/// failure in the steps is one of the request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadStep {
    /// What the thread does, one step after the other. A `sleep` blocks it, as do waits for a database or an answer.
    pub steps: Vec<Step>,
    /// Whether its `cpu` steps keep the interpreter lock of the process (pure Python), so that nothing else of that
    /// process runs Python meanwhile. Native code that releases the lock does not, nor does anything in Node.
    #[serde(default)]
    pub holds_gil: bool,
}

/// Where blocking work runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Where the request runs: on the event loop, which does nothing else meanwhile.
    #[default]
    Loop,
    /// In a thread of the default executor (`asyncio.to_thread`); bcrypt releases the GIL.
    Thread,
}

/// A statement, on a connection of its own (`pool`) or on the one that an enclosing `with` holds (`held`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryStep {
    /// Acquire a connection of this pool for the query and release it after.
    pub pool: Option<String>,
    /// Use the connection of this pool that an enclosing `with` holds.
    pub held: Option<String>,
    /// Work of the database for the statement.
    pub time: Distribution,
    /// With BEGIN and COMMIT around the statement: two more round trips.
    #[serde(default)]
    pub transaction: bool,
}

/// A request to another service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallStep {
    /// The HTTP client of this service to use; it knows the server.
    pub client: String,
    /// The endpoint of the server.
    pub endpoint: String,
}

/// A request sent without waiting for its answer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifyStep {
    /// The HTTP client of this service to use; it knows the server.
    pub client: String,
    /// The endpoint of the server.
    pub endpoint: String,
    /// Probability that it is sent. Without it: 1.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub probability: Option<f64>,
    /// Send it once, each time with this probability, for each replica of this service beyond the first, as replicas do
    /// that do not coordinate (KillBill's duplicated webhooks). Without it: once, whatever the number of replicas.
    #[serde(default)]
    pub when_replicated: bool,
}

/// Holds one unit of exactly one of `pool`, `limit` or `shared` around the steps.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithStep {
    /// A connection of this pool of the service.
    pub pool: Option<String>,
    /// A slot of this limit of the service (in each process its own).
    pub limit: Option<String>,
    /// A slot of this limit of the whole model (`[limits]`).
    pub shared: Option<String>,
    /// The steps to run while it is held.
    pub steps: Vec<Step>,
}

/// Nested steps, several times.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepeatStep {
    /// How many times.
    pub times: u32,
    /// What.
    pub steps: Vec<Step>,
}

/// One branch of a `choose`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Probability, 0 to 1.
    #[serde(deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub probability: f64,
    /// The steps of the branch; may be empty.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// Answers now and continues, as background tasks of FastAPI (Starlette) do: the caller has its answer, and the
/// connection is closed or kept for the next call. A thread of a `threads` runtime is held to the end of the steps.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RespondStep {}

/// Applies the event that this handler of the view's consumer handles; once, if it is handled again after a failure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectStep {
    /// The view, a key of `[views]`.
    pub view: String,
}

/// A read of a view.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadStep {
    /// The view, a key of `[views]`.
    pub view: String,
}

/// A message for a queue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishStep {
    /// The queue, a key of `[queues]`.
    pub queue: String,
}

/// A visit to a station of the queueing network.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitStep {
    /// The station, a key of `[stations]`.
    pub station: String,
    /// Service demand of the visit.
    pub time: Distribution,
}
