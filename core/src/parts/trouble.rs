//! What goes wrong: probes and the health of replicas.

pub(crate) mod health;
pub(crate) mod liveness;
