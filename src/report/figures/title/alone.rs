//! The title of a single variant.

use super::values::{Held, least_is_enough, none_is_enough, safe_values};
use super::{best, fitting};
use crate::experiment::analyse::condition::Condition;
use crate::experiment::analyse::culprit::named;
use crate::experiment::analyse::finding::{Finding, Turn, falls, places};
use crate::experiment::plan::{Axis, Direction};
use crate::metric::Metric;
use crate::report::figures::set::Set;
use crate::report::turn::{Place, be, place, value};

/// The title: what the findings say first.
pub(super) fn alone(set: &Set, finding: &Finding) -> String {
    if let Some(turn) = &finding.turn {
        return match set.axis.direction() {
            Direction::Capacity => is_enough(set, finding, turn),
            _ => match safe_values(set, finding) {
                Some(safe) if safe.is_empty() => nowhere(set.axis, finding),
                Some(safe) => elsewhere(set.axis, finding, &safe),
                None if is_never_safe(set, finding, turn) => nowhere(set.axis, finding),
                None => turns(set, finding, turn),
            },
        };
    }
    let summaries = set.summaries(finding);
    let known: Vec<_> = summaries.iter().copied().filter(|summary| set.report.state(summary.point).is_some()).collect();
    let best = best::best(if known.is_empty() { &summaries } else { &known });
    let (Some(best), Some(last)) = (best, summaries.last()) else { return set.plan().title.clone() };
    let last = set.x(last.point);
    if let Some(fall) = &finding.fall {
        let falls = falls(fall, set.axis, set.report.rates);
        return fitting([format!("{falls}; the objectives are met up to {}", value(set.axis, last)), falls]);
    }
    let first = set.x(summaries[0].point);
    let held = Held::of(set, finding);
    let holds = held.words(set.axis, |last| match set.axis.direction() {
        Direction::Load => format!("safe up to {}", place(set.axis, last)),
        Direction::Capacity => least_is_enough(set.axis, first, last),
        Direction::Neither => format!("safe at {}", places(set.axis, [(first, last)])),
    });
    // More may be served where it is not known whether that is safe.
    if held.doubtful.is_some() {
        return fitting([holds]);
    }
    let rates = set.report.rates;
    // A heavier load may be served as well.
    let is_last = set.axis.direction() == Direction::Load && set.x(best.point) == last;
    let most = match best.means(Metric::ThroughputPerMin).map(|means| means.words(|rate| rates.words(rate))) {
        Some(served) if is_last => format!("{holds}, where it serves {served}"),
        Some(served) => format!("{holds}; serves at most {served}"),
        None => holds.clone(),
    };
    let limit = best.saturated.as_ref().map(|resource| format!("{most}, limited by {}", named(resource)));
    fitting(limit.into_iter().chain([most, holds]))
}

/// Whether no value of an axis of load is safe, none is in doubt, and heavier loads do better than the lightest.
fn is_never_safe(set: &Set, finding: &Finding, turn: &Turn) -> bool {
    let is_judged = |&point: &usize| set.report.state(point).is_some();
    turn.from.is_none() && !turn.is_lightest && finding.points.iter().all(is_judged)
}

/// Where a single variant stops being safe, and what is worse beyond.
fn turns(set: &Set, finding: &Finding, turn: &Turn) -> String {
    let place = format!("{} {}", Place::Between.verb(turn, false), Place::Between.words(set.axis, turn));
    let worse = finding.failing.iter().find(|later| later.from > turn.to && later.condition < turn.condition);
    let worse = worse.map(|later| format!("{place}, {} at {}", later.word(), value(set.axis, later.from)));
    let both = worse.iter().map(|worse| format!("{worse}: {}", turn.cause));
    let without = [format!("{place}: {}", turn.cause), place.clone()];
    let all = both.chain(worse.clone()).chain(without);
    match &finding.fall {
        None => fitting(all),
        Some(fall) => {
            let falls = falls(fall, set.axis, set.report.rates);
            let to = Place::Value.words(set.axis, turn);
            fitting([format!("{falls}, {} {to}", turn.condition.word()), falls])
        }
    }
}

/// How much capacity is enough for a single variant.
fn is_enough(set: &Set, finding: &Finding, turn: &Turn) -> String {
    let (axis, to) = (set.axis, turn.to);
    match (safe_values(set, finding), turn.from) {
        (Some(safe), _) => {
            let be = if safe.contains(" = ") { "is" } else { "are" };
            fitting([format!("{safe} {be} enough, other values are not")])
        }
        (None, Some(from)) => {
            let enough = format!("{} {} enough", place(axis, from), be(axis, from));
            let enough = format!("{enough}, {} {} not", value(axis, to), be(axis, to));
            fitting([format!("{enough}: {}", turn.cause), enough])
        }
        (None, None) => {
            let not = none_is_enough(set, turn, turn.more);
            fitting([format!("{not}: {}", turn.cause), not])
        }
    }
}

/// `Safe at 10s to 100s, not at 1s: a takes most of the time`: on an axis that is neither load nor capacity.
fn elsewhere(axis: &Axis, finding: &Finding, safe: &str) -> String {
    let not = finding.stretches.iter().filter(|stretch| !stretch.is_safe);
    let not = places(axis, not.map(|stretch| (stretch.from, stretch.to)));
    let not = not.rsplit_once(" = ").map_or(not.as_str(), |(_, values)| values);
    let worst = finding.failing.iter().min_by_key(|run| run.condition);
    let (whole, worst) = (format!("safe at {safe}, not at {not}"), worst.map(|worst| worst.cause.as_str()));
    fitting(worst.map(|cause| format!("{whole}: {cause}")).into_iter().chain([whole]))
}

/// `Sheds load at x = 1 to 9, unstable at 20 to 100: no value is safe`.
fn nowhere(axis: &Axis, finding: &Finding) -> String {
    let mut clauses: Vec<String> = Vec::new();
    let mut known: Vec<Condition> = Vec::new();
    for run in &finding.failing {
        if known.contains(&run.condition) {
            continue;
        }
        known.push(run.condition);
        let alike = finding.failing.iter().filter(|other| other.condition == run.condition);
        let named = places(axis, alike.map(|run| (run.from, run.to)));
        let bare = named.rsplit_once(" = ").map_or(named.as_str(), |(_, values)| values);
        clauses.push(format!("{} at {}", run.word(), if clauses.is_empty() { &named } else { bare }));
    }
    let worst = finding.failing.iter().min_by_key(|run| run.condition);
    let worst = worst.map_or_else(String::new, |worst| {
        format!("no value is safe; {} at {}", worst.word(), places(axis, [(worst.from, worst.to)]))
    });
    let cause = finding.failing.first().filter(|_| clauses.len() == 1).map(|run| &run.cause);
    let all = format!("no value is safe: {}", clauses.join(", "));
    fitting(cause.map(|cause| format!("{all}: {cause}")).into_iter().chain([all, worst]))
}
