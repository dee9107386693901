//! Numbers of a model that carry a plausible range, and points of a plan under other values of theirs.

use super::axis;
use super::design::{Plan, Point};
use super::dial::Dial;
use super::point::{self, Design};
use super::workbench::Workbench;
use crate::language::lower::Columns;
use crate::language::names::Names;
use crate::language::setting::Subject;
use crate::language::tree::Tree;
use crate::language::{Mistake, Mistakes};

/// A number that is known only to lie in a range.
#[derive(Clone, Debug)]
pub struct Ranged {
    /// What sets it.
    pub dial: Dial,
    /// Its value in the model.
    pub value: f64,
    /// The smallest plausible value.
    pub low: f64,
    /// The largest plausible value.
    pub high: f64,
    /// Whether it is assumed, and not measured or documented.
    pub is_assumed: bool,
    /// Whether it was fitted to measurements of the whole system.
    pub is_calibrated: bool,
}

impl Ranged {
    /// The value at a share of the range, 0 to 1; where it is a whole number, each has an equal share.
    pub fn at(&self, share: f64) -> f64 {
        let share = share.clamp(0.0, 1.0);
        if self.dial.whole {
            let count = self.high - self.low + 1.0;
            return self.low + (share * count).floor().min(count - 1.0);
        }
        self.low + share * (self.high - self.low)
    }
}

/// All numbers of a model that have a range, in the order of the file; what has a range but is no number is left out.
pub(super) fn all(subject: &Subject, columns: &mut Columns) -> Result<Vec<Ranged>, Mistakes> {
    let mut ranges = Vec::new();
    for (path, entry) in subject.model.get("provenance").map(Tree::entries).unwrap_or_default() {
        let Some([low, high]) = entry.get("range").map(Tree::elements) else { continue };
        let mut place = entry.place.clone();
        place.value = place.key.clone().unwrap_or_else(|| place.value.clone());
        let Ok(dial) = Dial::of_path(path, &place, subject, columns) else { continue };
        let (low, high) = (dial.number(low, columns)?, dial.number(high, columns)?);
        if let Some(value) = dial.present(subject, columns).filter(|_| low < high) {
            let [is_assumed, is_calibrated] = ["assumed", "calibrated"].map(|basis| entry.get(basis).is_some());
            ranges.push(Ranged { dial, value, low, high, is_assumed, is_calibrated });
        }
    }
    Ok(ranges)
}

impl Workbench {
    /// The numbers of the model that have a range, without those that the command line fixes.
    pub fn ranges(&self) -> Vec<Ranged> {
        let is_fixed = |ranged: &&Ranged| {
            self.designs.iter().all(|design| {
                design.settings.iter().any(|setting| {
                    setting.leaves(&self.bare).is_ok_and(|leaves| leaves.iter().any(|leaf| ranged.dial.sets(leaf)))
                })
            })
        };
        self.ranges.iter().filter(|ranged| !is_fixed(ranged)).cloned().collect()
    }

    /// The number of the model at this path, with these ends of its range as they would be written, or else with the range of
    /// its provenance.
    ///
    /// # Errors
    /// If the path leads to no number, if it has no range, and if the ends are not values of it in ascending order.
    pub fn freed(&self, path: &str, range: Option<(&str, &str)>) -> Result<Ranged, Mistakes> {
        let known = self.ranges.iter().find(|ranged| ranged.dial.path == path);
        let Some((low, high)) = range else {
            return known.cloned().ok_or_else(|| {
                let names = Names::new(self.ranges.iter().map(|ranged| ranged.dial.path.as_str()));
                let mistake = Mistake::new(format!("`{path}` has no range in the model's `[provenance]`"));
                let mistake = mistake.advise(names, "number with a range", path);
                mistake.help(format!("give it one: --free '{path}=LOW..HIGH'")).into()
            });
        };
        let mut ranged = self.between(path, 0.0, 0.0, "--free")?;
        let [low, high] =
            [low, high].map(|end| ranged.dial.number(&axis::argument("--free", end), &mut self.columns.clone()));
        (ranged.low, ranged.high) = (low?, high?);
        if ranged.low >= ranged.high {
            let [low, high] = [ranged.low, ranged.high].map(|end| ranged.dial.text(end));
            let title = format!("the range of `{path}` goes from {low} to {high}");
            return Err(Mistake::new(title).help("write the smaller value first: LOW..HIGH").into());
        }
        Ok(ranged)
    }

    /// A number of the model with this range: durations in seconds, rates per second, cores, or the number itself. `named_by` is the
    /// option or the file that has the path.
    ///
    /// # Errors
    /// If the path leads to no number that the model sets.
    pub fn between(&self, path: &str, low: f64, high: f64, named_by: &str) -> Result<Ranged, Mistakes> {
        let mut columns = self.columns.clone();
        let place = axis::argument(named_by, path).place;
        let dial = Dial::of_path(path, &place, &self.bare, &mut columns)?;
        let Some(value) = dial.present(&self.bare, &mut columns) else {
            return Err(Mistake::new(format!("the model does not set `{path}`")).into());
        };
        Ok(Ranged { dial, value, low, high, is_assumed: true, is_calibrated: false })
    }

    /// All points of the plan, or one of them, where these numbers of the model have other values. What an experiment,
    /// a variant or an axis sets stands over them.
    pub fn points_under(&mut self, values: &[(&Ranged, f64)], only: Option<usize>) -> Result<Vec<Point>, Mistakes> {
        let mut subject = self.bare.clone();
        let dials = values.iter().flat_map(|(ranged, value)| ranged.dial.settings(*value));
        for setting in dials.chain(self.shared.iter().cloned()) {
            setting.apply(&mut subject)?;
        }
        let Some(point) = only.and_then(|point| self.plan.points.get(point)) else {
            return point::build(&subject, &self.designs, &self.axes, &self.tree, &mut self.columns);
        };
        let design = &self.designs[point.variant];
        let alone = Design {
            name: design.name.clone(),
            settings: design.settings.clone(),
            choices: point.at.iter().map(|&index| vec![index]).collect(),
            made: design.made,
        };
        let mut points = point::build(&subject, &[alone], &self.axes, &self.tree, &mut self.columns)?;
        points.iter_mut().for_each(|built| built.variant = point.variant);
        Ok(points)
    }

    /// The index of the point of a variant at these values, the first where any is left out.
    pub fn choose(&self, variant: Option<&str>, at: &[(String, String)]) -> Result<usize, Mistakes> {
        let variants = self.variants(&variant.map(str::to_owned).into_iter().collect::<Vec<_>>())?;
        let mut wanted = Vec::new();
        for (name, value) in at {
            let axis = self.plan.axes.iter().position(|axis| axis.name == *name);
            let axis = axis.ok_or_else(|| Mistake::new(format!("there is no axis `{name}`")))?;
            wanted.push((axis, super::axis::chosen(&self.plan.axes[axis], value)?));
        }
        let fits = |plan: &Plan, point: &Point| {
            variants.contains(&point.variant)
                && wanted.iter().all(|&(axis, value)| point.at[axis] == value && axis < plan.axes.len())
        };
        let found = self.plan.points.iter().position(|point| fits(&self.plan, point));
        found.ok_or_else(|| Mistake::new("the experiment has no point with this variant and these values").into())
    }
}
