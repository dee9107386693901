//! What limits whom.

use super::{all_of, fitting, list};
use crate::experiment::finding::Finding;
use crate::experiment::summary::Summary;
use crate::report::figures::set::Set;
use crate::report::turn::place;

/// `“per-request” is limited by user-service CPU; “managed pool” is limited by killbill threads`: where each one
/// stops being safe or, if it loses capacity there or does not stop, at its last safe point.
pub fn limits(set: &Set) -> String {
    let last_safe = |finding: &&Finding| {
        let summaries = set.summaries(finding);
        let safe = summaries.iter().take_while(|summary| set.is_safe(summary)).last();
        safe.or(summaries.first()).map(|summary| summary.saturated.clone().unwrap_or_default())
    };
    let limit = |finding: &&Finding| {
        let turn = finding.turn.as_ref().filter(|turn| !turn.condition.is_loss());
        turn.and_then(|turn| turn.resource.clone()).or_else(|| last_safe(finding))
    };
    let found: Vec<(String, String)> =
        set.findings.iter().filter_map(|finding| Some((set.variant(finding).to_owned(), limit(finding)?))).collect();
    match found.as_slice() {
        [(_, resource)] if !resource.is_empty() => fitting([alone(set, resource)]),
        found => grouped(found, "variant", &set.plan().title),
    }
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
