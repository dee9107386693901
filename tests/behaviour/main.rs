//! What the simulator does, module by module: one integration binary.

mod determinism;
mod laws;
mod mistakes;
mod models;
mod seed;
mod theory;
mod timelines;
