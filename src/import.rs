//! What load tools measured, as observations: one reader a format, one table for all of them; and skeletons of models from
//! what exists ([`model`]).
//!
//! A [`Text`] is a file that was read; [`Format`] has the list of formats, finds the one that a text is in, and reads it.
//! What a reader returns is [`Content`]: figures that the tool computed, or the requests themselves, from which
//! `Requests` computes figures. `table` and `measurement` write them.

mod ab;
mod access_log;
mod autocannon;
mod clock;
mod columns;
mod entry;
mod envoy;
mod figure;
mod format;
mod gatling;
mod hey;
mod jmeter;
mod k6_rows;
mod k6_summary;
mod locust;
mod locust_history;
mod manifest;
mod mapping;
mod measured;
mod measurement;
pub mod model;
mod oha;
mod otlp;
mod printed;
mod prometheus;
mod requests;
mod results;
mod rows;
mod sketch;
mod table;
mod text;
mod unknown;
mod wrk;

pub use figure::{CPU_CORES, Content, Figure, Place, Span};
pub use format::{FORMATS, Format};
pub use mapping::{Mapping, Target};
pub use measurement::measurement;
pub use requests::Requests;
pub use table::table;
pub use text::Text;

use crate::language::Mistake;

/// What is asked of a file.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The format; none where the text is to tell.
    pub format: Option<&'static Format>,
    /// Where the figures of a plain table, or of a query, are.
    pub mappings: Vec<Mapping>,
    /// The part of the test that counts.
    pub span: Span,
}

/// What a file has.
#[derive(Debug)]
pub struct Imported {
    /// The format that it was read as.
    pub format: &'static Format,
    /// The figures.
    pub figures: Vec<Figure>,
    /// The number of clients that the tool says it had.
    pub concurrency: Option<f64>,
    /// What was left out or assumed, for people.
    pub remarks: Vec<String>,
}

/// Reads the figures of a text.
///
/// # Errors
/// Where the text is of no known format, or is malformed; and where a part of the test is asked for of a file without
/// times, or a part that the file does not have.
pub fn import(text: &Text, request: &Request) -> Result<Imported, Mistake> {
    if text.str().trim().is_empty() {
        return Err(text.whole("the file is empty").help("the tool may not have finished; run the test again"));
    }
    let format = match request.format {
        Some(format) => format,
        None => format::recognise(text, &request.mappings)?,
    };
    let imported = match (format.read)(text, request)? {
        Content::Totals { .. } if request.span.is_part() => {
            return Err(text
                .whole(format!("{} has totals of the whole test, so no part of it can be taken", format.title))
                .help(format!("leave out --skip and --window, or import {}", format.with_times)));
        }
        Content::Totals { figures, concurrency, remarks } | Content::Part { figures, concurrency, remarks } => {
            Imported { format, figures, concurrency, remarks }
        }
        Content::Requests(requests) => {
            let (figures, remarks) = requests.figures(text, request.span)?;
            Imported { format, figures, concurrency: None, remarks }
        }
    };
    match imported.figures.iter().find(|figure| !figure.is_possible()) {
        Some(figure) => Err(text
            .whole(format!(
                "the figures in this file contradict each other: {} would be {}",
                figure.metric, figure.value
            ))
            .note("there are more failures than requests, or a number that is negative or far too large")
            .help("the file may be damaged; copy it again, or run the test again")),
        None => Ok(imported),
    }
}
