//! Points: for each variant and combination of values, the system and the load with everything applied.

use std::collections::HashMap;
use std::sync::Arc;

use super::axis::{self, Ready, all_values, combinations, model_place};
use super::design::{Axis, Point};
use crate::language::constants;
use crate::language::form::Form;
use crate::language::lower::{self, Columns};
use crate::language::names::Names;
use crate::language::setting::{Setting, Subject};
use crate::language::tree::Tree;
use crate::language::{self, Mistake, Mistakes, Model};
use crate::model::{Load, System};

/// Points of an experiment at most.
const MOST_POINTS: usize = 20_000;

/// Mistakes after which it is no use to go on.
const ENOUGH: usize = 20;

/// A design: its name, its overrides, and the values of each axis that it is run at.
#[derive(Debug)]
pub(super) struct Design {
    pub name: String,
    pub settings: Vec<Setting>,
    pub choices: Vec<Vec<usize>>,
    /// An ablation made it: a search leaves it out unless it is named.
    pub made: bool,
}

/// For each axis, the indices of the values that a variant is run at.
pub(super) fn choices(only: Option<&Tree>, axes: &[Ready], mistakes: &mut Mistakes) -> Vec<Vec<usize>> {
    let mut choices: Vec<Vec<usize>> = axes.iter().map(|ready| (0..ready.axis.values.len()).collect()).collect();
    for (name, values) in only.map(Tree::entries).unwrap_or_default() {
        let Some(index) = axes.iter().position(|ready| ready.axis.name == *name) else {
            mistakes.push(unknown_axis(name, values, axes.iter().map(|ready| &ready.axis)));
            continue;
        };
        let ready = &axes[index];
        if ready.pinned {
            continue;
        }
        let mut chosen = Vec::new();
        for value in values.elements() {
            match axis::index_of(&ready.axis, value) {
                Some(index) => chosen.push(index),
                None => mistakes.push(unknown_value(&ready.axis, value)),
            }
        }
        if values.elements().is_empty() {
            let mistake = Mistake::new(format!("the variant is run at no value of `{name}`"));
            mistakes.push(values.place.mark_value(mistake, "this list is empty"));
        }
        chosen.sort_unstable();
        chosen.dedup();
        choices[index] = chosen;
    }
    choices
}

pub(super) fn unknown_axis<'a>(name: &str, value: &Tree, axes: impl Iterator<Item = &'a Axis>) -> Mistake {
    let names = Names::new(axes.map(|axis| axis.name.as_str()));
    let mistake = value.place.mark_key(Mistake::new(format!("there is no axis `{name}`")), "no such axis");
    mistake.advise(names, "axis", name)
}

pub(super) fn unknown_value(axis: &Axis, value: &Tree) -> Mistake {
    let mistake = Mistake::new(format!("{} is not a value of axis `{}`", value.written(), axis.name));
    value.place.mark_value(mistake, "not run").note(format!("`{}` has the values {}", axis.name, all_values(axis)))
}

/// Builds all points. The subject has the overrides that all variants share.
pub(super) fn build(
    subject: &Subject,
    designs: &[Design],
    axes: &[Ready],
    place: &Tree,
    columns: &mut Columns,
) -> Result<Vec<Point>, Mistakes> {
    let mut count = 0usize;
    for design in designs {
        let product = design.choices.iter().fold(1usize, |product, some| product.saturating_mul(some.len()));
        count = count.saturating_add(product);
    }
    if count > MOST_POINTS {
        let mistake = Mistake::new(format!("the experiment has {count} points"));
        let mistake = place.place.mark_key(mistake, format!("at most {MOST_POINTS}"));
        return Err(mistake.note("every combination of variants and values of all axes is a point").into());
    }
    let mut points = Vec::with_capacity(count);
    let mut mistakes = Mistakes::default();
    let common = if designs.len() > 1 { alone(subject, columns) } else { Mistakes::default() };
    for (variant, design) in designs.iter().enumerate() {
        let mut varied = subject.clone();
        let before = mistakes.0.len();
        for setting in &design.settings {
            if let Err(mistake) = setting.apply(&mut varied) {
                mistakes.push(mistake);
            }
        }
        if mistakes.0.len() > before {
            continue;
        }
        let mut systems: HashMap<Vec<usize>, Option<Arc<System>>> = HashMap::new();
        let mut of_variant = None;
        for at in combinations(&design.choices) {
            match one(&varied, axes, &at, &mut systems, columns) {
                Ok(Some((system, load))) => points.push(Point { variant, at, system, load, warm_up: Arc::default() }),
                Ok(None) => {}
                Err(more) => {
                    let of_variant = of_variant.get_or_insert_with(|| alone(&varied, columns));
                    // A value that an axis computes is wrong once, not at every point.
                    let news: Vec<Mistake> = more.into_iter().filter(|mistake| !mistakes.has_at(mistake)).collect();
                    mistakes.extend(news.into_iter().map(|mistake| {
                        if common.has(&mistake) || designs.len() == 1 && of_variant.has(&mistake) {
                            mistake
                        } else if of_variant.has(&mistake) {
                            mistake.note(format!("in variant `{}`", design.name))
                        } else {
                            placed(mistake, design, designs.len() > 1, axes, &at)
                        }
                    }));
                }
            }
            if mistakes.0.len() >= ENOUGH {
                mistakes.into_result()?;
                return Ok(points);
            }
        }
    }
    mistakes.into_result()?;
    Ok(points)
}

/// What is wrong with a subject as it is, whatever the axes do.
fn alone(subject: &Subject, columns: &mut Columns) -> Mistakes {
    let mut mistakes = Mistakes::default();
    match system(subject, columns) {
        Ok(system) => mistakes.extend(load(subject, &system, columns).err().into_iter().flatten()),
        Err(more) => mistakes.extend(more),
    }
    mistakes
}

/// Says at which point something is wrong.
fn placed(mistake: Mistake, design: &Design, of_several: bool, axes: &[Ready], at: &[usize]) -> Mistake {
    let axes: Vec<Axis> = axes.iter().map(|ready| ready.axis.clone()).collect();
    let place = axis::place(&axes, at);
    match (of_several, place.is_empty()) {
        (false, true) => mistake,
        (false, false) => mistake.note(format!("at {place}")),
        (true, true) => mistake.note(format!("in variant `{}`", design.name)),
        (true, false) => mistake.note(format!("in variant `{}` at {place}", design.name)),
    }
}

/// A system and a load on it.
type Built = (Arc<System>, Arc<Load>);

/// The system and load at one point; none if the system is known to be mistaken.
fn one(
    varied: &Subject,
    axes: &[Ready],
    at: &[usize],
    systems: &mut HashMap<Vec<usize>, Option<Arc<System>>>,
    columns: &mut Columns,
) -> Result<Option<Built>, Mistakes> {
    let key = model_place(axes, at);
    let known = systems.get(&key);
    if let Some(None) = known {
        return Ok(None);
    }
    let known = known.cloned().flatten();
    // Where the system is known, only the load is changed.
    let mut subject = match known {
        Some(_) => Subject { load: varied.load.clone(), model: constants::only(&varied.model) },
        None => varied.clone(),
    };
    for (ready, &index) in axes.iter().zip(at) {
        for (setting, (path, in_load)) in ready.settings[index].iter().zip(&ready.targets) {
            if known.is_none() || *in_load || constants::is_one(path) {
                setting.apply(&mut subject)?;
            }
        }
    }
    let system = match known {
        Some(system) => system,
        None => {
            let system = system(&subject, columns);
            systems.insert(key, system.as_ref().ok().cloned());
            system?
        }
    };
    let load = load(&subject, &system, columns)?;
    Ok(Some((system, load)))
}

/// Reads and lowers a model.
pub(super) fn system(subject: &Subject, columns: &mut Columns) -> Result<Arc<System>, Mistakes> {
    let tree = constants::expanded(&subject.model, &subject.model)?;
    let model: Model = tree.read().map_err(|misfit| explained(&tree, "Model", misfit.into()))?;
    lower::lower(&model, columns).map(Arc::new).map_err(|complaints| located(complaints, &tree))
}

/// Reads and lowers a load.
pub(super) fn load(subject: &Subject, system: &System, columns: &mut Columns) -> Result<Arc<Load>, Mistakes> {
    let Some(tree) = &subject.load else { return Err(Mistake::new("there is no load").into()) };
    let tree = constants::expanded(tree, &subject.model)?;
    let load: language::Load = tree.read().map_err(|misfit| explained(&tree, "Load", misfit.into()))?;
    lower::load(&load, system, columns).map(Arc::new).map_err(|complaints| located(complaints, &tree))
}

/// All that is wrong with a tree that could not be read.
fn explained(tree: &Tree, form: &str, misfit: Mistake) -> Mistakes {
    let mistakes = language::check::check(tree, Form::of(form));
    if mistakes.is_empty() { misfit.into() } else { mistakes }
}

fn located(complaints: Vec<lower::Complaint>, tree: &Tree) -> Mistakes {
    let mut mistakes = Mistakes::default();
    mistakes.extend(complaints.into_iter().map(|complaint| complaint.locate(tree)));
    mistakes
}
