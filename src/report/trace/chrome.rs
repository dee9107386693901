//! Traces in Chrome's trace-event format, which Perfetto (ui.perfetto.dev) and `chrome://tracing` open.
//!
//! A request is a process. Events on one thread must nest: a span is put on its parent's thread if it ends no later than
//! its parent and overlaps no sibling there. Otherwise it gets a thread of its own.
//! The format: <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>, complete events.

use serde_json::{Value, json};

use super::{children, title, words};
use crate::experiment::run::trace::Traces;
use crate::kernel::Time;
use crate::parts::{Doing, Trace};

/// The document.
pub fn chrome(traces: &Traces) -> Value {
    let mut events = Vec::new();
    for (number, traced) in traces.traces.iter().enumerate() {
        let process = number + 1;
        let name = format!("request {process}: {}", title(traced, traces));
        events.push(named("process_name", process, 0, &name));
        let threads = threads(&traced.trace);
        for (thread, index) in threads.first.iter().enumerate() {
            events.push(named("thread_name", process, thread + 1, &words(&traced.trace, *index)));
        }
        for &index in &threads.order {
            events.push(event(&traced.trace, index, process, threads.of[index] + 1));
        }
    }
    json!({ "traceEvents": events, "displayTimeUnit": "ms", "otherData": { "source": "sim" } })
}

fn named(what: &str, process: usize, thread: usize, name: &str) -> Value {
    json!({ "ph": "M", "name": what, "pid": process, "tid": thread, "args": { "name": name } })
}

fn event(trace: &Trace, index: usize, process: usize, thread: usize) -> Value {
    let span = &trace.spans[index];
    let category = match &span.doing {
        Doing::Spent { served: true, .. } => "served",
        Doing::Spent { .. } => "waits",
        Doing::Request { .. } | Doing::Try { .. } | Doing::Handler { .. } | Doing::Message { .. } => "request",
        _ => "step",
    };
    json!({
        "ph": "X",
        "name": words(trace, index),
        "cat": category,
        "ts": microseconds(span.start),
        "dur": microseconds(span.length()),
        "pid": process,
        "tid": thread,
        "args": { "span": index, "parent": span.parent, "service": span.service, "failure": span.failure },
    })
}

/// The format's unit; nanoseconds are its thousandths.
fn microseconds(time: Time) -> f64 {
    time.0 as f64 / 1e3
}

/// The threads of a request.
struct Threads {
    /// By span.
    of: Vec<usize>,
    /// The first span of each.
    first: Vec<usize>,
    /// The spans, parents first and those of a parent by their start.
    order: Vec<usize>,
}

fn threads(trace: &Trace) -> Threads {
    let children = children(trace);
    let mut threads = Threads { of: vec![0; trace.spans.len()], first: vec![0], order: Vec::new() };
    // Spans with children to be placed: depth first, children in the order of their starts.
    let mut open = vec![0];
    while let Some(parent) = open.pop() {
        threads.order.push(parent);
        let within = &trace.spans[parent];
        let mut free = within.start;
        for &child in &children[parent] {
            let span = &trace.spans[child];
            let fits = span.start >= free && span.end <= within.end;
            if fits {
                threads.of[child] = threads.of[parent];
                free = span.end;
            } else {
                threads.of[child] = threads.first.len();
                threads.first.push(child);
            }
        }
        open.extend(children[parent].iter().rev());
    }
    threads
}
