//! The options that all searches have.

use clap::Args;

use super::adjust::{Adjust, Effort};
use super::exit::ExitFailure;
use super::files::Pictures;
use super::format::Format;
use super::journals::Keeping;
use super::page::Page;
use super::simulate::pursue;
use crate::experiment::plan::{Adjustments, Plan};
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;

/// How a search is run, where its trials and its answer are kept, and how the answer is shown.
#[derive(Debug, Args)]
pub struct SearchOptions {
    #[command(flatten)]
    adjust: Adjust,

    #[command(flatten)]
    effort: Effort,

    #[command(flatten)]
    pub(super) keeping: Keeping,

    /// Output format on stdout
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,

    #[command(flatten)]
    pub(super) pictures: Pictures,
}

impl SearchOptions {
    /// What the command line changes about the experiment.
    pub(super) fn adjustments(&self) -> Adjustments {
        Adjustments::from(&self.adjust)
    }

    /// Where the trials of a search of this name are kept; `question` is what the command line asks, without its
    /// overrides.
    pub(super) fn record(&self, name: &str, plan: &Plan, question: &str, page: &Page) -> Result<Record, ExitFailure> {
        self.keeping.record(name, plan, question, self.effort.quiet, page)
    }

    /// Runs a search on these threads, with its progress on the terminal.
    pub(super) fn pursue<T: Send>(&self, work: impl FnOnce(&Progress) -> T + Send) -> Result<T, ExitFailure> {
        pursue(&self.effort, work)
    }
}
