//! Lays a tornado figure out on its sheet.

use super::ruler::Ruler;
use super::scene::{Anchor, Scene};
use super::sheet::{AXIS, FOOT, MARGIN, NAME, REMARK, TICK, WIDTH, baseline};
use super::theme::Palette;
use super::{ChartAxis, Swing, SwingEnd, TornadoFigure, header};

/// How high a row is.
const ROW: f64 = 62.0;
/// How high a bar is; where both bars are on one side each has half of it.
const BAR: f64 = 40.0;
/// How wide the names of numbers may be.
const MOST_NAME: f64 = 420.0;
/// The room above the rows for the value of today.
const TODAY: f64 = 40.0;
/// How much is left of the colour of a bar that is not told from none.
const PALE: f64 = 0.72;
/// The colours of the low and the high end.
const ENDS: [usize; 2] = [0, 1];

/// Lays out `figure`.
pub(super) fn lay_out(figure: &TornadoFigure, palette: &Palette) -> Scene {
    let head = header::height(&figure.title, &figure.subtitle);
    let top = head + TODAY;
    let count = figure.rows.len() + usize::from(figure.others.is_some());
    let body = count as f64 * ROW + 8.0;
    let below = 84.0 + header::note_height(&figure.note) + FOOT;
    let mut scene = Scene::new(WIDTH, (top + body + below).max(360.0).round(), palette.paper, &figure.title);
    header::draw(&mut scene, palette, &figure.title, &figure.subtitle);
    header::note(&mut scene, palette, &figure.note);
    if count == 0 {
        return scene;
    }
    let names = figure.rows.iter().map(|row| &row.label).chain(figure.others.iter().map(|(who, _)| who));
    let widest = names.map(|name| TICK.width(name)).fold(0.0, f64::max);
    let left = (MARGIN + widest.min(MOST_NAME) + 18.0).round();
    let right = WIDTH - MARGIN;
    let foot = (top + body).round();
    let x = ruler(figure, left, right);
    for (value, text) in &x.ticks {
        let Some(at) = x.at(*value) else { continue };
        let at = at.round();
        scene.rectangle((at, top), (at + 1.0, foot), palette.grid, 1.0);
        let sign = if *value > 0.0 { "+" } else { "" };
        let below = (at, baseline(foot + 22.0, TICK));
        scene.words(&format!("{sign}{text}"), below, Anchor::Middle, TICK, palette.soft);
    }
    let zero = x.at_or_start(0.0).round();
    for (place, row) in figure.rows.iter().enumerate() {
        let middle = top + 4.0 + (place as f64 + 0.5) * ROW;
        draw(&mut scene, palette, (row, place == 0), &x, left, middle);
    }
    scene.rectangle((zero - 1.0, top - 6.0), (zero + 1.0, foot), palette.ink, 1.0);
    let half = NAME.width(&figure.today) / 2.0;
    let at = (zero.min(right - half).max(MARGIN + half), baseline(top - 22.0, NAME));
    scene.words(&figure.today, at, Anchor::Middle, NAME, palette.ink);
    if let Some((who, what)) = &figure.others {
        let middle = top + 4.0 + (figure.rows.len() as f64 + 0.5) * ROW;
        let who = TICK.shorten(who, MOST_NAME);
        scene.words(&who, (left - 18.0, baseline(middle, TICK)), Anchor::End, TICK, palette.soft);
        // Beside the line, where there is more room.
        let is_right = right - zero > zero - left;
        let (at, anchor) = if is_right { (zero + 14.0, Anchor::Start) } else { (zero - 14.0, Anchor::End) };
        let what = REMARK.shorten(what, (right - zero).max(zero - left) - 20.0);
        let wide = REMARK.width(&what);
        let start = if is_right { at } else { at - wide };
        scene.rectangle((start - 6.0, middle - 13.0), (start + wide + 6.0, middle + 13.0), palette.paper, 1.0);
        scene.words(&what, (at, baseline(middle, REMARK)), anchor, REMARK, palette.soft);
    }
    let label = AXIS.shorten(&figure.x, right - left);
    let at = ((left + right) / 2.0, baseline(foot + 58.0, AXIS));
    scene.words(&label, at, Anchor::Middle, AXIS, palette.soft);
    scene
}

/// The axis, with room at both sides for the words at the ends of bars.
fn ruler(figure: &TornadoFigure, left: f64, right: f64) -> Ruler {
    let ends = figure.rows.iter().flat_map(|row| [&row.low, &row.high]);
    let values: Vec<f64> = ends.flat_map(|end| [end.change, end.from, end.to]).collect();
    let axis = ChartAxis::linear("");
    let mut x = Ruler::full(&axis, &values, None, 6.0);
    let has = |is_left: bool| {
        let ends =
            figure.rows.iter().enumerate().flat_map(|(place, row)| [(place, &row.low, 0), (place, &row.high, 1)]);
        let wide = |(place, end, side): (usize, &SwingEnd, usize)| {
            ((end.change < 0.0) == is_left).then(|| NAME.width(&words(end, side, place == 0)) + 22.0)
        };
        ends.filter_map(wide).fold(16.0, f64::max)
    };
    x.place(left + has(true), right - has(false));
    x
}

/// What is written at the end of a bar: in the first row which end it is.
fn words(end: &SwingEnd, side: usize, is_first: bool) -> String {
    if is_first { format!("{} end: {}", ["low", "high"][side], end.text) } else { end.text.clone() }
}

fn draw(scene: &mut Scene, palette: &Palette, (row, is_first): (&Swing, bool), x: &Ruler, left: f64, middle: f64) {
    let name = TICK.shorten(&row.label, MOST_NAME);
    scene.words(&name, (left - 18.0, baseline(middle, TICK)), Anchor::End, TICK, palette.ink);
    let zero = x.at_or_start(0.0);
    let is_one_side = (row.low.change < 0.0) == (row.high.change < 0.0);
    for (side, end) in [&row.low, &row.high].into_iter().enumerate() {
        let half = if is_one_side { BAR / 4.0 } else { BAR / 2.0 };
        let middle = match (is_one_side, side) {
            (false, _) => middle,
            (true, 0) => middle - BAR / 4.0 - 1.0,
            (true, _) => middle + BAR / 4.0 + 1.0,
        };
        let full = palette.series(ENDS[side]);
        let Some(at) = x.at(end.change) else { continue };
        let color = if end.is_pale { full.toward(palette.paper, PALE) } else { full };
        scene.rectangle((zero.min(at), middle - half), (zero.max(at), middle + half), color, 1.0);
        let mut reach = (zero.min(at), zero.max(at));
        if let (true, Some(from), Some(to)) = (end.from < end.to, x.at(end.from), x.at(end.to)) {
            let cap = |at: f64| vec![(at, middle - half * 0.4), (at, middle + half * 0.4)];
            let whisker = || vec![vec![(from, middle), (to, middle)], cap(from), cap(to)];
            scene.strokes(whisker(), 5.0, palette.paper);
            scene.strokes(whisker(), 2.2, if end.is_pale { palette.soft } else { palette.ink });
            reach = (reach.0.min(from), reach.1.max(to));
        }
        let font = if is_first { NAME } else { REMARK };
        let (at, anchor) =
            if end.change < 0.0 { (reach.0 - 12.0, Anchor::End) } else { (reach.1 + 12.0, Anchor::Start) };
        let ink = if end.is_pale && !is_first { palette.soft } else { palette.words(full) };
        scene.words(&words(end, side, is_first), (at, baseline(middle, font)), anchor, font, ink);
    }
}
