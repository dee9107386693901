//! Search against systems with a known answer: what is sure must be right.

mod knee;
mod optimize;
