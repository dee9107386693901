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
    let mut courses: Vec<Vec<Course>> = groups.iter().map(|(rules, _)| vec![Course::default(); rules.len()]).collect();
    let mut active: Vec<Vec<BTreeMap<Labels, Active>>> =
        groups.iter().map(|(rules, _)| vec![BTreeMap::new(); rules.len()]).collect();
    let mut recorded: Vec<Vec<Vec<Labels>>> = groups.iter().map(|(rules, _)| vec![Vec::new(); rules.len()]).collect();
    let mut due: Vec<i64> = vec![0; groups.len()];
    // At the same time the first group of the file goes first.
    while let Some((group, at)) = due.iter().copied().enumerate().min_by_key(|&(group, at)| (at, group)) {
        if at > until {
            break;
        }
        let (rules, interval) = &groups[group];
        due[group] = at + (*interval).max(1);
        for (index, rule) in rules.iter().enumerate() {
            let result = evaluate(&rule.expression, Evaluation { storage, at, release });
            let course = &mut courses[group][index];
            let vector = match result {
                Ok(value) => value.vector(),
                Err(fault) => {
                    fail(course, at, fault);
                    continue;
                }
            };
            let named = vector.into_iter().map(|(labels, value)| (rule.labelled(labels), value));
            let named: Vec<(Labels, f64)> = named.collect();
            let mut distinct: Vec<&Labels> = named.iter().map(|(labels, _)| labels).collect();
            distinct.sort_unstable();
            if distinct.windows(2).any(|pair| pair[0] == pair[1]) {
                let span = 0..rule.text.len();
                let title = "several results have the same labels once the rule's labels are set";
                fail(course, at, Fault::wrong(span, title, "gives them"));
                continue;
            }
            match rule.kind {
                RuleKind::Recording => {
                    let before = std::mem::take(&mut recorded[group][index]);
                    let now: Vec<Labels> = named.iter().map(|(labels, _)| labels.clone()).collect();
                    before
                        .iter()
                        .filter(|labels| !now.contains(labels))
                        .for_each(|labels| storage.append(labels, at, STALE));
                    named.iter().for_each(|(labels, value)| storage.append(labels, at, *value));
                    recorded[group][index] = now;
                }
                RuleKind::Alert { hold, keep } => {
                    let now: Vec<Labels> = named.into_iter().map(|(labels, _)| labels).collect();
                    step(course, &mut active[group][index], &now, at, hold, keep);
                }
            }
        }
    }
    courses
}

fn fail(course: &mut Course, at: i64, fault: Fault) {
    course.failed.get_or_insert((at, fault, 0)).2 += 1;
}

/// One evaluation of an alerting rule that gave results with these labels.
fn step(course: &mut Course, active: &mut BTreeMap<Labels, Active>, now: &[Labels], at: i64, hold: i64, keep: i64) {
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

impl Rule {
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
