//! A database's side of connections: how many it takes from all pools of all workers together.
//!
//! PostgreSQL refuses one more at once with `FATAL: sorry, too many clients already` (SQLSTATE 53300; `InitProcess`
//! finds no free entry in the process array), MariaDB with `ERROR 1040: Too many connections`. A connection counts from
//! the start of its opening to its end, used or idle.

use crate::kernel::Time;
use crate::kernel::gauge::TimeWeighted;

use crate::parts::usage::Sum;

/// The connections to one replica of a database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sessions {
    pub used: TimeWeighted,
    limit: Option<u32>,
    /// Opened since the last reset.
    pub opened: u64,
    /// Refused since the last reset.
    pub refused: u64,
}

impl Sessions {
    pub fn new(limit: Option<u32>) -> Self {
        Self { used: TimeWeighted::default(), limit, opened: 0, refused: 0 }
    }

    /// Takes one more, if there is room.
    pub fn open(&mut self, now: Time) -> bool {
        let free = self.limit.is_none_or(|limit| self.used.level() < limit);
        if free {
            self.used.up(now);
            self.opened += 1;
        } else {
            self.refused += 1;
        }
        free
    }

    pub fn close(&mut self, now: Time) {
        self.used.down(now);
    }

    /// Adds what it did in the window to a row. `most`: what it takes, in the mean over the window.
    pub fn add_to(&self, sum: &mut Sum, now: Time, most: f64) {
        sum.gauge(&self.used, now, Some(most));
        sum.use_.visits += self.opened;
        sum.use_.refused += self.refused;
    }

    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        self.used.reset(now);
        (self.opened, self.refused) = (0, 0);
    }
}
