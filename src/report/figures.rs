//! The charts of a report: throughput and success, response time, utilisation, where the time goes, and what happens
//! when. The finding is
//! the title, the method the subtitle. Where there are further axes, each combination of their values has charts of its
//! own.

mod bars;
mod blame;
mod curve;
mod method;
mod response;
mod set;
#[cfg(test)]
mod tests;
mod throughput;
mod timeline;
mod title;
mod utilisation;
mod warm_up;

use super::chart::{Figure, StackFigure};
use super::dossier;
use super::whole::Report;
use crate::experiment::analyse::words;
use crate::experiment::run::dossier::Dossier;
use crate::parts::BlameGroup;
pub(super) use method::load;
pub(super) use set::{Set, drawn as axis_value, has_curves, x_axis as horizontal};
pub(crate) use title::fitting;

/// Combinations of the other axes that are drawn.
pub const MOST_SETS: usize = 12;

/// A figure and the name of its file, without extension.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// `throughput`.
    pub name: String,
    /// What is drawn.
    pub figure: Figure,
}

/// What becomes of the variants, in a sentence; of several combinations of the other axes the first.
pub(super) fn answer(report: &Report) -> Option<String> {
    if report.summaries.is_empty() {
        return None;
    }
    if has_curves(report.plan) {
        return Set::all(report).first().map(title::fates_at_length);
    }
    let points = set::named(report);
    (points.len() > 1).then(|| bars::headline(report, &points))
}

/// Where the time of a group of requests goes: a figure for each combination of the other axes.
pub(super) fn blame(report: &Report, of: BlameGroup) -> Vec<StackFigure> {
    if !has_curves(report.plan) {
        return blame::of_points(report, of).into_iter().collect();
    }
    Set::all(report).iter().take(MOST_SETS).filter_map(|set| blame::of_set(set, of)).collect()
}

/// The wait-for graph of each dossier.
pub(super) fn wait_for(report: &Report) -> Vec<Drawing> {
    let suffix = |dossier: &Dossier| match report.dossiers.len() {
        1 => String::new(),
        _ => set::suffix(&words::place(report.plan, dossier.point)),
    };
    let drawing = |dossier: &Dossier| Drawing {
        name: format!("wait-for{}", suffix(dossier)),
        figure: dossier::figure(report.plan, dossier).into(),
    };
    report.dossiers.iter().map(drawing).collect()
}

/// The figures of a report, and for how many combinations of the other axes there are none.
pub fn figures(report: &Report) -> (Vec<Drawing>, usize) {
    if report.summaries.is_empty() {
        return (Vec::new(), 0);
    }
    let (timelines, not_drawn) = timeline::figures(report, MOST_SETS);
    let over_time = timelines
        .into_iter()
        .map(|(suffix, figure)| Drawing { name: format!("timeline{suffix}"), figure: figure.into() });
    let warm_ups = warm_up::all(report);
    let left_out = not_drawn.max(warm_ups.len().saturating_sub(MOST_SETS));
    if !has_curves(report.plan) {
        let mut drawings = Vec::new();
        // One bar says less than its number.
        if report.plan.points.len() > 1 {
            drawings.push(Drawing { name: "throughput".into(), figure: bars::figure(report).into() });
        }
        let used = utilisation::of_points(report);
        drawings.extend(used.map(|figure| Drawing { name: "utilisation".into(), figure: figure.into() }));
        let time = blame::of_points(report, BlameGroup::P95)
            .map(|figure| Drawing { name: "blame".into(), figure: figure.into() });
        drawings.extend(time);
        drawings.extend(over_time);
        drawings.extend(warm_ups.into_iter().take(MOST_SETS));
        drawings.extend(wait_for(report));
        return (drawings, left_out);
    }
    let sets = Set::all(report);
    let left_out = left_out.max(sets.len().saturating_sub(MOST_SETS));
    let draw = |set: &Set| {
        let figures: [(&str, Figure); 2] =
            [("throughput", throughput::figure(set).into()), ("response-time", response::figure(set).into())];
        let used = utilisation::of_set(set).map(|figure| ("utilisation", figure.into()));
        let time = blame::of_set(set, BlameGroup::P95).map(|figure| ("blame", figure.into()));
        let all = figures.into_iter().chain(used).chain(time);
        all.map(|(name, figure)| Drawing { name: format!("{name}{}", set.suffix), figure }).collect::<Vec<_>>()
    };
    let warm_ups = warm_ups.into_iter().take(MOST_SETS);
    (
        sets.iter().take(MOST_SETS).flat_map(draw).chain(over_time).chain(warm_ups).chain(wait_for(report)).collect(),
        left_out,
    )
}
