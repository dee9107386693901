//! What limits whom.

use super::{all_of, best, fitting, list};
use crate::experiment::analyse::finding::{self, Finding, LimitedStretch};
use crate::experiment::analyse::summary::Summary;
use crate::report::figures::set::Set;

/// `“per-request” is limited by user-service CPU; “managed pool” is limited by killbill threads`; of a single variant which
/// bottleneck it has where on the axis.
pub fn limits(set: &Set) -> String {
    if let [only] = set.findings.as_slice()
        && let Some(title) = alone(set, only)
    {
        return title;
    }
    let limit = |finding: &&Finding| Some(limit(set, finding)?.unwrap_or_default());
    let found: Vec<(String, String)> =
        set.findings.iter().filter_map(|finding| Some((set.variant(finding).to_owned(), limit(finding)?))).collect();
    grouped(&found, "variant", &set.plan().title)
}

/// What limits a variant: where it is last safe, as the findings say, or its best point where it is safe everywhere.
/// What nothing limits there is limited by what is behind the first point that is not safe, or else at any other.
/// None without figures.
fn limit(set: &Set, finding: &Finding) -> Option<Option<String>> {
    let summaries = set.summaries(finding);
    let at = |x: f64| summaries.iter().find(|summary| set.x(summary.point) == x).copied();
    let turn = finding.turn.as_ref();
    let first = match turn {
        Some(turn) => turn.from.and_then(at),
        None => best::best(&summaries),
    };
    let beyond = turn.and_then(|turn| at(turn.to));
    let limit = first.into_iter().chain(beyond).chain(summaries.iter().copied()).find_map(|it| it.saturated.clone());
    (!summaries.is_empty()).then_some(limit)
}

/// What limits each of several points, which are variants or the like (`what`).
pub fn limits_of(found: &[(String, &Summary)], what: &str, otherwise: &str) -> String {
    let found: Vec<(String, String)> =
        found.iter().map(|(name, it)| (name.clone(), it.saturated.clone().unwrap_or_default())).collect();
    grouped(&found, what, otherwise)
}

fn grouped(found: &[(String, String)], what: &str, otherwise: &str) -> String {
    let mut limits: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, resource) in found {
        match limits.iter_mut().find(|(known, _)| known == resource) {
            Some((_, names)) => names.push(name),
            None => limits.push((resource, vec![name])),
        }
    }
    match limits.as_slice() {
        [] => otherwise.into(),
        [("", _)] => fitting(["no resource is a bottleneck".into()]),
        [(resource, names)] if names.len() == 1 => fitting([format!("limited by {resource}")]),
        [(resource, names)] => fitting([format!("{} {what}s are limited by {resource}", all_of(names.len()))]),
        several => {
            let clause = |resource: &str, names: &[&str]| {
                let (is, has) = if names.len() == 1 { ("is", "has") } else { ("are", "have") };
                match resource {
                    "" => format!("{} {has} no bottleneck", list(names)),
                    resource => format!("{} {is} limited by {resource}", list(names)),
                }
            };
            let full = several.iter().map(|(resource, names)| clause(resource, names));
            let full = full.collect::<Vec<_>>().join("; ");
            // Those that limit most.
            let counted = |most| counted(several, found.len(), what, most);
            fitting([full, counted(several.len()), counted(3), counted(2), counted(1)])
        }
    }
}

/// `2 of 5 variants are limited by user-service CPU, 1 by killbill CPU`.
fn counted(limits: &[(&str, Vec<&str>)], all: usize, what: &str, most: usize) -> String {
    let mut limits: Vec<(&str, usize)> =
        limits.iter().filter(|(name, _)| !name.is_empty()).map(|(name, whom)| (*name, whom.len())).collect();
    limits.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let clause = |(place, (name, count)): (usize, &(&str, usize))| match (place, count) {
        (0, 1) => format!("1 of {all} {what}s is limited by {name}"),
        (0, count) => format!("{count} of {all} {what}s are limited by {name}"),
        (_, count) => format!("{count} by {name}"),
    };
    limits.iter().take(most).enumerate().map(clause).collect::<Vec<_>>().join(", ")
}

/// `Up to x = 2, a pool p is saturated; from 4 on, db connections refuses requests`; none where nothing is a bottleneck.
fn alone(set: &Set, finding: &Finding) -> Option<String> {
    let points: Vec<(f64, &Summary)> =
        set.summaries(finding).into_iter().map(|summary| (set.x(summary.point), summary)).collect();
    let found = finding::limits(&points);
    let clauses = |found: &[&LimitedStretch]| {
        let clause = |(place, limited): (usize, &&LimitedStretch)| limited.clause(set.axis, place > 0);
        found.iter().enumerate().map(clause).collect::<Vec<_>>().join("; ")
    };
    let reach =
        |limited: &LimitedStretch| points.iter().filter(|(x, _)| (limited.from..=limited.to).contains(x)).count();
    let all: Vec<&LimitedStretch> = found.iter().collect();
    // Those that limit at most values, if not all can be named.
    let mut most = all.clone();
    most.sort_by_key(|limited| std::cmp::Reverse(reach(limited)));
    let shortened = (1..all.len()).rev().map(|count| {
        let kept: Vec<&LimitedStretch> = all.iter().copied().filter(|it| most[..count].contains(it)).collect();
        clauses(&kept)
    });
    (!all.is_empty()).then(|| fitting([clauses(&all)].into_iter().chain(shortened)))
}
