//! The state of alerts over time (`rules/alerting.go`, `AlertingRule.Eval`).

use std::collections::BTreeMap;

use super::evaluate::{Evaluation, evaluate};
use super::rules::{Rule, RuleKind};
use super::series::{Labels, NAME, STALE, Storage};
use super::{Fault, Release};

/// The label that names the alert.
const ALERT_NAME: &str = "alertname";

/// An alert with one set of labels that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// Labels of the result and of the rule.
    pub labels: Labels,
    /// Since when its expression held, in milliseconds.
    pub active: i64,
    /// From when it fired.
    pub from: i64,
    /// The first evaluation at which it no longer did; none if it did at the last one.
    pub to: Option<i64>,
}

/// What became of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// Its firings, in the order in which they began.
    pub firings: Vec<Firing>,
    /// When its expression first gave a result, in milliseconds.
    pub first_active: Option<i64>,
    /// The evaluations that failed: when the first did, why, and how many did.
    pub failed: Option<(i64, Fault, u32)>,
}

#[derive(Clone, Copy)]
struct Active {
    since: i64,
    /// The index of its firing in the course, once it fires.
    firing: Option<usize>,
    /// Since when it fires although its expression gives no result.
    kept_since: Option<i64>,
}

/// Evaluates rules, each group at its interval, from time 0 up to this one, in milliseconds. Recording rules add their
/// results to the storage. The courses are in the order of the rules.
pub fn courses(groups: &[(Vec<&Rule>, i64)], storage: &mut Storage, until: i64, release: Release) -> Vec<Vec<Course>> {
    let mut running: Vec<Vec<Running<'_>>> =
        groups.iter().map(|(rules, _)| rules.iter().map(|rule| Running::new(rule)).collect()).collect();
    let mut due: Vec<i64> = vec![0; groups.len()];
    // At the same time the first group of the file goes first.
    while let Some((group, at)) = due.iter().copied().enumerate().min_by_key(|&(group, at)| (at, group)) {
        if at > until {
            break;
        }
        due[group] = at + groups[group].1.max(1);
        running[group].iter_mut().for_each(|rule| rule.step(storage, at, release));
    }
    running.into_iter().map(|group| group.into_iter().map(|rule| rule.course).collect()).collect()
}

/// A rule, what became of it, and what its next evaluation needs to know.
struct Running<'a> {
    rule: &'a Rule,
    course: Course,
    /// Alerts that are pending or fire, by their labels.
    active: BTreeMap<Labels, Active>,
    /// The labels of what it recorded last.
    recorded: Vec<Labels>,
}

impl<'a> Running<'a> {
    fn new(rule: &'a Rule) -> Self {
        Self { rule, course: Course::default(), active: BTreeMap::new(), recorded: Vec::new() }
    }

    /// One evaluation.
    fn step(&mut self, storage: &mut Storage, at: i64, release: Release) {
        let results = match self.rule.results(Evaluation { storage, at, release }) {
            Ok(results) => results,
            Err(fault) => {
                self.course.failed.get_or_insert((at, fault, 0)).2 += 1;
                return;
            }
        };
        match self.rule.kind {
            RuleKind::Recording => self.record(&results, storage, at),
            RuleKind::Alert { hold, keep } => {
                let now: Vec<Labels> = results.into_iter().map(|(labels, _)| labels).collect();
                self.alert(&now, at, hold, keep);
            }
        }
    }

    /// Adds the results to the storage, and a stale marker to each series that no longer has one.
    fn record(&mut self, results: &[(Labels, f64)], storage: &mut Storage, at: i64) {
        let now: Vec<Labels> = results.iter().map(|(labels, _)| labels.clone()).collect();
        let before = std::mem::replace(&mut self.recorded, now);
        let ended = before.iter().filter(|labels| !self.recorded.contains(labels));
        ended.for_each(|labels| storage.append(labels, at, STALE));
        results.iter().for_each(|(labels, value)| storage.append(labels, at, *value));
    }

    /// Begins and ends firings after an evaluation that gave results with these labels.
    fn alert(&mut self, now: &[Labels], at: i64, hold: i64, keep: i64) {
        let Self { course, active, .. } = self;
        if !now.is_empty() {
            course.first_active.get_or_insert(at);
        }
        for labels in now {
            let new = Active { since: at, firing: None, kept_since: None };
            active.entry(labels.clone()).or_insert(new).kept_since = None;
        }
        active.retain(|labels, alert| {
            if now.contains(labels) {
                return true;
            }
            let Some(firing) = alert.firing else { return false };
            let since = *alert.kept_since.get_or_insert(at);
            let is_kept = keep > 0 && at - since < keep;
            if !is_kept {
                course.firings[firing].to = Some(at);
            }
            is_kept
        });
        for (labels, alert) in active {
            if alert.firing.is_none() && at - alert.since >= hold {
                alert.firing = Some(course.firings.len());
                course.firings.push(Firing { labels: labels.clone(), active: alert.since, from: at, to: None });
            }
        }
    }
}

impl Rule {
    /// The results of its expression, with the rule's labels.
    fn results(&self, evaluation: Evaluation<'_>) -> Result<Vec<(Labels, f64)>, Fault> {
        let vector = evaluate(&self.expression, evaluation)?.vector();
        let results: Vec<(Labels, f64)> =
            vector.into_iter().map(|(labels, value)| (self.labelled(labels), value)).collect();
        let mut distinct: Vec<&Labels> = results.iter().map(|(labels, _)| labels).collect();
        distinct.sort_unstable();
        if distinct.windows(2).any(|pair| pair[0] == pair[1]) {
            let title = "several results have the same labels once the rule's labels are set";
            return Err(Fault::wrong(0..self.text.len(), title, "gives them"));
        }
        Ok(results)
    }

    /// The labels of a result once those of the rule are set.
    fn labelled(&self, mut labels: Labels) -> Labels {
        labels.remove(NAME);
        labels.extend(self.labels.iter().map(|(name, value)| (name.clone(), value.clone())));
        let name = match self.kind {
            RuleKind::Alert { .. } => ALERT_NAME,
            RuleKind::Recording => NAME,
        };
        labels.insert(name.into(), self.name.clone());
        // An empty label is none.
        labels.retain(|_, value| !value.is_empty());
        labels
    }
}
