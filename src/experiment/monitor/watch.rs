//! What rules make of the replications of a point: who fires, when, and whether that was a warning.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

pub use super::goodput::Fate;

use super::families::families;
use super::goodput::fate;
use super::samples::{milliseconds, storage};
use crate::experiment::plan::{Plan, Point};
use crate::experiment::run::metered::{Unmetered, metered};
use crate::kernel::Time;
use crate::model::Pattern;
use crate::promql::Release;
use crate::promql::rules::{Group, Rule, RuleKind};
use crate::promql::state::{Course, courses};
use crate::statistics::Interval;

/// How the monitoring system is set up.
#[derive(Clone, Copy, Debug)]
pub struct Monitoring {
    /// Time between two scrapes.
    pub scrape_interval: Time,
    /// Time between two evaluations of a group without an `interval`.
    pub evaluation_interval: Time,
    /// The release that evaluates.
    pub release: Release,
}

/// A rule that was evaluated.
#[derive(Clone, Debug)]
pub struct Watched<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Names of metrics that it selects and that no run has.
    pub lacking: Vec<String>,
    /// By point of the plan: its replications.
    pub points: Vec<Vec<Replica>>,
}

/// A rule in one replication.
#[derive(Clone, Debug)]
pub struct Replica {
    /// What became of the run.
    pub fate: Fate,
    /// When its load ended.
    pub end: Time,
    /// What became of the rule.
    pub course: Course,
}

/// What the replications of a point say of a rule, times in seconds.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Replications.
    pub runs: u64,
    /// Those that collapsed.
    pub collapsed: u64,
    /// Those that were healthy to the end.
    pub healthy: u64,
    /// Those in which at most 1 % of the requests failed, and a fault came on.
    pub disturbed: u64,
    /// Those of them in which it fired after that.
    pub in_fault: u64,
    /// Those in which it fired.
    pub fired: u64,
    /// The share in which it fires (Clopper & Pearson).
    pub share: Option<Interval>,
    /// When it fired first, of those in which it did.
    pub first_s: Option<Interval>,
    /// When the collapse was, of those that collapsed.
    pub collapse_s: Option<Interval>,
    /// By how long the first firing came after the collapse, of those with both; negative where it came before.
    pub after_collapse_s: Option<Interval>,
    /// Those that collapsed, and in which it fired before.
    pub before: u64,
    /// Those that collapsed, and in which it fired only afterwards.
    pub after: u64,
    /// False alarms: healthy ones in which it fired, and those in which it did before the fault came on.
    pub false_alarms: u64,
    /// The share of healthy and disturbed runs with a false alarm (Clopper & Pearson).
    pub false_share: Option<Interval>,
    /// Those in which an evaluation failed.
    pub failed: u64,
}

/// Runs all replications of all points and evaluates the rules on each.
///
/// # Errors
/// Where a run cannot be metered, or an interrupt came.
pub fn watch<'a>(
    plan: &Plan,
    groups: &'a [Group],
    monitoring: Monitoring,
    interrupted: &AtomicBool,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Watched<'a>>, Unmetered> {
    let runs: Vec<(usize, u32)> = (0..plan.points.len())
        .flat_map(|point| (0..plan.replications).map(move |replication| (point, replication)))
        .collect();
    let supported: Vec<(Vec<&Rule>, i64)> =
        groups.iter().map(|group| (rules_of(group), interval(group, monitoring))).collect();
    let run = |&(point, replication): &(usize, u32)| {
        if interrupted.load(Ordering::Relaxed) {
            return Err(Unmetered::Interrupted);
        }
        let (timeline, scrapes) = metered(plan, point, replication.into(), monitoring.scrape_interval, interrupted)?;
        let mut storage = storage(&families(&plan.points[point].system, &scrapes), &scrapes);
        let known: Vec<String> = storage.names().map(str::to_owned).collect();
        let courses = courses(&supported, &mut storage, milliseconds(scrapes.end), monitoring.release);
        done();
        let Point { system, load, .. } = &plan.points[point];
        let has_rate = !matches!(load.pattern, Pattern::Test { .. } | Pattern::Endless { .. });
        let first = system.faults.iter().filter(|fault| !fault.is_idle()).map(|fault| fault.from).min();
        Ok((point, known, fate(&timeline, has_rate, first), scrapes.end, courses))
    };
    let results: Vec<_> = runs.par_iter().map(run).collect::<Result<_, Unmetered>>()?;
    let recorded: Vec<&str> = supported
        .iter()
        .flat_map(|(rules, _)| rules)
        .filter(|rule| rule.kind == RuleKind::Recording)
        .map(|rule| rule.name.as_str())
        .collect();
    let mut watched = Vec::new();
    for (group, (rules, _)) in supported.iter().enumerate() {
        for (index, &rule) in rules.iter().enumerate().filter(|(_, rule)| rule.kind != RuleKind::Recording) {
            let mut points: Vec<Vec<Replica>> = vec![Vec::new(); plan.points.len()];
            for (point, _, fate, end, courses) in &results {
                points[*point].push(Replica { fate: *fate, end: *end, course: courses[group][index].clone() });
            }
            let is_known = |name: &str| {
                recorded.contains(&name) || results.iter().any(|(_, known, ..)| known.iter().any(|known| known == name))
            };
            let metrics = rule.expression.metrics();
            let mut lacking: Vec<String> =
                metrics.into_iter().filter(|(name, _)| !is_known(name)).map(|(name, _)| name.to_owned()).collect();
            lacking.sort_unstable();
            lacking.dedup();
            watched.push(Watched { rule, lacking, points });
        }
    }
    Ok(watched)
}

fn rules_of(group: &Group) -> Vec<&Rule> {
    group.rules.iter().filter_map(|rule| rule.as_ref().ok()).collect()
}

fn interval(group: &Group, monitoring: Monitoring) -> i64 {
    group.interval.unwrap_or_else(|| milliseconds(monitoring.evaluation_interval))
}

impl Replica {
    /// When the rule fired first, in seconds.
    pub fn first_s(&self) -> Option<f64> {
        self.course.firings.first().map(|firing| firing.from as f64 / 1000.0)
    }

    /// When the run collapsed, in seconds.
    pub fn collapse_s(&self) -> Option<f64> {
        match self.fate {
            Fate::Collapsed(at) => Some(at.seconds()),
            Fate::Healthy | Fate::Disturbed(_) | Fate::Impaired => None,
        }
    }

    /// Whether it fires although nothing is wrong: in a healthy run, or before the fault comes on.
    fn has_false_alarm(&self) -> bool {
        let mut active = self.course.firings.iter().map(|firing| firing.active);
        match self.fate {
            Fate::Healthy => active.next().is_some(),
            Fate::Disturbed(from) => active.any(|at| at < milliseconds(from)),
            Fate::Impaired | Fate::Collapsed(_) => false,
        }
    }

    /// Whether it fires after the fault has come on.
    fn fires_in_fault(&self) -> bool {
        let Fate::Disturbed(from) = self.fate else { return false };
        self.course.firings.iter().any(|firing| firing.active >= milliseconds(from))
    }

    /// By how long the first firing came after the collapse.
    fn after_collapse_s(&self) -> Option<f64> {
        Some(self.first_s()? - self.collapse_s()?)
    }
}

/// What the replications of a point say.
pub fn verdict(replicas: &[Replica]) -> Verdict {
    const LEVEL: f64 = 0.95;
    let count = |is_counted: &dyn Fn(&Replica) -> bool| replicas.iter().filter(|&it| is_counted(it)).count() as u64;
    let mean = |value: &dyn Fn(&Replica) -> Option<f64>| {
        let values: Vec<f64> = replicas.iter().filter_map(value).collect();
        Interval::mean_of(&values, LEVEL)
    };
    let has_fired = |replica: &Replica| replica.first_s().is_some();
    let (runs, fired) = (replicas.len() as u64, count(&has_fired));
    let healthy = count(&|replica| replica.fate == Fate::Healthy);
    let disturbed = count(&|replica| matches!(replica.fate, Fate::Disturbed(_)));
    let false_alarms = count(&Replica::has_false_alarm);
    Verdict {
        runs,
        collapsed: count(&|replica| replica.collapse_s().is_some()),
        healthy,
        disturbed,
        in_fault: count(&Replica::fires_in_fault),
        fired,
        share: Interval::exact_proportion(fired, runs, LEVEL),
        first_s: mean(&Replica::first_s),
        collapse_s: mean(&Replica::collapse_s),
        after_collapse_s: mean(&Replica::after_collapse_s),
        before: count(&|replica| replica.after_collapse_s().is_some_and(|after| after < 0.0)),
        after: count(&|replica| replica.after_collapse_s().is_some_and(|after| after >= 0.0)),
        false_alarms,
        false_share: Interval::exact_proportion(false_alarms, healthy + disturbed, LEVEL),
        failed: count(&|replica| replica.course.failed.is_some()),
    }
}
