//! Limits drawn across a panel, named where the curves leave room.

use super::clearing;
use super::frame::PlotFrame;
use super::ruler::Ruler;
use super::scene::{Anchor, Scene, Spot};
use super::sheet::{REMARK, baseline};
use super::stroke::dashed;
use super::theme::Palette;
use super::{Style, Threshold};

/// Draws `thresholds`. `taken` are the spots that words should not cover.
pub(super) fn draw(
    scene: &mut Scene,
    palette: &Palette,
    thresholds: &[Threshold],
    y: &Ruler,
    frame: &PlotFrame,
    taken: &mut Vec<Spot>,
) {
    for threshold in thresholds {
        let Some(level) = y.at(threshold.value) else {
            continue;
        };
        let beyond = y.is_above(threshold.value);
        if level > frame.foot + 1.0 || (level < frame.top - 1.0 && !beyond) {
            continue;
        }
        let label = if beyond {
            format!("↑ {} (above this axis)", threshold.label.trim())
        } else {
            threshold.label.trim().to_owned()
        };
        let label = REMARK.shorten(&label, frame.width() * 0.6);
        let level = level.max(frame.top);
        if !beyond {
            let path = [(frame.left, level), (frame.right, level)];
            scene.strokes(dashed(&path, Style::Dashed), 2.0, palette.ink);
        }
        if label.is_empty() {
            continue;
        }
        let wide = REMARK.width(&label);
        let (left, middle) = clearest(wide, level, frame, taken);
        let from = (left - 6.0, middle - 13.0);
        let to = (left + wide + 6.0, middle + 13.0);
        scene.rectangle(from, to, palette.paper, 0.82);
        let at = (left, baseline(middle, REMARK));
        scene.words(&label, at, Anchor::Start, REMARK, palette.ink);
        taken.extend(clearing::spots(left, wide, middle));
    }
}

/// The left and the middle of the place beside `level` where words `wide` cover least.
fn clearest(wide: f64, level: f64, frame: &PlotFrame, taken: &[Spot]) -> Spot {
    let spare = (frame.width() - wide - 24.0).max(0.0);
    let rows = [level - 19.0, level + 19.0];
    let inside = |middle: &f64| *middle > frame.top + 10.0 && *middle < frame.foot - 12.0;
    let mut best = (usize::MAX, (frame.left + 12.0, level + 19.0));
    for middle in rows.into_iter().filter(inside) {
        for part in 0..=8 {
            let left = frame.left + 12.0 + spare * f64::from(part) / 8.0;
            let covered = clearing::covered(left, wide, middle, taken);
            if covered < best.0 {
                best = (covered, (left, middle));
            }
        }
    }
    best.1
}
