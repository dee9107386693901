//! The steady state of a finite birth-death chain.

/// Share of the mode below which a state counts as never entered: next to the
/// end of the range of `f64`, where arithmetic turns slow and inexact.
const NEGLIGIBLE: f64 = 1e-300;

/// Fills `share` with the stationary distribution over the states
/// `0..=last`, given `ratio(n)`, the rate from `n - 1` to `n` over the rate
/// back, for `n` in `1..=last` (Kleinrock 1975, sec. 3.1).
///
/// The ratios must not increase with `n`, which makes the distribution
/// unimodal: weights are then built outwards from the mode, where they only
/// shrink, so that nothing overflows, nothing cancels, and each probability
/// down to 10⁻³⁰⁰ has full relative accuracy. A ratio may be infinite (the chain then never
/// goes below that state).
pub(super) fn stationary(last: usize, ratio: impl Fn(usize) -> f64, share: &mut Vec<f64>) {
    // The mode is the last state reached by a ratio of at least one.
    let (mut mode, mut beyond) = (0, last + 1);
    while beyond - mode > 1 {
        let middle = mode + (beyond - mode) / 2;
        if ratio(middle) >= 1.0 {
            mode = middle;
        } else {
            beyond = middle;
        }
    }
    share.clear();
    share.resize(last + 1, 0.0);
    share[mode] = 1.0;
    let mut weight = 1.0;
    let mut total = 1.0;
    for (n, share) in share.iter_mut().enumerate().skip(mode + 1) {
        weight *= ratio(n);
        if weight < NEGLIGIBLE {
            break;
        }
        *share = weight;
        total += weight;
    }
    weight = 1.0;
    for n in (1..=mode).rev() {
        weight /= ratio(n);
        if weight < NEGLIGIBLE {
            break;
        }
        share[n - 1] = weight;
        total += weight;
    }
    for weight in share {
        *weight /= total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_worked_chain() {
        let mut share = Vec::new();
        // Weights 1, 3, 3, 1: the binomial distribution of three fair coins.
        stationary(3, |n| (4 - n) as f64 / n as f64, &mut share);
        assert_eq!(share, [0.125, 0.375, 0.375, 0.125]);
        stationary(0, |_| f64::NAN, &mut share);
        assert_eq!(share, [1.0]);
        stationary(2, |_| f64::INFINITY, &mut share);
        assert_eq!(share, [0.0, 0.0, 1.0]);
    }

    #[test]
    fn a_long_chain_neither_overflows_nor_loses_mass() {
        let mut share = Vec::new();
        // Poisson with mean 5000, whose first weight e^-5000 is no float.
        stationary(20_000, |n| 5000.0 / n as f64, &mut share);
        let mean: f64 = share.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
        assert!((mean / 5000.0 - 1.0).abs() < 1e-12);
        assert!((share.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let peak = 1.0 / (std::f64::consts::TAU * 5000.0).sqrt();
        assert!((share[5000] / peak - 1.0).abs() < 1e-4);
    }
}
