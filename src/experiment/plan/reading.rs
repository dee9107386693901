//! From files to a plan.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::adjustments::Adjustments;
use super::axis::{self, Ready};
use super::checked::Checked;
use super::design::Plan;
use super::extends::Own;
use super::origin::Origin;
use super::point::{self, Design};
use super::ranged::Ranged;
use super::workbench::Workbench;
use super::{claim, effort, extends, objective, ranged};
use crate::language::bound;
use crate::language::check::check as check_form;
use crate::language::constants;
use crate::language::form::Form;
use crate::language::lower::{self, Columns};
use crate::language::path::Path as Way;
use crate::language::setting::{Setting, Subject};
use crate::language::tree::Tree;
use crate::language::{
    Assumption, Experiment, Metric, Mistake, Mistakes, Model, MultipleHypotheses, Source, Sourced, Variant, visible,
};
use std::time::Duration;

/// Keys that only an experiment has; `model` is the one that it must have.
const EXPERIMENT_KEYS: [&str; 8] =
    ["model", "axes", "variants", "set", "replications", "hypotheses", "measurements", "effects"];

pub(super) fn read(source: &Arc<Source>, adjustments: &Adjustments) -> Result<Plan, Mistakes> {
    workbench(source, adjustments).map(|workbench| workbench.plan)
}

pub(super) fn workbench(source: &Arc<Source>, adjustments: &Adjustments) -> Result<Workbench, Mistakes> {
    Ok(cautioned(bench(source, adjustments)?))
}

/// An experiment that was put together; it has the name of this file, to which its paths are relative.
pub(super) fn of_tree(source: &Arc<Source>, tree: &Tree, adjustments: &Adjustments) -> Result<Workbench, Mistakes> {
    names_a_folder(&stem(source), source)?;
    Ok(cautioned(experiment(source, tree, adjustments)?))
}

/// With what casts doubt on the experiment itself.
fn cautioned(mut bench: Workbench) -> Workbench {
    let caution = |warning: Mistake| match warning.location() {
        Some((file, line, _)) => format!("{} ({file}:{line})", warning.title),
        None => warning.title,
    };
    bench.plan.cautions = bench.warnings(false).into_iter().map(caution).collect();
    bench
}

fn bench(source: &Arc<Source>, adjustments: &Adjustments) -> Result<Workbench, Mistakes> {
    names_a_folder(&stem(source), source)?;
    let tree = Tree::document(source)?;
    if is_experiment(&tree) {
        return experiment(source, &tree, adjustments);
    }
    let known = Known::model(source, tree)?;
    if known.subject.load.is_none() {
        let mistake = Mistake::new("the model has no load of its own, so there is nothing to run");
        return Err(mistake
            .mark(source, 0..0, "has no `[load]`")
            .help("add a `[load]` table to the model, or write an experiment that names the model and a load")
            .into());
    }
    from_model(known, adjustments)
}

pub(super) fn check(source: &Arc<Source>, adjustments: &Adjustments) -> Result<Checked, Mistakes> {
    names_a_folder(&stem(source), source)?;
    let tree = Tree::document(source)?;
    if is_experiment(&tree) {
        return experiment(source, &tree, adjustments).map(Checked::of);
    }
    let known = Known::model(source, tree)?;
    if known.subject.load.is_none() {
        arguments(adjustments, &known.subject)?;
        return Ok(Checked::bare(&known.subject));
    }
    from_model(known, adjustments).map(Checked::of)
}

pub(super) fn is_experiment(tree: &Tree) -> bool {
    EXPERIMENT_KEYS.iter().any(|key| tree.get(key).is_some())
}

/// A model that was read and is right by itself; its load is not looked at yet.
struct Known {
    name: String,
    title: String,
    subject: Subject,
    columns: Columns,
    assumptions: Vec<Assumption>,
    sources: Vec<Sourced>,
    ranges: Vec<Ranged>,
    file: PathBuf,
    /// The model as a tree, for mistakes that concern all of it.
    tree: Tree,
}

impl Known {
    fn model(source: &Arc<Source>, tree: Tree) -> Result<Self, Mistakes> {
        let raw = tree;
        let tree = constants::expanded(&raw, &raw)?.into_owned();
        constants::hinted(check_form(&tree, Form::of("Model")), &raw).into_result()?;
        let file = source.path.clone().unwrap_or_default();
        let mut columns = Columns::relative_to(file.parent().unwrap_or(Path::new("")));
        let model: Model = tree.read().map_err(Mistake::from)?;
        let mut mistakes = Mistakes::default();
        if let Err(complaints) = lower::lower(&model, &mut columns) {
            mistakes.extend(complaints.into_iter().map(|complaint| complaint.locate(&tree)));
        }
        let mut subject = Subject { load: raw.get("load").cloned(), model: raw };
        // Of a model without services nothing can have a provenance.
        if !model.services.is_empty() {
            mistakes.extend(lower::provenance(&subject, &mut columns));
        }
        mistakes.into_result()?;
        let sources = lower::sources(&model, &subject);
        let assumptions = lower::assumptions(&sources);
        let ranges = ranged::all(&subject, &mut columns)?;
        // Neither is needed in the thousands of copies that are made.
        subject.model.take("load");
        subject.model.take("provenance");
        let name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let title = model.title.clone().unwrap_or_else(|| name.clone());
        Ok(Self { name, title, subject, columns, assumptions, sources, ranges, file, tree })
    }

    /// Where a plan comes from.
    fn origin(&self, experiment: Option<&Source>, adjustments: &Adjustments, seed: u64) -> Origin {
        let model = &self.tree.place.source;
        let file = experiment.map_or(Some(self.file.clone()), |source| source.path.clone()).unwrap_or_default();
        let texts: Vec<&str> =
            experiment.map(|source| source.text.as_str()).into_iter().chain([model.text.as_str()]).collect();
        let columns: Vec<PathBuf> = self.columns.files().into_iter().collect();
        Origin::of(&file, &texts, &columns, &adjustments.set, seed)
    }

    fn inputs(&self, experiment: Option<&Path>) -> Vec<PathBuf> {
        let mut inputs: Vec<PathBuf> = experiment.map(Path::to_owned).into_iter().collect();
        inputs.push(self.file.clone());
        inputs.extend(self.columns.files());
        inputs
    }
}

/// An override of the command line with what it leads to.
type Argument = (Setting, (Way, bool));

fn arguments(adjustments: &Adjustments, subject: &Subject) -> Result<Vec<Argument>, Mistakes> {
    let mut mistakes = Mistakes::default();
    let mut settings = Vec::new();
    let mut subject = subject.clone();
    for (path, value) in &adjustments.set {
        match Setting::argument(path, value) {
            Ok(setting) => {
                match setting.target(&subject).and_then(|target| setting.apply(&mut subject).map(|()| target)) {
                    Ok((target, in_load)) => settings.push((setting, (target.path, in_load))),
                    Err(mistake) => mistakes.push(mistake),
                }
            }
            Err(more) => mistakes.extend(more),
        }
    }
    mistakes.into_result()?;
    Ok(settings)
}

/// A model by itself: its plan has one point.
fn from_model(mut known: Known, adjustments: &Adjustments) -> Result<Workbench, Mistakes> {
    let settings = arguments(adjustments, &known.subject)?.into_iter().map(|(setting, _)| setting).collect();
    let designs = [Design { name: known.name.clone(), settings, choices: Vec::new(), made: false }];
    let points = point::build(&known.subject, &designs, &[], &known.tree, &mut known.columns)?;
    let replications = adjustments.replications.unwrap_or(5);
    effort::repetitions(replications, replications, points.len(), None).into_result()?;
    let plan = Plan {
        name: known.name.clone(),
        title: known.title.clone(),
        axes: Vec::new(),
        variants: vec![known.name.clone()],
        points,
        replications,
        precision: None,
        exclude_loss: None,
        best_by: Metric::ThroughputPerMin,
        best_within: None,
        multiple_hypotheses: MultipleHypotheses::default(),
        seed: adjustments.seed.unwrap_or(1),
        collapse_below: 0.9,
        objectives: Vec::new(),
        max_events: None,
        max_wall_time: None,
        measurements: Vec::new(),
        hypotheses: Vec::new(),
        effects: Vec::new(),
        ablations: Vec::new(),
        origin: known.origin(None, adjustments, adjustments.seed.unwrap_or(1)),
        inputs: known.inputs(None),
        cautions: Vec::new(),
        assumptions: known.assumptions,
        sources: known.sources,
    };
    let Known { subject, columns, tree, ranges, .. } = known;
    let bare = subject.clone();
    let (designs, axes, shared) = (designs.into(), Vec::new(), Vec::new());
    Ok(Workbench { plan, bare, shared, ranges, subject, designs, axes, columns, tree, experiment: None })
}

/// Reads the model that an experiment names.
fn model_of(source: &Source, tree: &Tree) -> Result<Known, Mistakes> {
    let Some(model) = tree.get("model") else { return Err(Mistakes::default()) };
    let directory = source.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let path = directory.join(model.plain());
    let read = Source::read_with(&path, |mistake| {
        let mistake = model.place.mark_value(mistake, "names the model");
        mistake.note("the path is relative to the experiment's file")
    })?;
    let document = Tree::document(&read)?;
    if is_experiment(&document) {
        let title = format!("`{}` is an experiment, not a model", read.name);
        return Err(model.place.mark_value(Mistake::new(title), "must name a model").into());
    }
    Known::model(&read, document)
}

fn experiment(source: &Arc<Source>, tree: &Tree, adjustments: &Adjustments) -> Result<Workbench, Mistakes> {
    let tree = &mut tree.clone();
    let mut mistakes = bound::settle(tree);
    let known = match model_of(source, tree) {
        Ok(known) => Some(known),
        Err(more) => {
            mistakes.extend(more);
            None
        }
    };
    // The load as written may name constants of the model; what they stand for is checked.
    let load = tree.get("load").cloned();
    if let (Some(known), Some(load)) = (&known, tree.get_mut("load")) {
        match constants::expanded(load, &known.subject.model) {
            Ok(whole) => *load = whole.into_owned(),
            Err(more) => mistakes.extend(more),
        }
    }
    let wrong = check_form(tree, Form::of("Experiment"));
    let is_sound = mistakes.is_empty() && wrong.is_empty();
    mistakes.extend(wrong);
    let (true, Some(mut known)) = (is_sound, known) else {
        mistakes.into_result()?;
        return Err(Mistake::new("the experiment names no model").into());
    };
    let experiment: Experiment = tree.read().map_err(Mistake::from)?;
    if load.is_some() {
        known.subject.load = load;
    }
    if known.subject.load.is_none() {
        let mistake = Mistake::new("neither the experiment nor its model has a load");
        let mistake = match tree.get("model") {
            Some(model) => model.place.mark_value(mistake, "has no `[load]` either"),
            None => mistake,
        };
        return Err(mistake.help("add a `[load]` table to the experiment").into());
    }
    let bare = known.subject.clone();
    let shared = settings(tree.get("set"), &mut mistakes);
    for setting in &shared {
        if let Err(mistake) = setting.apply(&mut known.subject) {
            mistakes.push(mistake);
        }
    }
    mistakes.clone().into_result()?;
    let arguments = arguments(adjustments, &known.subject)?;
    let axes = axes(tree, &experiment, &known.subject, &arguments, &mut mistakes);
    let designs = designs(tree, &experiment, &known, &axes, &arguments, &mut mistakes);
    effort::numbers(tree, &experiment, adjustments, &mut mistakes);
    mistakes.clone().into_result()?;

    let points = point::build(&known.subject, &designs, &axes, tree, &mut known.columns)?;
    let replications = adjustments.replications.unwrap_or(experiment.replications);
    let place = adjustments.replications.is_none().then(|| tree.get("replications")).flatten();
    let mut plan = Plan {
        name: stem(source),
        title: experiment.title.clone(),
        axes: axes.iter().map(|ready| ready.axis.clone()).collect(),
        variants: designs.iter().map(|design| design.name.clone()).collect(),
        points,
        replications,
        precision: effort::precision(&experiment.run),
        exclude_loss: effort::exclusion(&experiment.run),
        best_by: experiment.run.best_by.unwrap_or(Metric::ThroughputPerMin),
        best_within: effort::zone(&experiment.run),
        multiple_hypotheses: experiment.run.multiple_hypotheses,
        seed: adjustments.seed.unwrap_or(experiment.seed),
        collapse_below: experiment.collapse_below,
        objectives: experiment.objectives.clone(),
        max_events: experiment.max_events,
        max_wall_time: experiment.max_wall_time.map(|duration| Duration::from_nanos(duration.0)),
        measurements: Vec::new(),
        hypotheses: Vec::new(),
        effects: Vec::new(),
        ablations: Vec::new(),
        origin: known.origin(Some(source), adjustments, adjustments.seed.unwrap_or(experiment.seed)),
        inputs: known.inputs(source.path.as_deref()),
        cautions: Vec::new(),
        assumptions: known.assumptions,
        sources: known.sources,
    };
    let most = plan.most().map_or(replications, |most| most.max(replications));
    mistakes.extend(effort::repetitions(replications, most, plan.points.len(), place.or(Some(tree))));
    mistakes.extend(effort::rivals(tree, &plan));
    mistakes.extend(objective::unknown(tree, &plan));
    claim::resolve(&mut plan, tree, &experiment, &axes, &mut mistakes);
    mistakes.into_result()?;
    let Known { subject, columns, ranges, .. } = known;
    let (tree, experiment) = (tree.clone(), Some(experiment));
    let workbench = Workbench { plan, bare, shared, ranges, subject, designs, axes, columns, tree, experiment };
    workbench.check_searches()?;
    Ok(workbench)
}

fn stem(source: &Source) -> String {
    let stem = source.path.as_deref().and_then(Path::file_stem);
    stem.map_or_else(|| "experiment".into(), |stem| stem.to_string_lossy().into_owned())
}

/// Whether results can go into a folder of this name, the file's without its extension: not that of the folder itself
/// or of the one above it, and no path.
fn names_a_folder(name: &str, source: &Arc<Source>) -> Result<(), Mistakes> {
    let is_path = |sign: char| sign == '/' || sign == '\\' || sign.is_control();
    if !name.is_empty() && name != "." && name != ".." && !name.contains(is_path) {
        return Ok(());
    }
    let mistake = Mistake::new(format!("results cannot go into a folder of the name `{}`", visible(name)));
    let mistake = mistake.mark(source, 0..0, "").note("the folder has the name of the file, without its extension");
    Err(mistake.help("rename the file").into())
}

/// The overrides of a `set` table.
fn settings(set: Option<&Tree>, mistakes: &mut Mistakes) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (key, value) in set.map(Tree::entries).unwrap_or_default() {
        match Setting::entry(key, value) {
            Ok(more) => settings.extend(more),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    settings
}

fn axes(
    tree: &Tree,
    experiment: &Experiment,
    subject: &Subject,
    arguments: &[Argument],
    mistakes: &mut Mistakes,
) -> Vec<Ready> {
    let mut axes: Vec<Ready> = Vec::new();
    for (name, entry) in tree.get("axes").map(Tree::entries).unwrap_or_default() {
        let Some(axis) = experiment.axes.get(name) else { continue };
        match axis::ready(name, entry, axis, subject, arguments) {
            Ok(ready) => {
                for other in &axes {
                    if other.targets.iter().any(|target| ready.targets.contains(target)) {
                        let title = format!("axes `{}` and `{name}` set the same value", other.axis.name);
                        let mistake = entry.place.mark_key(Mistake::new(title), "the second axis");
                        mistakes.push(other.tree.place.mark_key(mistake, "the first axis"));
                    }
                }
                axes.push(ready);
            }
            Err(more) => mistakes.extend(more),
        }
    }
    axes
}

fn designs(
    tree: &Tree,
    experiment: &Experiment,
    known: &Known,
    axes: &[Ready],
    arguments: &[Argument],
    mistakes: &mut Mistakes,
) -> Vec<Design> {
    let subject = &known.subject;
    // An argument that names the path of an axis is its value already.
    let is_free = |argument: &&Argument| !axes.iter().any(|ready| ready.pinned && ready.targets[0] == argument.1);
    let arguments: Vec<Setting> = arguments.iter().filter(is_free).map(|(setting, _)| setting.clone()).collect();
    let trees = tree.get("variants").map(Tree::elements).unwrap_or_default();
    let mut designs: Vec<Design> = Vec::new();
    let mut names: HashMap<&str, usize> = HashMap::new();
    let own = |(variant, tree): (&'_ Variant, _)| Own {
        name: variant.name.clone(),
        tree,
        settings: settings(Tree::get(tree, "set"), mistakes),
    };
    let all: Vec<Own<'_>> = experiment.variants.iter().zip(trees).map(own).collect();
    let orders = extends::orders(&all, mistakes);
    for ((variant, entry), order) in experiment.variants.iter().zip(trees).zip(&orders) {
        let name_place = entry.get("name").map_or(&entry.place, |name| &name.place);
        let first = *names.entry(&variant.name).or_insert(designs.len());
        if first < designs.len() {
            let mistake = Mistake::new(format!("two variants have the name `{}`", variant.name));
            let mut mistake = name_place.mark_value(mistake, "the second one");
            if let Some(first) = trees[first].get("name") {
                mistake = first.place.mark_value(mistake, "the first one");
            }
            mistakes.push(mistake);
        }
        if variant.name.trim().is_empty() {
            mistakes.push(name_place.mark_value(Mistake::new("a variant needs a name"), "is empty"));
        }
        let mut settings: Vec<Setting> = order.iter().flat_map(|&index| all[index].settings.clone()).collect();
        for setting in &settings {
            // A path that does not resolve is a mistake where the variant is built.
            let Ok(leaves) = setting.leaves(subject) else { continue };
            let is_set = |ready: &&Ready| leaves.iter().any(|leaf| ready.targets.contains(leaf));
            for ready in axes.iter().filter(|ready| !ready.pinned).filter(is_set) {
                let name = &ready.axis.name;
                let title = format!("variant `{}` sets what axis `{name}` varies", variant.name);
                let mistake = setting.value.place.mark_key(Mistake::new(title), "would have no effect");
                let mistake = ready.tree.place.mark_key(mistake, "varied here");
                let help = format!("write `only = {{ {name} = [...] }}` to run the variant at some values only");
                mistakes.push(mistake.help(help));
            }
        }
        settings.extend(arguments.iter().cloned());
        let choices = point::choices(entry.get("only"), axes, mistakes);
        designs.push(Design { name: variant.name.clone(), settings, choices, made: false });
    }
    designs.extend(extends::ablated(tree, &all, axes, &arguments, mistakes));
    if designs.is_empty() {
        let choices = point::choices(None, axes, mistakes);
        designs.push(Design { name: known.name.clone(), settings: arguments, choices, made: false });
    }
    designs
}

#[cfg(test)]
mod tests;
