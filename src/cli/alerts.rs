//! `sim alerts`: alerting rules tried before production.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::{Args, ValueEnum};

use super::adjust::{Adjust, Effort, assignment};
use super::choice::choose;
use super::exit::{Exit, ExitFailure};
use super::format::Format;
use super::metering::interval;
use super::page::Page;
use super::simulate::watched;
use super::warn::caution;
use crate::experiment::monitor::watch::{Monitoring, watch};
use crate::experiment::plan::{Adjustments, Plan};
use crate::experiment::run::metered::Unmetered;
use crate::kernel::Time;
use crate::language::{Mistake, Source};
use crate::promql::rules::{Group, Rule, RuleKind, Unsupported, read};
use crate::promql::{Fault, Release};
use crate::report;

/// Try alerting rules on the runs of an experiment.
///
/// Reads a file of Prometheus rules, runs each point of the experiment, scrapes the services as Prometheus would, and
/// evaluates the rules on what it has scraped. Says for each rule and point whether it fires, when, how long before or after
/// the collapse of the run, and how often at healthy load. The names of the metrics are those of the model; `sim run
/// --openmetrics` writes them to a file. Rules outside of the supported subset of PromQL are not evaluated; the message
/// points at the part. Recording rules are evaluated, not reported.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim alerts experiments/alerts/report.yml experiments/alerts/registration.toml
  sim alerts rules.yml experiments/pooling.toml --variant shipped --at concurrency=150
  sim alerts rules.yml models/registration.toml --scrape-interval 30s --evaluation-interval 30s --format json

Exit codes:
  0 done, 2 a mistake in the input, or a rule that is not supported, 3 a run could not be scraped, 130 interrupted")]
pub struct Alerts {
    /// The file of rules, as Prometheus reads it
    #[arg(value_name = "RULES.yml")]
    rules: PathBuf,

    /// The experiment file, or a model with its own load
    #[arg(value_name = "EXPERIMENT|MODEL")]
    experiment: PathBuf,

    /// Only this variant
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,

    /// Only this value of an axis (repeatable); it need not be one that the axis lists
    #[arg(long, value_name = "AXIS=VALUE", value_parser = assignment)]
    at: Vec<(String, String)>,

    /// Time between two scrapes of a target
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = interval)]
    scrape_interval: Time,

    /// Time between two evaluations of a group of rules that has no `interval`
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = interval)]
    evaluation_interval: Time,

    /// The major release of Prometheus that evaluates: a range includes the sample at its start in 2, and not in 3
    #[arg(long, value_name = "MAJOR", value_enum, default_value_t)]
    prometheus: Major,

    #[command(flatten)]
    adjust: Adjust,

    #[command(flatten)]
    effort: Effort,

    /// Output format on stdout
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A major release of Prometheus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Major {
    /// 2.x
    #[value(name = "2")]
    Two,
    /// 3.x
    #[default]
    #[value(name = "3")]
    Three,
}

impl Alerts {
    /// Reads, runs, scrapes, evaluates, prints.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let source = Source::read(&self.rules)?;
        let groups = rules(&source)?;
        let whole = Plan::read_at(&self.experiment, &Adjustments::from(&self.adjust), &self.at)?;
        caution(&whole, page);
        let plan = self.chosen(&whole)?;
        let unsupported: Vec<&Unsupported> =
            groups.iter().flat_map(|group| &group.rules).filter_map(|rule| rule.as_ref().err()).collect();
        unsupported.iter().for_each(|rule| page.complain_of(&explained(rule, &source)));
        let release = match self.prometheus {
            Major::Two => Release::Two,
            Major::Three => Release::Three,
        };
        let monitoring = Monitoring {
            scrape_interval: self.scrape_interval,
            evaluation_interval: self.evaluation_interval,
            release,
        };
        let result = watched(&self.effort, |progress| {
            progress.wanted.fetch_add(plan.points.len() as u64 * u64::from(plan.replications), Ordering::Relaxed);
            let done = || {
                progress.trials.fetch_add(1, Ordering::Relaxed);
            };
            watch(&plan, &groups, monitoring, &progress.interrupted, &done)
        })?;
        let all = match result {
            Ok(all) => all,
            Err(Unmetered::Interrupted) => return Ok(Exit::Interrupted),
            Err(unmetered) => {
                page.complain(unmetered);
                return Ok(Exit::Undecided);
            }
        };
        match self.format {
            Format::Json => page.data(format!("{:#}\n", report::alerts_document(&plan, &all))),
            // Where no rule could be evaluated there is no answer.
            Format::Table if all.is_empty() => {}
            Format::Table => {
                page.heading(&plan.title);
                page.sentence(&report::alerts_answer(&all));
                page.part(report::alerts_runs(&plan, &all));
                all.iter().for_each(|watched| page.part(report::alert(&plan, watched, page.width())));
                page.part(report::paragraph("", &report::alerts_legend(&all), page.width()));
            }
        }
        Ok(if unsupported.is_empty() { Exit::Holds } else { Exit::Mistake })
    }

    /// The plan with the points that the options choose.
    fn chosen(&self, whole: &Plan) -> Result<Plan, ExitFailure> {
        // An unknown name or value is refused.
        let first = choose(whole, self.variant.as_deref(), &self.at)?;
        let mut plan = whole.clone();
        let pinned: Vec<usize> = whole
            .axes
            .iter()
            .enumerate()
            .filter(|(_, axis)| self.at.iter().any(|(name, _)| *name == axis.name))
            .map(|(index, _)| index)
            .collect();
        let first = &whole.points[first];
        plan.points.retain(|point| {
            (self.variant.is_none() || point.variant == first.variant)
                && pinned.iter().all(|&axis| point.at[axis] == first.at[axis])
        });
        Ok(plan)
    }
}

/// The rules of a file.
fn rules(source: &Arc<Source>) -> Result<Vec<Group>, ExitFailure> {
    let groups = read(&source.text).map_err(|wrong| {
        let mistake = Mistake::new(&wrong.title).mark(source, wrong.span.clone(), &wrong.label);
        wrong.help.iter().fold(mistake, |mistake, help| mistake.help(help))
    })?;
    let is_alerting =
        |rule: &Result<Rule, Unsupported>| rule.as_ref().is_ok_and(|rule| matches!(rule.kind, RuleKind::Alert { .. }));
    if !groups.iter().flat_map(|group| &group.rules).any(|rule| rule.is_err() || is_alerting(rule)) {
        let mistake = Mistake::new(format!("{} has no alerting rule", source.name));
        return Err(mistake.help("an alerting rule has the keys `alert` and `expr`").into());
    }
    Ok(groups)
}

/// Why a rule is not evaluated, with the part of its expression underlined.
fn explained(rule: &Unsupported, source: &Arc<Source>) -> Mistake {
    let Fault { title, label, help, is_unsupported, .. } = &rule.fault;
    let what = if *is_unsupported { "is not evaluated" } else { "cannot be evaluated" };
    let mistake = Mistake::new(format!("rule `{}` {what}: {title}", rule.name)).mark(source, rule.span.clone(), label);
    help.iter().fold(mistake, |mistake, help| mistake.help(help))
}
