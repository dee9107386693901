//! `sim discriminate`: the load test to run next.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::adjust::{assignment, fraction, metric};
use super::exit::{Exit, ExitFailure};
use super::files::{write_charts, written};
use super::format::Format;
use super::journals::kept;
use super::page::Page;
use super::search::SearchOptions;
use super::warn::{caution, doubts};
use crate::calibrate::discriminate::{Discrimination, Question, discriminate, usual_tolerance};
use crate::calibrate::narrowing::{Aim, Narrowings, narrow};
use crate::calibrate::{Candidate, Laboratory, Posterior, Rival};
use crate::experiment::plan::{Plan, Workbench};
use crate::import::Text;
use crate::language::{self, Metric, Mistake};
use crate::report::figures::Drawing;
use crate::report::folder::Folder;
use crate::report::{
    discriminate as meanings, discriminate_answer, discriminate_csv, discriminate_document, discriminate_figure,
    discriminate_method, discriminate_predictions, discriminate_tests, measure_command, narrowing, narrowing_answer,
    narrowing_csv, narrowing_document, narrowing_figure, narrowing_method, narrowing_table, paragraph,
};

/// The file of rows.
const ROWS: &str = "discriminate.csv";

/// Tests are run with this many replications at least: noise is known from their spread.
const LEAST_REPLICATIONS: u32 = 3;

/// The figures that every load tool reports.
const METRICS: [Metric; 4] = [Metric::ThroughputPerMin, Metric::SuccessRate, Metric::MeanS, Metric::P95S];

/// Draws of a model's posterior that count where its answer is to be narrowed.
const ALL_DRAWS: usize = 1000;

/// Find the load test to run next: that which tells hypotheses apart, or narrows the answer of one model.
///
/// The tests are the points of an experiment: each variant at each value of the axes (its first variant is the system as it is
/// now, other systems cost --change). With several hypotheses each test is simulated under each of them. The answer is the test that
/// tells the most of them apart in the least time, how often it must be repeated, what each hypothesis predicts of it and what
/// a result means; new simulated tests of each hypothesis check that it is found. With one calibrated model and its posterior
/// (`sim calibrate`) the answer is the test that is expected to narrow the band of a figure most for its time.
/// Writes discriminate.json, discriminate.csv and discriminate.png into the experiment's folder. After Ctrl-C, running it again
/// resumes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim discriminate h1.toml h2.toml h3.toml --tests tests.toml
  sim discriminate h1.toml h2.toml --tests tests.toml --confidence 99% --tolerance 5% --change 1h
  sim discriminate model.toml --posterior output/model/posterior.csv --tests tests.toml \\
      --answer throughput_per_min --at concurrency=200

Exit codes:
  0    the tests that are named tell all hypotheses apart, or narrow the answer
  1    no test does
  2    the input has a mistake, or a file could not be written
  3    a trial failed, or the simulated tests did not find each hypothesis as often as they should
  130  interrupted")]
pub struct Discriminate {
    /// Models that may be the cause; of an experiment its model and its `set`
    #[arg(required = true, value_name = "HYPOTHESIS")]
    hypotheses: Vec<PathBuf>,

    /// The experiment with the tests [default: the points that all hypotheses have]
    #[arg(long, value_name = "EXPERIMENT")]
    tests: Option<PathBuf>,

    /// Draws of a hypothesis' parameters, as `sim calibrate` writes them; one for each hypothesis, in their order
    #[arg(long, value_name = "FILE")]
    posterior: Vec<PathBuf>,

    /// Draws of each posterior that are run, of several hypotheses
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=1000), requires = "posterior")]
    draws: u32,

    /// A figure that the test measures (repeatable) [default: throughput_per_min, success_rate, mean_s, p95_s]
    #[arg(long, value_name = "METRIC", value_parser = metric)]
    metric: Vec<Metric>,

    /// The probability that no other hypothesis is taken for the true one
    #[arg(long, value_name = "SHARE", default_value = "95%", value_parser = confidence)]
    confidence: f64,

    /// What a model may be off by beyond noise, half of a 95 % interval, relative, of shares in points (repeatable): of all figures,
    /// or of a metric [default: 10% of rates and shares, 20% of times, 30% of percentiles from the 90th on]
    #[arg(long, value_name = "[METRIC=]SHARE", value_parser = tolerance)]
    tolerance: Vec<(Option<Metric>, f64)>,

    /// Repetitions of a test at most
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    most: u32,

    /// Time between two runs
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    pause: Duration,

    /// Time that it takes to change the system for a test
    #[arg(long, value_name = "TIME", default_value = "15min", value_parser = time)]
    change: Duration,

    /// With one model: the figure to be known better
    #[arg(long, value_name = "METRIC", value_parser = metric)]
    answer: Option<Metric>,

    /// The variant at which it is wanted [default: the first]
    #[arg(long, value_name = "NAME", requires = "answer")]
    variant: Option<String>,

    /// The value of an axis at which it is wanted (repeatable); it need not be one that the axis lists [default: its first]
    #[arg(long, value_name = "AXIS=VALUE", value_parser = assignment, requires = "answer")]
    at: Vec<(String, String)>,

    #[command(flatten)]
    search: SearchOptions,
}

fn confidence(text: &str) -> Result<f64, String> {
    let share = fraction(text)?;
    if (0.5..1.0).contains(&share) {
        Ok(share)
    } else {
        Err(format!("`{text}` is no confidence; it must be from 50 % to below 100 %"))
    }
}

fn tolerance(text: &str) -> Result<(Option<Metric>, f64), String> {
    let (name, size) = text.split_once('=').map_or((None, text), |(name, size)| (Some(name), size));
    let share = fraction(size)?;
    if !(0.0..=10.0).contains(&share) {
        return Err(format!("`{text}` is no tolerance; it must be from 0 to 1000 %"));
    }
    Ok((name.map(metric).transpose()?, share))
}

fn time(text: &str) -> Result<Duration, String> {
    text.parse::<language::Duration>().map(|length| Duration::from_nanos(length.0))
}

impl Discriminate {
    /// Reads, simulates, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        self.fitting()?;
        let mut rivals = self.rivals(page)?;
        let plan = self.plan(&rivals)?;
        let inputs: Vec<&str> = rivals.iter().map(|rival| rival.bench.plan().origin().fingerprint.as_str()).collect();
        let tests = self.tests.as_ref().map(|file| Text::read(file)).transpose()?;
        let draws: Vec<_> = rivals.iter().filter_map(|rival| rival.posterior.as_ref()).map(|it| &it.draws).collect();
        let asked = format!(
            "{inputs:?} {:?} {draws:?} {:?} {:?} {:?} {} {:?} {:?} {:?} {}",
            tests.as_ref().map(Text::str),
            self.answer,
            self.variant,
            self.at,
            self.confidence,
            self.tolerance,
            (self.most, self.pause, self.change),
            self.metric,
            plan.replications
        );
        let record = self.search.record("discriminate", &plan, &asked, page)?;
        let measured = if self.metric.is_empty() { METRICS.to_vec() } else { self.metric.clone() };
        let [pause, change] = [self.pause, self.change].map(|time| time.as_secs_f64());
        let exit = match self.answer {
            Some(metric) => {
                let (variant, at) = self.place(&rivals[0])?;
                let aim = Aim { metric, variant, at, metrics: measured, pause, change };
                let found = self
                    .search
                    .pursue(|progress| narrow(&mut rivals[0], aim, &mut Laboratory::new(&record, progress)))??;
                self.narrowed(&found, &rivals[0], &plan, page)?
            }
            None => {
                let (confidence, most) = (self.confidence, self.most);
                let tolerances = measured.iter().map(|&metric| self.tolerance_of(metric)).collect();
                let question = Question { metrics: measured, tolerances, confidence, most, pause, change };
                let found = self.search.pursue(|progress| {
                    discriminate(&mut rivals, question, &mut Laboratory::new(&record, progress))
                })??;
                self.told_apart(&found, &rivals[0], &plan, page)?
            }
        };
        Ok(exit.graver(kept(record, page)))
    }

    /// Finds options that do not go together.
    fn fitting(&self) -> Result<(), Mistake> {
        let number = self.hypotheses.len();
        let several = "with several hypotheses no --answer is narrowed: they are told apart";
        match (number, self.answer) {
            (1, None) => Err(Mistake::new("one hypothesis alone cannot be distinguished from others")
                .help("name others; or, for the test that narrows the answer of this model, --answer METRIC and --posterior FILE")),
            (2.., Some(_)) => Err(Mistake::new(several).help("leave out --answer, or name one model")),
            (1, Some(_)) if self.posterior.is_empty() => Err(Mistake::new("--answer needs draws of the model's parameters")
                .help("name them with --posterior: `sim calibrate` writes posterior.csv")),
            _ if !self.posterior.is_empty() && self.posterior.len() != number => {
                let given = self.posterior.len();
                Err(Mistake::new(format!("--posterior is given {given} times for {number} hypotheses"))
                    .help("give one for each hypothesis, in their order, or none"))
            }
            _ => Ok(()),
        }
    }

    /// What a model may be off by in a figure: what was said last of it, or of all, or else what is usual.
    fn tolerance_of(&self, metric: Metric) -> f64 {
        let said =
            |of: Option<Metric>| self.tolerance.iter().rev().find(|(name, _)| *name == of).map(|&(_, size)| size);
        said(Some(metric)).or(said(None)).unwrap_or_else(|| usual_tolerance(metric))
    }

    /// The hypotheses, each under the tests.
    fn rivals(&self, page: &Page) -> Result<Vec<Rival>, ExitFailure> {
        let adjustments = self.search.adjustments();
        let mut rivals: Vec<Rival> = Vec::new();
        for (number, file) in self.hypotheses.iter().enumerate() {
            let bench = match &self.tests {
                Some(tests) => Workbench::read_under(file, tests, &adjustments)?,
                None => Workbench::read(file, &adjustments)?,
            };
            let (name, title) = (bench.plan().name.clone(), bench.plan().title.clone());
            if rivals.iter().any(|known| known.name == name) {
                return Err(Mistake::new(format!("two hypotheses have the name `{name}`"))
                    .help("rename a file")
                    .into());
            }
            caution(bench.plan(), page);
            let count = if self.answer.is_some() { ALL_DRAWS } else { self.draws as usize };
            let posterior = match self.posterior.get(number) {
                Some(file) => Some(Posterior::read(&Text::read(file)?, count, &bench)?),
                None => None,
            };
            rivals.push(Rival { name, title, bench, posterior });
        }
        for metric in self.metric.iter().copied().chain(self.answer) {
            let lacks =
                |rival: &Rival| rival.bench.plan().points.first().and_then(|it| metric.lack(&it.system, &it.load));
            if let Some((rival, lack)) = rivals.iter().find_map(|rival| Some((rival, lacks(rival)?))) {
                let title = format!("no test of `{}` has {}: {lack}", rival.name, metric.name());
                return Err(Mistake::new(title).into());
            }
        }
        let replications = rivals.first().map_or(0, |rival| rival.bench.plan().replications);
        if replications < LEAST_REPLICATIONS && self.answer.is_none() {
            let title = format!("{replications} replications do not show how large the noise is");
            return Err(Mistake::new(title).help(format!("--replications {LEAST_REPLICATIONS}, or more")).into());
        }
        Ok(rivals)
    }

    /// The plan that the answer has its name and its title from: that of the tests.
    fn plan(&self, rivals: &[Rival]) -> Result<Plan, ExitFailure> {
        Ok(match &self.tests {
            Some(tests) => Workbench::read(tests, &self.search.adjustments())?.plan().clone(),
            None => rivals[0].bench.plan().clone(),
        })
    }

    /// The variant and the values at which the answer is wanted.
    fn place(&self, rival: &Rival) -> Result<(String, Vec<(String, String)>), ExitFailure> {
        let plan = rival.bench.plan();
        let variant = self.variant.clone().unwrap_or_else(|| plan.variants[0].clone());
        let given = |name: &str| self.at.iter().find(|(axis, _)| axis == name).map(|(_, value)| value.clone());
        let of_axes = plan.axes.iter().map(|axis| {
            let first = || axis.values.first().map_or_else(String::new, |value| value.text.clone());
            (axis.name.clone(), given(&axis.name).unwrap_or_else(first))
        });
        let is_other = |(name, _): &&(String, String)| !plan.axes.iter().any(|axis| axis.name == *name);
        Ok((variant, of_axes.chain(self.at.iter().filter(is_other).cloned()).collect()))
    }

    /// The command that runs a test of the real system, where the tests say what is sent.
    fn command(&self, rival: &Rival, test: &Candidate, repetitions: u32, page: &Page) -> String {
        let file = self.tests.as_ref().unwrap_or(&self.hypotheses[0]);
        let variant = Some(test.variant.as_str()).filter(|name| !name.is_empty());
        match rival.bench.measuring(variant, &test.values) {
            Ok(_) => measure_command(file, (variant, &test.values), repetitions, page.width()),
            Err(_) => String::new(),
        }
    }

    fn told_apart(
        &self,
        found: &Discrimination,
        rival: &Rival,
        plan: &Plan,
        page: &mut Page,
    ) -> Result<Exit, ExitFailure> {
        let method = discriminate_method(found, plan.seed);
        let (document, rows) = (discriminate_document(found), discriminate_csv(found));
        let (lines, exit) = self.write(plan, (&document, &rows), discriminate_figure(found, &method), page)?;
        let width = page.width();
        match self.search.format {
            Format::Table => {
                page.heading(&plan.title);
                page.sentence(&method);
                page.part(paragraph("answer    ", &discriminate_answer(found), width));
                page.part(meanings(found).iter().map(|one| paragraph("- ", one, width)).collect::<String>());
                if let Some((heading, table)) = discriminate_predictions(found) {
                    page.part(format!("{heading}\n{table}"));
                }
                if found.best().is_some() {
                    page.part(format!("The tests:\n{}", discriminate_tests(found)));
                }
                if let Some(best) = found.best().filter(|best| best.told_apart() > 0) {
                    page.part(self.command(rival, &best.candidate, best.repetitions, page));
                }
                page.part(lines);
            }
            Format::Json => page.data(format!("{document:#}\n")),
        }
        doubts(&found.doubts, "discriminate.json", page);
        if !found.is_confirmed() {
            page.warn(
                "the simulated tests do not find each hypothesis as often as they should: more --replications help",
            );
        }
        let is_enough = found.best().is_some() && found.open().is_empty();
        Ok(exit.graver(match is_enough {
            _ if found.is_interrupted => Exit::Interrupted,
            false => Exit::Fails,
            true if found.is_confirmed() && found.doubts.is_empty() => Exit::Holds,
            true => Exit::Undecided,
        }))
    }

    fn narrowed(&self, found: &Narrowings, rival: &Rival, plan: &Plan, page: &mut Page) -> Result<Exit, ExitFailure> {
        let method = narrowing_method(found, plan.seed);
        let (document, rows) = (narrowing_document(found), narrowing_csv(found));
        let (lines, exit) = self.write(plan, (&document, &rows), narrowing_figure(found, &method), page)?;
        let width = page.width();
        let best = found.tests.first().filter(|best| best.narrower > 0.0);
        match self.search.format {
            Format::Table => {
                page.heading(&plan.title);
                page.sentence(&method);
                page.part(paragraph("answer    ", &narrowing_answer(found), width));
                page.part(narrowing(found).iter().map(|one| paragraph("- ", one, width)).collect::<String>());
                if !found.tests.is_empty() {
                    page.part(format!("The tests:\n{}", narrowing_table(found)));
                }
                if let Some(best) = best {
                    page.part(self.command(rival, &best.candidate, 1, page));
                }
                page.part(lines);
            }
            Format::Json => page.data(format!("{document:#}\n")),
        }
        doubts(&found.doubts, "discriminate.json", page);
        Ok(exit.graver(match best {
            _ if found.is_interrupted => Exit::Interrupted,
            None => Exit::Fails,
            Some(_) if found.doubts.is_empty() => Exit::Holds,
            Some(_) => Exit::Undecided,
        }))
    }

    /// Writes the files, and returns the lines that name them.
    fn write(
        &self,
        plan: &Plan,
        (document, rows): (&serde_json::Value, &[u8]),
        chart: Option<Drawing>,
        page: &Page,
    ) -> Result<(String, Exit), ExitFailure> {
        let folder = Folder::open(&self.search.keeping.output.join(&plan.name))?;
        let document = format!("{document:#}\n");
        let files = vec![folder.write("discriminate.json", document.as_bytes()), folder.write(ROWS, rows)];
        let (results, mut exit) = written(files, page);
        let mut paths: Vec<(&str, PathBuf)> = results.into_iter().map(|path| ("results", path)).collect();
        if let Some(chart) = chart.filter(|_| self.search.pictures.any()) {
            let (charts, drawn) = write_charts(&folder, &[chart], self.search.pictures, page);
            paths.extend(charts.into_iter().map(|path| ("chart", path)));
            exit = exit.graver(drawn);
        }
        Ok((paths.iter().map(|(what, path)| format!("{what:<8} {}\n", path.display())).collect(), exit))
    }
}
