//! What a request does: the steps of an endpoint. Each has a file with its type, its mistakes and its operations.

mod blocking;
mod breaker;
mod cache;
mod call;
mod choose;
mod connection;
mod cpu;
mod fail;
mod fallback;
mod guard;
mod hash;
mod hedge;
pub(in crate::language) mod nested;
mod notify;
mod opening;
mod parallel;
mod project;
mod publish;
mod query;
mod read;
mod repeat;
mod respond;
mod retry;
mod sleep;
mod thread;
mod timeout;
mod visit;
mod with;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::language::Distribution;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::Body;

pub use breaker::BreakerStep;
pub use cache::{CacheStep, Popularity};
pub use call::CallStep;
pub use choose::Branch;
pub use fallback::FallbackStep;
pub use hash::{HashStep, Place};
pub use hedge::HedgeStep;
pub use notify::NotifyStep;
pub use parallel::ParallelStep;
pub use project::ProjectStep;
pub use publish::PublishStep;
pub use query::QueryStep;
pub use read::ReadStep;
pub use repeat::RepeatStep;
pub use respond::RespondStep;
pub use retry::{RetryBudget, RetryStep};
pub use sleep::{BlockingSleep, SleepStep};
pub use thread::ThreadStep;
pub use timeout::TimeoutStep;
pub use visit::VisitStep;
pub use with::WithStep;

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
    /// Waits without blocking the event loop, unless it says so: `{ time = "200ms", blocking = true }` (`time.sleep`).
    Sleep(SleepStep),
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

impl<'a> Lowering<'a> {
    /// Compiles steps one after the other.
    pub(in crate::language) fn steps(&mut self, body: &mut Body<'a>, at: At<'_>, steps: &'a [Step]) {
        for (index, step) in steps.iter().enumerate() {
            let at = at.index(index);
            thread::refuse(self, body, at, step);
            match step {
                Step::Cpu(demand) => cpu::compile(self, body, at.key("cpu"), demand),
                Step::Hash(step) => hash::compile(self, body, at.key("hash"), step),
                Step::Thread(step) => thread::compile(self, body, at.key("thread"), step),
                Step::Query(step) => query::compile(self, body, at.key("query"), step),
                Step::Call(step) => call::compile(self, body, at.key("call"), step),
                Step::Notify(step) => notify::compile(self, body, at.key("notify"), step),
                Step::With(step) => with::compile(self, body, at.key("with"), step),
                Step::Sleep(time) => sleep::compile(self, body, at.key("sleep"), time),
                Step::Repeat(step) => repeat::compile(self, body, at.key("repeat"), step),
                Step::Choose(branches) => choose::compile(self, body, at.key("choose"), branches),
                Step::Fail(reason) => fail::compile(self, reason),
                Step::Respond(_) => respond::compile(self, body, at.key("respond")),
                Step::Cache(step) => cache::compile(self, body, at.key("cache"), step),
                Step::Project(step) => project::compile(self, body, at.key("project"), step),
                Step::Read(step) => read::compile(self, at.key("read"), step),
                Step::Publish(step) => publish::compile(self, body, at.key("publish"), step),
                Step::Retry(step) => retry::compile(self, body, at.key("retry"), step),
                Step::Timeout(step) => timeout::compile(self, body, at.key("timeout"), step),
                Step::Breaker(step) => breaker::compile(self, body, at.key("breaker"), step),
                Step::Fallback(step) => fallback::compile(self, body, at.key("fallback"), step),
                Step::Hedge(step) => hedge::compile(self, body, at.key("hedge"), step),
                Step::Parallel(step) => parallel::compile(self, body, at.key("parallel"), step),
                Step::Visit(step) => visit::compile(self, body, at.key("visit"), step),
            }
        }
    }
}

#[cfg(test)]
mod tests;
