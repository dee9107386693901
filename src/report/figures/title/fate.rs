//! Which variant stops being safe where, and which ones hold.

use super::{all_of, best, fitting, list};
use crate::experiment::condition::Condition;
use crate::experiment::design::{Axis, Direction};
use crate::experiment::finding::{self, Finding, Turn};
use crate::report::figures::set::Set;
use crate::report::paragraph::quoted;
use crate::report::turn::{be, between, place, span, stretch, value, verb};

/// `“per-request” loses capacity between 125 and 150 concurrent; “managed pool” is safe up to 250`.
pub fn fates(set: &Set) -> String {
    if let [only] = set.findings.as_slice() {
        return alone(set, only);
    }
    let fates = by_fate(set);
    let fallen: Vec<&Fate> = fates.iter().filter(|fate| fate.is_fallen()).collect();
    let Some(first) = fallen.first() else { return best::survivors(set) };
    if set.axis.direction() == Direction::Capacity {
        return enough(set, &fates);
    }
    let named = |fate: &Fate| list(&fate.names);
    let counted = |fate: &Fate| match fate.names.as_slice() {
        [name] => quoted(name),
        names => format!("{} variants", names.len()),
    };
    let (down, count) = (fallen.iter().map(|fate| fate.names.len()).sum::<usize>(), set.findings.len());
    let all = if down == count { all_of(count) } else { format!("{down} of {count}") };
    let verbs: Vec<Condition> = fallen.iter().filter_map(|fate| fate.turn().map(|turn| turn.condition)).collect();
    let common = verbs.iter().all(|verb| *verb == verbs[0]).then(|| verb(verbs[0], true));
    let what = common.map_or_else(|| "stop being safe".to_owned(), str::to_owned);
    let placed = [
        clauses(set, &fates, named, between),
        clauses(set, &fates, named, within),
        clauses(set, &fates, counted, between),
        clauses(set, &fates, counted, within),
    ];
    // Who sheds load fares better than who collapses: conditions are told apart where they differ.
    let conditions = [true, false].into_iter().filter(|_| common.is_none());
    let conditions = conditions.map(|is_named| by_condition(&fates, is_named));
    fitting(placed.into_iter().chain(conditions).chain([
        format!("{all} variants {what}, {} first", list(&first.names)),
        format!("{all} variants {what}{}", within_all(set, &fallen)),
        format!("{all} variants {what}"),
    ]))
}

/// `2 variants lose capacity; “120 in flight” sheds load`: without places, those that hold left out. Names are written
/// out, or only where a clause has but one.
fn by_condition(fates: &[Fate], is_named: bool) -> String {
    let mut groups: Vec<(Condition, Vec<&str>)> = Vec::new();
    for (fate, turn) in fates.iter().filter_map(|fate| Some((fate, fate.turn()?))) {
        match groups.iter_mut().find(|(condition, _)| *condition == turn.condition) {
            Some((_, names)) => names.extend(&fate.names),
            None => groups.push((turn.condition, fate.names.clone())),
        }
    }
    let clause = |(condition, names): &(Condition, Vec<&str>)| {
        let who = match names.as_slice() {
            [_] => list(names),
            _ if is_named => list(names),
            names => format!("{} variants", names.len()),
        };
        format!("{who} {}", verb(*condition, names.len() > 1))
    };
    groups.iter().map(clause).collect::<Vec<_>>().join("; ")
}

/// ` between 125 and 200 concurrent`: the stretch in which all of them stop being safe; nothing where one never is.
fn within_all(set: &Set, fallen: &[&Fate]) -> String {
    let turns = || fallen.iter().filter_map(|fate| fate.turn());
    let from = turns().map(|turn| turn.from).try_fold(f64::INFINITY, |least, from| Some(from?.min(least)));
    let to = turns().map(|turn| turn.to).fold(f64::NEG_INFINITY, f64::max);
    from.map_or_else(String::new, |from| format!(" {}", stretch(set.axis, from, to)))
}

/// Variants that fare alike.
struct Fate<'a> {
    names: Vec<&'a str>,
    what: What<'a>,
    /// On an axis of capacity where more does harm: the values that are enough.
    enough: Option<String>,
}

/// What becomes of variants along the axis.
#[derive(Clone, Copy)]
enum What<'a> {
    /// They stop being safe.
    Turns(&'a Turn),
    /// They are safe up to this value.
    Holds(f64),
}

impl Fate<'_> {
    fn is_fallen(&self) -> bool {
        matches!(self.what, What::Turns(_))
    }

    fn turn(&self) -> Option<&Turn> {
        match self.what {
            What::Turns(turn) => Some(turn),
            What::Holds(_) => None,
        }
    }

    /// Those that are never safe come first, then the first to stop.
    fn order(&self) -> f64 {
        match self.what {
            What::Turns(turn) if turn.from.is_none() => f64::NEG_INFINITY,
            What::Turns(turn) => turn.to,
            What::Holds(_) => f64::INFINITY,
        }
    }

    fn is_like(&self, other: What) -> bool {
        match (self.what, other) {
            (What::Turns(a), What::Turns(b)) => (a.from, a.to, a.condition) == (b.from, b.to, b.condition),
            (What::Holds(a), What::Holds(b)) => a == b,
            _ => false,
        }
    }
}

fn by_fate<'a>(set: &Set<'a>) -> Vec<Fate<'a>> {
    let mut fates: Vec<Fate> = Vec::new();
    for finding in set.findings.iter().copied() {
        let what = match &finding.turn {
            Some(turn) => What::Turns(turn),
            None => What::Holds(finding.points.last().map_or(f64::NAN, |&point| set.x(point))),
        };
        let enough = finding.is_harmed_by_more(set.axis).then(|| safe_values(set, finding));
        match fates.iter_mut().find(|fate| fate.is_like(what) && fate.enough == enough) {
            Some(fate) => fate.names.push(set.variant(finding)),
            None => fates.push(Fate { names: vec![set.variant(finding)], what, enough }),
        }
    }
    fates.sort_by(|a, b| a.order().total_cmp(&b.order()));
    fates
}

/// `4 to 8`: the values of the axis that are safe.
fn safe_values(set: &Set, finding: &Finding) -> String {
    let safe = finding.stretches.iter().filter(|stretch| stretch.is_safe);
    let texts = safe.map(|stretch| match (value(set.axis, stretch.from), value(set.axis, stretch.to)) {
        (from, to) if from == to => from,
        (from, to) => format!("{from} to {to}"),
    });
    texts.collect::<Vec<_>>().join(" and ")
}

/// `at 150–175 concurrent`: shorter than [`between`].
fn within(axis: &Axis, turn: &Turn) -> String {
    match turn.from {
        Some(from) => format!("at {}", finding::place(axis, &span(axis, from, turn.to))),
        None => between(axis, turn),
    }
}

/// One clause for each fate; a verb and a unit that were said are not repeated.
fn clauses(set: &Set, fates: &[Fate], who: impl Fn(&Fate) -> String, at: impl Fn(&Axis, &Turn) -> String) -> String {
    let mut text = String::new();
    let mut said: Option<Condition> = None;
    for fate in fates {
        let (who, is_plural) = (who(fate), fate.names.len() > 1);
        let gap = if text.is_empty() { "" } else { "; " };
        match fate.what {
            What::Holds(last) => {
                let is = if is_plural { "are" } else { "is" };
                text.push_str(&format!("{gap}{who} {is} safe up to {}", value(set.axis, last)));
            }
            What::Turns(turn) => {
                let place = at(set.axis, turn);
                if said == Some(turn.condition) {
                    text.push_str(&format!(", {who} {}", place));
                } else {
                    text.push_str(&format!("{gap}{who} {} {place}", verb(turn.condition, is_plural)));
                    said = Some(turn.condition);
                }
            }
        }
    }
    text
}

/// `“today” needs 3 pods, “async” 2`: on an axis of capacity.
fn enough(set: &Set, fates: &[Fate]) -> String {
    let clause = |fate: &Fate| {
        let who = list(&fate.names);
        let needs = if fate.names.len() > 1 { "need" } else { "needs" };
        match fate.what {
            What::Holds(_) => {
                let least = set.points().into_iter().map(|point| set.x(point)).fold(f64::INFINITY, f64::min);
                format!("{who}: {} {} enough", place(set.axis, least), be(set.axis, least))
            }
            What::Turns(turn) => match turn.from {
                _ if fate.enough.is_some() => {
                    format!("{who} {needs} {}", finding::place(set.axis, fate.enough.as_deref().unwrap_or_default()))
                }
                Some(from) => format!("{who} {needs} {}", place(set.axis, from)),
                None => format!("{who} {needs} more than {}", place(set.axis, turn.to)),
            },
        }
    };
    let clauses: Vec<String> = fates.iter().map(clause).collect();
    fitting([clauses.join("; "), clauses.first().cloned().unwrap_or_default()])
}

/// The title of a single variant.
fn alone(set: &Set, finding: &Finding) -> String {
    if let Some(turn) = &finding.turn {
        if set.axis.direction() == Direction::Capacity {
            let (axis, to) = (set.axis, turn.to);
            return match turn.from {
                _ if finding.is_harmed_by_more(set.axis) => {
                    let safe = safe_values(set, finding);
                    let (place, be) = (finding::place(axis, &safe), finding::be(axis, &safe));
                    fitting([format!("{place} {be} enough, other values are not")])
                }
                Some(from) => {
                    let enough = format!("{} {} enough", place(axis, from), be(axis, from));
                    let enough = format!("{enough}, {} {} not", value(axis, to), be(axis, to));
                    fitting([format!("{enough}: {}", turn.cause), enough])
                }
                None => fitting([format!("{} {} not enough: {}", place(axis, to), be(axis, to), turn.cause)]),
            };
        }
        let place = format!("{} {}", verb(turn.condition, false), between(set.axis, turn));
        return fitting([format!("{place}: {}", turn.cause), place]);
    }
    let summaries = set.summaries(finding);
    let (Some(best), Some(last)) = (best::best(&summaries), summaries.last()) else { return set.plan().title.clone() };
    let holds = format!("safe up to {}", place(set.axis, set.x(last.point)));
    let most = format!("{holds}; serves at most {}", set.report.rates.words(best.throughput_or_least()));
    let limit = best.saturated.as_ref().map(|resource| format!("{most}, limited by {resource}"));
    fitting(limit.into_iter().chain([most, holds]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A design that sheds load is not thrown in with those that collapse.
    #[test]
    fn conditions_are_told_apart_without_places() {
        let turn = |condition| Turn { from: None, to: 2.0, condition, resource: None, cause: String::new() };
        let (down, shed) = (turn(Condition::Collapsed), turn(Condition::Sheds));
        let fate = |names: &[&'static str], what| Fate { names: names.to_vec(), what, enough: None };
        let fates = [
            fate(&["a"], What::Turns(&down)),
            fate(&["b"], What::Turns(&down)),
            fate(&["limit"], What::Turns(&shed)),
            fate(&["c"], What::Holds(6.0)),
        ];
        assert_eq!(by_condition(&fates, true), "“a” and “b” collapse; “limit” sheds load");
        assert_eq!(by_condition(&fates, false), "2 variants collapse; “limit” sheds load");
    }
}
