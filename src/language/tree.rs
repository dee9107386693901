//! What a TOML text says, every value with its place: the form in which overrides are applied before anything is
//! typed, so that a value that does not fit is shown where it was written.

use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::mistake::{Mistake, Mistakes};
use super::source::Source;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub place: Place,
    pub kind: NodeKind,
}

/// Where a value was written.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub source: Arc<Source>,
    /// Its key, if it has one.
    pub key: Option<Range<usize>>,
    pub value: Range<usize>,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    Text(String),
    Integer(i64),
    Float(f64),
    Truth(bool),
    Moment(String),
    List(Vec<Tree>),
    Table(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads a whole TOML document.
    pub fn document(source: &Arc<Source>) -> Result<Self, Mistakes> {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        syntax(source, 0, errors)?;
        let span = table.span();
        let mut mistakes = Mistakes::default();
        let place = Place { source: Arc::clone(source), key: None, value: span };
        let tree = Self { kind: convert_table(table.into_inner(), &place, 0, &mut mistakes), place };
        mistakes.into_result().map(|()| tree)
    }

    /// Reads one value, which is the part of the source's text from `start` on.
    pub fn value(source: &Arc<Source>, start: usize) -> Result<Self, Mistakes> {
        let (value, errors) = DeValue::parse_recoverable(&source.text[start..]);
        syntax(source, start, errors)?;
        let mut mistakes = Mistakes::default();
        let place = Place { source: Arc::clone(source), key: None, value: shift(value.span(), start) };
        let tree = convert(value.into_inner(), place, start, &mut mistakes);
        mistakes.into_result().map(|()| tree)
    }

    /// An empty table at the place of another tree.
    pub fn nothing(like: &Self) -> Self {
        Self { place: like.place.clone(), kind: NodeKind::Table(Vec::new()) }
    }

    /// Takes a key out of a table.
    pub fn take(&mut self, key: &str) -> Option<Self> {
        let NodeKind::Table(entries) = &mut self.kind else { return None };
        let at = entries.iter().position(|(name, _)| name == key)?;
        Some(entries.remove(at).1)
    }

    /// The value of a key, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            NodeKind::Table(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match &mut self.kind {
            NodeKind::Table(entries) => entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The elements of a list; none if this is none.
    pub fn elements(&self) -> &[Self] {
        match &self.kind {
            NodeKind::List(elements) => elements,
            _ => &[],
        }
    }

    /// The entries of a table; none if this is none.
    pub fn entries(&self) -> &[(String, Self)] {
        match &self.kind {
            NodeKind::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The value as TOML, on one line.
    pub fn written(&self) -> String {
        match &self.kind {
            NodeKind::Text(text) => toml::Value::String(text.clone()).to_string(),
            NodeKind::Integer(value) => value.to_string(),
            NodeKind::Float(value) if value.abs() >= 1e16 && value.is_finite() => format!("{value:e}"),
            NodeKind::Float(value) => toml::Value::Float(*value).to_string(),
            NodeKind::Truth(value) => value.to_string(),
            NodeKind::Moment(text) => text.clone(),
            NodeKind::List(elements) => {
                format!("[{}]", elements.iter().map(Self::written).collect::<Vec<_>>().join(", "))
            }
            NodeKind::Table(entries) if entries.is_empty() => "{}".into(),
            NodeKind::Table(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, value)| format!("{key} = {}", value.written())).collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    /// What kind of value this is, in words.
    pub fn what(&self) -> &'static str {
        match self.kind {
            NodeKind::Text(_) => "a string",
            NodeKind::Integer(_) => "an integer",
            NodeKind::Float(_) => "a number",
            NodeKind::Truth(_) => "a boolean",
            NodeKind::Moment(_) => "a date or time",
            NodeKind::List(_) => "an array",
            NodeKind::Table(_) => "a table",
        }
    }

    /// The value as it stands in a table of values: a string without its quotes.
    pub fn plain(&self) -> String {
        match &self.kind {
            NodeKind::Text(text) => text.clone(),
            _ => self.written(),
        }
    }

    /// A number, if this is one.
    pub fn number(&self) -> Option<f64> {
        match self.kind {
            NodeKind::Integer(value) => Some(value as f64),
            NodeKind::Float(value) => Some(value),
            _ => None,
        }
    }
}

impl Place {
    /// Marks the key, or the value where there is no key.
    pub fn mark_key(&self, mistake: Mistake, label: impl Into<String>) -> Mistake {
        mistake.mark(&self.source, self.key.clone().unwrap_or_else(|| self.value.clone()), label)
    }

    /// The line on which it begins, from 1.
    pub fn line(&self) -> usize {
        let start = self.key.as_ref().unwrap_or(&self.value).start;
        self.source.text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1
    }

    /// Marks the value.
    pub fn mark_value(&self, mistake: Mistake, label: impl Into<String>) -> Mistake {
        mistake.mark(&self.source, self.value.clone(), label)
    }
}

fn shift(span: Range<usize>, by: usize) -> Range<usize> {
    span.start + by..span.end + by
}

fn convert_table(table: DeTable<'_>, above: &Place, offset: usize, mistakes: &mut Mistakes) -> NodeKind {
    let entries = table.into_iter().map(|(key, value)| {
        let place = Place {
            source: Arc::clone(&above.source),
            key: Some(shift(key.span(), offset)),
            value: shift(value.span(), offset),
        };
        (key.into_inner().into_owned(), convert(value.into_inner(), place, offset, mistakes))
    });
    NodeKind::Table(entries.collect())
}

fn convert(value: DeValue<'_>, place: Place, offset: usize, mistakes: &mut Mistakes) -> Tree {
    let kind = match value {
        DeValue::String(text) => NodeKind::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(value) => NodeKind::Integer(value),
            Err(_) => {
                let mistake = Mistake::new(format!("the integer `{number}` is too large"));
                mistakes.push(place.mark_value(mistake, "does not fit into 64 bits"));
                NodeKind::Integer(0)
            }
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(value) => NodeKind::Float(value),
            Err(_) => {
                let mistake = Mistake::new(format!("`{number}` is not a number"));
                mistakes.push(place.mark_value(mistake, ""));
                NodeKind::Float(0.0)
            }
        },
        DeValue::Boolean(value) => NodeKind::Truth(value),
        DeValue::Datetime(moment) => NodeKind::Moment(moment.to_string()),
        DeValue::Array(array) => {
            let elements = array.into_iter().map(|element| {
                let place =
                    Place { source: Arc::clone(&place.source), key: None, value: shift(element.span(), offset) };
                convert(element.into_inner(), place, offset, mistakes)
            });
            NodeKind::List(elements.collect())
        }
        DeValue::Table(table) => convert_table(table, &place, offset, mistakes),
    };
    Tree { place, kind }
}

/// Turns the parser's errors into mistakes, without those that only follow from an earlier one.
fn syntax(source: &Arc<Source>, offset: usize, errors: Vec<toml::de::Error>) -> Result<(), Mistakes> {
    let mut mistakes = Mistakes::default();
    let mut lines = Vec::new();
    // After a table that was given twice, each of its keys is one that was given twice.
    let mut table_twice = None;
    for error in errors {
        let span = error.span().map_or_else(|| deepest(&source.text), |span| shift(span, offset));
        let span = source.clamp(&span);
        let start = source.text[..span.start].rfind('\n').map_or(0, |end| end + 1);
        let is_header = source.text[start..].trim_start().starts_with('[');
        let is_twice = error.message().contains("duplicate key");
        if lines.contains(&start) || is_twice && table_twice.is_some() && !is_header {
            continue;
        }
        lines.push(start);
        table_twice = (is_twice && is_header).then_some(start);
        let (mistake, is_local) = explain(error.message(), source, span);
        mistakes.push(mistake);
        if !is_local {
            break;
        }
    }
    mistakes.into_result()
}

/// The header or key with the most parts, which an error without a place is about: the parser gives none where it is too
/// deep.
fn deepest(text: &str) -> Range<usize> {
    let mut deepest = (0, 0..0);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end();
        let parts = body.bytes().filter(|byte| *byte == b'.').count();
        if parts > deepest.0 {
            deepest = (parts, start..start + body.len());
        }
        start += line.len();
    }
    deepest.1
}

/// What the parser means, and whether the rest of the text can be understood nevertheless.
fn explain(message: &str, source: &Arc<Source>, span: Range<usize>) -> (Mistake, bool) {
    let text = source.text[span.clone()].to_owned();
    if message.contains("duplicate key") {
        let mistake = Mistake::new(format!("`{}` is given twice", text.trim_matches(['"', '\''])));
        return (mistake.mark(source, span, "was given before"), true);
    }
    if message.contains("recurs") {
        let mistake = Mistake::new("tables and arrays are nested too deeply").mark(source, span, "too deep");
        return (mistake.note("at most 80 of them may be one in another"), false);
    }
    if message.contains("must be quoted") && text.is_empty() {
        return (Mistake::new("a key has no value").mark(source, span, "the value is missing"), true);
    }
    if message.contains("must be quoted") {
        let mistake = Mistake::new("a string needs quotes").mark(source, span, "");
        return (mistake.help(format!("write \"{text}\"")), true);
    }
    let title = if message.contains("missing comma") && message.contains("array") {
        "an array is not closed, or a comma is missing before this"
    } else if message.contains("unclosed array") {
        "an array is not closed: `]` is missing"
    } else if message.contains("unclosed inline table") {
        "an inline table is not closed: `}` is missing"
    } else if message.contains("missing comma") {
        "an inline table is not closed, or a comma is missing before this"
    } else if message.contains("basic string") && message.contains("expected `\"`") {
        "a string is not closed: `\"` is missing"
    } else if message.contains("key with no value") {
        "a key has no value: `=` is missing"
    } else {
        return (Mistake::new(format!("not valid TOML: {message}")).mark(source, span, ""), false);
    };
    (Mistake::new(title).mark(source, span, ""), false)
}
