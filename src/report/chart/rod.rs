//! Lays a bar figure out on its sheet.

use super::bar::Bar;
use super::number;
use super::ruler::{Ruler, drawable};
use super::scene::{Anchor, Scene};
use super::sheet::{AXIS, FOOT, MARGIN, NAME, TALLEST, TICK, WIDTH, baseline};
use super::theme::Palette;
use super::{BarFigure, ChartScale, header, marker};

/// How high a row is at most, and at least where there are many.
const ROW: f64 = 64.0;
const FLAT: f64 = 24.0;
/// How much of a row its bar takes.
const BAR: f64 = 0.54;
/// How wide the names of bars may be.
const MOST_NAME: f64 = 640.0;
/// The room at the right for the number after the longest bar.
const NUMBER: f64 = 110.0;

/// Lays out `figure`.
pub(super) fn lay_out(figure: &BarFigure, palette: &Palette) -> Scene {
    let top = header::height(&figure.title, &figure.subtitle);
    let below = 84.0 + header::note_height(&figure.note) + FOOT;
    let count = figure.bars.len() as f64;
    let wide = ((TALLEST - top - below - 12.0) / count.max(1.0)).clamp(FLAT, ROW).floor();
    let body = count * wide + 12.0;
    let height = (top + body + below).max(360.0).round();
    let mut scene = Scene::new(WIDTH, height, palette.paper, &figure.title);
    header::draw(&mut scene, palette, &figure.title, &figure.subtitle);
    header::note(&mut scene, palette, &figure.note);
    if figure.bars.is_empty() {
        return scene;
    }

    let widest = figure.bars.iter().map(|bar| TICK.width(&bar.label)).fold(0.0, f64::max);
    let left = (MARGIN + widest.min(MOST_NAME) + 18.0).round();
    let right = WIDTH - MARGIN - NUMBER;
    let measured = figure.bars.iter().filter_map(|bar| bar.measured);
    let values: Vec<f64> = figure.bars.iter().flat_map(|bar| [bar.value, bar.low, bar.high]).chain(measured).collect();
    let mut x = Ruler::full(&figure.x, &values, None, 6.0);
    x.place(left, right);
    let foot = (top + body).round();
    for (value, text) in &x.ticks {
        let Some(at) = x.at(*value) else { continue };
        let at = at.round();
        scene.rectangle((at, top), (at + 1.0, foot), palette.grid, 1.0);
        let below = (at, baseline(foot + 22.0, TICK));
        scene.words(text, below, Anchor::Middle, TICK, palette.soft);
    }
    for (row, bar) in figure.bars.iter().enumerate() {
        let middle = top + 6.0 + (row as f64 + 0.5) * wide;
        scene.owner = bar.of.map(|(_, variant)| variant);
        draw(&mut scene, palette, bar, (&x, figure.x.scale), left, (middle, wide * BAR));
        if let Some((point, _)) = bar.of {
            scene.hit(point, (left, middle - wide / 2.0), (right, middle + wide / 2.0));
        }
    }
    scene.owner = None;
    let zero = x.at_or_start(0.0).round();
    scene.rectangle((zero, top), (zero + 2.0, foot), palette.rule, 1.0);
    let label = AXIS.shorten(&figure.x.label, right - left);
    let at = ((left + right) / 2.0, baseline(foot + 58.0, AXIS));
    scene.words(&label, at, Anchor::Middle, AXIS, palette.soft);
    scene
}

fn draw(
    scene: &mut Scene,
    palette: &Palette,
    bar: &Bar,
    (x, scale): (&Ruler, ChartScale),
    left: f64,
    (middle, thick): (f64, f64),
) {
    let name = TICK.shorten(&bar.label, MOST_NAME);
    let at = (left - 18.0, baseline(middle, TICK));
    scene.words(&name, at, Anchor::End, TICK, palette.ink);
    let Some(value) = drawable(bar.value, scale) else {
        let at = (left + 12.0, baseline(middle, TICK));
        scene.words("no figures", at, Anchor::Start, TICK, palette.soft);
        return;
    };
    let color = palette.series(bar.color);
    let zero = x.at_or_start(0.0);
    let end = x.at_or_start(value);
    let (from, to) = (zero.min(end), zero.max(end));
    let half = thick / 2.0;
    scene.rectangle((from, middle - half), (to, middle + half), color, 1.0);

    let mut reach = end.max(zero);
    if let (true, Some(high)) = (bar.low < bar.high, x.at(bar.high)) {
        let low = x.at_or_start(bar.low);
        reach = reach.max(high);
        let cap = |at: f64| vec![(at, middle - thick / 4.0), (at, middle + thick / 4.0)];
        let whisker = || vec![vec![(low, middle), (high, middle)], cap(low), cap(high)];
        scene.strokes(whisker(), 5.5, palette.paper);
        scene.strokes(whisker(), 2.5, palette.ink);
    }
    if let Some(measured) = bar.measured.and_then(|measured| x.at(measured)) {
        let radius = (thick * 0.45).clamp(8.0, 11.0);
        reach = reach.max(measured + radius);
        marker::diamond(scene, (measured, middle), radius, palette.ink, palette.paper);
    }
    let text = number::alone(value);
    let at = (reach + 14.0, baseline(middle, NAME));
    scene.words(&text, at, Anchor::Start, NAME, palette.ink);
}
