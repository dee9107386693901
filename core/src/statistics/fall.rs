//! Where a series of counts falls to a lower level.
//!
//! The counts of successes in intervals of equal length are made nearly normal with a variance of 1 by Anscombe's root ("The
//! transformation of Poisson, binomial and negative-binomial data", Biometrika 35, 1948). The series is cut into stretches of
//! constant mean so that the sum of squares and a penalty for each cut are least (Yao 1988, "Estimating the number of
//! change-points via Schwarz' criterion", Statistics & Probability Letters 6), which dynamic programming finds exactly
//! (Jackson and others 2005, "An algorithm for optimal partitioning of data on an interval", IEEE Signal Processing Letters
//! 12). The place of a cut has the interval of Bai 1997 ("Estimation of a change point in multiple regression models", Review
//! of Economics and Statistics 79).

/// What a cut must take from the sum of squares, in variances and logarithms of the length. Schwarz' criterion has 2; counts of
/// a queueing system depend on their neighbours, so that a little more is asked for.
const PENALTY: f64 = 3.0;

/// Share of the level before below which a lower level is called a fall.
const FALLEN: f64 = 0.9;

/// The 97.5 % quantile of the place where a Brownian motion with a triangular drift is highest (Bai 1997, equation 14).
const QUANTILE: f64 = 11.03;

/// Counts that are looked at, at most: the search takes time as the square of their number.
pub const MOST: usize = 4096;

/// A fall in a series of counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fall {
    /// The first count of the lower level.
    pub at: usize,
    /// The 95 % interval of that place.
    pub low: usize,
    /// Its upper end.
    pub high: usize,
    /// The mean count of the stretch before.
    pub before: f64,
    /// The mean count of the stretch that begins here.
    pub after: f64,
    /// The first count of the first later stretch with at least nine tenths of the usual level before the fall; none where there
    /// is no such stretch. The usual level is that of the longest stretch before the fall, or that just before the fall where the
    /// counts do not fall below nine tenths of the longest stretch's.
    pub back: Option<usize>,
}

/// The fall that explains most, if there is any: a cut behind which the mean is below nine tenths of the mean before it. The end
/// of a rebound, from which counts return to what is usual, is none. Of a series longer than [`MOST`] only the beginning is
/// looked at.
#[must_use]
pub fn fall(counts: &[u32]) -> Option<Fall> {
    let counts = &counts[..counts.len().min(MOST)];
    let roots: Vec<f64> = counts.iter().map(|&count| 2.0 * (f64::from(count) + 0.375).sqrt()).collect();
    let sums = Sums::of(&roots);
    let cuts = cuts(&sums, PENALTY * noise(&roots) * libm::log(counts.len().max(2) as f64));
    let stretches: Vec<Stretch> = cuts.windows(2).map(|ends| Stretch::of(counts, ends[0], ends[1])).collect();
    let falls = (1..stretches.len()).filter(|&number| falls(&stretches, number) && !ends_rebound(&stretches, number));
    let falls = falls.map(|number| {
        let (before, after) = (&stretches[number - 1], &stretches[number]);
        let (from, at, to) = (before.from, after.from, after.to);
        let (left, right) = ((at - from) as f64, (to - at) as f64);
        let shift = sums.mean(from, at) - sums.mean(at, to);
        let squares = sums.squares(from, at) + sums.squares(at, to);
        let variance = (squares / (left + right - 2.0).max(1.0)).max(1.0);
        let margin = (QUANTILE * variance / (shift * shift)).min(counts.len() as f64) as usize + 1;
        let usual = usual(&stretches, number);
        let later = stretches[number + 1..].iter().find(|later| later.mean >= FALLEN * usual);
        let fall = Fall {
            at,
            low: at.saturating_sub(margin),
            high: (at + margin).min(counts.len()),
            before: before.mean,
            after: after.mean,
            back: later.map(|later| later.from),
        };
        (left * right / (left + right) * shift * shift, fall)
    });
    falls.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, fall)| fall)
}

/// Counts of one level.
struct Stretch {
    from: usize,
    to: usize,
    mean: f64,
}

impl Stretch {
    fn of(counts: &[u32], from: usize, to: usize) -> Self {
        let sum: f64 = counts[from..to].iter().map(|&count| f64::from(count)).sum();
        Self { from, to, mean: sum / (to - from) as f64 }
    }
}

/// Whether the level falls where this stretch begins.
fn falls(stretches: &[Stretch], number: usize) -> bool {
    stretches[number].mean < FALLEN * stretches[number - 1].mean
}

/// The usual level before a fall to this stretch: that of the longest stretch before, or, where the counts stay at nine tenths of
/// that or above, the level just before.
fn usual(stretches: &[Stretch], number: usize) -> f64 {
    let longest = stretches[..number].iter().max_by_key(|stretch| stretch.to - stretch.from);
    let longest = longest.map_or(0.0, |stretch| stretch.mean);
    if stretches[number].mean < FALLEN * longest { longest } else { stretches[number - 1].mean }
}

/// Whether a fall to this stretch only ends a rebound: the level has risen, and is still usual for the time before an earlier
/// fall.
fn ends_rebound(stretches: &[Stretch], number: usize) -> bool {
    let has_risen = number >= 2 && stretches[number - 1].mean > stretches[number - 2].mean;
    let is_usual =
        |earlier: usize| falls(stretches, earlier) && stretches[number].mean >= FALLEN * usual(stretches, earlier);
    has_risen && (1..number).any(is_usual)
}

/// The variance of one value about its mean, from the differences of neighbours, so that levels do not enter (von Neumann
/// 1941); that of a Poisson count's root at least.
fn noise(values: &[f64]) -> f64 {
    let squares: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
    (squares / (2.0 * values.len().saturating_sub(1).max(1) as f64)).max(1.0)
}

/// Sums of the first values and of their squares.
struct Sums(Vec<(f64, f64)>);

impl Sums {
    fn of(values: &[f64]) -> Self {
        let mut sums = vec![(0.0, 0.0)];
        let mut last = (0.0, 0.0);
        for value in values {
            last = (last.0 + value, last.1 + value * value);
            sums.push(last);
        }
        Self(sums)
    }

    fn mean(&self, from: usize, to: usize) -> f64 {
        (self.0[to].0 - self.0[from].0) / (to - from) as f64
    }

    /// The squared distances from the mean.
    fn squares(&self, from: usize, to: usize) -> f64 {
        let sum = self.0[to].0 - self.0[from].0;
        (self.0[to].1 - self.0[from].1 - sum * sum / (to - from) as f64).max(0.0)
    }
}

/// Where the stretches begin, and where the last one ends.
fn cuts(sums: &Sums, penalty: f64) -> Vec<usize> {
    let count = sums.0.len() - 1;
    // For each number of first values: the least cost, and where its last stretch begins.
    let mut best: Vec<(f64, usize)> = vec![(-penalty, 0)];
    for to in 1..=count {
        let cost = |from: usize| (best[from].0 + sums.squares(from, to) + penalty, from);
        let least = (0..to).map(cost).min_by(|a, b| a.0.total_cmp(&b.0));
        best.push(least.unwrap_or((0.0, 0)));
    }
    let mut cuts = vec![count];
    let mut at = count;
    while at > 0 {
        at = best[at].1;
        cuts.push(at);
    }
    cuts.reverse();
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::noise::Noise;

    /// A Poisson count, by the product of uniform numbers (Knuth).
    fn poisson(noise: &mut Noise, mean: f64) -> u32 {
        let (least, mut product, mut count) = (libm::exp(-mean), noise.uniform(), 0);
        while product > least {
            product *= noise.uniform();
            count += 1;
        }
        count
    }

    /// Counts with these means, each for so many intervals.
    fn series(noise: &mut Noise, stretches: &[(f64, usize)]) -> Vec<u32> {
        stretches.iter().flat_map(|&(mean, length)| vec![mean; length]).map(|mean| poisson(noise, mean)).collect()
    }

    #[test]
    fn a_step_without_noise_is_found_where_it_is() {
        let counts = [vec![20; 60], vec![3; 40]].concat();
        assert_eq!(fall(&counts), Some(Fall { at: 60, low: 59, high: 61, before: 20.0, after: 3.0, back: None }));
        // The end of a spike is a fall; the rise before it is none.
        let spike = [vec![20; 40], vec![80; 10], vec![1; 50]].concat();
        assert_eq!(fall(&spike).map(|fall| fall.at), Some(50));
        // One that is over again is one, too.
        let healed = [vec![20; 40], vec![0; 20], vec![20; 40]].concat();
        assert_eq!(fall(&healed).map(|fall| (fall.at, fall.after, fall.back)), Some((40, 0.0, Some(60))));
    }

    /// A backlog that is worked off makes a rebound; its end explains more than the fall, but is none.
    #[test]
    fn the_end_of_a_rebound_is_no_fall() {
        let seen = |counts: &[Vec<u32>]| fall(&counts.concat()).map(|fall| (fall.at, fall.back));
        let rebound = [vec![20; 40], vec![10; 6], vec![80; 20], vec![20; 40]];
        assert_eq!(seen(&rebound), Some((40, Some(46))));
        // From a spike to less than before it, and later back to the level before the spike.
        assert_eq!(seen(&[vec![20; 40], vec![80; 10], vec![1; 30], vec![20; 20]]), Some((50, Some(80))));
        // A second fall after half a return is one.
        assert_eq!(seen(&[vec![40; 40], vec![20; 10], vec![30; 10], vec![1; 40]]), Some((60, None)));
        // So is one from a level that the load has risen to.
        assert_eq!(seen(&[vec![5; 40], vec![40; 30], vec![10; 30]]), Some((70, None)));
    }

    #[test]
    fn what_does_not_fall_has_no_fall() {
        let rise = [vec![3; 50], vec![20; 50]].concat();
        for counts in [vec![], vec![7], vec![0; 100], vec![1000; 100], rise, [vec![100; 50], vec![95; 50]].concat()] {
            assert_eq!(fall(&counts), None, "{counts:?}");
        }
    }

    /// How often a fall is found in 1000 series of 100 counts without one.
    #[test]
    fn steady_series_seldom_have_a_fall() {
        let mut noise = Noise(0x5EED);
        for mean in [0.5, 5.0, 50.0] {
            let found = (0..1000).filter(|_| fall(&series(&mut noise, &[(mean, 100)])).is_some()).count();
            assert!(found <= 20, "a fall in {found} of 1000 steady series with a mean of {mean}");
        }
    }

    /// How often the interval holds the place of a fall, in 1000 series of 100 counts.
    #[test]
    fn the_interval_holds_the_place_as_often_as_it_says() {
        let mut noise = Noise(0xFA11);
        for (before, after) in [(20.0, 0.0), (20.0, 8.0), (20.0, 14.0), (4.0, 0.5)] {
            let (mut found, mut held) = (0, 0);
            for _ in 0..1000 {
                if let Some(fall) = fall(&series(&mut noise, &[(before, 60), (after, 40)])) {
                    found += 1;
                    held += u32::from((fall.low..=fall.high).contains(&60));
                }
            }
            assert!(found >= 950, "{found} of 1000 falls from {before} to {after} found");
            let share = f64::from(held) / f64::from(found);
            assert!(share >= 0.945, "{before} to {after}: {held} of {found}");
        }
    }
}
