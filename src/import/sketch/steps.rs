//! The steps of an endpoint in a skeleton.

use std::fmt::Write as _;

use super::{Origin, quoted};

/// How long something takes.
#[derive(Clone, Debug)]
pub(in crate::import) struct Timing {
    /// A distribution, as TOML.
    pub toml: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// A branch of a choice.
#[derive(Clone, Debug)]
pub(in crate::import) struct Branch {
    /// Its probability.
    pub probability: f64,
    /// Where that comes from.
    pub origin: Origin,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step.
#[derive(Clone, Debug)]
pub(in crate::import) enum Step {
    /// Work on the CPU.
    Cpu(Timing),
    /// Elapsed time.
    Sleep(Timing),
    /// A call, by the client with this name.
    Call { client: String, endpoint: String },
    /// A call without waiting for its answer.
    Notify { client: String, endpoint: String },
    /// A statement on a connection of this pool.
    Query { pool: String, time: Timing },
    /// A message.
    Publish { queue: String },
    /// Steps that are repeated.
    Repeat { times: u64, origin: Origin, steps: Vec<Step> },
    /// One of several branches.
    Choose(Vec<Branch>),
    /// Steps that run side by side.
    Parallel(Vec<Vec<Step>>),
}

/// Writes an array of steps at this depth, and adds the origins of their values.
pub(super) fn write(text: &mut String, steps: &[Step], path: &str, depth: usize, origins: &mut Vec<(String, Origin)>) {
    if steps.is_empty() {
        text.push_str("[]");
        return;
    }
    text.push_str("[\n");
    for (index, step) in steps.iter().enumerate() {
        indent(text, depth + 1);
        one(text, step, &format!("{path}[{index}]"), depth + 1, origins);
        text.push_str(",\n");
    }
    indent(text, depth);
    text.push(']');
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

fn one(text: &mut String, step: &Step, path: &str, depth: usize, origins: &mut Vec<(String, Origin)>) {
    match step {
        Step::Cpu(time) => timed(text, "cpu", time, path, origins),
        Step::Sleep(time) => timed(text, "sleep", time, path, origins),
        Step::Call { client, endpoint } => called(text, "call", client, endpoint),
        Step::Notify { client, endpoint } => called(text, "notify", client, endpoint),
        Step::Query { pool, time } => {
            let _ = write!(text, "{{ query = {{ pool = {}, time = {} }} }}", quoted(pool), time.toml);
            origins.push((format!("{path}.query.time"), time.origin.clone()));
        }
        Step::Publish { queue } => {
            let _ = write!(text, "{{ publish = {{ queue = {} }} }}", quoted(queue));
        }
        Step::Repeat { times, origin, steps } => {
            let _ = write!(text, "{{ repeat = {{ times = {times}, steps = ");
            origins.push((format!("{path}.repeat.times"), origin.clone()));
            write(text, steps, &format!("{path}.repeat.steps"), depth, origins);
            text.push_str(" } }");
        }
        Step::Choose(branches) => {
            text.push_str("{ choose = [\n");
            for (index, branch) in branches.iter().enumerate() {
                let path = format!("{path}.choose[{index}]");
                indent(text, depth + 1);
                let _ = write!(text, "{{ probability = {}, steps = ", branch.probability);
                origins.push((format!("{path}.probability"), branch.origin.clone()));
                write(text, &branch.steps, &format!("{path}.steps"), depth + 1, origins);
                text.push_str(" },\n");
            }
            indent(text, depth);
            text.push_str("] }");
        }
        Step::Parallel(branches) => {
            text.push_str("{ parallel = { branches = [\n");
            for (index, steps) in branches.iter().enumerate() {
                indent(text, depth + 1);
                write(text, steps, &format!("{path}.parallel.branches[{index}]"), depth + 1, origins);
                text.push_str(",\n");
            }
            indent(text, depth);
            text.push_str("] } }");
        }
    }
}

fn timed(text: &mut String, key: &str, time: &Timing, path: &str, origins: &mut Vec<(String, Origin)>) {
    let _ = write!(text, "{{ {key} = {} }}", time.toml);
    origins.push((format!("{path}.{key}"), time.origin.clone()));
}

fn called(text: &mut String, key: &str, client: &str, endpoint: &str) {
    let _ = write!(text, "{{ {key} = {{ client = {}, endpoint = {} }} }}", quoted(client), quoted(endpoint));
}
