//! The workbench: what it takes to make points that a plan does not have, with any numbers at any paths.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::adjustments::Adjustments;
use super::axis::{self, Ready};
use super::design::{Axis, AxisValue, Plan, Point};
use super::dial::Dial;
use super::point::{self, Design};
use super::ranged::Ranged;
use super::reading;
use crate::language::lower::Columns;
use crate::language::names::Names;
use crate::language::setting::{Setting, Subject};
use crate::language::tree::{NodeKind, Place, Tree};
use crate::language::{Experiment, Mistake, Mistakes, Source};
use crate::model::{Load, System};

/// A plan, and what its points are made from.
#[derive(Debug)]
pub struct Workbench {
    pub(super) plan: Plan,
    /// The model and the load as they are.
    pub(super) bare: Subject,
    /// The overrides that all variants share.
    pub(super) shared: Vec<Setting>,
    /// The numbers of the model that have a plausible range.
    pub(super) ranges: Vec<Ranged>,
    /// The model and the load with what all variants share.
    pub(super) subject: Subject,
    pub(super) designs: Vec<Design>,
    pub(super) axes: Vec<Ready>,
    pub(super) columns: Columns,
    /// The experiment, or the model that is run by itself.
    pub(super) tree: Tree,
    /// The experiment as written; none of a model by itself.
    pub(super) experiment: Option<Experiment>,
}

impl Workbench {
    /// Reads an experiment, or a model that has a load of its own.
    pub fn read(path: &Path, adjustments: &Adjustments) -> Result<Self, Mistakes> {
        reading::workbench(&Source::read(path)?, adjustments)
    }

    /// Reads it with axes at these values. A value that an axis does not list becomes its only one, as one of `--set`
    /// does.
    pub fn read_at(path: &Path, adjustments: &Adjustments, at: &[(String, String)]) -> Result<Self, Mistakes> {
        let bench = Self::read(path, adjustments)?;
        match bench.plan.beyond(at) {
            None => Ok(bench),
            Some(set) => {
                let mut adjustments = adjustments.clone();
                adjustments.set.extend(set);
                Self::read(path, &adjustments)
            }
        }
    }

    /// The plan as it was read.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The model and the load of a variant with each axis at the value of this index; an axis without such a value sets
    /// nothing.
    pub(super) fn subject_at(&self, variant: usize, at: &[usize]) -> Result<Subject, Mistakes> {
        let mut subject = self.subject.clone();
        for setting in &self.designs[variant].settings {
            setting.apply(&mut subject)?;
        }
        for (ready, &index) in self.axes.iter().zip(at) {
            for setting in ready.settings.get(index).map(Vec::as_slice).unwrap_or_default() {
                setting.apply(&mut subject)?;
            }
        }
        Ok(subject)
    }

    /// The dial of an axis, or of a path. `place` is where the name stands.
    pub(super) fn dial(&self, name: &str, place: &Place) -> Result<Dial, Mistake> {
        let mut columns = self.columns.clone();
        let Some(ready) = self.axes.iter().find(|ready| ready.axis.name == name) else {
            if !name.contains('.') {
                let names = Names::new(self.axes.iter().map(|ready| ready.axis.name.as_str()));
                let mistake = place.mark_value(Mistake::new(format!("there is no axis `{name}`")), "no such axis");
                return Err(mistake
                    .advise(names, "axis", name)
                    .note("a path such as `load.concurrency` also works here"));
            }
            let dial = self.dial_of_path(name, place, &mut columns)?;
            // A path that an axis sets is that axis, with all that the axis sets beside it.
            let same = self.axes.iter().find(|ready| ready.targets.iter().any(|target| dial.sets(target)));
            return match same {
                Some(ready) => self.dial_of(ready, place, &mut columns),
                None => Ok(dial),
            };
        };
        self.dial_of(ready, place, &mut columns)
    }

    /// The dial of a path of what all variants share, or else of the first variant that has it.
    fn dial_of_path(&self, path: &str, place: &Place, columns: &mut Columns) -> Result<Dial, Mistake> {
        let shared = match Dial::of_path(path, place, &self.subject, columns) {
            Ok(dial) => return Ok(dial),
            Err(mistake) => mistake,
        };
        let mut of_variant = |design: &Design| {
            let mut subject = self.subject.clone();
            design.settings.iter().try_for_each(|setting| setting.apply(&mut subject)).ok()?;
            Dial::of_path(path, place, &subject, columns).ok()
        };
        let found = self.designs.iter().filter(|design| !design.made).find_map(&mut of_variant);
        found.ok_or(shared).map(|mut dial| {
            dial.of_variants = true;
            dial
        })
    }

    fn dial_of(&self, ready: &Ready, place: &Place, columns: &mut Columns) -> Result<Dial, Mistake> {
        if ready.pinned {
            let title = format!("axis `{}` is fixed by --set", ready.axis.name);
            return Err(place.mark_value(Mistake::new(title), "cannot be searched along"));
        }
        Dial::of_axis(ready, &self.subject, columns)
    }

    /// The first axis of at least two numbers, as a dial.
    pub(super) fn first_dial(&self) -> Option<Result<Dial, Mistake>> {
        let is_fit = |ready: &&Ready| {
            !ready.pinned && ready.axis.values.len() > 1 && ready.axis.values.iter().all(|value| value.number.is_some())
        };
        let ready = self.axes.iter().find(is_fit)?;
        Some(Dial::of_axis(ready, &self.subject, &mut self.columns.clone()))
    }

    /// The indices of these variants; where none is named all that the experiment has, but not those that ablations make.
    pub fn variants(&self, names: &[String]) -> Result<Vec<usize>, Mistake> {
        if names.is_empty() {
            return Ok((0..self.designs.len()).filter(|&index| !self.designs[index].made).collect());
        }
        let index = |name: &String| {
            let found = self.plan.variants.iter().position(|known| known == name);
            found.ok_or_else(|| {
                let names = Names::new(self.plan.variants.iter().map(String::as_str));
                Mistake::new(format!("there is no variant `{name}`")).advise(names, "variant", name)
            })
        };
        names.iter().map(index).collect()
    }

    /// A study: these variants, with these dials to turn and every other axis at one value: the one that `at` names,
    /// else the first that the variant is run at.
    pub fn study(&self, variants: &[usize], dials: Vec<Dial>, at: &[(String, String)]) -> Result<Study, Mistakes> {
        let mut mistakes = Mistakes::default();
        let is_free = |ready: &&Ready| !dials.iter().any(|dial| ready.targets.iter().any(|target| dial.sets(target)));
        let mut others: Vec<(&Ready, Option<usize>)> =
            self.axes.iter().filter(is_free).map(|ready| (ready, None)).collect();
        for (name, value) in at {
            match others.iter_mut().find(|(ready, _)| ready.axis.name == *name) {
                Some((ready, chosen)) => match axis::chosen(&ready.axis, value) {
                    Ok(index) => *chosen = Some(index),
                    Err(mistake) => mistakes.push(mistake),
                },
                None => {
                    let names = Names::new(self.axes.iter().map(|ready| ready.axis.name.as_str()));
                    let title = format!("there is no other axis `{name}` to choose a value of");
                    mistakes.push(Mistake::new(title).advise(names, "axis", name));
                }
            }
        }
        let mut bases = Vec::new();
        for &variant in variants {
            let design = &self.designs[variant];
            let mut base = self.subject.clone();
            for setting in &design.settings {
                // A setting that creates the table with this number only gives it its first value.
                let makes = |dial: &Dial| dial.of_variants && matches!(setting.value.kind, NodeKind::Table(_));
                if let Ok(leaves) = setting.leaves(&base)
                    && let Some(dial) =
                        dials.iter().find(|dial| !makes(dial) && leaves.iter().any(|leaf| dial.sets(leaf)))
                {
                    let title = format!("`{}` is set, so it cannot be searched along", dial.path);
                    let mistake = setting.value.place.mark_key(Mistake::new(title), "would have no effect");
                    mistakes.push(mistake.note(format!("in variant `{}`; --variant chooses others", design.name)));
                }
                if let Err(mistake) = setting.apply(&mut base) {
                    mistakes.push(mistake);
                }
            }
            let lacks = |dial: &&Dial| dial.of_variants && dial.present(&base, &mut self.columns.clone()).is_none();
            if let Some(dial) = dials.iter().find(lacks) {
                let title = format!("variant `{}` has no `{}`", design.name, dial.path);
                let mistake = dial.place.mark_value(Mistake::new(title), "only other variants have it");
                mistakes.push(mistake.help("name the variants that have it: --variant NAME"));
            }
            let mut place = Vec::new();
            for (ready, chosen) in &others {
                let axis = self.axes.iter().position(|known| std::ptr::eq(known, *ready)).unwrap_or(0);
                let index = chosen.or_else(|| design.choices[axis].first().copied()).unwrap_or(0);
                place.push(index);
                for setting in &ready.settings[index] {
                    if let Err(mistake) = setting.apply(&mut base) {
                        mistakes.push(mistake);
                    }
                }
            }
            bases.push(Base { variant, subject: base, place, system: None });
        }
        mistakes.into_result()?;
        let mut plan = self.plan.clone();
        plan.points.clear();
        plan.measurements.clear();
        plan.hypotheses.clear();
        plan.effects.clear();
        plan.ablations.clear();
        plan.axes = dials.iter().map(axis_of).chain(others.iter().map(|(ready, _)| ready.axis.clone())).collect();
        Ok(Study { plan, dials, bases, columns: self.columns.clone(), known: HashMap::new() })
    }
}

/// The axis that a dial is in a plan; it has the values that were asked for so far.
fn axis_of(dial: &Dial) -> Axis {
    Axis {
        name: dial.name.clone(),
        label: dial.label.clone(),
        path: dial.path.clone(),
        scale: dial.scale,
        values: Vec::new(),
        form: dial.form,
    }
}

/// A variant with the other axes applied.
#[derive(Debug)]
struct Base {
    variant: usize,
    subject: Subject,
    place: Vec<usize>,
    /// The system, where no dial leads into the model.
    system: Option<Arc<System>>,
}

/// A system, a load, and the indices of the values of other axes.
type Built = (Arc<System>, Arc<Load>, Vec<usize>);

/// Points that are made as they are asked for. Its plan grows by a point, and its axes by the values, at each new one.
#[derive(Debug)]
pub struct Study {
    plan: Plan,
    dials: Vec<Dial>,
    bases: Vec<Base>,
    columns: Columns,
    known: HashMap<(usize, Vec<u64>), usize>,
}

impl Study {
    /// The plan so far: its points are those that were asked for.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The dials, in the order of [`Study::point`]'s numbers.
    pub fn dials(&self) -> &[Dial] {
        &self.dials
    }

    /// The index of the point of a variant with the dials at these numbers.
    pub fn point(&mut self, variant: usize, numbers: &[f64]) -> Result<usize, Mistakes> {
        let key = (variant, numbers.iter().map(|number| number.to_bits()).collect());
        if let Some(&point) = self.known.get(&key) {
            return Ok(point);
        }
        let (system, load, place) = self.built(variant, numbers)?;
        let mut at = Vec::new();
        for ((dial, axis), &number) in self.dials.iter().zip(&mut self.plan.axes).zip(numbers) {
            let known = axis.values.iter().position(|value| value.number == Some(number));
            at.push(known.unwrap_or(axis.values.len()));
            if known.is_none() {
                axis.values.push(AxisValue {
                    value: dial.value(number),
                    number: Some(number),
                    text: dial.text(number),
                });
            }
        }
        at.extend(place);
        self.plan.points.push(Point { variant, at, system, load, warm_up: Arc::default() });
        self.known.insert(key, self.plan.points.len() - 1);
        Ok(self.plan.points.len() - 1)
    }

    /// Finds what would be wrong with a point; the mistakes say with which numbers.
    pub(super) fn try_point(&mut self, variant: usize, numbers: &[f64]) -> Result<(), Mistakes> {
        let Err(mistakes) = self.built(variant, numbers) else { return Ok(()) };
        let setting: Vec<String> = self
            .dials
            .iter()
            .zip(numbers)
            .map(|(dial, number)| format!("{} = {}", dial.name, dial.text(*number)))
            .collect();
        let note = format!("with {}, a setting that the search could try", setting.join(", "));
        Err(Mistakes(mistakes.into_iter().map(|mistake| mistake.note(note.as_str())).collect()))
    }

    /// The system and the load of a variant with the dials at these numbers, and the place of its other axes.
    fn built(&mut self, variant: usize, numbers: &[f64]) -> Result<Built, Mistakes> {
        let Some(base) = self.bases.iter_mut().find(|base| base.variant == variant) else {
            return Err(Mistake::new("a variant that is not studied").into());
        };
        let keeps_system = self.dials.iter().all(|dial| !dial.in_model);
        let mut subject = base.subject.clone();
        for (dial, &number) in self.dials.iter().zip(numbers) {
            for setting in dial.settings(number) {
                setting.apply(&mut subject)?;
            }
        }
        let system = match &base.system {
            Some(system) if keeps_system => Arc::clone(system),
            _ => point::system(&subject, &mut self.columns)?,
        };
        base.system = Some(Arc::clone(&system));
        let load = point::load(&subject, &system, &mut self.columns)?;
        Ok((system, load, base.place.clone()))
    }
}
