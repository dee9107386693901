//! `sim measure`: a load test of a real system, from the same experiment file.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;

use super::adjust::assignment;
use super::exit::{Exit, ExitFailure};
use super::files::{Pictures, write_charts, written};
use super::interrupt;
use super::page::Page;
use crate::experiment::plan::{Adjustments, Measuring, Plan, Workbench};
use crate::import::{Format, Imported, Place, table};
use crate::language;
#[cfg(feature = "tls")]
use crate::measure::Trust;
use crate::measure::{Ended, MeasuredRun, Session, rows_name, target};
use crate::report::folder::Folder;
use crate::report::{self, Detail};

/// What `sim import` would print of the measurement.
const OBSERVATIONS: &str = "observations.csv";

/// The runs: how each ended, and what it took.
const RUNS: &str = "runs.csv";

/// Load a real system with the load of an experiment, and measure it.
///
/// Sends the requests of the experiment's table `[measure]` to --target with the experiment's load: closed, in stages, open or from
/// a trace, with classes, time-outs and retries. Arrivals, pauses and classes are those of the simulation with the same seed and
/// replication. There is one run for each value of the axes of the load. Of an axis that changes the model, --at says which value
/// the real system has.
///
/// Writes observations.csv (the table of `sim import`: each figure with its 95 % interval), requests-001.csv and so on (a row for
/// each request: due, start, connected, first byte, end, status), runs.csv (how each run ended, and what it took of this
/// machine) and charts. Response times are from the moment at which a request was due, so that a stall of an open load is seen
/// in all that it delays (coordinated omission). The rows can be replayed as a trace: `trace = { file = "requests-001.csv",
/// column = "due_s" }`.
///
/// Only loopback addresses are loaded, unless --i-may-load names the host of --target. A run ends by itself: with its load, or where
/// most requests fail (`stop_at_failures`). Ctrl-C ends it, and what was measured until then is kept. What this program adds, its
/// own CPU and how late it sends, is measured too; it warns where that spoils the figures. A status of 400 or above is a failure.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim measure experiments/shop.toml --target http://127.0.0.1:8000
  sim measure experiments/shop.toml --target http://127.0.0.1:8000 --at workers=4 --set load.concurrency=50 --set load.users=500
  sim measure experiments/shop.toml --target http://10.0.0.7:8000 --i-may-load 10.0.0.7
  sim import --toml output/shop-measured/observations.csv

https targets need a build with TLS: cargo build --release --features tls

Exit codes:
  0    measured
  1    stopped because requests failed, or no request ended
  2    the input has a mistake, the target cannot be reached, or a file could not be written
  3    measured, but sim itself spoils the figures
  130  interrupted; what was measured is written")]
pub struct MeasureArguments {
    /// The experiment file, with a table `[measure]`
    experiment: PathBuf,

    /// The URL of the system; the paths of the requests are appended to it
    #[arg(long, value_name = "URL")]
    target: String,

    /// A host other than this machine that you may load (repeatable)
    #[arg(long, value_name = "HOST")]
    i_may_load: Vec<String>,

    /// The variant that the system is [default: that of `[measure]`, or the first]
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,

    /// Only this value of an axis (repeatable); it need not be one that the axis lists
    #[arg(long, value_name = "AXIS=VALUE", value_parser = assignment)]
    at: Vec<(String, String)>,

    /// Set a value of the load (repeatable), such as load.duration=60s
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,

    /// Seed of arrivals, pauses and classes [default: the experiment's]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Runs of each point, each with other arrivals
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    replications: u32,

    /// Time between two runs
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = pause)]
    pause: Duration,

    /// The certificates that an https target is checked with, as PEM [default: those of the system]
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Parent folder; results go into a subfolder named after the experiment
    #[arg(long, short, value_name = "DIR", default_value = "output")]
    output: PathBuf,

    /// How much of the table to print: all columns, those that fit into 80 characters, or none
    #[arg(long, value_enum, default_value_t)]
    table: Detail,

    #[command(flatten)]
    pictures: Pictures,

    /// Print only warnings and errors to stderr
    #[arg(long, short)]
    quiet: bool,
}

fn pause(text: &str) -> Result<Duration, String> {
    text.parse::<language::Duration>().map(|length| Duration::from_nanos(length.0))
}

impl MeasureArguments {
    /// Checks, measures, writes, prints.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let adjustments = Adjustments { set: self.set.clone(), seed: self.seed, replications: None };
        let bench = Workbench::read_at(&self.experiment, &adjustments, &self.at)?;
        let measuring = bench.measuring(self.variant.as_deref(), &self.at)?;
        let plan = bench.plan();
        let target = target(&self.target, &self.i_may_load)?;
        #[cfg(feature = "tls")]
        let trust = Trust::read(self.ca.as_deref())?;
        let place = self.output.join(format!("{}-measured", plan.name));
        let names = [OBSERVATIONS, RUNS, &rows_name(1)].map(str::to_owned);
        let folder = Folder::prepare(&place, &names)?;
        clear(folder.path());
        self.announce(plan, &measuring, page);
        let session = Session {
            plan,
            measuring: &measuring,
            target: &target,
            #[cfg(feature = "tls")]
            trust: &trust,
            replications: self.replications,
            pause: self.pause,
            folder: folder.path(),
            interrupted: &interrupt::flag(),
        };
        let all = measuring.points.len() as u64 * u64::from(self.replications);
        let (runs, failure) = session.measure(|number, point| {
            if !self.quiet {
                let place = plan.place(&plan.points[point]);
                let place = if place.is_empty() { String::new() } else { format!(": {place}") };
                page.say(format!("run {number} of {all}{place}"));
            }
        });
        let failure = match failure {
            Some(reason) if runs.is_empty() => return Err(reason.into()),
            other => other,
        };
        let exit = self.hand_over(plan, &measuring, &runs, &target.url, &folder, page);
        let Some(reason) = failure else { return Ok(exit) };
        page.complain(reason);
        Ok(exit.graver(Exit::Mistake))
    }

    /// How long it takes.
    fn announce(&self, plan: &Plan, measuring: &Measuring, page: &Page) {
        if !self.quiet {
            page.say(report::measure_plan(plan, &measuring.points, self.replications, self.pause.as_secs_f64()));
        }
    }

    /// Files first, then words, then pictures.
    fn hand_over(
        &self,
        plan: &Plan,
        measuring: &Measuring,
        runs: &[MeasuredRun],
        url: &str,
        folder: &Folder,
        page: &mut Page,
    ) -> Exit {
        let method = report::measure_method(plan, &measuring.measure, runs, url);
        let files = [
            folder.write(OBSERVATIONS, observations(runs).as_bytes()),
            folder.write(RUNS, report::measure_runs(runs).as_bytes()),
        ];
        let (mut results, filed) = written(files.into(), page);
        results.extend(runs.iter().map(|run| run.file.clone()));
        let drawn = |page: &Page| {
            let drawings = report::measure_figures(plan, &measuring.measure, runs, url);
            write_charts(folder, &drawings, self.pictures, page)
        };
        let (charts, painted) = if self.pictures.any() { drawn(page) } else { (Vec::new(), Exit::Holds) };
        page.heading(&plan.title);
        page.sentence(&method);
        page.part(report::measure_table(plan, runs, self.table));
        page.part(report::measure_failures(plan, runs, page.width()));
        page.part(lines("results", &results) + &lines("chart", &charts));
        report::measure_endings(plan, runs).iter().for_each(|line| page.warn(line));
        let doubts = report::measure_doubts(plan, runs);
        doubts.iter().for_each(|line| page.warn(line));
        exit(runs, !doubts.is_empty()).graver(filed).graver(painted)
    }
}

/// The observations of all runs, each with the file of its rows as its source.
fn observations(runs: &[MeasuredRun]) -> String {
    let imported = |run: &MeasuredRun| {
        let format = Format::named("measured")?;
        let name = run.file.display().to_string();
        let place = Place { variant: run.place.variant.clone(), at: run.place.at.clone() };
        Some((name, place, Imported { format, figures: run.figures.clone(), concurrency: None, remarks: Vec::new() }))
    };
    let all: Vec<(String, Place, Imported)> = runs.iter().filter_map(imported).collect();
    table(all.iter().map(|(name, place, imported)| (name.as_str(), place, imported)))
}

/// The paths of files, a line each.
fn lines(what: &str, paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("{what:<8} {}\n", path.display())).collect()
}

/// Removes the rows and charts of an earlier measurement, which may have had more runs.
fn clear(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_of_measurement(&entry.file_name().to_string_lossy()) {
            // What cannot be removed is written over.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether a file has the name of one that a measurement writes for a run, or of a chart.
fn is_of_measurement(name: &str) -> bool {
    let is_number = |text: &str| text.len() >= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    match name.split_once('.') {
        Some((stem, "csv")) => stem.strip_prefix("requests-").is_some_and(is_number),
        Some((stem, "png" | "svg")) => {
            let stem = stem.strip_suffix("-dark").unwrap_or(stem);
            stem == "measured" || stem.strip_prefix("timeline-").is_some_and(is_number)
        }
        _ => false,
    }
}

/// The exit code of a measurement.
fn exit(runs: &[MeasuredRun], is_doubtful: bool) -> Exit {
    let of_run = |run: &MeasuredRun| match run.ended {
        Ended::Complete if run.figures.is_empty() => Exit::Fails,
        Ended::Complete => Exit::Holds,
        Ended::Interrupted => Exit::Interrupted,
        Ended::Failing(_) | Ended::Silent(_) => Exit::Fails,
        Ended::Unwritten(_) => Exit::Mistake,
    };
    let doubt = if is_doubtful { Exit::Undecided } else { Exit::Holds };
    let interrupted = interrupt::flag().load(Ordering::Relaxed);
    let interrupt = if interrupted { Exit::Interrupted } else { Exit::Holds };
    runs.iter().map(of_run).fold(doubt.graver(interrupt), Exit::graver)
}

#[cfg(test)]
mod tests {
    use super::is_of_measurement;

    #[test]
    fn only_files_of_a_measurement_are_removed() {
        for own in ["requests-001.csv", "requests-1000.csv", "timeline-002-dark.png", "measured.svg", "measured.png"] {
            assert!(is_of_measurement(own), "{own}");
        }
        for other in [
            "requests-1.csv",
            "requests-old.csv",
            "requests-001-dark.csv",
            "requests-001.toml",
            "requests-001.png",
            "timeline-001.csv",
            "measured.csv",
            "measured.txt",
            "observations.csv",
            "notes",
        ] {
            assert!(!is_of_measurement(other), "{other}");
        }
    }
}
