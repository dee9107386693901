//! The kernel: time, the calendar of events, random streams, lists. It knows nothing of HTTP, pools or registration.
//!
//! **The one ordering rule**: events happen in the order of `(time, serial)`, where the serial counts how many events
//! were scheduled before. Nothing else decides ties, so a run is a function of its seed.

pub(crate) mod calendar;
pub(crate) mod deadline;
mod exponential;
pub(crate) mod gauge;
pub(crate) mod heap;
pub(crate) mod list;
pub(crate) mod logarithm;
pub mod random;
pub(crate) mod slab;
pub(crate) mod time;
pub mod variate;
pub mod wire;

pub use time::Time;
pub use variate::Variate;

/// Stands for "none" wherever an index into a slab or table is kept in 32 bits.
pub const NONE: u32 = u32::MAX;
