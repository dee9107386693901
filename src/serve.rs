//! The live page: a server on the reader's own machine that runs trials while sliders are moved.
//!
//! A request names a whole state in its URL: a file, two designs and what is changed of each. The server makes an
//! experiment of it ([`Workbench::excerpt`](crate::experiment::plan::Workbench::excerpt)), runs its two points trial by
//! trial and sends what they show after each round as a server-sent event. The same experiment is what "save as
//! experiment" gives and what the report is made of. A reader that closes the connection, as the page does when a slider
//! moves on, ends the trials through the flag that Ctrl-C sets elsewhere. Nothing is kept between requests but files that
//! were read, and nothing is written.

mod benches;
mod guard;
mod page;
mod question;
mod routes;
mod server;
mod session;
mod state;

pub use server::{Options, Unserved, serve};
