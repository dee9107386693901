//! Lays a figure of stacked bars out on its sheet: each
//! part has its colour in the legend, and in a bar its share of the sum where there is room for it.

use super::color::Color;
use super::ruler::Ruler;
use super::scene::{Anchor, Scene};
use super::sheet::{AXIS, FOOT, MARGIN, NAME, NOTE, TALLEST, TICK, WIDTH, baseline};
use super::stack::Stack;
use super::theme::Palette;
use super::{ChartAxis, StackFigure, header};

/// How high a row is at most, and at least where there are many; how much room is between bars.
const ROW: f64 = 42.0;
const FLAT: f64 = 28.0;
const SEAM: f64 = 8.0;
/// How high the heading of a group is.
const HEADING: f64 = 40.0;
/// How high a line of the legend is, and how wide its chip.
const LEGEND: f64 = 34.0;
const CHIP: f64 = 20.0;
/// How wide the names of bars may be.
const MOST_NAME: f64 = 380.0;
/// Room at the right for the sum of the longest bar.
const SUM: f64 = 90.0;
/// Between a bar and the words behind it.
const GAP: f64 = 12.0;

/// Room on both sides of words within a stretch.
const RIM: f64 = 8.0;

/// Lays out `figure`.
pub(super) fn lay_out(figure: &StackFigure, palette: &Palette) -> Scene {
    let head = header::height(&figure.title, &figure.subtitle);
    let legend = legend(figure);
    let lines = legend.last().map_or(0, |entry| entry.line + 1);
    let top = head + lines as f64 * LEGEND + if figure.rows.is_empty() { 6.0 } else { 34.0 };
    let bars: usize = figure.groups.iter().map(|group| group.bars.len()).sum();
    let headings = figure.groups.iter().filter(|group| !group.label.is_empty()).count();
    let below = 84.0 + header::note_height(&figure.note) + FOOT;
    let extra = headings as f64 * HEADING + 8.0;
    let row = ((TALLEST - top - below - extra) / bars.max(1) as f64).clamp(FLAT, ROW).floor();
    let body = bars as f64 * row + extra;
    let mut scene = Scene::new(WIDTH, (top + body + below).max(360.0).round(), palette.paper, &figure.title);
    header::draw(&mut scene, palette, &figure.title, &figure.subtitle);
    header::note(&mut scene, palette, &figure.note);
    if bars == 0 {
        return scene;
    }
    for entry in &legend {
        let middle = head + (entry.line as f64 + 0.5) * LEGEND - 8.0;
        let chip = (entry.at, middle - CHIP / 2.0);
        scene.rectangle(chip, (chip.0 + CHIP, chip.1 + CHIP), color(figure, palette, entry.part), 1.0);
        let at = (entry.at + CHIP + 10.0, baseline(middle, TICK));
        scene.words(&figure.parts[entry.part], at, Anchor::Start, TICK, palette.ink);
    }
    let all = || figure.groups.iter().flat_map(|group| &group.bars);
    let widest = all().map(|bar| TICK.width(&bar.label)).chain([TICK.width(&figure.rows).min(200.0)]);
    let left = (MARGIN + widest.fold(0.0, f64::max).min(MOST_NAME) + 18.0).round();
    let sums: Vec<f64> = all().map(|bar| bar.amounts.iter().sum()).collect();
    let longest = sums.iter().copied().fold(0.0, f64::max);
    // How far to the right the longest bar may end, so that the words behind this one end at the margin.
    let fits = |(bar, &sum): (&Stack, &f64)| {
        left + (WIDTH - MARGIN - GAP - TICK.width(&bar.remark) - left) * longest / sum.max(f64::MIN_POSITIVE)
    };
    let right = all().zip(&sums).map(fits).fold(WIDTH - MARGIN - SUM, f64::min).max((left + WIDTH) / 2.0);
    let mut x = Ruler::full(&ChartAxis::linear(""), &sums, None, 6.0);
    x.place(left, right);
    let foot = (top + body).round();
    for (value, text) in &x.ticks {
        let Some(at) = x.at(*value) else { continue };
        scene.rectangle((at.round(), top), (at.round() + 1.0, foot), palette.grid, 1.0);
        scene.words(text, (at, baseline(foot + 22.0, TICK)), Anchor::Middle, TICK, palette.soft);
    }
    let zero = x.at_or_start(0.0).round();
    scene.rectangle((zero, top), (zero + 2.0, foot), palette.rule, 1.0);
    let rows = TICK.shorten(&figure.rows, MOST_NAME);
    let start = (left - 18.0 - TICK.width(&rows)).max(MARGIN);
    scene.words(&rows, (start, baseline(top - 16.0, TICK)), Anchor::Start, TICK, palette.soft);
    let mut y = top + 4.0;
    for group in &figure.groups {
        scene.owner = group.variant;
        if !group.label.is_empty() {
            let label = NAME.shorten(&group.label, WIDTH - 2.0 * MARGIN);
            let middle = y + HEADING - 16.0;
            // The heading stands clear of the grid.
            let end = MARGIN + NAME.width(&label) + 10.0;
            scene.rectangle((MARGIN, middle - 16.0), (end, middle + 16.0), palette.paper, 1.0);
            scene.words(&label, (MARGIN, baseline(middle, NAME)), Anchor::Start, NAME, palette.ink);
            y += HEADING;
        }
        for bar in &group.bars {
            draw(&mut scene, palette, (figure, bar), &x, left, (y + row / 2.0, row - SEAM));
            if let Some(point) = bar.of {
                scene.hit(point, (left, y), (WIDTH - MARGIN, y + row));
            }
            y += row;
        }
    }
    scene.owner = None;
    let label = AXIS.shorten(&figure.x, right - left);
    let at = ((left + right) / 2.0, baseline(foot + 58.0, AXIS));
    scene.words(&label, at, Anchor::Middle, AXIS, palette.soft);
    scene
}

/// Where a part stands in the legend.
struct Entry {
    part: usize,
    line: usize,
    at: f64,
}

fn legend(figure: &StackFigure) -> Vec<Entry> {
    let (mut at, mut line) = (MARGIN, 0);
    let entry = |(part, name): (usize, &String)| {
        let wide = CHIP + 10.0 + TICK.width(name) + 34.0;
        if at > MARGIN && at + wide > WIDTH - MARGIN {
            (at, line) = (MARGIN, line + 1);
        }
        let entry = Entry { part, line, at };
        at += wide;
        entry
    };
    figure.parts.iter().enumerate().map(entry).collect()
}

/// The colour of a part: of the rest one that belongs to nothing.
fn color(figure: &StackFigure, palette: &Palette, part: usize) -> Color {
    if figure.rest == Some(part) { palette.rule } else { palette.series(part) }
}

fn draw(
    scene: &mut Scene,
    palette: &Palette,
    (figure, bar): (&StackFigure, &Stack),
    x: &Ruler,
    left: f64,
    (middle, high): (f64, f64),
) {
    let name = TICK.shorten(&bar.label, MOST_NAME);
    scene.words(&name, (left - 18.0, baseline(middle, TICK)), Anchor::End, TICK, palette.ink);
    let sum: f64 = bar.amounts.iter().sum();
    if bar.amounts.is_empty() || !sum.is_finite() || sum <= 0.0 {
        scene.words(&bar.remark, (left + 12.0, baseline(middle, NOTE)), Anchor::Start, NOTE, palette.soft);
        return;
    }
    let mut below = 0.0;
    for (part, amount) in bar.amounts.iter().enumerate() {
        let (Some(from), Some(to)) = (x.at(below), x.at(below + amount)) else { continue };
        below += amount;
        if to - from < 0.5 {
            continue;
        }
        let color = color(figure, palette, part);
        scene.rectangle((from, middle - high / 2.0), (to, middle + high / 2.0), color, 1.0);
        // A thin line of paper sets it off from the next.
        scene.rectangle((to - 1.0, middle - high / 2.0), (to, middle + high / 2.0), palette.paper, 1.0);
        let share = format!("{:.0} %", amount / sum * 100.0);
        if NOTE.width(&share) + 2.0 * RIM <= to - from {
            let at = ((from + to) / 2.0, baseline(middle, NOTE));
            scene.words(&share, at, Anchor::Middle, NOTE, palette.words_on(color));
        }
    }
    let at = (x.at_or_start(sum) + GAP, baseline(middle, TICK));
    let remark = TICK.shorten(&bar.remark, WIDTH - MARGIN - at.0);
    scene.words(&remark, at, Anchor::Start, TICK, palette.ink);
}
