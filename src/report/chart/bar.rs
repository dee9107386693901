//! The data of a bar figure.

use super::ChartAxis;

/// Values side by side as horizontal bars, each with its interval. The sheet grows with the bars, up
/// to a height of 8,000.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarFigure {
    /// The finding, in one sentence; it may wrap to two lines.
    pub title: String,
    /// The method: what was run, how often, with which model.
    pub subtitle: String,
    /// The axis along the bars.
    pub x: ChartAxis,
    /// The bars from the top down.
    pub bars: Vec<Bar>,
    /// A footnote, for example what the intervals stand for. Empty means none.
    pub note: String,
}

/// One bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bar {
    /// What is valued.
    pub label: String,
    /// The value. If it is not finite, the row is left without a bar.
    pub value: f64,
    /// The lower end of the value's interval.
    pub low: f64,
    /// The upper end of the value's interval.
    pub high: f64,
    /// Which colour the bar takes.
    pub color: usize,
    /// The value that was measured on the real system.
    pub measured: Option<f64>,
    /// The point of the plan that it is, with its variant.
    pub of: Option<(usize, usize)>,
}
