//! Columns of CSV files, for empirical distributions and recorded arrivals: each is read once, however many systems use
//! it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::kernel::Time;
use crate::model::Arrival;
use crate::model::Popularity;
use crate::spec::names::Names;
use crate::spec::source::neighbour;

/// The columns that were read so far.
#[derive(Debug, Default)]
pub struct Columns {
    directory: PathBuf,
    /// By file and column.
    known: HashMap<(String, String), Column>,
    /// By file, column, column of classes and the classes.
    traces: HashMap<(String, String, Option<String>, Vec<String>), Trace>,
    /// The tables of Zipf's law, by number of keys and bits of the exponent: they too are made once.
    tables: HashMap<(u32, u64), Arc<[f64]>>,
}

/// Arrivals in order.
type Trace = Result<Arc<[Arrival]>, Unreplayable>;

/// Why a trace could not be read.
#[derive(Clone, Debug)]
pub(super) struct Unreplayable {
    /// The key of the trace that is at fault.
    pub key: &'static str,
    pub title: String,
    pub label: String,
    pub notes: Vec<String>,
    pub helps: Vec<String>,
}

/// A column's values, sorted.
type Column = Result<Arc<[Time]>, Unreadable>;

/// Why a column could not be read.
#[derive(Clone, Debug)]
pub(super) struct Unreadable {
    /// Whether the file is at fault, not the column.
    pub in_file: bool,
    pub title: String,
    pub label: String,
    pub notes: Vec<String>,
    pub helps: Vec<String>,
}

/// The longest value of a column, in seconds: ten years.
const LONGEST: f64 = 10.0 * 365.25 * 86_400.0;

impl Columns {
    /// No column yet; files are relative to this directory.
    pub fn relative_to(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), known: HashMap::new(), traces: HashMap::new(), tables: HashMap::new() }
    }

    /// The files that were read.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = self.known.iter().filter(|(_, read)| read.is_ok()).map(|((f, _), _)| f).collect();
        files.extend(self.traces.iter().filter(|(_, read)| read.is_ok()).map(|((f, ..), _)| f));
        files.sort();
        files.dedup();
        files.into_iter().map(|file| self.directory.join(file)).collect()
    }

    /// The table of Zipf's law for so many keys.
    pub(super) fn zipf(&mut self, keys: u32, exponent: f64) -> Arc<[f64]> {
        let table = self.tables.entry((keys, exponent.to_bits())).or_insert_with(|| Popularity::zipf(keys, exponent));
        Arc::clone(table)
    }

    pub(super) fn get(&mut self, file: &str, column: &str) -> Column {
        let directory = &self.directory;
        let key = (file.to_owned(), column.to_owned());
        self.known.entry(key).or_insert_with(|| read(&directory.join(file), column)).clone()
    }

    /// The arrivals of a file: times in one column, classes in another, where there is one.
    pub(super) fn arrivals(&mut self, file: &str, column: &str, class: Option<&str>, classes: &[String]) -> Trace {
        let path = self.directory.join(file);
        let key = (file.to_owned(), column.to_owned(), class.map(str::to_owned), classes.to_owned());
        self.traces.entry(key).or_insert_with(|| replay(&path, column, class, classes)).clone()
    }
}

fn replay(path: &Path, column: &str, class: Option<&str>, classes: &[String]) -> Trace {
    let name = path.display();
    let refuse = |key, title: String, label: &str| Unreplayable {
        key,
        title,
        label: label.into(),
        notes: Vec::new(),
        helps: Vec::new(),
    };
    let of_column = |key| {
        move |refusal: Unreadable| Unreplayable {
            key: if refusal.in_file { "file" } else { key },
            title: refusal.title,
            label: refusal.label,
            notes: refusal.notes,
            helps: refusal.helps,
        }
    };
    let (mut reader, index) = open(path, column).map_err(of_column("column"))?;
    let class = match class {
        Some(class) => Some((class, open(path, class).map_err(of_column("class"))?.1)),
        None => None,
    };
    let mut arrivals: Vec<Arrival> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| refuse("file", format!("cannot read `{name}`: {error}"), ""))?;
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(index).unwrap_or_default();
        let at = match text.parse::<f64>() {
            Ok(seconds) if (0.0..=LONGEST).contains(&seconds) => Time::from_seconds(seconds),
            _ => {
                let title = format!("`{text}` at {name}:{line} is not a number of seconds");
                let mut refusal = refuse("column", title, "holds a value that cannot be a time");
                refusal
                    .notes
                    .push("the column holds seconds from the start, not negative, without a unit: 12.5".into());
                return Err(refusal);
            }
        };
        if let Some(before) = arrivals.last().filter(|before| before.at > at) {
            let title = format!("the arrival at {name}:{line} is earlier than the one before it");
            let mut refusal = refuse("column", title, "is not in rising order");
            refusal.notes.push(format!("{} comes after {}", at.seconds(), before.at.seconds()));
            refusal.helps.push("sort the file by this column".into());
            return Err(refusal);
        }
        let class = match class {
            None => None,
            Some((_, index)) => {
                let text = record.get(index).unwrap_or_default();
                let found = classes.iter().position(|known| known == text);
                Some(found.ok_or_else(|| {
                    let names = Names::new(classes.iter().map(String::as_str));
                    let title = format!("there is no class `{text}`, which stands at {name}:{line}");
                    let mut refusal = refuse("class", title, "names a class that the load does not have");
                    refusal.notes.push(names.sentence("class", text));
                    refusal
                })? as u32)
            }
        };
        arrivals.push(Arrival { at, class });
    }
    if arrivals.is_empty() {
        return Err(refuse("column", format!("column `{column}` of `{name}` holds no value"), "empty"));
    }
    Ok(arrivals.into())
}

/// A file that is open, and which of its columns has this name.
fn open(path: &Path, column: &str) -> Result<(csv::Reader<std::fs::File>, usize), Unreadable> {
    let name = path.display();
    let refuse = |in_file, title: String, label: &str| Unreadable {
        in_file,
        title,
        label: label.into(),
        notes: Vec::new(),
        helps: Vec::new(),
    };
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_path(path).map_err(|error| {
            let reason = match error.kind() {
                csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    "there is no such file".into()
                }
                csv::ErrorKind::Io(error) => error.to_string(),
                _ => error.to_string(),
            };
            let mut refusal = refuse(true, format!("cannot read `{name}`: {reason}"), "not readable");
            refusal.notes.push("the path is relative to the model's file".into());
            if let Some(near) = neighbour(path) {
                refusal.helps.push(format!("there is a `{}`; did you mean that?", near.display()));
            }
            refusal
        })?;
    let headers = reader.headers().map_err(|error| refuse(true, format!("cannot read `{name}`: {error}"), ""))?.clone();
    let Some(index) = headers.iter().position(|header| header == column) else {
        let names = Names::new(headers.iter());
        let mut refusal = refuse(false, format!("`{name}` has no column `{column}`"), "no such column");
        if let Some(near) = names.nearest(column) {
            refusal.helps.push(format!("did you mean `{near}`?"));
        }
        refusal.notes.push(names.sentence("column", column));
        return Err(refusal);
    };
    Ok((reader, index))
}

fn read(path: &Path, column: &str) -> Column {
    let name = path.display();
    let refuse = |in_file, title: String, label: &str| Unreadable {
        in_file,
        title,
        label: label.into(),
        notes: Vec::new(),
        helps: Vec::new(),
    };
    let (mut reader, index) = open(path, column)?;
    let mut values = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| refuse(true, format!("cannot read `{name}`: {error}"), ""))?;
        let text = record.get(index).unwrap_or_default();
        let line = record.position().map_or(0, csv::Position::line);
        match text.parse::<f64>() {
            Ok(seconds) if (0.0..=LONGEST).contains(&seconds) => values.push(Time::from_seconds(seconds)),
            _ => {
                let title = format!("`{text}` at {name}:{line} is not a number of seconds");
                let mut refusal = refuse(false, title, "holds a value that cannot be a duration");
                refusal.notes.push("a column holds numbers in seconds, not negative, without a unit: 0.0215".into());
                return Err(refusal);
            }
        }
    }
    if values.is_empty() {
        return Err(refuse(false, format!("column `{column}` of `{name}` holds no value"), "empty"));
    }
    values.sort();
    Ok(values.into())
}
