//! What the command line promises: exit codes, files, streams.

mod ablations;
mod check;
mod compare;
mod digest;
mod draw;
mod hostile;
mod journal;
mod knee;
mod measured;
mod next;
mod optimize;
mod place;
mod print;
mod rates;
mod report;
mod run;
mod sensitivity;
mod sentences;
mod services;
mod stop;
mod sweep;
mod terminal;
mod trace;
mod watch;
mod windows;
mod write;
