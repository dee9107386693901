//! `sim` answers design questions about a system of services before anyone deploys the change or books a load test:
//! where does throughput collapse, which resource is behind it, does the change help?
//!
//! A system is data, data is compiled to a small program, requests are tokens that run it, every figure has an
//! interval, every picture has a verdict:
//!
//! - [`language`]: TOML as written. Its types are the language, their documentation the JSON Schema; a mistake is shown
//!   where it was written.
//! - [`model`]: the system as meant, in indices and nanoseconds: a program and a plan of parts.
//! - [`kernel`]: time, the calendar, random streams. *Events happen in the order of (time, serial)*: that is the whole
//!   ordering rule, so a run is a function of its seed.
//! - `engine`: what every part may borrow: the time, the calendar, tokens and what they hold.
//! - [`parts`]: event loops, CPUs, pools, HTTP clients, descriptors, stations. A part knows no other part.
//! - [`interpreter`]: the one module that knows all parts. Requests are tokens that run their programs in it.
//! - [`load`]: who sends requests. [`load::trial`] is one run.
//! - [`experiment`]: variants x axes x replications = trials, run on all cores; summaries with intervals; verdicts.
//! - [`statistics`]: intervals, histograms, and the exact formulas that judge the simulator.
//! - [`report`] and [`cli`]: tables, files, charts; the commands.
//!
//! Imports run downwards: cli > report > experiment > load > interpreter > parts > engine > kernel; `language` and `model`
//! stand beside, `kernel` and `statistics` know nothing of the others.
//!
//! ```
//! use std::path::Path;
//! use sim::experiment::plan::{Adjustments, Plan};
//! use sim::experiment::{account::Account, run::runner};
//!
//! let plan = Plan::read(Path::new("models/mm1.toml"), &Adjustments::default()).expect("a sound model");
//! let trials = runner::run(&plan, &runner::Progress::default());
//! let mean = Account::of_trials(&plan, trials).summaries[0].mean_s.expect("some requests succeed");
//! // The exact mean response time of this M/M/1 is 5 s.
//! assert!(mean.low < 5.0 && 5.0 < mean.high + 0.2, "{mean:?}");
//! ```

pub mod cli;
pub mod experiment;
pub mod interpreter;
pub mod kernel;
pub mod language;
pub mod load;
pub mod metric;
pub mod model;
pub mod parts;
pub mod report;
pub mod statistics;

mod engine;
