//! `sim` answers design questions about a system of services before anyone deploys the change or books a load test:
//! where does throughput collapse, which resource is behind it, does the change help?
//!
//! It is a program first; this library is the same engine for programs that want to ask many questions, or to compute
//! their loads and their searches.
//!
//! # A first answer
//!
//! A [`Plan`] says what to run: one model under its load, or an experiment of variants and axes. [`run`] runs its
//! trials on all cores, and a [`Report`] has what they show: figures with 95 % intervals, the condition of each point,
//! verdicts.
//!
//! ```
//! use std::path::Path;
//! use sim::{Adjustments, Metric, Plan};
//! use sim::statistics::theory;
//!
//! let plan = Plan::read(Path::new("models/mm1.toml"), &Adjustments::default())?;
//! let report = sim::run(&plan);
//! let mean = report.points().next().and_then(|point| point.metric(Metric::MeanS)).expect("some requests succeed");
//! // The exact mean response time of this M/M/1 is 5 s.
//! let exact = theory::mm1(0.8, 1.0)?.response;
//! assert!(mean.low < exact && exact < mean.high + 0.2, "{mean:?}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/` in the repository has six programs that answer real questions with it: Erlang's C, a search for the largest
//! rate, two designs compared in pairs, the reading of a report, a load that is computed, export to CSV and JSON.
//!
//! # What to rely on
//!
//! The public items are those that this page lists. They follow semantic versioning; enums and structs that will grow
//! are `#[non_exhaustive]`. Everything else is internal, also where the compiler lets it be named: the program `sim`, the
//! benchmarks, the fuzz targets and the tests of behaviour are crates of their own and reach modules that are hidden
//! from this documentation, which change with every version.
//!
//! The TOML that plans are read from is the other stable surface. `docs/language.md` describes it; the TOML that one
//! version accepts, later ones of the same major version accept with the same meaning.
//!
//! The same plan and seed give the same figures, bit for bit, on every machine and with any number of threads.
//!
//! # How it works
//!
//! A system is data, data is compiled to a small program, requests are tokens that run it, every figure has an
//! interval.
//!
//! ```text
//!  experiment.toml      models/shop.toml
//!        │                    │
//!        └───► language ◄─────┘     TOML as written; each mistake is shown at its place
//!                 │
//!               model               as meant: indices, nanoseconds, a program for each endpoint
//!                 │
//!      ┌──────  Plan  ───────┐      variants × axes × replications = trials
//!      ▼          ▼          ▼
//!    trial      trial      trial    on all cores, each with the seed of its replication
//!  ┌───────────────────────────┐
//!  │ load ──► interpreter      │    who sends requests; the world that they meet
//!  │            │    ▲         │
//!  │          parts  │         │    event loops, CPUs, pools, clients, queues, guards
//!  │            │    │         │
//!  │          kernel           │    the calendar: events in the order of (time, serial)
//!  └───────────────────────────┘
//!                 │
//!             statistics            intervals over replications; exact theory beside them
//!                 │
//!              Report               conditions, culprits, comparisons, verdicts
//! ```
//!
//! # The life of a request
//!
//! Take `steps = [{ with = { pool = "orders", steps = [{ cpu = "1.5ms" }] } }]`: hold a connection of a pool and use the
//! CPU meanwhile.
//!
//! 1. **Arrival.** The load schedules an event in the calendar. When its time comes, a request is made: a token with a
//!    key. All that is random about it is a function of that key and the place in the program, so that two designs meet
//!    the same requests.
//! 2. **Admission.** A balancer chooses a replica; the connection waits in the backlog until the event loop accepts it.
//! 3. **Program.** The interpreter runs the token's operations until one has to wait. No free connection: the token
//!    joins the queue of the pool. A free one: the token holds it, which a frame on its stack remembers.
//! 4. **Service.** The CPU is shared among those who use it; it schedules the end of the first to finish, and
//!    reschedules when one joins or leaves.
//! 5. **Release.** The frame is popped, the connection goes to the first in the queue, and that token is ready to
//!    continue at the same instant.
//! 6. **Answer.** The token answers, everything left is given back, and the client counts a response time, unless it
//!    gave up earlier: then the work was wasted, which is counted too.
//!
//! A failure, a time-out and the death of a process are one mechanism: the token leaves where it waits and its frames
//! are popped one by one, until one of them catches. Where the time of a request went is kept from arrival to answer,
//! and adds up to its response time, to the nanosecond.
//!
//! `docs/ARCHITECTURE.md` follows a request and a trial through the files.
//!
//! # Mistakes and failures
//!
//! Whatever is wrong with a file is found before anything runs, and returned as [`Mistakes`]: what is wrong, where, and
//! what would be right. A trial that breaks one of the laws that every run checks (conservation, Little's law, use of
//! capacity), or fails, is counted in the report, which then [is doubtful](Report::is_doubtful). Nothing here panics on
//! input.

// What programs rely on.
#[doc(inline)]
pub use sim_core::statistics;

#[doc(inline)]
pub use experiment::analyse::comparison::Difference;
#[doc(inline)]
pub use experiment::analyse::condition::Condition;
#[doc(inline)]
pub use experiment::analyse::verdict::{Judgement, Verdict};
#[doc(inline)]
pub use experiment::plan::{Adjustments, Plan};
#[doc(inline)]
pub use language::{Mistake, Mistakes};
#[doc(inline)]
pub use metric::Metric;
#[doc(inline)]
pub use report::{PointReport, Report};

// What the program, benchmarks, fuzz targets and tests of behaviour reach, and nothing else should.
#[doc(hidden)]
pub mod calibrate;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod experiment;
#[doc(hidden)]
pub mod import;
#[doc(hidden)]
pub mod language;
#[doc(hidden)]
pub mod measure;
#[doc(hidden)]
pub mod metric;
#[doc(hidden)]
pub mod promql;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod serve;
#[doc(hidden)]
pub mod yaml;

#[doc(hidden)]
pub use sim_core::{interpreter, kernel, load, model, parts};

use experiment::run::runner::{self, Progress};

/// Runs the trials of a plan and judges what they show.
///
/// The trials run on the present rayon pool: all cores, or those of a `rayon::ThreadPool` that this is called in. The
/// number of threads does not change any figure. All trials are kept in memory; `sim sweep` keeps
/// them in a journal on disk.
///
/// It returns when all trials have ended. What bounds a trial is its load's duration or number of users, and
/// `run.max_events` and `run.max_wall_time` where the experiment has them.
///
/// No trial that fails ends the others: the report counts those, and [`Report::is_doubtful`] says so.
pub fn run(plan: &Plan) -> Report<'_> {
    Report::of(plan, runner::run(plan, &Progress::default()))
}
