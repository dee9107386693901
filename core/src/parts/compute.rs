//! What computes: CPUs and their quotas, interpreter locks, event loops, stations of queueing networks.

pub(crate) mod cpu;
pub(crate) mod disk;
pub(crate) mod event_loop;
pub(crate) mod gil;
pub(crate) mod station;
pub(crate) mod throttle;
