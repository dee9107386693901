//! What limits whom.

use super::{all_of, best, fitting, list};
use crate::experiment::finding::Finding;
use crate::experiment::summary::Summary;
use crate::report::figures::set::Set;
use crate::report::turn::place;

/// `“per-request” is limited by user-service CPU; “managed pool” is limited by killbill threads`.
pub fn limits(set: &Set) -> String {
    let limit = |finding: &&Finding| Some(limit(set, finding)?.unwrap_or_default());
    let found: Vec<(String, String)> =
        set.findings.iter().filter_map(|finding| Some((set.variant(finding).to_owned(), limit(finding)?))).collect();
    match found.as_slice() {
        [(_, resource)] if !resource.is_empty() => fitting([alone(set, resource)]),
        found => grouped(found, "variant", &set.plan().title),
    }
}

/// What limits a variant: where it is last safe, as the findings say, or its best point where it is safe everywhere.
/// What nothing limits there is limited by what is behind the first point that is not safe, unless that loses capacity.
/// None without figures.
fn limit(set: &Set, finding: &Finding) -> Option<Option<String>> {
    let summaries = set.summaries(finding);
    let Some(turn) = &finding.turn else { return best::best(&summaries).map(|best| best.saturated.clone()) };
    let at = |x: f64| summaries.iter().find(|summary| set.x(summary.point) == x).copied();
    let before = turn.from.and_then(at);
    let limit = before.and_then(|safe| safe.saturated.clone());
    let beyond = || turn.resource.clone().filter(|_| !turn.condition.is_loss());
    let lowest = || at(turn.to).filter(|_| before.is_none()).and_then(|summary| summary.saturated.clone());
    (!summaries.is_empty()).then(|| limit.or_else(beyond).or_else(lowest))
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

/// Where the resource that limits the only variant is first saturated.
fn alone(set: &Set, resource: &str) -> String {
    let summaries = set.findings.first().map(|finding| set.summaries(finding)).unwrap_or_default();
    let is_used =
        |summary: &&&Summary| summary.resources.iter().any(|it| it.name == resource && it.utilisation >= 0.95);
    match summaries.iter().find(is_used) {
        Some(summary) => {
            format!("from {} on, {resource} is saturated", place(set.axis, set.x(summary.point)))
        }
        None => format!("limited by {resource}"),
    }
}
