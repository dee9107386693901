//! Connection pools that mind their connections one by one, as asyncpg 0.32 does (`asyncpg/pool.py`).
//!
//! An open connection is lent before a new one is opened; among the open ones the one that was given back last
//! (asyncpg's holders stand in a `LifoQueue`), or the one that has been idle longest. The time-out of `acquire` covers
//! the wait and the opening together. A connection that has been idle for `max_inactive_connection_lifetime` is closed
//! if the pool has more than `min_size` open; one that stays as part of that floor is not looked at again until it has
//! been used. With `max_idle_connections` idle one more that is given back is closed, unless a request waits for it
//! (SQLAlchemy `pool/impl.py`, `QueuePool._do_return_conn`: what does not fit into the queue of `pool_size` is overflow; Go
//! `database/sql/sql.go`, `putConnDBLocked`). After `max_queries` round trips a connection is closed when it is given back.
//! An opening that fails gives its place in the pool to the next in the queue.
//!
//! Pools that need none of this ([`crate::model::PoolPlan::minded`]) count only how many connections are open, in
//! [slots](super::slots).

use crate::kernel::deadline::LaneId;
use crate::kernel::list::{Linked, Links, List};
use crate::model::PoolPlan;

/// A pool of one process.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub oldest_first: bool,
    pub min_size: u32,
    pub max_queries: u32,
    pub life: Option<LaneId>,
    /// Connections that are kept idle at most.
    max_idle: u32,
    /// Connections that were given back, the latest last. Those from the start that were never lent are not among them.
    pub idle: List,
    /// Connections from the start that were never lent.
    pub fresh: u32,
}

impl Pool {
    pub fn new(plan: &PoolPlan, life: Option<LaneId>) -> Self {
        Self {
            oldest_first: plan.oldest_first,
            min_size: plan.min_size,
            max_queries: plan.max_queries.unwrap_or(u32::MAX),
            life,
            max_idle: plan.max_idle.unwrap_or(u32::MAX),
            idle: List::default(),
            fresh: plan.min_size,
        }
    }

    /// Whether one more may be idle.
    pub fn has_room_for_idle(&self) -> bool {
        self.idle.len() + self.fresh < self.max_idle
    }
}

/// A connection that is not in use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdleConnection {
    pub links: Links,
    pub slots: u32,
    pub trips: u32,
    /// Ends its life.
    pub timer: u32,
}

impl Linked for IdleConnection {
    fn links(&self) -> Links {
        self.links
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}
