//! Where the time of a group of requests (in a picture the 95th percentile) goes at each point, as stacked bars.

use super::method;
use super::set::{self, Set};
use super::title::{all_of, fitting};
use crate::experiment::analyse;
use crate::experiment::analyse::blame::{Share, shares};
use crate::experiment::analyse::finding::{self, Finding};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::Direction;
use crate::language::Metric;
use crate::parts::{BlameGroup, BlamePlace};
use crate::report::blame::words;
use crate::report::chart::{Stack, StackFigure, StackGroup};
use crate::report::number::seconds;
use crate::report::paragraph::quoted;
use crate::report::whole::Report;

/// Parts that have a colour of their own; the others are one more.
const MOST_PARTS: usize = 7;

/// Share of the longest bar below which a part is among the others everywhere: it would hardly be seen.
const LEAST: f64 = 0.02;

/// Share of the longest bar from which the others can be seen at all.
const SEEN: f64 = 0.002;

/// Share of the longest bar below which the parts of a bar cannot be seen: words say where most of its time goes.
const SHORT: f64 = 0.04;

/// Share of the requests that succeed below which a bar of successes gives that share.
const NEARLY_ALL: f64 = 0.9;

/// Bars that one figure has room for on a slide, where each heading of a variant takes the room of a bar and a half.
const MOST_BARS: usize = 26;

/// Variants that one figure has room for.
const MOST_GROUPS: usize = 10;

/// One group of bars a variant, one bar a value of the first axis; none where nothing is known. Where there are many of
/// both, each variant has the bars that tell most.
pub(in crate::report) fn of_set(set: &Set, of: BlameGroup) -> Option<StackFigure> {
    let shown = &set.findings[..set.findings.len().min(MOST_GROUPS)];
    let is_one = set.findings.len() == 1;
    let headings = if is_one { 0 } else { shown.len() * 3 / 2 };
    let most = (MOST_BARS.saturating_sub(headings) / shown.len().max(1)).max(1);
    let group = |finding: &&Finding| {
        let bar = |point: usize| {
            let at = set.plan().points[point].at.first();
            let text = at.map_or_else(String::new, |&at| set.axis.values[at].text.clone());
            (text, set.report.summary(point))
        };
        let label = if is_one { String::new() } else { set.variant(finding).to_owned() };
        (label, Some(finding.variant), telling(set, finding, most).into_iter().map(bar).collect())
    };
    let groups = shown.iter().map(group).collect();
    let is_capacity = set.axis.direction() == Direction::Capacity;
    let along: Along = (&|at| finding::place(set.axis, at), is_capacity);
    let mut figure = figure(of, groups, Some(along), &set.plan().title)?;
    if set.findings.iter().any(|finding| finding.points.len() > most) {
        let which = ["the last healthy value", "the first that is not", "the last with successes", "the first"];
        // Two of these may be one value, which makes room for the next.
        let which = which.join(", ");
        let others = if most > 4 { " and some others" } else { "" };
        figure.note = format!("Of each variant at most {most} of {which}{others}. {}", figure.note);
    }
    if shown.len() < set.findings.len() {
        figure.note = format!("The first {} of {} variants. {}", shown.len(), set.findings.len(), figure.note);
    }
    let subtitle = method::subtitle(set.report, &set.points(), &set.place);
    let subtitle = format!("{}. {subtitle}", about(of));
    Some(StackFigure { subtitle, rows: set.label(), ..figure })
}

/// The points of a curve that tell most, `most` at most, in the order of the axis: the last healthy one, the first that
/// is not, the last with successes, the first, and the others from the last down.
fn telling(set: &Set, finding: &Finding, most: usize) -> Vec<usize> {
    let mut points = finding.points.clone();
    points.sort_by(|&a, &b| set.x(a).total_cmp(&set.x(b)));
    let has_blame = |&&point: &&usize| !of_group(BlameGroup::P95, set.report.summary(point)).is_empty();
    let is_safe = |point: usize| set.report.is_safe(point);
    let mut known: Vec<usize> = points.iter().filter(has_blame).copied().collect();
    if known.is_empty() {
        known.clone_from(&points);
    }
    // On an axis of capacity the heavy end is the first.
    if set.axis.direction() == Direction::Capacity {
        known.reverse();
    }
    let turned = known.iter().position(|&point| !is_safe(point)).unwrap_or(known.len());
    let ends = [turned.checked_sub(1), Some(turned), known.len().checked_sub(1), Some(0)];
    let mut chosen: Vec<usize> = Vec::new();
    for index in ends.into_iter().flatten().chain((0..known.len()).rev()) {
        if let Some(&point) = known.get(index)
            && !chosen.contains(&point)
            && chosen.len() < most
        {
            chosen.push(point);
        }
    }
    if points.len() <= most {
        return points;
    }
    points.retain(|point| chosen.contains(point));
    points
}

/// One bar a point.
pub(in crate::report) fn of_points(report: &Report, of: BlameGroup) -> Option<StackFigure> {
    let bars = set::named(report).into_iter().map(|(label, summary)| (label, Some(summary))).collect();
    let all: Vec<usize> = (0..report.plan.points.len()).collect();
    let figure = figure(of, vec![(String::new(), None, bars)], None, &report.plan.title)?;
    let subtitle = format!("{}. {}", about(of), method::subtitle(report, &all, ""));
    Some(StackFigure { subtitle, ..figure })
}

type Bars<'a> = Vec<(String, Option<&'a Summary>)>;

/// A bar's name, its point, and where the time of that goes.
type Measured<'a> = (String, Option<&'a Summary>, Vec<Share<'a>>);

/// A group of bars: its name, the variant that it is of, the bars.
type Grouped<'a> = (String, Option<usize>, Bars<'a>);

/// Where the time of the group goes; nothing where response times grow with the length of the run, so that those of the
/// requests that end within it say little.
fn of_group(of: BlameGroup, summary: Option<&Summary>) -> Vec<Share<'_>> {
    let blame =
        summary.filter(|summary| !summary.growth.spoils(Metric::MeanS)).and_then(|summary| summary.blame.as_ref());
    blame.map(|blame| shares(blame, of)).unwrap_or_default()
}

/// The words for a value of the axis, and whether its light end is the last, as on an axis of capacity.
type Along<'a> = (&'a dyn Fn(&str) -> String, bool);

fn figure(of: BlameGroup, groups: Vec<Grouped>, along: Option<Along>, title: &str) -> Option<StackFigure> {
    let variants: Vec<Option<usize>> = groups.iter().map(|(_, variant, _)| *variant).collect();
    let all: Vec<(String, Vec<Measured>)> = groups
        .into_iter()
        .map(|(label, _, bars)| {
            let bars = bars.into_iter().map(|(label, summary)| (label, summary, of_group(of, summary)));
            (label, bars.collect())
        })
        .collect();
    let all_shares = || all.iter().flat_map(|(_, bars)| bars).map(|(_, _, shares)| shares);
    let longest = all_shares().map(|shares| shares.iter().map(|share| share.seconds).sum::<f64>()).fold(0.0, f64::max);
    // The parts that are widest anywhere, by their length over all bars. Places of one name are one part: variants may
    // differ in what a place is made of.
    let is_same =
        |place: &BlamePlace, served: bool, share: &Share| (&place.name, served) == (&share.place.name, share.served);
    let mut parts: Vec<(&BlamePlace, bool, f64, f64)> = Vec::new();
    for share in all_shares().flatten() {
        let length = share.seconds / longest;
        match parts.iter_mut().find(|part| is_same(part.0, part.1, share)) {
            Some(part) => (part.2, part.3) = (part.2.max(length), part.3 + length),
            None => parts.push((share.place, share.served, length, length)),
        }
    }
    parts.retain(|part| part.2 >= LEAST);
    if parts.is_empty() {
        return None;
    }
    parts.sort_by(|a, b| b.3.total_cmp(&a.3).then_with(|| a.0.name.cmp(&b.0.name)));
    parts.truncate(MOST_PARTS);
    let (unit, scale) = if longest < 1.0 { ("ms", 1e3) } else { ("s", 1.0) };
    let bar = |label: &str, summary: Option<&Summary>, shares: &[Share]| {
        let named = parts.iter().map(|part| {
            let same = shares.iter().filter(|share| is_same(part.0, part.1, share));
            same.map(|share| share.seconds).sum::<f64>()
        });
        let mut amounts: Vec<f64> = named.collect();
        let whole: f64 = shares.iter().map(|share| share.seconds).sum();
        amounts.push((whole - amounts.iter().sum::<f64>()).max(0.0));
        amounts.iter_mut().for_each(|amount| *amount *= scale);
        let why = match summary {
            None => "no figures",
            Some(summary) if summary.growth.spoils(Metric::MeanS) => "unstable: response times grow",
            Some(_) => "no request succeeds",
        };
        let (amounts, remark) = match shares.is_empty() {
            true => (Vec::new(), why.into()),
            false => (amounts, sum(shares, whole, longest) + &survivors(of, summary)),
        };
        Stack { label: label.into(), amounts, remark, of: summary.map(|summary| summary.point) }
    };
    let mut left = MOST_BARS;
    let groups: Vec<StackGroup> = all
        .iter()
        .zip(variants)
        .map(|((label, bars), variant)| {
            let shown = bars.len().min(left);
            left -= shown;
            let bars = bars[..shown].iter().map(|(label, summary, shares)| bar(label, *summary, shares));
            StackGroup { label: label.clone(), bars: bars.collect(), variant }
        })
        .filter(|group| !group.bars.is_empty())
        .collect();
    let mut names: Vec<String> = parts.iter().map(|&(place, served, ..)| words(place, served)).collect();
    let seen = longest * scale * SEEN;
    let others = groups.iter().flat_map(|group| &group.bars).any(|bar| bar.amounts.last().is_some_and(|&it| it > seen));
    if others {
        names.push("other".into());
    }
    let rest = others.then(|| names.len() - 1);
    let total: usize = all.iter().map(|(_, bars)| bars.len()).sum();
    let mut note = "All replications together.".to_owned();
    if total > MOST_BARS {
        note = format!("The first {MOST_BARS} of {total} points. {note}");
    }
    Some(StackFigure {
        title: headline(of, &all, along).unwrap_or_else(|| title.into()),
        x: format!("mean time ({unit})"),
        parts: names,
        rest,
        groups,
        note,
        ..StackFigure::default()
    })
}

/// What a bar is: a mean of requests, of a percentile those around it, so that it is near the percentile and not the same.
fn about(of: BlameGroup) -> String {
    match of {
        BlameGroup::Mean => "Mean of the requests that succeed".into(),
        BlameGroup::Failed => "Mean of the requests that fail".into(),
        _ => format!("Mean of the requests around {}: near the {} of the table, not equal to it", of.name(), of.name()),
    }
}

/// `24 s`; of a bar that is too short to be seen also where most of it goes: `6 ms, 33 % of it waiting for gateway CPU`.
fn sum(shares: &[Share], whole: f64, longest: f64) -> String {
    let first = shares.first().filter(|_| whole < SHORT * longest);
    let most = first.map(|it| format!(", {:.0} % of it {}", it.share * 100.0, words(it.place, it.served)));
    seconds(whole) + &most.unwrap_or_default()
}

/// ` (7 % succeed)`: a bar of a few successes may be short although the system is overloaded. Nothing where nearly all succeed.
fn survivors(of: BlameGroup, summary: Option<&Summary>) -> String {
    let success = summary.filter(|_| of != BlameGroup::Failed).map_or(1.0, |summary| summary.success_rate.estimate);
    if success >= NEARLY_ALL { String::new() } else { format!(" ({} succeed)", analyse::words::percent(success)) }
}

/// `44 % of p95 at 150 concurrent is spent waiting for killbill CPU`: of the heaviest bar of each group that has data
/// (the last; on an axis of capacity the first), or of any bar where they have nothing to do with each other (`along` is
/// none), the one where most time goes to one place.
fn headline(of: BlameGroup, all: &[(String, Vec<Measured>)], along: Option<Along>) -> Option<String> {
    let p95 = of.name();
    let (place, is_first) = (along.map(|along| along.0), along.is_some_and(|along| along.1));
    let told = |(label, _, shares): &Measured| -> Option<Told> {
        let first = shares.first()?;
        let seconds = first.seconds;
        let at = place.map_or_else(|| quoted(label), |place| place(label));
        Some(Told { at, what: spent(first.place, first.served), share: first.share, seconds })
    };
    let most = |bars: &[Measured]| bars.iter().filter_map(told).max_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let last = |bars: &[Measured]| match is_first {
        true => bars.iter().find_map(told),
        false => bars.iter().rev().find_map(told),
    };
    if place.is_none() {
        let (_, bars) = all.first()?;
        let it = most(bars)?;
        let told: Vec<Told> = bars.iter().filter_map(told).collect();
        if told.len() > 1 && told.iter().all(|other| other.what == it.what) {
            return Some(fitting([format!("in {} {} of the {p95} {}", all_of(told.len()), range(&told), it.what)]));
        }
        let of = if bars.len() == 1 { String::new() } else { format!(" of {}", it.at) };
        return Some(fitting([format!("{} of the {p95}{of} {}", percent(it.share), it.what)]));
    }
    let lasts: Vec<(&str, Told)> = all.iter().filter_map(|(name, bars)| Some((name.as_str(), last(bars)?))).collect();
    let (_, first) = lasts.first()?;
    if lasts.len() == 1 {
        return Some(fitting([format!("{} of the {p95} at {} {}", percent(first.share), first.at, first.what)]));
    }
    if lasts.iter().all(|(_, other)| other.what == first.what) {
        let range = range(lasts.iter().map(|(_, it)| it));
        let is_one_place = lasts.iter().all(|(_, other)| other.at == first.at);
        let at = match (is_one_place, is_first) {
            (true, _) => format!("at {}", first.at),
            (false, false) => "at the last value with successes".into(),
            (false, true) => "at the first value with successes".into(),
        };
        return Some(fitting([
            format!("in all variants {range} of the {p95} {at} {}", first.what),
            format!("in all variants {range} of the {p95} {}", first.what),
        ]));
    }
    // Where most time goes to one place.
    let (name, it) = lasts.iter().max_by(|a, b| a.1.seconds.total_cmp(&b.1.seconds))?;
    Some(fitting([
        format!("{} of the {p95} of {} at {} {}", percent(it.share), quoted(name), it.at, it.what),
        format!("{} of the {p95} of {} {}", percent(it.share), quoted(name), it.what),
    ]))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// `41 to 64 %`.
fn range<'t>(told: impl IntoIterator<Item = &'t Told> + Clone) -> String {
    let shares = || told.clone().into_iter().map(|it| it.share);
    let (least, most) = (shares().fold(1.0, f64::min), shares().fold(0.0, f64::max));
    match (percent(least), percent(most)) {
        (low, high) if low == high => high,
        (low, high) => format!("{} to {high}", low.trim_end_matches(" %")),
    }
}

/// What is told of a bar: its place, where most of its time goes, and how much that is.
struct Told {
    at: String,
    what: String,
    share: f64,
    seconds: f64,
}

/// Where time goes, as the end of a sentence.
fn spent(place: &BlamePlace, served: bool) -> String {
    let words = words(place, served);
    if words.starts_with("served by ") {
        format!("is spent being {words}")
    } else if words.starts_with("waiting for ") || words.starts_with("sending ") {
        format!("is spent {words}")
    } else {
        format!("is {words}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Told, range};

    #[test]
    fn shares_that_read_alike_are_no_range() {
        let told = |share| Told { at: String::new(), what: String::new(), share, seconds: 1.0 };
        assert_eq!(range(&[told(0.531), told(0.528)]), "53 %");
        assert_eq!(range(&[told(0.64), told(0.41), told(0.5)]), "41 to 64 %");
    }
}
