//! Quantiles of what several replications have seen together.

use super::histogram::{Histogram, Packed};
use super::interval::{Interval, admissible, two_sided};

/// The distributions of independent replications, and all of them in one.
///
/// Values of one replication are correlated: a busy spell makes thousands of them long. The replication is therefore
/// what is sampled, and its values are a cluster. The quantile is that of all values together; the mean of the
/// replications' own quantiles is biased wherever a replication has few values beyond it.
#[derive(Debug)]
pub struct Pooled<'a> {
    parts: Vec<&'a Packed>,
    all: Histogram,
}

impl<'a> Pooled<'a> {
    /// Lays the distributions of replications together.
    #[must_use]
    pub fn of(parts: impl IntoIterator<Item = &'a Packed>) -> Self {
        let parts: Vec<&Packed> = parts.into_iter().collect();
        let mut all = Histogram::new();
        parts.iter().for_each(|part| all.merge_packed(part));
        Self { parts, all }
    }

    /// Number of values.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.all.count()
    }

    /// All values together.
    #[must_use]
    pub const fn all(&self) -> &Histogram {
        &self.all
    }

    /// The `q`-quantile in nanoseconds, with its interval.
    ///
    /// Woodruff's method (JASA 47, 1952): the standard error is that of the share of values at or below the estimate,
    /// a ratio of two sums over the replications (Cochran, *Sampling Techniques*, 3rd ed., ch. 6 and 9), at least that
    /// of independent values; the shares that it leaves possible by Student's t, with one degree of freedom less than
    /// there are replications, are read back through the distribution. Where such a share is 1 or more the data hold no
    /// upper bound, which is then infinite: the quantile rests on too few values. A bound made up from the largest
    /// value would be passed more often than the level says (for M/M/1 and p99.9 in nine of ten experiments).
    ///
    /// One replication says nothing of the spread and leaves both sides open. `None` without values, and for a `q` or a
    /// level outside (0, 1).
    #[must_use]
    pub fn quantile(&self, q: f64, level: f64) -> Option<Interval> {
        if !admissible(q) || !admissible(level) {
            return None;
        }
        let found = self.all.quantile(q)?;
        let estimate = found as f64;
        let replications = self.parts.iter().filter(|part| part.count() > 0).count();
        if replications < 2 {
            return Some(Interval { estimate, low: 0.0, high: f64::INFINITY });
        }
        let half = two_sided(level, replications as f64 - 1.0) * self.error(q, found, replications as f64);
        let low = if q > half { self.all.quantile(q - half)? as f64 } else { 0.0 };
        let high = if q + half < 1.0 { self.all.quantile(q + half)? as f64 } else { f64::INFINITY };
        Some(Interval { estimate, low: low.min(estimate), high: high.max(estimate) })
    }

    /// Standard error of the share of values that are at most `found`, which is about `q`.
    fn error(&self, q: f64, found: u64, replications: f64) -> f64 {
        let count = self.all.count() as f64;
        let below: Vec<f64> = self.parts.iter().map(|part| part.at_most(found) as f64).collect();
        let share = below.iter().sum::<f64>() / count;
        let residuals = self.parts.iter().zip(&below).map(|(part, below)| below - share * part.count() as f64);
        let squares: f64 = residuals.map(|residual| residual * residual).sum();
        let clustered = replications / (replications - 1.0) * squares / (count * count);
        clustered.max(q * (1.0 - q) / count).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::noise::Noise;

    /// Response times of an M/M/1 that begins in its steady state, in nanoseconds: Lindley's recursion.
    fn mm1(noise: &mut Noise, load: f64, count: usize) -> Histogram {
        let idle = noise.uniform() > load;
        let mut wait = if idle { 0.0 } else { noise.exponential(1.0 / (1.0 - load)) };
        let mut seen = Histogram::new();
        for _ in 0..count {
            let response = wait + noise.exponential(1.0);
            seen.record((response * 1e9) as u64);
            wait = (response - noise.exponential(1.0 / load)).max(0.0);
        }
        seen
    }

    #[test]
    #[ignore = "statistical: the coverage over 600 experiments"]
    fn intervals_cover_and_those_of_the_replications_own_quantiles_do_not() {
        let mut noise = Noise(0x2545_F491_4F6C_DD1D);
        let (load, level, experiments) = (0.6, 0.95, 600);
        let quantiles = [0.5, 0.9, 0.95, 0.99];
        let (mut covered, mut covered_by_means) = ([0; 4], [0; 4]);
        for _ in 0..experiments {
            let parts: Vec<Packed> = (0..10).map(|_| mm1(&mut noise, load, 1_000).pack()).collect();
            let pooled = Pooled::of(&parts);
            for (index, q) in quantiles.into_iter().enumerate() {
                let exact = -libm::log(1.0 - q) / (1.0 - load) * 1e9;
                covered[index] += usize::from(pooled.quantile(q, level).unwrap().contains(exact));
                let own: Vec<f64> = parts.iter().map(|part| part.unpack().quantile(q).unwrap() as f64).collect();
                covered_by_means[index] += usize::from(Interval::mean_of(&own, level).unwrap().contains(exact));
            }
        }
        let share = |count: usize| count as f64 / f64::from(experiments);
        let shares = covered.map(share);
        assert!(shares.iter().all(|share| (0.92..=0.975).contains(share)), "{shares:?}");
        assert!(share(covered_by_means[3]) < 0.9, "{covered_by_means:?}");
    }

    #[test]
    fn a_tail_of_too_few_values_has_no_upper_bound() {
        let mut noise = Noise(7);
        let parts: Vec<Packed> = (0..5).map(|_| mm1(&mut noise, 0.3, 100).pack()).collect();
        let tail = Pooled::of(&parts).quantile(0.999, 0.95).unwrap();
        assert_eq!(tail.high, f64::INFINITY);
        assert!(tail.low > 0.0 && tail.low <= tail.estimate);
        assert!(Pooled::of(&parts).quantile(0.5, 0.95).unwrap().high.is_finite());
    }

    #[test]
    fn replications_that_differ_widen_the_interval() {
        let of = |value: u64| {
            let mut seen = Histogram::new();
            (0..1_000).for_each(|step| seen.record(value + step));
            seen.pack()
        };
        let alike: Vec<Packed> = (0..6).map(|_| of(10_000)).collect();
        let apart: Vec<Packed> = (0..6).map(|index| of(10_000 + index * 200)).collect();
        let width = |parts: &[Packed]| Pooled::of(parts).quantile(0.5, 0.95).unwrap().half_width();
        assert!(width(&apart) > 5.0 * width(&alike));
    }

    #[test]
    fn what_cannot_be_said_is_not() {
        assert_eq!(Pooled::of(&[Packed::default()]).quantile(0.5, 0.95), None);
        let mut seen = Histogram::new();
        seen.record(5);
        let one = [seen.pack()];
        let pooled = Pooled::of(&one);
        assert_eq!(pooled.quantile(0.5, 0.95), Some(Interval { estimate: 5.0, low: 0.0, high: f64::INFINITY }));
        assert_eq!(pooled.quantile(1.0, 0.95), None);
        assert_eq!(pooled.quantile(0.5, 1.0), None);
    }
}
