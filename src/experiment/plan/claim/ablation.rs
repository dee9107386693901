//! Ablations: each of several changes alone, and all of them without it.

use super::Claims;
use crate::experiment::plan::claimed::{Ablated, Ablation, ChangeEffect};
use crate::experiment::plan::extends;
use crate::language::tree::Tree;
use crate::language::{self, Experiment, Mistake};

impl Claims<'_> {
    pub(super) fn ablation(
        &mut self,
        written: &language::Ablation,
        tree: &Tree,
        experiment: &Experiment,
    ) -> Option<Ablation> {
        let variant = self.variant(Some(&written.variant), tree)?;
        let against = self.variant_under("against", written.against.as_deref(), tree)?;
        if !(0.0..1.0).contains(&written.matters) {
            let title = format!("`matters` is {}", written.matters);
            self.wrong(tree, "matters", title, "a difference, such as 0.05 for 5 %");
        }
        let name = &written.variant;
        let point = self.place(&format!("ablation of `{name}`"), Some(variant), tree)?;
        let changes = &experiment.variants.iter().find(|known| known.name == *name)?.extends;
        let base = self.plan.variants[against].clone();
        if against == variant || changes.iter().any(|change| takes(experiment, &base, change)) {
            let key = if written.against.is_some() { "against" } else { "variant" };
            let is_first = if written.against.is_some() { "" } else { ", the first one" };
            let title =
                format!("the ablation of `{name}` compares with `{base}`{is_first}, which has one of its changes");
            let place = tree.get(key).map_or(&tree.place, |value| &value.place);
            let mistake = place.mark_value(Mistake::new(title), "needs a variant without any change");
            self.mistakes.push(mistake.help(
                "write one, [[variants]] name = \"today\", before the others, or name it here: against = \"today\"",
            ));
            return None;
        }
        let at = self.plan.points[point].at.clone();
        let nothing = self.plan.variants[against].clone();
        let mut find = |name: &str| {
            let index = self.plan.variants.iter().position(|known| known == name)?;
            let found = self.plan.point(index, &at);
            if found.is_none() && !self.is_pinned {
                let title = format!("variant `{name}` is not run at this point");
                self.wrong(tree, "at", title, "left out by the variant's `only`");
            }
            found
        };
        let effect = |change: &str, point: usize, against: usize| ChangeEffect {
            change: change.into(),
            point,
            against,
            metric: written.metric,
            matters: written.matters,
        };
        let none = find(&nothing)?;
        let mut parts = Vec::new();
        for change in changes {
            let (alone, left) = (find(change)?, find(&extends::without(name, change))?);
            let (alone, last) = (effect(change, alone, none), effect(change, point, left));
            parts.push(Ablated { name: change.clone(), alone, last });
        }
        Some(Ablation { whole: effect(name, point, none), changes: parts })
    }
}

/// Whether a variant is a change, or extends it.
fn takes(experiment: &Experiment, variant: &str, change: &str) -> bool {
    let extends = |name: &str| experiment.variants.iter().find(|known| known.name == name).map(|known| &known.extends);
    let mut all = vec![variant];
    let mut next = 0;
    while let Some(&name) = all.get(next) {
        next += 1;
        let more = extends(name).into_iter().flatten().map(String::as_str);
        for name in more {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all.contains(&change)
}
