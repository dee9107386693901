//! `sim run`: one point, at length.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::adjust::{Adjust, Effort, assignment};
use super::choice::choose;
use super::dossier::{self, Dossiers};
use super::exit::{Exit, ExitFailure};
use super::files::{again, prepare_named, write_named};
use super::format::Format;
use super::lighter;
use super::metering::Metering;
use super::page::Page;
use super::simulate::simulate;
use super::timeline::OverTime;
use super::trace::Tracing;
use super::uncertainty::Uncertainty;
use super::warn::{caution, doubts, warn};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::words;
use crate::experiment::plan::{Adjustments, Plan};
use crate::experiment::run::dossier::Dossier;
use crate::experiment::store::archive::Archive;
use crate::model::AccountsKept;
use crate::report::{self, Detail, Report};

/// Run one point and show the utilisation, queue and wait of every resource.
///
/// Prints the point's figures with 95 % intervals and what is nearest to its limit, then every resource: its
/// utilisation, its queue and how long requests waited for it; then failures by cause, a deadlock with its cycle, what to
/// run next, and the assumptions of the model. `--trace` shows single requests, `--timeline` what happens over time,
/// `--dossier` the moment at which the point tips. Writes no files but those that `--report`, `--dossier`, `--trace-file`,
/// `--timeline`, `--openmetrics` and `--grafana` ask for, so it has no `--output`: `sim sweep` writes tables and charts. Judges no hypotheses.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim run models/mm1.toml
  sim run experiments/pooling.toml --variant shipped --at concurrency=150
  sim run experiments/pooling.toml --at concurrency=117    # a value that the axis does not list
  sim run models/registration.toml --set services.user-service.cpu=2 --set load.concurrency=100
  sim run models/registration.toml --trace slowest         # where the time of the slowest request went
  sim run experiments/spike-recovery.toml --timeline spike    # spike/timeline.png and .csv: what happens when
  sim run models/registration.toml --trace p95:3 --trace-file p95.json    # three more, for ui.perfetto.dev
  sim run experiments/retry-storm.toml --variant '5 attempts' --at spike=4 --dossier output/storm    # how it tips
  sim run models/registration.toml --openmetrics run.om    # what Prometheus would have scraped

Exit codes:
  0 done, 2 the input has a mistake or the page could not be written, 3 a trial failed, 130 interrupted")]
pub struct Run {
    /// The model or experiment file
    #[arg(value_name = "MODEL|EXPERIMENT")]
    file: PathBuf,

    /// The variant to run [default: the first]
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,

    /// The value of an axis (repeatable); it need not be one that the axis lists [default: its first]
    #[arg(long, value_name = "AXIS=VALUE", value_parser = assignment)]
    at: Vec<(String, String)>,

    #[command(flatten)]
    adjust: Adjust,

    #[command(flatten)]
    uncertainty: Uncertainty,

    #[command(flatten)]
    effort: Effort,

    #[command(flatten)]
    tracing: Tracing,

    #[command(flatten)]
    over_time: OverTime,

    #[command(flatten)]
    dossiers: Dossiers,

    #[command(flatten)]
    metering: Metering,

    /// Output format on stdout
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Also write the answer as a page that needs no network
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

impl Run {
    /// Reads, chooses, runs, prints.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let adjustments = Adjustments::from(&self.adjust);
        let drawn = self.uncertainty.drawn(&self.file, &adjustments, &self.at)?;
        let whole = match &drawn {
            Some(drawn) => drawn.plan.clone(),
            None => Plan::read_at(&self.file, &adjustments, &self.at)?,
        };
        let point = choose(&whole, self.variant.as_deref(), &self.at)?;
        caution(&whole, page);
        if let Some(file) = &self.report {
            prepare_named(file, &[&whole])?;
        }
        self.tracing.prepare(&whole)?;
        self.metering.prepare(&whole)?;
        self.dossiers.prepare()?;
        let folder = self.over_time.prepare()?;
        let mut plan = alone(&whole, point);
        self.over_time.record(&mut plan);
        let mut report = Report::of(&plan, simulate(&plan, &self.effort)?);
        let mut drawing = Exit::Holds;
        if let Some(drawn) = drawn {
            let (found, exit) = drawn.propagate(Some(point), None, &self.effort, page)?;
            drawing = exit;
            if let Some(found) = found {
                doubts(&found.doubts, "summary.json of `sim sweep`", page);
                report.draw(found);
            }
        }
        if whole.points.len() == 1 {
            lighter::look(&mut report, &Archive::in_memory(), &self.effort, page)?;
        }
        let traces = self.tracing.of(&plan, &self.effort, page)?;
        if self.dossiers.is_wanted() {
            report.dossiers.extend(dossier::of_point(&plan, 0, &self.effort, page)?);
        } else if self.report.is_some() {
            dossier::look(&mut report, &self.effort, page)?;
        }
        let (metrics, metered) = self.metering.write(&plan, &self.effort, page)?;
        match (self.format, report.summaries.first()) {
            (Format::Json, summary) => {
                let point = summary.map(|summary| report::point_document(&report, summary));
                let assumptions = report::assumptions_document(&plan);
                let (title, seed) = (&plan.title, plan.seed);
                let mut document = json!({ "title": title, "seed": seed, "point": point, "assumptions": assumptions });
                if let Some(traces) = &traces {
                    document["traces"] = traces.traces.iter().map(|traced| json!(traced.trace)).collect();
                }
                if let Some(dossier) = self.told(&report) {
                    document["dossier"] = report::dossier_document(&plan, std::slice::from_ref(dossier));
                }
                page.data(format!("{document:#}\n"));
            }
            (Format::Table, Some(summary)) => {
                page.heading(&plan.title);
                page.sentence(&self.heading(&whole, point, &report));
                answer(&report, &whole, summary, page);
                if let Some(traces) = &traces {
                    page.part(report::trace_tree(traces, page.width()));
                }
                if let Some(dossier) = self.told(&report) {
                    page.part(report::dossier(&plan, dossier, page.width()));
                }
            }
            (Format::Table, None) => {
                page.heading(&plan.title);
                page.print("no figures\n");
            }
        }
        warn(&report, page);
        let mut exit = Exit::of(&report).graver(metered).graver(drawing);
        if self.format == Format::Table {
            page.part(metrics);
        }
        if let Some(traces) = &traces {
            let (path, filed) = self.tracing.write(traces, plan.seed, page);
            if self.format == Format::Table {
                page.part(path);
            }
            exit = exit.graver(filed);
        }
        let (paths, filed) = self.over_time.write(folder.as_ref(), &report, page);
        if self.format == Format::Table {
            page.part(paths);
        }
        exit = exit.graver(filed);
        if let Some(dossier) = self.told(&report) {
            let (path, filed) = self.dossiers.write(&plan, dossier, page);
            if self.format == Format::Table {
                page.part(path);
            }
            exit = exit.graver(filed);
        }
        let Some(file) = &self.report else { return Ok(exit) };
        let (path, filed) = write_named("report", file, &report::page_of_point(&report, &whole, &again()), page);
        if self.format == Format::Table {
            page.part(path);
        }
        Ok(exit.graver(filed))
    }

    /// The dossier that was asked for.
    fn told<'a>(&self, report: &'a Report) -> Option<&'a Dossier> {
        report.dossiers.first().filter(|_| self.dossiers.is_wanted())
    }

    /// Which point it is, out of how many.
    fn heading(&self, whole: &Plan, point: usize, report: &Report) -> String {
        let effort = format!("{}, seed {}", report.effort().replace(" a point", ""), whole.seed);
        let count = whole.points.len();
        let is_chosen = self.variant.is_some() || !self.at.is_empty();
        let hint = match (count, is_chosen) {
            (1, _) => String::new(),
            (_, true) => format!(", one of {count} points"),
            (_, false) => format!(", the first of {count} points (--variant and --at choose another)"),
        };
        let times = "response times are those of successful requests";
        format!("{}{hint}; {effort}; {times}", words::place(whole, point))
    }
}

/// A plan with this point only, and without what concerns others.
fn alone(whole: &Plan, point: usize) -> Plan {
    let mut plan = whole.clone();
    plan.points = vec![whole.points[point].clone()];
    for point in &mut plan.points {
        if point.load.accounts == AccountsKept::Sampled {
            Arc::make_mut(&mut point.load).accounts = AccountsKept::All;
        }
    }
    plan.best_within = None;
    plan.measurements.clear();
    plan.hypotheses.clear();
    plan.effects.clear();
    plan.ablations.clear();
    plan
}

fn answer(report: &Report, whole: &Plan, summary: &Summary, page: &mut Page) {
    let width = page.width();
    page.part(report::headline(report, summary, width) + &report::theory(report.check(summary.point), report.rates));
    page.part(report::uncertain(report));
    page.part(report::classes(report, Detail::Short, "--format json"));
    page.part(report::blame(summary) + &report::culprit(summary, width));
    page.part(report::resources(summary));
    page.part(report::failures(summary));
    page.part(report::deadlock(report, summary, width));
    page.part(report::happened(summary));
    page.part(report::next_steps_of_point(report, whole, width));
    page.part(report::assumptions(report.plan, width));
}
