//! A database's side of connections: how many it takes from all pools of all workers together.
//!
//! PostgreSQL refuses one more at once with `FATAL: sorry, too many clients already` (SQLSTATE 53300; `InitProcess`
//! finds no free entry in the process array), MariaDB with `ERROR 1040: Too many connections`. A connection counts from
//! the start of its opening to its end, used or idle; it is in use while a request holds it.

use crate::parts::usage::Sum;

/// The connections to one replica of a database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sessions {
    /// Open now, or being opened.
    pub open: u32,
    limit: Option<u32>,
    /// Opened since the last reset.
    opened: u64,
    /// Refused since the last reset.
    refused: u64,
}

impl Sessions {
    pub fn new(limit: Option<u32>) -> Self {
        Self { open: 0, limit, opened: 0, refused: 0 }
    }

    /// Takes one more, if there is room.
    pub fn open(&mut self) -> bool {
        let free = self.limit.is_none_or(|limit| self.open < limit);
        if free {
            self.open += 1;
            self.opened += 1;
        } else {
            self.refused += 1;
        }
        free
    }

    pub fn close(&mut self) {
        debug_assert!(self.open > 0);
        self.open -= 1;
    }

    /// Adds what it did in the window to a row. `in_use`: connections that requests held, and `most`: what it takes, both in
    /// the mean over the window.
    pub fn add_to(&self, sum: &mut Sum, in_use: f64, most: f64) {
        sum.add(in_use, Some(most));
        sum.use_.visits += self.opened;
        sum.use_.refused += self.refused;
    }

    /// Starts counting afresh.
    pub fn reset(&mut self) {
        (self.opened, self.refused) = (0, 0);
    }
}
