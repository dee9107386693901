//! Whether a level still grows.

use super::interval::Interval;

/// Means that the end of a series is cut into, at most.
pub const PIECES: usize = 16;

/// The same, at least: so few that each is as long as what goes up and down in it.
pub const FEWEST: usize = 8;

/// Growth of a level from one observation to the next over the end of several series of equal length, one of each
/// replication, with its interval. The end is the last `part`th of a series: 2 is its second half.
///
/// The end of each series is cut into this many means ([`PIECES`] or [`FEWEST`]), or as many as it has observations, and the
/// steps from one to the next are taken as the sample. The sum of the steps is what the level has grown by. If the level is that of a queue with
/// more arrivals than service, the steps are those of a random walk with a drift and nearly independent, so that Student's t keeps its
/// level; if it comes back to a mean, each step up is followed by steps down, the spread of the steps overstates that
/// of their mean, and a growth is found less often than the level allows. So one series is enough, and a system near
/// its limit is not called growing because its queue wanders.
///
/// `None` for no series, series of different lengths or with fewer than eight observations at the end, values not finite,
/// or a level outside (0, 1).
#[must_use]
pub fn growth(series: &[&[f64]], part: usize, pieces: usize, level: f64) -> Option<Interval> {
    let length = series.first()?.len();
    let pieces = (length / part).min(pieces);
    let each = length / part / pieces.max(1);
    if pieces < FEWEST || series.iter().any(|one| one.len() != length) {
        return None;
    }
    let steps: Vec<f64> = series
        .iter()
        .flat_map(|one| {
            let end = &one[length - each * pieces..];
            let means: Vec<f64> = end.chunks_exact(each).map(|piece| piece.iter().sum::<f64>() / each as f64).collect();
            means.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
        })
        .collect();
    let Interval { estimate, low, high } = Interval::mean_of(&steps, level)?;
    let scale = each as f64;
    Some(Interval { estimate: estimate / scale, low: low / scale, high: high / scale })
}

/// Growth of a level from one observation to the next between the means of the third and the last quarter of several series
/// of equal length, one of each replication, with its interval. Series are independent, so nothing is assumed of the
/// neighbours within one; a single series has no interval.
///
/// `None` for fewer than two series, series of different lengths or with fewer than eight observations, values not finite,
/// or a level outside (0, 1).
#[must_use]
pub fn growth_of_quarters(series: &[&[f64]], level: f64) -> Option<Interval> {
    let length = series.first()?.len();
    let each = length / 4;
    if series.len() < 2 || length < FEWEST || series.iter().any(|one| one.len() != length) {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let rise =
        |one: &&[f64]| (mean(&one[length - each..]) - mean(&one[length - 2 * each..length - each])) / each as f64;
    Interval::mean_of(&series.iter().map(rise).collect::<Vec<_>>(), level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::noise::Noise;

    /// Number in an M/M/1 with this load, seen after every `each` of its events, from a level on.
    fn mm1(noise: &mut Noise, load: f64, from: u64, each: usize, count: usize) -> Vec<f64> {
        let mut level = from;
        let mut step = || {
            for _ in 0..each {
                let up = noise.uniform() < load / (1.0 + load);
                level = if up { level + 1 } else { level.saturating_sub(1) };
            }
            level as f64
        };
        std::iter::repeat_with(&mut step).take(count).collect()
    }

    fn is_growing(series: &[Vec<f64>]) -> bool {
        let series: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
        growth(&series, 2, PIECES, 0.998).unwrap().is_above(0.0)
    }

    #[test]
    fn a_queue_that_grows_is_found_and_one_that_wanders_is_not() {
        let mut noise = Noise(0x2545_F491_4F6C_DD1D);
        for replications in [1, 5] {
            let mut found = |load: f64, from: u64| {
                (0..200)
                    .filter(|_| {
                        is_growing(&(0..replications).map(|_| mm1(&mut noise, load, from, 400, 65)).collect::<Vec<_>>())
                    })
                    .count()
            };
            // Ten per cent too many arrivals, on top of a queue.
            assert!(found(1.1, 100) > if replications == 1 { 140 } else { 195 });
            // Stable at 60 % and at 95 %, where the window is short against the queue's own time; and just at the
            // limit.
            assert!(found(0.6, 1) <= 2);
            assert!(found(0.95, 10) <= 4);
            assert!(found(1.0, 1_000) <= 4);
        }
    }

    /// Up by 1 an observation and down by 8 with every tenth, as seen from replications that begin at any point of a tooth:
    /// steps from one mean to the next do not tell that it grows, quarters do.
    #[test]
    fn saw_teeth_grow() {
        let saw = |from: usize| -> Vec<f64> {
            (0..64).map(|index| 50.0 + index as f64 - 8.0 * ((index + from) / 10) as f64).collect()
        };
        let series: Vec<Vec<f64>> = [0, 3, 6, 9, 2].map(saw).to_vec();
        assert!(!is_growing(&series));
        let series: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
        let seen = growth_of_quarters(&series, 0.998).unwrap();
        assert!(seen.is_above(0.0) && (seen.estimate - 0.2).abs() < 0.05, "{seen:?}");
        assert_eq!(growth_of_quarters(&series[..1], 0.998), None);
        // Eight means of the whole tell of most single series: each is nearly as long as a tooth.
        let is_found = |one: &&&[f64]| growth(&[one], 1, FEWEST, 0.998).unwrap().is_above(0.0);
        assert_eq!(series.iter().filter(is_found).count(), 4);
    }

    /// Eight means of the whole of a single series: stable, just at the limit, and 10 % beyond it.
    #[test]
    fn eight_means_of_a_queue_that_wanders_do_not_grow() {
        let mut noise = Noise(0x2545_F491_4F6C_DD1D);
        let mut found = |load: f64, from: u64| {
            let is_found = |_: &i32| {
                let series = mm1(&mut noise, load, from, 400, 65);
                growth(&[&series], 1, FEWEST, 0.998).unwrap().is_above(0.0)
            };
            (0..400).filter(is_found).count()
        };
        assert!(
            [(0.6, 1), (0.95, 0), (0.98, 0), (1.0, 0), (1.0, 1_000)]
                .into_iter()
                .all(|(load, from)| found(load, from) <= 6)
        );
        assert!(found(1.1, 0) > 360);
    }

    /// Stable at 60 % and at 95 %, and just at the limit.
    #[test]
    fn quarters_of_a_queue_that_wanders_do_not_grow() {
        let mut noise = Noise(0x2545_F491_4F6C_DD1D);
        for (load, from) in [(0.6, 1), (0.95, 10), (1.0, 1_000)] {
            let mut found = 0;
            for _ in 0..200 {
                let series: Vec<Vec<f64>> = (0..5).map(|_| mm1(&mut noise, load, from, 400, 65)).collect();
                let series: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
                found += usize::from(growth_of_quarters(&series, 0.998).unwrap().is_above(0.0));
            }
            assert!(found <= 3, "{load}: {found} of 200");
        }
    }

    #[test]
    fn the_growth_of_a_straight_line_is_its_slope() {
        let line: Vec<f64> = (0..64).map(|index| 3.0 + 0.25 * f64::from(index)).collect();
        let seen = growth(&[&line, &line], 2, PIECES, 0.95).unwrap();
        assert!((seen.estimate - 0.25).abs() < 1e-12 && seen.half_width() < 1e-12);
        let at_end: Vec<f64> = (0..65).map(|index| f64::max(f64::from(index) - 56.0, 0.0)).collect();
        assert!((growth(&[&at_end], 8, PIECES, 0.95).unwrap().estimate - 1.0).abs() < 1e-12);
        assert_eq!(growth(&[&line[..15]], 2, PIECES, 0.95), None);
        assert_eq!(growth(&[&line, &line[..60]], 2, PIECES, 0.95), None);
        assert_eq!(growth(&[], 2, PIECES, 0.95), None);
    }
}
