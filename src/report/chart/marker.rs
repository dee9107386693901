//! The marks on the points of a curve: one shape a curve, so that grey prints can be told apart.

use super::color::Color;
use super::scene::{Scene, Spot};

const SHAPES: usize = 6;

/// Draws the mark of curve `number`, with a rim of `paper` around it.
pub(super) fn draw(scene: &mut Scene, number: usize, at: Spot, radius: f64, color: Color, paper: Color) {
    for (radius, color) in [(radius + 2.0, paper), (radius, color)] {
        let corners = |corners: u32, first: f64, reach: f64| -> Vec<Spot> {
            (0..corners)
                .map(|corner| {
                    let turn = first + f64::from(corner) / f64::from(corners);
                    let angle = turn * std::f64::consts::TAU;
                    (at.0 + angle.cos() * radius * reach, at.1 + angle.sin() * radius * reach)
                })
                .collect()
        };
        // The second eight curves have the first eight's colours, so they must have other shapes.
        match number.wrapping_add(number / 8) % SHAPES {
            0 => scene.disc(at, radius, color),
            1 => scene.polygon(corners(4, 0.125, 1.28), color, 1.0),
            2 => scene.polygon(corners(3, 0.75, 1.42), color, 1.0),
            3 => scene.polygon(corners(3, 0.25, 1.42), color, 1.0),
            4 => cross(scene, at, radius, true, color),
            _ => cross(scene, at, radius, false, color),
        }
    }
}

fn cross(scene: &mut Scene, (x, y): Spot, radius: f64, slanted: bool, color: Color) {
    let arm = radius * 0.9;
    let paths = if slanted {
        let arm = arm * 0.8;
        vec![vec![(x - arm, y - arm), (x + arm, y + arm)], vec![(x - arm, y + arm), (x + arm, y - arm)]]
    } else {
        vec![vec![(x - arm, y), (x + arm, y)], vec![(x, y - arm), (x, y + arm)]]
    };
    scene.strokes(paths, radius * 0.62, color);
}

/// Draws the mark of a measured point: a hollow diamond.
pub(super) fn diamond(scene: &mut Scene, at: Spot, radius: f64, color: Color, paper: Color) {
    for (radius, color) in [(radius + 2.0, paper), (radius, color), (radius - 3.6, paper)] {
        scene.polygon(
            vec![(at.0, at.1 - radius), (at.0 + radius, at.1), (at.0, at.1 + radius), (at.0 - radius, at.1)],
            color,
            1.0,
        );
    }
}
