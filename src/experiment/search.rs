//! Search instead of grid: trials where the answer is, and at each place no more of them than it takes to decide.
//!
//! A place is decided by a sequential test: it is looked at after some replications, then after twice as many, until
//! its intervals lie on one side of every bound. The level of the intervals is such that all decisions of a search are
//! right together with the stated confidence (Bonferroni's inequality), for any number of looks.

pub(crate) mod batch;
pub(crate) mod bisection;
pub mod explain;
pub mod knee;
pub(crate) mod laboratory;
pub mod lighter;
pub mod metastable;
pub mod optimize;
pub mod sensitivity;
pub(crate) mod sequential;

pub use knee::{KneeAnswer, KneeOutcome, Start, Tried, VariantKnee, is_floor, is_floored};
pub use sequential::{Decision, Defect, Reading, guess};
