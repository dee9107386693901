//! What the command line promises: exit codes, files, streams.

mod check;
mod digest;
mod journal;
mod knee;
mod place;
mod print;
mod run;
mod stop;
mod sweep;
mod write;
