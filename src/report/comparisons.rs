//! Variants against each other: a table of paired differences, sentences that name the best, and `comparisons.csv`.

use super::detail::Detail;
use super::number::short;
use super::overview::{laid_out, places, sections};
use super::paragraph::{hanging, joined, paragraph, quoted};
use super::results::{bounds, keys};
use super::sheet::{Cell, Row};
use super::table::Column;
use super::whole::Report;
use crate::experiment::analyse::comparison::{COMPARED, Comparison, Difference, Selection, TIE, are_comparable};
use crate::experiment::analyse::condition::Condition;
use crate::experiment::plan::Plan;
use crate::language::Metric;
use crate::model::RateUnit;

/// Rows beyond which the table is left to `comparisons.csv`.
const MOST_ROWS: usize = 12;

/// Stretches of places at which the best is named.
const MOST_STRETCHES: usize = 12;

/// The table of differences from the first variant; empty without any, and where there are too many for a look.
pub fn comparisons(report: &Report, detail: Detail, width: Option<usize>) -> String {
    let is_told = |it: &&Comparison| are_comparable(report.plan, it.against, it.point);
    let all: Vec<&Comparison> = report.comparisons.iter().filter(is_told).collect();
    if all.is_empty() || all.len() > MOST_ROWS {
        return String::new();
    }
    let points: Vec<usize> = all.iter().map(|it| it.point).collect();
    let mut columns = places(report, &points);
    for (rank, metric) in (1..).zip(COMPARED) {
        let of = |it: &Comparison| it.differences.iter().find(|difference| difference.metric == metric).copied();
        let cell = |it: &Comparison| of(it).map_or_else(String::new, |difference| amount(&difference, report.rates));
        let cells: Vec<String> = all.iter().copied().map(cell).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let column = Column::figures(metric.words(), cells);
        columns.push(if rank == 1 { column } else { column.optional(rank) });
    }
    let saved = |it: &Comparison| {
        let of_throughput = it.differences.iter().find(|difference| difference.metric == Metric::ThroughputPerMin);
        of_throughput.and_then(|difference| difference.saved).map_or_else(String::new, share_saved)
    };
    let runs = |it: &Comparison| it.differences.first().map_or_else(String::new, |of| of.pairs.to_string());
    if all.iter().flat_map(|it| it.differences.first()).any(|it| it.unpaired > 0) {
        columns.push(Column::figures("common runs", all.iter().copied().map(runs).collect()).optional(9));
    }
    if detail == Detail::Full {
        columns.push(Column::figures("saved by pairing (throughput)", all.iter().copied().map(saved).collect()));
    }
    let heading = format!("difference from {} (95 % interval)", quoted(&report.plan.variants[0]));
    format!("{}{}", paragraph("", &heading, width), laid_out(columns, &sections(report, &points), detail))
}

/// `, 10 common runs`, where one of the two has more: what is said of the difference rests on those.
pub(super) fn common(difference: &Difference) -> String {
    if difference.unpaired == 0 { String::new() } else { format!(", {} common runs", difference.pairs) }
}

/// In words; of what is relative to nothing, nothing is said.
fn amount(difference: &Difference, rates: RateUnit) -> String {
    let is_told = difference.relative.is_some() || difference.metric.is_rate();
    if is_told { difference.cell(rates) } else { "–".into() }
}

/// `83 % of the variance`; where the pairing made it larger, `none`.
fn share_saved(saved: f64) -> String {
    if saved > 0.0 { format!("{:.0} % of variance", saved * 100.0) } else { "none".into() }
}

/// A line for each stretch of neighbouring places where the same variants may be the best; empty with fewer than three
/// variants, or two where the experiment selects the best.
pub fn selections(report: &Report, width: Option<usize>) -> String {
    let plan = report.plan;
    let Some(first) = report.selections.first() else { return String::new() };
    let mut stretches: Vec<(String, Vec<&Selection>)> = Vec::new();
    // No variant is the best where none of them responds after the load.
    let is_dead = |point: &usize| report.state(*point).is_some_and(|state| state.condition == Condition::Dead);
    for selection in report.selections.iter().filter(|selection| !selection.points.iter().all(is_dead)) {
        let who = who(report, selection);
        match stretches.last_mut() {
            Some((known, members)) if *known == who => members.push(selection),
            _ => stretches.push((who, vec![selection])),
        }
    }
    let zone = match plan.best_within {
        Some(zone) => format!(", if better by at least {}", within(zone.share, first.metric)),
        None => String::new(),
    };
    if stretches.is_empty() {
        return String::new();
    }
    let heading = format!("best by {} (95 % confidence at each place{zone}):", first.metric.words());
    if let ([(who, _)], true) = (stretches.as_slice(), plan.axes.is_empty()) {
        return paragraph("- ", &format!("{heading} {who}"), width);
    }
    let mut text = paragraph("- ", &heading, width);
    for (who, members) in stretches.iter().take(MOST_STRETCHES) {
        let at = stretch(plan, members);
        let at = if at.is_empty() { at } else { format!("at {at}: ") };
        text.push_str(&hanging("  ", 4, &format!("{at}{who}"), width));
    }
    if stretches.len() > MOST_STRETCHES {
        text.push_str(&format!("  and {} more in summary.json\n", stretches.len() - MOST_STRETCHES));
    }
    text
}

/// Where these neighbours lie: `concurrency = 75 to 125`.
fn stretch(plan: &Plan, members: &[&Selection]) -> String {
    let place = |selection: &Selection| plan.place(&plan.points[selection.points[0]]);
    match members {
        [] => String::new(),
        [one] => place(one),
        [first, .., last] => {
            let (first, last) = (place(first), place(last));
            // What is the same axis by axis is written once.
            match (plan.axes.as_slice(), last.rsplit_once(" = ")) {
                ([_], Some((_, value))) => format!("{first} to {value}"),
                _ => format!("{first} to {last}"),
            }
        }
    }
}

/// Who may be the best, in words, and who is so little worse that it does not matter.
fn who(report: &Report, selection: &Selection) -> String {
    let plan = report.plan;
    // Where none is safe, the best is named with its condition.
    let named = |&point: &usize| {
        let name = quoted(&plan.variants[plan.points[point].variant]);
        match report.state(point).filter(|state| !state.is_safe() && state.condition != Condition::Slow) {
            Some(state) => {
                format!("{name} ({})", format!("{} {}", state.condition.word(), state.fraction()).trim_end())
            }
            None => name,
        }
    };
    let quoted = |points: &[usize]| points.iter().map(named).collect::<Vec<_>>();
    let (all, best, ties) = (selection.points.len(), &selection.best, &selection.ties);
    let little = within(plan.best_within.map_or(TIE, |zone| zone.share), selection.metric);
    let near: Vec<usize> = ties.iter().filter(|point| !best.contains(point)).copied().collect();
    if ties.len() == all {
        format!("no significant difference (less than {little})")
    } else if best.len() == all {
        "no significant difference".into()
    } else if !near.is_empty() {
        format!("{}, less than {little} better than {}", joined(&quoted(best), "or"), joined(&quoted(&near), "and"))
    } else if ties.len() == best.len() {
        format!("{} (less than {little} apart)", joined(&quoted(best), "and"))
    } else {
        joined(&quoted(best), "or")
    }
}

/// The rows of `comparisons`: one for each figure of each comparison; none with one variant.
pub fn comparisons_rows(report: &Report) -> impl Iterator<Item = Row> {
    let plan = report.plan;
    report.comparisons.iter().flat_map(move |comparison| {
        comparison.differences.iter().map(move |it| {
            let mut row = keys(plan, comparison.point);
            row.push(Cell::text(against(plan, comparison)));
            row.push(Cell::text(it.metric.name()));
            row.push(Cell::Count(it.pairs as u64));
            row.extend(bounds(Some(it.difference)).into_iter().chain(bounds(it.relative)));
            row.push(Cell::bound(it.saved));
            let is_one = it.groups.told().is_none();
            for pairs in it.groups.differences.map(|group| group.filter(|_| !is_one)) {
                row.push(pairs.map_or(Cell::Missing, |pairs| Cell::Count(pairs.runs as u64)));
                row.push(Cell::number(pairs.map(|pairs| pairs.mean)));
            }
            row
        })
    })
}

/// The variant that another one is compared with.
pub(super) fn against(plan: &Plan, comparison: &Comparison) -> String {
    plan.variants[plan.points[comparison.against].variant].clone()
}

/// The names of the variants of these points.
pub(super) fn names<'a>(plan: &'a Plan, points: &[usize]) -> Vec<&'a str> {
    points.iter().map(|&point| plan.variants[plan.points[point].variant].as_str()).collect()
}

/// `2 %` of what the others do, or `2 points` of a share.
pub(super) fn within(share: f64, metric: Metric) -> String {
    format!("{} {}", short(share * 100.0), if metric.is_rate() { "points" } else { "%" })
}
