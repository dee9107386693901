//! Tables of comma-separated values, with the place of each field.

use std::ops::Range;

use csv::{Reader, ReaderBuilder, StringRecord};

use super::text::{Text, short};
use crate::language::names::Names;
use crate::language::{Mistake, visible};

/// A table that is read row by row.
pub(super) struct Rows<'a> {
    text: &'a Text,
    reader: Reader<&'a [u8]>,
    header: Vec<String>,
    record: StringRecord,
}

impl<'a> Rows<'a> {
    /// Reads the header.
    pub fn open(text: &'a Text) -> Result<Self, Mistake> {
        // Empty lines before the header are not counted by the reader either.
        let mut reader = ReaderBuilder::new().from_reader(text.str().as_bytes());
        let header = reader.headers().map_err(|error| wrong(text, &error))?;
        let header = header.iter().map(|name| name.trim().to_owned()).collect();
        Ok(Self { text, reader, header, record: StringRecord::new() })
    }

    /// The names of the columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The column with this name, if there is one.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// The column with this name.
    pub fn column(&self, name: &str) -> Result<usize, Mistake> {
        self.find(name).ok_or_else(|| {
            let line = self.text.first_line();
            let title = format!("there is no column `{}`", visible(name));
            let mistake = self.text.wrong(self.text.span(line), title, "the columns are these");
            mistake.advise(Names::new(self.header.iter().map(String::as_str)), "column", name)
        })
    }

    /// The next row.
    pub fn next(&mut self) -> Result<Option<Row<'_>>, Mistake> {
        match self.reader.read_record(&mut self.record) {
            Ok(true) => Ok(Some(Row { text: self.text, record: &self.record })),
            Ok(false) => Ok(None),
            Err(error) => Err(wrong(self.text, &error)),
        }
    }
}

/// One row.
pub(super) struct Row<'a> {
    text: &'a Text,
    record: &'a StringRecord,
}

impl Row<'_> {
    /// A field as text.
    pub fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or("").trim()
    }

    /// A field as a number.
    pub fn number(&self, column: usize) -> Result<f64, Mistake> {
        match self.text(column).parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(self.wrong(column, "is not a number", "a number is expected here")),
        }
    }

    /// A field as a time or a count, which is not negative.
    pub fn amount(&self, column: usize) -> Result<f64, Mistake> {
        let number = self.number(column)?;
        if number < 0.0 { Err(self.wrong(column, "is negative", "must not be negative")) } else { Ok(number) }
    }

    /// A mistake of a field: `what` follows its text.
    pub fn wrong(&self, column: usize, what: &str, label: &str) -> Mistake {
        let text = self.text(column);
        let title =
            if text.is_empty() { "the field is empty".into() } else { format!("`{}` {what}", visible(short(text))) };
        self.text.wrong(self.span(column), title, label)
    }

    /// Where a field is.
    fn span(&self, column: usize) -> Range<usize> {
        let start = self.record.position().map_or(0, |position| position.byte() as usize);
        let text = self.text.str().get(start..).unwrap_or("");
        let (mut field, mut begin, mut is_quoted) = (0, 0, false);
        for (at, sign) in text.char_indices() {
            match sign {
                '"' => is_quoted = !is_quoted,
                ',' | '\n' | '\r' if !is_quoted => {
                    if field == column {
                        return start + begin..start + at.max(begin + 1);
                    }
                    if sign != ',' {
                        break;
                    }
                    field += 1;
                    begin = at + 1;
                }
                _ => {}
            }
        }
        start + begin..start + text.len().min(begin + 1).max(begin)
    }
}

fn wrong(text: &Text, error: &csv::Error) -> Mistake {
    let at = error.position().map_or(0, |position| position.byte() as usize);
    let rest = text.str().get(at..).unwrap_or("");
    // A record may begin with empty lines, which are no part of it.
    let at = at + (rest.len() - rest.trim_start_matches(['\r', '\n']).len());
    let line = text.str().get(at..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let span = at..at + line.len().max(1);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let title = format!("a row has {len} fields, and the header {expected_len}");
            text.wrong(span, title, "this row").help("the file may have been cut off; copy it again, or delete the row")
        }
        _ => text.wrong(span, format!("the table cannot be read: {}", visible(&error.to_string())), "here"),
    }
}
