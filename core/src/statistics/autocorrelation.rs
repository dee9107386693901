//! The correlated observations of one long run: tests of independence, and the
//! end of the warm-up.

use super::Moments;
use statrs::function::erf::erfc;

/// Fewest observations for which the normal approximation of von Neumann's
/// ratio is used (Young, Annals of Mathematical Statistics 12, 1941).
const FEWEST_FOR_TEST: usize = 8;

/// Observations averaged into one before MSER is applied: the 5 of MSER-5.
const MSER_BATCH: usize = 5;

/// Sample autocorrelation at `lag`, with the whole run's mean and sum of
/// squares (Box & Jenkins 1970), hence within `[-1, 1]`.
///
/// `None` if there are fewer than `lag + 2` observations, if they do not vary,
/// or if one is not finite.
#[must_use]
pub fn autocorrelation(values: &[f64], lag: usize) -> Option<f64> {
    if values.len() < lag.checked_add(2)? {
        return None;
    }
    let (mean, squares) = deviations(values)?;
    let products = values.iter().zip(&values[lag..]).map(|(now, then)| (now - mean) * (then - mean));
    Some((products.sum::<f64>() / squares).clamp(-1.0, 1.0))
}

/// [`autocorrelation`] at lag 1.
#[must_use]
pub fn lag_one(values: &[f64]) -> Option<f64> {
    autocorrelation(values, 1)
}

/// Outcome of von Neumann's test of independence; see [`von_neumann`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VonNeumann {
    /// Mean square successive difference over the variance; 2 for independent
    /// observations, towards 0 for positively and 4 for negatively correlated
    /// ones.
    pub ratio: f64,
    /// The shortfall of the ratio below 2, in standard deviations: large and
    /// positive under positive correlation.
    pub z: f64,
    /// Probability of a ratio at least as small if the observations were
    /// independent. Small values (say below 0.05) speak against independence,
    /// i.e. for longer batches.
    pub p_value: f64,
}

/// Von Neumann's test of independence against positive correlation of
/// neighbours (Annals of Mathematical Statistics 12, 1941), as Fishman
/// (Management Science 24, 1978) applies it to batch means.
///
/// The ratio `Σ(xᵢ₊₁ - xᵢ)² / Σ(xᵢ - x̄)²` of `n` independent normal
/// observations has mean 2 and variance `4(n - 2)/(n² - 1)`; it is taken as
/// normal. `None` for fewer than eight observations, observations that do not
/// vary, or one not finite.
#[must_use]
pub fn von_neumann(values: &[f64]) -> Option<VonNeumann> {
    if values.len() < FEWEST_FOR_TEST {
        return None;
    }
    let (_, squares) = deviations(values)?;
    let steps: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0])).sum();
    let n = values.len() as f64;
    let ratio = steps / squares;
    let z = (2.0 - ratio) / (4.0 * (n - 2.0) / (n * n - 1.0)).sqrt();
    Some(VonNeumann { ratio, z, p_value: 0.5 * erfc(z / std::f64::consts::SQRT_2) })
}

/// Where the warm-up ends: the number of leading observations to delete, by
/// MSER-5 (White, Simulation 69, 1997; White, Cobb & Spratt, Winter Simulation
/// Conference 2000).
///
/// The run is cut into means of five observations. Of all truncation points,
/// the rule takes the one that minimises the squared standard error
/// `Σ(yⱼ - ȳ)² / m²` of the mean of the `m` that remain: deleting more gives
/// up data, deleting less keeps bias. The answer is a multiple of five.
///
/// `None` if the run cannot answer: fewer than 50 observations, one not finite,
/// or a minimum in the second half of the run, which says that it is too short
/// to have settled. The last five means are never candidates, since a handful
/// of values can agree by chance (Hoad, Robinson & Davies, Journal of the
/// Operational Research Society 61, 2010).
#[must_use]
pub fn mser5(values: &[f64]) -> Option<usize> {
    let means: Vec<f64> = values.chunks_exact(MSER_BATCH).map(mean).collect();
    if means.len() < 2 * MSER_BATCH || !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mut tail = Tail::default();
    let mut best = (f64::INFINITY, means.len());
    for (cut, &mean) in means.iter().enumerate().rev() {
        tail.prepend(mean);
        let error = tail.squares / (tail.count * tail.count);
        // On a tie the earlier cut wins: it keeps more data.
        if tail.count > MSER_BATCH as f64 && error <= best.0 {
            best = (error, cut);
        }
    }
    (best.1 <= means.len() / 2).then_some(best.1 * MSER_BATCH)
}

/// Welford's recursion over the end of a run, growing towards its front.
#[derive(Default)]
struct Tail {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Tail {
    fn prepend(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }
}

/// Mean and sum of squared deviations of finite values that vary.
fn deviations(values: &[f64]) -> Option<(f64, f64)> {
    let moments: Moments = values.iter().copied().collect();
    let mean = moments.mean()?;
    let squares = moments.variance()? * (values.len() - 1) as f64;
    (moments.skipped() == 0 && squares > 0.0 && squares.is_finite()).then_some((mean, squares))
}

/// Arithmetic mean of a slice that is not empty.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uniform on (-1, 1), by Marsaglia's xorshift.
    fn noise(count: usize) -> Vec<f64> {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    /// A first-order autoregression with coefficient `phi`.
    fn autoregression(phi: f64, count: usize) -> Vec<f64> {
        let mut state = 0.0;
        let step = |innovation| {
            state = phi * state + innovation;
            state
        };
        noise(count).into_iter().map(step).collect()
    }

    #[test]
    fn autocorrelation_of_a_hand_worked_series() {
        // Deviations -2, -1, 0, 1, 2: 2 + 0 + 0 + 2 over 10.
        assert_eq!(lag_one(&[1.0, 2.0, 3.0, 4.0, 5.0]), Some(0.4));
        assert_eq!(autocorrelation(&[1.0, 2.0, 3.0], 0), Some(1.0));
        assert_eq!(lag_one(&[1.0, 1.0, 1.0]), None);
        assert_eq!(lag_one(&[1.0, 2.0]), None);
        assert_eq!(lag_one(&[1.0, f64::NAN, 2.0]), None);
        assert_eq!(autocorrelation(&[1.0, 2.0, 3.0], usize::MAX), None);
        let found = lag_one(&autoregression(0.6, 50_000)).unwrap();
        assert!((found - 0.6).abs() < 0.02, "{found}");
    }

    #[test]
    fn von_neumann_of_a_hand_worked_series() {
        // 1..=8: steps 7, squares 42; z = (2 - 1/6) / √(24/63).
        let rising: Vec<f64> = (1..=8).map(f64::from).collect();
        let test = von_neumann(&rising).unwrap();
        assert!((test.ratio - 1.0 / 6.0).abs() < 1e-15);
        assert!((test.z - (11.0 / 6.0) / (24.0_f64 / 63.0).sqrt()).abs() < 1e-13);
        assert!(test.p_value < 0.002);
        assert_eq!(von_neumann(&rising[..7]), None);
        assert_eq!(von_neumann(&[1.0; 20]), None);
    }

    #[test]
    fn von_neumann_tells_noise_from_correlation() {
        let test = von_neumann(&noise(2000)).unwrap();
        assert!(test.p_value > 0.01 && test.p_value < 0.99, "{test:?}");
        let test = von_neumann(&autoregression(0.2, 2000)).unwrap();
        assert!(test.p_value < 1e-6);
    }

    #[test]
    fn mser5_finds_the_end_of_a_transient() {
        let mut values = noise(2000);
        for (index, value) in values.iter_mut().enumerate().take(200) {
            *value += 20.0 - index as f64 / 10.0;
        }
        let cut = mser5(&values).unwrap();
        assert!((150..=260).contains(&cut), "{cut}");
        assert_eq!(cut % 5, 0);
    }

    #[test]
    fn mser5_keeps_a_settled_run_and_refuses_an_unsettled_one() {
        assert_eq!(mser5(&[3.1; 100]), Some(0));
        assert!(mser5(&noise(5000)).unwrap() < 500);
        let growing: Vec<f64> = (0..1000).map(|i| f64::from(i) * f64::from(i)).collect();
        assert_eq!(mser5(&growing), None);
        assert_eq!(mser5(&noise(49)), None);
        let mut broken = noise(100);
        broken[99] = f64::NAN;
        assert_eq!(mser5(&broken), None);
    }

    #[test]
    fn mser5_agrees_with_its_definition() {
        let values = autoregression(0.8, 600);
        let means: Vec<f64> = values.chunks_exact(5).map(mean).collect();
        let error = |cut: usize| {
            let (_, squares) = deviations(&means[cut..]).unwrap();
            squares / ((means.len() - cut) as f64).powi(2)
        };
        let best = (0..means.len() - 5).min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap();
        let expected = (best <= means.len() / 2).then_some(best * 5);
        assert_eq!(mser5(&values), expected);
    }
}
