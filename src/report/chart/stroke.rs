//! Breaks and clips the path of a curve, and cuts it into dashes.

use super::Style;
use super::scene::Spot;

/// The lengths of a dash and of the gap after it, between the middles of their round ends.
fn dash(style: Style) -> Option<(f64, f64)> {
    match style {
        Style::Solid => None,
        Style::Dashed => Some((11.0, 10.0)),
        Style::Dotted => Some((0.5, 8.0)),
    }
}

/// `path` as the strokes that `style` asks for.
pub(super) fn dashed(path: &[Spot], style: Style) -> Vec<Vec<Spot>> {
    let Some((dash, gap)) = dash(style) else {
        return vec![path.to_vec()];
    };
    let mut strokes = Vec::new();
    let mut stroke: Vec<Spot> = path.first().copied().into_iter().collect();
    let (mut drawing, mut left) = (true, dash);
    for (&from, &to) in path.iter().zip(path.iter().skip(1)) {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let spot = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            if drawing {
                stroke.push(spot);
                strokes.push(std::mem::take(&mut stroke));
                left = gap;
            } else {
                stroke.push(spot);
                left = dash;
            }
            drawing = !drawing;
        }
        left -= length - done;
        if drawing {
            stroke.push(to);
        }
    }
    if stroke.len() > 1 {
        strokes.push(stroke);
    }
    strokes
}

/// The parts of `path` that lie between `top` and `foot`.
pub(super) fn clipped(path: &[Spot], top: f64, foot: f64) -> Vec<Vec<Spot>> {
    let mut parts: Vec<Vec<Spot>> = Vec::new();
    let mut part: Vec<Spot> = Vec::new();
    if let [only] = path {
        return if (top..=foot).contains(&only.1) { vec![vec![*only]] } else { Vec::new() };
    }
    for (&from, &to) in path.iter().zip(path.iter().skip(1)) {
        match clip(from, to, top, foot) {
            Some((a, b)) => {
                if part.last() != Some(&a) {
                    parts.push(std::mem::replace(&mut part, vec![a]));
                }
                part.push(b);
            }
            None => parts.push(std::mem::take(&mut part)),
        }
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

fn clip(from: Spot, to: Spot, top: f64, foot: f64) -> Option<(Spot, Spot)> {
    let outside = |a: f64, b: f64| (a < top && b < top) || (a > foot && b > foot);
    if outside(from.1, to.1) {
        return None;
    }
    let inside = |spot: Spot, other: Spot| {
        let edge = spot.1.max(top).min(foot);
        if (edge - spot.1).abs() < 1e-9 || (other.1 - spot.1).abs() < 1e-9 {
            return (spot.0, edge);
        }
        let share = (edge - spot.1) / (other.1 - spot.1);
        (spot.0 + (other.0 - spot.0) * share, edge)
    };
    Some((inside(from, to), inside(to, from)))
}

#[cfg(test)]
mod tests {
    use super::super::Style;
    use super::{clipped, dashed};

    #[test]
    fn a_full_stroke_is_one_path() {
        let path = [(0.0, 0.0), (10.0, 0.0), (20.0, 5.0)];
        assert_eq!(dashed(&path, Style::Solid), [path.to_vec()]);
    }

    #[test]
    fn dashes_run_on_over_corners() {
        let path = [(0.0, 0.0), (5.0, 0.0), (5.0, 40.0)];
        let dashes = dashed(&path, Style::Dashed);
        assert_eq!(dashes[0], [(0.0, 0.0), (5.0, 0.0), (5.0, 6.0)]);
        assert_eq!(dashes[1], [(5.0, 16.0), (5.0, 27.0)]);
        assert_eq!(dashes.len(), 3);
    }

    #[test]
    fn a_path_is_cut_where_it_leaves_the_plot() {
        let path = [(0.0, 50.0), (10.0, -50.0), (20.0, 50.0)];
        let parts = clipped(&path, 0.0, 100.0);
        assert_eq!(parts, [[(0.0, 50.0), (5.0, 0.0)], [(15.0, 0.0), (20.0, 50.0)]]);
        assert!(clipped(&[(0.0, -5.0), (1.0, -9.0)], 0.0, 100.0).is_empty());
        assert_eq!(clipped(&[(3.0, 4.0)], 0.0, 100.0), [[(3.0, 4.0)]]);
    }
}
