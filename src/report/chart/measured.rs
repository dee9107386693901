//! Points measured on the real system, laid over the curves.

use super::Measured;
use super::clearing;
use super::frame::PlotFrame;
use super::marker;
use super::ruler::Ruler;
use super::scene::{Anchor, Scene, Spot};
use super::sheet::{REMARK, baseline};
use super::theme::Palette;

/// How far a diamond reaches from its middle.
const REACH: f64 = 10.0;

/// Draws the points, and says in the row above the plot what they are. Adds to `taken`, the spots
/// that words should not cover.
pub(super) fn draw(
    scene: &mut Scene,
    palette: &Palette,
    points: &[Measured],
    (x, y): (&Ruler, &Ruler),
    frame: &PlotFrame,
    caption: f64,
    taken: &mut Vec<Spot>,
) {
    let mut any = false;
    for point in points {
        let (Some(left), Some(top)) = (x.at(point.x), y.at(point.y)) else {
            continue;
        };
        if !frame.holds((left, top)) {
            continue;
        }
        any = true;
        taken.push((left, top));
        marker::diamond(scene, (left, top), REACH, palette.ink, palette.paper);
        let label = REMARK.shorten(point.label.trim(), frame.width() * 0.3);
        let wide = REMARK.width(&label);
        if !label.is_empty() {
            let (start, middle) = clearing::beside((left, top), wide, frame, taken);
            let from = (start - 4.0, middle - 12.0);
            let to = (start + wide + 4.0, middle + 12.0);
            scene.rectangle(from, to, palette.paper, 0.75);
            let at = (start, baseline(middle, REMARK));
            scene.words(&label, at, Anchor::Start, REMARK, palette.ink);
            taken.extend(clearing::spots(start, wide, middle));
        }
    }
    if any {
        let words = "measured";
        let at = (frame.right, baseline(caption, REMARK));
        scene.words(words, at, Anchor::End, REMARK, palette.soft);
        let left = frame.right - REMARK.width(words) - 20.0;
        marker::diamond(scene, (left, caption), REACH, palette.ink, palette.paper);
    }
}
