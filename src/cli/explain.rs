//! `sim explain`: what to relieve next.

use std::path::PathBuf;

use clap::Args;

use super::adjust::{assignment, factor, metric};
use super::exit::{Exit, ExitFailure};
use super::files::again;
use super::found::Found;
use super::page::Page;
use super::search::SearchOptions;
use super::warn::caution;
use crate::experiment::plan::Workbench;
use crate::experiment::search::explain::{Explanation, LadderEnd, Question, explain};
use crate::language::Metric;
use crate::report::{self, explain_document, explain_figure, explain_method, explain_page, explain_warnings};

/// Find which capacity to enlarge next.
///
/// Runs one point. Then multiplies each capacity that is in use (cores, threads, workers, pools, limits, connections, servers)
/// by --factor, one at a time, with the same requests; a capacity that makes the metric worse is also divided by it. If none
/// helps alone, pairs of the four most utilised are tried, then all together. The change that improves the metric most is
/// kept; more of the resource that is named as the limit is kept instead if it brings at least half as much. This is repeated
/// up to --steps times. Also prints how much of each resource a completed request takes, and the throughput at which each CPU and station is
/// full. With the unit costs of the experiment's `[optimize]` table it prints what each change costs. Writes explain.json,
/// explain.html and explain.png into the experiment's folder. After Ctrl-C the command prints what it found so far; running it
/// again resumes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim explain experiments/pooling.toml --at concurrency=150
  sim explain models/registration.toml --factor 1.5 --steps 6
  sim explain experiments/pooling.toml --variant 'lifespan pool' --metric p95_s

Exit codes:
  0    done
  2    the input has a mistake, or a file could not be written
  3    a trial failed, or no run gave figures
  130  interrupted; the results so far have been printed")]
pub struct Explain {
    /// The experiment file, or a model with its own load
    experiment: PathBuf,

    /// The variant to explain [default: the first]
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,

    /// The value of an axis to explain (repeatable); it need not be one that the axis lists [default: its first]
    #[arg(long, value_name = "AXIS=VALUE", value_parser = assignment)]
    at: Vec<(String, String)>,

    /// The metric to improve [default: p95_s if an open load is served; otherwise throughput_per_min; if work outlasts its
    /// answer, completion_p95_s and completed_per_min in their place]
    #[arg(long, value_name = "METRIC", value_parser = metric)]
    metric: Option<Metric>,

    /// What a capacity is multiplied by, or divided by where more makes it worse; whole numbers change by at least 1
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0, value_parser = factor)]
    factor: f64,

    /// Steps of the ladder at most
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    steps: u32,

    #[command(flatten)]
    search: SearchOptions,
}

impl Explain {
    /// Reads, enlarges, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let mut bench = Workbench::read_at(&self.experiment, &self.search.adjustments(), &self.at)?;
        caution(bench.plan(), page);
        let question = Question {
            point: bench.choose(self.variant.as_deref(), &self.at)?,
            metric: self.metric,
            factor: self.factor,
            steps: self.steps,
        };
        let asked = format!("{question:?} {}", bench.plan().replications);
        let record = self.search.record("explain", bench.plan(), &asked, page)?;
        let found = self.search.pursue(|progress| explain(&mut bench, question, &record, progress))??;
        let answer = Found {
            name: "explain",
            plan: &found.plan,
            method: explain_method(&found),
            parts: report::explain(&found, page.width()),
            document: explain_document(&found),
            laid_out: explain_page(&found, &again()),
            figure: explain_figure(&found),
            doubts: explain_warnings(&found),
        };
        let handed_over = answer.hand_over(&self.search, record, page);
        Ok(exit(&found).graver(handed_over))
    }
}

/// The exit code of an answer.
fn exit(found: &Explanation) -> Exit {
    match found.end {
        LadderEnd::Interrupted => Exit::Interrupted,
        LadderEnd::NoFigures => Exit::Undecided,
        _ if !found.doubts.is_empty() => Exit::Undecided,
        LadderEnd::NothingHelps | LadderEnd::EnoughSteps | LadderEnd::NothingInUse => Exit::Holds,
    }
}
