//! The commands. Each file is one command, and reads like its help text: read the input, run it, say what was found,
//! end with an [`Exit`].

mod adjust;
mod alerts;
mod bar;
mod calibrate;
mod check;
mod choice;
mod compare;
mod completions;
mod data;
mod digest;
mod discriminate;
mod dossier;
mod draw;
mod exit;
mod explain;
mod files;
mod format;
mod found;
mod import;
mod interrupt;
mod journals;
mod knee;
mod lighter;
mod man;
mod measure;
mod merge;
mod metastable;
mod metering;
mod new;
mod open;
mod optimize;
mod outputs;
mod page;
mod plan;
mod reference;
mod run;
mod schema;
mod scoreboard;
mod search;
mod sensitivity;
mod serve;
mod simulate;
mod sweep;
mod template;
mod timeline;
mod trace;
mod uncertainty;
mod warn;
mod watch;

use clap::{Parser, Subcommand};

pub use alerts::Alerts;
pub use calibrate::Calibrate;
pub use check::Check;
pub use compare::Compare;
pub use completions::Completions;
pub use digest::Digest;
pub use discriminate::Discriminate;
pub use draw::Draw;
pub use exit::{Exit, ExitFailure, stop};
pub use explain::Explain;
pub use format::Format;
pub use import::Import;
pub use knee::KneeArguments;
pub use man::man;
pub use measure::MeasureArguments;
pub use merge::Merge;
pub use metastable::Metastable;
pub use new::New;
pub use optimize::Optimize;
pub use page::Page;
pub use plan::Planning;
pub use reference::Reference;
pub use run::Run;
pub use schema::Schema;
pub use scoreboard::Scoreboard;
pub use sensitivity::Sensitivity;
pub use serve::Serve;
pub use sweep::Sweep;
pub use watch::Watch;

/// Where does throughput collapse, why, and does the change help?
///
/// `sim` runs models of request-serving systems: services with workers, event loops, CPU limits, connection pools and
/// HTTP clients, described in TOML. A sweep runs every variant of a design at every load, in parallel, and answers with
/// intervals, verdicts and charts.
#[derive(Debug, Parser)]
#[command(name = "sim", version, max_term_width = 100, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `sim` can do. The help of each command is that of its type.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "a comment here would hide the long help of the command's type")]
pub enum Command {
    New(New),
    Sweep(Sweep),
    Watch(Watch),
    Plan(Planning),
    Merge(Merge),
    Run(Run),
    Knee(KneeArguments),
    Optimize(Optimize),
    Sensitivity(Sensitivity),
    Explain(Explain),
    Metastable(Metastable),
    Alerts(Alerts),
    Measure(MeasureArguments),
    Import(Import),
    Calibrate(Calibrate),
    Compare(Compare),
    Discriminate(Box<Discriminate>),
    Scoreboard(Scoreboard),
    Digest(Digest),
    Draw(Draw),
    Serve(Serve),
    Check(Check),
    Schema(Schema),
    Reference(Reference),
    Completions(Completions),
    /// Print the manual page
    Man,
}

const EXAMPLES: &str = "\
Examples:
  sim new --template spring-boot              begin with a model of a known stack
  sim sweep experiments/pooling.toml          answer a question; charts go to output/pooling/
  sim knee experiments/pooling.toml           find each design's limit without a full grid
  sim run models/registration.toml            inspect one point of one model
  sim check experiments/*.toml models/*.toml  find mistakes without running

Exit codes:
  0 every hypothesis holds, 1 one fails, 2 mistake in the input or unwritable file,
  3 undecided, 130 interrupted. Results go to stdout, diagnostics to stderr.";
