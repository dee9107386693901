//! CSV. Numbers have seven significant digits, never is `inf`, what is missing is empty, flags are `yes` and `no`.

use std::path::PathBuf;

use super::{Cell, Column, Writer};
use crate::report::folder::{Draft, Unwritten};
use crate::report::number::exact;

/// Bytes that a row usually fits in; a longer one takes more.
const ROW: usize = 512;

pub(super) struct Delimited {
    draft: Draft,
    /// The row under way.
    writer: csv::Writer<Vec<u8>>,
}

impl Delimited {
    pub fn begin(draft: Draft, columns: &[Column]) -> Self {
        let mut file = Self { draft, writer: writer() };
        file.record(columns.iter().map(|column| harmless(&column.name)));
        file
    }

    fn record(&mut self, cells: impl Iterator<Item = String>) {
        // Memory can be written.
        let _ = self.writer.write_record(cells);
        let writer = std::mem::replace(&mut self.writer, writer());
        self.draft.write(&writer.into_inner().unwrap_or_default());
    }
}

/// For one row. The usual buffer of 8 KiB is cleared for each.
fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().buffer_capacity(ROW).from_writer(Vec::new())
}

impl Writer for Delimited {
    fn row(&mut self, row: &[Cell]) {
        self.record(row.iter().map(text));
    }

    fn finish(self: Box<Self>) -> Result<PathBuf, Unwritten> {
        self.draft.finish()
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Text(text) => harmless(text),
        Cell::Number(f64::INFINITY) => "inf".into(),
        Cell::Number(number) => exact(*number),
        Cell::Count(count) => count.to_string(),
        Cell::Flag(true) => "yes".into(),
        Cell::Flag(false) => "no".into(),
    }
}

/// Words that no spreadsheet takes for a formula: those that begin like one get an apostrophe in front (OWASP, "CSV
/// injection"), but for numbers with a sign.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text.into() }
}
