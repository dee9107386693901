//! What runs without an event leave possible: it may still happen in a small share of runs.

/// Confidence of the bounds here.
const LEVEL: f64 = 0.95;

/// The largest share of runs with a loss of capacity that `runs` runs without one leave possible, at 95 %: an upper
/// bound on one side, `1 - 0.05^(1/n)`.
pub fn can_hide(runs: usize) -> f64 {
    1.0 - libm::pow(1.0 - LEVEL, 1.0 / runs.max(1) as f64)
}

/// Runs without a loss that exclude, at 95 %, that more than this share of runs loses capacity.
pub fn runs_to_exclude(share: f64) -> u32 {
    (libm::log(1.0 - LEVEL) / libm::log1p(-share)).ceil() as u32
}
