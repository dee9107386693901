//! What a system costs.

use serde::{Deserialize, Serialize};

/// Prices per hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    /// Of a replica of each service, in the order of the services.
    pub replicas: Vec<f64>,
    /// Of all machines together.
    pub machines: f64,
}
