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
use crate::kernel::{NONE, Time};
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
    /// What opens connections, if the pool does so itself.
    pub adder: Option<Box<Adder>>,
}

/// The thread of a pool that opens connections while those who need them wait (HikariCP `pool/HikariPool.java`,
/// `PoolEntryCreator`): one at a time, with a pause after each, and again after a failure, as long as somebody waits.
#[derive(Clone, Debug)]
pub(crate) struct Adder {
    /// Whether it has anything to do.
    pub is_active: bool,
    /// Whether it is opening a connection.
    pub is_connecting: bool,
    /// The pause after the next failure.
    pub back_off: Time,
    /// What comes next; [`NONE`] if nothing does.
    pub task: u32,
    /// Attempts so far.
    pub attempts: u64,
}

impl Adder {
    /// The first pause after a failure; each is twice as long as the one before.
    pub const FIRST_BACK_OFF: Time = Time(10_000_000);
    /// The longest of these pauses.
    pub const LONGEST_BACK_OFF: Time = Time(5_000_000_000);
    /// The pause after a success.
    pub const PAUSE: Time = Time(30_000_000);

    fn new() -> Self {
        Self { is_active: false, is_connecting: false, back_off: Self::FIRST_BACK_OFF, task: NONE, attempts: 0 }
    }
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
            adder: plan.background.then(|| Box::new(Adder::new())),
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
