//! YAML as a tree of nodes with their places in the file: all documents of a text, with anchors and merge keys in their
//! places.
//!
//! saphyr-parser reads the events; no crate that fills types of serde keeps the place of each value, which messages need.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use saphyr_parser::{Event, Parser};

/// Lists and tables inside of each other at most, those that aliases repeat included.
const DEEPEST: usize = 50;

/// Nodes of a file at most, those that aliases repeat included: a few lines of aliases can stand for billions.
const MOST: usize = 4_000_000;

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub content: Content,
    /// Bytes of the file.
    pub span: Range<usize>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Content {
    /// A scalar as written; numbers are texts, too.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in the order of the file.
    Table(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::List(_) | Content::Table(_) => None,
        }
    }

    /// The elements; none of what is no list.
    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::List(items) => items,
            Content::Text(_) | Content::Table(_) => &[],
        }
    }

    /// The keys and values; none of what is no table.
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.content {
            Content::Table(entries) => entries,
            Content::Text(_) | Content::List(_) => &[],
        }
    }

    /// The value of a key. One that is empty or `null` counts as missing, as in Kubernetes and Compose.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let value = self.entries().iter().find(|(known, _)| known.text() == Some(key)).map(|(_, value)| value)?;
        (!matches!(value.text(), Some("" | "~" | "null"))).then_some(value)
    }

    /// The value of a key inside of others.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The nodes in it, itself included, and how deeply they are nested: 0 for a scalar.
    fn size(&self) -> (usize, usize) {
        let inside: Vec<&Node> = match &self.content {
            Content::Text(_) => return (1, 0),
            Content::List(items) => items.iter().collect(),
            Content::Table(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
        };
        let (nodes, depth) = inside
            .into_iter()
            .map(Node::size)
            .fold((1, 0), |(nodes, depth), (more, deep)| (nodes + more, depth.max(deep)));
        (nodes, depth + 1)
    }
}

/// Why a text is not YAML that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{title}")]
pub struct WrongYaml {
    /// Bytes of the file.
    pub span: Range<usize>,
    /// What is wrong.
    pub title: String,
    /// What is said of the place.
    pub label: String,
}

/// Lists and tables that are open: what they have so far, where they began, and their anchor.
enum Open {
    List(Vec<Node>, usize, usize),
    Table(Vec<(Node, Node)>, Option<Node>, usize, usize),
}

/// The documents of a text that have something in them.
///
/// # Errors
/// Where it is not YAML, is nested too deeply or stands for too many nodes.
pub fn documents(text: &str) -> Result<Vec<Node>, WrongYaml> {
    let mut all = Vec::new();
    read(text, &mut |node| {
        all.extend(Some(node).filter(|node| node.text() != Some("")));
        true
    })?;
    Ok(all)
}

/// The first document of a text.
///
/// # Errors
/// As those of [`documents`]; and where there is none. What follows the first document is not read.
pub fn first(text: &str) -> Result<Node, WrongYaml> {
    let mut found = None;
    read(text, &mut |node| {
        found = Some(node);
        false
    })?;
    found.ok_or_else(|| wrong(text, 0, "the file is empty".into(), "nothing here"))
}

fn wrong(text: &str, at: usize, title: String, label: &str) -> WrongYaml {
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    WrongYaml { span: at..end, title, label: label.into() }
}

/// Hands each document to `take`, which says whether to read on.
fn read(text: &str, take: &mut dyn FnMut(Node) -> bool) -> Result<(), WrongYaml> {
    // Marks count characters.
    let starts: Vec<usize> = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
    let byte = |index: usize| starts.get(index).copied().unwrap_or(text.len());
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, (Node, usize, usize)> = HashMap::new();
    let (mut root, mut nodes) = (None, 0);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let title = format!("the file is not YAML: {}", error.info());
            wrong(text, byte(error.marker().index()), title, "cannot be read")
        })?;
        let (start, end) = (byte(span.start.index()), byte(span.end.index()));
        nodes += 1;
        let mut below = 0;
        let (done, anchor) = match event {
            Event::Scalar(value, _, anchor, _) => {
                // The mark of what ends with its line is behind the line.
                let end = start + text[start..end.max(start)].trim_end().len();
                (Some(Node { content: Content::Text(value.into_owned()), span: start..end }), anchor)
            }
            Event::SequenceStart(anchor, _) => {
                open.push(Open::List(Vec::new(), start, anchor));
                (None, 0)
            }
            Event::MappingStart(anchor, _) => {
                open.push(Open::Table(Vec::new(), None, start, anchor));
                (None, 0)
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items, start, anchor)) => {
                    (Some(Node { content: Content::List(items), span: until_end_of_line(text, start) }), anchor)
                }
                Some(Open::Table(entries, _, start, anchor)) => {
                    let content = Content::Table(merged(entries));
                    (Some(Node { content, span: until_end_of_line(text, start) }), anchor)
                }
                None => (None, 0),
            },
            Event::Alias(anchor) => {
                let Some((node, size, depth)) = anchors.get(&anchor) else {
                    let title = "an alias stands inside of what it repeats";
                    return Err(wrong(text, start, title.into(), "never ends"));
                };
                nodes += size;
                below = *depth;
                // What is refused below is not copied.
                let is_taken = nodes <= MOST && open.len() + below <= DEEPEST;
                (is_taken.then(|| node.clone()), 0)
            }
            Event::DocumentEnd => {
                if root.take().is_some_and(|node| !take(node)) {
                    return Ok(());
                }
                (None, 0)
            }
            _ => (None, 0),
        };
        if nodes > MOST {
            return Err(wrong(text, start, "the file has too many values".into(), "more than 4 million up to here"));
        }
        if open.len() + below > DEEPEST {
            return Err(wrong(text, start, "the file is nested too deeply".into(), "too deep"));
        }
        let Some(node) = done else { continue };
        if anchor > 0 {
            let (size, depth) = node.size();
            anchors.insert(anchor, (node.clone(), size, depth));
        }
        match open.last_mut() {
            None => root = Some(node),
            Some(Open::List(items, ..)) => items.push(node),
            Some(Open::Table(entries, key, ..)) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }
    Ok(())
}

/// The entries of a table with those that its merge keys (`<<`) bring; its own ones come first.
fn merged(entries: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
    let is_merge = |(key, value): &(Node, Node)| key.text() == Some("<<") && value.text().is_none();
    if !entries.iter().any(is_merge) {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_merge);
    let mut known: HashSet<Option<String>> = own.iter().map(|(key, _)| key.text().map(str::to_owned)).collect();
    for (_, value) in merges {
        let tables = if value.items().is_empty() { vec![value] } else { value.items().to_vec() };
        for (key, value) in tables.iter().flat_map(Node::entries) {
            if known.insert(key.text().map(str::to_owned)) {
                own.push((key.clone(), value.clone()));
            }
        }
    }
    own
}

/// From a byte to the end of its line: a list or a table is shown by its first line.
fn until_end_of_line(text: &str, start: usize) -> Range<usize> {
    let start = start.min(text.len());
    start..text[start..].find('\n').map_or(text.len(), |length| start + length)
}

/// The bytes of the file in which a part of a scalar's text stands; the scalar begins at byte `start`. None where the file
/// writes a character of the text by its code, such as `\x41`.
pub fn place(file: &str, start: usize, text: &str, part: &Range<usize>) -> Option<Range<usize>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_apart_and_empty_ones_left_out() {
        let text = "# nothing\n---\na: 1\n---\n---\nb:\n  - é\n  - {c: null}\n...\n";
        let all = documents(text).unwrap();
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!(all[0].get("a").and_then(Node::text), Some("1"));
        let list = all[1].get("b").unwrap().items();
        assert_eq!(&text[list[0].span.clone()], "é");
        assert!(list[1].get("c").is_none());
    }

    #[test]
    fn aliases_and_merge_keys_are_in_their_places() {
        let text = "x: &base {image: a, cpus: 1}\ny:\n  <<: *base\n  cpus: 2\nz: {<<: [*base, {n: 3}]}\n";
        let root = first(text).unwrap();
        let value = |path: &[&str]| root.at(path).and_then(Node::text).map(str::to_owned);
        assert_eq!(value(&["y", "image"]).as_deref(), Some("a"));
        assert_eq!(value(&["y", "cpus"]).as_deref(), Some("2"));
        assert_eq!(value(&["z", "n"]).as_deref(), Some("3"));
    }

    #[test]
    fn few_lines_that_stand_for_billions_are_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..12 {
            text += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "));
        }
        assert!(documents(&text).unwrap_err().title.contains("too many values"));
        assert!(documents("a: &a [*a]\n").is_err());
    }

    #[test]
    fn aliases_cannot_nest_deeper_than_brackets() {
        let deep = |levels: usize| {
            let (begin, end) = ("[".repeat(levels), "]".repeat(levels));
            documents(&format!("a: &a {begin}x{end}\nb: {begin}*a{end}\n")).map_err(|wrong| wrong.title)
        };
        assert!(deep(24).is_ok());
        assert_eq!(deep(30).unwrap_err(), "the file is nested too deeply");
    }
}
