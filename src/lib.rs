//! sim
pub mod kernel;
pub mod load;
pub mod model;
pub mod parts;
pub mod spec;
pub mod experiment;
pub mod report;
pub mod statistics;
