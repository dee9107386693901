//! Lays a heat map out on its sheet.

use super::font::Font;
use super::scene::{Anchor, Scene};
use super::sheet::{AXIS, FOOT, MARGIN, NAME, REMARK, TALLEST, TICK, WIDTH, baseline};
use super::theme::Palette;
use super::{HeatFigure, HeatGroup, HeatRow, header, marker};

/// The share that a saturated resource has in use at least: one below it is not rounded up to it.
const FULL: f64 = 0.95;
/// How high a row is at least.
const ROW: f64 = 28.0;
/// How high a row is where there is room on the slide.
const ROOMY: f64 = 42.0;
/// How high a row is at most.
const TALL: f64 = 76.0;
/// How high the rows and the colour bar are at least.
const BODY: f64 = 350.0;
/// How high the name of a variant is.
const HEAD: f64 = 36.0;
/// The room between variants.
const GAP: f64 = 10.0;
/// The room between cells.
const SEAM: f64 = 2.0;
/// How wide the names of resources may be.
const MOST_NAME: f64 = 330.0;
/// The room on the right for the colour bar.
const KEY: f64 = 190.0;
/// With more rows than this, the columns are named at the top too.
const MANY_ROWS: usize = 12;

/// The sizes that numbers in cells may have.
const SIZES: [f64; 5] = [20.0, 18.0, 16.0, 14.0, 12.0];
/// How high the names of columns may be where they are written upwards.
const MOST_UPRIGHT: f64 = 320.0;

/// Where the cells lie.
struct Cells {
    left: f64,
    wide: f64,
    count: usize,
    /// How high a row is.
    row: f64,
    /// The size of the numbers in the cells.
    size: f64,
}

impl Cells {
    /// The edges of column `place`, on whole pixels.
    fn column(&self, place: usize) -> (f64, f64) {
        let edge = |place: usize| (self.left + self.wide * place as f64).round();
        (edge(place), edge(place + 1) - SEAM)
    }

    fn right(&self) -> f64 {
        self.left + self.wide * self.count as f64
    }
}

/// Lays out `figure`.
pub(super) fn lay_out(figure: &HeatFigure, palette: &Palette) -> Scene {
    let rows: usize = figure.groups.iter().map(|group| group.rows.len()).sum();
    let header = header::height(&figure.title, &figure.subtitle);
    let above = if rows > MANY_ROWS { 32.0 } else { 0.0 };
    let extra: f64 = figure.groups.iter().map(group_extra).sum();
    let upright = upright(figure);
    let above = if upright > 0.0 { 0.0 } else { above };
    let below = 82.0 + (upright - 22.0).max(0.0) + header::note_height(&figure.note) + FOOT;
    let each = |room: f64| (room - extra) / rows.max(1) as f64;
    let fits = each(TALLEST - header - above - below).max(ROW);
    let row = each(BODY).clamp(ROOMY, TALL).min(fits).floor();
    let body = rows as f64 * row + extra;
    let cells = cells(figure, row);
    let height = (header + above + body.max(BODY - 60.0) + below).round();

    let mut scene = Scene::new(WIDTH, height, palette.paper, &figure.title);
    header::draw(&mut scene, palette, &figure.title, &figure.subtitle);
    header::note(&mut scene, palette, &figure.note);
    let mut y = header;
    if above > 0.0 {
        names(&mut scene, palette, &figure.columns, &cells, y + 12.0);
        y += above;
    }
    let top = y;
    for group in &figure.groups {
        y = draw_group(&mut scene, palette, group, &cells, y);
    }
    if upright > 0.0 {
        names_upright(&mut scene, palette, &figure.columns, &cells, y);
    } else {
        names(&mut scene, palette, &figure.columns, &cells, y + 12.0);
    }
    let at = ((cells.left + cells.right()) / 2.0, baseline(y + 50.0 + (upright - 22.0).max(0.0), AXIS));
    let label = AXIS.shorten(&figure.x, cells.right() - cells.left);
    scene.words(&label, at, Anchor::Middle, AXIS, palette.soft);
    key(&mut scene, palette, &figure.unit, cells.right() + 56.0, top);
    scene
}

/// What a variant takes beside its rows.
fn group_extra(group: &HeatGroup) -> f64 {
    let head = if group.label.trim().is_empty() { 0.0 } else { HEAD };
    head + GAP
}

fn cells(figure: &HeatFigure, row: f64) -> Cells {
    let rows = || figure.groups.iter().flat_map(|group| &group.rows);
    let widest = rows().map(|row| TICK.width(&row.label)).fold(0.0, f64::max).min(MOST_NAME);
    let longest = rows().map(|row| row.values.len()).max().unwrap_or(0);
    let count = figure.columns.len().max(longest).max(1);
    let left = (MARGIN + widest + 18.0).round();
    let wide = (WIDTH - MARGIN - KEY - left) / count as f64;
    Cells { left, wide, count, row, size: size(wide) }
}

/// Draws a variant from `y` down and returns where the next one starts.
fn draw_group(scene: &mut Scene, palette: &Palette, group: &HeatGroup, cells: &Cells, mut y: f64) -> f64 {
    scene.owner = group.color;
    if !group.label.trim().is_empty() {
        let mut left = MARGIN;
        let mut color = palette.ink;
        if let Some(number) = group.color {
            color = palette.series(number);
            let at = (left + 7.0, y + HEAD / 2.0);
            marker::draw(scene, number, at, 7.0, color, palette.paper);
            left += 24.0;
        }
        let label = NAME.shorten(&group.label, cells.right() - left);
        let at = (left, baseline(y + HEAD / 2.0, NAME));
        scene.words(&label, at, Anchor::Start, NAME, palette.words(color));
        y += HEAD;
    }
    let top = y;
    for row in &group.rows {
        draw_row(scene, palette, row, cells, y);
        y += cells.row;
    }
    for (place, point) in group.of.iter().enumerate() {
        if let Some(point) = *point {
            let (left, right) = cells.column(place);
            scene.hit(point, (left, top), (right, y - SEAM));
        }
    }
    scene.owner = None;
    y + GAP
}

fn draw_row(scene: &mut Scene, palette: &Palette, row: &HeatRow, cells: &Cells, y: f64) {
    let middle = y + (cells.row - SEAM) / 2.0;
    let name = TICK.shorten(&row.label, MOST_NAME);
    let at = (cells.left - 18.0, baseline(middle, TICK));
    scene.words(&name, at, Anchor::End, TICK, palette.ink);
    let (top, foot) = (y.round(), (y + cells.row).round() - SEAM);
    for (place, &value) in row.values.iter().enumerate() {
        if !value.is_finite() {
            continue;
        }
        let (left, right) = cells.column(place);
        let color = palette.ramp(value);
        let is_marked = row.marked.get(place).is_some_and(|&marked| marked);
        scene.rectangle((left, top), (right, foot), color, 1.0);
        if is_marked {
            mark(scene, palette, (left, top), (right, foot));
        }
        let rim = if is_marked { 8.0 } else { 2.0 };
        let text = percent(value);
        let fits = |size: &f64| Font { strong: is_marked, size: *size }.width(&text) <= right - left - rim;
        if let Some(size) = SIZES.into_iter().filter(|&size| size <= cells.size).find(fits) {
            let font = Font { strong: is_marked, size };
            let at = ((left + right) / 2.0, baseline(middle, font));
            scene.words(&text, at, Anchor::Middle, font, palette.words_on(color));
        }
    }
}

/// Marks a cell: a rim, with a thin line of paper inside so that it shows on any cell.
fn mark(scene: &mut Scene, palette: &Palette, from: (f64, f64), to: (f64, f64)) {
    let inner = |by: f64| ((from.0 + by, from.1 + by), (to.0 - by, to.1 - by));
    let (a, b) = inner(3.0);
    scene.rim(from, to, 3.0, palette.alarm);
    if to.0 - from.0 > 24.0 {
        scene.rim(a, b, 1.0, palette.paper);
    }
}

/// A share as a percentage, without the sign.
fn percent(value: f64) -> String {
    let percent = (value * 100.0).round();
    // A share below the bound is not rounded up to it.
    if value < FULL && percent >= FULL * 100.0 {
        return format!("{:.1}", (value * 1000.0).floor() / 10.0);
    }
    if percent.abs() > 9999.0 {
        return if percent > 0.0 { ">9999" } else { "<0" }.to_owned();
    }
    // Zero may come out as minus zero.
    format!("{:.0}", percent + 0.0)
}

/// The size in which two digits have room in a cell this wide; zero if there is none.
fn size(wide: f64) -> f64 {
    SIZES.into_iter().find(|&size| Font::regular(size).width("44") <= wide - SEAM - 3.0).unwrap_or(0.0)
}

/// Names the columns in the row with this middle, leaving some out if they would touch.
fn names(scene: &mut Scene, palette: &Palette, columns: &[String], cells: &Cells, middle: f64) {
    let short: Vec<String> = columns.iter().map(|name| TICK.shorten(name, cells.wide.max(110.0))).collect();
    let widest = short.iter().map(|name| TICK.width(name)).fold(0.0, f64::max);
    let every = ((widest + 12.0) / cells.wide).ceil().max(1.0) as usize;
    for (place, name) in short.iter().enumerate().step_by(every) {
        let (left, right) = cells.column(place);
        let at = ((left + right) / 2.0, baseline(middle, TICK));
        scene.words(name, at, Anchor::Middle, TICK, palette.soft);
    }
}

/// How high the names of the columns are if they are written upwards, as they are where they have no room side by side
/// and say more than numbers do; zero if they are not.
fn upright(figure: &HeatFigure) -> f64 {
    let wide = cells(figure, ROW).wide;
    let widths = || figure.columns.iter().map(|name| TICK.width(name));
    let has_names = figure.columns.iter().any(|name| name.starts_with(char::is_alphabetic));
    let is_full = widths().any(|name| name + 12.0 > wide);
    if has_names && is_full && wide >= TICK.size { widths().fold(0.0, f64::max).min(MOST_UPRIGHT) } else { 0.0 }
}

/// Names the columns below `top`, upwards.
fn names_upright(scene: &mut Scene, palette: &Palette, columns: &[String], cells: &Cells, top: f64) {
    for (place, name) in columns.iter().enumerate() {
        let (left, right) = cells.column(place);
        let at = (baseline((left + right) / 2.0, TICK), top + 2.0);
        scene.words_up(&TICK.shorten(name, MOST_UPRIGHT), at, TICK, palette.soft);
    }
}

/// Draws the colour bar, and what marks a cell.
fn key(scene: &mut Scene, palette: &Palette, unit: &str, left: f64, top: f64) {
    let room = WIDTH - MARGIN - left + 24.0;
    let mut y = top;
    for line in REMARK.wrap(unit, room, 2) {
        let at = (left, baseline(y + 14.0, REMARK));
        scene.words(&line, at, Anchor::Start, REMARK, palette.soft);
        y += 26.0;
    }
    let (bar, high) = (y + 16.0, 200.0);
    let steps = 100;
    for step in 0..steps {
        let share = (f64::from(step) + 0.5) / f64::from(steps);
        let at = |step: i32| (bar + high * (1.0 - f64::from(step) / f64::from(steps))).round();
        let (from, to) = ((left, at(step + 1)), (left + 24.0, at(step)));
        scene.rectangle(from, to, palette.ramp(share), 1.0);
    }
    for value in [0, 25, 50, 75, 100] {
        let level = bar + high * (1.0 - f64::from(value) / 100.0);
        let at = (left + 36.0, baseline(level, REMARK));
        scene.words(&value.to_string(), at, Anchor::Start, REMARK, palette.soft);
    }
    let y = bar + high + 32.0;
    let (from, to) = ((left, y), (left + 24.0, y + 24.0));
    scene.rectangle(from, to, palette.ramp(1.0), 1.0);
    mark(scene, palette, from, to);
    for (row, line) in (0..).zip(REMARK.wrap("limiting or saturated", room - 36.0, 2)) {
        let at = (left + 36.0, baseline(y + 12.0 + 26.0 * f64::from(row), REMARK));
        scene.words(&line, at, Anchor::Start, REMARK, palette.ink);
    }
}
