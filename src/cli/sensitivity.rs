//! `sim sensitivity`: which assumptions decide.

use std::path::PathBuf;

use clap::Args;

use super::adjust::{assignment, metric};
use super::exit::{Exit, ExitFailure};
use super::files::again;
use super::found::Found;
use super::page::Page;
use super::search::SearchOptions;
use super::warn::caution;
use crate::experiment::plan::Workbench;
use crate::experiment::search::sensitivity::{Question, analyse};
use crate::language::Metric;
use crate::report::{
    sensitivity, sensitivity_document, sensitivity_figure, sensitivity_method, sensitivity_page, sensitivity_warnings,
};

/// Find which assumptions of the model decide the answer.
///
/// Varies every number of the model that has a range in its provenance: each alone at both ends of its range (the
/// tornado chart), all together along random paths (a Morris screening), and those that matter over a design for
/// Sobol's indices: the share of the variance that each number causes alone, and together with the others. For every
/// hypothesis it reports which numbers change the verdict. Writes sensitivity.json, sensitivity.html
/// and sensitivity.png into the experiment's folder. After Ctrl-C the command prints what it found so far; running it again resumes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim sensitivity models/registration.toml
  sim sensitivity experiments/pooling.toml --at concurrency=150 --metric success_rate --no-verdicts
  sim sensitivity experiments/pooling.toml --trajectories 6 --samples 32

Exit codes:
  0    done
  2    the input has a mistake, or a file could not be written
  3    a trial failed, or no number of the model has a range
  130  interrupted; the results so far have been printed")]
pub struct Sensitivity {
    /// The experiment file, or a model with its own load
    experiment: PathBuf,

    /// The metric to explain
    #[arg(long, value_name = "METRIC", default_value = "throughput_per_min", value_parser = metric)]
    metric: Metric,

    /// The variant at which the metric is measured [default: the first]
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,

    /// The value of an axis at which the metric is measured (repeatable); it need not be one that the axis lists
    /// [default: its first]
    #[arg(long, value_name = "AXIS=VALUE", value_parser = assignment)]
    at: Vec<(String, String)>,

    /// Number of paths of the Morris screening
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    trajectories: u32,

    /// Sobol base sample size N; this runs N x (k + 2) settings for k numbers that matter
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    samples: u32,

    /// Do not judge the hypotheses; run only this one point
    #[arg(long)]
    no_verdicts: bool,

    #[command(flatten)]
    search: SearchOptions,
}

impl Sensitivity {
    /// Reads, varies, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let mut bench = Workbench::read_at(&self.experiment, &self.search.adjustments(), &self.at)?;
        caution(bench.plan(), page);
        let question = Question {
            point: bench.choose(self.variant.as_deref(), &self.at)?,
            metric: self.metric,
            trajectories: self.trajectories,
            samples: self.samples,
            verdicts: !self.no_verdicts && !bench.plan().hypotheses.is_empty(),
        };
        let ranges = bench.ranges();
        bench.rehearse_ranges(&ranges, question.point)?;
        let asked = format!("{question:?} {}", bench.plan().replications);
        let record = self.search.record("sensitivity", bench.plan(), &asked, page)?;
        let found = self.search.pursue(|progress| analyse(&mut bench, question, &record, progress))??;
        let answer = Found {
            name: "sensitivity",
            plan: &found.plan,
            method: sensitivity_method(&found),
            parts: sensitivity(&found, page.width()),
            document: sensitivity_document(&found),
            laid_out: sensitivity_page(&found, &again()),
            figure: (!found.parameters.is_empty()).then(|| sensitivity_figure(&found)),
            doubts: sensitivity_warnings(&found),
        };
        let handed_over = answer.hand_over(&self.search, record, page);
        let is_doubtful = !found.doubts.is_empty() || found.parameters.is_empty();
        let doubt = if is_doubtful { Exit::Undecided } else { Exit::Holds };
        let interrupt = if found.is_interrupted { Exit::Interrupted } else { Exit::Holds };
        Ok(doubt.graver(interrupt).graver(handed_over))
    }
}
