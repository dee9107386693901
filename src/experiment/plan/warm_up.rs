//! A warm-up that was found by pilot runs.

use serde::{Deserialize, Serialize};

use crate::kernel::Time;

/// What the pilot runs of a point found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarmUp {
    /// Time before the window.
    pub length: Time,
    /// Whether the pilot runs settled in their first half; if not, that half is the warm-up.
    pub is_settled: bool,
    /// Length of an interval.
    pub interval: Time,
    /// Requests in flight at the end of each interval, mean over the pilot runs.
    pub in_flight: Vec<f64>,
}
