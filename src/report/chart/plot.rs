//! Lays a line figure out on its sheet.

use super::callout::{self, Callouts};
use super::frame::PlotFrame;
use super::panel::{self, CAPTION};
use super::ruler::{Ruler, drawable};
use super::scene::{Anchor, Scene};
use super::sheet::{AXIS, FOOT, HEIGHT, MARGIN, TALLEST, TICK, WIDTH, baseline};
use super::theme::Palette;
use super::{LineFigure, Panel, header, tag, twin};

/// How many panels are drawn.
const MOST_PANELS: usize = 4;
/// How much taller the first of two panels is than the second; three and more are alike.
const FIRST: f64 = 1.8;
/// The room between panels.
const GAP: f64 = 32.0;
/// How far the names of curves may reach beyond their plot, above and below it together.
const NAMES_BEYOND: f64 = 33.0;
/// The room below the plots for the numbers and the name of the x axis.
const BELOW: f64 = 76.0;

/// How high a sheet may become for the names of its curves.
const MOST_HEIGHT: f64 = 1600.0;

/// Lays out `figure`. Where curves hide each other, a footnote says what the signs before their names mean.
pub(super) fn lay_out(figure: &LineFigure, palette: &Palette) -> Scene {
    let (scene, names) = drawn(figure, palette, &figure.note);
    match twin::explained(&names) {
        words if words.is_empty() => scene,
        words => drawn(figure, palette, &format!("{} {words}", figure.note)).0,
    }
}

/// The figure with this footnote, and the names of its curves as they are written.
fn drawn(figure: &LineFigure, palette: &Palette, note: &str) -> (Scene, Vec<String>) {
    let (least, first) = if figure.panels.len() < 3 { (HEIGHT, FIRST) } else { (TALLEST, 1.0) };
    let panels: Vec<&Panel> = figure.panels.iter().take(MOST_PANELS).collect();

    let mut rulers: Vec<Ruler> = panels
        .iter()
        .enumerate()
        .map(|(place, panel)| {
            let parts = if place == 0 && panels.len() < MOST_PANELS { 6.0 } else { 4.0 };
            let part = panel.window.and_then(|window| Ruler::between(window, parts));
            part.unwrap_or_else(|| Ruler::full(&panel.y, &panel::values(panel), panel.y_max, parts))
        })
        .collect();
    let (left, right) = sides(&panels, &rulers);
    let values = sweep(&panels);
    let mut x = Ruler::tight(&figure.x, &values, right - left, |text| TICK.width(text));
    x.place(left, right);
    let nothing = values.iter().all(|&x| drawable(x, figure.x.scale).is_none());
    if nothing {
        x.ticks.clear();
    }
    let mut said = Vec::new();
    let callouts: Vec<Callouts> =
        panels.iter().map(|panel| Callouts::new(panel, &x, (left, right), palette, &mut said)).collect();

    let mut top = header::height(&figure.title, &figure.subtitle);
    let rows: f64 = callouts.iter().map(|it| it.rows as f64).sum();
    let others = panels.len().saturating_sub(1) as f64;
    let fixed = CAPTION * (others + 1.0) + rows * callout::ROW + GAP * others;
    let below = FOOT + header::note_height(note) + BELOW;
    // Each panel has room for the names of all its curves.
    let named = |(place, panel): (usize, &&Panel)| {
        let names = tag::height(panel.lines.iter().map(panel::name)) - NAMES_BEYOND;
        if place == 0 { names / first } else { names }
    };
    let wanted = panels.iter().enumerate().map(named).fold(0.0, f64::max);
    let height = (top + fixed + wanted * (first + others) + below).clamp(least, MOST_HEIGHT).round();
    let part = ((height - below - top - fixed) / (first + others)).max(30.0);
    let mut scene = Scene::new(WIDTH, height, palette.paper, &figure.title);
    header::draw(&mut scene, palette, &figure.title, &figure.subtitle);
    header::note(&mut scene, palette, note);
    let mut names = Vec::new();
    for (place, panel) in panels.iter().enumerate() {
        let plot = top + CAPTION + callouts[place].rows as f64 * callout::ROW;
        let high = if place == 0 { part * first } else { part };
        let frame = PlotFrame { left, right, top: plot.round(), foot: (plot + high).round() };
        let y = &mut rulers[place];
        y.place(frame.foot, frame.top);
        names.extend(panel::draw(&mut scene, palette, panel, &callouts[place], (&x, y), &frame, top));
        if nothing {
            let middle = ((left + right) / 2.0, (frame.top + frame.foot) / 2.0);
            scene.words("no figures", middle, Anchor::Middle, AXIS, palette.soft);
        }
        top = frame.foot + GAP;
    }
    if !panels.is_empty() {
        foot_axis(&mut scene, palette, &figure.x.label, &x, top - GAP, left, right);
    }
    (scene, names)
}

/// The left and the right of the plots: what the numbers and the names leave.
fn sides(panels: &[&Panel], rulers: &[Ruler]) -> (f64, f64) {
    let numbers = rulers.iter().flat_map(|ruler| &ruler.ticks).map(|(_, text)| TICK.width(text)).fold(0.0, f64::max);
    let lines = panels.iter().flat_map(|panel| &panel.lines);
    let names = tag::room(lines.map(panel::name));
    let left = MARGIN + numbers + 14.0;
    (left.round(), (WIDTH - MARGIN - names.max(20.0)).round())
}

/// Every x of the figure.
fn sweep(panels: &[&Panel]) -> Vec<f64> {
    let lines = panels.iter().flat_map(|panel| &panel.lines);
    let points = panels.iter().flat_map(|panel| &panel.points);
    lines.flat_map(|line| line.points.iter().map(|point| point.x)).chain(points.map(|point| point.x)).collect()
}

/// Draws the numbers and the name of the x axis below the lowest plot.
fn foot_axis(scene: &mut Scene, palette: &Palette, label: &str, x: &Ruler, foot: f64, left: f64, right: f64) {
    for (value, text) in &x.ticks {
        let Some(at) = x.at(*value) else { continue };
        let (from, to) = ((at.round() - 1.0, foot), (at.round() + 1.0, foot + 8.0));
        scene.rectangle(from, to, palette.rule, 1.0);
        let below = (at, baseline(foot + 26.0, TICK));
        scene.words(text, below, Anchor::Middle, TICK, palette.soft);
    }
    let label = AXIS.shorten(label, right - left);
    let at = ((left + right) / 2.0, baseline(foot + 60.0, AXIS));
    scene.words(&label, at, Anchor::Middle, AXIS, palette.soft);
}
