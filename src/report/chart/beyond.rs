//! Points beyond the stretch of the y axis that is shown: an arrow at the edge, and their numbers.

use super::Panel;
use super::clearing;
use super::color::Color;
use super::frame::PlotFrame;
use super::number;
use super::ruler::Ruler;
use super::scene::{Anchor, Scene, Spot};
use super::sheet::{REMARK, baseline};
use super::theme::Palette;

/// How wide an arrow is, with the room beside it.
const WIDE: f64 = 17.0;
/// How high an arrow is.
const HIGH: f64 = 12.0;

/// A point beyond the edge.
struct Stray {
    at: f64,
    value: f64,
    color: Color,
}

/// Draws the arrows of a panel. Adds to `taken`, the spots that words should not cover.
pub(super) fn draw(
    scene: &mut Scene,
    palette: &Palette,
    panel: &Panel,
    (x, y): (&Ruler, &Ruler),
    frame: &PlotFrame,
    taken: &mut Vec<Spot>,
) {
    if panel.window.is_none() {
        return;
    }
    for is_above in [true, false] {
        for group in groups(strays(palette, panel, (x, y), frame, is_above)) {
            arrows(scene, palette, &group, frame, is_above, taken);
        }
    }
}

/// The points above or below the frame, from left to right.
fn strays(palette: &Palette, panel: &Panel, (x, y): (&Ruler, &Ruler), frame: &PlotFrame, is_above: bool) -> Vec<Stray> {
    let mut strays = Vec::new();
    for line in &panel.lines {
        for point in &line.points {
            let (Some(at), Some(level)) = (x.at(point.x), y.at(point.y)) else { continue };
            let is_out = if is_above { level < frame.top - 1.0 } else { level > frame.foot + 1.0 };
            if is_out && (frame.left - 1.0..=frame.right + 1.0).contains(&at) {
                strays.push(Stray { at, value: point.y, color: palette.series(line.color) });
            }
        }
    }
    strays.sort_by(|a, b| a.at.total_cmp(&b.at));
    strays
}

/// Those that stand so close together that their arrows would touch.
fn groups(strays: Vec<Stray>) -> Vec<Vec<Stray>> {
    let mut groups: Vec<Vec<Stray>> = Vec::new();
    for stray in strays {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|last| stray.at - last.at < WIDE) => group.push(stray),
            _ => groups.push(vec![stray]),
        }
    }
    groups
}

/// Draws some arrows side by side, with the smallest and the largest of their numbers.
fn arrows(
    scene: &mut Scene,
    palette: &Palette,
    group: &[Stray],
    frame: &PlotFrame,
    is_above: bool,
    taken: &mut Vec<Spot>,
) {
    let middle = group.iter().map(|stray| stray.at).sum::<f64>() / group.len() as f64;
    let reach = (group.len() as f64 - 1.0) * WIDE / 2.0;
    let inside = |middle: f64, half: f64| middle.min(frame.right - half).max(frame.left + half);
    let centre = inside(middle, reach + WIDE / 2.0);
    let (tip, base) =
        if is_above { (frame.top + 2.0, frame.top + 2.0 + HIGH) } else { (frame.foot - 3.0, frame.foot - 3.0 - HIGH) };
    for (place, stray) in group.iter().enumerate() {
        let at = centre - reach + place as f64 * WIDE;
        let half = WIDE / 2.0 - 1.5;
        scene.polygon(vec![(at, tip), (at + half, base), (at - half, base)], stray.color, 1.0);
        taken.push((at, tip));
    }
    let (low, high) = group
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), stray| (low.min(stray.value), high.max(stray.value)));
    let (low, high) = (number::alone(low), number::alone(high));
    let text = if low == high { high } else { format!("{low}–{high}") };
    let wide = REMARK.width(&text);
    let centre = inside(centre, wide / 2.0 + 4.0);
    let left = centre - wide / 2.0;
    let away = if is_above { 1.0 } else { -1.0 };
    let rows = [0.0, 22.0, 44.0].map(|by| base + away * (16.0 + by));
    let row =
        rows.into_iter().min_by_key(|&row| clearing::covered(left - 8.0, wide + 16.0, row, taken)).unwrap_or(base);
    scene.rectangle((left - 4.0, row - 11.0), (left + wide + 4.0, row + 11.0), palette.paper, 0.8);
    scene.words(&text, (left, baseline(row, REMARK)), Anchor::Start, REMARK, palette.ink);
    taken.extend(clearing::spots(left, wide, row));
}
