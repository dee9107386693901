//! Sensitivity analysis: which inputs of a function decide its output.
//!
//! All inputs are numbers from 0 to 1. [`trajectory`] and [`morris`] screen many inputs with few runs (Morris,
//! *Factorial sampling plans for preliminary computational experiments*, Technometrics 33, 1991, with the mean of
//! absolute effects of Campolongo, Cariboni & Saltelli, Environmental Modelling & Software 22, 2007). [`Design`] and
//! [`sobol`] say what share of the output's variance an input makes, alone and with all others (Saltelli et al.,
//! *Variance based sensitivity analysis of model output*, Computer Physics Communications 181, 2010: their estimator of
//! the first order, and Jansen's of the total, Computer Physics Communications 117, 1999). Random numbers come from the
//! caller, uniform on [0, 1).

use super::{Interval, Moments};

/// Levels of an input in a screening.
const LEVELS: u32 = 4;

/// How far an input moves: half of the levels.
const STEP: f64 = LEVELS as f64 / (2 * (LEVELS - 1)) as f64;

/// A path through the inputs on which each moves once.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// One point more than there are inputs.
    pub points: Vec<Vec<f64>>,
    /// Which input moves to the next point.
    pub moved: Vec<usize>,
}

/// A random path.
pub fn trajectory(inputs: usize, uniform: &mut impl FnMut() -> f64) -> Trajectory {
    let mut point: Vec<f64> =
        (0..inputs).map(|_| (uniform() * f64::from(LEVELS)).floor() / f64::from(LEVELS - 1)).collect();
    let moved = permutation(inputs, uniform);
    let mut points = vec![point.clone()];
    for &input in &moved {
        point[input] += if point[input] < 0.5 { STEP } else { -STEP };
        points.push(point.clone());
    }
    Trajectory { points, moved }
}

fn permutation(count: usize, uniform: &mut impl FnMut() -> f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        let other = (uniform() * (last + 1) as f64) as usize;
        order.swap(last, other.min(last));
    }
    order
}

/// What moving an input did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputEffect {
    /// Mean absolute change of the output over the whole range of the input, with its interval over paths (mu*).
    pub size: Interval,
    /// Mean change: of the sign of an input whose effect has one (mu).
    pub mean: f64,
    /// Standard deviation of the change: an effect that depends on where the others stand (sigma).
    pub spread: f64,
}

/// The effects of each input, from the outputs along paths; none for an input that never moved between two known
/// outputs.
pub fn morris(paths: &[(&Trajectory, &[Option<f64>])], level: f64) -> Vec<Option<InputEffect>> {
    let inputs = paths.first().map_or(0, |(path, _)| path.moved.len());
    let effect = |input: usize| {
        let change = |(path, outputs): &(&Trajectory, &[Option<f64>])| {
            let step = path.moved.iter().position(|&moved| moved == input)?;
            let moved = path.points[step + 1][input] - path.points[step][input];
            Some((outputs.get(step + 1).copied()?? - outputs.get(step).copied()??) / moved)
        };
        let changes: Vec<f64> = paths.iter().filter_map(change).collect();
        let sizes: Vec<f64> = changes.iter().map(|change| change.abs()).collect();
        let moments: Moments = changes.iter().copied().collect();
        let size = Interval::mean_of(&sizes, level)?;
        let size = Interval { low: size.low.max(0.0), ..size };
        Some(InputEffect { size, mean: moments.mean()?, spread: moments.variance().unwrap_or(0.0).sqrt() })
    };
    (0..inputs).map(effect).collect()
}

/// A Latin hypercube of this number of points: each input has one in each slice of its range (McKay, Beckman & Conover,
/// Technometrics 21, 1979).
pub fn hypercube(rows: usize, inputs: usize, uniform: &mut impl FnMut() -> f64) -> Vec<Vec<f64>> {
    let mut points = vec![Vec::with_capacity(inputs); rows];
    for _ in 0..inputs {
        let order = permutation(rows, uniform);
        for (point, cell) in points.iter_mut().zip(order) {
            point.push((cell as f64 + uniform()) / rows as f64);
        }
    }
    points
}

/// Points for variance-based indices: two samples, and for each input the first with the input's values from the
/// second.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    first: Vec<Vec<f64>>,
    second: Vec<Vec<f64>>,
}

impl Design {
    /// A design of this number of rows, both samples together a [`hypercube`].
    pub fn new(rows: usize, inputs: usize, uniform: &mut impl FnMut() -> f64) -> Self {
        let both = hypercube(rows, 2 * inputs, uniform);
        let (first, second) = both.iter().map(|point| (point[..inputs].to_vec(), point[inputs..].to_vec())).unzip();
        Self { first, second }
    }

    /// The points of a row: of the first sample, of the second, then one for each input.
    pub fn row(&self, row: usize) -> Vec<Vec<f64>> {
        let (first, second) = (&self.first[row], &self.second[row]);
        let mixed = (0..first.len()).map(|input| {
            let mut point = first.clone();
            point[input] = second[input];
            point
        });
        [first.clone(), second.clone()].into_iter().chain(mixed).collect()
    }
}

/// The shares of the output's variance that an input makes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Alone (first order).
    pub first: Interval,
    /// With all that it does together with others (total).
    pub total: Interval,
}

/// Resamples behind an interval.
const RESAMPLES: usize = 500;

/// The shares of each input, from the outputs of a design's rows, each in the order of [`Design::row`]. Intervals are
/// those of a bootstrap over rows (percentiles; Archer, Saltelli & Sobol, Journal of Statistical Computation and
/// Simulation 58, 1997). `None` for fewer than two rows, rows of different length, and an output that does not vary.
pub fn sobol(rows: &[Vec<f64>], level: f64, uniform: &mut impl FnMut() -> f64) -> Option<Vec<Share>> {
    let inputs = rows.first()?.len().checked_sub(2)?;
    if rows.len() < 2 || rows.iter().any(|row| row.len() != inputs + 2 || row.iter().any(|value| !value.is_finite())) {
        return None;
    }
    let all: Vec<usize> = (0..rows.len()).collect();
    let estimates = shares(rows, &all, inputs)?;
    let mut resampled = vec![(Vec::new(), Vec::new()); inputs];
    for _ in 0..RESAMPLES {
        let some: Vec<usize> =
            all.iter().map(|_| ((uniform() * rows.len() as f64) as usize).min(rows.len() - 1)).collect();
        // A resample of one row alone does not vary.
        for (shares, (first, total)) in shares(rows, &some, inputs).into_iter().flatten().zip(&mut resampled) {
            first.push(shares.0);
            total.push(shares.1);
        }
    }
    let share = |((first, total), (mut firsts, mut totals)): ((f64, f64), (Vec<f64>, Vec<f64>))| Share {
        first: percentiles(first, &mut firsts, level),
        total: percentiles(total, &mut totals, level),
    };
    Some(estimates.into_iter().zip(resampled).map(share).collect())
}

/// First-order and total share of each input over some rows.
fn shares(rows: &[Vec<f64>], some: &[usize], inputs: usize) -> Option<Vec<(f64, f64)>> {
    let outputs: Moments = some.iter().flat_map(|&row| [rows[row][0], rows[row][1]]).collect();
    let variance = outputs.variance().filter(|variance| *variance > 0.0)?;
    let mean = outputs.mean()?;
    let count = some.len() as f64;
    let share = |input: usize| {
        let alone: f64 = some.iter().map(|&row| (rows[row][1] - mean) * (rows[row][input + 2] - rows[row][0])).sum();
        let apart: f64 = some.iter().map(|&row| (rows[row][0] - rows[row][input + 2]).powi(2)).sum();
        (alone / count / variance, apart / (2.0 * count) / variance)
    };
    Some((0..inputs).map(share).collect())
}

fn percentiles(estimate: f64, values: &mut [f64], level: f64) -> Interval {
    values.sort_by(f64::total_cmp);
    let at = |q: f64| values.get(((values.len() as f64 * q) as usize).min(values.len().saturating_sub(1)));
    let tail = 0.5 * (1.0 - level);
    let (low, high) = (at(tail).copied().unwrap_or(estimate), at(1.0 - tail).copied().unwrap_or(estimate));
    Interval { estimate, low: low.min(estimate), high: high.max(estimate) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// Steele & Vigna's SplitMix64: enough for a test.
    fn uniform(mut state: u64) -> impl FnMut() -> f64 {
        move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    fn ishigami(point: &[f64]) -> f64 {
        let x: Vec<f64> = point.iter().map(|x| PI * (2.0 * x - 1.0)).collect();
        x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin()
    }

    const WEIGHTS: [f64; 6] = [0.0, 1.0, 4.5, 9.0, 99.0, 99.0];

    fn g_function(point: &[f64]) -> f64 {
        point.iter().zip(WEIGHTS).map(|(x, a)| ((4.0 * x - 2.0).abs() + a) / (1.0 + a)).product()
    }

    fn analyse(function: fn(&[f64]) -> f64, inputs: usize, rows: usize, seed: u64) -> Vec<Share> {
        let mut uniform = uniform(seed);
        let design = Design::new(rows, inputs, &mut uniform);
        let outputs: Vec<Vec<f64>> =
            (0..rows).map(|row| design.row(row).iter().map(|point| function(point)).collect()).collect();
        sobol(&outputs, 0.99, &mut uniform).unwrap()
    }

    #[track_caller]
    fn agrees(shares: &[Share], first: &[f64], total: &[f64], within: f64) {
        for (input, share) in shares.iter().enumerate() {
            for (seen, exact) in [(share.first, first[input]), (share.total, total[input])] {
                assert!(
                    seen.low - 1e-3 <= exact && exact <= seen.high + 1e-3,
                    "input {input}: {exact} not in {seen:?}"
                );
                assert!((seen.estimate - exact).abs() < within, "input {input}: {seen:?} for {exact}");
            }
        }
    }

    #[test]
    fn the_shares_of_ishigami_are_exact() {
        // Ishigami & Homma (1990): variances of the parts, a = 7, b = 0.1.
        let (a, b) = (7.0f64, 0.1f64);
        let alone = 0.5 * (1.0 + b * PI.powi(4) / 5.0).powi(2);
        let second = a * a / 8.0;
        let both = b * b * PI.powi(8) * (1.0 / 18.0 - 1.0 / 50.0);
        let all = alone + second + both;
        let (first, total) = ([alone / all, second / all, 0.0], [(alone + both) / all, second / all, both / all]);
        agrees(&analyse(ishigami, 3, 4096, 1), &first, &total, 0.04);
    }

    #[test]
    fn the_shares_of_the_g_function_are_exact() {
        let parts = WEIGHTS.map(|a| 1.0 / (3.0 * (1.0 + a) * (1.0 + a)));
        let all = parts.iter().map(|part| 1.0 + part).product::<f64>() - 1.0;
        let first = parts.map(|part| part / all);
        let total = parts.map(|part| part * (1.0 + all) / (1.0 + part) / all);
        agrees(&analyse(g_function, 6, 4096, 2), &first, &total, 0.04);
    }

    #[test]
    fn the_effects_of_a_straight_line_are_its_slopes() {
        let mut uniform = uniform(3);
        let line = |x: &[f64]| 3.0 * x[0] - 2.0 * x[1] + 0.0 * x[2];
        let paths: Vec<Trajectory> = (0..5).map(|_| trajectory(3, &mut uniform)).collect();
        let outputs: Vec<Vec<Option<f64>>> =
            paths.iter().map(|path| path.points.iter().map(|point| Some(line(point))).collect()).collect();
        let both: Vec<(&Trajectory, &[Option<f64>])> = paths.iter().zip(outputs.iter().map(Vec::as_slice)).collect();
        let effects = morris(&both, 0.95);
        for (effect, slope) in effects.iter().zip([3.0, -2.0, 0.0f64]) {
            let effect = effect.unwrap();
            assert!((effect.mean - slope).abs() < 1e-12 && effect.spread < 1e-12, "{effect:?}");
            assert!((effect.size.estimate - slope.abs()).abs() < 1e-12, "{effect:?}");
        }
    }

    #[test]
    fn paths_stay_within_and_move_each_input_once() {
        let mut uniform = uniform(4);
        for _ in 0..100 {
            let path = trajectory(7, &mut uniform);
            assert!(path.points.iter().flatten().all(|x| (-1e-12..=1.0 + 1e-12).contains(x)), "{path:?}");
            let mut moved = path.moved.clone();
            moved.sort_unstable();
            assert_eq!(moved, (0..7).collect::<Vec<_>>());
            for (step, &input) in path.moved.iter().enumerate() {
                let change = |of: usize| (path.points[step + 1][of] - path.points[step][of]).abs();
                assert!((0..7).all(|of| (change(of) - if of == input { STEP } else { 0.0 }).abs() < 1e-12));
            }
        }
    }

    #[test]
    fn the_screening_ranks_the_g_function_by_its_weights() {
        let mut uniform = uniform(5);
        let paths: Vec<Trajectory> = (0..60).map(|_| trajectory(6, &mut uniform)).collect();
        let outputs: Vec<Vec<Option<f64>>> =
            paths.iter().map(|path| path.points.iter().map(|point| Some(g_function(point))).collect()).collect();
        let both: Vec<(&Trajectory, &[Option<f64>])> = paths.iter().zip(outputs.iter().map(Vec::as_slice)).collect();
        let sizes: Vec<f64> = morris(&both, 0.95).iter().map(|effect| effect.unwrap().size.estimate).collect();
        assert!(sizes[0] > sizes[1] && sizes[1] > sizes[2] && sizes[2] > sizes[3] && sizes[3] > sizes[4], "{sizes:?}");
    }

    #[test]
    fn what_does_not_vary_has_no_shares() {
        assert_eq!(sobol(&[vec![1.0, 1.0, 1.0], vec![1.0, 1.0, 1.0]], 0.95, &mut uniform(1)), None);
        assert_eq!(sobol(&[vec![1.0, 2.0, 3.0]], 0.95, &mut uniform(1)), None);
        assert_eq!(sobol(&[], 0.95, &mut uniform(1)), None);
    }
}
