//! What a monitoring system would have scraped, for `sim run`.

use std::path::PathBuf;

use clap::Args;

use super::adjust::Effort;
use super::exit::{Exit, ExitFailure};
use super::files::{is_same, prepare_named, write_named};
use super::page::Page;
use super::simulate::pursue;
use crate::experiment::monitor::families::families;
use crate::experiment::plan::Plan;
use crate::experiment::run::metered::{Unmetered, metered};
use crate::kernel::Time;
use crate::language::{Duration, Mistake};
use crate::report;

/// Where the metrics of a run go, and how often they are read.
#[derive(Clone, Debug, Args)]
pub struct Metering {
    /// Write what a monitoring system would have scraped from the services in the first replication, as OpenMetrics text
    #[arg(long, value_name = "FILE")]
    openmetrics: Option<PathBuf>,

    /// Write a Grafana dashboard for these metrics; with --openmetrics it shows the time of the run, which begins at the
    /// start of 1970
    #[arg(long, value_name = "FILE.json")]
    grafana: Option<PathBuf>,

    /// Time between two scrapes
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = interval, requires = "openmetrics")]
    scrape_interval: Time,
}

/// Reads the time between two scrapes.
pub(super) fn interval(text: &str) -> Result<Time, String> {
    let Duration(length) = text.parse::<Duration>().map_err(|error| error.to_string())?;
    let is_whole = length > 0 && length.is_multiple_of(1_000_000);
    is_whole.then_some(Time(length)).ok_or_else(|| "must be one or more whole milliseconds, such as \"15s\"".into())
}

impl Metering {
    /// Makes sure, before anything is computed, that the file can be written.
    pub(super) fn prepare(&self, plan: &Plan) -> Result<(), ExitFailure> {
        let mut files = [&self.openmetrics, &self.grafana].into_iter().flatten();
        files.try_for_each(|file| prepare_named(file, &[plan]))?;
        match (&self.openmetrics, &self.grafana) {
            (Some(metrics), Some(dashboard)) if is_same(metrics, dashboard) => {
                Err(Mistake::new("--openmetrics and --grafana name the same file").into())
            }
            _ => Ok(()),
        }
    }

    /// Writes the files that are wanted and returns the lines that name them. For the metrics it runs the first replication
    /// of a plan of one point again.
    pub(super) fn write(&self, plan: &Plan, effort: &Effort, page: &Page) -> Result<(String, Exit), ExitFailure> {
        let (mut lines, mut exit, mut end) = (String::new(), Exit::Holds, None);
        if let Some(file) = &self.openmetrics {
            let interval = self.scrape_interval;
            match pursue(effort, |progress| metered(plan, 0, 0, interval, &progress.interrupted))? {
                Ok((_, scrapes)) => {
                    end = Some(scrapes.end);
                    let text = report::openmetrics(&families(&plan.points[0].system, &scrapes));
                    (lines, exit) = write_named("metrics", file, &text, page);
                }
                // An interrupt is reported elsewhere.
                Err(Unmetered::Interrupted) => exit = Exit::Interrupted,
                Err(unmetered) => {
                    page.warn(format!("no metrics: {unmetered}"));
                    exit = Exit::Undecided;
                }
            }
        }
        if let Some(file) = &self.grafana {
            let dashboard = report::dashboard(&plan.points[0].system, &plan.title, end);
            let (line, filed) = write_named("grafana", file, &format!("{dashboard:#}\n"), page);
            lines += &line;
            exit = exit.graver(filed);
        }
        Ok((lines, exit))
    }
}
