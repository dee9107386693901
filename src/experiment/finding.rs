//! Findings: what the sweep says of each variant without being asked. The highest safe point, where it collapses, and
//! the resource behind it.

use super::design::{Axis, Plan};
use super::summary::{Summary, of_point};

/// What the sweep says of one variant along the first axis, with the other axes held at one combination of values.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Index of the variant.
    pub variant: usize,
    /// The values of the other axes, in words; empty where there is but one axis.
    pub place: String,
    /// Indices of the variant's points, in the order of the axis.
    pub points: Vec<usize>,
    /// The collapse, where there is one.
    pub collapse: Option<Collapse>,
    /// In a sentence.
    pub sentence: String,
}

/// The first fall of the success rate below the experiment's bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Collapse {
    /// The last safe value of the axis; none where even the first is collapsed.
    pub from: Option<f64>,
    /// The first collapsed value.
    pub to: f64,
    /// The resource behind it, as the reports name it.
    pub resource: Option<String>,
    /// Why, in a few words: `user-service pool auth deadlocks`.
    pub cause: String,
}

/// The findings of all variants. Without an axis of numbers each point is a finding of its own.
pub fn findings(plan: &Plan, summaries: &[Summary]) -> Vec<Finding> {
    let axis = plan.axes.first().filter(|axis| axis.values.iter().all(|value| value.number.is_some()));
    let mut groups: Vec<(usize, Vec<usize>, Vec<usize>)> = Vec::new();
    for (index, point) in plan.points.iter().enumerate() {
        let others = if axis.is_some() { point.at[1..].to_vec() } else { point.at.clone() };
        match groups.iter_mut().find(|(variant, rest, _)| *variant == point.variant && *rest == others) {
            Some((_, _, points)) => points.push(index),
            None => groups.push((point.variant, others, vec![index])),
        }
    }
    let finding = |(variant, others, mut points): (usize, Vec<usize>, Vec<usize>)| {
        if let Some(axis) = axis {
            points.sort_by(|&a, &b| number(plan, axis, a).total_cmp(&number(plan, axis, b)));
        }
        let place = other_axes(plan, &others, usize::from(axis.is_some()));
        let known: Vec<&Summary> = points.iter().filter_map(|&point| of_point(summaries, point)).collect();
        let collapse = axis.and_then(|axis| collapse(plan, axis, &known));
        let sentence = sentence(plan, variant, &place, axis, &known, collapse.as_ref());
        Finding { variant, place, points, collapse, sentence }
    };
    groups.into_iter().map(finding).collect()
}

fn number(plan: &Plan, axis: &Axis, point: usize) -> f64 {
    plan.points[point].at.first().and_then(|&value| axis.values[value].number).unwrap_or(0.0)
}

fn other_axes(plan: &Plan, others: &[usize], skip: usize) -> String {
    let named = plan.axes.iter().skip(skip).zip(others);
    let texts: Vec<String> =
        named.map(|(axis, &value)| format!("{} = {}", axis.name, axis.values[value].text)).collect();
    texts.join(", ")
}

fn is_collapsed(plan: &Plan, summary: &Summary) -> bool {
    summary.success_rate.estimate < plan.collapse_below
}

fn collapse(plan: &Plan, axis: &Axis, known: &[&Summary]) -> Option<Collapse> {
    let first = known.iter().position(|summary| is_collapsed(plan, summary))?;
    let (summary, before) = (known[first], first.checked_sub(1).map(|index| known[index]));
    Some(Collapse {
        from: before.map(|summary| number(plan, axis, summary.point)),
        to: number(plan, axis, summary.point),
        resource: summary
            .deadlock
            .as_ref()
            .map(|(deadlock, _)| deadlock.resource.clone())
            .or(summary.saturated.clone()),
        cause: cause(summary),
    })
}

/// Why a point does badly, in a few words.
pub fn cause(summary: &Summary) -> String {
    if let Some((deadlock, _)) = &summary.deadlock {
        return format!("{} deadlocks", deadlock.resource);
    }
    if summary.hung >= 1.0 {
        return "calls through a broken client are never answered".into();
    }
    match &summary.saturated {
        Some(resource) => format!("{resource} is saturated"),
        None => summary.failures.first().map_or_else(|| "no resource is saturated".into(), |(cause, _)| cause.clone()),
    }
}

fn sentence(
    plan: &Plan,
    variant: usize,
    place: &str,
    axis: Option<&Axis>,
    known: &[&Summary],
    collapse: Option<&Collapse>,
) -> String {
    let name = match (plan.variants.len(), place) {
        (1, "") => String::new(),
        (1, place) => format!("{place}: "),
        (_, "") => format!("{}: ", plan.variants[variant]),
        (_, place) => format!("{} ({place}): ", plan.variants[variant]),
    };
    let Some(last) = known.last() else { return format!("{name}no figures") };
    let Some(axis) = axis else { return format!("{name}{}", state(last)) };
    let unit = unit(axis);
    let value = |summary: &Summary| plan.points[summary.point].at.first().map(|&at| axis.values[at].text.clone());
    let at = |summary: &Summary| format!("{}{unit}", value(summary).unwrap_or_default());
    match collapse {
        None => {
            let best =
                known.iter().max_by(|a, b| a.throughput_or_least().total_cmp(&b.throughput_or_least())).unwrap_or(last);
            format!(
                "{name}no collapse up to {}; {}; at most {} at {}{}",
                at(last),
                state(last),
                throughput(best),
                at(best),
                limit(best)
            )
        }
        Some(collapse) => {
            let end = known.iter().find(|summary| is_collapsed(plan, summary)).unwrap_or(last);
            let safe = known.iter().rev().find(|summary| Some(number(plan, axis, summary.point)) == collapse.from);
            let where_ = match safe {
                Some(safe) => format!(
                    "collapses between {} and {} (safe at {}: {}, {:.0} % success{}; at {}: {:.0} % success)",
                    value(safe).unwrap_or_default(),
                    at(end),
                    value(safe).unwrap_or_default(),
                    throughput(safe),
                    safe.success_rate.estimate * 100.0,
                    limit(safe),
                    value(end).unwrap_or_default(),
                    end.success_rate.estimate * 100.0
                ),
                None => format!("already collapsed at {}: {}", at(end), state(end)),
            };
            format!("{name}{where_}; {}{}", why(end), aftermath(end))
        }
    }
}

/// `517/min, 100 % success`.
fn state(summary: &Summary) -> String {
    let mut text = format!("{} with {:.0} % success", throughput(summary), summary.success_rate.estimate * 100.0);
    if let Some(p95) = summary.p95_s {
        text += &format!(", p95 {:.1} s", p95.estimate);
    }
    text
}

/// `517/min`.
fn throughput(summary: &Summary) -> String {
    summary.throughput_per_min.map_or_else(|| "no throughput".into(), |it| format!("{:.0}/min", it.estimate))
}

fn limit(summary: &Summary) -> String {
    summary.saturated.as_ref().map_or_else(String::new, |resource| format!(", limited by {resource}"))
}

fn why(summary: &Summary) -> String {
    match &summary.deadlock {
        Some((deadlock, trials)) => {
            let often = if *trials < summary.replications {
                format!(" (in {trials} of {} runs)", summary.replications)
            } else {
                String::new()
            };
            let circle = deadlock.circle.first().cloned().unwrap_or_default();
            format!("the {} deadlocks{often}: {circle}", deadlock.resource)
        }
        None => cause(summary),
    }
}

/// What is left when the load has gone: nothing is said of a load that never goes.
fn aftermath(summary: &Summary) -> String {
    match summary.dead {
        None => String::new(),
        Some((0.0, _)) => "; it recovers when the load has gone".into(),
        Some((dead, all)) if dead > f64::from(all) - 0.5 => "; it is still stuck when the load has gone".into(),
        Some((dead, all)) => format!("; when the load has gone, {dead:.1} of {all} workers still do not answer"),
    }
}

/// The axis' unit for sentences: its label's last word for `load.concurrency`, else nothing.
fn unit(axis: &Axis) -> String {
    if axis.path == "load.concurrency" { " concurrent".into() } else { format!(" ({})", axis.name) }
}
