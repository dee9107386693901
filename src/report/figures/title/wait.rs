//! How long a request takes.

use super::{fates, fitting, list};
use crate::experiment::analyse::finding::{Finding, places};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan;
use crate::language::Metric;
use crate::report::figures::set::Set;
use crate::report::number::seconds;
use crate::report::paragraph::quoted;
use crate::report::turn::{place, value};

/// `p95 at 150 concurrent: managed pool 9 s, per-request 17 s`.
pub fn response(set: &Set) -> String {
    if let [only] = set.findings.as_slice() {
        return alone(set, only);
    }
    let Some(LastSafe { x, mut times, safe }) = last_safe(set) else { return fates(set) };
    times.sort_by(|a, b| a.1.total_cmp(&b.1));
    let place = format!("{} at {}", percentile(set).short(), place(set.axis, x));
    let (Some((best, low)), Some((worst, high))) = (times.first(), times.last()) else { return fates(set) };
    let (count, all) = (times.len(), set.findings.len());
    // A sentence about all variants must be true of each.
    let which = match safe {
        _ if count == all && count == 2 => "both variants".to_owned(),
        _ if count == all => "all variants".into(),
        true => format!("the {count} of {all} variants that are safe there"),
        false => format!("{count} of {all} variants"),
    };
    if times.len() > 1 && *high < low * 1.03 {
        return fitting([format!("{place} is about {} in {which}", seconds(*high))]);
    }
    let of = if count == all { String::new() } else { format!(" in {which}") };
    // Those that read alike share their time.
    let mut alike: Vec<(Vec<&str>, String)> = Vec::new();
    for (name, time) in &times {
        match alike.last_mut().filter(|(_, text)| *text == seconds(*time)) {
            Some((names, _)) => names.push(name),
            None => alike.push((vec![name], seconds(*time))),
        }
    }
    let all: Vec<String> = alike.iter().map(|(names, time)| format!("{} {time}", list(names))).collect();
    let growing: Vec<&str> = growing(set, x);
    let without_end = format!("{place}: {}; the queue of {} grows without bound", all.join(", "), list(&growing));
    fitting([
        if growing.is_empty() { format!("{place}: {}", all.join(", ")) } else { without_end },
        format!("{place}: {}", all.join(", ")),
        format!("{place}: from {} ({}) to {} ({}){of}", seconds(*low), quoted(best), seconds(*high), quoted(worst)),
        format!("{place}: from {} to {}{of}", seconds(*low), seconds(*high)),
    ])
}

/// The variants whose queue grows without bound at a value.
fn growing<'a>(set: &Set<'a>, x: f64) -> Vec<&'a str> {
    let grows = |finding: &&&Finding| {
        set.summaries(finding).iter().any(|summary| set.x(summary.point) == x && set.grows(summary, percentile(set)))
    };
    set.findings.iter().filter(grows).map(|finding| set.variant(finding)).collect()
}

/// The percentile that the objectives name.
fn percentile(set: &Set) -> Metric {
    plan::percentile(&set.plan().objectives)
}

/// A value of the axis, and percentiles there.
struct LastSafe<'a> {
    x: f64,
    /// Those of the variants that are safe somewhere; of all where none is.
    times: Vec<(&'a str, f64)>,
    /// Whether each of these is safe at this value.
    safe: bool,
}

/// The last value at which no variant has collapsed, and each one's percentile there. Variants that never work are
/// not waited for; where there is no such value it is the last at all.
fn last_safe<'a>(set: &Set<'a>) -> Option<LastSafe<'a>> {
    let at = |x: f64| -> Vec<(&str, &Summary)> {
        let here = |finding: &Finding| {
            let point = finding.points.iter().copied().find(|&point| set.x(point) == x);
            point.and_then(|point| set.report.summary(point))
        };
        set.findings.iter().filter_map(|finding| Some((set.variant(finding), here(finding)?))).collect()
    };
    let works = |finding: &&&Finding| set.summaries(finding).iter().any(|summary| set.is_safe(summary));
    let working: Vec<&str> = set.findings.iter().filter(works).map(|finding| set.variant(finding)).collect();
    let mut values: Vec<f64> = set.points().into_iter().map(|point| set.x(point)).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let is_safe = |&&x: &&f64| {
        let here = at(x);
        let is_well = |name: &&str| here.iter().any(|(other, summary)| other == name && set.is_safe(summary));
        working.iter().all(is_well)
    };
    let common = values.iter().rev().find(is_safe).filter(|_| !working.is_empty());
    let (x, safe) = (common.or(values.last()).copied()?, common.is_some());
    let times = at(x)
        .into_iter()
        .filter(|(name, _)| working.is_empty() || working.contains(name))
        .filter_map(|(name, summary)| Some((name, summary.metric(percentile(set))?.estimate)));
    let times: Vec<(&str, f64)> = times.collect();
    (!times.is_empty()).then_some(LastSafe { x, times, safe })
}

/// The title of a single variant: how the time grows while all is well.
fn alone(set: &Set, finding: &Finding) -> String {
    let summaries = set.summaries(finding);
    let safe = summaries.iter().take_while(|summary| set.is_safe(summary));
    let known: Vec<(f64, f64)> =
        safe.filter_map(|summary| Some((set.x(summary.point), summary.metric(percentile(set))?.estimate))).collect();
    let (Some((from, first)), Some((to, last))) = (known.first(), known.last()) else { return fates(set) };
    let at = |x: f64| place(set.axis, x);
    let name = percentile(set).short();
    let growth = if known.len() == 1 {
        format!("{name} is {} at {}", seconds(*last), at(*to))
    } else if known.iter().all(|(_, time)| seconds(*time) == seconds(*last)) {
        format!("{name} is {} at {}", seconds(*last), places(set.axis, [(*from, *to)]))
    } else if *last < first * 1.25 && *last > first * 0.8 {
        format!("{name} stays near {} at {}", seconds(*last), places(set.axis, [(*from, *to)]))
    } else {
        format!(
            "{name} goes from {} at {} to {} at {}",
            seconds(*first),
            value(set.axis, *from),
            seconds(*last),
            at(*to)
        )
    };
    let grows = summaries.iter().any(|summary| set.grows(summary, percentile(set)));
    let beyond = match &finding.turn {
        _ if grows => "; beyond it the queue grows without bound",
        Some(_) => ", the last safe value",
        None => "",
    };
    fitting([format!("{growth}{beyond}"), growth])
}
