//! The engine of `sim`: what runs a trial, and the statistics of what trials give.
//!
//! The modules depend on each other in one direction, from `load` over `interpreter`, `parts` and `engine` to `kernel`;
//! `model` and `statistics` stand beside them. This crate is internal: its items change with every version. Programs use
//! the crate `sim` of the package `service-sim`, which re-exports what is stable.

pub mod interpreter;
pub mod kernel;
pub mod load;
pub mod model;
pub mod parts;
pub mod statistics;

mod engine;
