//! Paints a scene as pixels.
//!
//! Plotters keeps the pixels and fills the rectangles. Everything slanted or round, and the
//! letters, is painted by the share that it covers of each pixel, which is smoother than what
//! plotters draws by itself.

use super::ChartError;
use super::color::Color;
use super::font::Font;
use super::raster::{Coverage, bounds};
use super::scene::{Anchor, Drawable, Scene, Spot};
use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color as _, RGBAColor};
use std::fmt::Display;

/// The scene as a PNG file.
pub(super) fn png(scene: &Scene) -> Result<Vec<u8>, ChartError> {
    let size = (scene.width as u32, scene.height as u32);
    let Color(red, green, blue) = scene.paper;
    let mut pixels = [red, green, blue].repeat(size.0 as usize * size.1 as usize);
    {
        let backend = BitMapBackend::with_buffer(&mut pixels, size);
        let mut brush = Brush { backend, size };
        for shape in &scene.shapes {
            brush.shape(shape)?;
        }
        brush.backend.present().map_err(refused)?;
    }
    encode(&pixels, size).map_err(ChartError::Encode)
}

fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::with_capacity(256 * 1024);
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(png::Filter::Paeth);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}

fn refused(reason: impl Display) -> ChartError {
    ChartError::Draw(reason.to_string())
}

fn shade(color: Color, alpha: f64) -> RGBAColor {
    RGBAColor(color.0, color.1, color.2, alpha)
}

/// Paints shapes onto the backend.
struct Brush<'a> {
    backend: BitMapBackend<'a>,
    size: (u32, u32),
}

impl Brush<'_> {
    fn shape(&mut self, shape: &Drawable) -> Result<(), ChartError> {
        match shape {
            Drawable::Rectangle { from, to, color, alpha } => {
                let pixel = |spot: &Spot| (spot.0.round() as i32, spot.1.round() as i32);
                let (from, to) = (pixel(from), pixel(to));
                if from.0 == to.0 || from.1 == to.1 {
                    return Ok(());
                }
                self.backend.draw_rect(from, to, &shade(*color, *alpha), true).map_err(refused)
            }
            Drawable::Polygon { corners, color, alpha } => {
                self.cover(bounds(corners, 0.0), *color, *alpha, |coverage| {
                    coverage.add(corners);
                })
            }
            Drawable::Strokes { paths, width, color } => {
                self.cover(bounds(paths.iter().flatten(), *width), *color, 1.0, |coverage| {
                    for path in paths {
                        coverage.stroke(path, *width);
                    }
                })
            }
            Drawable::Disc { center, radius, color } => {
                self.cover(bounds([center], *radius), *color, 1.0, |coverage| {
                    coverage.disc(*center, *radius);
                })
            }
            Drawable::Words { text, at, anchor, font, color } => {
                let left = match anchor {
                    Anchor::Start => at.0,
                    Anchor::Middle => at.0 - font.width(text) / 2.0,
                    Anchor::End => at.0 - font.width(text),
                };
                self.words(text, (left, at.1), *font, *color, |x, y| (x, y))
            }
            // Written to the right from the left of the sheet, and turned by a quarter about its end.
            Drawable::WordsUp { text, at, font, color } => {
                let (right, top) = (at.0.round() as i32, at.1.round() as i32);
                let wide = font.width(text).round() as i32;
                self.words(text, (0.0, 0.0), *font, *color, |x, y| (right + y, top + wide - 1 - x))
            }
        }
    }

    fn cover(
        &mut self,
        (low, high): (Spot, Spot),
        color: Color,
        alpha: f64,
        add: impl FnOnce(&mut Coverage),
    ) -> Result<(), ChartError> {
        let Some(mut coverage) = Coverage::new(low, high, self.size) else {
            return Ok(());
        };
        add(&mut coverage);
        let mut done = Ok(());
        coverage.each(|x, y, share| {
            if done.is_ok() {
                done = self.pixel((x, y), color, share * alpha);
            }
        });
        done
    }

    /// Paints words from `(x, y)` on, each pixel where `place` puts it.
    fn words(
        &mut self,
        text: &str,
        (x, y): Spot,
        font: Font,
        color: Color,
        place: impl Fn(i32, i32) -> (i32, i32),
    ) -> Result<(), ChartError> {
        let mut done = Ok(());
        for glyph in font.outlines(text, x, y).ok_or(ChartError::Font)? {
            let corner = glyph.px_bounds().min;
            let (left, top) = (corner.x as i32, corner.y as i32);
            glyph.draw(|x, y, share| {
                if done.is_ok() && share > 0.002 {
                    let spot = place(left + x as i32, top + y as i32);
                    done = self.pixel(spot, color, f64::from(share.min(1.0)));
                }
            });
        }
        done
    }

    fn pixel(&mut self, spot: (i32, i32), color: Color, alpha: f64) -> Result<(), ChartError> {
        let color = shade(color, alpha).to_backend_color();
        self.backend.draw_pixel(spot, color).map_err(refused)
    }
}
