//! What limits whom.

use super::{all_of, best, fitting, list};
use crate::experiment::analyse::culprit::named;
use crate::experiment::analyse::finding::{self, Finding, LimitedStretch};
use crate::experiment::analyse::summary::Summary;
use crate::report::figures::set::Set;

/// Where a resource limits, if there is no room to say at which values.
const SOME: &str = "at some values";

/// A variant or a point, what limits it, and at which of its values; where nothing does, neither.
struct Limited {
    name: String,
    /// Empty where nothing is a bottleneck.
    resource: String,
    /// `from 150 concurrent on`; empty where that is all values.
    place: String,
}

/// `“per-request” is limited by user-service CPU from 150 concurrent on; “managed pool” has no bottleneck`; of a single
/// variant which bottleneck it has where on the axis.
pub fn limits(set: &Set) -> String {
    if let [only] = set.findings.as_slice()
        && let Some(title) = alone(set, only)
    {
        return title;
    }
    let found: Vec<Limited> = set.findings.iter().filter_map(|finding| limit(set, finding)).collect();
    let anywhere: Vec<Limited> = set.findings.iter().flat_map(|finding| limits_anywhere(set, finding)).collect();
    grouped(&found, &anywhere, "variant", &set.plan().title)
}

/// What limits a variant: where it is last safe, as the findings say, or its best point where it is safe everywhere.
/// What nothing limits there is limited by what is behind the first point that is not safe, or else at any other.
/// None without figures.
fn limit(set: &Set, finding: &Finding) -> Option<Limited> {
    let summaries = set.summaries(finding);
    let at = |x: f64| summaries.iter().find(|summary| set.x(summary.point) == x).copied();
    let turn = finding.turn.as_ref();
    let first = match turn {
        Some(turn) => turn.from.and_then(at),
        None => best::best(&summaries),
    };
    let beyond = turn.and_then(|turn| at(turn.to));
    let mut told = first.into_iter().chain(beyond).chain(summaries.iter().copied());
    let x = told.find(|summary| summary.saturated.is_some()).map(|summary| set.x(summary.point));
    let points: Vec<(f64, &Summary)> = summaries.iter().map(|&summary| (set.x(summary.point), summary)).collect();
    let is_there = |limited: &LimitedStretch| x.is_some_and(|x| (limited.from..=limited.to).contains(&x));
    let stretch = finding::limited(&points).into_iter().find(is_there);
    let place = stretch.as_ref().and_then(|limited| limited.place(set.axis, false)).unwrap_or_default();
    let resource = stretch.map_or_else(String::new, |limited| limited.limit);
    (!summaries.is_empty()).then(|| Limited { name: set.variant(finding).to_owned(), resource, place })
}

/// Everything that limits a variant at some value, as the column "limited by" has it, once each.
fn limits_anywhere(set: &Set, finding: &Finding) -> Vec<Limited> {
    let summaries = set.summaries(finding);
    let of = |summary: &&Summary| summary.saturated.clone().unwrap_or_default();
    let mut resources: Vec<String> = summaries.iter().map(of).collect();
    let values = resources.len();
    resources.sort_unstable();
    let runs = resources.chunk_by(|a, b| a == b).map(|run| (run[0].clone(), run.len()));
    let is_telling = |(resource, count): &(String, usize)| !resource.is_empty() || *count == values;
    let name = set.variant(finding);
    let limited = |(resource, count): (String, usize)| Limited {
        name: name.to_owned(),
        resource,
        place: if count == values { String::new() } else { SOME.into() },
    };
    runs.filter(is_telling).map(limited).collect()
}

/// What limits each of several points, which are variants or the like (`what`).
pub fn limits_of(found: &[(String, &Summary)], what: &str, otherwise: &str) -> String {
    let limited = |(name, summary): &(String, &Summary)| Limited {
        name: name.clone(),
        resource: summary.saturated.clone().unwrap_or_default(),
        place: String::new(),
    };
    let found: Vec<Limited> = found.iter().map(limited).collect();
    grouped(&found, &found, what, otherwise)
}

/// What limits some, where, and whom.
type Group<'a> = (&'a str, &'a str, Vec<&'a str>);

/// The title: what limits each of those that were found, at its place; or, where these have no room, what limits how many of
/// them `anywhere`.
fn grouped(found: &[Limited], anywhere: &[Limited], what: &str, otherwise: &str) -> String {
    let full = groups(found, |limited| &limited.place);
    let some = groups(anywhere, |limited| if is_everywhere(anywhere, &limited.resource) { "" } else { SOME });
    match full.as_slice() {
        [] => return otherwise.into(),
        [("", ..)] => return fitting(["no resource is a bottleneck".into()]),
        _ => {}
    }
    let sentence = |groups: &[Group]| match groups {
        [(resource, place, names)] if names.len() == 1 => limited_by(resource, place),
        [(resource, place, names)] => {
            format!("{} {what}s are {}", all_of(names.len()), limited_by(resource, place))
        }
        several => several.iter().map(clause).collect::<Vec<_>>().join("; "),
    };
    // Those that limit most.
    let counted = |most| counted(&some, found.len(), what, most);
    let short =
        if some.len() == 1 { Vec::new() } else { vec![counted(some.len()), counted(3), counted(2), counted(1)] };
    fitting([sentence(&full), sentence(&some)].into_iter().chain(short))
}

/// Those that the same resource limits at the same place.
fn groups<'a>(found: &'a [Limited], place: impl Fn(&'a Limited) -> &'a str) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for limited in found {
        let (resource, place) = (limited.resource.as_str(), place(limited));
        match groups.iter_mut().find(|group| (group.0, group.1) == (resource, place)) {
            Some((_, _, names)) => names.push(&limited.name),
            None => groups.push((resource, place, vec![&limited.name])),
        }
    }
    groups
}

/// Whether a resource limits all whom it limits at all their values.
fn is_everywhere(found: &[Limited], resource: &str) -> bool {
    found.iter().filter(|limited| limited.resource == resource).all(|limited| limited.place.is_empty())
}

/// `limited by z threads from 20/s on`, `limited at some values by z threads`.
fn limited_by(resource: &str, place: &str) -> String {
    let name = named(resource);
    match place {
        "" => format!("limited by {name}"),
        place if place == SOME || name.contains(", ") => format!("limited {place} by {name}"),
        place => format!("limited by {name} {place}"),
    }
}

/// `“a” and “b” are limited by z threads from 20/s on`.
fn clause((resource, place, names): &Group) -> String {
    let (is, has) = if names.len() == 1 { ("is", "has") } else { ("are", "have") };
    match *resource {
        "" => format!("{} {has} no bottleneck", list(names)),
        resource => format!("{} {is} {}", list(names), limited_by(resource, place)),
    }
}

/// `2 of 5 variants are limited at some values by user-service CPU, 1 by killbill CPU`.
fn counted(limits: &[Group], all: usize, what: &str, most: usize) -> String {
    let mut limits: Vec<&Group> = limits.iter().filter(|(name, ..)| !name.is_empty()).collect();
    limits.sort_by_key(|(.., names)| std::cmp::Reverse(names.len()));
    limits.truncate(most);
    // It is said once.
    let place = if limits.iter().any(|(_, place, _)| *place == SOME) { SOME } else { "" };
    let clause = |(index, (name, _, names)): (usize, &&Group)| match (index, names.len()) {
        (0, 1) => format!("1 of {all} {what}s is {}", limited_by(name, place)),
        (0, count) => format!("{count} of {all} {what}s are {}", limited_by(name, place)),
        (_, count) => format!("{count} by {}", named(name)),
    };
    limits.iter().enumerate().map(clause).collect::<Vec<_>>().join(", ")
}

/// `Up to x = 2, a pool p is saturated; from 4 on, db connections refuse requests`; none where nothing is a bottleneck.
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

#[cfg(test)]
mod tests {
    use super::{Limited, SOME, grouped};

    /// Where names have no room, a variant counts for each resource that limits it at some value, as in the table.
    #[test]
    fn variants_are_counted_as_the_table_has_them() {
        let name = |letter: &str| letter.repeat(40);
        let of = |letter: &str, resource: &str, place: &str| Limited {
            name: name(letter),
            resource: resource.into(),
            place: place.into(),
        };
        let found = [of("a", "a CPU", "up to 2"), of("b", "a CPU", "up to 3"), of("c", "a pool p", "from 3 on")];
        let rest = [of("a", "a pool p", SOME), of("b", "a pool p", SOME), of("a", "a CPU", SOME)];
        let anywhere: Vec<Limited> =
            rest.into_iter().chain([of("b", "a CPU", SOME), of("c", "a pool p", SOME)]).collect();
        let title = grouped(&found, &anywhere, "variant", "otherwise");
        assert_eq!(title, "3 of 3 variants are limited at some values by a pool p, 2 by a CPU");
        let everywhere = [of("a", "a CPU", ""), of("b", "", ""), of("c", "a pool p", "")];
        let title = grouped(&everywhere, &everywhere, "variant", "otherwise");
        assert_eq!(title, "1 of 3 variants is limited by a CPU, 1 by a pool p");
    }
}
