//! What a laid-out figure is made of.

use super::color::Color;
use super::font::Font;
use crate::language::visible;

/// How high a sheet may be; what does not fit is cut off.
const HIGHEST: f64 = 8000.0;

/// A place on the sheet: to the right, and down.
pub(super) type Spot = (f64, f64);

/// A laid-out figure: shapes on a sheet, the later ones above the earlier.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// How wide the sheet is.
    pub(super) width: f64,
    /// How high the sheet is.
    pub(super) height: f64,
    /// The colour of the sheet.
    pub(super) paper: Color,
    /// What the figure shows, for those who cannot see it.
    pub(super) title: String,
    /// The shapes from the bottom up.
    pub(super) shapes: Vec<Drawable>,
    /// The variant that each shape belongs to; none: to all.
    pub(super) owners: Vec<Option<usize>>,
    /// Where the points of the sweep are, for a page that answers a pointer.
    pub(super) hits: Vec<Hit>,
    /// The variant that the next shapes belong to.
    pub(super) owner: Option<usize>,
}

/// The place of a point of the sweep on the sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hit {
    /// Index of the point in the plan.
    pub(super) point: usize,
    /// The variant that it belongs to.
    pub(super) owner: Option<usize>,
    /// Its upper left corner.
    pub(super) from: Spot,
    /// Its lower right corner.
    pub(super) to: Spot,
}

/// A shape in a scene.
#[derive(Clone, Debug)]
pub(super) enum Drawable {
    /// A filled rectangle along the sheet's edges.
    Rectangle { from: Spot, to: Spot, color: Color, alpha: f64 },
    /// A filled polygon that does not cross itself.
    Polygon { corners: Vec<Spot>, color: Color, alpha: f64 },
    /// Strokes of one colour with round ends and joints.
    Strokes { paths: Vec<Vec<Spot>>, width: f64, color: Color },
    /// A filled disc.
    Disc { center: Spot, radius: f64, color: Color },
    /// One line of words, with its baseline at `at`.
    Words { text: String, at: Spot, anchor: Anchor, font: Font, color: Color },
    /// One line of words that is read upwards: it ends at `at`, and its baseline is to the right.
    WordsUp { text: String, at: Spot, font: Font, color: Color },
}

/// Which part of some words lies at their spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Scene {
    /// An empty sheet.
    pub(super) fn new(width: f64, height: f64, paper: Color, title: &str) -> Self {
        let (title, height) = (printable(title), height.min(HIGHEST));
        let (shapes, owners, hits) = (Vec::new(), Vec::new(), Vec::new());
        Self { width, height, paper, title, shapes, owners, hits, owner: None }
    }

    fn push(&mut self, shape: Drawable) {
        self.shapes.push(shape);
        self.owners.push(self.owner);
    }

    /// Notes that a point of the sweep is shown between two corners.
    pub(super) fn hit(&mut self, point: usize, from: Spot, to: Spot) {
        self.hits.push(Hit { point, owner: self.owner, from, to });
    }

    /// Fills a rectangle.
    pub(super) fn rectangle(&mut self, from: Spot, to: Spot, color: Color, alpha: f64) {
        self.push(Drawable::Rectangle { from, to, color, alpha });
    }

    /// Draws the rim of a rectangle, inside its edges.
    pub(super) fn rim(&mut self, from: Spot, to: Spot, width: f64, color: Color) {
        self.rectangle(from, (to.0, from.1 + width), color, 1.0);
        self.rectangle((from.0, to.1 - width), to, color, 1.0);
        let (top, foot) = (from.1 + width, to.1 - width);
        self.rectangle((from.0, top), (from.0 + width, foot), color, 1.0);
        self.rectangle((to.0 - width, top), (to.0, foot), color, 1.0);
    }

    /// Draws a thin line across, sharp on the pixels.
    pub(super) fn level(&mut self, from: f64, to: f64, y: f64, width: f64, color: Color) {
        let top = (y - width / 2.0).round();
        self.rectangle((from, top), (to, top + width), color, 1.0);
    }

    /// Fills a polygon.
    pub(super) fn polygon(&mut self, corners: Vec<Spot>, color: Color, alpha: f64) {
        if corners.len() > 2 {
            self.push(Drawable::Polygon { corners, color, alpha });
        }
    }

    /// Draws strokes.
    pub(super) fn strokes(&mut self, paths: Vec<Vec<Spot>>, width: f64, color: Color) {
        if !paths.is_empty() {
            self.push(Drawable::Strokes { paths, width, color });
        }
    }

    /// Fills a disc.
    pub(super) fn disc(&mut self, center: Spot, radius: f64, color: Color) {
        self.push(Drawable::Disc { center, radius, color });
    }

    /// Writes one line of words that is read upwards and ends at `at`.
    pub(super) fn words_up(&mut self, text: &str, at: Spot, font: Font, color: Color) {
        let text = printable(text);
        if !text.is_empty() {
            self.push(Drawable::WordsUp { text, at, font, color });
        }
    }

    /// Writes one line of words.
    pub(super) fn words(&mut self, text: &str, at: Spot, anchor: Anchor, font: Font, color: Color) {
        let text = printable(text);
        if !text.is_empty() {
            self.push(Drawable::Words { text, at, anchor, font, color });
        }
    }
}

/// `text` with symbols for what neither a picture nor XML can hold: control characters and non-characters.
fn printable(text: &str) -> String {
    let text = visible(text.trim());
    text.chars().map(|sign| if matches!(sign, '\u{FFFE}' | '\u{FFFF}') { '\u{FFFD}' } else { sign }).collect()
}
