//! The edges of a plot.

use super::scene::Spot;

/// The edges of a plot.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlotFrame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) foot: f64,
}

impl PlotFrame {
    /// How wide the plot is.
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Whether a spot lies in the plot or on its edge.
    pub(super) fn holds(&self, (x, y): Spot) -> bool {
        let (x_edge, y_edge) = (1.0, 1.0);
        (self.left - x_edge..=self.right + x_edge).contains(&x) && (self.top - y_edge..=self.foot + y_edge).contains(&y)
    }
}
