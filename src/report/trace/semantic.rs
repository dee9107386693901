//! Names and attributes of spans by OpenTelemetry's semantic conventions, version 1.44.0
//! (github.com/open-telemetry/semantic-conventions: `docs/http/http-spans.md`, `docs/db/database-spans.md`,
//! `docs/messaging/messaging-spans.md`).
//!
//! A model knows no HTTP methods and no SQL. Its methods are therefore `_OTHER`, as the conventions say of one that is
//! not known, and its operations on a database have the names of its own steps.

use crate::parts::{Doing, Failure, Trace, TraceSpan};

/// The schema that the names follow.
pub(super) const SCHEMA: &str = "https://opentelemetry.io/schemas/1.44.0";

/// The numbers of `opentelemetry.proto.trace.v1.Span.SpanKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Attribute {
    Text(String),
    Number(i64),
    Flag(bool),
}

/// A span by the conventions.
pub(super) struct Meant {
    pub name: String,
    pub kind: Kind,
    pub attributes: Vec<(&'static str, Attribute)>,
    /// Whether its status is an error.
    pub is_error: bool,
}

fn text(value: impl Into<String>) -> Attribute {
    Attribute::Text(value.into())
}

/// What a span is by the conventions; `words` are its name where they have none.
pub(super) fn meant(trace: &Trace, children: &[Vec<usize>], index: usize, words: String) -> Meant {
    let span = &trace.spans[index];
    let mut meant =
        Meant { name: words, kind: Kind::Internal, attributes: Vec::new(), is_error: span.failure.is_some() };
    let mut note = |key, value| meant.attributes.push((key, value));
    let mut status = None;
    match &span.doing {
        Doing::Request { server, endpoint }
        | Doing::Try { server, endpoint, .. }
        | Doing::Call { server, endpoint, .. } => {
            // A request that is sent again is a span for each try, and none of HTTP for all of them.
            let tries = children[index].iter().filter(|&&child| matches!(trace.spans[child].doing, Doing::Try { .. }));
            let tries = tries.count();
            if tries > 0 {
                note("sim.tries", Attribute::Number(tries as i64));
            } else {
                status = answer(trace, children, index);
                note("http.request.method", text("_OTHER"));
                note("server.address", text(server));
                note("server.port", Attribute::Number(80));
                note("url.full", text(format!("http://{server}/{endpoint}")));
                note("url.template", text(format!("/{endpoint}")));
                if let Doing::Try { number: number @ 2.., .. } = span.doing {
                    note("http.request.resend_count", Attribute::Number(i64::from(number) - 1));
                }
                if let Doing::Call { client, .. } = &span.doing {
                    note("sim.client", text(client));
                }
                (meant.name, meant.kind) = (format!("HTTP /{endpoint}"), Kind::Client);
            }
        }
        Doing::Handler { endpoint, replica, worker } => {
            status = Some(status_of(span));
            note("http.request.method", text("_OTHER"));
            note("http.route", text(format!("/{endpoint}")));
            note("url.path", text(format!("/{endpoint}")));
            note("url.scheme", text("http"));
            note("server.address", text(span.service.clone().unwrap_or_default()));
            note("server.port", Attribute::Number(80));
            at(*replica, *worker, &mut note);
            (meant.name, meant.kind) = (format!("HTTP /{endpoint}"), Kind::Server);
        }
        Doing::Trip { pool, server, works } => {
            let operation = if *works { "query" } else { "round trip" };
            note("db.system.name", text(database(server)));
            note("db.operation.name", text(operation));
            note("server.address", text(server));
            note("sim.pool", text(pool));
            (meant.name, meant.kind) = (format!("{operation} {server}"), Kind::Client);
        }
        Doing::Publish { queue } => {
            messaging("publish", "send", queue, &mut note);
            (meant.name, meant.kind) = (format!("publish {queue}"), Kind::Producer);
        }
        Doing::Message { queue, replica, worker, .. } => {
            messaging("process", "process", queue, &mut note);
            at(*replica, *worker, &mut note);
            (meant.name, meant.kind) = (format!("process {queue}"), Kind::Consumer);
        }
        Doing::Spent { place, served, .. } => {
            note("sim.place", text(&place.name));
            note("sim.served", Attribute::Flag(*served));
        }
        Doing::With { .. }
        | Doing::Parallel
        | Doing::Hedge
        | Doing::Thread
        | Doing::Branch { .. }
        | Doing::Retry
        | Doing::Attempt { .. }
        | Doing::Repeat
        | Doing::Round { .. }
        | Doing::Timeout
        | Doing::Breaker { .. }
        | Doing::Fallback
        | Doing::Otherwise
        | Doing::Cache { .. } => {}
    }
    if let Some(status) = status {
        meant.attributes.push(("http.response.status_code", Attribute::Number(status)));
        // A server has done its part with 4xx.
        meant.is_error &= meant.kind != Kind::Server || status >= 500;
    }
    if let Some(why) = span.failure.as_ref().filter(|_| meant.is_error) {
        meant.attributes.push(("error.type", text(why)));
    }
    meant
}

fn at(replica: Option<u32>, worker: Option<u32>, note: &mut impl FnMut(&'static str, Attribute)) {
    for (key, number) in [("sim.replica", replica), ("sim.worker", worker)] {
        if let Some(number) = number {
            note(key, Attribute::Number(number.into()));
        }
    }
}

/// The broker is modelled after RabbitMQ.
fn messaging(name: &str, operation: &str, queue: &str, note: &mut impl FnMut(&'static str, Attribute)) {
    note("messaging.system", text("rabbitmq"));
    note("messaging.operation.name", text(name));
    note("messaging.operation.type", text(operation));
    note("messaging.destination.name", text(queue));
}

/// The well-known value of `db.system.name` for a service that has the name of a database; of any other one that of a
/// database that takes SQL.
fn database(server: &str) -> &'static str {
    let known = [
        ("postgres", "postgresql"),
        ("mariadb", "mariadb"),
        ("mysql", "mysql"),
        ("redis", "redis"),
        ("mongo", "mongodb"),
        ("sqlite", "sqlite"),
    ];
    let name = server.to_lowercase();
    known.into_iter().find(|(part, _)| name.contains(part)).map_or("other_sql", |(_, system)| system)
}

/// The status that the caller got; none where it got no answer.
fn answer(trace: &Trace, children: &[Vec<usize>], index: usize) -> Option<i64> {
    let span = &trace.spans[index];
    let handler = children[index].iter().map(|&child| &trace.spans[child]);
    let handler = handler.into_iter().find(|child| matches!(child.doing, Doing::Handler { .. }))?;
    let is_answered = span.failure.is_none() || (span.failure == handler.failure && handler.end <= span.end);
    is_answered.then(|| status_of(handler)).filter(|_| !is_lost(span.failure.as_deref()))
}

/// Whether a call failed without an answer, on the way.
fn is_lost(failure: Option<&str>) -> bool {
    let lost = [Failure::CONNECTION_REFUSED, Failure::CONNECTION_LOST, Failure::DISCONNECTED];
    failure.is_some_and(|words| is_one_of(&lost, words))
}

/// The status of a handler's answer. A failure that the handler does not catch is an internal error.
fn status_of(handler: &TraceSpan) -> i64 {
    let limited = [Failure::RATE_LIMITED, Failure::TOO_MANY_IN_FLIGHT];
    let shed = [Failure::SHED, Failure::THREADS_FULL, Failure::BREAKER_OPEN];
    match handler.failure.as_deref() {
        None => 200,
        Some(words) if is_one_of(&limited, words) => 429,
        Some(words) if is_one_of(&shed, words) => 503,
        Some(_) => 500,
    }
}

/// Whether these are the reports' words for one of these causes.
fn is_one_of(causes: &[Failure], words: &str) -> bool {
    causes.iter().any(|cause| cause.describe(&[]) == words)
}
