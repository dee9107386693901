//! What guards requests: retries, circuit breakers, branches side by side.

pub(crate) mod breaker;
pub(crate) mod parallel;
pub(crate) mod resilience;
pub(crate) mod retry;
pub(crate) mod window;
