//! The way to a process: clients, backlogs, ingresses, replicas and their processes.

pub(crate) mod backlog;
pub(crate) mod bucket;
pub(crate) mod calls;
pub(crate) mod http_client;
pub(crate) mod ingress;
pub(crate) mod pacer;
pub(crate) mod peer;
pub(crate) mod process;

use crate::kernel::Time;

/// The least time in which a real client can connect again: a round trip in a cluster.
pub const ROUND_TRIP: Time = Time(1_000_000);
