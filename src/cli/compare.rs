//! `sim compare`: a model beside what was measured.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::adjust::{fraction, metric};
use super::data::Data;
use super::exit::{Exit, ExitFailure};
use super::files::{write_charts, written};
use super::format::Format;
use super::journals::kept;
use super::page::Page;
use super::search::SearchOptions;
use super::uncertainty::Uncertainty;
use super::warn::{caution, doubts};
use crate::calibrate::compare::{Agreement, Comparison, Tolerances, compare};
use crate::calibrate::replay::arrivals;
use crate::calibrate::scoreboard::{self, Entry};
use crate::calibrate::{Observations, Trials};
use crate::experiment::plan::{Plan, Workbench};
use crate::import::Text;
use crate::language::{Metric, Mistake};
use crate::model::Arrival;
use crate::report::folder::Folder;
use crate::report::{
    agreement, agreement_csv, agreement_document, agreement_table, contradictions, count, paragraph, parity,
};

/// Compare a model with measurements: error by metric and point, bias, and how many figures its band covers.
///
/// MEASURED is any file that `sim import` reads, best its table of observations. Each figure is compared with the model at
/// its variant and its values of axes, which need not be values that the experiment lists. Figures that contradict each other
/// (operational laws) are reported first. The band of a figure is where 95 % of tests as long as a replication fall, by the model;
/// with --posterior it is where 90 % of them fall, by draws of its parameters and with its discrepancy.
/// Writes compare.csv, compare.json and a parity plot for each metric into the experiment's folder, and a line into
/// scoreboard.jsonl of the parent folder, which `sim scoreboard` shows.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim compare observations.csv experiments/pooling.toml
  sim compare --at concurrency=50 locust_stats.csv experiments/pooling.toml --tolerance 5% --tolerance p95_s=20%
  sim compare --posterior output/pooling/posterior.csv more.csv experiments/pooling.toml
  sim compare requests-001.csv experiments/open.toml --arrivals requests-001.csv    # is it the workload or the timing?
  sim compare --set services.api.cpu=2 observations.csv models/registration.toml

Exit codes:
  0    every figure is within its tolerance
  1    a figure is beyond it, or the data contradicts itself
  2    the input has a mistake, or a file could not be written
  3    undecided: an interval has the tolerance inside, or the model has no such figure
  130  interrupted")]
pub struct Compare {
    /// What was measured
    measured: PathBuf,

    /// The experiment file, or a model with its own load
    experiment: PathBuf,

    #[command(flatten)]
    uncertainty: Uncertainty,

    /// Replay the arrivals of this file of requests too (its column due_s, start_s or time_s, or the one that is named): each error is
    /// divided into that of the workload, generated instead of replayed, and that of the timing. For an open load at one place
    #[arg(long, value_name = "FILE[:COLUMN]")]
    arrivals: Option<String>,

    #[command(flatten)]
    data: Data,

    /// The deviation that is allowed, relative, of shares in points (repeatable): of all figures, or of a metric [default: 10%]
    #[arg(long, value_name = "[METRIC=]SHARE", value_parser = tolerance)]
    tolerance: Vec<(Option<Metric>, f64)>,

    /// Do not write into the scoreboard
    #[arg(long)]
    no_scoreboard: bool,

    #[command(flatten)]
    search: SearchOptions,
}

fn tolerance(text: &str) -> Result<(Option<Metric>, f64), String> {
    let (name, size) = text.split_once('=').map_or((None, text), |(name, size)| (Some(name), size));
    let size = fraction(size)?;
    if !(size > 0.0 && size <= 10.0) {
        return Err(format!("`{text}` is no tolerance; it must be above 0, at most 1000 %"));
    }
    Ok((name.map(metric).transpose()?, size))
}

/// The arrivals that `FILE[:COLUMN]` names, for data of one place.
fn arrivals_of(named: &str, data: &Observations) -> Result<Arc<[Arrival]>, ExitFailure> {
    if data.sites.len() > 1 {
        let title = format!("--arrivals replays one test, and the data has {} places", data.sites.len());
        return Err(Mistake::new(title).help("compare each place alone, with its own arrivals").into());
    }
    let parts = named.rsplit_once(':').filter(|_| !Path::new(named).exists());
    let (file, column) = parts.map_or((named, None), |(file, column)| (file, Some(column)));
    Ok(arrivals(&Text::read(Path::new(file))?, column)?)
}

impl Compare {
    /// Reads, runs, compares, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let mut bench = Workbench::read(&self.experiment, &self.search.adjustments())?;
        caution(bench.plan(), page);
        let figures = self.data.read(std::slice::from_ref(&self.measured), page)?;
        let data = Observations::of(&mut bench, &figures)?;
        let mut tolerances = Tolerances::default();
        for &(metric, size) in &self.tolerance {
            match metric {
                Some(metric) => tolerances.own.push((metric, size)),
                None => tolerances.all = size,
            }
        }
        let plan = bench.plan().clone();
        let posterior = self.uncertainty.read(&bench)?;
        let arrivals = self.arrivals.as_deref().map(|named| arrivals_of(named, &data)).transpose()?;
        let draws = posterior.as_ref().map(|it| &it.draws);
        let asked = format!("{figures:?} {draws:?} {} {arrivals:?}", plan.replications);
        let ranges = bench.ranges();
        let record = self.search.record("compare", &plan, &asked, page)?;
        let found = self.search.pursue(|progress| {
            let mut trials = Trials::new(&mut bench, &record, progress);
            compare(data, &ranges, posterior.as_ref(), arrivals, &tolerances, &mut trials)
        })??;
        let exit = self.hand_over(&found, &plan, page);
        Ok(exit.graver(kept(record, page)))
    }

    fn hand_over(&self, found: &Comparison, plan: &Plan, page: &mut Page) -> Exit {
        let (lines, mut exit) = self.write(found, plan, page);
        let broken = contradictions(&found.data.sites, &found.contradictions);
        let width = page.width();
        match self.search.format {
            Format::Table => {
                page.heading(&plan.title);
                page.sentence(&format!(
                    "{} at {}, {} each, seed {}",
                    count(found.rows.len(), "measured figure"),
                    count(found.data.sites.len(), "place"),
                    count(plan.replications as usize, "replication"),
                    plan.seed
                ));
                page.part(broken.iter().map(|one| paragraph("", one, width)).collect::<String>());
                let sentences = agreement(found);
                page.part(sentences.iter().map(|one| paragraph("- ", one, width)).collect::<String>());
                page.part(lines);
                page.part(agreement_table(found));
            }
            Format::Json => page.data(format!("{:#}\n", agreement_document(found))),
        }
        if !found.data.left_out.is_empty() {
            page.warn(format!("not compared: {}", found.data.left_out.join("; ")));
        }
        doubts(&found.doubts, "compare.json", page);
        if !self.no_scoreboard && !found.is_interrupted {
            let entry = Entry::of(found, plan, &self.experiment, &self.measured);
            if let Err(error) = scoreboard::append(&self.search.keeping.output, &entry) {
                page.complain(format!("cannot write {}: {error}", scoreboard::FILE));
                exit = exit.graver(Exit::Mistake);
            }
        }
        let verdict = match found.agreement() {
            _ if found.contradictions.iter().any(|one| !one.is_partial) => Exit::Fails,
            Agreement::Beyond => Exit::Fails,
            Agreement::Undecided => Exit::Undecided,
            Agreement::Within if found.doubts.is_empty() => Exit::Holds,
            Agreement::Within => Exit::Undecided,
        };
        let interrupt = if found.is_interrupted { Exit::Interrupted } else { Exit::Holds };
        exit.graver(verdict).graver(interrupt)
    }

    /// Writes the files, and returns the lines that name them.
    fn write(&self, found: &Comparison, plan: &Plan, page: &Page) -> (String, Exit) {
        let folder = match Folder::open(&self.search.keeping.output.join(&plan.name)) {
            Ok(folder) => folder,
            Err(unwritten) => {
                page.complain(unwritten);
                return (String::new(), Exit::Mistake);
            }
        };
        let document = format!("{:#}\n", agreement_document(found));
        let files =
            vec![folder.write("compare.csv", &agreement_csv(found)), folder.write("compare.json", document.as_bytes())];
        let (results, mut exit) = written(files, page);
        let mut paths: Vec<(&str, PathBuf)> = results.into_iter().map(|path| ("results", path)).collect();
        if self.search.pictures.any() {
            let (charts, drawn) = write_charts(&folder, &parity(found), self.search.pictures, page);
            paths.extend(charts.into_iter().map(|path| ("chart", path)));
            exit = exit.graver(drawn);
        }
        (paths.iter().map(|(what, path)| format!("{what:<8} {}\n", path.display())).collect(), exit)
    }
}
