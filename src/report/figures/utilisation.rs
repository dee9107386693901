//! Utilisation of every resource over the sweep, as a heat map.

use super::set::{self, Set};
use super::{method, title};
use crate::experiment::analyse::finding::Finding;
use crate::experiment::analyse::summary::{ResourceMean, Summary};
use crate::experiment::analyse::words;
use crate::report::chart::{HeatFigure, HeatGroup, HeatRow};
use crate::report::whole::Report;

/// Utilisation that a resource must exceed somewhere to be shown.
const LEAST: f64 = 0.05;
/// Rows that the map has room for on a slide, where each heading of a variant takes the room of a row and a half.
const MOST_ROWS: usize = 30;
/// Variants that the map has room for.
const MOST_GROUPS: usize = 11;
/// Columns that the map of points without curves has.
const MOST_COLUMNS: usize = 40;

/// A row before it is known whether there is room for it.
struct Candidate {
    group: usize,
    label: String,
    values: Vec<f64>,
    marked: Vec<bool>,
    most: f64,
    /// Whether it limits a point.
    limits: bool,
}

/// One group a variant, one column a value of the first axis; none where no resource has a capacity that is used.
pub(super) fn of_set(set: &Set) -> Option<HeatFigure> {
    let plan = set.plan();
    let mut values: Vec<(f64, String)> =
        set.axis.values.iter().map(|value| (value.number.unwrap_or(f64::NAN), value.text.clone())).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut candidates = Vec::new();
    let shown = &set.findings[..set.findings.len().min(MOST_GROUPS)];
    for (group, finding) in shown.iter().enumerate() {
        let columns: Vec<Option<&Summary>> = values
            .iter()
            .map(|(x, _)| finding.points.iter().find(|&&point| set.x(point) == *x))
            .map(|point| point.and_then(|&point| set.report.summary(point)))
            .collect();
        candidates.extend(rows(group, &columns));
    }
    let is_one = set.findings.len() == 1;
    let of = |finding: &Finding| -> Vec<Option<usize>> {
        let here = |x: f64| finding.points.iter().copied().find(|&point| set.x(point) == x);
        values.iter().map(|(x, _)| here(*x)).collect()
    };
    let groups = shown.iter().map(|finding| HeatGroup {
        of: of(finding),
        label: if is_one { String::new() } else { set.variant(finding).into() },
        color: (!is_one).then_some(finding.variant),
        rows: Vec::new(),
    });
    let (groups, left_out) = fill(groups.collect(), candidates);
    groups.iter().any(|group| !group.rows.is_empty()).then(|| HeatFigure {
        title: title::limits(set),
        subtitle: method::subtitle(set.report, &set.points(), &set.place),
        x: set.label(),
        columns: values.into_iter().map(|(_, text)| text).collect(),
        note: match set.findings.len() {
            all if all > shown.len() => {
                format!("The first {} of {all} variants. {}", shown.len(), note(&groups, left_out, plan.replications))
            }
            _ => note(&groups, left_out, plan.replications),
        },
        groups,
        unit: "utilisation (%)".into(),
    })
}

/// One column a point; none where no resource has a capacity that is used.
pub(super) fn of_points(report: &Report) -> Option<HeatFigure> {
    let plan = report.plan;
    let summaries: Vec<&Summary> = report.summaries.iter().take(MOST_COLUMNS).collect();
    let columns: Vec<Option<&Summary>> = summaries.iter().copied().map(Some).collect();
    let of = summaries.iter().map(|summary| Some(summary.point)).collect();
    let (groups, left_out) = fill(vec![HeatGroup { of, ..HeatGroup::default() }], rows(0, &columns));
    let named = set::named(report);
    let all: Vec<usize> = (0..plan.points.len()).collect();
    let label = |summary: &&Summary| match plan.axes.as_slice() {
        [axis] if plan.variants.len() == 1 => axis.values[plan.points[summary.point].at[0]].text.clone(),
        _ => words::place(plan, summary.point),
    };
    groups.iter().any(|group| !group.rows.is_empty()).then(|| HeatFigure {
        title: title::limits_of(&named, if plan.axes.is_empty() { "variant" } else { "point" }, &plan.title),
        subtitle: method::subtitle(report, &all, ""),
        x: match plan.axes.as_slice() {
            [axis] if plan.variants.len() == 1 => axis.label.clone(),
            [] if plan.variants.len() > 1 => "variant".into(),
            _ => String::new(),
        },
        columns: summaries.iter().map(label).collect(),
        note: note(&groups, left_out, plan.replications),
        groups,
        unit: "utilisation (%)".into(),
    })
}

/// The rows of all resources that have a capacity, in the order in which they first appear.
fn rows(group: usize, columns: &[Option<&Summary>]) -> Vec<Candidate> {
    let mut names: Vec<&str> = Vec::new();
    let has_capacity = |resource: &&ResourceMean| resource.capacity.is_some();
    for summary in columns.iter().flatten() {
        for resource in summary.resources.iter().filter(has_capacity) {
            if !names.contains(&resource.name.as_str()) {
                names.push(&resource.name);
            }
        }
    }
    let utilisation = |summary: &Summary, name: &str| {
        let resource = summary.resources.iter().filter(has_capacity).find(|resource| resource.name == name);
        resource.map(|resource| resource.utilisation)
    };
    let row = |name: &str| {
        let value =
            |summary: &Option<&Summary>| summary.and_then(|summary| utilisation(summary, name)).unwrap_or(f64::NAN);
        let values: Vec<f64> = columns.iter().map(value).collect();
        let most = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        // Contention is that of its resource.
        let is_it = |limit: &str| limit.strip_suffix(" contention").unwrap_or(limit) == name;
        let limits = columns.iter().flatten().any(|summary| summary.saturated.as_deref().is_some_and(is_it));
        // What limits a point is marked even if a deadlock or a fault leaves most of it idle over the whole time.
        let is_marked = |summary: &Option<&Summary>| {
            summary.is_some_and(|it| it.is_saturated(name) || it.saturated.as_deref().is_some_and(is_it))
        };
        let marked = columns.iter().map(is_marked).collect();
        Candidate { group, label: name.to_owned(), values, marked, most, limits }
    };
    names.into_iter().map(row).collect()
}

/// Puts the rows of the resources that limit a point, and of the most used others, into their groups, and says how many
/// resources are left out. A resource that is shown in one variant is shown in all that have it.
fn fill(mut groups: Vec<HeatGroup>, candidates: Vec<Candidate>) -> (Vec<HeatGroup>, usize) {
    let mut uses: Vec<(String, f64, bool)> = Vec::new();
    for row in candidates.iter().filter(|row| row.limits || row.most > LEAST) {
        match uses.iter_mut().find(|(name, ..)| *name == row.label) {
            Some((_, most, limits)) => (*most, *limits) = (most.max(row.most), *limits || row.limits),
            None => uses.push((row.label.clone(), row.most, row.limits)),
        }
    }
    uses.sort_by(|a, b| b.2.cmp(&a.2).then(b.1.total_cmp(&a.1)));
    let headings = groups.iter().filter(|group| !group.label.is_empty()).count() * 3 / 2;
    let room = ((MOST_ROWS - headings.min(MOST_ROWS)) / groups.len().max(1)).max(1);
    let left_out = uses.len().saturating_sub(room);
    uses.truncate(room);
    for row in candidates.into_iter().filter(|row| uses.iter().any(|(name, ..)| *name == row.label)) {
        groups[row.group].rows.push(HeatRow::new(row.label, row.values, row.marked));
    }
    (groups, left_out)
}

fn note(groups: &[HeatGroup], left_out: usize, replications: u32) -> String {
    let mut note = String::new();
    if replications > 1 {
        note.push_str("Means over time, replications and instances. ");
    }
    note.push_str("Resources below 5 % everywhere are left out");
    if left_out > 0 {
        note.push_str(&match left_out {
            1 => ", and so is the least used of the others".to_owned(),
            _ => format!(", and so are the {left_out} least used of the others"),
        });
    }
    note.push('.');
    if groups.iter().flat_map(|group| &group.rows).any(|row| row.marked.contains(&true)) {
        note.push_str(
            " Marked: what limits the point, and what is saturated (95 % in use with requests waiting, while an objective is \
             missed, else until the last request).",
        );
    }
    note
}
