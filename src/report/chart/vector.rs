//! Writes a scene as an SVG document.

use super::ChartError;
use super::color::Color;
use super::scene::{Anchor, Drawable, Scene, Spot};
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, FontTransform, RGBAColor, ShapeStyle};
use std::fmt::Display;

/// The fonts to look for, ending with whatever there is.
const FAMILY: &str = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif";
/// How many units of the document make one of the sheet: plotters writes whole numbers only.
const FINE: f64 = 8.0;
/// By how much plotters divides a font's size before it writes it.
const SHRINK: f64 = 1.24;
/// How far below the top of the letters plotters puts the baseline, in ems.
const ASCENT: f64 = 0.76;

/// The scene as an SVG document.
pub(super) fn svg(scene: &Scene) -> Result<String, ChartError> {
    let mut text = String::new();
    let size = ((scene.width * FINE) as u32, (scene.height * FINE) as u32);
    {
        let mut backend = SVGBackend::with_string(&mut text, size);
        let page = style(scene.paper, 1.0, 1.0);
        backend.draw_rect((0, 0), (size.0 as i32, size.1 as i32), &page, true).map_err(refused)?;
        for shape in &scene.shapes {
            draw(&mut backend, shape)?;
        }
        backend.present().map_err(refused)?;
    }
    Ok(head(scene) + text.split_once(">\n").map_or("", |(_, body)| body))
}

/// The start of the document, which plotters cannot word finely enough.
fn head(scene: &Scene) -> String {
    let (width, height) = (scene.width, scene.height);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n\
         <title>{}</title>\n",
        width * FINE,
        height * FINE,
        escape(&scene.title),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn refused(reason: impl Display) -> ChartError {
    ChartError::Draw(reason.to_string())
}

fn style(color: Color, alpha: f64, width: f64) -> ShapeStyle {
    ShapeStyle {
        color: RGBAColor(color.0, color.1, color.2, alpha),
        filled: true,
        stroke_width: (width * FINE).round() as u32,
    }
}

fn fine((x, y): Spot) -> (i32, i32) {
    ((x * FINE).round() as i32, (y * FINE).round() as i32)
}

fn draw(backend: &mut SVGBackend<'_>, shape: &Drawable) -> Result<(), ChartError> {
    let drawn = match shape {
        Drawable::Rectangle { from, to, color, alpha } => {
            // As in the bitmap, edges lie on whole units, so that the two agree.
            let whole = |spot: &Spot| fine((spot.0.round(), spot.1.round()));
            let (a, b) = (whole(from), whole(to));
            let (from, to) = ((a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1)));
            backend.draw_rect(from, to, &style(*color, *alpha, 0.0), true)
        }
        Drawable::Polygon { corners, color, alpha } => {
            backend.fill_polygon(corners.iter().map(|&corner| fine(corner)), &style(*color, *alpha, 0.0))
        }
        Drawable::Strokes { paths, width, color } => paths
            .iter()
            .try_for_each(|path| backend.draw_path(path.iter().map(|&spot| fine(spot)), &style(*color, 1.0, *width))),
        Drawable::Disc { center, radius, color } => {
            let radius = (radius * FINE).round() as u32;
            backend.draw_circle(fine(*center), radius, &style(*color, 1.0, 0.0), true)
        }
        Drawable::Words { text, at: (x, y), anchor, font, color } => {
            let side = match anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            };
            let weight = if font.strong { FontStyle::Bold } else { FontStyle::Normal };
            let family = FontFamily::Name(FAMILY);
            let style = FontDesc::new(family, font.size * FINE * SHRINK, weight)
                .color(&RGBAColor(color.0, color.1, color.2, 1.0))
                .pos(Pos::new(side, VPos::Top));
            backend.draw_text(text, &style, fine((*x, y - font.size * ASCENT)))
        }
        // Plotters turns text about its anchor, which is the end of the line at the top of its letters.
        Drawable::WordsUp { text, at: (x, y), font, color } => {
            let family = FontFamily::Name(FAMILY);
            let weight = if font.strong { FontStyle::Bold } else { FontStyle::Normal };
            let style = FontDesc::new(family, font.size * FINE * SHRINK, weight)
                .transform(FontTransform::Rotate270)
                .color(&RGBAColor(color.0, color.1, color.2, 1.0))
                .pos(Pos::new(HPos::Right, VPos::Top));
            backend.draw_text(text, &style, fine((x - font.size * ASCENT, *y)))
        }
    };
    drawn.map_err(refused)
}
