//! Where the time of the 95th percentile goes at each point, as stacked bars.

use super::method;
use super::set::{self, Set};
use crate::experiment::blame::{Share, shares};
use crate::experiment::summary::Summary;
use crate::parts::{Group, Place};
use crate::report::Report;
use crate::report::blame::words;
use crate::report::chart::{Stack, StackFigure, StackGroup};
use crate::report::number::seconds;
use crate::report::paragraph::quoted;

/// Parts that have a colour of their own; the others are one more.
const MOST_PARTS: usize = 7;

/// Share of a point's time below which a part is among the others everywhere.
const LEAST: f64 = 0.03;

/// Bars of one figure.
const MOST_BARS: usize = 60;

/// One group of bars a variant, one bar a value of the first axis; none where nothing is known.
pub(super) fn of_set(set: &Set) -> Option<StackFigure> {
    let is_one = set.findings.len() == 1;
    let group = |finding: &&crate::experiment::finding::Finding| {
        let mut points = finding.points.clone();
        points.sort_by(|&a, &b| set.x(a).total_cmp(&set.x(b)));
        let bar = |point: usize| {
            let at = set.plan().points[point].at.first();
            let text = at.map_or_else(String::new, |&at| set.axis.values[at].text.clone());
            (text, set.report.summary(point))
        };
        let label = if is_one { String::new() } else { set.variant(finding).to_owned() };
        (label, points.into_iter().map(bar).collect())
    };
    let groups = set.findings.iter().map(group).collect();
    let figure = figure(groups, &set.plan().title)?;
    let subtitle = method::subtitle(set.report, &set.points(), &set.place);
    Some(StackFigure { subtitle, rows: set.label(), ..figure })
}

/// One bar a point.
pub(super) fn of_points(report: &Report) -> Option<StackFigure> {
    let bars = set::named(report).into_iter().map(|(label, summary)| (label, Some(summary))).collect();
    let all: Vec<usize> = (0..report.plan.points.len()).collect();
    let figure = figure(vec![(String::new(), bars)], &report.plan.title)?;
    Some(StackFigure { subtitle: method::subtitle(report, &all, ""), ..figure })
}

type Bars<'a> = Vec<(String, Option<&'a Summary>)>;

/// A bar's name, its point, and where the time of that goes.
type Measured<'a> = (String, Option<&'a Summary>, Vec<Share<'a>>);

fn of(summary: Option<&Summary>) -> Vec<Share<'_>> {
    let blame = summary.and_then(|summary| summary.blame.as_ref());
    blame.map(|blame| shares(blame, Group::P95)).unwrap_or_default()
}

fn figure(groups: Vec<(String, Bars)>, title: &str) -> Option<StackFigure> {
    let all: Vec<(String, Vec<Measured>)> = groups
        .into_iter()
        .map(|(label, bars)| {
            let bars = bars.into_iter().map(|(label, summary)| (label, summary, of(summary)));
            (label, bars.collect())
        })
        .collect();
    // The parts with the largest shares anywhere, by their weight over all points.
    let mut parts: Vec<(&Place, bool, f64, f64)> = Vec::new();
    for share in all.iter().flat_map(|(_, bars)| bars).flat_map(|(_, _, shares)| shares) {
        match parts.iter_mut().find(|part| (part.0, part.1) == (share.place, share.served)) {
            Some(part) => (part.2, part.3) = (part.2.max(share.share), part.3 + share.share),
            None => parts.push((share.place, share.served, share.share, share.share)),
        }
    }
    parts.retain(|part| part.2 >= LEAST);
    if parts.is_empty() {
        return None;
    }
    parts.sort_by(|a, b| b.3.total_cmp(&a.3).then_with(|| a.0.name.cmp(&b.0.name)));
    parts.truncate(MOST_PARTS);
    let bar = |label: &str, summary: Option<&Summary>, shares: &[Share]| {
        let named = parts.iter().map(|part| {
            let same = shares.iter().filter(|share| (share.place, share.served) == (part.0, part.1));
            same.map(|share| share.seconds).sum::<f64>()
        });
        let mut amounts: Vec<f64> = named.collect();
        let whole: f64 = shares.iter().map(|share| share.seconds).sum();
        amounts.push((whole - amounts.iter().sum::<f64>()).max(0.0));
        let why = match summary {
            None => "no figures",
            Some(_) => "no request succeeds",
        };
        match shares.is_empty() {
            true => Stack { label: label.into(), amounts: Vec::new(), remark: why.into() },
            false => Stack { label: label.into(), amounts, remark: seconds(whole) },
        }
    };
    let mut left = MOST_BARS;
    let groups: Vec<StackGroup> = all
        .iter()
        .map(|(label, bars)| {
            let shown = bars.len().min(left);
            left -= shown;
            let bars = bars[..shown].iter().map(|(label, summary, shares)| bar(label, *summary, shares));
            StackGroup { label: label.clone(), bars: bars.collect() }
        })
        .filter(|group| !group.bars.is_empty())
        .collect();
    let mut names: Vec<String> = parts.iter().map(|&(place, served, ..)| words(place, served)).collect();
    let others = groups.iter().flat_map(|group| &group.bars).any(|bar| bar.amounts.last().is_some_and(|&it| it > 0.0));
    if others {
        names.push("other".into());
    }
    let total: usize = all.iter().map(|(_, bars)| bars.len()).sum();
    let mut note = "Requests around the 95th percentile of the response time, all replications together.".to_owned();
    if total > MOST_BARS {
        note = format!("The first {MOST_BARS} of {total} points. {note}");
    }
    Some(StackFigure {
        title: headline(&all).unwrap_or_else(|| title.into()),
        x: "time at p95 (s)".into(),
        parts: names,
        groups,
        note,
        ..StackFigure::default()
    })
}

/// `p95 at 150: waiting for killbill CPU is 44 % in lifespan pool`: the last bar that all groups have.
fn headline(all: &[(String, Vec<Measured>)]) -> Option<String> {
    let last = |bars: &[Measured]| {
        bars.iter().rev().find(|(_, _, shares)| !shares.is_empty()).map(|(label, _, shares)| {
            let first = &shares[0];
            format!("{label}: {} ({:.0} %)", words(first.place, first.served), first.share * 100.0)
        })
    };
    match all {
        [(_, bars)] => Some(format!("Most of p95 at {}", last(bars)?)),
        [(_, bars), ..] => {
            let places: Vec<String> = all.iter().filter_map(|(_, bars)| dominant(bars)).collect();
            let first = places.first()?;
            match places.iter().all(|place| place == first) {
                true => Some(format!("Most of p95 is {first} in all variants")),
                false => last(bars).map(|text| format!("Most of p95 in {} at {text}", quoted(&all[0].0))),
            }
        }
        [] => None,
    }
}

/// What most of the last bar with data is.
fn dominant(bars: &[Measured]) -> Option<String> {
    let (_, _, shares) = bars.iter().rev().find(|(_, _, shares)| !shares.is_empty())?;
    shares.first().map(|first| words(first.place, first.served))
}
