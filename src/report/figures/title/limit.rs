//! What limits whom.

use super::{fitting, list};
use crate::experiment::finding::Finding;
use crate::experiment::summary::Summary;
use crate::report::figures::set::Set;
use crate::report::turn::{unit, value};

/// `user-service CPU limits per-request; killbill threads limits managed pool`: at each one's last safe point.
pub fn limits(set: &Set) -> String {
    let last_safe = |finding: &&Finding| {
        let summaries = set.summaries(finding);
        let safe = summaries.iter().take_while(|summary| set.is_safe(summary)).last();
        safe.or(summaries.first()).map(|summary| (set.variant(finding).to_owned(), *summary))
    };
    let found: Vec<(String, &Summary)> = set.findings.iter().filter_map(last_safe).collect();
    match found.as_slice() {
        [(_, Summary { saturated: Some(resource), .. })] => fitting([alone(set, resource)]),
        found => limits_of(found, &set.plan().title),
    }
}

/// What limits each of several points.
pub fn limits_of(found: &[(String, &Summary)], otherwise: &str) -> String {
    let mut limits: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, summary) in found {
        let resource = summary.saturated.as_deref().unwrap_or_default();
        match limits.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, names)) => names.push(name),
            None => limits.push((resource, vec![name])),
        }
    }
    match limits.as_slice() {
        [] => otherwise.into(),
        [("", _)] => fitting(["nothing is used above half of its capacity".into()]),
        [(resource, names)] if names.len() == 1 => fitting([format!("{resource} is the limit")]),
        [(resource, names)] => fitting([format!("{resource}: the limit of all {}", names.len())]),
        several => {
            let clause = |resource: &str, who: String| match resource {
                "" => format!("nothing limits {who}"),
                resource => format!("{resource} limits {who}"),
            };
            let full = several.iter().map(|(resource, names)| clause(resource, list(names)));
            fitting([full.collect::<Vec<_>>().join("; "), counted(several, found.len())])
        }
    }
}

/// `user-service CPU limits 2 of 5, killbill CPU 1`.
fn counted(limits: &[(&str, Vec<&str>)], all: usize) -> String {
    let mut limits: Vec<(&str, usize)> =
        limits.iter().filter(|(name, _)| !name.is_empty()).map(|(name, whom)| (*name, whom.len())).collect();
    limits.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let clause = |(place, (name, count)): (usize, &(&str, usize))| match place {
        0 => format!("{name} limits {count} of {all}"),
        _ => format!("{name} {count}"),
    };
    limits.iter().enumerate().map(clause).collect::<Vec<_>>().join(", ")
}

/// Where the resource that limits the only variant is first saturated.
fn alone(set: &Set, resource: &str) -> String {
    let summaries = set.findings.first().map(|finding| set.summaries(finding)).unwrap_or_default();
    let is_used =
        |summary: &&&Summary| summary.resources.iter().any(|it| it.name == resource && it.utilisation >= 0.95);
    match summaries.iter().find(is_used) {
        Some(summary) => {
            format!("{resource} is saturated from {}{} on", value(set.axis, set.x(summary.point)), unit(set.axis))
        }
        None => format!("{resource} is the limit"),
    }
}
