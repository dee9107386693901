//! What is read or worked out once, however many systems use it: columns of CSV files for empirical distributions and
//! recorded arrivals, and the tables of Zipf's law.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::complaint::{At, Complaint};
use super::trace::{self, Trace};
use crate::kernel::Time;
use crate::language::bounded;
use crate::language::names::Names;
use crate::language::source::{neighbour, reason};
use crate::model::Popularity;

/// The columns that were read and the tables that were made so far.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    directory: PathBuf,
    /// By file and column.
    known: HashMap<(String, String), Column>,
    /// By file, column, column of classes and the classes.
    traces: HashMap<(String, String, Option<String>, Vec<String>), Trace>,
    /// By file, column of times and column of rates.
    rates: HashMap<(String, String, String), Rates>,
    /// The tables of Zipf's law, by number of keys and bits of the exponent: they too are made once.
    tables: HashMap<(u32, u64), Arc<[f64]>>,
}

/// Points of a rate over time: seconds, and the number that the file has there.
pub(super) type Rates = Result<Arc<[(Time, f64)]>, Unreadable>;

/// A column's values, sorted.
type Column = Result<Arc<[Time]>, Unreadable>;

/// Why a file or a column of it could not be read.
#[derive(Clone, Debug)]
pub(super) struct Unreadable {
    /// The key that is at fault: `file`, or that which names the column.
    key: &'static str,
    title: String,
    label: &'static str,
    notes: Vec<String>,
    helps: Vec<String>,
}

impl Unreadable {
    pub fn new(key: &'static str, title: String, label: &'static str) -> Self {
        Self { key, title, label, notes: Vec::new(), helps: Vec::new() }
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// What is wrong with the table that names the file.
    pub fn complaint(self, table: At<'_>) -> Complaint {
        let Self { key, title, label, notes, helps } = self;
        Complaint { notes, helps, ..Complaint::at(table.key(key), title, label) }
    }
}

/// Rows of a file at most: their values take 160 MB, arrivals twice as much.
pub(super) const MOST_ROWS: usize = 20_000_000;

/// Numbers that all tables of Zipf's law may have together: 400 MB.
const MOST_NUMBERS: u64 = 50_000_000;

/// The longest value of a column, in seconds: ten years.
const LONGEST: f64 = 10.0 * 365.25 * 86_400.0;

impl Columns {
    /// No column yet; files are relative to this directory.
    pub fn relative_to(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), ..Self::default() }
    }

    /// The files that were read.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = self.known.iter().filter(|(_, read)| read.is_ok()).map(|((f, _), _)| f).collect();
        files.extend(self.traces.iter().filter(|(_, read)| read.is_ok()).map(|((f, ..), _)| f));
        files.extend(self.rates.iter().filter(|(_, read)| read.is_ok()).map(|((f, ..), _)| f));
        files.sort();
        files.dedup();
        files.into_iter().map(|file| self.directory.join(file)).collect()
    }

    /// The table of Zipf's law for this number of keys. Where all of them together would be too long, it is none, and the
    /// error is their length.
    pub(in crate::language) fn zipf(&mut self, keys: u32, exponent: f64) -> Result<Arc<[f64]>, u64> {
        if let Some(table) = self.tables.get(&(keys, exponent.to_bits())) {
            return Ok(Arc::clone(table));
        }
        let all = self.tables.keys().map(|&(keys, _)| u64::from(keys)).sum::<u64>() + u64::from(keys);
        if all > MOST_NUMBERS {
            return Err(all);
        }
        let table = Popularity::zipf(keys, exponent);
        self.tables.insert((keys, exponent.to_bits()), Arc::clone(&table));
        Ok(table)
    }

    pub(super) fn get(&mut self, file: &str, column: &str) -> Column {
        let directory = &self.directory;
        let key = (file.to_owned(), column.to_owned());
        self.known.entry(key).or_insert_with(|| read(&directory.join(file), column)).clone()
    }

    /// The rates of a file, with their times.
    pub(super) fn rates(&mut self, file: &str, time: &str, rate: &str) -> Rates {
        let path = self.directory.join(file);
        let key = (file.to_owned(), time.to_owned(), rate.to_owned());
        self.rates.entry(key).or_insert_with(|| trace::rates(&path, time, rate)).clone()
    }

    /// The arrivals of a file: times in one column, classes in another, where there is one.
    pub(super) fn arrivals(&mut self, file: &str, column: &str, class: Option<&str>, classes: &[String]) -> Trace {
        let path = self.directory.join(file);
        let key = (file.to_owned(), column.to_owned(), class.map(str::to_owned), classes.to_owned());
        self.traces.entry(key).or_insert_with(|| trace::read(&path, column, class, classes)).clone()
    }
}

/// The value of a column of times, in seconds.
pub(super) fn seconds(text: &str) -> Option<Time> {
    text.parse::<f64>().ok().filter(|seconds| (0.0..=LONGEST).contains(seconds)).map(Time::from_seconds)
}

/// A file that is open, and which of its columns has this name, which stands at `key`.
pub(super) fn open(
    path: &Path,
    key: &'static str,
    column: &str,
) -> Result<(csv::Reader<bounded::Table>, usize), Unreadable> {
    let name = path.display();
    let table = bounded::Table::open(path).map_err(|error| {
        let title = format!("cannot read `{name}`: {}", reason(&error));
        let refusal = Unreadable::new("file", title, "not readable").note("the path is relative to the model's file");
        match neighbour(path) {
            Some(near) => refusal.help(format!("there is a `{}`; did you mean that?", near.display())),
            None => refusal,
        }
    })?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(table);
    let headers = reader.headers().map_err(|error| broken(path, &error))?.clone();
    let Some(index) = headers.iter().position(|header| header == column) else {
        let names = Names::new(headers.iter());
        let refusal = Unreadable::new(key, format!("`{name}` has no column `{column}`"), "no such column");
        let refusal = match names.nearest(column) {
            Some(near) => refusal.help(format!("did you mean `{near}`?")),
            None => refusal,
        };
        return Err(refusal.note(names.sentence("column", column)));
    };
    Ok((reader, index))
}

/// A row that has a value beyond the last column of the header: of two numbers one may be the fraction of the other.
pub(super) fn has_surplus(record: &csv::StringRecord, columns: usize) -> bool {
    record.iter().skip(columns).any(|value| !value.is_empty())
}

/// The refusal of such a row.
pub(super) fn surplus(path: &Path, record: &csv::StringRecord, columns: usize) -> Unreadable {
    let (name, line) = (path.display(), record.position().map_or(0, csv::Position::line));
    let title = format!("{name}:{line} has {} values, and the header names {columns}", record.len());
    Unreadable::new("file", title, "has rows that are longer than its header")
        .note("a comma divides columns, also in numbers: write 1.5, not 1,5")
}

/// The number of columns that the header names.
pub(super) fn width(reader: &mut csv::Reader<bounded::Table>) -> usize {
    reader.headers().map_or(usize::MAX, csv::StringRecord::len)
}

/// A value that is no time in seconds within the run.
pub(super) fn no_time(key: &'static str, text: &str, at: &str, label: &'static str, note: &str) -> Unreadable {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > LONGEST => {
            let title = format!("`{text}` at {at} lies more than ten years after the start");
            Unreadable::new(key, title, label).note(note).help("subtract the first time from all of them")
        }
        _ => Unreadable::new(key, format!("`{text}` at {at} is not a number of seconds"), label).note(note),
    }
}

/// A file of more rows than are read.
pub(super) fn too_many(path: &Path) -> Unreadable {
    let title = format!("`{}` has more than 20 million rows", path.display());
    Unreadable::new("file", title, "too many rows").help("a sample of the rows describes the distribution as well")
}

/// A file that is no CSV from somewhere on.
pub(super) fn broken(path: &Path, error: &csv::Error) -> Unreadable {
    let why = match error.kind() {
        csv::ErrorKind::Io(error) => reason(error),
        _ => error.to_string(),
    };
    Unreadable::new("file", format!("cannot read `{}`: {why}", path.display()), "")
}

fn read(path: &Path, column: &str) -> Column {
    let name = path.display();
    let (mut reader, index) = open(path, "column", column)?;
    let columns = width(&mut reader);
    let mut values = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(path, &error))?;
        if has_surplus(&record, columns) {
            return Err(surplus(path, &record, columns));
        }
        let text = record.get(index).unwrap_or_default();
        let line = record.position().map_or(0, csv::Position::line);
        let Some(value) = seconds(text) else {
            let title = format!("`{text}` at {name}:{line} is not a number of seconds");
            return Err(Unreadable::new("column", title, "holds a value that cannot be a duration")
                .note("a column holds numbers in seconds, not negative, without a unit: 0.0215"));
        };
        if values.len() == MOST_ROWS {
            return Err(too_many(path));
        }
        values.push(value);
    }
    if values.is_empty() {
        return Err(Unreadable::new("column", format!("column `{column}` of `{name}` holds no value"), "empty"));
    }
    values.sort();
    Ok(values.into())
}
