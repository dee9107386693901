//! The sheet that every figure is laid out on, and the sizes of its words.

use super::font::Font;

/// The width of every sheet.
pub(super) const WIDTH: f64 = 1600.0;
/// The height of a sheet that does not grow with its data.
pub(super) const HEIGHT: f64 = 1000.0;
/// The height up to which a sheet that grows with its data still fits on a slide: 4 to 3.
pub(super) const TALLEST: f64 = 1200.0;
/// The empty rim on the left and right.
pub(super) const MARGIN: f64 = 60.0;
/// The empty rim at the foot.
pub(super) const FOOT: f64 = 36.0;

/// The finding.
pub(super) const TITLE: Font = Font::strong(40.0);
/// The method.
pub(super) const SUBTITLE: Font = Font::regular(24.0);
/// The name of an axis.
pub(super) const AXIS: Font = Font::regular(22.0);
/// The numbers along an axis.
pub(super) const TICK: Font = Font::regular(22.0);
/// The name of a curve, a row or a variant.
pub(super) const NAME: Font = Font::strong(22.0);
/// Words within a plot.
pub(super) const REMARK: Font = Font::regular(20.0);
/// The footnote.
pub(super) const NOTE: Font = Font::regular(19.0);

/// How far below the middle of a line its baseline lies, so that capitals and digits look centred.
pub(super) fn baseline(middle: f64, font: Font) -> f64 {
    middle + font.size * 0.36
}
