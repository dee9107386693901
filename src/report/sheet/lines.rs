//! JSON lines: an object a line, its members in the order of the columns. Numbers are exact. JSON has no word for
//! never: it is `null`, like what is missing, and `never_recovered` tells them apart.

use std::path::PathBuf;

use serde_json::Value;

use super::{Cell, Column, Writer};
use crate::report::folder::{Draft, Unwritten};

pub(super) struct Lines {
    draft: Draft,
    /// What stands before each value: `,"name":`.
    leads: Vec<String>,
}

impl Lines {
    pub fn begin(draft: Draft, columns: &[Column]) -> Self {
        let lead = |(index, column): (usize, &Column)| {
            format!("{}{}:", if index == 0 { "{" } else { "," }, Value::from(column.name.as_str()))
        };
        Self { draft, leads: columns.iter().enumerate().map(lead).collect() }
    }
}

impl Writer for Lines {
    fn row(&mut self, row: &[Cell]) {
        let mut line = String::new();
        for (lead, cell) in self.leads.iter().zip(row) {
            line += lead;
            let value = match cell {
                Cell::Missing => Value::Null,
                Cell::Text(text) => text.as_str().into(),
                Cell::Number(number) => (*number).into(),
                Cell::Count(count) => (*count).into(),
                Cell::Flag(flag) => (*flag).into(),
            };
            line += &value.to_string();
        }
        line += "}\n";
        self.draft.write(line.as_bytes());
    }

    fn finish(self: Box<Self>) -> Result<PathBuf, Unwritten> {
        self.draft.finish()
    }
}
