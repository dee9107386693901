//! Overrides: a path, a value, and how they change what was written.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::constants;
use super::form::Form;
use super::mistake::{Mistake, Mistakes};
use super::path::{Path, Segment, Target, Written};
use super::source::Source;
use super::tree::{NodeKind, Place, Tree};

/// What overrides change: a model and its load.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub model: Tree,
    pub load: Option<Tree>,
}

impl Subject {
    /// The subject with its constants in their places.
    pub fn expanded(&self) -> Result<Self, Mistakes> {
        let model = constants::expanded(&self.model, &self.model)?.into_owned();
        let load = self.load.as_ref().map(|load| constants::expanded(load, &self.model)).transpose()?;
        Ok(Self { model, load: load.map(Cow::into_owned) })
    }
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
        if path.only().is_none() || !matches!(value.kind, NodeKind::Table(_)) || unset(value) {
            return Ok(vec![Self { path, value: value.clone() }]);
        }
        if replaces(value).is_some() {
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
                kind: NodeKind::Text(value.trim().into()),
            },
        };
        let mut value = value;
        value.place.key = Some(path.span.clone());
        Ok(Self { path, value })
    }

    /// What this override's path leads to, and whether that is in the load.
    pub fn target(&self, subject: &Subject) -> Result<(Target, bool), Mistake> {
        target(&self.path, subject, matches!(self.value.kind, NodeKind::Table(_)) && !unset(&self.value))
    }

    /// Changes the subject. A table is merged into the one that is there, key by key; see [`merge`].
    pub fn apply(&self, subject: &mut Subject) -> Result<(), Mistake> {
        let (target, in_load) = self.target(subject)?;
        let root = match (&mut subject.load, in_load) {
            (Some(load), true) => load,
            _ => &mut subject.model,
        };
        let mut value = self.value.clone();
        value.place.key.get_or_insert_with(|| self.path.span.clone());
        if unset(&value) {
            if target.required {
                let mistake = Mistake::new(format!("`{}` cannot be unset: it is required", self.path.text));
                return Err(value.place.mark_value(mistake, "takes the key away"));
            }
            if target.exists {
                remove(root, &target.path);
            }
            return Ok(());
        }
        let Some(node) = make(root, &target.path, &value.place) else { return Ok(()) };
        if target.one_of {
            self.refuse_step(&target, &value)?;
            return replace(node, value, target.form);
        }
        merge(node, value, target.form)
    }

    /// Refuses a whole step where a path by kind leads to what a step of this kind has.
    fn refuse_step(&self, target: &Target, value: &Tree) -> Result<(), Mistake> {
        let [above @ .., Segment::Index(_), Segment::Key(kind)] = target.path.0.as_slice() else { return Ok(()) };
        let step = Form::of("Step");
        let ([(key, _)], Some(_)) = (value.entries(), step.field(kind)) else { return Ok(()) };
        if step.field(key).is_none() || target.form.field(key).is_some() {
            return Ok(());
        }
        let index = &target.path.0[above.len()];
        let whole = Path(above.iter().chain([index]).cloned().collect());
        let title = format!("`{}` names a part of the `{kind}` step, but this is a whole `{key}` step", self.path.text);
        let mistake = self.value.place.mark_value(Mistake::new(title), format!("not part of a `{kind}` step"));
        Err(mistake.help(format!("name the place of the step to replace it: `{whole}`")))
    }

    /// The paths of the values that it changes, and whether each is in the load: of a table that is merged those of its
    /// values, else its own.
    pub fn leaves(&self, subject: &Subject) -> Result<Vec<(Path, bool)>, Mistake> {
        let (target, in_load) = self.target(subject)?;
        let mut paths = Vec::new();
        match target.one_of || unset(&self.value) {
            true => paths.push(target.path),
            false => leaves(target.path, &self.value, target.form, &mut paths),
        }
        Ok(paths.into_iter().map(|path| (path, in_load)).collect())
    }
}

fn leaves(path: Path, value: &Tree, form: &Form, paths: &mut Vec<Path>) {
    if !is_merged(value, form) || value.entries().is_empty() {
        paths.push(path);
        return;
    }
    for (key, value) in value.entries().iter().filter(|(key, _)| key != REPLACE) {
        leaves(path.key(key), value, form.field(key).unwrap_or(&Form::Any), paths);
    }
}

/// What a path leads to, and whether that is in the load.
pub(crate) fn target(path: &Written, subject: &Subject, table: bool) -> Result<(Target, bool), Mistake> {
    let Some(below) = path.below("load") else {
        let mut target = path.resolve(&subject.model, Form::of("Model"), table)?;
        if let [Segment::Key(table), Segment::Key(name)] = target.path.0.as_slice()
            && table == constants::KEY
        {
            // A constant is what the places want where it is used.
            target.form = constants::form(name, &subject.model, subject.load.as_ref());
        }
        return Ok((target, false));
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
    matches!(value.entries(), [(key, Tree { kind: NodeKind::Truth(true), .. })] if key == "unset")
}

/// The key by which a table says that it replaces the whole table that is there: `{ replace = true, ... }`.
const REPLACE: &str = "replace";

/// What a table says about replacing, if it says anything.
fn replaces(value: &Tree) -> Option<bool> {
    match value.get(REPLACE)?.kind {
        NodeKind::Truth(replaces) => Some(replaces),
        _ => None,
    }
}

/// Whether a value is merged into what is there: a table with keys of a record or of the author's choice. Arrays and
/// single values replace what is there, and so does a table that is one of several kinds (a step, a distribution): the
/// keys of one kind mean nothing to another.
fn is_merged(value: &Tree, form: &Form) -> bool {
    matches!(value.kind, NodeKind::Table(_)) && matches!(form.resolve(), Form::Record { .. } | Form::Map(_))
}

/// Merges a value into a node, key by key and table by table. Keys that the value does not name stay as they are;
/// `{ unset = true }` takes one away, and `replace = true` in a table takes away all that the table does not name.
fn merge(node: &mut Tree, value: Tree, form: &Form) -> Result<(), Mistake> {
    if !is_merged(&value, form) || replaces(&value) == Some(true) {
        return replace(node, value, form);
    }
    if !matches!(node.kind, NodeKind::Table(_)) {
        *node = Tree { place: value.place.clone(), kind: NodeKind::Table(Vec::new()) };
    }
    let (NodeKind::Table(known), NodeKind::Table(entries)) = (&mut node.kind, value.kind) else { return Ok(()) };
    for (key, value) in entries {
        if key == REPLACE && matches!(value.kind, NodeKind::Truth(_)) {
            continue;
        }
        let at = known.iter().position(|(name, _)| *name == key);
        if unset(&value) {
            let is_required = matches!(form.resolve(), Form::Record { fields, .. }
                if fields.iter().any(|field| field.required && field.name == key));
            if is_required {
                let mistake = Mistake::new(format!("`{key}` cannot be unset: it is required"));
                return Err(value.place.mark_value(mistake, "takes the key away"));
            }
            at.map(|at| known.remove(at));
            continue;
        }
        let at = at.unwrap_or_else(|| {
            known.push((key.clone(), Tree { place: value.place.clone(), kind: NodeKind::Truth(false) }));
            known.len() - 1
        });
        merge(&mut known[at].1, value, form.field(&key).unwrap_or(&Form::Any))?;
    }
    Ok(())
}

/// Replaces a node. What a table says about merging is not part of it.
fn replace(node: &mut Tree, mut value: Tree, form: &Form) -> Result<(), Mistake> {
    if !is_merged(&value, form) {
        *node = value;
        return Ok(());
    }
    if let NodeKind::Table(entries) = &mut value.kind {
        entries.retain(|(key, value)| key != REPLACE || !matches!(value.kind, NodeKind::Truth(_)));
    }
    *node = Tree { place: value.place.clone(), kind: NodeKind::Table(Vec::new()) };
    merge(node, value, form)
}

/// Collects the values of nested tables that follow the tables of a model.
fn unfold<'a>(keys: &mut Vec<(&'a str, Range<usize>)>, value: &'a Tree, form: &Form, settings: &mut Vec<Setting>) {
    let is_way =
        matches!(form.resolve(), Form::Record { .. } | Form::Map(_)) && !unset(value) && replaces(value).is_none();
    match &value.kind {
        NodeKind::Table(entries) if is_way => {
            for (key, value) in entries {
                keys.push((key, value.place.key.clone().unwrap_or_else(|| value.place.value.clone())));
                unfold(keys, value, form.field(key).unwrap_or(&Form::Any), settings);
                keys.pop();
            }
        }
        _ => settings.push(Setting { path: Written::keys(keys, &value.place.source), value: value.clone() }),
    }
}

/// The node that a path leads to; it and the tables on the way are made where they are not there, with this place.
fn make<'a>(root: &'a mut Tree, path: &Path, place: &Place) -> Option<&'a mut Tree> {
    let mut node = root;
    for segment in &path.0 {
        node = match (segment, &mut node.kind) {
            (Segment::Index(index), NodeKind::List(elements)) => elements.get_mut(*index)?,
            (Segment::Key(key), NodeKind::Table(entries)) => {
                let at = entries.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
                    entries.push((key.clone(), Tree { place: place.clone(), kind: NodeKind::Table(Vec::new()) }));
                    entries.len() - 1
                });
                &mut entries[at].1
            }
            _ => return None,
        };
    }
    Some(node)
}

fn remove(root: &mut Tree, path: &Path) {
    let Some((Segment::Key(key), above)) = path.0.split_last() else { return };
    let mut node = root;
    for segment in above {
        let below = match (segment, &mut node.kind) {
            (Segment::Index(index), NodeKind::List(elements)) => elements.get_mut(*index),
            (Segment::Key(key), NodeKind::Table(entries)) => {
                entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        };
        match below {
            Some(below) => node = below,
            None => return,
        }
    }
    if let NodeKind::Table(entries) = &mut node.kind {
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
pub(crate) fn computed(kind: NodeKind, source: &Arc<Source>, key: Option<Range<usize>>, value: Range<usize>) -> Tree {
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
