//! Confidence intervals of a probability.

use super::{Interval, admissible, critical, two_sided};
use statrs::function::beta::beta_reg;

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

    /// A probability by the exact interval of Clopper & Pearson (Biometrika 26, 1934), whatever the counts: its coverage
    /// is never below the level. `None` as in [`proportion`](Self::proportion).
    #[must_use]
    pub fn exact_proportion(successes: u64, trials: u64, level: f64) -> Option<Self> {
        if trials == 0 || successes > trials || !admissible(level) {
            return None;
        }
        let failures = trials - successes;
        let (low, high) = if successes <= failures {
            clopper_pearson(successes, trials, level)
        } else {
            let (low, high) = clopper_pearson(failures, trials, level);
            (1.0 - high, 1.0 - low)
        };
        let estimate = successes as f64 / trials as f64;
        Some(Self { estimate, low: low.min(estimate), high: high.max(estimate) })
    }

    /// A probability, from clusters of trials that may be alike within a cluster: `(successes, trials)` of each
    /// independent replication.
    ///
    /// The variance of the share, a ratio of two sums over the clusters, tells how many independent trials the clusters
    /// are worth: fewer the more they differ; more than there are only where each had several successes and failures.
    /// Those, lessened once more because few clusters tell their variance badly, are judged as in
    /// [`proportion`](Self::proportion) (Korn & Graubard, Survey Methodology 24, 1998). Clusters that agree exactly say
    /// nothing of their variance, and are taken as trials of one sample; so is a single cluster.
    ///
    /// `None` for no trials, more successes than trials, or a level outside (0, 1).
    #[must_use]
    pub fn clustered_proportion(clusters: &[(u64, u64)], level: f64) -> Option<Self> {
        let (successes, trials) = clusters.iter().fold((0, 0), |(s, t), cluster| (s + cluster.0, t + cluster.1));
        let whole = Self::proportion(successes, trials, level)?;
        let count = clusters.iter().filter(|cluster| cluster.1 > 0).count() as f64;
        if count < 2.0 || successes == 0 || successes == trials || clusters.iter().any(|cluster| cluster.0 > cluster.1)
        {
            return Some(whole);
        }
        let (share, all) = (whole.estimate, trials as f64);
        let residuals = clusters.iter().map(|&(s, t)| s as f64 - share * t as f64);
        let squares: f64 = residuals.map(|residual| residual * residual).sum();
        let variance = count / (count - 1.0) * squares / (all * all);
        if variance == 0.0 {
            return Some(whole);
        }
        // Clusters may be more alike than chance has them, which few successes or failures cannot tell.
        let are_telling = (successes.min(trials - successes)) as f64 >= RARE as f64 * count;
        let most = if are_telling { f64::MAX } else { all };
        let worth = (share * (1.0 - share) / variance).min(most);
        let trust = (critical::normal(level) / two_sided(level, count - 1.0)).powi(2);
        let worth = worth * trust;
        let (some, rest) = (share * worth, (1.0 - share) * worth);
        let (low, high) = if some.min(rest) >= RARE as f64 {
            wilson(share, worth, level)
        } else {
            let risk = 0.5 * (1.0 - level);
            (beta_quantile(some, rest + 1.0, risk)?, beta_quantile(some + 1.0, rest, 1.0 - risk)?)
        };
        Some(Self { estimate: share, low: low.min(share), high: high.max(share) })
    }
}

/// The quantile `p` of the beta distribution, by bisection. The `inverse_cdf` of statrs 0.19 (Algorithm AS 64) starts at 0.0001
/// or above, and does not end where the quantile is far below that, as for a few successes in 10 million trials. `None` for
/// parameters that are not positive.
fn beta_quantile(a: f64, b: f64, p: f64) -> Option<f64> {
    let is_valid = a > 0.0 && b > 0.0 && (a + b).is_finite();
    is_valid.then(|| falling_to(1.0 - p, |x| 1.0 - beta_reg(a, b, x)))
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
/// number of trials. Where the first term is too small for a float, all of them are taken relative to it, and to 1e200 of it as
/// often as they exceed that.
fn at_most(few: u64, trials: u64, p: f64) -> f64 {
    let odds = p / (1.0 - p);
    let first = trials as f64 * libm::log1p(-p);
    let is_tiny = first < LEAST_LOG;
    let mut term = if is_tiny { 1.0 } else { libm::exp(first) };
    let (mut sum, mut scale) = (term, if is_tiny { first } else { 0.0 });
    for k in 1..=few {
        term *= (trials - k + 1) as f64 / k as f64 * odds;
        sum += term;
        if sum > MOST_TERM {
            (term, sum, scale) = (term / MOST_TERM, sum / MOST_TERM, scale + libm::log(MOST_TERM));
        }
    }
    if is_tiny { libm::exp(libm::log(sum) + scale) } else { sum }
}

/// The logarithm of the least number that is exact as a float, but for a margin.
const LEAST_LOG: f64 = -700.0;

/// A sum beyond which the terms are scaled down.
const MOST_TERM: f64 = 1e200;

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

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    /// 1,758 of 9,989: 0.1 to the power of 9,989 is no float. The bounds are quantiles of the beta distribution.
    #[test]
    fn exact_bounds_hold_for_many_trials() {
        let interval = Interval::exact_proportion(1758, 9989, 0.95).unwrap();
        close(interval.low, 0.168570865348, 1e-9);
        close(interval.high, 0.183605718732, 1e-9);
        let other = Interval::exact_proportion(9989 - 1758, 9989, 0.95).unwrap();
        close(other.low, 1.0 - interval.high, 1e-12);
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
    fn clusters_that_differ_are_worth_fewer_trials() {
        let of = |clusters: &[(u64, u64)]| Interval::clustered_proportion(clusters, 0.95).unwrap();
        let alike = of(&[(93, 100), (87, 100), (88, 100), (92, 100), (90, 100)]);
        let apart = of(&[(100, 100), (70, 100), (100, 100), (85, 100), (95, 100)]);
        assert_eq!((alike.estimate, apart.estimate), (0.9, 0.9));
        assert!(apart.half_width() > 2.0 * alike.half_width());
        // Those that agree exactly are worth their number.
        assert_eq!(of(&[(90, 100); 5]), Interval::proportion(450, 500, 0.95).unwrap());
        // Tests that are stuck or not: five tests, and not 500 requests.
        let torn = of(&[(100, 100), (0, 100), (100, 100), (0, 100), (100, 100)]);
        assert!(torn.low < 0.1 && torn.high > 0.95, "{torn:?}");
        assert_eq!(of(&[(0, 40), (0, 60)]), Interval::proportion(0, 100, 0.95).unwrap());
        assert_eq!(of(&[(3, 10)]), Interval::proportion(3, 10, 0.95).unwrap());
        assert_eq!(Interval::clustered_proportion(&[], 0.95), None);
    }

    /// Two and three successes, or failures, of ten million each: about as many as of a Poisson distribution, of which 5 gives
    /// 1.62 to 11.67 (Garwood, Biometrika 28, 1936), and more for the doubt that two clusters leave.
    #[test]
    fn a_few_of_millions_in_clusters_have_an_interval() {
        let few = Interval::clustered_proportion(&[(2, 10_000_000), (3, 10_000_000)], 0.95).unwrap();
        assert_eq!(few.estimate, 2.5e-7);
        assert!(few.low > 0.0 && few.low < 1.62 / 2e7, "{few:?}");
        assert!(few.high > 11.67 / 2e7 && few.high < 1e-5, "{few:?}");
        let many = Interval::clustered_proportion(&[(9_999_998, 10_000_000), (9_999_997, 10_000_000)], 0.95).unwrap();
        close(1.0 - many.low, few.high, 1e-12);
    }

    #[test]
    fn rare_failures_in_clusters_are_covered() {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut uniform = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for probability in [0.997, 0.98, 0.01] {
            let mut covered = 0;
            for _ in 0..1_000 {
                let mut cluster = || ((0..300).filter(|_| uniform() < probability).count() as u64, 300);
                let clusters: Vec<(u64, u64)> = (0..20).map(|_| cluster()).collect();
                covered += usize::from(Interval::clustered_proportion(&clusters, 0.95).unwrap().contains(probability));
            }
            assert!((935..=980).contains(&covered), "{probability}: {covered}");
        }
    }

    #[test]
    fn impossible_counts_give_no_interval() {
        assert_eq!(Interval::proportion(0, 0, 0.95), None);
        assert_eq!(Interval::proportion(2, 1, 0.95), None);
        assert_eq!(Interval::proportion(1, 2, 1.0), None);
    }
}
