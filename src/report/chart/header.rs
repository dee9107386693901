//! The words around a figure: the finding, the method and the footnote.

use super::scene::{Anchor, Scene};
use super::sheet::{FOOT, MARGIN, NOTE, SUBTITLE, TITLE, WIDTH};
use super::theme::Palette;

/// How much taller a line of words is than its letters.
const LEADING: f64 = 1.22;
/// How high a line of a footnote is.
const NOTE_LINE: f64 = 26.0;

/// How high the header of a figure is, with the room below it.
pub(super) fn height(title: &str, subtitle: &str) -> f64 {
    let room = WIDTH - 2.0 * MARGIN;
    let title = TITLE.wrap(title, room, 2).len() as f64 * TITLE.size * LEADING;
    let subtitle = SUBTITLE.wrap(subtitle, room, 2).len() as f64 * SUBTITLE.size * 1.4;
    44.0 + title + 6.0 + subtitle + 26.0
}

/// Writes the finding and the method at the top of the sheet.
pub(super) fn draw(scene: &mut Scene, palette: &Palette, title: &str, subtitle: &str) {
    let room = WIDTH - 2.0 * MARGIN;
    let mut y = 44.0;
    for line in TITLE.balance(title, room, 2) {
        let at = (MARGIN, y + TITLE.size * 0.9);
        scene.words(&line, at, Anchor::Start, TITLE, palette.ink);
        y += TITLE.size * LEADING;
    }
    y += 6.0;
    for line in SUBTITLE.balance(subtitle, room, 2) {
        let at = (MARGIN, y + SUBTITLE.size);
        scene.words(&line, at, Anchor::Start, SUBTITLE, palette.soft);
        y += SUBTITLE.size * 1.4;
    }
}

/// How high a footnote is.
pub(super) fn note_height(note: &str) -> f64 {
    match lines(note).len() {
        0 => 0.0,
        count => 34.0 + (count - 1) as f64 * NOTE_LINE,
    }
}

/// Writes a footnote at the foot of the sheet.
pub(super) fn note(scene: &mut Scene, palette: &Palette, note: &str) {
    let lines = lines(note);
    for (row, line) in lines.iter().enumerate() {
        let below = (lines.len() - 1 - row) as f64 * NOTE_LINE;
        let at = (MARGIN, scene.height - FOOT + 4.0 - below);
        scene.words(line, at, Anchor::Start, NOTE, palette.soft);
    }
}

fn lines(note: &str) -> Vec<String> {
    NOTE.wrap(note, WIDTH - 2.0 * MARGIN, 2)
}
