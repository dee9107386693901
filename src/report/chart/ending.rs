//! Why a curve ends before the axis does: an arrow up from its last point, and words beside it.

use super::clearing;
use super::frame::PlotFrame;
use super::scene::{Anchor, Scene, Spot};
use super::sheet::{REMARK, baseline};
use super::theme::Palette;

/// How long the arrow is.
const LONG: f64 = 26.0;
/// How far from the middle of the mark it starts.
const START: f64 = 11.0;

/// Draws the end of the curve with this colour, whose last point is at `spot`. Adds to `taken`, the spots that words
/// should not cover.
pub(super) fn draw(
    scene: &mut Scene,
    palette: &Palette,
    words: &str,
    (color, spot): (usize, Spot),
    frame: &PlotFrame,
    taken: &mut Vec<Spot>,
) {
    let words = words.trim();
    if words.is_empty() || !frame.holds(spot) {
        return;
    }
    let color = palette.series(color);
    let (x, y) = spot;
    let (from, to) = (y - START, (y - START - LONG).max(frame.top));
    if from - to > 8.0 {
        let head = vec![(x - 6.0, to + 7.0), (x, to), (x + 6.0, to + 7.0)];
        scene.strokes(vec![vec![(x, from), (x, to)], head], 2.6, color);
    }
    let text = REMARK.shorten(words, frame.width() * 0.5);
    let wide = REMARK.width(&text);
    let (left, middle) = clearing::beside((x, from.min(y - 6.0)), wide, frame, taken);
    scene.rectangle((left - 4.0, middle - 12.0), (left + wide + 4.0, middle + 12.0), palette.paper, 0.75);
    scene.words(&text, (left, baseline(middle, REMARK)), Anchor::Start, REMARK, palette.words(color));
    taken.extend(clearing::spots(left, wide, middle));
}
