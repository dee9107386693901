//! YAML as a tree of nodes with their places in the file.

use std::ops::Range;

use saphyr_parser::{Event, Parser};

use super::WrongRules;

/// Lists and tables inside of each other at most.
const DEEPEST: usize = 50;

/// A node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub content: Content,
    /// Bytes of the file.
    pub span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A scalar as written; numbers are texts, too.
    Text(String),
    List(Vec<Node>),
    Table(Vec<(Node, Node)>),
}

/// Lists and tables that are open: what they have so far, and where they began.
enum Open {
    List(Vec<Node>, usize),
    Table(Vec<(Node, Node)>, Option<Node>, usize),
}

/// The first document of a text.
pub(super) fn read(text: &str) -> Result<Node, WrongRules> {
    // Marks count characters.
    let starts: Vec<usize> = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
    let byte = |index: usize| starts.get(index).copied().unwrap_or(text.len());
    let wrong = |at: usize, title: String, label: &str| {
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        WrongRules { span: at..end, title, label: label.into(), help: None }
    };
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            wrong(byte(error.marker().index()), format!("the file is not YAML: {}", error.info()), "cannot be read")
        })?;
        let (start, end) = (byte(span.start.index()), byte(span.end.index()));
        let done = match event {
            Event::Scalar(value, _, 0, _) => {
                // The mark of what ends with its line is behind the line.
                let end = start + text[start..end.max(start)].trim_end().len();
                Some(Node { content: Content::Text(value.into_owned()), span: start..end })
            }
            Event::SequenceStart(0, _) => {
                open.push(Open::List(Vec::new(), start));
                None
            }
            Event::MappingStart(0, _) => {
                open.push(Open::Table(Vec::new(), None, start));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items, start)) => {
                    Some(Node { content: Content::List(items), span: until_end_of_line(text, start) })
                }
                Some(Open::Table(entries, _, start)) => {
                    Some(Node { content: Content::Table(entries), span: until_end_of_line(text, start) })
                }
                None => None,
            },
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => {
                return Err(wrong(start, "anchors and aliases are not supported".into(), "not supported"));
            }
            Event::DocumentEnd if root.is_some() => break,
            _ => None,
        };
        if open.len() > DEEPEST {
            return Err(wrong(start, "the file is nested too deeply".into(), "too deep"));
        }
        let Some(node) = done else { continue };
        match open.last_mut() {
            None => root = Some(node),
            Some(Open::List(items, ..)) => items.push(node),
            Some(Open::Table(entries, key, ..)) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }
    root.ok_or_else(|| wrong(0, "the file is empty".into(), "nothing here"))
}

/// From a byte to the end of its line: a list or a table is shown by its first line.
fn until_end_of_line(text: &str, start: usize) -> Range<usize> {
    let start = start.min(text.len());
    start..text[start..].find('\n').map_or(text.len(), |length| start + length)
}

/// The bytes of the file in which a part of a scalar's text stands; the scalar begins at byte `start`. None where the file
/// writes a character of the text by its code, such as `\x41`.
pub(super) fn place(file: &str, start: usize, text: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let mut written = written(file, start);
    let mut place: Option<Range<usize>> = None;
    let mut end = start;
    for (index, wanted) in text.char_indices().filter(|(_, it)| !it.is_whitespace()) {
        let (at, _) = written.next().filter(|(_, it)| *it == wanted)?;
        end = at.end;
        match &mut place {
            Some(_) if index >= part.end => break,
            Some(place) => place.end = at.end,
            None if index >= part.start => place = Some(at),
            None => {}
        }
    }
    // A part that begins behind the last character is at the end of the text.
    place.or(Some(end..end))
}

/// The characters of the file from the start of a scalar on, each with its bytes: without quotes and escapes, and without white
/// space, because YAML joins the lines of a scalar. They do not stop at the end of the scalar.
fn written(file: &str, start: usize) -> impl Iterator<Item = (Range<usize>, char)> {
    let text = file.get(start..).unwrap_or_default();
    // The head of a block, `|` or `>-`, is its first line.
    let head = if text.starts_with(['|', '>']) { text.find('\n').unwrap_or(text.len()) } else { 0 };
    let mut rest = text[head..].char_indices().map(move |(at, it)| (start + head + at, it)).peekable();
    let quote = rest.next_if(|&(_, it)| matches!(it, '"' | '\'')).map(|(_, quote)| quote);
    let next = move || {
        let (at, it) = rest.next()?;
        // In double quotes a backslash escapes, in single ones a second quote does.
        if quote.is_none() || it != (if quote == Some('"') { '\\' } else { '\'' }) {
            return Some((at..at + it.len_utf8(), it));
        }
        let (last, escaped) = rest.next()?;
        let meant = if matches!(escaped, 'n' | 't' | 'r') { ' ' } else { escaped };
        Some((at..last + escaped.len_utf8(), meant))
    };
    std::iter::from_fn(next).filter(|(_, it)| !it.is_whitespace())
}
