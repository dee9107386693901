//! How far a single long run under a steady load can be trusted.

use super::LEVEL;
use crate::experiment::analyse::trial::Trial;
use crate::parts::{Batch, Pace};
use crate::statistics::autocorrelation::{lag_one, von_neumann};
use crate::statistics::{Interval, Moments};

/// Numbers of batches that are tried, the finest first (Schmeiser 1982 advises 10 to 30; fewer than eight cannot be
/// tested).
const BATCHES: [usize; 2] = [16, 8];

/// Risk at which batches are called correlated.
const CORRELATED: f64 = 0.1;

/// Correlation of neighbours that is allowed for at most.
const MOST_CORRELATED: f64 = 0.8;

/// The intervals of a single long run, from the means of its batches (Conway 1963; Schmeiser 1982). What correlation is
/// left between neighbours widens them, as if batches were an autoregressive process of the first order (Tafazzoli,
/// Steiger and Wilson 2011, *N-Skart*, IEEE Transactions on Automatic Control 56): the test alone is too weak to find
/// all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchMeans {
    /// Number of batches.
    pub count: usize,
    /// Probability of batches that look as correlated, if they are independent: von Neumann's test.
    pub p_value: f64,
    pub(super) throughput_per_min: Interval,
    pub(super) mean_s: Option<Interval>,
    /// Successes and ended requests of each.
    pub(super) clusters: Vec<(u64, u64)>,
    /// Variance of the mean response time, in seconds squared.
    pub(super) variance: Option<f64>,
}

impl BatchMeans {
    /// Those of a point that has one replication, under a steady load; none elsewhere, and where a batch has no
    /// success. The most batches that are not correlated are taken, or the fewest.
    pub(super) fn of(used: &[&Trial]) -> Option<Self> {
        let [trial] = used else { return None };
        let course = trial.course.as_ref().filter(|course| course.pace == Pace::Steady)?;
        let of = |count: usize| Self::in_batches(&course.batches(count));
        let all: Vec<Self> = BATCHES.into_iter().filter_map(of).collect();
        all.iter().find(|means| !means.are_correlated()).or(all.last()).cloned()
    }

    fn in_batches(batches: &[Batch]) -> Option<Self> {
        let times: Vec<f64> = batches.iter().map(|batch| batch.mean_s).collect::<Option<_>>()?;
        let throughputs: Vec<f64> = batches.iter().map(|batch| batch.throughput_per_min).collect();
        let counts: Vec<f64> = batches.iter().map(|batch| batch.succeeded as f64).collect();
        let sums: Vec<f64> = times.iter().zip(&counts).map(|(time, count)| time * count).collect();
        let p_value = |values: &[f64]| von_neumann(values).map_or(1.0, |test| test.p_value);
        let mean: f64 = sums.iter().sum::<f64>() / counts.iter().sum::<f64>();
        let residuals: Vec<f64> = sums.iter().zip(&counts).map(|(sum, count)| sum - mean * count).collect();
        let (of_throughput, of_mean) = (inflation(&throughputs), inflation(&residuals));
        let spread: Moments = times.iter().copied().collect();
        Some(Self {
            count: batches.len(),
            p_value: p_value(&times).min(p_value(&throughputs)),
            throughput_per_min: Interval::mean_of(&throughputs, LEVEL)?.stretched(of_throughput),
            // Batches of equal length in time have different numbers of requests.
            mean_s: Interval::ratio_of_means(&sums, &counts, LEVEL).map(|it| it.stretched(of_mean)),
            clusters: batches.iter().map(|batch| (batch.succeeded, batch.ended)).collect(),
            variance: spread.variance().map(|variance| of_mean * of_mean * variance / batches.len() as f64),
        })
    }

    /// Whether the batches are too short for their intervals to be honest.
    pub fn are_correlated(&self) -> bool {
        self.p_value < CORRELATED
    }
}

/// The factor by which the correlation of neighbouring batches widens an interval. Of few batches it is seen too small,
/// by about one over their number.
fn inflation(batches: &[f64]) -> f64 {
    let seen = lag_one(batches).unwrap_or(0.0) + 1.0 / batches.len() as f64;
    let correlation = seen.clamp(0.0, MOST_CORRELATED);
    ((1.0 + correlation) / (1.0 - correlation)).sqrt()
}

/// How many independent response times tell the mean as well as those that were seen: their variance over that of the
/// mean. None without a variance of the mean.
pub(super) fn effective(used: &[&Trial], batches: Option<&BatchMeans>) -> Option<f64> {
    let means: Moments = used.iter().filter_map(|trial| trial.mean_s).collect();
    let of_mean = match batches {
        Some(batches) => batches.variance,
        None => means.variance().map(|variance| variance / means.count() as f64),
    };
    let mean = means.mean()?;
    let (mut count, mut squares) = (0.0, 0.0);
    for bucket in used.iter().flat_map(|trial| trial.response_times.buckets()) {
        let apart = 0.5 * (bucket.low as f64 + bucket.high as f64) / 1e9 - mean;
        count += bucket.count as f64;
        squares += bucket.count as f64 * apart * apart;
    }
    let of_mean = of_mean.filter(|&variance| variance > 0.0)?;
    (count > 1.0 && squares > 0.0).then(|| squares / (count - 1.0) / of_mean)
}
