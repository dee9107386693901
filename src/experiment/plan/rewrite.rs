//! A model's file with other numbers: only they and their provenance change, comments and layout stay.

use std::ops::Range;

use super::ranged::Ranged;
use super::workbench::Workbench;
use crate::language::setting::value as value_at;
use crate::language::tree::{NodeKind, Tree};
use crate::language::{Mistakes, Source};

/// A number with its new value and range.
#[derive(Clone, Copy, Debug)]
pub struct Renewed<'a> {
    /// The number.
    pub ranged: &'a Ranged,
    /// Its value.
    pub value: f64,
    /// The ends of its range.
    pub range: [f64; 2],
}

impl Workbench {
    /// The text of the model's file with these numbers, calibrated for this reason, and the paths that it does not set: a load
    /// that the experiment replaces is none of the model's.
    ///
    /// # Errors
    /// Where the file cannot be read again.
    pub fn rewritten(&self, numbers: &[Renewed], reason: &str) -> Result<(String, Vec<String>), Mistakes> {
        let own = usize::from(self.experiment.is_some());
        let path = self.plan.inputs().get(own).cloned().unwrap_or_default();
        let source = Source::read(&path)?;
        let tree = Tree::document(&source)?;
        let provenance = tree.get("provenance").map(Tree::entries).unwrap_or_default();
        let mut changes: Vec<(Range<usize>, String)> = Vec::new();
        let (mut missing, mut entries) = (Vec::new(), String::new());
        for number in numbers {
            let dial = &number.ranged.dial;
            let root = if dial.in_model { Some(&tree) } else { tree.get("load") };
            let Some(node) = root.and_then(|root| value_at(root, &dial.ways[0].target.0)) else {
                missing.push(dial.path.clone());
                continue;
            };
            let written = |value: f64| Tree { place: node.place.clone(), kind: dial.kind(value) }.written();
            changes.push((node.place.value.clone(), written(number.value)));
            let [low, high] = number.range.map(written);
            let reason = Tree { place: node.place.clone(), kind: NodeKind::Text(reason.into()) }.written();
            let entry = format!("{{ calibrated = {reason}, range = [{low}, {high}] }}");
            match provenance.iter().find(|(path, _)| *path == dial.path) {
                Some((_, known)) => changes.push((known.place.value.clone(), entry)),
                None => entries += &format!("\n{:?} = {entry}", dial.path),
            }
        }
        if !entries.is_empty() {
            let (at, entries) = match provenance.iter().map(|(_, entry)| entry.place.value.end).max() {
                Some(end) => (end, entries),
                None => (source.text.len(), format!("\n[provenance]{entries}\n")),
            };
            changes.push((at..at, entries));
        }
        // From the end, so that places before stay right; at one place in the order of their texts.
        changes.sort_by_key(|(range, _)| std::cmp::Reverse((range.start, range.end)));
        let mut text = source.text.clone();
        for (range, new) in changes {
            text.replace_range(range, &new);
        }
        Ok((text, missing))
    }
}
