//! The choice of one point by variant and values.

use crate::experiment::design::Plan;
use crate::spec::Mistake;

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
    let fits = |point: &crate::experiment::design::Point| {
        variant.is_none_or(|variant| point.variant == variant)
            && wanted.iter().all(|&(axis, value)| point.at[axis] == value)
    };
    plan.points.iter().position(fits).ok_or_else(|| {
        Mistake::new("no point of the experiment has this variant and these values")
            .note("a variant with `only` is run at some values of an axis only")
    })
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Mistake {
    let mistake = listed(Mistake::new(format!("there is no {what} `{name}`")), &format!("{what} names"), known.clone());
    let near = known.map(|known| (strsim::jaro_winkler(known, name), known)).max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((likeness, near)) if likeness > 0.75 => mistake.help(format!("did you mean `{near}`?")),
        _ => mistake,
    }
}

fn listed<'a>(mistake: Mistake, what: &str, known: impl Iterator<Item = &'a str>) -> Mistake {
    let known: Vec<&str> = known.collect();
    match known.len() {
        0 => mistake.note(format!("there are no {what}")),
        1..=30 => mistake.note(format!("{what}: {}", known.join(", "))),
        count => mistake.note(format!("{what}: {}, ... ({count} in all)", known[..30].join(", "))),
    }
}
