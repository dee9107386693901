//! Numbers of a model that carry a plausible range, and points of a plan under other values of theirs.

use super::design::{Plan, Point};
use super::dial::Dial;
use super::point::{self, Design};
use super::workbench::Workbench;
use crate::language::lower::Columns;
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
            ranges.push(Ranged { dial, value, low, high, is_assumed: entry.get("assumed").is_some() });
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
