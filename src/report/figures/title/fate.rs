//! Who collapses where, and who holds.

use super::{best, fitting, list};
use crate::experiment::design::Axis;
use crate::experiment::finding::{Collapse, Finding};
use crate::report::collapse::{between, unit, value};
use crate::report::figures::set::Set;
use crate::report::number::short;
use crate::report::paragraph::quoted;

/// `per-request collapses between 150 and 175 concurrent; managed pool holds to 250`.
pub fn collapses(set: &Set) -> String {
    if let [only] = set.findings.as_slice() {
        return alone(set, only);
    }
    let fates = by_fate(set);
    let fallen: Vec<&Fate> = fates.iter().filter(|fate| fate.is_fallen()).collect();
    let Some(first) = fallen.first() else { return best::survivors(set) };
    let named = |fate: &Fate| list(&fate.names);
    let counted = |fate: &Fate| match fate.names.as_slice() {
        [name] => quoted(name),
        names => format!("{} variants", names.len()),
    };
    let (down, count) = (fallen.iter().map(|fate| fate.names.len()).sum::<usize>(), set.findings.len());
    let all = if down == count { format!("all {count}") } else { format!("{down} of {count}") };
    fitting([
        clauses(set, &fates, named, between),
        clauses(set, &fates, named, within),
        clauses(set, &fates, counted, between),
        clauses(set, &fates, counted, within),
        format!("{all} variants collapse, {} first", list(&first.names)),
        format!("{all} variants collapse"),
    ])
}

/// Variants that fare alike.
struct Fate<'a> {
    names: Vec<&'a str>,
    what: What<'a>,
}

/// What becomes of variants along the axis.
#[derive(Clone, Copy)]
enum What<'a> {
    /// All points are collapsed, from the first on.
    Never,
    /// They collapse.
    Collapses(&'a Collapse),
    /// They hold up to this value.
    Holds(f64),
}

impl Fate<'_> {
    fn is_fallen(&self) -> bool {
        !matches!(self.what, What::Holds(_))
    }

    /// Those that never work come first, then the first to collapse.
    fn order(&self) -> f64 {
        match self.what {
            What::Never => f64::NEG_INFINITY,
            What::Collapses(collapse) => collapse.to,
            What::Holds(_) => f64::INFINITY,
        }
    }

    fn is_like(&self, other: What) -> bool {
        match (self.what, other) {
            (What::Never, What::Never) => true,
            (What::Collapses(a), What::Collapses(b)) => a.from == b.from && a.to == b.to,
            (What::Holds(a), What::Holds(b)) => a == b,
            _ => false,
        }
    }
}

fn by_fate<'a>(set: &Set<'a>) -> Vec<Fate<'a>> {
    let mut fates: Vec<Fate> = Vec::new();
    for finding in set.findings.iter().copied() {
        let known = set.summaries(finding);
        let what = match &finding.collapse {
            Some(_) if known.len() > 1 && known.iter().all(|summary| set.is_collapsed(summary)) => What::Never,
            Some(collapse) => What::Collapses(collapse),
            None => What::Holds(finding.points.last().map_or(f64::NAN, |&point| set.x(point))),
        };
        match fates.iter_mut().find(|fate| fate.is_like(what)) {
            Some(fate) => fate.names.push(set.variant(finding)),
            None => fates.push(Fate { names: vec![set.variant(finding)], what }),
        }
    }
    fates.sort_by(|a, b| a.order().total_cmp(&b.order()));
    fates
}

/// `at 150–175 concurrent`: shorter than [`between`].
fn within(axis: &Axis, collapse: &Collapse) -> String {
    match collapse.from {
        Some(from) => format!("at {}–{}{}", value(axis, from), value(axis, collapse.to), unit(axis)),
        None => between(axis, collapse),
    }
}

/// One clause a fate; after the first collapse its verb and its unit are understood.
fn clauses(
    set: &Set,
    fates: &[Fate],
    who: impl Fn(&Fate) -> String,
    place: impl Fn(&Axis, &Collapse) -> String,
) -> String {
    let mut text = String::new();
    let mut is_verb_said = false;
    let unit = unit(set.axis);
    for fate in fates {
        let (who, is_plural) = (who(fate), fate.names.len() > 1);
        let gap = if text.is_empty() { "" } else { "; " };
        match fate.what {
            What::Never => {
                text.push_str(&format!("{gap}{who} {} everywhere", if is_plural { "fail" } else { "fails" }))
            }
            What::Holds(last) => {
                let holds = if is_plural { "hold" } else { "holds" };
                text.push_str(&format!("{gap}{who} {holds} to {}", value(set.axis, last)));
            }
            What::Collapses(collapse) => {
                let place = place(set.axis, collapse);
                if is_verb_said {
                    text.push_str(&format!(", {who} {}", place.strip_suffix(&unit).unwrap_or(&place)));
                } else {
                    let collapse = if is_plural { "collapse" } else { "collapses" };
                    text.push_str(&format!("{gap}{who} {collapse} {place}"));
                    is_verb_said = true;
                }
            }
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
    let most = format!("{holds}; at most {}/min", short(best.throughput_or_least()));
    let limit = best.saturated.as_ref().map(|resource| format!("{most}, limited by {resource}"));
    fitting(limit.into_iter().chain([most, holds]))
}
