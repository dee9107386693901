//! `sim digest`: several experiments, one page.

use std::path::PathBuf;

use clap::Args;

use super::adjust::{Adjust, Effort};
use super::exit::EXIT_CODES;
use super::exit::{Exit, ExitFailure};
use super::files::{again, prepare_named, write_named};
use super::page::Page;
use super::simulate::simulate;
use super::warn::warn;
use crate::experiment::plan::{Adjustments, Plan};
use crate::report::{self, Report};

/// Run several experiments and print a one-page summary in Markdown.
///
/// States for each change whether it helps, does nothing or harms, and by how much (the `effects` of an experiment),
/// and the verdict on each claim. Writes no files but the page that `--report` asks for. All files are checked before anything runs.
#[derive(Debug, Args)]
#[command(after_help = examples())]
pub struct Digest {
    /// The experiment files, in the order of the page
    #[arg(required = true, value_name = "EXPERIMENT")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    adjust: Adjust,

    #[command(flatten)]
    effort: Effort,

    /// Also write the summary as a page that needs no network, with the charts
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

fn examples() -> String {
    format!(
        "\
Examples:
  sim digest experiments/semaphore.toml experiments/db-pool.toml > page.md

{EXIT_CODES}"
    )
}

impl Digest {
    /// Reads all, runs one after the other, prints the page.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let adjustments = Adjustments::from(&self.adjust);
        let plans = self.files.iter().map(|file| Plan::read(file, &adjustments)).collect::<Result<Vec<_>, _>>()?;
        if let Some(file) = &self.report {
            prepare_named(file, &plans.iter().collect::<Vec<_>>())?;
        }
        let mut reports = Vec::new();
        for plan in &plans {
            let report = Report::of(plan, simulate(plan, &self.effort)?);
            warn(&report, page);
            let is_partial = report.is_partial();
            reports.push(report);
            if is_partial {
                break;
            }
        }
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        page.data(report::digest(&files, &reports, page.width()));
        let exit = reports.iter().map(Exit::of).reduce(Exit::graver).unwrap_or(Exit::Holds);
        let Some(file) = &self.report else { return Ok(exit) };
        // Stdout has the summary, and nothing else.
        let (path, filed) = write_named("report", file, &report::page_of_several(&reports, &again()), page);
        if !self.effort.quiet {
            page.say(path.trim_end());
        }
        Ok(exit.graver(filed))
    }
}
