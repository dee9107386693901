//! Draws the figures of a report as PNG pictures and SVG drawings.
//!
//! A figure is plain data: what was found (the title), how (the subtitle) and the numbers. It is
//! laid out once into a scene of simple shapes in a sheet that is 1600 wide; the scene is then
//! painted as pixels or written as a vector drawing. The letters come from an embedded font, so a
//! picture is the same, byte for byte, on every machine.
//!
//! No figure makes this module panic: what is not finite is left out, what does not fit is
//! shortened, and an empty figure is an empty sheet with its title.

mod axis;
mod bar;
mod beyond;
mod bitmap;
mod callout;
mod chain;
mod clearing;
mod color;
mod diagram;
mod ending;
mod font;
mod frame;
mod funnel;
mod grid;
mod header;
mod heat;
mod inline;
mod layers;
mod line;
mod marker;
mod measured;
mod number;
mod panel;
mod pile;
mod plot;
mod raster;
mod rod;
mod ruler;
mod scene;
mod sheet;
mod stack;
mod stroke;
mod tag;
#[cfg(test)]
mod tests;
mod theme;
mod threshold;
mod tick;
mod tornado;
mod twin;
mod vector;

pub use axis::{ChartAxis, ChartScale};
pub use bar::{Bar, BarFigure};
pub use diagram::{BoxKind, DiagramFigure, Link, Node, Row};
pub use heat::{HeatFigure, HeatGroup, HeatRow};
pub use inline::{Inks, inline, letters, series, sheet};
pub use line::{Collapse, Line, LineFigure, Look, Measured, Panel, Point, Style, Threshold};
pub use stack::{Stack, StackFigure, StackGroup};
pub use theme::Theme;
pub use tornado::{Swing, SwingEnd, TornadoFigure};

use std::fmt;

/// Any figure that can be drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// Curves over a swept quantity.
    Line(LineFigure),
    /// Utilisation of resources over a swept quantity.
    Heat(HeatFigure),
    /// Values side by side, each with its interval.
    Bar(BarFigure),
    /// What each number does at both ends of its range.
    Tornado(TornadoFigure),
    /// Amounts that are made of parts.
    Stack(StackFigure),
    /// A system: its parts, and what leads from one to another.
    Diagram(DiagramFigure),
}

impl From<DiagramFigure> for Figure {
    fn from(figure: DiagramFigure) -> Self {
        Self::Diagram(figure)
    }
}

impl From<LineFigure> for Figure {
    fn from(figure: LineFigure) -> Self {
        Self::Line(figure)
    }
}

impl From<HeatFigure> for Figure {
    fn from(figure: HeatFigure) -> Self {
        Self::Heat(figure)
    }
}

impl From<BarFigure> for Figure {
    fn from(figure: BarFigure) -> Self {
        Self::Bar(figure)
    }
}

impl From<TornadoFigure> for Figure {
    fn from(figure: TornadoFigure) -> Self {
        Self::Tornado(figure)
    }
}

impl From<StackFigure> for Figure {
    fn from(figure: StackFigure) -> Self {
        Self::Stack(figure)
    }
}

/// Why a figure could not be drawn.
#[derive(Debug)]
pub enum ChartError {
    /// The embedded font could not be read.
    Font,
    /// The drawing backend refused a shape.
    Draw(String),
    /// The pixels could not be written as a PNG file.
    Encode(png::EncodingError),
}

impl fmt::Display for ChartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Font => f.write_str("the embedded chart font cannot be read"),
            Self::Draw(reason) => write!(f, "the chart cannot be drawn: {reason}"),
            Self::Encode(error) => write!(f, "the chart cannot be written as PNG: {error}"),
        }
    }
}

impl std::error::Error for ChartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Encode(error) => Some(error),
            Self::Font | Self::Draw(_) => None,
        }
    }
}

/// Draws `figure` as a PNG file, 1600 pixels wide, and returns the file's bytes.
///
/// # Errors
///
/// Returns an error if the embedded font cannot be read or the picture cannot be encoded; neither
/// depends on the figure's data.
pub fn png(figure: &Figure, theme: Theme) -> Result<Vec<u8>, ChartError> {
    bitmap::png(&scene(figure, theme))
}

/// Draws `figure` as an SVG document and returns its text.
///
/// # Errors
///
/// Returns an error if the drawing backend fails, which does not depend on the figure's data.
pub fn svg(figure: &Figure, theme: Theme) -> Result<String, ChartError> {
    vector::svg(&scene(figure, theme))
}

/// Lays a figure out on its sheet.
fn scene(figure: &Figure, theme: Theme) -> scene::Scene {
    match figure {
        Figure::Line(figure) => plot::lay_out(figure, theme.palette()),
        Figure::Heat(figure) => grid::lay_out(figure, theme.palette()),
        Figure::Bar(figure) => rod::lay_out(figure, theme.palette()),
        Figure::Tornado(figure) => funnel::lay_out(figure, theme.palette()),
        Figure::Stack(figure) => pile::lay_out(figure, theme.palette()),
        Figure::Diagram(figure) => chain::lay_out(figure, theme.palette()),
    }
}
