//! Where curves collapse: a shaded stretch of the x axis with words above it.

use super::color::Color;
use super::line::{Collapse, Line};
use super::ruler::Ruler;
use super::scene::{Anchor, Scene};
use super::sheet::{REMARK, baseline};
use super::stroke::dashed;
use super::theme::Palette;
use super::{Look, Panel, Style, marker};

/// How high a row of words is.
pub(super) const ROW: f64 = 30.0;
/// How many rows of words there may be.
const MOST_ROWS: usize = 2;
/// How many curves a slide has room to say something of.
const MOST: usize = 3;
/// How many stretches and instants are named that belong to no curve, and the rows of their words.
const MOST_COMMON: (usize, usize) = (9, 3);
/// How many marks of curves stand before words; of more curves, none does.
const MOST_MARKS: usize = 4;
/// How much room a mark takes.
const MARK: f64 = 20.0;

/// The collapses of one panel, with their words laid out in rows that do not touch.
#[derive(Clone, Debug, Default)]
pub(super) struct Callouts {
    spans: Vec<Span>,
    /// How many rows the words take.
    pub(super) rows: usize,
}

#[derive(Clone, Debug)]
struct Span {
    from: f64,
    to: f64,
    color: Color,
    /// What it is shaded with; nothing where it is shaded already.
    shade: Option<Color>,
    /// It is no stretch but an instant: a line.
    is_instant: bool,
    /// The curves that the words are about, by their marks: a colour alone tells too little.
    marks: Vec<usize>,
    /// The words, the row counted from the plot up, and the middle of marks and words.
    words: Option<(String, usize, f64)>,
}

impl Span {
    /// The variant that it is said of, where that is one of several.
    fn owner(&self) -> Option<usize> {
        match self.marks.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }
}

/// How far marks and words reach from their middle.
fn half(words: &str, marks: &[usize]) -> f64 {
    (REMARK.width(words) + marks.len() as f64 * MARK) / 2.0
}

/// The words of a callout that have room: without what stands in parentheses at the end, or without the cause, before a name
/// is cut.
fn fitting(label: &str, room: f64) -> String {
    let without_remark = label.strip_suffix(')').and_then(|label| label.rsplit_once(" (")).map(|(label, _)| label);
    let without_cause = label.split_once(": ").map(|(label, _)| label);
    let all = [Some(label), without_remark, without_cause];
    let whole = all.into_iter().flatten().find(|label| REMARK.width(label) <= room);
    whole.map_or_else(|| REMARK.shorten(label, room), str::to_owned)
}

/// The marks of the curves that are said to do so there.
fn marks(line: &Line) -> Vec<usize> {
    let others = line.collapse.iter().flat_map(|collapse| &collapse.others);
    let all: Vec<usize> = std::iter::once(&line.color).chain(others).copied().collect();
    if all.len() > MOST_MARKS || matches!(line.look, Look::Band | Look::Course | Look::Noise | Look::Bound) {
        Vec::new()
    } else {
        all
    }
}

impl Callouts {
    /// Lays out the collapses of `panel`, those of the lowest x first; those whose words are in `said` already are only
    /// shaded, and those whose words have no room are left out.
    pub(super) fn new(
        panel: &Panel,
        x: &Ruler,
        (left, right): (f64, f64),
        palette: &Palette,
        said: &mut Vec<String>,
    ) -> Self {
        let mut callouts = Self::default();
        let mut rows: Vec<Vec<(f64, f64)>> = Vec::new();
        let of_line = |line: &'_ Line| (of_line(line, palette), marks(line));
        let is_alone = panel.lines.len() == 1;
        let mut of_lines: Vec<(&Collapse, (Color, Vec<usize>))> =
            panel.lines.iter().filter_map(|line| Some((line.collapse.as_ref()?, of_line(line)))).collect();
        if is_alone {
            of_lines.iter_mut().for_each(|(_, (_, marks))| marks.clear());
        }
        of_lines.sort_by(|a, b| a.0.to_x.total_cmp(&b.0.to_x));
        let is_one = of_lines.len() == 1;
        let of_all = panel.stretches.iter().map(|shade| (true, (shade, (palette.soft, Vec::new()))));
        for (is_common, (collapse, (color, marks))) in of_all.chain(of_lines.into_iter().map(|it| (false, it))) {
            let (most, most_rows) = if is_common { MOST_COMMON } else { (MOST, MOST_ROWS) };
            let is_instant = is_common && collapse.from_x == collapse.to_x;
            let Some((from, to)) = stretch(collapse, x, left, right) else {
                continue;
            };
            let label = collapse.label.trim();
            let label = fitting(label, (right - left) * 0.6);
            let half = half(&label, &marks);
            let new = !label.is_empty() && !said.contains(&label);
            let is_full = said.len() >= most;
            let words = (new && !is_full)
                .then(|| {
                    let middle = ((from + to) / 2.0).min(right - half).max(left + half);
                    let (start, end) = (middle - half - 12.0, middle + half + 12.0);
                    let free = |row: &Vec<(f64, f64)>| row.iter().all(|taken| end < taken.0 || start > taken.1);
                    let row = rows.iter().position(free).unwrap_or(rows.len());
                    if row == rows.len() && row < most_rows {
                        rows.push(Vec::new());
                    }
                    rows.get_mut(row)?.push((start, end));
                    said.push(label.clone());
                    Some((label, row, middle))
                })
                .flatten();
            // A stretch of all curves is seen without its words.
            if new && words.is_none() && !is_common {
                continue;
            }
            // Shades of several colours that overlap would look like those of other curves; one is enough at one place.
            let shade = if is_one { color } else { palette.soft };
            let is_shaded = !callouts.spans.iter().any(|span| (span.from, span.to) == (from, to));
            callouts.spans.push(Span { from, to, color, shade: is_shaded.then_some(shade), is_instant, marks, words });
        }
        callouts.rows = rows.len();
        callouts
    }

    /// Draws the shades and the words above the plot between `top` and `foot`.
    pub(super) fn draw(&self, scene: &mut Scene, palette: &Palette, top: f64, foot: f64) {
        for span in &self.spans {
            let reach = span.words.as_ref().map_or(0.0, |words| words.1 as f64);
            let top = top - reach * ROW;
            scene.owner = span.owner();
            if span.is_instant {
                let middle = (span.from + span.to) / 2.0;
                let path = dashed(&[(middle, top), (middle, foot)], Style::Dashed);
                scene.strokes(path, 1.5, span.color);
                continue;
            }
            if let Some(shade) = span.shade {
                scene.rectangle((span.from, top), (span.to, foot), shade, 0.11);
            }
            for edge in [span.from, span.to] {
                let path = dashed(&[(edge, top), (edge, foot)], Style::Dotted);
                let faint = span.color.toward(palette.paper, 0.35);
                scene.strokes(path, 1.5, faint);
            }
        }
        for span in &self.spans {
            let Some((words, row, middle)) = &span.words else {
                continue;
            };
            scene.owner = span.owner();
            let y = top - (*row as f64 + 0.5) * ROW - 2.0;
            let half = half(words, &span.marks);
            let (from, to) = ((middle - half - 5.0, y - 13.0), (middle + half + 5.0, y + 13.0));
            if *row + 1 < self.rows {
                scene.rectangle(from, to, palette.paper, 0.8);
            }
            let mut left = middle - half;
            for &number in &span.marks {
                marker::draw(scene, number, (left + 6.0, y), 6.0, palette.series(number), palette.paper);
                left += MARK;
            }
            let at = (left, baseline(y, REMARK));
            scene.words(words, at, Anchor::Start, REMARK, palette.words(span.color));
        }
        scene.owner = None;
    }
}

/// The colour of what is said of a curve, or of several.
fn of_line(line: &Line, palette: &Palette) -> Color {
    if line.collapse.as_ref().is_some_and(|it| !it.others.is_empty()) {
        palette.soft
    } else {
        palette.series(line.color)
    }
}

/// Where `collapse` lies on the sheet, at least a few pixels wide.
fn stretch(collapse: &Collapse, x: &Ruler, left: f64, right: f64) -> Option<(f64, f64)> {
    let (a, b) = (x.at(collapse.from_x)?, x.at(collapse.to_x)?);
    let (from, to) = (a.min(b).max(left), a.max(b).min(right));
    if from > right || to < left {
        return None;
    }
    let spare = (4.0 - (to - from)).max(0.0) / 2.0;
    Some((from - spare, to + spare))
}

#[cfg(test)]
mod tests {
    use super::fitting;
    use crate::report::chart::sheet::REMARK;

    /// No name is cut where fewer words say it.
    #[test]
    fn a_callout_loses_words_before_letters() {
        let (place, name) = ("sheds load between 100 and 150", "user-service ingress");
        let named = format!("{place}: {name}");
        let all = format!("{named} (user-service CPU)");
        let in_room_of = |words: &str| fitting(&all, REMARK.width(words) + 1.0);
        assert_eq!([in_room_of(&all), in_room_of(&named), in_room_of(place)], [all.clone(), named, place.to_owned()]);
        assert_eq!(in_room_of("sheds load between 100"), "sheds load between…");
    }
}
