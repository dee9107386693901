//! Turns shapes into how much of each pixel they cover.

use super::scene::Spot;
use ab_glyph_rasterizer::{Rasterizer, point};

/// The exact share that a union of convex pieces, or one polygon, covers of each pixel.
///
/// Pieces are turned the same way round, so that where they overlap they add up instead of
/// cancelling out.
pub(super) struct Coverage {
    left: i32,
    top: i32,
    raster: Rasterizer,
}

impl Coverage {
    /// No coverage yet, for shapes within the box from `low` to `high`, cut to the sheet.
    pub(super) fn new(low: Spot, high: Spot, sheet: (u32, u32)) -> Option<Self> {
        let edge = |value: f64, most: u32| (value as i32).clamp(0, most as i32);
        let (left, right) = (edge(low.0.floor(), sheet.0), edge(high.0.ceil(), sheet.0));
        let (top, foot) = (edge(low.1.floor(), sheet.1), edge(high.1.ceil(), sheet.1));
        if left >= right || top >= foot {
            return None;
        }
        let raster = Rasterizer::new((right - left) as usize, (foot - top) as usize);
        Some(Self { left, top, raster })
    }

    /// Adds a convex piece or a polygon.
    pub(super) fn add(&mut self, corners: &[Spot]) {
        let (width, height) = self.raster.dimensions();
        let (width, height) = (width as f64, height as f64);
        let local = |corner: Spot| {
            let x = (corner.0 - f64::from(self.left)).max(0.0).min(width);
            let y = (corner.1 - f64::from(self.top)).max(0.0).min(height);
            point(x as f32, y as f32)
        };
        let next = corners.iter().cycle().skip(1);
        let edges = corners.iter().zip(next);
        let area: f64 = edges.clone().map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum();
        for (&from, &to) in edges {
            let (from, to) = if area < 0.0 { (to, from) } else { (from, to) };
            self.raster.draw_line(local(from), local(to));
        }
    }

    /// Adds a stroke with round ends and joints.
    pub(super) fn stroke(&mut self, path: &[Spot], width: f64) {
        let half = width / 2.0;
        for (from, to) in path.iter().zip(path.iter().skip(1)) {
            let (along, across) = (to.0 - from.0, to.1 - from.1);
            let length = along.hypot(across);
            if length > 1e-6 {
                let (x, y) = (-across / length * half, along / length * half);
                self.add(&[
                    (from.0 + x, from.1 + y),
                    (to.0 + x, to.1 + y),
                    (to.0 - x, to.1 - y),
                    (from.0 - x, from.1 - y),
                ]);
            }
        }
        for &joint in path {
            self.disc(joint, half);
        }
    }

    /// Adds a disc.
    pub(super) fn disc(&mut self, center: Spot, radius: f64) {
        let corners = (radius * 4.0).clamp(12.0, 64.0) as u32;
        let corners: Vec<Spot> = (0..corners)
            .map(|corner| {
                let turn = std::f64::consts::TAU * f64::from(corner) / f64::from(corners);
                (center.0 + radius * turn.cos(), center.1 + radius * turn.sin())
            })
            .collect();
        self.add(&corners);
    }

    /// Calls `paint` with the place and the share of each pixel that is covered at all.
    pub(super) fn each(&self, mut paint: impl FnMut(i32, i32, f64)) {
        self.raster.for_each_pixel_2d(|x, y, share| {
            if share > 0.002 {
                paint(self.left + x as i32, self.top + y as i32, f64::from(share.min(1.0)));
            }
        });
    }
}

/// The box around some spots, `rim` wider on each side.
pub(super) fn bounds<'a>(spots: impl IntoIterator<Item = &'a Spot>, rim: f64) -> (Spot, Spot) {
    let none = ((f64::INFINITY, f64::INFINITY), (f64::NEG_INFINITY, f64::NEG_INFINITY));
    let (low, high) = spots.into_iter().fold(none, |(low, high), spot| {
        ((low.0.min(spot.0), low.1.min(spot.1)), (high.0.max(spot.0), high.1.max(spot.1)))
    });
    ((low.0 - rim, low.1 - rim), (high.0 + rim, high.1 + rim))
}
