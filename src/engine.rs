//! What every part may borrow: tokens and their frames, the calendar's slots, tasks, and queues that count.

#[cfg(debug_assertions)]
pub mod draws;
pub(crate) mod next;
pub(crate) mod progress;
pub(crate) mod population;
pub(crate) mod slot;
pub(crate) mod task;
pub(crate) mod token;
