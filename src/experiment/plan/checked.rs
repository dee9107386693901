//! What `sim check` finds in files that are right: what each variant changes, and what is probably not meant.

use std::collections::BTreeSet;

use super::design::Plan;
use super::effort::too_few_to_exclude;
use super::patience::never_missed;
use super::point::Design;
use super::workbench::Workbench;
use crate::language::difference::differences;
use crate::language::path::{Path, Segment};
use crate::language::setting::{Setting, Subject, place};
use crate::language::tree::Tree;
use crate::language::unused::{Doubt, alike, blunt, crowded, hurried, too_fine, unused, unused_constants};
use crate::language::{Difference, Mistake, Mistakes, Model};

/// A file that is right.
#[derive(Debug)]
pub struct Checked {
    /// What it would run; none of a model without a load.
    pub plan: Option<Plan>,
    /// What all variants change against the model (the experiment's own `set`).
    pub shared: Vec<Difference>,
    /// For each variant its name and what it changes beside that. Empty where nothing is varied.
    pub variants: Vec<(String, Vec<Difference>)>,
    /// What is allowed and probably not meant.
    pub warnings: Vec<Mistake>,
}

impl Checked {
    /// What is found in an experiment, or in a model with a load.
    pub(super) fn of(bench: Workbench) -> Self {
        let shared = between(&bench.bare, &bench.subject);
        let changes = |design: &Design| {
            let changed = varied(&bench.subject, design).map(|varied| between(&bench.subject, &varied));
            (design.name.clone(), changed.unwrap_or_default())
        };
        let variants: Vec<_> = bench.designs.iter().map(changes).collect();
        let is_plain = variants.len() == 1 && variants[0].1.is_empty();
        let warnings = bench.warnings(true);
        Self { plan: Some(bench.plan), shared, variants: if is_plain { Vec::new() } else { variants }, warnings }
    }

    /// What is found in a model without a load.
    pub(super) fn bare(subject: &Subject) -> Self {
        Self {
            plan: None,
            shared: Vec::new(),
            variants: Vec::new(),
            warnings: doubts(std::slice::from_ref(subject), true),
        }
    }
}

impl Workbench {
    /// What is allowed in the experiment or the model and probably not meant: parts that no step uses in any variant,
    /// pools that may open more connections than their database takes, bounds that no answer can miss; and, if `all` are
    /// asked for, endpoints that nothing calls, which is natural in a model that several experiments use.
    pub fn warnings(&self, all: bool) -> Vec<Mistake> {
        let mut subjects = Vec::new();
        for design in &self.designs {
            let Ok(base) = varied(&self.subject, design) else { continue };
            // Of an axis of sizes one of the ends has the most connections.
            for last in [false, true] {
                let mut subject = base.clone();
                for (ready, choices) in self.axes.iter().zip(&design.choices) {
                    let index = if last { choices.last() } else { choices.first() };
                    let settings = index.and_then(|&index| ready.settings.get(index)).into_iter().flatten();
                    settings.for_each(|setting| drop(setting.apply(&mut subject)));
                }
                subjects.push(subject);
            }
        }
        let mut doubts = doubts(&subjects, all);
        doubts.extend(too_few_to_exclude(&self.tree, &self.plan));
        doubts.extend(never_missed(&self.tree, &self.plan));
        doubts.extend(self.without_effect());
        doubts
    }

    /// The variants that are the model because they set an empty table: it is merged with the one that is there, and removes
    /// nothing.
    fn without_effect(&self) -> Vec<Mistake> {
        let written = self.tree.get("variants").map(Tree::elements).unwrap_or_default();
        let is_empty = |value: &&Tree| value.what() == "a table" && value.entries().is_empty();
        let doubt = |variant: &Tree| {
            let empty = variant.get("set")?.entries().iter().map(|(_, value)| value).find(is_empty)?;
            let name: String = variant.get("name")?.read().ok()?;
            let design = self.designs.iter().find(|design| design.name == name)?;
            let changed = varied(&self.subject, design).ok()?;
            let mistake = Mistake::new(format!("variant `{name}` changes nothing"));
            between(&self.subject, &changed).is_empty().then(|| {
                empty.place.mark_value(mistake, "a table is merged key by key").help(
                    "`{ replace = true }` removes the keys of the table that is there, and `{ unset = true }` removes the \
                     table",
                )
            })
        };
        written.iter().filter_map(doubt).collect()
    }
}

/// The subject of a variant, its axes aside.
fn varied(subject: &Subject, design: &Design) -> Result<Subject, Mistakes> {
    let mut subject = subject.clone();
    design.settings.iter().try_for_each(|setting: &Setting| setting.apply(&mut subject))?;
    Ok(subject)
}

fn between(before: &Subject, after: &Subject) -> Vec<Difference> {
    let mut all = differences(&before.model, &after.model, &Path::default());
    if let (Some(before), Some(after)) = (&before.load, &after.load) {
        all.extend(differences(before, after, &Path::default().key("load")));
    }
    all
}

/// The doubts about several forms of one system: what none of them uses, and what is too small in any of them.
fn doubts(subjects: &[Subject], all: bool) -> Vec<Mistake> {
    let mut idle: Option<BTreeSet<Doubt>> = None;
    let mut found: Vec<(Doubt, &Subject)> = Vec::new();
    for subject in subjects {
        let Ok(whole) = subject.expanded() else { continue };
        let Ok(model) = whole.model.read::<Model>() else { continue };
        let load = whole.load.as_ref().and_then(|load| load.read().ok());
        let mut here = unused(&model, load.as_ref());
        here.extend(load.iter().flat_map(|load| alike(&model, load)));
        here.extend(unused_constants(&subject.model, subject.load.as_ref()));
        idle = Some(match idle {
            Some(idle) => idle.intersection(&here).cloned().collect(),
            None => here,
        });
        for doubt in crowded(&model)
            .into_iter()
            .chain(blunt(&model))
            .chain(load.iter().flat_map(hurried))
            .chain(load.iter().flat_map(too_fine))
        {
            if !found.iter().any(|(known, _)| known.path == doubt.path) {
                found.push((doubt, subject));
            }
        }
    }
    let Some(first) = subjects.first() else { return Vec::new() };
    let idle = idle.unwrap_or_default().into_iter().map(|doubt| (doubt, first));
    let mistake = |(doubt, subject): (Doubt, &Subject)| {
        let (tree, path) = match (&subject.load, doubt.path.0.split_first()) {
            (Some(load), Some((Segment::Key(key), rest))) if key == "load" => (load, Path(rest.to_vec())),
            _ => (&subject.model, doubt.path.clone()),
        };
        let (place, _) = place(tree, &path);
        place.mark_key(Mistake::new(doubt.title), "").help(doubt.help)
    };
    idle.chain(found).filter(|(doubt, _)| all || !doubt.minor).map(mistake).collect()
}
