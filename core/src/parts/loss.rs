//! Capacity that is lost for good: units that their holders never release.
//!
//! A holder is lost if it waits without a time-out for an answer that never comes, or for units that lost holders have.
//! That is the greatest set of holders such that everything that each of them waits for is held by others of the set
//! (the stuck set of a general resource graph, Holt 1972, *Some Deadlock Properties of Computer Systems*, ACM Computing
//! Surveys 4). Unlike the search for a circle when it closes, this counts every unit, also of resources that still have
//! units left: five of twenty connections, one of forty threads.

use serde::{Deserialize, Serialize};

/// Units of a resource that are lost for good, over all its instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// The resource, as reports name it: `user-service pool auth`.
    pub resource: String,
    /// Units that are lost.
    pub lost: u32,
    /// Units in all; none: unlimited.
    pub of: Option<u32>,
}
