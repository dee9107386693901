//! Writes a scene as a drawing within an HTML page: one for the light and the dark sheet, with its colours by class, the
//! shapes of each variant in a group of their own, and the places of the points for a pointer to find.

use std::fmt::Write;

use super::color::Color;
use super::scene::{Anchor, Drawable, Hit, Scene, Spot};
use super::theme::{Palette, Theme};
use super::{Figure, font, scene};

/// The colours of a page, each a pair: on the light sheet and on the dark one.
#[derive(Clone, Debug, Default)]
pub struct Inks(Vec<(Color, Color)>);

impl Inks {
    /// The number of a pair.
    fn number(&mut self, pair: (Color, Color)) -> usize {
        self.0.iter().position(|known| *known == pair).unwrap_or_else(|| {
            self.0.push(pair);
            self.0.len() - 1
        })
    }

    /// The classes `k0`, `k1` and so on, each with the colour of a theme, behind a selector.
    pub fn css(&self, theme: Theme, selector: &str) -> String {
        let mut text = String::new();
        for (number, (light, dark)) in self.0.iter().enumerate() {
            let Color(red, green, blue) = if theme == Theme::Light { *light } else { *dark };
            let _ = write!(text, "{selector} .k{number}{{color:#{red:02x}{green:02x}{blue:02x}}}");
        }
        text
    }
}

/// The colour of the curve with this number on a sheet, for the page around it.
pub fn series(theme: Theme, number: usize) -> String {
    let Color(red, green, blue) = theme.palette().series(number);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Draws `figure` as an `svg` element that is read out as `title`.
pub fn inline(figure: &Figure, title: &str, inks: &mut Inks) -> String {
    let (light, dark) = (scene(figure, Theme::Light), scene(figure, Theme::Dark));
    written(&light, &dark, title, inks)
}

/// The empty rim that a sheet without a header has at its top.
const RIM: f64 = 40.0;

fn written(light: &Scene, dark: &Scene, title: &str, inks: &mut Inks) -> String {
    let (width, height) = (light.width, light.height);
    let mut svg =
        format!("<svg viewBox=\"0 {RIM} {width} {}\" role=\"img\" aria-label=\"{}\">", height - RIM, escaped(title));
    let mut open: Option<usize> = None;
    for (number, shape) in light.shapes.iter().enumerate() {
        let owner = light.owners[number];
        if owner != open {
            svg.push_str(if open.is_some() { "</g>" } else { "" });
            if let Some(owner) = owner {
                let _ = write!(svg, "<g data-v=\"{owner}\">");
            }
            open = owner;
        }
        let light = color(shape);
        // The two scenes differ in their colours alone.
        let dark = dark.shapes.get(number).map_or(light, color);
        draw(&mut svg, shape, inks.number((light, dark)));
    }
    svg.push_str(if open.is_some() { "</g>" } else { "" });
    light.hits.iter().for_each(|hit| place(&mut svg, hit));
    svg + "</svg>"
}

fn color(shape: &Drawable) -> Color {
    match shape {
        Drawable::Rectangle { color, .. } | Drawable::Polygon { color, .. } | Drawable::Strokes { color, .. } => *color,
        Drawable::Disc { color, .. } | Drawable::Words { color, .. } | Drawable::WordsUp { color, .. } => *color,
    }
}

fn draw(svg: &mut String, shape: &Drawable, ink: usize) {
    let _ = match shape {
        Drawable::Rectangle { from, to, alpha, .. } => {
            let (a, b) = ((from.0.round(), from.1.round()), (to.0.round(), to.1.round()));
            let (x, y) = (a.0.min(b.0), a.1.min(b.1));
            let (wide, high) = ((a.0 - b.0).abs(), (a.1 - b.1).abs());
            let alpha = faint(*alpha);
            write!(svg, "<rect class=\"k{ink}\" x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\"{alpha}/>")
        }
        Drawable::Polygon { corners, alpha, .. } => {
            let alpha = faint(*alpha);
            write!(svg, "<path class=\"k{ink}\" d=\"{}z\"{alpha}/>", path(corners))
        }
        Drawable::Strokes { paths, width, .. } => {
            let all: String = paths.iter().map(|spots| path(spots)).collect();
            write!(svg, "<path class=\"l k{ink}\" stroke-width=\"{width}\" d=\"{all}\"/>")
        }
        Drawable::Disc { center, radius, .. } => {
            let (x, y) = (short(center.0), short(center.1));
            write!(svg, "<circle class=\"k{ink}\" cx=\"{x}\" cy=\"{y}\" r=\"{}\"/>", short(*radius))
        }
        Drawable::Words { text, at, anchor, font, .. } => {
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            let (x, y, size, text) = (short(at.0), short(at.1), font.size, escaped(text));
            let strong = if font.strong { "b " } else { "" };
            write!(svg, "<text class=\"{strong}k{ink}\" x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}>{text}</text>")
        }
        Drawable::WordsUp { text, at, font, .. } => {
            let (x, y, size, text) = (short(at.0), short(at.1), font.size, escaped(text));
            let strong = if font.strong { "b " } else { "" };
            write!(
                svg,
                "<text class=\"{strong}k{ink}\" transform=\"translate({x} {y})rotate(-90)\" font-size=\"{size}\" \
                 text-anchor=\"end\">{text}</text>"
            )
        }
    };
}

/// The place of a point, which a pointer finds and which is marked where the point is picked.
fn place(svg: &mut String, hit: &Hit) {
    let (from, to) = (hit.from, hit.to);
    let owner = hit.owner.map_or_else(String::new, |owner| format!(" data-v=\"{owner}\""));
    let (x, y, wide, high) = (short(from.0), short(from.1), short(to.0 - from.0), short(to.1 - from.1));
    let _ = write!(
        svg,
        "<rect class=\"h\" data-p=\"{}\"{owner} x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\"/>",
        hit.point
    );
}

fn faint(alpha: f64) -> String {
    if alpha < 1.0 { format!(" opacity=\"{alpha}\"") } else { String::new() }
}

/// `M1 2L3 4`, in tenths of a unit.
fn path(spots: &[Spot]) -> String {
    let mut text = String::new();
    for (number, (x, y)) in spots.iter().enumerate() {
        let verb = if number == 0 { 'M' } else { 'L' };
        let _ = write!(text, "{verb}{} {}", short(*x), short(*y));
    }
    text
}

/// A number to the tenth.
fn short(value: f64) -> f64 {
    // Zero may come out as minus zero.
    (value * 10.0).round() / 10.0 + 0.0
}

/// Text that is neither a tag nor the end of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The paper, the ink and the other colours of a theme, by name.
pub fn sheet(theme: Theme) -> [(&'static str, String); 6] {
    let Palette { paper, ink, soft, grid, rule, alarm, .. } = theme.palette();
    [("paper", paper), ("ink", ink), ("soft", soft), ("grid", grid), ("rule", rule), ("alarm", alarm)]
        .map(|(name, &Color(red, green, blue))| (name, format!("#{red:02x}{green:02x}{blue:02x}")))
}

/// The embedded font as a style sheet for a page, so that words are as wide there as they were laid out.
pub fn letters() -> String {
    let face = |weight: u16, bytes: &[u8]| {
        let data = base64(bytes);
        format!("@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/ttf;base64,{data})}}")
    };
    face(400, font::REGULAR_FILE) + &face(600, font::STRONG_FILE)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let byte = |index: usize| u32::from(part.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * index) & 63) as usize];
            text.push(if index > part.len() { '=' } else { char::from(sign) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    /// RFC 4648, section 10.
    #[test]
    fn bytes_are_written_as_base64() {
        let written = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(written, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }
}
