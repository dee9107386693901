//! Confidence intervals of a probability.

use super::{Interval, admissible, critical};

/// Below this count of successes or of failures the normal approximation behind
/// Wilson's score is not relied on.
const RARE: u64 = 5;

impl Interval {
    /// A probability, from `successes` in `trials` independent trials;
    /// dimensionless, within `[0, 1]`.
    ///
    /// Wilson's score interval (JASA 22, 1927) where at least five successes
    /// and five failures were seen; it keeps its level much better than the
    /// textbook `p ± z·√(pq/n)` (Brown, Cai & DasGupta 2001). Otherwise, which
    /// includes none and all, the exact interval of Clopper & Pearson
    /// (Biometrika 26, 1934), whose coverage is never below the level. The
    /// estimate is the observed share.
    ///
    /// `None` for no trials, more successes than trials, or a level outside
    /// (0, 1).
    #[must_use]
    pub fn proportion(successes: u64, trials: u64, level: f64) -> Option<Self> {
        if trials == 0 || successes > trials || !admissible(level) {
            return None;
        }
        let failures = trials - successes;
        let estimate = successes as f64 / trials as f64;
        let (low, high) = if successes < RARE {
            clopper_pearson(successes, trials, level)
        } else if failures < RARE {
            let (low, high) = clopper_pearson(failures, trials, level);
            (1.0 - high, 1.0 - low)
        } else {
            wilson(estimate, trials as f64, level)
        };
        Some(Self { estimate, low: low.min(estimate), high: high.max(estimate) })
    }
}

/// Wilson's score bounds of the observed share in `trials`.
fn wilson(share: f64, trials: f64, level: f64) -> (f64, f64) {
    let z = critical::normal(level);
    let weight = z * z / trials;
    let centre = share + 0.5 * weight;
    let half = z * (share * (1.0 - share) / trials + 0.25 * weight / trials).sqrt();
    (((centre - half) / (1.0 + weight)).max(0.0), ((centre + half) / (1.0 + weight)).min(1.0))
}

/// Clopper & Pearson's bounds for few successes: the probabilities under which
/// so many, or so few, would be seen with half the risk.
fn clopper_pearson(successes: u64, trials: u64, level: f64) -> (f64, f64) {
    let risk = 0.5 * (1.0 - level);
    let low = match successes.checked_sub(1) {
        None => 0.0,
        Some(fewer) => falling_to(1.0 - risk, |p| at_most(fewer, trials, p)),
    };
    let high = if successes == trials { 1.0 } else { falling_to(risk, |p| at_most(successes, trials, p)) };
    (low, high)
}

/// Probability of at most `few` successes in `trials`, each of probability `p`
/// in (0, 1): a sum of `few + 1` positive terms, exact to rounding for any
/// number of trials.
fn at_most(few: u64, trials: u64, p: f64) -> f64 {
    let odds = p / (1.0 - p);
    let mut term = libm::exp(trials as f64 * libm::log1p(-p));
    let mut sum = term;
    for k in 1..=few {
        term *= (trials - k + 1) as f64 / k as f64 * odds;
        sum += term;
    }
    sum
}

/// Where a function falling from 1 to 0 on (0, 1) takes the value `target`, by
/// bisection down to neighbouring floats.
fn falling_to(target: f64, function: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if function(middle) > target {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::function::beta::beta_reg;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn wilson_against_a_published_example() {
        // Newcombe (Statistics in Medicine 17, 1998), table I: 81 of 263.
        let interval = Interval::proportion(81, 263, 0.95).unwrap();
        close(interval.estimate, 81.0 / 263.0, 0.0);
        close(interval.low, 0.2553, 5e-5);
        close(interval.high, 0.3662, 5e-5);
    }

    #[test]
    fn nothing_and_everything_have_closed_forms() {
        // (1 - p)ⁿ = risk.
        for trials in [1_u64, 10, 1000, 1_000_000_000] {
            let none = Interval::proportion(0, trials, 0.95).unwrap();
            let expected = -libm::expm1(libm::log(0.025) / trials as f64);
            assert_eq!((none.estimate, none.low), (0.0, 0.0));
            close(none.high / expected, 1.0, 1e-12);
            let all = Interval::proportion(trials, trials, 0.95).unwrap();
            assert_eq!((all.estimate, all.high), (1.0, 1.0));
            close(all.low, 1.0 - expected, 1e-12);
        }
    }

    #[test]
    fn rare_successes_invert_the_binomial_tail() {
        // Newcombe (1998), table I: 1 of 29 gives 0.0009 to 0.1776.
        let interval = Interval::proportion(1, 29, 0.95).unwrap();
        close(interval.low, 0.0009, 5e-5);
        close(interval.high, 0.1776, 5e-5);
        for (successes, trials) in [(1_u64, 20_u64), (3, 7), (4, 8), (4, 100_000)] {
            let interval = Interval::proportion(successes, trials, 0.9).unwrap();
            let (k, n) = (successes as f64, trials as f64);
            close(beta_reg(k, n - k + 1.0, interval.low), 0.05, 1e-9);
            close(beta_reg(k + 1.0, n - k, interval.high), 0.95, 1e-9);
        }
    }

    #[test]
    fn failures_mirror_successes() {
        for successes in 0..=40 {
            let one = Interval::proportion(successes, 40, 0.95).unwrap();
            let other = Interval::proportion(40 - successes, 40, 0.95).unwrap();
            close(one.low, 1.0 - other.high, 1e-14);
            assert!(one.low >= 0.0 && one.high <= 1.0 && one.contains(one.estimate));
        }
    }

    #[test]
    fn impossible_counts_give_no_interval() {
        assert_eq!(Interval::proportion(0, 0, 0.95), None);
        assert_eq!(Interval::proportion(2, 1, 0.95), None);
        assert_eq!(Interval::proportion(1, 2, 1.0), None);
    }
}
