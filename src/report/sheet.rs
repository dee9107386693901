//! Sheets: the files of rows that other programs read. What each column is called, holds and is measured in stands in
//! one place, and every format is written from the same cells.

mod columns;
mod delimited;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;

use std::path::PathBuf;

use super::folder::{Folder, Unwritten};

pub use columns::{
    BLAME, CLASSES, COMPARISONS, Layout, MEASUREMENTS, REPLICATIONS, RESOURCES, RESULTS, TIMELINE, TIMELINE_FAILURES,
    TIMELINE_MARKS, TIMELINE_RESOURCES, schema,
};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Words.
    Text,
    /// A number, with fractions; may be missing.
    Number,
    /// A whole number from 0 on; may be missing.
    Count,
    /// Yes or no; may be missing.
    Flag,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: CellKind,
}

/// What stands in a column of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Missing,
    /// Words.
    Text(String),
    /// A number; infinite is never.
    Number(f64),
    /// A whole number.
    Count(u64),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    pub(super) fn number(value: Option<f64>) -> Self {
        value.filter(|value| !value.is_nan()).map_or(Self::Missing, Self::Number)
    }

    /// A bound, which is missing where it is not known.
    pub(super) fn bound(value: Option<f64>) -> Self {
        Self::number(value.filter(|value| value.is_finite()))
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// A row: a cell for each column.
pub type Row = Vec<Cell>;

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FileFormat {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// JSON lines: one object per line.
    Jsonl,
    /// Apache Parquet.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl FileFormat {
    /// The name of a sheet's file.
    pub fn file(self, sheet: &str) -> String {
        format!("{sheet}.{}", self.extension())
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            #[cfg(feature = "parquet")]
            Self::Parquet => "parquet",
        }
    }
}

/// A file that takes rows.
trait Writer {
    fn row(&mut self, row: &[Cell]);
    fn finish(self: Box<Self>) -> Result<PathBuf, Unwritten>;
}

/// The files of one sheet, one a format.
pub struct Sheet(Vec<Box<dyn Writer>>);

impl Sheet {
    /// Begins the files of a sheet.
    pub fn begin(folder: &Folder, name: &str, columns: &[Column], formats: &[FileFormat]) -> Self {
        let writer = |format: &FileFormat| -> Box<dyn Writer> {
            let draft = folder.draft(&format.file(name));
            match format {
                FileFormat::Csv => Box::new(delimited::Delimited::begin(draft, columns)),
                FileFormat::Jsonl => Box::new(lines::Lines::begin(draft, columns)),
                #[cfg(feature = "parquet")]
                FileFormat::Parquet => Box::new(parquet::Parquet::begin(draft, columns)),
            }
        };
        Self(formats.iter().map(writer).collect())
    }

    /// Appends a row. What goes wrong is told in the end.
    pub fn row(&mut self, row: &[Cell]) {
        self.0.iter_mut().for_each(|writer| writer.row(row));
    }

    /// Gives the files their names.
    pub fn finish(self) -> Vec<Result<PathBuf, Unwritten>> {
        self.0.into_iter().map(Writer::finish).collect()
    }
}

#[cfg(test)]
mod tests;
