//! YAML as a tree whose nodes know where they stand.

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
    /// The first line, from 1 on.
    pub line: usize,
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
    List(Vec<Node>, usize, usize),
    Table(Vec<(Node, Node)>, Option<Node>, usize, usize),
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
            wrong(byte(error.marker().index()), format!("the file is no YAML: {}", error.info()), "cannot be read")
        })?;
        let (start, end, line) = (byte(span.start.index()), byte(span.end.index()), span.start.line());
        let done = match event {
            Event::Scalar(value, _, 0, _) => {
                // The mark of what ends with its line is behind the line.
                let end = start + text[start..end.max(start)].trim_end().len();
                Some(Node { content: Content::Text(value.into_owned()), span: start..end, line })
            }
            Event::SequenceStart(0, _) => {
                open.push(Open::List(Vec::new(), start, line));
                None
            }
            Event::MappingStart(0, _) => {
                open.push(Open::Table(Vec::new(), None, start, line));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items, start, line)) => {
                    Some(Node { content: Content::List(items), span: until_end_of_line(text, start), line })
                }
                Some(Open::Table(entries, _, start, line)) => {
                    Some(Node { content: Content::Table(entries), span: until_end_of_line(text, start), line })
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
