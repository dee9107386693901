//! The discrepancy: what a model gets wrong with the best of parameters (Kennedy and O'Hagan, *Bayesian calibration of computer
//! models*, Journal of the Royal Statistical Society B 63, 2001), and what a machine does differently from one test to the next.
//!
//! It has a size, which is fitted, and is drawn once for each place, from Student's t distribution: most places are off by about
//! the size, a few by several times as much. So one row that the model gets wrong does not make all others say nothing, as it
//! would with a normal distribution (Lange, Little and Taylor, *Robust statistical modeling using the t distribution*, Journal of
//! the American Statistical Association 84, 1989). It is relative to the figure, of shares in points.

use crate::metric::Metric;
use crate::statistics::chi_squared;

/// Degrees of freedom of the t distribution.
const FREEDOM: f64 = 4.0;

/// How much larger the discrepancy is at places that were not calibrated: parameters take up a part of it where they are fitted, and a
/// model is further off at loads and designs further away. Measured with two testbeds, each calibrated at up to 10 concurrent
/// requests and judged above: with 1.5, 85 % of the figures were in 90 % bands.
pub const ELSEWHERE: f64 = 1.75;

/// Values of a place's factor, equally likely, that stand for all of its distribution.
const NODES: usize = 8;

/// The factors by which the size of the discrepancy of a place may be multiplied, squared: a t distribution is a normal one with such
/// a variance.
pub fn factors() -> [f64; NODES] {
    std::array::from_fn(|node| FREEDOM / chi_squared((node as f64 + 0.5) / NODES as f64, FREEDOM))
}

/// By how much a metric is off more than a throughput or a mean is. Models of computer systems get throughputs right to 5 to 10 %
/// and response times to 10 to 30 % (Lazowska, Zahorjan, Graham and Sevcik, *Quantitative System Performance*, 1984, chapter
/// 1); tails are the worst.
pub fn weight(metric: Metric) -> f64 {
    match metric.quantile() {
        Some(share) if share >= 0.99 => 3.0,
        Some(share) if share >= 0.9 => 2.0,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of the squares of Student's t with 4 degrees of freedom is 2; a few nodes leave out its far tail.
    #[test]
    fn most_places_are_off_by_about_the_size_and_a_few_by_more() {
        let factors = factors();
        let mean = factors.iter().sum::<f64>() / factors.len() as f64;
        assert!(mean > 1.5 && mean < 2.0, "{mean}");
        assert!(factors.windows(2).all(|pair| pair[0] < pair[1]) || factors.windows(2).all(|pair| pair[0] > pair[1]));
        let largest = factors.iter().copied().fold(0.0, f64::max);
        assert!(largest > 4.0 && largest < 7.0, "{largest}");
    }
}
