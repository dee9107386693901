//! The choice of one point by variant and values.

use crate::experiment::plan::Plan;
use crate::language::Mistake;
use crate::language::names::Names;

/// The first point of the plan that has the variant and the values asked for.
pub(super) fn choose(plan: &Plan, variant: Option<&str>, at: &[(String, String)]) -> Result<usize, Mistake> {
    let variant = variant.map(|name| {
        let found = plan.variants.iter().position(|known| known == name);
        found.ok_or_else(|| unknown("variant", name, plan.variants.iter().map(String::as_str)))
    });
    let variant = variant.transpose()?;
    let mut wanted = Vec::new();
    for (name, value) in at {
        let axis = plan.axes.iter().position(|axis| axis.name == *name);
        let axis = axis.ok_or_else(|| unknown("axis", name, plan.axes.iter().map(|axis| axis.name.as_str())))?;
        wanted.push((axis, plan.axes[axis].index(value)?));
    }
    let fits = |point: &crate::experiment::plan::Point| {
        variant.is_none_or(|variant| point.variant == variant)
            && wanted.iter().all(|&(axis, value)| point.at[axis] == value)
    };
    plan.points.iter().position(fits).ok_or_else(|| {
        Mistake::new("the experiment has no point with this variant and these values")
            .note("a variant with `only` runs at only some values of an axis")
    })
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Mistake {
    Mistake::new(format!("there is no {what} `{name}`")).advise(Names::new(known), what, name)
}
