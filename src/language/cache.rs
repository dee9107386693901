//! Caches of a service, and the steps that read through them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Duration, Step};

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

/// Looks a key up in a cache, and fetches it on a miss.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheStep {
    /// The cache of this service.
    pub name: String,
    /// How popular the keys are. Keys with the same number are one entry, in whichever step.
    pub key: Popularity,
    /// What is done at a hit, such as the round trip to a Redis. Without it: nothing, and it takes no time.
    #[serde(default)]
    pub hit: Vec<Step>,
    /// What is done at a miss; what it fetched is stored at its end, unless it fails.
    #[serde(default)]
    pub miss: Vec<Step>,
}

/// How popular the keys are; each request draws its key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Popularity {
    /// The k-th most popular key with a probability proportional to `1 / k^exponent` (Breslau and others 1999 saw 0.64
    /// to 0.83 in web requests).
    Zipf {
        /// Keys, a million at most.
        keys: u32,
        /// The exponent: 0 makes all keys alike, 1 is the classic law. It is 10 at most.
        exponent: f64,
    },
    /// Each key as often as the others.
    Uniform {
        /// Keys, a million at most.
        keys: u32,
    },
    /// A key that is never requested again.
    Unique,
}
