//! The embedded font: how wide words are, and where to break them.

use ab_glyph::{Font as _, FontRef, GlyphId, OutlinedGlyph, PxScale, point};
use std::sync::LazyLock;

/// What a word that does not fit ends with.
const ELLIPSIS: char = '…';

/// Units, which no line begins with after their number.
const UNITS: [&str; 8] = ["%", "s", "ms", "us", "µs", "min", "h", "points"];

/// Letters of a name in quotes from which on it may be broken between its words.
const MOST_QUOTED: usize = 24;

/// How many words of a text are looked at before it is shortened anyway.
const MOST_WORDS: usize = 200;

/// The font for plain words, as a file.
pub(super) const REGULAR_FILE: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fonts/Inter-Regular.ttf"));

/// The font for words that stand out, as a file.
pub(super) const STRONG_FILE: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fonts/Inter-SemiBold.ttf"));

static REGULAR: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| FontRef::try_from_slice(REGULAR_FILE).ok());

static STRONG: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| FontRef::try_from_slice(STRONG_FILE).ok());

/// A weight and a size of the embedded font.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Font {
    /// Whether the letters are heavy.
    pub(super) strong: bool,
    /// The height of an em.
    pub(super) size: f64,
}

impl Font {
    /// The font for plain words.
    pub(super) const fn regular(size: f64) -> Self {
        Self { strong: false, size }
    }

    /// The font for words that stand out.
    pub(super) const fn strong(size: f64) -> Self {
        Self { strong: true, size }
    }

    fn face(self) -> Option<&'static FontRef<'static>> {
        let face = if self.strong { &STRONG } else { &REGULAR };
        face.as_ref()
    }

    /// How wide `text` is on one line.
    pub(super) fn width(self, text: &str) -> f64 {
        let Some(face) = self.face() else {
            return text.chars().count() as f64 * self.size * 0.6;
        };
        let mut width = 0.0;
        let mut before = None;
        for sign in text.chars() {
            let glyph = face.glyph_id(sign);
            width += step(face, before, glyph);
            before = Some(glyph);
        }
        width * self.unit(face)
    }

    /// The outlines of `text` with its baseline starting at `(x, y)`, or `None` if the font cannot
    /// be read.
    pub(super) fn outlines(self, text: &str, x: f64, y: f64) -> Option<Vec<OutlinedGlyph>> {
        let face = self.face()?;
        let unit = self.unit(face);
        let scale = PxScale::from((f64::from(face.height_unscaled()) * unit) as f32);
        let mut at = x;
        let mut before = None;
        let mut outlines = Vec::with_capacity(text.len());
        for sign in text.chars() {
            let id = face.glyph_id(sign);
            let advance = f64::from(face.h_advance_unscaled(id)) * unit;
            at += step(face, before, id) * unit - advance;
            let glyph = id.with_scale_and_position(scale, point(at as f32, y as f32));
            outlines.extend(face.outline_glyph(glyph));
            at += advance;
            before = Some(id);
        }
        Some(outlines)
    }

    fn unit(self, face: &FontRef<'static>) -> f64 {
        self.size / f64::from(face.units_per_em().unwrap_or(2048.0))
    }

    /// `text`, shortened until it is no wider than `room`.
    pub(super) fn shorten(self, text: &str, room: f64) -> String {
        if self.width(text) <= room {
            return text.to_owned();
        }
        let signs: Vec<char> = text.chars().collect();
        let cut = |count: usize| {
            let mut text: String = signs.iter().take(count).collect();
            text.truncate(text.trim_end().len());
            text.push(ELLIPSIS);
            text
        };
        let (mut fits, mut too_many) = (0, signs.len());
        while fits + 1 < too_many {
            let middle = fits.midpoint(too_many);
            if self.width(&cut(middle)) <= room {
                fits = middle;
            } else {
                too_many = middle;
            }
        }
        // At the end of a word, if that leaves most of it.
        let word = signs[..fits].iter().rposition(|sign| sign.is_whitespace()).filter(|&word| 2 * word > fits);
        cut(if signs.get(fits).is_some_and(|next| next.is_whitespace()) { fits } else { word.unwrap_or(fits) })
    }

    /// `text`, broken between words into at most `most` lines no wider than `room`.
    pub(super) fn wrap(self, text: &str, room: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in words(text) {
            let full = lines.len() == most;
            if let Some(line) = lines.last_mut() {
                let longer = format!("{line} {word}");
                if full || self.width(&longer) <= room {
                    *line = longer;
                    continue;
                }
            }
            lines.push(word);
        }
        lines.truncate(most);
        for line in &mut lines {
            *line = self.shorten(line, room);
        }
        lines
    }

    /// `text`, broken as by [`Font::wrap`] but into lines about equally long.
    pub(super) fn balance(self, text: &str, room: f64, most: usize) -> Vec<String> {
        let lines = self.wrap(text, room, most);
        let whole = |lines: &[String]| lines.iter().all(|line| !line.ends_with(ELLIPSIS));
        (0..14)
            .map(|step| room * (0.65 + 0.025 * f64::from(step)))
            .map(|room| self.wrap(text, room, most))
            .find(|narrow| narrow.len() == lines.len() && whole(narrow))
            .unwrap_or(lines)
    }
}

/// The words of a text, a unit with its number and a short name with its quotes: `20 s`, `99 %` and `“2 cores”` are one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace().take(MOST_WORDS) {
        let is_unit = UNITS.contains(&word.trim_end_matches([',', ';', ':', '.', ')']));
        let is_in_name = |before: &str| match (before.rfind('“'), before.rfind('”')) {
            (Some(open), None) => before[open..].chars().count() + word.chars().count() < MOST_QUOTED,
            _ => false,
        };
        match words.last_mut() {
            Some(name) if is_in_name(name) => {
                name.push(' ');
                name.push_str(word);
            }
            Some(number) if is_unit && number.ends_with(|sign: char| sign.is_ascii_digit()) => {
                number.push(' ');
                number.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// How far the pen moves over a glyph, less the kerning with the one before it, in font units.
fn step(face: &FontRef<'static>, before: Option<GlyphId>, glyph: GlyphId) -> f64 {
    let kern = before.map_or(0.0, |before| face.kern_unscaled(before, glyph));
    f64::from(face.h_advance_unscaled(glyph) + kern)
}

#[cfg(test)]
mod tests {
    use super::Font;

    #[test]
    fn the_font_has_the_signs_that_charts_need() {
        for strong in [false, true] {
            let font = Font { strong, size: 20.0 };
            for sign in "0123456789 ABCxyz…–—·µ%×≤≥→←↑↓−ÄÖÜäöüßéèñ§±²³°".chars() {
                let outlines = font.outlines(&sign.to_string(), 0.0, 0.0);
                let drawn = outlines.expect("a readable font").len();
                assert_eq!(drawn, usize::from(sign != ' '), "{sign}");
                let glyph = font.face().map(|face| ab_glyph::Font::glyph_id(face, sign).0);
                assert_ne!(glyph, Some(0), "{sign}");
            }
        }
    }

    #[test]
    fn pairs_are_kerned() {
        let font = Font::regular(100.0);
        assert!(font.width("To") < font.width("T") + font.width("o"));
    }

    #[test]
    fn a_unit_stays_with_its_number() {
        let font = Font::regular(20.0);
        let room = font.width("at most 20");
        assert_eq!(font.wrap("at most 20 s; sure", room, 3), ["at most", "20 s; sure"]);
        assert_eq!(font.wrap("at most 20 so", room, 3), ["at most 20", "so"]);
        // So does a name with its quotes.
        assert_eq!(font.wrap("of “2 cores”", font.width("of “2 cores”") - 1.0, 3), ["of", "“2 cores”"]);
    }

    #[test]
    fn words_wrap_and_the_rest_is_shortened() {
        let font = Font::regular(20.0);
        assert_eq!(font.wrap("one two", 1000.0, 2), ["one two"]);
        assert_eq!(font.wrap("one two", 40.0, 2), ["one", "two"]);
        assert!(font.wrap("", 40.0, 2).is_empty());
        let lines = font.wrap("one two three four five", 90.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'));
        assert!(lines.iter().all(|line| font.width(line) <= 90.0));
    }
}
