//! `sim knee`: how far a design goes, without a grid.

use std::path::PathBuf;

use clap::Args;

use super::adjust::{assignment, fraction, objective};
use super::exit::{Exit, ExitFailure};
use super::files::again;
use super::found::Found;
use super::page::Page;
use super::search::SearchOptions;
use super::warn::caution;
use crate::experiment::plan::{KneeWishes, Workbench};
use crate::experiment::run::runner::Progress;
use crate::experiment::search::{self, KneeAnswer, KneeOutcome};
use crate::language::Objective;
use crate::report::{knee, knee_document, knee_figure, knee_method, knee_page};

/// Find each variant's limit: the highest load, or the smallest size, that meets the objectives.
///
/// Searches along one axis by bisection. At each value a sequential test runs replications until it decides that the
/// objectives are met or missed, or that the value is too close to call. The answer for a variant is correct with the
/// stated confidence, provided that all values beyond one that misses miss too. Prints the limiting resource, and how
/// many trials a full sweep of the same values would need. The experiment's `[knee]` table gives the defaults of the
/// options. Writes knee.json, knee.html and knee.png into the experiment's folder. After Ctrl-C the command prints what it found
/// so far; running it again resumes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim knee experiments/pooling.toml
  sim knee experiments/pooling.toml --objective 'success_rate>=0.99' --objective 'p95_s<=20'
  sim knee models/central-server.toml --axis load.concurrency --from 1 --to 60 --slope 0.5
  sim knee models/registration.toml --set load.concurrency=160 --set load.users=320 \\
      --axis services.user-service.pools.auth.max_size --from 10 --to 60 --smallest
  sim knee models/mm1.toml --axis load.rate --from 0.1/s --to 0.95/s --objective 'mean_s<=4'

Exit codes:
  0    every variant has an answer
  1    a variant meets the objectives nowhere in the range
  2    the input has a mistake, or a file could not be written
  3    there is no knee (the far end meets, the near end does not), an end is too close to call, or a trial failed
  130  interrupted; the results so far have been printed")]
pub struct KneeArguments {
    /// The experiment file, or a model with its own load
    experiment: PathBuf,

    /// What to vary: the name of an axis, or a path [default: the first axis of numbers]
    #[arg(long, value_name = "AXIS|PATH")]
    axis: Option<String>,

    /// The smallest value to try [default: the axis's smallest value]
    #[arg(long, value_name = "VALUE")]
    from: Option<String>,

    /// The largest value to try [default: the axis's largest value]
    #[arg(long, value_name = "VALUE")]
    to: Option<String>,

    /// Resolution of the answer [default: 1, or a hundredth of the range]
    #[arg(long, value_name = "STEP")]
    resolution: Option<String>,

    /// Find the smallest value that meets the objectives, instead of the largest
    #[arg(long)]
    smallest: bool,

    /// An objective (repeatable): METRIC>=VALUE or METRIC<=VALUE [default: the experiment's objectives, or a success
    /// rate of at least `collapse_below`]
    #[arg(long, value_name = "BOUND", value_parser = objective)]
    objective: Vec<Objective>,

    /// Require that the throughput still grows by at least this share of proportional growth, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = fraction)]
    slope: Option<f64>,

    /// Probability that the answer for a variant is correct [default: 0.95]
    #[arg(long, value_name = "P", value_parser = fraction)]
    confidence: Option<f64>,

    /// Replications after which a value is reported as too close to call [default: 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    max_replications: Option<u32>,

    /// Search only this variant (repeatable) [default: all]
    #[arg(long, value_name = "NAME")]
    variant: Vec<String>,

    /// The value of another axis (repeatable); it need not be one that the axis lists [default: its first]
    #[arg(long, value_name = "AXIS=VALUE", value_parser = assignment)]
    at: Vec<(String, String)>,

    #[command(flatten)]
    search: SearchOptions,
}

impl KneeArguments {
    /// Reads, searches, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let bench = Workbench::read_at(&self.experiment, &self.search.adjustments(), &self.at)?;
        let asked = bench.knee(&self.wishes())?;
        let variants = bench.variants(&self.variant)?;
        let mut study = bench.study(&variants, vec![asked.dial.clone()], &self.at)?;
        study.rehearse_ends(&variants, [asked.grid.value(0), asked.grid.value(asked.grid.cells())])?;
        caution(bench.plan(), page);
        let question = format!("{asked:?} {variants:?} {:?}", self.at);
        let record = self.search.record("knee", bench.plan(), &question, page)?;
        let search = |progress: &Progress| search::knee::search(study, &asked, &variants, &record, progress);
        let answer = self.search.pursue(search)??;
        let found = Found {
            name: "knee",
            plan: &answer.plan,
            method: knee_method(&answer),
            parts: knee(&answer, page.width()),
            document: knee_document(&answer),
            laid_out: knee_page(&answer, &again()),
            figure: Some(knee_figure(&answer)),
            doubts: answer.doubts.clone(),
        };
        let handed_over = found.hand_over(&self.search, record, page);
        Ok(exit(&answer).graver(handed_over))
    }

    fn wishes(&self) -> KneeWishes {
        KneeWishes {
            axis: self.axis.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            resolution: self.resolution.clone(),
            smallest: self.smallest,
            objectives: self.objective.clone(),
            slope: self.slope,
            confidence: self.confidence,
            replications: self.search.adjustments().replications,
            max_replications: self.max_replications,
            ..KneeWishes::default()
        }
    }
}

/// The exit code of an answer.
fn exit(answer: &KneeAnswer) -> Exit {
    let of_variant = answer.variants.iter().map(|found| match found.outcome {
        KneeOutcome::NoneMeets => Exit::Fails,
        KneeOutcome::Rises => Exit::Undecided,
        KneeOutcome::Found if found.meets.is_none() || found.misses.is_none() => Exit::Undecided,
        KneeOutcome::Found | KneeOutcome::AllMeet => Exit::Holds,
        KneeOutcome::Unfinished => Exit::Interrupted,
    });
    let doubt = if answer.doubts.is_empty() { Exit::Holds } else { Exit::Undecided };
    let interrupt = if answer.is_interrupted { Exit::Interrupted } else { Exit::Holds };
    of_variant.fold(doubt.graver(interrupt), Exit::graver)
}
