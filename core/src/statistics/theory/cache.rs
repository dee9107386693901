//! Hit ratios of caches under the independent reference model: each request asks for key `i` with the same probability,
//! whatever was asked for before.

use super::error::{Error, positive};

/// Share of requests that find their key in a cache whose entries are good for `ttl` seconds after they were stored.
///
/// Requests for key `i` come at random (Poisson) at `rates[i]` per second, and what is missed is stored at once. After
/// a miss there follow `rates[i] * ttl` hits on average, so its hit ratio is `rates[i] * ttl / (1 + rates[i] * ttl)`
/// (Jung, Berger & Balakrishnan, *Modeling TTL-based Internet caches*, INFOCOM 2003): exact.
///
/// # Errors
///
/// [`Error::Invalid`] unless the rates and `ttl` are positive.
pub fn ttl_hit_ratio(rates: &[f64], ttl: f64) -> Result<f64, Error> {
    positive("ttl", ttl)?;
    let (mut hits, mut all) = (0.0, 0.0);
    for &rate in rates {
        positive("rates", rate)?;
        hits += rate * rate * ttl / (1.0 + rate * ttl);
        all += rate;
    }
    positive("rates", all)?;
    Ok(hits / all)
}

/// Share of requests that find their key among the `size` most recently used ones.
///
/// Che's approximation: a key stays for the same time `t` after each use, so that key `i` is there with probability
/// `1 - exp(-p_i t)`, and `t` is such that these add up to `size` (Che, Tung & Wang, *Hierarchical web caching
/// systems*, IEEE JSAC 20, 2002). Within a percent for hundreds of keys.
///
/// # Errors
///
/// [`Error::Invalid`] unless the weights are positive and `size` is at least 1. With room for all keys there is no miss
/// but each key's first, and the ratio is 1.
pub fn lru_hit_ratio(weights: &[f64], size: usize) -> Result<f64, Error> {
    positive("size", size as f64)?;
    let mut all = 0.0;
    for &weight in weights {
        all += positive("weights", weight)?;
    }
    positive("weights", all)?;
    if size >= weights.len() {
        return Ok(1.0);
    }
    let there = |time: f64| weights.iter().map(|weight| -libm::expm1(-weight / all * time)).sum::<f64>();
    let (mut low, mut high) = (0.0, 1.0);
    while there(high) < size as f64 {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if there(middle) < size as f64 { low = middle } else { high = middle }
    }
    Ok(weights.iter().map(|weight| weight / all * -libm::expm1(-weight / all * high)).sum())
}

/// Share of requests that find their key among the two most recently used ones: exact.
///
/// The probability that key `i` was used last and `j` is the last other one is `p_i p_j / (1 - p_i)` (King, *Analysis
/// of demand paging algorithms*, IFIP 1971).
///
/// # Errors
///
/// [`Error::Invalid`] unless the weights are positive.
pub fn lru_hit_ratio_of_two(weights: &[f64]) -> Result<f64, Error> {
    let mut all = 0.0;
    for &weight in weights {
        all += positive("weights", weight)?;
    }
    positive("weights", all)?;
    let mut hits = 0.0;
    for (i, first) in weights.iter().map(|weight| weight / all).enumerate() {
        for (j, second) in weights.iter().map(|weight| weight / all).enumerate() {
            if i != j {
                hits += first * second / (1.0 - first) * (first + second);
            }
        }
    }
    Ok(hits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_worked_ratios() {
        assert!((ttl_hit_ratio(&[1.0], 2.0).unwrap() - 2.0 / 3.0).abs() < 1e-15);
        // One key with 1/s (2/3 hits) and one with 3/s (6/7): 1/4 and 3/4 of the requests.
        let mixed = ttl_hit_ratio(&[1.0, 3.0], 2.0).unwrap();
        assert!((mixed - (2.0 / 3.0 / 4.0 + 6.0 / 7.0 * 0.75)).abs() < 1e-15);
        // Of n equal keys the two last used ones are two in n.
        assert!((lru_hit_ratio_of_two(&[1.0; 4]).unwrap() - 0.5).abs() < 1e-15);
        assert!((lru_hit_ratio(&[1.0; 400], 100).unwrap() - 0.25).abs() < 1e-12);
        assert_eq!(lru_hit_ratio(&[1.0, 5.0], 2).unwrap(), 1.0);
        assert!(ttl_hit_ratio(&[], 1.0).is_err() && ttl_hit_ratio(&[1.0], 0.0).is_err());
        assert!(lru_hit_ratio(&[1.0, 0.0], 1).is_err() && lru_hit_ratio(&[1.0, 2.0], 0).is_err());
    }

    /// Che's approximation is a few percent off for three keys, and not more.
    #[test]
    fn the_approximation_is_near_the_exact_ratio() {
        let weights = [6.0, 3.0, 2.0];
        let (exact, near) = (lru_hit_ratio_of_two(&weights).unwrap(), lru_hit_ratio(&weights, 2).unwrap());
        assert!((near / exact - 1.0).abs() < 0.05, "{near} for {exact}");
    }
}
