//! Lays a drawing of a system out on its sheet.

use super::font::Font;
use super::layers::{self, Arc, Layers};
use super::scene::{Anchor, Scene, Spot};
use super::sheet::{FOOT, MARGIN, WIDTH, baseline};
use super::theme::Palette;
use super::{BoxKind, DiagramFigure, Link, Node, header};

/// The name of a box, what is said of it, and the name of a row.
const NAME: Font = Font::strong(24.0);
const FACT: Font = Font::regular(19.0);
const ROW: Font = Font::strong(19.0);

/// How high a name and another line are.
const NAME_LINE: f64 = 34.0;
const LINE: f64 = 26.0;
/// Room between the rim of a box and its words, and between two rows.
const RIM: f64 = 16.0;
const SEAM: f64 = 8.0;
/// How wide a box is at least and at most.
const NARROWEST: f64 = 150.0;
const WIDEST: f64 = 340.0;
/// Room between two layers, and between two boxes of one.
const BETWEEN: f64 = 96.0;
const GAP: f64 = 34.0;
/// Room for a link that passes a layer.
const THIN: f64 = 14.0;
/// How long the head of an arrow is.
const HEAD: f64 = 13.0;
/// Steps of a curve.
const STEPS: u32 = 24;

/// A box with its words laid out.
struct Sized<'a> {
    node: &'a Node,
    name: Vec<String>,
    facts: Vec<String>,
    /// The name and the facts of each row, each in lines.
    rows: Vec<(Vec<String>, Vec<String>)>,
    wide: f64,
    high: f64,
}

impl<'a> Sized<'a> {
    fn new(node: &'a Node) -> Self {
        let texts = || {
            let rows = node.rows.iter().flat_map(|row| [(ROW, &row.name), (FACT, &row.facts)]);
            std::iter::once((NAME, &node.name)).chain(node.facts.iter().map(|fact| (FACT, fact))).chain(rows)
        };
        let widest = texts().map(|(font, text)| font.width(text)).fold(0.0, f64::max);
        let room = widest.clamp(NARROWEST, WIDEST - 2.0 * RIM).ceil();
        let name = NAME.wrap(&node.name, room, 2);
        let facts: Vec<String> = node.facts.iter().flat_map(|fact| FACT.wrap(fact, room, 3)).collect();
        let row = |row: &super::Row| (ROW.wrap(&row.name, room, 2), FACT.wrap(&row.facts, room, 3));
        let rows: Vec<_> = node.rows.iter().map(row).collect();
        let of_row = |row: &(Vec<String>, Vec<String>)| (row.0.len() + row.1.len()) as f64 * LINE + 2.0 * SEAM;
        let head = name.len() as f64 * NAME_LINE + facts.len() as f64 * LINE;
        let high = 2.0 * RIM + head + rows.iter().map(of_row).sum::<f64>();
        Self { node, name, facts, rows, wide: room + 2.0 * RIM, high }
    }

    /// How high the name and the facts are, with the rim above them.
    fn head(&self) -> f64 {
        RIM + self.name.len() as f64 * NAME_LINE + self.facts.len() as f64 * LINE + SEAM / 2.0
    }

    /// The height of the rows before this one.
    fn above(&self, row: usize) -> f64 {
        let rows = self.rows.iter().take(row);
        self.head() + rows.map(|row| (row.0.len() + row.1.len()) as f64 * LINE + 2.0 * SEAM).sum::<f64>()
    }

    /// How far below the top a link leaves: in the middle of its row.
    fn port(&self, row: Option<usize>) -> f64 {
        match row {
            Some(row) => (self.above(row) + self.above(row + 1)) / 2.0,
            None => self.entry(),
        }
    }

    /// How far below the top links arrive: at the name.
    fn entry(&self) -> f64 {
        RIM + NAME_LINE / 2.0
    }
}

/// Lays out `figure`.
pub(super) fn lay_out(figure: &DiagramFigure, palette: &Palette) -> Scene {
    let sized: Vec<Sized> = figure.nodes.iter().map(Sized::new).collect();
    let heights: Vec<f64> = sized.iter().map(|it| it.high).collect();
    let is_sound = |link: &&Link| link.from < sized.len() && link.to < sized.len();
    let links: Vec<Link> = figure.links.iter().filter(is_sound).copied().collect();
    let arcs: Vec<Arc> = links
        .iter()
        .map(|link| {
            let box_of = &sized[link.from];
            Arc { from: link.from, to: link.to, at: box_of.port(link.row) / box_of.high }
        })
        .collect();
    let layers = layers::lay_out(&heights, &arcs, GAP, THIN);
    // The widest box of each layer.
    let mut widths = vec![NARROWEST; layers.count];
    for (it, &layer) in sized.iter().zip(&layers.layer) {
        widths[layer] = widths[layer].max(it.wide);
    }
    let body = widths.iter().sum::<f64>() + BETWEEN * layers.count.saturating_sub(1) as f64;
    let width = (body + 2.0 * MARGIN).max(WIDTH).round();
    let ends = || sized.iter().zip(&layers.middle).map(|(it, middle)| (middle - it.high / 2.0, middle + it.high / 2.0));
    let high = ends().map(|(_, foot)| foot).fold(0.0, f64::max);
    let low = ends().map(|(top, _)| top).fold(0.0, f64::min);
    let head = header::height(&figure.title, &figure.subtitle);
    let below = header::note_height(&figure.note) + FOOT + 10.0;
    let mut scene = Scene::new(width, (head + high - low + 20.0 + below).round(), palette.paper, &figure.title);
    header::draw(&mut scene, palette, &figure.title, &figure.subtitle);
    header::note(&mut scene, palette, &figure.note);
    let mut lefts = Vec::new();
    let mut left = (width - body) / 2.0;
    for wide in &widths {
        lefts.push(left);
        left += wide + BETWEEN;
    }
    let top = |index: usize| (head + 10.0 - low + layers.middle[index] - sized[index].high / 2.0).round();
    let down = |middle: f64| head + 10.0 - low + middle;
    let corner = |index: usize| (lefts[layers.layer[index]].round(), top(index));
    for (number, link) in links.iter().enumerate() {
        let places = (&sized[..], &layers, &widths[..], &lefts[..]);
        draw_link(&mut scene, palette, (number, link), places, &corner, &down);
    }
    for (index, it) in sized.iter().enumerate() {
        draw_box(&mut scene, palette, it, corner(index));
    }
    scene
}

/// The boxes, their layers, and how wide each layer is and where it begins.
type Places<'a> = (&'a [Sized<'a>], &'a Layers, &'a [f64], &'a [f64]);

fn draw_link(
    scene: &mut Scene,
    palette: &Palette,
    (number, link): (usize, &Link),
    (sized, layers, widths, lefts): Places,
    corner: &impl Fn(usize) -> Spot,
    down: &impl Fn(f64) -> f64,
) {
    let (from, to) = (&sized[link.from], &sized[link.to]);
    let ((from_x, from_y), (to_x, to_y)) = (corner(link.from), corner(link.to));
    let (leaves, arrives) = (from_y + from.port(link.row), to_y + to.entry());
    let (color, wide) = if link.is_marked { (palette.alarm, 3.4) } else { (palette.rule, 2.2) };
    if link.from == link.to {
        // Out on the right, round and in again above.
        let right = from_x + from.wide;
        let path = [(right, leaves), (right + 34.0, leaves), (right + 34.0, arrives), (right + 2.0, arrives)];
        scene.strokes(vec![path.to_vec()], wide, color);
        arrow(scene, (right + 2.0, arrives), -1.0, color);
        return;
    }
    let is_turned = layers.turned[number];
    let mut stops: Vec<Spot> = Vec::new();
    // Between the boxes it passes each layer straight.
    let first = layers.layer[if is_turned { link.to } else { link.from }] + 1;
    let passes = layers.bends[number].iter().enumerate();
    let passes: Vec<(Spot, Spot)> = passes
        .map(|(step, &middle)| {
            let (x, y) = (lefts[first + step], down(middle));
            ((x, y), (x + widths[first + step], y))
        })
        .collect();
    let (start, end) = if is_turned {
        ((from_x, leaves), (to_x + to.wide, arrives))
    } else {
        ((from_x + from.wide, leaves), (to_x, arrives))
    };
    stops.push(start);
    if is_turned {
        passes.iter().rev().for_each(|(left, right)| stops.extend([*right, *left]));
    } else {
        passes.iter().for_each(|(left, right)| stops.extend([*left, *right]));
    }
    stops.push(end);
    let way = if is_turned { -1.0 } else { 1.0 };
    let mut path = vec![start];
    for (index, pair) in stops.windows(2).enumerate() {
        // The head covers the end of the last stretch.
        let is_last = index + 2 == stops.len();
        let stop = if is_last { (pair[1].0 - way * HEAD * 0.8, pair[1].1) } else { pair[1] };
        path.extend(curve(pair[0], stop));
    }
    scene.strokes(vec![path], wide, color);
    scene.disc(start, 4.5, color);
    arrow(scene, end, way, color);
}

/// A curve that leaves and arrives level, without its start.
fn curve(from: Spot, to: Spot) -> Vec<Spot> {
    if (from.1 - to.1).abs() < 0.5 {
        return vec![to];
    }
    let step = |step: u32| {
        let share = f64::from(step) / f64::from(STEPS);
        let rise = share * share * (3.0 - 2.0 * share);
        (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * rise)
    };
    (1..=STEPS).map(step).collect()
}

fn arrow(scene: &mut Scene, (x, y): Spot, way: f64, color: super::color::Color) {
    let back = x - way * HEAD;
    scene.polygon(vec![(x, y), (back, y - HEAD * 0.5), (back, y + HEAD * 0.5)], color, 1.0);
}

fn draw_box(scene: &mut Scene, palette: &Palette, it: &Sized, (x, y): Spot) {
    let far = (x + it.wide.round(), y + it.high.round());
    let fill = palette.ramp(0.0);
    scene.rectangle((x, y), far, fill, 1.0);
    let edge = match it.node.kind {
        BoxKind::Load => palette.series(1),
        BoxKind::Service => palette.series(0),
        BoxKind::Station => palette.series(2),
        BoxKind::Queue => palette.series(3),
        BoxKind::Full => palette.alarm,
    };
    scene.rectangle((x, y), (x + 6.0, far.1), edge, 1.0);
    let mut line = y + RIM;
    let mut write = |scene: &mut Scene, text: &str, font: Font, high: f64, color| {
        scene.words(text, (x + RIM, baseline(line + high / 2.0, font)), Anchor::Start, font, color);
        line += high;
    };
    it.name.iter().for_each(|text| write(scene, text, NAME, NAME_LINE, palette.ink));
    it.facts.iter().for_each(|text| write(scene, text, FACT, LINE, palette.soft));
    for (row, (name, facts)) in it.rows.iter().enumerate() {
        let top = y + it.above(row);
        scene.rectangle((x + 6.0, top.round()), (far.0, top.round() + 1.0), palette.grid, 1.0);
        let mut line = top + SEAM;
        let mut write = |text: &str, font: Font, color| {
            scene.words(text, (x + RIM, baseline(line + LINE / 2.0, font)), Anchor::Start, font, color);
            line += LINE;
        };
        name.iter().for_each(|text| write(text, ROW, palette.ink));
        facts.iter().for_each(|text| write(text, FACT, palette.soft));
    }
}
