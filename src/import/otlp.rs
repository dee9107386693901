//! Skeletons of models from traces of OpenTelemetry, in OTLP/JSON.
//!
//! `reading` reads [`Span`](span::Span)s, `span` knows what they mean by the semantic conventions, `shape` what one request
//! did, in which order and side by side, `system` collects that from all requests, `writing` makes the skeleton; `timing`
//! fits distributions, `pool` guesses the pools of clients.
//!
//! A trace tells elapsed time. What a request does between the spans of its calls is taken as its own work, and includes
//! what it waits for there: the skeleton says so.

mod pool;
mod reading;
mod shape;
mod span;
mod system;
mod timing;
mod writing;

use super::sketch::Sketch;
use super::text::Text;
use crate::language::Mistake;
use system::System;

/// The skeleton of the system that these traces are of.
///
/// # Errors
/// Where a file is no OTLP/JSON or is malformed; and where no span is that of a server or a consumer.
pub(super) fn sketch(texts: &[Text]) -> Result<Sketch, Mistake> {
    let mut spans = Vec::new();
    for text in texts {
        spans.extend(reading::read(text)?);
    }
    let files: Vec<&str> = texts.iter().map(Text::name).collect();
    let system = System::of(&spans);
    if system.endpoints.is_empty() {
        let mistake = match texts {
            [only] => only.whole("no span here is that of a server or a consumer"),
            _ => Mistake::new("no span in these files is that of a server or a consumer"),
        };
        return Err(mistake
            .note(format!("there are {} spans", spans.len()))
            .help("export the traces of the services, not only those of their clients"));
    }
    Ok(writing::sketch(&system, &files))
}
