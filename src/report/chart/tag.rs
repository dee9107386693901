//! The names of curves, written at their ends and pushed apart where they would touch.

use super::color::Color;
use super::marker;
use super::scene::{Anchor, Scene, Spot};
use super::sheet::{NAME, baseline};
use super::theme::Palette;

/// How far from the plot the marks beside the names are.
const MARK: f64 = 34.0;
/// How far from the plot the names are.
const WORDS: f64 = 50.0;
/// How wide a name may be.
const MOST: f64 = 270.0;
/// On how many lines a name may be.
const MOST_LINES: usize = 3;
/// How high a line of a name is.
const LINE: f64 = 27.0;
/// How much room is left between names.
const GAP: f64 = 5.0;

/// The name of a curve.
#[derive(Clone, Debug)]
pub(super) struct Tag {
    /// The name, broken into lines.
    pub(super) lines: Vec<String>,
    /// The curve's colour.
    pub(super) color: Color,
    /// The curve's mark, if it has points.
    pub(super) marker: Option<usize>,
    /// Whether a line leads from the curve's end to the name, where the end is at the edge of the plot. Over the plot
    /// it would look like more of the curve.
    pub(super) has_leader: bool,
    /// The end of the curve.
    pub(super) end: Spot,
    /// The variant that the curve shows.
    pub(super) variant: Option<usize>,
    /// Which curve it lies on, its own number if on none: their names stand together.
    pub(super) beside: usize,
}

/// The lines of a name.
pub(super) fn lines(name: &str) -> Vec<String> {
    NAME.wrap(name, MOST, MOST_LINES)
}

/// How wide the room for these names is.
pub(super) fn room(names: impl Iterator<Item = String>) -> f64 {
    let widest = names.flat_map(|name| lines(&name)).map(|line| NAME.width(&line)).fold(0.0, f64::max);
    if widest > 0.0 { WORDS + widest } else { 0.0 }
}

/// How high the room for these names is, each on as many lines as it takes.
pub(super) fn height(names: impl Iterator<Item = String>) -> f64 {
    names.map(|name| lines(&name).len() as f64 * LINE + GAP).sum()
}

/// Writes the names to the right of `right`, no higher than `top` and no lower than `foot`.
pub(super) fn draw(scene: &mut Scene, palette: &Palette, mut tags: Vec<Tag>, right: f64, (top, foot): (f64, f64)) {
    let ends: Vec<f64> = tags.iter().map(|tag| tag.end.1).collect();
    let height_of = |tag: &Tag| ends.get(tag.beside).copied().unwrap_or(tag.end.1);
    tags.sort_by(|a, b| height_of(a).total_cmp(&height_of(b)).then(a.beside.cmp(&b.beside)));
    let height = |tag: &Tag| tag.lines.len() as f64 * LINE + GAP;
    if tags.iter().map(height).sum::<f64>() > foot - top {
        for tag in &mut tags {
            let name = tag.lines.join(" ");
            tag.lines = vec![NAME.shorten(&name, MOST)];
        }
        let most = ((foot - top) / (LINE + GAP)).floor().max(1.0) as usize;
        if tags.len() > most {
            let rest = tags.len() + 1 - most;
            tags.truncate(most - 1);
            tags.push(Tag {
                lines: vec![format!("and {rest} more")],
                color: palette.soft,
                marker: None,
                has_leader: false,
                end: (right, foot),
                variant: None,
                beside: usize::MAX,
            });
        }
    }
    let wanted: Vec<(f64, f64)> = tags.iter().map(|tag| (tag.end.1, height(tag))).collect();
    for (tag, middle) in tags.iter().zip(spread(&wanted, top, foot)) {
        scene.owner = tag.variant;
        let words = palette.words(tag.color);
        let is_apart = (middle - tag.end.1).abs() > 3.0 || tag.marker.is_none();
        if tag.has_leader && tag.end.0 >= right - 20.0 && is_apart {
            let stop = right + if tag.marker.is_some() { MARK - 11.0 } else { WORDS - 6.0 };
            scene.strokes(vec![vec![(tag.end.0 + 11.0, tag.end.1), (stop, middle)]], 1.5, tag.color);
        }
        if let Some(number) = tag.marker {
            let at = (right + MARK, middle);
            marker::draw(scene, number, at, 6.0, tag.color, palette.paper);
        }
        let first = middle - (tag.lines.len() as f64 - 1.0) * LINE / 2.0;
        for (row, line) in tag.lines.iter().enumerate() {
            let y = baseline(first + row as f64 * LINE, NAME);
            scene.words(line, (right + WORDS, y), Anchor::Start, NAME, words);
        }
    }
    scene.owner = None;
}

/// The middles of boxes that want to lie at `(middle, height)`, in order of middle, moved as little
/// as it takes that none touches another and all lie between `top` and `foot`.
pub(super) fn spread(wanted: &[(f64, f64)], top: f64, foot: f64) -> Vec<f64> {
    /// Boxes that touch, from `start` down.
    struct Pile {
        start: f64,
        height: f64,
        /// The sum of where each box would have the pile start.
        wish: f64,
        boxes: Vec<f64>,
    }
    let mut piles: Vec<Pile> = Vec::new();
    for &(middle, height) in wanted {
        let settle = |pile: &mut Pile| {
            let start = pile.wish / pile.boxes.len() as f64;
            pile.start = start.min(foot - pile.height).max(top);
        };
        let mut pile = Pile { start: 0.0, height, wish: middle - height / 2.0, boxes: vec![height] };
        settle(&mut pile);
        while let Some(above) = piles.pop_if(|above| above.start + above.height > pile.start) {
            let below = pile;
            pile = above;
            pile.wish += below.wish - pile.height * below.boxes.len() as f64;
            pile.height += below.height;
            pile.boxes.extend(below.boxes);
            settle(&mut pile);
        }
        piles.push(pile);
    }
    piles
        .iter()
        .flat_map(|pile| {
            let mut y = pile.start;
            pile.boxes.iter().map(move |height| {
                let middle = y + height / 2.0;
                y += height;
                middle
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn boxes_that_do_not_touch_stay() {
        let wanted = [(20.0, 10.0), (50.0, 10.0)];
        assert_eq!(spread(&wanted, 0.0, 100.0), [20.0, 50.0]);
    }

    #[test]
    fn boxes_that_touch_move_apart_by_the_same_way() {
        let wanted = [(50.0, 10.0), (50.0, 10.0)];
        assert_eq!(spread(&wanted, 0.0, 100.0), [45.0, 55.0]);
    }

    #[test]
    fn boxes_stay_between_top_and_foot() {
        let wanted = [(1.0, 20.0), (2.0, 20.0), (99.0, 20.0), (99.0, 20.0)];
        assert_eq!(spread(&wanted, 0.0, 100.0), [10.0, 30.0, 70.0, 90.0]);
    }

    #[test]
    fn boxes_without_room_start_at_the_top() {
        let wanted = [(5.0, 20.0), (5.0, 20.0)];
        assert_eq!(spread(&wanted, 0.0, 10.0), [10.0, 30.0]);
    }
}
