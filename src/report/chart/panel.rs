//! Draws one panel of a line figure.

use super::callout::Callouts;
use super::frame::PlotFrame;
use super::line::{Line, Point};
use super::ruler::Ruler;
use super::scene::{Anchor, Scene, Spot};
use super::sheet::{AXIS, MARGIN, TICK, baseline};
use super::stroke::{clipped, dashed};
use super::tag::{self, Tag};
use super::theme::Palette;
use super::twin::{self, Twin};
use super::{Look, Panel, Style, beyond, ending, marker, measured, threshold};

/// How high the row above a plot is that names its y axis.
pub(super) const CAPTION: f64 = 48.0;
/// How many points of a curve are marked; of more points, every second, third and so on is.
const MOST_MARKS: usize = 30;
/// How far from the middle of a mark its point reaches, for a pointer.
const REACH: f64 = 14.0;

/// Where the points of a curve lie, and how it is drawn.
type Drawn = (Vec<Option<Spot>>, (Style, Look));

/// Every value that the y axis of `panel` should hold.
pub(super) fn values(panel: &Panel) -> Vec<f64> {
    let points = panel.lines.iter().flat_map(|line| &line.points);
    let mut values: Vec<f64> = points
        .filter(|point| point.y.is_finite())
        .flat_map(|point| [point.y, point.low, point.high].into_iter().chain(point.other).chain(ends(point)))
        .chain(panel.points.iter().map(|point| point.y))
        .filter(|value| value.is_finite())
        .collect();
    // A limit far above the data would flatten the curves, so it does not stretch the axis.
    let most = values.iter().copied().fold(0.0, f64::max);
    let limits = panel.thresholds.iter().map(|limit| limit.value);
    let none = values.is_empty();
    values.extend(limits.filter(|&limit| none || limit <= most * 2.5));
    values
}

/// Draws `panel` with its plot in `frame`, and its caption in the row that starts at `top`. Returns the names as they are
/// written.
pub(super) fn draw(
    scene: &mut Scene,
    palette: &Palette,
    panel: &Panel,
    callouts: &Callouts,
    (x, y): (&Ruler, &Ruler),
    frame: &PlotFrame,
    top: f64,
) -> Vec<String> {
    let caption = top + 13.0;
    let name = AXIS.shorten(&panel.y.label, frame.width() * 0.8);
    let at = (MARGIN, baseline(caption, AXIS));
    scene.words(&name, at, Anchor::Start, AXIS, palette.soft);

    callouts.draw(scene, palette, frame.top, frame.foot);
    for (value, text) in &y.ticks {
        let Some(level) = y.at(*value) else { continue };
        let color = if *value == 0.0 { palette.rule } else { palette.grid };
        scene.level(frame.left, frame.right, level, 1.0, color);
        let at = (frame.left - 14.0, baseline(level, TICK));
        scene.words(text, at, Anchor::End, TICK, palette.soft);
    }
    scene.level(frame.left, frame.right, frame.foot, 2.0, palette.rule);

    for line in &panel.lines {
        let color = palette.series(line.color);
        scene.owner = line.variant();
        match line.look {
            Look::Curve | Look::Band => {
                let wide = |point: &Point| point.wide.unwrap_or((f64::NAN, f64::NAN));
                bands(line, wide, x, y, frame).into_iter().for_each(|corners| scene.polygon(corners, color, 0.1));
                let inner = |point: &Point| (point.low, point.high);
                bands(line, inner, x, y, frame).into_iter().for_each(|corners| scene.polygon(corners, color, 0.17));
            }
            Look::Tried => scene.strokes(whiskers(line, x, y, frame), 2.4, color.toward(palette.paper, 0.35)),
            Look::Course | Look::Noise | Look::Bound => {}
        }
    }
    scene.owner = None;
    let mut taken = Vec::new();
    let mut tags = Vec::new();
    let spots = |line: &Line| line.points.iter().map(|point| Some((x.at(point.x)?, y.at(point.y)?))).collect();
    let curves: Vec<Drawn> = panel.lines.iter().map(|line| (spots(line), (line.style, line.look))).collect();
    let twins = twin::find(&curves);
    for ((line, (spots, _)), &twin) in panel.lines.iter().zip(&curves).zip(&twins) {
        scene.owner = line.variant();
        tags.push(curve(scene, palette, line, (spots, twin), frame, &mut taken));
        for (&point, spot) in line.of.iter().zip(spots) {
            if let Some(&(x, y)) = spot.as_ref().filter(|spot| frame.holds(**spot)) {
                scene.hit(point, (x - REACH, y - REACH), (x + REACH, y + REACH));
            }
        }
    }
    // Over the marks of other curves, which may hide that there are two values.
    for line in &panel.lines {
        scene.owner = line.variant();
        others(scene, palette, line, (x, y), frame, &mut taken);
    }
    scene.owner = None;
    let points = &panel.points;
    measured::draw(scene, palette, points, (x, y), frame, caption, &mut taken);
    beyond::draw(scene, palette, panel, (x, y), frame, &mut taken);
    threshold::draw(scene, palette, &panel.thresholds, y, frame, &mut taken);
    for (line, (spots, _)) in panel.lines.iter().zip(&curves) {
        if let Some(&last) = spots.iter().flatten().next_back() {
            scene.owner = line.variant();
            ending::draw(scene, palette, &line.end, (line.color, last), frame, &mut taken);
        }
    }
    scene.owner = None;
    let names = tags.iter().filter_map(|tag| tag.lines.first().cloned()).collect();
    let reach = (top + CAPTION - 18.0, frame.foot + 18.0);
    tag::draw(scene, palette, tags, frame.right, reach);
    names
}

/// Draws a curve with its marks, adds the spots it covers to `taken`, and returns its name.
fn curve(
    scene: &mut Scene,
    palette: &Palette,
    line: &Line,
    (spots, twin): (&[Option<Spot>], Twin),
    frame: &PlotFrame,
    taken: &mut Vec<Spot>,
) -> Tag {
    let color = palette.series(line.color);
    let mut strokes = Vec::new();
    for run in spots.split(Option::is_none) {
        let path: Vec<Spot> = run.iter().copied().flatten().collect();
        for part in clipped(&path, frame.top, frame.foot) {
            taken.extend(sampled(&part));
            let style = if matches!(line.look, Look::Tried | Look::Bound) { Style::Dashed } else { line.style };
            strokes.extend(twin.turns(&part).iter().flat_map(|turn| dashed(turn, style)));
        }
    }
    let (width, stroke) = match line.look {
        Look::Curve | Look::Band | Look::Course => (3.6, color),
        Look::Bound => (1.8, color),
        Look::Tried => (1.4, color.toward(palette.paper, 0.5)),
        Look::Noise => (1.5, color.toward(palette.paper, 0.45)),
    };
    scene.strokes(strokes, width, stroke);
    let is_marked = matches!(line.look, Look::Curve | Look::Tried);
    let every = if line.look == Look::Tried { 1 } else { spots.len().div_ceil(MOST_MARKS).max(1) };
    let places = spots.iter().filter(|_| is_marked);
    let marked = places.step_by(every).enumerate().filter(|(number, _)| twin.marks(*number));
    for &spot in marked.filter_map(|(_, spot)| spot.as_ref()).filter(|spot| frame.holds(**spot)) {
        marker::draw(scene, line.color, spot, 6.0, color, palette.paper);
    }
    let last = spots.iter().flatten().next_back();
    let mut lines = tag::lines(&name(line));
    lines.iter_mut().take(1).for_each(|line| line.insert_str(0, twin.sign()));
    let &(end_x, end_y) = last.unwrap_or(&(frame.right, frame.foot));
    Tag {
        lines,
        color: last.map_or(palette.soft, |_| color),
        marker: last.filter(|_| is_marked).map(|_| line.color),
        has_leader: last.is_some() && line.look != Look::Tried,
        end: (end_x, end_y.max(frame.top).min(frame.foot)),
        variant: line.variant(),
        beside: twin.first,
    }
}

/// Draws the second values of a curve's points: each a hollow mark, with a thin stroke to the curve.
fn others(
    scene: &mut Scene,
    palette: &Palette,
    line: &Line,
    (x, y): (&Ruler, &Ruler),
    frame: &PlotFrame,
    taken: &mut Vec<Spot>,
) {
    let color = palette.series(line.color);
    for point in &line.points {
        let spot = |value: f64| Some((x.at(point.x)?, y.at(value)?));
        let Some((own, other)) = spot(point.y).zip(point.other.and_then(spot)) else { continue };
        if !frame.holds(own) || !frame.holds(other) {
            continue;
        }
        scene.strokes(vec![vec![own, other]], 1.4, color.toward(palette.paper, 0.5));
        marker::draw(scene, line.color, other, 6.0, color, palette.paper);
        marker::draw(scene, line.color, other, 2.6, palette.paper, palette.paper);
        taken.extend(sampled(&[own, other]));
    }
}

/// The name of a curve, with a word if there is nothing of it to see.
pub(super) fn name(line: &Line) -> String {
    if line.points.iter().any(|point| point.y.is_finite()) {
        return line.label.clone();
    }
    let why = if line.end.is_empty() { "no figures" } else { &line.end };
    format!("{} ({why})", line.label)
}

/// Spots along a path, a few pixels apart.
fn sampled(path: &[Spot]) -> Vec<Spot> {
    let between = |from: Spot, to: Spot| {
        let steps = ((to.0 - from.0).hypot(to.1 - from.1) / 8.0).ceil().max(1.0);
        (0..=steps.min(500.0) as u32).map(move |step| {
            let share = f64::from(step) / steps;
            (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
        })
    };
    path.iter().zip(path.iter().skip(1)).flat_map(|(&from, &to)| between(from, to)).collect()
}

/// The intervals of single points as strokes, cut to the plot.
fn whiskers(line: &Line, x: &Ruler, y: &Ruler, frame: &PlotFrame) -> Vec<Vec<Spot>> {
    let whisker = |point: &Point| {
        let (at, low, high) = (x.at(point.x)?, y.at_or_start(point.low), y.at(point.high)?);
        y.at(point.y).filter(|_| point.low < point.high)?;
        Some(vec![(at, low), (at, high)])
    };
    line.points.iter().filter_map(whisker).flat_map(|path| clipped(&path, frame.top, frame.foot)).collect()
}

/// The ends of a point's wider interval.
fn ends(point: &Point) -> impl Iterator<Item = f64> {
    point.wide.into_iter().flat_map(|(low, high)| [low, high])
}

/// The outlines of these intervals of a curve, cut to the plot.
fn bands(
    line: &Line,
    interval: impl Fn(&Point) -> (f64, f64),
    x: &Ruler,
    y: &Ruler,
    frame: &PlotFrame,
) -> Vec<Vec<Spot>> {
    let ends: Vec<Option<(f64, f64, f64)>> = line
        .points
        .iter()
        .map(|point| {
            // A point with two values has no band.
            let (low, high) = interval(point);
            let whole = y.at(point.y).is_some() && low <= high && point.other.is_none();
            let ends = (x.at(point.x)?, y.at_or_start(low), y.at(high)?);
            whole.then_some(ends)
        })
        .collect();
    let cut = |level: f64| level.max(frame.top).min(frame.foot);
    ends.split(Option::is_none)
        .map(|run| run.iter().copied().flatten().collect::<Vec<_>>())
        .filter(|run| run.iter().any(|(_, low, high)| low - high > 0.5))
        .map(|run| {
            let mut upper = Vec::new();
            let mut lower = Vec::new();
            for (from, to) in run.iter().zip(run.iter().skip(1)) {
                let levels = [from.1, from.2, to.1, to.2];
                let inside = levels.iter().all(|&level| cut(level) == level);
                let steps = if inside { 1 } else { 24 };
                for step in 0..=steps {
                    let share = f64::from(step) / f64::from(steps);
                    let part = |from: f64, to: f64| from + (to - from) * share;
                    upper.push((part(from.0, to.0), cut(part(from.2, to.2))));
                    lower.push((part(from.0, to.0), cut(part(from.1, to.1))));
                }
            }
            upper.extend(lower.into_iter().rev());
            upper.dedup();
            upper
        })
        .collect()
}
