//! The life of single requests: a tree for the terminal, and files for the programs that show traces.

mod chrome;
mod otlp;
mod semantic;
mod tree;

pub use chrome::chrome;
pub use otlp::otlp;
pub(super) use tree::of_trace;
pub use tree::tree;

use super::blame;
use super::number::grouped;
use super::paragraph::count;
use crate::experiment::run::trace::{Traced, Traces};
use crate::parts::{Doing, Trace};

/// Which request a trace is of, and what became of it.
fn title(traced: &Traced, traces: &Traces) -> String {
    let request = &traced.trace.spans[0];
    let tries = traced.trace.spans.iter().filter(|span| matches!(span.doing, Doing::Try { .. })).count();
    let tries = if tries > 1 { format!(" and {}", count(tries, "try")) } else { String::new() };
    let which = match (traced.rank, &request.failure) {
        (Some(1), _) => format!("the slowest of {} that succeeded", grouped(&traces.succeeded.to_string())),
        (Some(rank), _) => {
            let (rank, of) = (grouped(&rank.to_string()), grouped(&traces.succeeded.to_string()));
            format!("number {rank} from the slowest of {of} that succeeded")
        }
        (None, Some(why)) => format!("failed: {why}"),
        (None, None) => "failed".into(),
    };
    format!("sent at {}, ended after {}{tries}; {which}", request.start, request.length())
}

/// The children of each span, in the order of their starts.
fn children(trace: &Trace) -> Vec<Vec<usize>> {
    let mut children = vec![Vec::new(); trace.spans.len()];
    for (index, span) in trace.spans.iter().enumerate() {
        if let Some(parent) = span.parent {
            children[parent].push(index);
        }
    }
    for of_span in &mut children {
        of_span.sort_by_key(|&index| (trace.spans[index].start, index));
    }
    children
}

/// What a span is, in words.
fn words(trace: &Trace, index: usize) -> String {
    let span = &trace.spans[index];
    let at = |replica: Option<u32>, worker: Option<u32>| match (replica, worker) {
        (Some(replica), Some(worker)) => format!(", replica {replica}, worker {worker}"),
        (Some(replica), None) => format!(", replica {replica}"),
        _ => String::new(),
    };
    let service = span.service.as_deref().unwrap_or_default();
    match &span.doing {
        Doing::Request { server, endpoint } => format!("request to {server}.{endpoint}"),
        Doing::Try { number, .. } => format!("try {number}"),
        Doing::Handler { endpoint, replica, worker } => format!("{service}.{endpoint}{}", at(*replica, *worker)),
        Doing::Message { queue, endpoint, replica, worker } => {
            format!("{service}.{endpoint} for a message of {queue}{}", at(*replica, *worker))
        }
        Doing::Call { server, endpoint, client } => format!("call {server}.{endpoint} by client {client}"),
        Doing::Trip { pool, server, works: true } => format!("query {server} over {pool}"),
        Doing::Trip { pool, server, works: false } => format!("round trip to {server} over {pool}"),
        Doing::Publish { queue } => format!("publish to {queue}"),
        Doing::With { name, .. } => format!("with {name}"),
        Doing::Parallel => "parallel".into(),
        Doing::Hedge => "hedge".into(),
        Doing::Thread => "in a thread".into(),
        Doing::Branch { number } => match span.parent.map(|parent| &trace.spans[parent].doing) {
            Some(Doing::Hedge) => format!("attempt {number}"),
            Some(Doing::Thread) => "job".into(),
            _ => format!("branch {number}"),
        },
        Doing::Retry => "retry".into(),
        Doing::Attempt { number } => format!("attempt {number}"),
        Doing::Repeat => "repeat".into(),
        Doing::Round { number } => format!("round {number}"),
        Doing::Timeout => "timeout".into(),
        Doing::Breaker { name } => format!("breaker {name}"),
        Doing::Fallback => "fallback".into(),
        Doing::Otherwise => "otherwise".into(),
        Doing::Cache { name } => format!("cache {name}"),
        Doing::Spent { place, served } => blame::words(place, *served),
    }
}
