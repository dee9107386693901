//! Paths: how `set`, axes and `--set` name a value. `services.user-service.endpoints.register.steps.query#2.time` is
//! the `time` of the second `query` of a list of steps; `steps[3]` and `steps.3` count from 0; a name with a dot is
//! quoted.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::foreign;
use super::form::Form;
use super::mistake::Mistake;
use super::names::Names;
use super::source::Source;
use super::tree::{NodeKind, Tree};

/// The way to a value: keys and indices.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Segment>);

/// One step of the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// Under this key of a table.
    Key(String),
    /// This element of an array.
    Index(usize),
}

impl Path {
    /// The path of a value under this key of what this path names.
    pub(crate) fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.into()))
    }

    pub(crate) fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) => {
                    f.write_str(if i == 0 { "" } else { "." })?;
                    if key.is_empty() || key.contains(['.', '[', ']', '"', '#', ' ']) {
                        write!(f, "\"{key}\"")?;
                    } else {
                        f.write_str(key)?;
                    }
                }
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A path as written, each part with its place.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub source: Arc<Source>,
    /// Where the whole path stands.
    pub span: Range<usize>,
    pub text: String,
    /// The path lies in the load, and its parts are those below it.
    in_load: bool,
    parts: Vec<Placed>,
}

/// A part and its place.
type Placed = (Part, Range<usize>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// A key, an index, or a kind of step.
    Name(String),
    /// A key, whatever it looks like.
    Quoted(String),
    /// An index.
    Index(usize),
    /// The nth of its kind of step, counted from 1.
    Nth(String, usize),
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) struct Target {
    pub path: Path,
    pub form: &'static Form,
    /// Whether the model names it: if not, it is a key that may be added.
    pub exists: bool,
    /// Whether the key must not be left out.
    pub required: bool,
    /// Whether it is the body of a one-of: what a step or a distribution has under the key that says which it is.
    pub one_of: bool,
}

impl Written {
    /// Reads a path. `span` is its place in the source, with or without quotes around it.
    pub fn parse(text: &str, source: &Arc<Source>, span: Range<usize>) -> Result<Self, Mistake> {
        let span = source.clamp(&span);
        let raw = &source.text[span.clone()];
        // Where the text stands as it is (perhaps in quotes), each part has a place of its own.
        let start = match raw.find(text) {
            Some(at) if raw.len() - text.len() <= 2 => Some(span.start + at),
            _ => None,
        };
        let place = |part: Range<usize>| match start {
            Some(start) => part.start + start..part.end + start,
            None => span.clone(),
        };
        let parts = split(text).map_err(|(part, title)| {
            Mistake::new(format!("the path `{text}` cannot be read: {title}")).mark(source, place(part), "").help(
                "write a path such as `services.shop.pools.main.max_size` or `services.shop.endpoints.buy.steps[0].cpu`",
            )
        })?;
        let parts = parts.into_iter().map(|(part, at)| (part, place(at))).collect();
        Ok(Self { source: Arc::clone(source), span, text: text.into(), in_load: false, parts })
    }

    /// The path that the keys of nested tables spell, each with its place.
    pub fn keys(keys: &[(&str, Range<usize>)], source: &Arc<Source>) -> Self {
        let path = Path(keys.iter().map(|(key, _)| Segment::Key((*key).into())).collect());
        Self {
            source: Arc::clone(source),
            span: keys.last().map_or(0..0, |(_, span)| span.clone()),
            text: path.to_string(),
            in_load: false,
            parts: keys.iter().map(|(key, span)| (Part::Name((*key).into()), span.clone())).collect(),
        }
    }

    /// The path below its first part, if that is this name.
    pub fn below(&self, first: &str) -> Option<Self> {
        match self.parts.split_first() {
            Some(((Part::Name(name), _), rest)) if name == first => {
                Some(Self { parts: rest.to_vec(), in_load: first == "load", ..self.clone() })
            }
            _ => None,
        }
    }

    /// A path from the root of what this path leads through, for messages.
    fn whole(&self, path: &Path) -> Path {
        let mut whole = if self.in_load { Path::default().key("load") } else { Path::default() };
        whole.0.extend(path.0.iter().cloned());
        whole
    }

    /// The first part, if it is all there is.
    pub fn only(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [(Part::Name(name) | Part::Quoted(name), _)] => Some(name),
            _ => None,
        }
    }

    /// Whether there is no part left.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Finds what the path leads to in a tree of this form. The last key may be one that the tree does not have but
    /// may have; `table` says that a table will be put there, so that it may even be a new entry of the author's.
    pub fn resolve(&self, root: &Tree, form: &'static Form, table: bool) -> Result<Target, Mistake> {
        let mut target = Target { path: Path::default(), form, exists: true, required: true, one_of: false };
        let mut node = Some(root);
        for (i, (part, span)) in self.parts.iter().enumerate() {
            let last = i + 1 == self.parts.len();
            let here = Here { written: self, span, path: self.whole(&target.path), above: target.form };
            let mut one_of = false;
            let (segment, form, required) = match (target.form.as_written(node), node.map(|node| &node.kind)) {
                (Form::List { .. }, Some(NodeKind::List(elements))) => {
                    let form = target.form.element().unwrap_or(&Form::Any);
                    match here.element(elements, part)? {
                        (index, None) => (Segment::Index(index), form, true),
                        (index, Some(kind)) => {
                            target.path.0.push(Segment::Index(index));
                            node = elements.get(index);
                            one_of = true;
                            let form = form.field(&kind).unwrap_or(&Form::Any);
                            (Segment::Key(kind), form, true)
                        }
                    }
                }
                (Form::Record { fields, .. }, _) => {
                    let name = here.name(part)?;
                    let Some(field) = fields.iter().find(|field| field.name == name) else {
                        return Err(here.unknown(name, target.form.keys(), "key"));
                    };
                    (Segment::Key(name.into()), &field.form, field.required)
                }
                (Form::Map(of), _) => {
                    let name = here.name(part)?;
                    let known = node.map(Tree::entries).unwrap_or_default();
                    let is_known = known.iter().any(|(key, _)| key == name);
                    let may_be_new = last && table;
                    if !is_known && !may_be_new {
                        return Err(here.unknown(name, Names::new(known.iter().map(|(key, _)| key.as_str())), "entry"));
                    }
                    (Segment::Key(name.into()), &**of, false)
                }
                (Form::Choice { .. } | Form::Distribution(_), Some(NodeKind::Table(entries))) => {
                    let name = here.name(part)?;
                    if !entries.iter().any(|(key, _)| key == name) {
                        return Err(here.unknown(name, Names::new(entries.iter().map(|(key, _)| key.as_str())), "key"));
                    }
                    one_of = true;
                    (Segment::Key(name.into()), target.form.field(name).unwrap_or(&Form::Any), true)
                }
                (form, _) => {
                    let written = node.map(Tree::written).filter(|text| text.chars().count() < 40);
                    let is = written.map_or(form.expected(), |text| format!("`{text}`"));
                    return Err(here
                        .refuse(format!("the path continues after `{}`, which is {is}", here.path), "no such part")
                        .help(format!("set `{}` as a whole", here.path)));
                }
            };
            node = match &segment {
                Segment::Key(key) => node.and_then(|node| node.get(key)),
                Segment::Index(index) => node.and_then(|node| node.elements().get(*index)),
            };
            target.path.0.push(segment);
            target.form = form;
            target.required = required;
            target.one_of = one_of;
            target.exists = node.is_some();
            let continues = matches!(form.resolve(), Form::Record { .. } | Form::Map(_));
            if node.is_none() && !last && !continues {
                let here = Here { written: self, span, path: self.whole(&target.path), above: form };
                return Err(here
                    .refuse(format!("`{}` is not set in the model", here.path), "not there")
                    .help(format!("set `{}` as a whole: it is {}", here.path, form.expected())));
            }
        }
        Ok(target)
    }
}

/// A part of a path in the moment of its resolution.
struct Here<'a> {
    written: &'a Written,
    span: &'a Range<usize>,
    path: Path,
    above: &'static Form,
}

impl Here<'_> {
    fn refuse(&self, title: impl Into<String>, label: &str) -> Mistake {
        Mistake::new(title).mark(&self.written.source, self.span.clone(), label)
    }

    fn name<'p>(&self, part: &'p Part) -> Result<&'p str, Mistake> {
        match part {
            Part::Name(name) | Part::Quoted(name) => Ok(name),
            Part::Index(_) => Err(self.refuse(format!("`{}` is a table and has no elements", self.path), "an index")),
            Part::Nth(..) => {
                Err(self.refuse(format!("`{}` is not a list of steps", self.path), "counts steps of a kind"))
            }
        }
    }

    /// The path from this part on, which is `name`.
    fn rest(&self, name: &str) -> String {
        let parts = self.written.parts.iter().skip_while(|(_, span)| span != self.span).skip(1);
        let names = parts.map_while(|(part, _)| match part {
            Part::Name(name) | Part::Quoted(name) => Some(name.as_str()),
            Part::Index(_) | Part::Nth(..) => None,
        });
        std::iter::once(name).chain(names).collect::<Vec<_>>().join(".")
    }

    fn unknown(&self, name: &str, names: Names<'_>, what: &str) -> Mistake {
        let place = match self.path.0.as_slice() {
            [] => "the model".into(),
            [Segment::Key(key)] if self.written.in_load && key == "load" => "the load".into(),
            _ => format!("`{}`", self.path),
        };
        let mistake = self.refuse(
            format!("the path `{}` does not exist", self.written.text),
            &format!("{place} has no {what} `{name}`"),
        );
        match self.above.resolve() {
            _ if names.is_empty() => mistake.note(format!("{place} is empty")),
            Form::Record { noun, .. } => {
                match foreign::advice(&self.rest(name), noun).or_else(|| foreign::advice(name, noun)) {
                    Some(advice) => mistake.help(advice).known_keys(&names, "key", noun, name),
                    None => mistake.advise_keys(names, "key", noun, name),
                }
            }
            _ => mistake.advise(names, &format!("{what} of {place}"), name),
        }
    }

    /// The index of the element that a part names, and then, if it was named by its kind, this kind.
    fn element(&self, elements: &[Tree], part: &Part) -> Result<(usize, Option<String>), Mistake> {
        let index = match part {
            Part::Index(index) => Some(*index),
            Part::Name(name) => name.parse().ok(),
            _ => None,
        };
        if let Some(index) = index {
            if index < elements.len() {
                return Ok((index, None));
            }
            let title = format!("`{}` has no element {index}", self.path);
            let mistake = self.refuse(title, "out of range");
            return Err(match elements.len() {
                0 => mistake.note("it is empty"),
                count => mistake.note(format!("it has {count}, counted from 0 to {}", count - 1)),
            });
        }
        let (kind, nth) = match part {
            Part::Nth(kind, nth) => (kind, Some(*nth)),
            Part::Name(kind) | Part::Quoted(kind) => (kind, None),
            Part::Index(_) => return Err(self.refuse("this is not an element", "")),
        };
        let alike: Vec<usize> = (0..elements.len()).filter(|&i| sole_key(&elements[i]) == Some(kind)).collect();
        match (alike.as_slice(), nth) {
            ([], _) => Err(self.unknown(kind, Names::new(elements.iter().filter_map(sole_key)), "step")),
            (&[index], None) => Ok((index, Some(kind.clone()))),
            (many, None) => {
                let ways: Vec<String> = (1..=many.len().min(3)).map(|n| format!("`{kind}#{n}`")).collect();
                Err(self
                    .refuse(
                        format!("`{kind}` names {} steps of `{}`", many.len(), self.path),
                        &format!("which `{kind}` is meant?"),
                    )
                    .help(format!("count them: {}{}", ways.join(", "), if many.len() > 3 { " ..." } else { "" })))
            }
            (many, Some(nth)) => match nth.checked_sub(1).and_then(|i| many.get(i)) {
                Some(&index) => Ok((index, Some(kind.clone()))),
                None => Err(self
                    .refuse(format!("`{}` has no `{kind}` number {nth}", self.path), "out of range")
                    .note(format!("it has {} `{kind}`, counted from 1", many.len()))),
            },
        }
    }
}

fn sole_key(tree: &Tree) -> Option<&str> {
    match tree.entries() {
        [(key, _)] => Some(key),
        _ => None,
    }
}

/// The parts of a path, each with its place in the text; or where it cannot be read, and why.
fn split(text: &str) -> Result<Vec<Placed>, (Range<usize>, &'static str)> {
    let mut parts = Vec::new();
    let mut at = 0;
    if text.is_empty() {
        return Err((0..0, "it is empty"));
    }
    loop {
        let rest = &text[at..];
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').map(|end| at + 1 + end).ok_or((at..text.len(), "a quote is not closed"))?;
            parts.push((Part::Quoted(text[at + 1..end].into()), at..end + 1));
            at = end + 1;
        } else {
            let end = rest.find(['.', '[', ']', '"']).map_or(text.len(), |end| at + end);
            let name = &text[at..end];
            if name.is_empty() {
                return Err((at..at + usize::from(at < text.len()), "a name is missing"));
            }
            let part = match name.split_once('#') {
                None => Part::Name(name.into()),
                Some((kind, nth)) => {
                    let nth = nth.parse().map_err(|_| (at..end, "`#` counts steps of a kind, as in `query#2`"))?;
                    Part::Nth(kind.into(), nth)
                }
            };
            parts.push((part, at..end));
            at = end;
        }
        while text[at..].starts_with('[') {
            let end = text[at..].find(']').map(|end| at + end).ok_or((at..text.len(), "a bracket is not closed"))?;
            let index = text[at + 1..end].trim().parse();
            parts.push((Part::Index(index.map_err(|_| (at..end + 1, "brackets hold an index"))?), at..end + 1));
            at = end + 1;
        }
        match text[at..].chars().next() {
            None => return Ok(parts),
            Some('.') => at += 1,
            Some(c) => return Err((at..at + c.len_utf8(), "a dot is missing")),
        }
    }
}
