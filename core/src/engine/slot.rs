//! How the calendar's slots are dealt. Tokens have the lower half: 8.4 million in flight.

/// The first slot of the CPUs of replicas.
pub(crate) const CPU: u32 = 1 << 23;
/// Of stations that share their servers.
pub(crate) const STATION: u32 = CPU + (1 << 20);
/// Of processes that try to accept again.
pub(crate) const ACCEPT: u32 = STATION + (1 << 20);
/// Of lanes of deadlines.
pub(crate) const LANE: u32 = ACCEPT + (1 << 20);
/// Of tasks.
pub(crate) const TASK: u32 = LANE + (1 << 19);
/// Of the load.
pub(crate) const SOURCE: u32 = LANE + (1 << 20);
