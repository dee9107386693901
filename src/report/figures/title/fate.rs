//! Who collapses where, and who holds.

use super::{best, fitting, list};
use crate::experiment::finding::Finding;
use crate::report::collapse::{between, unit, value};
use crate::report::figures::set::Set;
use crate::report::number::short;

/// `per-request collapses between 150 and 175 concurrent; managed pool holds to 250`.
pub fn collapses(set: &Set) -> String {
    if let [only] = set.findings.as_slice() {
        return alone(set, only);
    }
    let fates = by_fate(set);
    let fallen: Vec<&Fate> = fates.iter().filter(|fate| fate.collapse.is_some()).collect();
    let Some(first) = fallen.first() else { return best::survivors(set) };
    let full = clauses(set, &fates, |fate| list(&fate.names));
    let counted = clauses(set, &fates, |fate| match fate.names.as_slice() {
        [name] => (*name).to_owned(),
        names => format!("{} variants", names.len()),
    });
    let (down, count) = (fallen.iter().map(|fate| fate.names.len()).sum::<usize>(), set.findings.len());
    let all = if down == count { format!("all {count}") } else { format!("{down} of {count}") };
    let where_first = first.collapse.clone().unwrap_or_default();
    let name = match first.names.as_slice() {
        [name] => format!(" ({name})"),
        _ => String::new(),
    };
    fitting([
        full,
        counted,
        format!("{all} variants collapse, the first {where_first}{name}"),
        format!("{all} variants collapse, the first {where_first}"),
    ])
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

/// The title of a single variant.
fn alone(set: &Set, finding: &Finding) -> String {
    if let Some(collapse) = &finding.collapse {
        let place = between(set.axis, collapse);
        let place = if collapse.from.is_none() { format!("collapsed {place}") } else { format!("collapses {place}") };
        return fitting([format!("{place}: {}", collapse.cause), place]);
    }
    let summaries = set.summaries(finding);
    let (Some(best), Some(last)) = (best::best(&summaries), summaries.last()) else { return set.plan().title.clone() };
    let holds = format!("holds to {}{}", value(set.axis, set.x(last.point)), unit(set.axis));
    let most = format!("{holds}; at most {}/min", short(best.throughput_per_min.estimate));
    let limit = best.saturated.as_ref().map(|resource| format!("{most}, limited by {resource}"));
    fitting(limit.into_iter().chain([most, holds]))
}
