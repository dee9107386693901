//! What the simulator does, module by module: one integration binary.

mod arrivals;
mod blame;
mod book;
mod changing_loads;
mod cli;
mod conditions;
mod corpus;
mod culprits;
mod determinism;
#[cfg(debug_assertions)]
mod draws;
mod endings;
mod examples;
mod kills;
mod laws;
mod metrics;
mod mistakes;
mod models;
mod precision;
mod random_models;
mod ranking;
mod readme;
mod reasons;
mod recovery;
mod search;
mod seed;
mod sensitivity;
mod sentences;
mod soak;
mod steady;
mod testbed;
mod theory;
mod timelines;
mod variates;
mod whatifs;
mod words;
