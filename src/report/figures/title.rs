//! Titles: what a figure shows, in one sentence that fits on a slide.

use super::set::Set;
use crate::experiment::finding::{self, Finding};
use crate::experiment::summary::Summary;
use crate::report::collapse::{between, unit, value};
use crate::report::number::{seconds, short};

/// Letters that a title may have.
const MOST: usize = 110;

/// The first title that fits, else the last, cut.
pub(super) fn fitting(candidates: impl IntoIterator<Item = String>) -> String {
    let mut last = String::new();
    for candidate in candidates {
        if candidate.chars().count() <= MOST {
            return capital(&candidate);
        }
        last = candidate;
    }
    let cut: String = last.chars().take(MOST - 1).collect();
    capital(&format!("{}…", cut.trim_end()))
}

/// A name of the user's keeps its letters; a sentence of ours begins with a capital.
fn capital(text: &str) -> String {
    let starts_with_ours = ["collapse", "holds", "no ", "all ", "already", "p95 ", "nothing"];
    if !starts_with_ours.iter().any(|start| text.starts_with(start)) || text.starts_with("p95") {
        return text.into();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `per-request collapses between 150 and 175 concurrent; managed pool holds to 250`.
pub(super) fn collapses(set: &Set) -> String {
    if let [only] = set.findings.as_slice() {
        return alone(set, only);
    }
    let groups = by_fate(set);
    let fallen: Vec<&Fate> = groups.iter().filter(|fate| fate.collapse.is_some()).collect();
    let count = set.findings.len();
    if fallen.is_empty() {
        return survivors(set);
    }
    let full = clauses(set, &groups, |fate| list(&fate.names));
    let counted = clauses(set, &groups, |fate| match fate.names.as_slice() {
        [name] => (*name).to_owned(),
        names => format!("{} variants", names.len()),
    });
    let down: usize = fallen.iter().map(|fate| fate.names.len()).sum();
    let all = if down == count { format!("all {count}") } else { format!("{down} of {count}") };
    let first = fallen[0].collapse.clone().unwrap_or_default();
    let name = match fallen[0].names.as_slice() {
        [name] => format!(" ({name})"),
        _ => String::new(),
    };
    fitting([
        full,
        counted,
        format!("{all} variants collapse, the first {first}{name}"),
        format!("{all} variants collapse"),
    ])
}

/// One clause a fate; after the first collapse its verb and its unit are understood.
fn clauses(set: &Set, fates: &[Fate], who: impl Fn(&Fate) -> String) -> String {
    let mut text = String::new();
    let unit = unit(set.axis);
    for (place, fate) in fates.iter().enumerate() {
        let words = fate.words(set, &who(fate));
        match (place, &fate.collapse) {
            (0, _) => text.push_str(&words),
            (_, Some(between)) if between.starts_with("between") && text.contains(" between ") => {
                let between = between.strip_suffix(&unit).unwrap_or(between);
                text.push_str(&format!(", {} {between}", who(fate)));
            }
            _ => text.push_str(&format!("; {words}")),
        }
    }
    text
}

/// Variants that fare alike.
struct Fate<'a> {
    names: Vec<&'a str>,
    /// The words for their collapse; none for those that hold.
    collapse: Option<String>,
    /// Where it is, for the order: the first to collapse comes first.
    at: f64,
    /// The last value that they were run at.
    last: f64,
}

impl Fate<'_> {
    fn words(&self, set: &Set, who: &str) -> String {
        let is_plural = self.names.len() > 1;
        match &self.collapse {
            Some(between) if between.starts_with("already") => {
                format!("{who} {} collapsed {between}", if is_plural { "are" } else { "is" })
            }
            Some(between) => format!("{who} {} {between}", if is_plural { "collapse" } else { "collapses" }),
            None => {
                let (holds, last) = (if is_plural { "hold" } else { "holds" }, value(set.axis, self.last));
                format!("{who} {holds} to {last}")
            }
        }
    }
}

fn by_fate<'a>(set: &Set<'a>) -> Vec<Fate<'a>> {
    let mut fates: Vec<Fate> = Vec::new();
    for finding in &set.findings {
        let collapse = finding.collapse.as_ref().map(|collapse| between(set.axis, collapse));
        let at = finding.collapse.as_ref().map_or(f64::INFINITY, |collapse| collapse.to);
        let last = finding.points.last().map_or(f64::NAN, |&point| set.x(point));
        let alike = |fate: &&mut Fate| fate.collapse == collapse && (collapse.is_some() || fate.last == last);
        match fates.iter_mut().find(alike) {
            Some(fate) => fate.names.push(set.variant(finding)),
            None => fates.push(Fate { names: vec![set.variant(finding)], collapse, at, last }),
        }
    }
    fates.sort_by(|a, b| a.at.total_cmp(&b.at));
    fates
}

/// `a`, `a and b`, `a, b and c`.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).into(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// The title of a single variant.
fn alone(set: &Set, finding: &Finding) -> String {
    if let Some(collapse) = &finding.collapse {
        let place = between(set.axis, collapse);
        let place = if collapse.from.is_none() { format!("collapsed {place}") } else { format!("collapses {place}") };
        return fitting([format!("{place}: {}", collapse.cause), place]);
    }
    let summaries = set.summaries(finding);
    let (Some(best), Some(last)) = (best(&summaries), summaries.last()) else { return set.plan().title.clone() };
    let holds = format!("holds to {}{}", value(set.axis, set.x(last.point)), unit(set.axis));
    let most = format!("{holds}; at most {}/min", short(best.throughput_per_min.estimate));
    match &best.saturated {
        Some(resource) => fitting([format!("{most}, limited by {resource}"), most]),
        None => most,
    }
}

/// The title where nobody collapses: who is best, if anybody is.
fn survivors(set: &Set) -> String {
    let bests: Vec<(&str, &Summary)> = set
        .findings
        .iter()
        .filter_map(|finding| best(&set.summaries(finding)).map(|summary| (set.variant(finding), summary)))
        .collect();
    let by_throughput = |a: &&(&str, &Summary), b: &&(&str, &Summary)| {
        a.1.throughput_per_min.estimate.total_cmp(&b.1.throughput_per_min.estimate)
    };
    let (Some(&(name, most)), Some(&(other, least))) =
        (bests.iter().max_by(by_throughput), bests.iter().min_by(by_throughput))
    else {
        return set.plan().title.clone();
    };
    let last = set.points().into_iter().map(|point| set.x(point)).fold(f64::NEG_INFINITY, f64::max);
    let holds = format!("no collapse up to {}{}", value(set.axis, last), unit(set.axis));
    let (high, low) = (most.throughput_per_min.estimate, least.throughput_per_min.estimate);
    let is_better = most.throughput_per_min.low > least.throughput_per_min.high && high > low * 1.05;
    if is_better {
        let figures = format!("{name} gives most, {}/min", short(high));
        fitting([
            format!("{figures} ({other} {}/min); {holds}", short(low)),
            format!("{figures}; {holds}"),
            holds.clone(),
        ])
    } else {
        fitting([format!("all variants give about {}/min; {holds}", short(high)), holds.clone()])
    }
}

fn best<'a>(summaries: &[&'a Summary]) -> Option<&'a Summary> {
    let by_throughput =
        |a: &&&Summary, b: &&&Summary| a.throughput_per_min.estimate.total_cmp(&b.throughput_per_min.estimate);
    summaries.iter().max_by(by_throughput).copied()
}

/// `p95 at 150 concurrent: per-request 17 s, managed pool 9 s`.
pub(super) fn response(set: &Set) -> String {
    if let [only] = set.findings.as_slice() {
        return response_alone(set, only);
    }
    let Some((x, mut times)) = last_safe(set) else { return collapses(set) };
    times.sort_by(|a, b| a.1.total_cmp(&b.1));
    let place = format!("p95 at {}{}", value(set.axis, x), unit(set.axis));
    let all: Vec<String> = times.iter().map(|(name, time)| format!("{name} {}", seconds(*time))).collect();
    let ends = match (times.first(), times.last()) {
        (Some((best, low)), Some((worst, high))) => {
            format!("{place}: from {} ({best}) to {} ({worst})", seconds(*low), seconds(*high))
        }
        _ => place.clone(),
    };
    fitting([format!("{place}: {}", all.join(", ")), ends])
}

/// The last value at which no variant has collapsed (else the last at all), and each one's 95th percentile there.
fn last_safe<'a>(set: &Set<'a>) -> Option<(f64, Vec<(&'a str, f64)>)> {
    let at = |x: f64| -> Vec<(&str, &Summary)> {
        let here = |finding: &&&Finding| {
            let point = finding.points.iter().copied().find(|&point| set.x(point) == x);
            point.and_then(|point| set.report.summary(point))
        };
        set.findings
            .iter()
            .filter_map(|finding| here(&finding).map(|summary| (set.variant(finding), summary)))
            .collect()
    };
    let mut values: Vec<f64> = set.points().into_iter().map(|point| set.x(point)).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let is_safe = |&&x: &&f64| {
        let here = at(x);
        here.len() == set.findings.len() && here.iter().all(|(_, summary)| !set.is_collapsed(summary))
    };
    let x = values.iter().rev().find(is_safe).or(values.last()).copied()?;
    let times = at(x).into_iter().filter_map(|(name, summary)| summary.p95_s.map(|p95| (name, p95.estimate)));
    let times: Vec<(&str, f64)> = times.collect();
    (!times.is_empty()).then_some((x, times))
}

fn response_alone(set: &Set, finding: &Finding) -> String {
    let summaries = set.summaries(finding);
    let safe: Vec<&Summary> = summaries
        .iter()
        .copied()
        .take_while(|summary| !set.is_collapsed(summary))
        .filter(|it| it.p95_s.is_some())
        .collect();
    let (Some(first), Some(last)) = (safe.first(), safe.last()) else { return collapses(set) };
    let p95 = |summary: &Summary| summary.p95_s.map_or(0.0, |interval| interval.estimate);
    let place = |summary: &Summary| value(set.axis, set.x(summary.point));
    let unit = unit(set.axis);
    let growth = if p95(last) < p95(first) * 1.25 && p95(last) > p95(first) * 0.8 {
        format!("p95 stays near {} up to {}{unit}", seconds(p95(last)), place(last))
    } else {
        format!(
            "p95 goes from {} at {} to {} at {}{unit}",
            seconds(p95(first)),
            place(first),
            seconds(p95(last)),
            place(last)
        )
    };
    match &finding.collapse {
        Some(_) => fitting([format!("{growth}, the last before the collapse"), growth]),
        None => fitting([growth]),
    }
}

/// `user-service CPU limits per-request; killbill threads limit managed pool`.
pub(super) fn limits(set: &Set) -> String {
    let mut limits: Vec<(String, Vec<&str>)> = Vec::new();
    for finding in &set.findings {
        let summaries = set.summaries(finding);
        let safe = summaries.iter().take_while(|summary| !set.is_collapsed(summary)).last();
        let Some(summary) = safe.or(summaries.first()) else { continue };
        let resource = summary.saturated.clone().unwrap_or_default();
        match limits.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, names)) => names.push(set.variant(finding)),
            None => limits.push((resource, vec![set.variant(finding)])),
        }
    }
    let count = set.findings.len();
    match limits.as_slice() {
        [] => set.plan().title.clone(),
        [(none, _)] if none.is_empty() => "nothing is used above half of its capacity".into(),
        [(resource, _)] if count == 1 => fitting([one(set, resource)]),
        [(resource, _)] => {
            fitting([format!("{resource} limits all {count} variants"), format!("{resource} limits all")])
        }
        several => {
            let clause = |resource: &str, who: &str| match resource {
                "" => format!("nothing limits {who}"),
                resource => format!("{resource} limits {who}"),
            };
            let full: Vec<String> = several.iter().map(|(resource, names)| clause(resource, &list(names))).collect();
            let counted = several.iter().map(|(resource, names)| match names.as_slice() {
                [name] => clause(resource, name),
                names => clause(resource, &format!("{} variants", names.len())),
            });
            fitting([full.join("; "), counted.collect::<Vec<_>>().join("; ")])
        }
    }
}

/// Where the resource that limits the only variant is first saturated.
fn one(set: &Set, resource: &str) -> String {
    let summaries = set.findings.first().map(|finding| set.summaries(finding)).unwrap_or_default();
    let used = |summary: &&&Summary| summary.resources.iter().any(|it| it.name == resource && it.utilisation >= 0.95);
    match summaries.iter().find(used) {
        Some(summary) => {
            format!("{resource} is saturated from {}{} on", value(set.axis, set.x(summary.point)), unit(set.axis))
        }
        None => format!("{resource} is used most"),
    }
}

/// The title of points without curves.
pub(super) fn of_points(summaries: &[(String, &Summary)], otherwise: &str, collapse_below: f64) -> String {
    let by_throughput = |a: &&(String, &Summary), b: &&(String, &Summary)| {
        a.1.throughput_per_min.estimate.total_cmp(&b.1.throughput_per_min.estimate)
    };
    let throughput = |summary: &Summary| format!("{}/min", short(summary.throughput_per_min.estimate));
    match summaries {
        [] => otherwise.into(),
        [(_, only)] if only.success_rate.estimate < collapse_below => {
            let percent = only.success_rate.estimate * 100.0;
            fitting([format!("{} with {percent:.0} % success: {}", throughput(only), finding::cause(only))])
        }
        [(_, only)] => match &only.saturated {
            Some(resource) => fitting([format!("{}, limited by {resource}", throughput(only)), throughput(only)]),
            None => throughput(only),
        },
        several => {
            let (Some((best, most)), Some((worst, least))) =
                (several.iter().max_by(by_throughput), several.iter().min_by(by_throughput))
            else {
                return otherwise.into();
            };
            if most.throughput_per_min.low > least.throughput_per_min.high {
                fitting([
                    format!("{best} gives most, {}; {worst} least, {}", throughput(most), throughput(least)),
                    format!("from {} to {}", throughput(least), throughput(most)),
                ])
            } else {
                fitting([format!("all give about {}", throughput(most))])
            }
        }
    }
}
