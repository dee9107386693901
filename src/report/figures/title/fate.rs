//! Which variant stops being safe where, and which ones hold.

use super::alone::alone;
use super::values::{Held, none_is_enough, safe_values};
use super::{MOST, all_of, best, fitting, fitting_in, list};
use crate::experiment::analyse::finding::{Fall, More, Turn, falls};
use crate::experiment::plan::Direction;
use crate::report::figures::set::Set;
use crate::report::paragraph::quoted;
use crate::report::turn::{Place, be, place, stretch, value, verb_of};

/// `“per-request” loses capacity between 125 and 150 concurrent; “managed pool” is safe up to 250`.
pub fn fates(set: &Set) -> String {
    fates_in(MOST, set)
}

/// The same with room for each variant's place.
pub fn fates_at_length(set: &Set) -> String {
    fates_in(AT_LENGTH, set)
}

/// Characters that a sentence on a page may have.
const AT_LENGTH: usize = 320;

fn fates_in(most: usize, set: &Set) -> String {
    if let [only] = set.findings.as_slice() {
        return alone(set, only);
    }
    let fates = by_fate(set);
    let fallen: Vec<&Fate> = fates.iter().filter(|fate| fate.is_fallen()).collect();
    let is_all_safe =
        |fate: &Fate| fate.fall.is_none() && matches!(&fate.what, What::Holds(held) if held.doubtful.is_none());
    if fates.iter().all(is_all_safe) {
        let whole = set.whole();
        return match whole.findings.as_slice() {
            [only] => alone(&whole, only),
            _ => best::survivors(&whole),
        };
    }
    if fallen.is_empty() {
        return fitting([clauses(set, &fates, |fate| list(&fate.names), Place::Between)]);
    }
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
    let turns = || fallen.iter().filter_map(|fate| fate.turn());
    let common = |place: Place| {
        let mut verbs = turns().map(|turn| place.verb(turn, true));
        verbs.next().filter(|first| verbs.all(|verb| verb == *first))
    };
    let (are_alike, what) = (common(Place::Value).is_some(), common(Place::Value).unwrap_or("stop being safe"));
    let begin = common(Place::Between).unwrap_or("stop being safe");
    let placed = [
        clauses(set, &fates, named, Place::Between),
        clauses(set, &fates, named, Place::Value),
        clauses(set, &fates, counted, Place::Between),
        clauses(set, &fates, counted, Place::Value),
    ];
    // Who sheds load fares better than who collapses: conditions are told apart where they differ.
    let conditions = [true, false].into_iter().filter(|_| !are_alike);
    let conditions = conditions.map(|is_named| by_condition(&fates, is_named));
    let together = [
        Some(format!("{all} variants {what}{}", first_of(&fallen))),
        within_all(set, &fallen).map(|stretch| format!("{all} variants {begin} {stretch}")),
        Some(format!("{all} variants {what}")),
    ];
    fitting_in(most, placed.into_iter().chain(conditions).chain(together.into_iter().flatten()))
}

/// `, “per-request” first`: the variants that stop being safe before the others do; nothing where all do at once.
fn first_of(fallen: &[&Fate]) -> String {
    let earliest = fallen.first().map_or(f64::INFINITY, |fate| fate.order());
    let (first, later): (Vec<&Fate>, Vec<&Fate>) = fallen.iter().partition(|fate| fate.order() <= earliest);
    let names: Vec<&str> = first.iter().flat_map(|fate| fate.names.iter().copied()).collect();
    if later.is_empty() { String::new() } else { format!(", {} first", list(&names)) }
}

/// `2 variants lose capacity; “120 in flight” sheds load; “60 in flight” stays safe`: without places. Names are written out, or
/// only where a clause has but one.
fn by_condition(fates: &[Fate], is_named: bool) -> String {
    let mut groups: Vec<(&Turn, Vec<&str>)> = Vec::new();
    for (fate, turn) in fates.iter().filter_map(|fate| Some((fate, fate.turn()?))) {
        match groups.iter_mut().find(|(known, _)| verb_of(known, true) == verb_of(turn, true)) {
            Some((_, names)) => names.extend(&fate.names),
            None => groups.push((turn, fate.names.clone())),
        }
    }
    let who = |names: &[&str]| match names {
        names if is_named || names.len() == 1 => list(names),
        names => format!("{} variants", names.len()),
    };
    let clause = |(turn, names): &(&Turn, Vec<&str>)| format!("{} {}", who(names), verb_of(turn, names.len() > 1));
    let is_safe = |fate: &&Fate| matches!(&fate.what, What::Holds(held) if held.doubtful.is_none());
    let safe: Vec<&str> = fates.iter().filter(is_safe).flat_map(|fate| fate.names.clone()).collect();
    let stay = if safe.len() == 1 { "stays" } else { "stay" };
    let safe = (!safe.is_empty()).then(|| format!("{} {stay} safe", who(&safe)));
    groups.iter().map(clause).chain(safe).collect::<Vec<_>>().join("; ")
}

/// `between 125 and 200 concurrent`: the stretch in which all of them stop being safe; none where one never is.
fn within_all(set: &Set, fallen: &[&Fate]) -> Option<String> {
    let turns = || fallen.iter().filter_map(|fate| fate.turn());
    let from = turns().map(|turn| turn.from).try_fold(f64::INFINITY, |least, from| Some(from?.min(least)));
    let to = turns().map(|turn| turn.to).fold(f64::NEG_INFINITY, f64::max);
    from.map(|from| stretch(set.axis, from, to))
}

/// Variants that fare alike.
struct Fate<'a> {
    names: Vec<&'a str>,
    what: What<'a>,
    /// Where "up to" does not say which values are safe: the values that are, what they are called once; empty where none
    /// is.
    safe: Option<String>,
    /// Where throughput falls although the objectives are met.
    fall: Option<Fall>,
}

/// What becomes of variants along the axis.
#[derive(Clone, Copy)]
enum What<'a> {
    /// They stop being safe.
    Turns(&'a Turn),
    /// No value is known not to be safe.
    Holds(Held),
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
            What::Turns(turn) if turn.from.is_none() && turn.is_lightest => f64::NEG_INFINITY,
            What::Turns(turn) => turn.to,
            What::Holds(_) => f64::INFINITY,
        }
    }

    fn is_like(&self, other: What) -> bool {
        match (self.what, other) {
            (What::Turns(a), What::Turns(b)) => {
                (a.from, a.to, a.condition, a.more) == (b.from, b.to, b.condition, b.more)
            }
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
            None => What::Holds(Held::of(set, finding)),
        };
        let safe = safe_values(set, finding);
        let fall = finding.fall;
        match fates.iter_mut().find(|fate| fate.is_like(what) && fate.safe == safe && fate.fall == fall) {
            Some(fate) => fate.names.push(set.variant(finding)),
            None => fates.push(Fate { names: vec![set.variant(finding)], what, safe, fall }),
        }
    }
    fates.sort_by(|a, b| a.order().total_cmp(&b.order()));
    fates
}

/// One clause for each fate; a verb and a unit that were said are not repeated.
fn clauses(set: &Set, fates: &[Fate], who: impl Fn(&Fate) -> String, at: Place) -> String {
    let mut text = String::new();
    let mut said: Option<&str> = None;
    for fate in fates {
        let (who, is_plural) = (who(fate), fate.names.len() > 1);
        let is = if is_plural { "are" } else { "is" };
        let gap = if text.is_empty() { "" } else { "; " };
        if let Some(safe) = &fate.safe {
            said = None;
            text.push_str(&match safe.as_str() {
                "" => format!("{gap}{who} {is} not safe at any value"),
                safe => format!("{gap}{who} {is} safe at {safe} only"),
            });
            continue;
        }
        if let Some(fall) = &fate.fall {
            let falls = falls(fall, set.axis, set.report.rates);
            text.push_str(&format!("{gap}{who}: {falls}"));
            said = None;
            if let What::Turns(turn) = fate.what {
                text.push_str(&format!(", {} {}", turn.condition.word(), Place::Value.words(set.axis, turn)));
            }
            continue;
        }
        match fate.what {
            What::Holds(held) => {
                let all = |last: f64| match set.axis.direction() {
                    Direction::Neither => "safe at every value".into(),
                    Direction::Load | Direction::Capacity => format!("safe up to {}", value(set.axis, last)),
                };
                text.push_str(&format!("{gap}{who} {is} {}", held.words(set.axis, all)));
            }
            What::Turns(turn) => {
                let place = at.words(set.axis, turn);
                if said == Some(at.verb(turn, true)) {
                    text.push_str(&format!(", {who} {place}"));
                } else {
                    text.push_str(&format!("{gap}{who} {} {place}", at.verb(turn, is_plural)));
                    said = Some(at.verb(turn, true));
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
            What::Holds(held) => {
                let least = set.points().into_iter().map(|point| set.x(point)).fold(f64::INFINITY, f64::min);
                let all = |_: f64| format!("{} {} enough", place(set.axis, least), be(set.axis, least));
                format!("{who}: {}", held.words(set.axis, all))
            }
            What::Turns(turn) => match turn.from {
                _ if fate.safe.is_some() => format!("{who} {needs} {}", fate.safe.as_deref().unwrap_or_default()),
                Some(from) => format!("{who} {needs} {}", place(set.axis, from)),
                None => match turn.more {
                    More::Helps => format!("{who} {needs} more than {}", place(set.axis, turn.to)),
                    more => format!("{who}: {}", none_is_enough(set, turn, more)),
                },
            },
        }
    };
    let clauses: Vec<String> = fates.iter().map(clause).collect();
    fitting([clauses.join("; "), clauses.first().cloned().unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::analyse::condition::Condition;

    /// A design that sheds load is not thrown in with those that collapse.
    #[test]
    fn conditions_are_told_apart_without_places() {
        let turn = |condition| Turn {
            from: None,
            to: 2.0,
            is_lightest: true,
            condition,
            is_timed: true,
            more: More::Unclear,
            resource: None,
            name: None,
            cause: String::new(),
        };
        let (down, shed) = (turn(Condition::Collapsed), turn(Condition::Sheds));
        let fate = |names: &[&'static str], what| Fate { names: names.to_vec(), what, safe: None, fall: None };
        let fates = [
            fate(&["a"], What::Turns(&down)),
            fate(&["b"], What::Turns(&down)),
            fate(&["limit"], What::Turns(&shed)),
            fate(&["c"], What::Holds(Held { to: Some(6.0), doubtful: None })),
        ];
        assert_eq!(by_condition(&fates, true), "“a” and “b” collapse; “limit” sheds load; “c” stays safe");
        assert_eq!(by_condition(&fates, false), "2 variants collapse; “limit” sheds load; “c” stays safe");
        let (first, second) = (fate(&["a", "b"], What::Turns(&down)), fate(&["limit"], What::Turns(&shed)));
        assert_eq!(first_of(&[&first, &second]), "", "all of them at the same value");
    }
}
