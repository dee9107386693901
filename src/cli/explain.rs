//! `sim explain`: what to relieve next.

use std::path::PathBuf;

use clap::Args;

use super::adjust::{Adjust, Effort, assignment};
use super::exit::{Exit, ExitFailure};
use super::files::{Pictures, again, write_found};
use super::format::Format;
use super::journals::{Keeping, kept};
use super::knee::metric;
use super::page::Page;
use super::simulate::pursue;
use super::warn::{caution, doubts};
use crate::experiment::plan::{Adjustments, Workbench};
use crate::experiment::search::explain::{LadderEnd, Question, explain};
use crate::language::Metric;
use crate::report::{self, explain_document, explain_figure, explain_method, explain_page, explain_warnings};

/// Find what to relieve next: enlarge each capacity, and see what it brings.
///
/// Runs one point, then enlarges each capacity that is in use (cores, threads, workers, pools, limits, connections, servers),
/// each in runs of its own with the same requests. The resource that is named as the limit is kept enlarged if that helps,
/// else the one that helps most; from there the same again: a ladder of bottlenecks, each checked by the runs that relieve it.
/// Also prints what a completed request takes of each resource, and the throughput at which each CPU, station and event loop is
/// full. With the unit costs of the experiment's `[optimize]` table it says what each change costs. Writes explain.json, explain.html and
/// explain.png into the experiment's folder. After Ctrl-C the command prints what it found so far; running it again resumes.
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

    /// The metric to improve [default: the throughput; p95_s where an open load is served]
    #[arg(long, value_name = "METRIC", value_parser = metric)]
    metric: Option<Metric>,

    /// What a capacity is multiplied with; whole numbers grow by 1 at least
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0, value_parser = factor)]
    factor: f64,

    /// Steps of the ladder at most
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    steps: u32,

    #[command(flatten)]
    adjust: Adjust,

    #[command(flatten)]
    effort: Effort,

    #[command(flatten)]
    keeping: Keeping,

    /// Output format on stdout
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    #[command(flatten)]
    pictures: Pictures,
}

impl Explain {
    /// Reads, enlarges, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let mut bench = Workbench::read_at(&self.experiment, &Adjustments::from(&self.adjust), &self.at)?;
        caution(bench.plan(), page);
        let question = Question {
            point: bench.choose(self.variant.as_deref(), &self.at)?,
            metric: self.metric,
            factor: self.factor,
            steps: self.steps,
        };
        let asked = format!("{question:?} {}", bench.plan().replications);
        let record = self.keeping.record(
            ("explain-journal.jsonl", "explain.json"),
            bench.plan(),
            &asked,
            self.effort.quiet,
            page,
        )?;
        let found = pursue(&self.effort, |progress| explain(&mut bench, question, &record, progress))??;
        let document = explain_document(&found);
        let (paths, written) = write_found(
            &self.keeping.output,
            &found.plan.name,
            ("explain.json", &document),
            &explain_page(&found, &again()),
            explain_figure(&found),
            self.pictures,
            page,
        );
        match self.format {
            Format::Table => {
                page.heading(&found.plan.title);
                page.sentence(&explain_method(&found));
                report::explain(&found, page.width()).into_iter().for_each(|part| page.part(part));
                page.part(paths);
            }
            Format::Json => page.data(format!("{document:#}\n")),
        }
        doubts(&explain_warnings(&found), "explain.json", page);
        let exit = match found.end {
            LadderEnd::Interrupted => Exit::Interrupted,
            LadderEnd::NoFigures => Exit::Undecided,
            _ if !found.doubts.is_empty() => Exit::Undecided,
            LadderEnd::NothingHelps | LadderEnd::EnoughSteps | LadderEnd::NothingInUse => Exit::Holds,
        };
        Ok(exit.graver(written).graver(kept(record, page)))
    }
}

/// Reads a factor above 1.
fn factor(text: &str) -> Result<f64, String> {
    let known = text.trim().parse::<f64>().ok().filter(|factor| *factor > 1.0 && *factor <= 1000.0);
    known.ok_or_else(|| format!("`{text}` is no factor; it must be a number above 1, at most 1000"))
}

#[cfg(test)]
mod tests {
    use super::factor;

    #[test]
    fn a_factor_enlarges() {
        assert_eq!(factor("1.5"), Ok(1.5));
        for wrong in ["1", "0.5", "-2", "inf", "nan", "x", "1e9"] {
            assert!(factor(wrong).is_err(), "{wrong}");
        }
    }
}
