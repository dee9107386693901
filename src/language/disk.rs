//! The disk of a database.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Distribution, Duration};

/// The disk of a database: a commit (`writes` of a query) is answered when a flush of its log that began after it has ended. One
/// flush at a time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Time of a flush (`fsync`, `fdatasync`): some 0.05 ms with a cache that survives a power failure, 0.5 to 2 ms on network
    /// volumes and consumer SSDs, 5 to 10 ms on a spinning disk (`pg_test_fsync` measures it).
    pub fsync: Distribution,
    /// Whether one flush serves all commits that wait when it begins, as in PostgreSQL and InnoDB. Without it each has its own.
    #[serde(default = "yes")]
    pub group_commit: bool,
    /// How long a flush waits for more commits, if `commit_siblings` others may come (PostgreSQL). Without it: 0 s.
    pub commit_delay: Option<Duration>,
    /// Connections in use beside the one that commits from which a flush waits for `commit_delay` (PostgreSQL). Without it: 5.
    pub commit_siblings: Option<u32>,
}

fn yes() -> bool {
    true
}
