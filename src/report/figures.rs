//! The charts of a report: throughput and success, response time, utilisation, and what happens when. The finding is the title, the method the
//! subtitle. Where there are further axes, each combination of their values has charts of its own.

mod bars;
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

use super::Report;
use super::chart::Figure;
use set::Set;

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

/// The figures of a report, and for how many combinations of the other axes there are none.
pub fn figures(report: &Report) -> (Vec<Drawing>, usize) {
    if report.summaries.is_empty() {
        return (Vec::new(), 0);
    }
    let timelines = timeline::all(report);
    let over_time = timelines.iter().take(MOST_SETS).map(|together| Drawing {
        name: format!("timeline{}", set::suffix(&together.place)),
        figure: timeline::figure(report, together).into(),
    });
    if !set::has_curves(report.plan) {
        let mut drawings = vec![
            Drawing { name: "throughput".into(), figure: bars::figure(report).into() },
            Drawing { name: "utilisation".into(), figure: utilisation::of_points(report).into() },
        ];
        drawings.extend(over_time);
        return (drawings, timelines.len().saturating_sub(MOST_SETS));
    }
    let sets = Set::all(report);
    let left_out = sets.len().saturating_sub(MOST_SETS);
    let draw = |set: &Set| {
        let figures: [(&str, Figure); 3] = [
            ("throughput", throughput::figure(set).into()),
            ("response-time", response::figure(set).into()),
            ("utilisation", utilisation::of_set(set).into()),
        ];
        figures.map(|(name, figure)| Drawing { name: format!("{name}{}", set.suffix), figure })
    };
    let left_out = left_out.max(timelines.len().saturating_sub(MOST_SETS));
    (sets.iter().take(MOST_SETS).flat_map(draw).chain(over_time).collect(), left_out)
}
