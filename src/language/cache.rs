//! Caches of a service.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;

/// A cache that is read through: a request that misses it fetches the entry. It is empty at the start and
/// when its process starts anew (a shared one stays). Its instances have 100 million keys at most, all together.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// How long an entry is valid after it was stored; reading it does not prolong that. Without it: no limit.
    pub ttl: Option<Duration>,
    /// Entries at most; one more evicts the least recently used one. Without it: no limit.
    pub size: Option<u32>,
    /// One cache for all processes of the service (a Redis beside it), not one in each process.
    #[serde(default)]
    pub shared: bool,
    /// While one request fetches a key, others that miss it wait for it instead of fetching too, in this process or, of
    /// a shared cache, in all; if it fails, the next of them tries. Without it all fetch (a stampede).
    #[serde(default)]
    pub coalesce: bool,
}
