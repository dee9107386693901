//! `sim sweep`: an experiment, end to end.

use std::path::{Path, PathBuf};

use clap::Args;

use super::adjust::{Adjust, Effort};
use super::exit::{Exit, Failure};
use super::files::{Pictures, write_charts, write_results};
use super::page::Page;
use super::simulate::simulate;
use super::{EXIT_CODES, Format};
use crate::experiment::design::{Adjustments, Plan};
use crate::report::folder::Folder;
use crate::report::{self, Report, figures};

/// Warnings that are shown; the others are counted.
const MOST_WARNINGS: usize = 12;

/// Charts that are named one by one.
const MOST_CHARTS: usize = 12;

/// Run an experiment: every variant at every point, each point several times, in parallel.
///
/// Prints a table with 95 % intervals, a sentence for each variant (how far it is safe, where it collapses, which
/// resource is behind it) and a verdict for each hypothesis. Writes results.csv (a row a point), trials.csv (a row a
/// replication), summary.json, charts, and where the load has them classes.csv and timeline.csv into a folder named after the experiment. Same seed, same results, for any
/// number of threads. Ctrl-C keeps what is finished.
#[derive(Debug, Args)]
#[command(after_help = examples())]
pub struct Sweep {
    /// The experiment's file; a model with a load of its own is one point
    experiment: PathBuf,

    /// Folder in which the experiment's own folder is made
    #[arg(long, short, value_name = "DIR", default_value = "output")]
    output: PathBuf,

    #[command(flatten)]
    adjust: Adjust,

    #[command(flatten)]
    effort: Effort,

    /// What is printed on stdout
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Write each chart as SVG too
    #[arg(long)]
    svg: bool,

    /// Write each chart in dark colours too
    #[arg(long)]
    dark: bool,

    /// Draw no charts
    #[arg(long, conflicts_with_all = ["svg", "dark"])]
    no_charts: bool,
}

fn examples() -> String {
    format!(
        "\
Examples:
  sim sweep experiments/pooling.toml
  sim sweep experiments/pooling.toml --set load.concurrency=150 --replications 20
  sim sweep experiments/pooling.toml --format json | jq '.hypotheses[] | .verdict'

{EXIT_CODES}"
    )
}

impl Sweep {
    /// Reads, runs, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, Failure> {
        let plan = Plan::read(&self.experiment, &Adjustments::from(&self.adjust))?;
        let trials = simulate(&plan, &self.effort)?;
        let report = Report::of(&plan, trials);
        let (folder, results, written) = self.write_results(&report, page);
        match self.format {
            Format::Table => answer(&report, page),
            Format::Json => page.print(format!("{:#}\n", report::document(&report))),
        }
        warn(&report, page);
        let (charts, drawn) = match &folder {
            Some(folder) if !self.no_charts => self.draw(folder, &report, page),
            _ => (Vec::new(), Exit::Holds),
        };
        self.name_files(&results, &charts, page);
        match (written, drawn) {
            (Exit::Mistake, _) | (_, Exit::Mistake) => Ok(Exit::Mistake),
            _ => Ok(Exit::of(&report)),
        }
    }

    /// Files come before words: what was computed is safe before anybody reads it.
    fn write_results(&self, report: &Report, page: &Page) -> (Option<Folder>, Vec<PathBuf>, Exit) {
        match Folder::open(&self.output.join(&report.plan.name)) {
            Ok(folder) => {
                let (paths, exit) = write_results(&folder, report, page);
                (Some(folder), paths, exit)
            }
            Err(unwritten) => {
                page.complain(unwritten);
                (None, Vec::new(), Exit::Mistake)
            }
        }
    }

    fn draw(&self, folder: &Folder, report: &Report, page: &Page) -> (Vec<PathBuf>, Exit) {
        let (drawings, left_out) = figures::figures(report);
        if left_out > 0 {
            page.warn(format!(
                "charts for the first {} combinations of the other axes; {left_out} more have none (results.csv has all)",
                figures::MOST_SETS
            ));
        }
        write_charts(folder, &drawings, Pictures { svg: self.svg, dark: self.dark }, page)
    }

    /// The paths of all files, on stdout where a person reads it.
    fn name_files(&self, results: &[PathBuf], charts: &[PathBuf], page: &mut Page) {
        let line = |what: &str, paths: &[PathBuf]| {
            let Some(first) = paths.first() else { return String::new() };
            let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
            let others: Vec<String> = paths[1..].iter().filter_map(|path| name(path)).collect();
            let comma = if others.is_empty() { "" } else { ", " };
            format!("{what:<8} {}{comma}{}\n", first.display(), others.join(", "))
        };
        let shown = if charts.len() > MOST_CHARTS { MOST_CHARTS / 2 } else { charts.len() };
        let mut text = line("results", results);
        text.extend(charts.iter().take(shown).map(|path| format!("{:<8} {}\n", "chart", path.display())));
        if shown < charts.len() {
            text.push_str(&format!("{:<8} and {} more beside them\n", "", charts.len() - shown));
        }
        match self.format {
            Format::Table => page.part(text),
            Format::Json if self.effort.quiet => {}
            Format::Json => page.say(text.trim_end()),
        }
    }
}

/// The answer for people.
fn answer(report: &Report, page: &mut Page) {
    let (plan, width) = (report.plan, page.width());
    let runs = if plan.replications == 1 { "run" } else { "runs" };
    page.heading(&plan.title);
    page.print(format!("{} {runs} a point, ± 95 % interval, seed {}\n", plan.replications, plan.seed));
    page.part(report::overview(report));
    page.part(report::classes(report));
    page.part(report::measured(report));
    page.part(report::findings(report, width));
    page.part(report::deadlocks(report, width));
    page.part(report::effects(report, width));
    page.part(report::verdicts(report, width));
}

/// Doubts about the result.
pub(super) fn warn(report: &Report, page: &Page) {
    let warnings = report::warnings(report);
    for warning in warnings.iter().take(MOST_WARNINGS) {
        page.warn(warning);
    }
    if warnings.len() > MOST_WARNINGS {
        page.warn(format!("{} more warnings in summary.json", warnings.len() - MOST_WARNINGS));
    }
}
