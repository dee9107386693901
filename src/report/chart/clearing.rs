//! Whether words would cover what is drawn already.

use super::frame::PlotFrame;
use super::scene::Spot;

/// How many of the `taken` spots a line of words covers that is `wide`, starts at `left` and has
/// this `middle`.
pub(super) fn covered(left: f64, wide: f64, middle: f64, taken: &[Spot]) -> usize {
    let reach = left - 8.0..=left + wide + 8.0;
    let hit = |spot: &&Spot| reach.contains(&spot.0) && (spot.1 - middle).abs() < 17.0;
    taken.iter().filter(hit).count()
}

/// The spots that a line of words takes.
pub(super) fn spots(left: f64, wide: f64, middle: f64) -> impl Iterator<Item = Spot> {
    let steps = (wide / 10.0) as u32;
    (0..=steps).map(move |step| (left + f64::from(step) * 10.0, middle))
}

/// The left and the middle of the place beside `spot` where words `wide` cover least.
pub(super) fn beside((x, y): Spot, wide: f64, frame: &PlotFrame, taken: &[Spot]) -> Spot {
    let (right, left) = (x + 16.0, x - 16.0 - wide);
    [-18.0, 18.0, -30.0, 30.0, 0.0]
        .into_iter()
        .flat_map(|by| [(right, y + by), (left, y + by)])
        .filter(|&(start, middle)| {
            let (end, half) = (start + wide, 12.0);
            frame.holds((start, middle - half)) && frame.holds((end, middle + half))
        })
        .min_by_key(|&(start, middle)| covered(start, wide, middle, taken))
        .unwrap_or((right.min(frame.right - wide), y - 18.0))
}
