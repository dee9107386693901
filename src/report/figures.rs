//! The charts of a report: throughput and success, response time, utilisation. The finding is the title, the method the
//! subtitle. Where there are further axes, each combination of their values has charts of its own.

mod bars;
mod curve;
mod method;
mod response;
mod set;
#[cfg(test)]
mod tests;
mod throughput;
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
    if !set::has_curves(report.plan) {
        let drawings = vec![
            Drawing { name: "throughput".into(), figure: bars::figure(report).into() },
            Drawing { name: "utilisation".into(), figure: utilisation::of_points(report).into() },
        ];
        return (drawings, 0);
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
    (sets.iter().take(MOST_SETS).flat_map(draw).collect(), left_out)
}
