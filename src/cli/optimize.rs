//! `sim optimize`: the cheapest setting that does.

use std::path::PathBuf;

use clap::Args;

use super::adjust::assignment;
use super::exit::{Exit, ExitFailure};
use super::files::again;
use super::found::Found;
use super::page::Page;
use super::search::SearchOptions;
use super::warn::caution;
use crate::experiment::plan::Workbench;
use crate::experiment::run::runner::Progress;
use crate::experiment::search::optimize::{Cheapest, cheapest};
use crate::report::{optimize, optimize_document, optimize_figure, optimize_method, optimize_page};

/// Find the cheapest setting of several parameters that meets the objectives.
///
/// The experiment's `[optimize]` table lists the parameters with their values and unit costs, and the objectives.
/// Settings are decided by sequential tests, starting with those that can exclude the most others. The answer states
/// its confidence, how many cheaper settings miss the objectives, and which are too close to call. Writes optimize.json,
/// optimize.html and optimize.png into the experiment's folder. After Ctrl-C the command prints what it found so far; running it again resumes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim optimize experiments/workers-and-cpu.toml
  sim optimize experiments/workers-and-cpu.toml --format json | jq .chosen

Exit codes:
  0    the cheapest setting was found
  1    no setting meets the objectives
  2    the input has a mistake, or a file could not be written
  3    a cheaper setting is too close to call or was not tried, or a trial failed
  130  interrupted; the results so far have been printed")]
pub struct Optimize {
    /// The experiment file
    experiment: PathBuf,

    /// The variant to search in [default: the first]
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,

    /// The value of an axis (repeatable); it need not be one that the axis lists [default: its first]
    #[arg(long, value_name = "AXIS=VALUE", value_parser = assignment)]
    at: Vec<(String, String)>,

    #[command(flatten)]
    search: SearchOptions,
}

impl Optimize {
    /// Reads, searches, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let adjustments = self.search.adjustments();
        let bench = Workbench::read_at(&self.experiment, &adjustments, &self.at)?;
        let asked = bench.optimize()?;
        let names: Vec<String> = self.variant.iter().cloned().collect();
        let variant = bench.variants(&names)?[0];
        let dials = asked.parameters.iter().map(|choice| choice.dial.clone()).collect();
        let mut study = bench.study(&[variant], dials, &self.at)?;
        study.rehearse(&asked, variant)?;
        caution(bench.plan(), page);
        let first_look = adjustments.replications;
        let question = format!("{asked:?} {variant} {:?} {first_look:?}", self.at);
        let record = self.search.record("optimize", bench.plan(), &question, page)?;
        let search = |progress: &Progress| cheapest(study, &asked, variant, first_look, &record, progress);
        let found = self.search.pursue(search)??;
        let answer = Found {
            name: "optimize",
            plan: &found.plan,
            method: optimize_method(&found),
            parts: optimize(&found, page.width()),
            document: optimize_document(&found),
            laid_out: optimize_page(&found, &again()),
            figure: optimize_figure(&found),
            doubts: found.doubts.clone(),
        };
        let handed_over = answer.hand_over(&self.search, record, page);
        Ok(exit(&found).graver(handed_over))
    }
}

/// The exit code of an answer.
fn exit(found: &Cheapest) -> Exit {
    let is_sure = found.undecided.is_empty() && found.open == 0;
    match &found.chosen {
        _ if found.is_interrupted => Exit::Interrupted,
        None if is_sure => Exit::Fails,
        Some(_) if is_sure && found.doubts.is_empty() => Exit::Holds,
        _ => Exit::Undecided,
    }
}
