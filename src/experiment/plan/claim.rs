//! Measurements, hypotheses and effects, resolved to the points that they are about.

mod ablation;
mod measurement;
mod resource;
mod scope;

use super::axis::Ready;
use super::claimed::{ChangeEffect, Expectation, Hypothesis, Measurement};
use super::design::Plan;
use super::point::{unknown_axis, unknown_value};
use super::{axis, objective};
use crate::language::names::Names;
use crate::language::tree::{NodeKind, Tree};
use crate::language::{self, Experiment, Metric, Mistake, Mistakes};

/// Fills in a plan's measurements, hypotheses and effects.
pub(super) fn resolve(plan: &mut Plan, tree: &Tree, experiment: &Experiment, axes: &[Ready], mistakes: &mut Mistakes) {
    let is_pinned = axes.iter().any(|ready| ready.pinned);
    let mut claims = Claims { plan, is_pinned, is_answered: false, mistakes };
    let elements = |key: &str| tree.get(key).map(Tree::elements).unwrap_or_default();
    let measurements: Vec<_> = experiment
        .measurements
        .iter()
        .zip(elements("measurements"))
        .filter_map(|(written, tree)| claims.measurement(written, tree))
        .collect();
    claims.plan.measurements = measurements;
    let hypotheses: Vec<_> = experiment
        .hypotheses
        .iter()
        .zip(elements("hypotheses"))
        .filter_map(|(written, tree)| claims.hypothesis(written, tree))
        .collect();
    claims.plan.hypotheses = hypotheses;
    let effects: Vec<_> = experiment
        .effects
        .iter()
        .zip(elements("effects"))
        .filter_map(|(written, tree)| claims.effect(written, tree))
        .collect();
    claims.plan.effects = effects;
    let ablations: Vec<_> = experiment
        .ablations
        .iter()
        .zip(elements("ablations"))
        .filter_map(|(written, tree)| claims.ablation(written, tree, experiment))
        .collect();
    claims.plan.ablations = ablations;
}

struct Claims<'a> {
    plan: &'a mut Plan,
    /// The command line fixed an axis: what is about other values is left out, not mistaken.
    is_pinned: bool,
    /// A hypothesis before answers the question of the experiment.
    is_answered: bool,
    mistakes: &'a mut Mistakes,
}

impl Claims<'_> {
    fn wrong(&mut self, tree: &Tree, key: &str, title: impl Into<String>, label: &str) {
        let mistake = Mistake::new(title);
        self.mistakes.push(match tree.get(key) {
            Some(value) => value.place.mark_value(mistake, label),
            None => tree.place.mark_key(mistake, label),
        });
    }

    /// The index of a variant; the first where none is named.
    fn variant(&mut self, name: Option<&str>, tree: &Tree) -> Option<usize> {
        self.variant_under("variant", name, tree)
    }

    /// The index of the variant that a key names.
    fn variant_under(&mut self, key: &str, name: Option<&str>, tree: &Tree) -> Option<usize> {
        let Some(name) = name else { return Some(0) };
        if let Some(index) = self.plan.variants.iter().position(|known| known == name) {
            return Some(index);
        }
        let names = Names::new(self.plan.variants.iter().map(String::as_str));
        let mut mistake = Mistake::new(format!("there is no variant `{name}`"));
        if let Some(value) = tree.get(key) {
            mistake = value.place.mark_value(mistake, "no such variant");
        }
        self.mistakes.push(mistake.advise(names, "variant", name));
        None
    }

    /// The one point that something is about: that of a variant at the values that `at` names.
    fn place(&mut self, what: &str, variant: Option<usize>, tree: &Tree) -> Option<usize> {
        let empty = Tree::nothing(tree);
        let at = tree.get("at").unwrap_or(&empty);
        let before = self.mistakes.0.len();
        let mut place: Vec<Option<usize>> =
            self.plan.axes.iter().map(|axis| (axis.values.len() == 1).then_some(0)).collect();
        for (name, value) in at.entries() {
            match self.plan.axes.iter().position(|axis| axis.name == *name) {
                None => self.mistakes.push(unknown_axis(name, value, self.plan.axes.iter())),
                Some(index) => match axis::select(&self.plan.axes[index], value).as_deref() {
                    Ok([one]) => place[index] = Some(*one),
                    _ if self.is_pinned => return None,
                    Ok(several) => {
                        let title = format!("{what} is about one point, and this names {} values", several.len());
                        self.mistakes.push(value.place.mark_value(Mistake::new(title), "must be one value"));
                    }
                    Err(more) => self.mistakes.extend(more.clone()),
                },
            }
        }
        if self.mistakes.0.len() > before {
            return None;
        }
        let missing: Vec<&str> = self
            .plan
            .axes
            .iter()
            .zip(&place)
            .filter(|(_, index)| index.is_none())
            .map(|(axis, _)| axis.name.as_str())
            .collect();
        if !missing.is_empty() {
            let title = format!("{what} does not say at which {}", Names::new(missing));
            self.wrong(tree, "at", title, "a point has a value of every axis");
            return None;
        }
        let place: Vec<usize> = place.into_iter().flatten().collect();
        let variant = variant?;
        match self.plan.point(variant, &place) {
            Some(point) => Some(point),
            None if self.is_pinned => None,
            None => {
                let title = format!("variant `{}` is not run at this point", self.plan.variants[variant]);
                self.wrong(tree, "at", title, "left out by the variant's `only`");
                None
            }
        }
    }

    fn effect(&mut self, written: &language::Change, tree: &Tree) -> Option<ChangeEffect> {
        let variant = self.variant(Some(&written.variant), tree);
        let against = self.variant_under("against", written.against.as_deref(), tree);
        if !(0.0..1.0).contains(&written.matters) {
            let title = format!("`matters` is {}", written.matters);
            self.wrong(tree, "matters", title, "a difference, such as 0.05 for 5 %");
        }
        let (variant, against) = (variant?, against?);
        if variant == against {
            let title = format!("variant `{}` is compared with itself", self.plan.variants[variant]);
            self.wrong(tree, "variant", title, "the same variant");
            return None;
        }
        let point = self.place(&format!("effect of `{}`", written.change), Some(variant), tree)?;
        let Some(against) = self.plan.beside(point, against) else {
            let title = format!("variant `{}` is not run at this point", self.plan.variants[against]);
            self.wrong(tree, "at", title, "left out by the variant's `only`");
            return None;
        };
        Some(ChangeEffect {
            change: written.change.clone(),
            point,
            against,
            metric: written.metric,
            matters: written.matters,
        })
    }

    fn hypothesis(&mut self, written: &language::Hypothesis, tree: &Tree) -> Option<Hypothesis> {
        let before = self.mistakes.0.len();
        let variant = self.variant(written.variant.as_deref(), tree);
        let mut chosen = Vec::new();
        for (name, value) in tree.get("at").map(Tree::entries).unwrap_or_default() {
            let Some(index) = self.plan.axes.iter().position(|axis| axis.name == *name) else {
                self.mistakes.push(unknown_axis(name, value, self.plan.axes.iter()));
                continue;
            };
            match axis::select(&self.plan.axes[index], value) {
                Ok(values) => chosen.push((index, values)),
                Err(_) if self.is_pinned && !matches!(value.kind, NodeKind::Table(_)) => return None,
                Err(more) => self.mistakes.extend(more),
            }
        }
        let expect = tree.get("expect").and_then(|expect| self.expectation(&written.expect, expect));
        if self.mistakes.0.len() > before {
            return None;
        }
        let (variant, expect) = (variant?, expect?);
        let points = self.within(variant, &chosen);
        if points.is_empty() {
            if !self.is_pinned {
                let title = format!("no point of variant `{}` lies in this range", self.plan.variants[variant]);
                let mut mistake = Mistake::new(title);
                let at = tree.get("at").unwrap_or(tree);
                mistake = at.place.mark_value(mistake, "matches no point");
                for (index, ..) in &chosen {
                    let axis = &self.plan.axes[*index];
                    mistake = mistake.note(format!("`{}` has the values {}", axis.name, axis::all_values(axis)));
                }
                self.mistakes.push(mistake);
            }
            return None;
        }
        if !self.answerable(&expect, variant, &points, tree) {
            return None;
        }
        let scope = self.scope(written, &expect, &points, tree)?;
        let (claim, refuted, answers) = (written.claim.clone(), written.refuted, written.answers);
        if let Some(other) = tree.get("answers").filter(|_| self.is_answered) {
            let mistake = Mistake::new("two hypotheses answer the question of the experiment");
            self.mistakes.push(other.place.mark_key(mistake, "the second one").help("leave `answers` to one of them"));
        }
        self.is_answered |= answers.is_some();
        let line = Some(tree.place.line());
        Some(Hypothesis { claim, variant, points, scope, expect, refuted, answers, line })
    }

    /// The points of a variant with these values of axes.
    fn within(&self, variant: usize, chosen: &[(usize, Vec<usize>)]) -> Vec<usize> {
        let is_chosen = |at: &[usize]| chosen.iter().all(|(axis, values)| values.contains(&at[*axis]));
        let points = self.plan.points.iter().enumerate();
        points.filter(|(_, point)| point.variant == variant && is_chosen(&point.at)).map(|(index, _)| index).collect()
    }

    fn expectation(&mut self, written: &language::Expectation, tree: &Tree) -> Option<Expectation> {
        let (kind, table) = tree.entries().first()?;
        Some(match written {
            language::Expectation::AtLeast { metric, value } => {
                self.bound(*metric, *value, table);
                Expectation::AtLeast { metric: *metric, value: *value }
            }
            language::Expectation::AtMost { metric, value } => {
                self.bound(*metric, *value, table);
                Expectation::AtMost { metric: *metric, value: *value }
            }
            language::Expectation::Collapses { .. } => {
                let (from, to) = self.collapse(table)?;
                Expectation::Collapses { from, to }
            }
            language::Expectation::Survives {} => Expectation::Survives,
            language::Expectation::Stuck {} => Expectation::Stuck,
            language::Expectation::Recovers {} => Expectation::Recovers,
            language::Expectation::LosesCapacity {} => Expectation::LosesCapacity,
            language::Expectation::Sheds {} => Expectation::Sheds,
            language::Expectation::Healthy {} => Expectation::Healthy,
            language::Expectation::HigherThan { variant, metric, by } => {
                self.relative(*by, "by", table);
                Expectation::HigherThan { variant: self.variant(Some(variant), table)?, metric: *metric, by: *by }
            }
            language::Expectation::LowerThan { variant, metric, by } => {
                self.relative(*by, "by", table);
                if *by > 1.0 {
                    self.wrong(table, "by", format!("`by` is {by} in `{kind}`"), "must be at most 1, which is 100 %");
                }
                Expectation::LowerThan { variant: self.variant(Some(variant), table)?, metric: *metric, by: *by }
            }
            language::Expectation::SameAs { variant, metric, within } => {
                self.relative(*within, "within", table);
                Expectation::SameAs { variant: self.variant(Some(variant), table)?, metric: *metric, within: *within }
            }
            language::Expectation::SaturatedBy { resource } => Expectation::SaturatedBy { resource: resource.clone() },
            language::Expectation::MeetsMeasurements {} => Expectation::MeetsMeasurements,
        })
    }

    fn bound(&mut self, metric: Metric, value: f64, table: &Tree) {
        if metric.is_rate() && !(0.0..=1.0).contains(&value) {
            self.wrong(
                table,
                "value",
                format!("the bound of `{}` is {value}", metric.name()),
                "a rate is between 0 and 1",
            );
        } else if value < 0.0 {
            self.wrong(table, "value", format!("the bound is {value}"), "no metric is negative");
        }
    }

    fn relative(&mut self, value: f64, key: &str, table: &Tree) {
        if !(0.0..=1000.0).contains(&value) {
            self.wrong(table, key, format!("`{key}` is {value}"), "a relative difference, such as 0.1 for 10 %");
        }
    }

    /// A collapse lies between two values of the first axis: their numbers.
    fn collapse(&mut self, table: &Tree) -> Option<(f64, f64)> {
        let Some(axis) = self.plan.axes.first() else {
            self.wrong(table, "", "a collapse is found along an axis, and the experiment has none", "needs an axis");
            return None;
        };
        let mut numbers = Vec::new();
        for key in ["from", "to"] {
            let value = table.get(key)?;
            match axis::number(axis, value) {
                Ok(number) => numbers.push(number),
                Err(more) => {
                    self.mistakes.extend(more);
                    return None;
                }
            }
            if axis::index_of(axis, value).is_none() && !self.is_pinned {
                self.mistakes.push(unknown_value(axis, value));
                return None;
            }
        }
        let (from, to) = (numbers[0], numbers[1]);
        if from >= to {
            let text = |key: &str| table.get(key).map(Tree::plain).unwrap_or_default();
            let title = format!("a collapse from {} to {}", text("from"), text("to"));
            self.wrong(table, "to", title, "must be above `from`, which is still safe");
            return None;
        }
        Some((from, to))
    }

    /// Whether the points can show what is expected.
    fn answerable(&mut self, expect: &Expectation, variant: usize, points: &[usize], tree: &Tree) -> bool {
        let this = self.plan.variants[variant].clone();
        let nothing = Tree::nothing(tree);
        let table = tree.get("expect").and_then(|expect| expect.entries().first()).map_or(&nothing, |(_, table)| table);
        if let Expectation::AtLeast { metric: Metric::RecoveryS, .. }
        | Expectation::AtMost { metric: Metric::RecoveryS, .. } = expect
        {
            let undisturbed = |&point: &usize| {
                let load = &self.plan.points[point].load;
                load.recovered_after.is_none() || load.timeline.is_none()
            };
            if points.iter().any(undisturbed) {
                let title = "recovery is timed from the end of a disturbance, and the load has none";
                let mistake = Mistake::new(title);
                let expect = tree.get("expect").unwrap_or(tree);
                let mistake = expect.place.mark_value(mistake, "nothing to recover from");
                self.mistakes
                    .push(mistake.help("give `load.spikes`, or `load.recovered_after`, the time from which on"));
                return false;
            }
        }
        if let Some(metric) = expect.metric().filter(|&metric| metric != Metric::RecoveryS)
            && let Some(lack) = objective::lack(metric, points.iter().map(|&point| &self.plan.points[point]))
        {
            let mistake = objective::there_is_none(metric);
            let named = table.get("metric").unwrap_or(table);
            self.mistakes.push(named.place.mark_value(mistake, lack));
            return false;
        }
        match expect {
            Expectation::HigherThan { metric: Metric::RecoveryS, .. }
            | Expectation::LowerThan { metric: Metric::RecoveryS, .. }
            | Expectation::SameAs { metric: Metric::RecoveryS, .. } => {
                let title = "`recovery_s` may be never, which has no relative difference";
                self.wrong(table, "metric", title, "use it in `at-most` or `at-least`");
                return false;
            }
            Expectation::HigherThan { variant: other, .. }
            | Expectation::LowerThan { variant: other, .. }
            | Expectation::SameAs { variant: other, .. } => {
                if *other == variant {
                    self.wrong(
                        table,
                        "variant",
                        format!("variant `{this}` is compared with itself"),
                        "the same variant",
                    );
                    return false;
                }
                let lonely = points.iter().find(|&&point| self.plan.beside(point, *other).is_none());
                if let Some(&point) = lonely {
                    let other = &self.plan.variants[*other];
                    let place = self.plan.place(&self.plan.points[point]);
                    let title = format!("variant `{other}` is not run at {place}, where `{this}` is compared with it");
                    self.wrong(table, "variant", title, "has no point to compare with");
                    return false;
                }
            }
            Expectation::SaturatedBy { resource } => return self.can_limit(resource, points, table),
            Expectation::MeetsMeasurements => {
                let has_one = |row: &Measurement| row.variant == variant && row.has_tolerance();
                if !self.plan.measurements.iter().any(has_one) && !self.is_pinned {
                    let title = format!("variant `{this}` has no measurement with a tolerance");
                    self.wrong(tree, "expect", title, "nothing to meet");
                    return false;
                }
            }
            _ => {}
        }
        true
    }
}
