//! Variants that take the `set` of others, and those that an ablation makes.

use super::axis::{self, Ready};
use super::point::{self, Design};
use crate::language::names::Names;
use crate::language::setting::Setting;
use crate::language::tree::{NodeKind, Tree};
use crate::language::{Mistake, Mistakes};

/// A variant as written, with the overrides of its own.
pub(super) struct Own<'a> {
    pub name: String,
    pub tree: &'a Tree,
    pub settings: Vec<Setting>,
}

impl Own<'_> {
    /// The names of the variants that it extends, each where it stands.
    fn extends(&self) -> &[Tree] {
        self.tree.get("extends").map(Tree::elements).unwrap_or_default()
    }
}

/// For each variant the variants that give it their `set`, in the order in which they are applied: those that it extends,
/// with what they extend, and itself last. One that is taken twice is applied once, where it comes last.
pub(super) fn orders(all: &[Own<'_>], mistakes: &mut Mistakes) -> Vec<Vec<usize>> {
    let mut known = vec![None; all.len()];
    for index in 0..all.len() {
        order(index, all, &mut Vec::new(), &mut known, mistakes);
    }
    known.into_iter().enumerate().map(|(index, order)| order.unwrap_or_else(|| vec![index])).collect()
}

fn order(
    index: usize,
    all: &[Own<'_>],
    way: &mut Vec<usize>,
    known: &mut [Option<Vec<usize>>],
    mistakes: &mut Mistakes,
) -> Vec<usize> {
    if let Some(order) = &known[index] {
        return order.clone();
    }
    way.push(index);
    let mut taken = Vec::new();
    for (at, named) in all[index].extends().iter().enumerate() {
        let name = named.plain();
        if all[index].extends()[..at].iter().any(|earlier| earlier.plain() == name) {
            let mistake = Mistake::new(format!("variant `{}` extends `{name}` twice", all[index].name));
            mistakes.push(named.place.mark_value(mistake, "is named before").help("name each variant once"));
            continue;
        }
        let Some(other) = all.iter().position(|own| own.name == name) else {
            let names = Names::new(all.iter().map(|own| own.name.as_str()).filter(|known| *known != all[index].name));
            let mistake = Mistake::new(format!("there is no variant `{name}` to extend"));
            mistakes.push(named.place.mark_value(mistake, "no such variant").advise(names, "other variant", &name));
            continue;
        };
        if let Some(start) = way.iter().position(|&known| known == other) {
            let circle: Vec<&str> =
                way[start..].iter().chain([&other]).map(|&index| all[index].name.as_str()).collect();
            let mistake = Mistake::new(format!("variants extend each other in a circle: {}", circle.join(" -> ")));
            mistakes.push(named.place.mark_value(mistake, "closes the circle"));
            continue;
        }
        taken.extend(order(other, all, way, known, mistakes));
    }
    way.pop();
    taken.push(index);
    let order: Vec<usize> =
        taken.iter().enumerate().filter(|(at, one)| !taken[at + 1..].contains(one)).map(|(_, &one)| one).collect();
    known[index] = Some(order.clone());
    order
}

/// The name of the variant that has all changes of another but one.
pub(super) fn without(variant: &str, change: &str) -> String {
    format!("{variant} without {change}")
}

/// The variants that ablations make: all changes but each one, run at the ablation's point only. `arguments` are the overrides of the command line.
pub(super) fn ablated(
    tree: &Tree,
    all: &[Own<'_>],
    axes: &[Ready],
    arguments: &[Setting],
    mistakes: &mut Mistakes,
) -> Vec<Design> {
    let mut designs: Vec<Design> = Vec::new();
    for ablation in tree.get("ablations").map(Tree::elements).unwrap_or_default() {
        let Some(variant) = ablation.get("variant") else { continue };
        let name = variant.plain();
        let Some(own) = all.iter().find(|own| own.name == name) else {
            let names = Names::new(all.iter().map(|own| own.name.as_str()));
            let mistake = Mistake::new(format!("there is no variant `{name}`"));
            mistakes.push(variant.place.mark_value(mistake, "no such variant").advise(names, "variant", &name));
            continue;
        };
        let changes = own.extends();
        if changes.len() < 2 {
            let title = format!("variant `{name}` is not made of several changes");
            let mistake = variant.place.mark_value(Mistake::new(title), "extends fewer than two variants");
            mistakes.push(mistake.help(format!(
                "write each change as a variant and name them: name = \"{name}\", extends = [\"...\", \"...\"]"
            )));
            continue;
        }
        let choices = places(ablation, axes);
        for left_out in changes {
            let name = without(&name, &left_out.plain());
            if all.iter().any(|own| own.name == name) || designs.iter().any(|design| design.name == name) {
                continue;
            }
            let kept: Vec<Tree> = changes.iter().filter(|change| change.plain() != left_out.plain()).cloned().collect();
            let mut made = Tree::nothing(own.tree);
            let mut list = Tree::nothing(own.tree);
            list.kind = NodeKind::List(kept);
            made.kind = NodeKind::Table(vec![("extends".into(), list)]);
            let mut every: Vec<Own<'_>> = all
                .iter()
                .map(|own| Own { name: own.name.clone(), tree: own.tree, settings: own.settings.clone() })
                .collect();
            every.push(Own { name: name.clone(), tree: &made, settings: own.settings.clone() });
            let order =
                order(all.len(), &every, &mut Vec::new(), &mut vec![None; every.len()], &mut Mistakes::default());
            let taken = order.iter().flat_map(|&index| every[index].settings.iter().cloned());
            let settings = taken.chain(arguments.iter().cloned()).collect();
            designs.push(Design { name, settings, choices: choices.clone(), made: true });
        }
    }
    designs
}

/// The values of each axis at which an ablation is: what its `at` names, else all. What is wrong with it is reported where
/// its points are looked for.
fn places(ablation: &Tree, axes: &[Ready]) -> Vec<Vec<usize>> {
    let mut choices = point::choices(None, axes, &mut Mistakes::default());
    for (name, value) in ablation.get("at").map(Tree::entries).unwrap_or_default() {
        let index = axes.iter().position(|ready| ready.axis.name == *name);
        if let Some((index, chosen)) = index.and_then(|at| Some((at, axis::select(&axes[at].axis, value).ok()?))) {
            choices[index] = chosen;
        }
    }
    choices
}
