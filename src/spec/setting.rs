//! Overrides: a path, a value, and how they change what was written.

use std::ops::Range;
use std::sync::Arc;

use super::form::Form;
use super::mistake::{Mistake, Mistakes};
use super::path::{Path, Segment, Target, Written};
use super::source::Source;
use super::tree::{Kind, Place, Tree};

/// What overrides change: a model and its load.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub model: Tree,
    pub load: Option<Tree>,
}

/// An override.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub path: Written,
    pub value: Tree,
}

impl Setting {
    /// Reads the override of a `set` table's entry. A table of tables, which is what dotted keys without quotes make,
    /// names several.
    pub fn entry(key: &str, value: &Tree) -> Result<Vec<Self>, Mistake> {
        let place = &value.place;
        let span = place.key.clone().unwrap_or_else(|| place.value.clone());
        let path = Written::parse(key, &place.source, span.clone())?;
        if path.only().is_none() || !matches!(value.kind, Kind::Table(_)) || unset(value) {
            return Ok(vec![Self { path, value: value.clone() }]);
        }
        let mut settings = Vec::new();
        unfold(&mut vec![(key, span)], value, Form::of("Model").field(key).unwrap_or(&Form::Any), &mut settings);
        Ok(settings)
    }

    /// Reads an override from the command line: `path`, `value`. A value that is no TOML is taken as a string, so that
    /// `cpu=500m` needs no quotes.
    pub fn argument(path: &str, value: &str) -> Result<Self, Mistakes> {
        let source = Source::argument(&format!("{path}={value}"));
        let start = path.len() + 1;
        let path = Written::parse(path, &source, 0..path.len())?;
        let value = match Tree::value(&source, start) {
            Ok(tree) => tree,
            Err(mistakes) if value.trim_start().starts_with(['"', '\'', '[', '{']) => return Err(mistakes),
            Err(_) => Tree {
                place: Place { source: Arc::clone(&source), key: None, value: start..source.text.len() },
                kind: Kind::Text(value.trim().into()),
            },
        };
        let mut value = value;
        value.place.key = Some(path.span.clone());
        Ok(Self { path, value })
    }

    /// What this override's path leads to, and whether that is in the load.
    pub fn target(&self, subject: &Subject) -> Result<(Target, bool), Mistake> {
        target(&self.path, subject, matches!(self.value.kind, Kind::Table(_)) && !unset(&self.value))
    }

    /// Changes the subject.
    pub fn apply(&self, subject: &mut Subject) -> Result<(), Mistake> {
        let (target, in_load) = self.target(subject)?;
        let root = match (&mut subject.load, in_load) {
            (Some(load), true) => load,
            _ => &mut subject.model,
        };
        let mut value = self.value.clone();
        value.place.key.get_or_insert_with(|| self.path.span.clone());
        if !unset(&value) {
            put(root, &target.path, value);
            return Ok(());
        }
        if target.required {
            let mistake = Mistake::new(format!("`{}` cannot be unset: it is required", self.path.text));
            return Err(value.place.mark_value(mistake, "takes the key away"));
        }
        if target.exists {
            remove(root, &target.path);
        }
        Ok(())
    }
}

/// What a path leads to, and whether that is in the load.
pub(crate) fn target(path: &Written, subject: &Subject, table: bool) -> Result<(Target, bool), Mistake> {
    let Some(below) = path.below("load") else {
        return path.resolve(&subject.model, Form::of("Model"), table).map(|target| (target, false));
    };
    let span = path.span.clone();
    if below.is_empty() {
        return Err(Mistake::new("a load is not set as a whole")
            .mark(&path.source, span, "names the whole load")
            .help("name a key of the load, such as `load.concurrency`"));
    }
    match &subject.load {
        Some(load) => below.resolve(load, Form::of("Load"), table).map(|target| (target, true)),
        None => Err(Mistake::new(format!("there is no load for `{}` to change", path.text))
            .mark(&path.source, span, "names a key of the load")
            .help("add a `[load]` table to the experiment or to the model")),
    }
}

/// Whether a value is `{ unset = true }`, which takes the key away.
pub(crate) fn unset(value: &Tree) -> bool {
    matches!(value.entries(), [(key, Tree { kind: Kind::Truth(true), .. })] if key == "unset")
}

/// Collects the values of nested tables that follow the tables of a model.
fn unfold<'a>(keys: &mut Vec<(&'a str, Range<usize>)>, value: &'a Tree, form: &Form, settings: &mut Vec<Setting>) {
    let is_way = matches!(form.resolve(), Form::Record { .. } | Form::Map(_)) && !unset(value);
    match &value.kind {
        Kind::Table(entries) if is_way => {
            for (key, value) in entries {
                keys.push((key, value.place.key.clone().unwrap_or_else(|| value.place.value.clone())));
                unfold(keys, value, form.field(key).unwrap_or(&Form::Any), settings);
                keys.pop();
            }
        }
        _ => settings.push(Setting { path: Written::keys(keys, &value.place.source), value: value.clone() }),
    }
}

/// Puts a value where the path leads, making tables on the way.
fn put(root: &mut Tree, path: &Path, value: Tree) {
    let mut node = root;
    for segment in &path.0 {
        node = match (segment, &mut node.kind) {
            (Segment::Index(index), Kind::List(elements)) => match elements.get_mut(*index) {
                Some(element) => element,
                None => return,
            },
            (Segment::Key(key), Kind::Table(entries)) => {
                let at = entries.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
                    entries.push((key.clone(), Tree { place: value.place.clone(), kind: Kind::Table(Vec::new()) }));
                    entries.len() - 1
                });
                &mut entries[at].1
            }
            _ => return,
        };
    }
    *node = value;
}

fn remove(root: &mut Tree, path: &Path) {
    let Some((Segment::Key(key), above)) = path.0.split_last() else { return };
    let mut node = root;
    for segment in above {
        let below = match (segment, &mut node.kind) {
            (Segment::Index(index), Kind::List(elements)) => elements.get_mut(*index),
            (Segment::Key(key), Kind::Table(entries)) => {
                entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        };
        match below {
            Some(below) => node = below,
            None => return,
        }
    }
    if let Kind::Table(entries) = &mut node.kind {
        entries.retain(|(name, _)| name != key);
    }
}

/// The place that a path leads to, or that of the nearest value above it; the flag says whether it was found itself.
pub(crate) fn place<'a>(root: &'a Tree, path: &Path) -> (&'a Place, bool) {
    let mut node = root;
    for segment in &path.0 {
        let below = match segment {
            Segment::Index(index) => node.elements().get(*index),
            Segment::Key(key) => node.get(key),
        };
        match below {
            Some(below) => node = below,
            None => return (&node.place, false),
        }
    }
    (&node.place, true)
}

/// The place of a span in a source, for values that were computed.
pub(crate) fn computed(kind: Kind, source: &Arc<Source>, key: Option<Range<usize>>, value: Range<usize>) -> Tree {
    Tree { place: Place { source: Arc::clone(source), key, value }, kind }
}

/// The value that a path leads to.
pub(crate) fn value<'a>(root: &'a Tree, path: &Path) -> Option<&'a Tree> {
    path.0.iter().try_fold(root, |node, segment| match segment {
        Segment::Index(index) => node.elements().get(*index),
        Segment::Key(key) => node.get(key),
    })
}

#[cfg(test)]
mod tests;
