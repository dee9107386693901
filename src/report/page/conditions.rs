//! The condition of each point, a row for each variant, and what is said of each.

use std::collections::HashMap;

use maud::{Markup, html};

use super::frame::SERIES;
use super::points::MOST;
use crate::experiment::analyse::summary::Doubt;
use crate::report::findings;
use crate::report::overview::notes;
use crate::report::whole::Report;

/// The strip and the findings.
pub(super) fn conditions(report: &Report) -> Markup {
    let all: Vec<usize> = (0..report.plan.points.len().min(MOST)).collect();
    html! {
        section #conditions {
            h2 { "Condition of each point" }
            (strip(report))
            @let notes = notes(report, &all);
            @if !notes.is_empty() { pre .note tabindex="0" { (notes) } }
            h3 { "Findings" }
            @for finding in &report.findings {
                div .finding data-v=(finding.variant) {
                    @for (number, line) in finding.lines.iter().enumerate() {
                        p .lead[number == 0] { (line) }
                    }
                }
            }
            @if let ([_], [summary]) = (report.plan.points.as_slice(), report.summaries.as_slice()) {
                @for line in findings::alone(report, summary) { p { (line) } }
            }
        }
    }
}

/// A row for each variant and combination of the other axes that it has, a column for each value of the first axis.
fn strip(report: &Report) -> Markup {
    let plan = report.plan;
    let first = plan.axes.first();
    // A variant may have some values of an axis only.
    let mut rows: Vec<(usize, &[usize])> = Vec::new();
    let mut cells: HashMap<(usize, &[usize], usize), usize> = HashMap::new();
    for (index, point) in plan.points.iter().enumerate().take(MOST) {
        let (column, others) = point.at.split_first().map_or((0, &[][..]), |(column, others)| (*column, others));
        cells.entry((point.variant, others, column)).or_insert_with(|| {
            if rows.last() != Some(&(point.variant, others)) && !rows.contains(&(point.variant, others)) {
                rows.push((point.variant, others));
            }
            index
        });
    }
    let name = |variant: usize, others: &[usize]| {
        let axes = plan.axes.iter().skip(1).zip(others);
        let place: Vec<String> =
            axes.map(|(axis, &value)| format!("{} = {}", axis.name, axis.values[value].text)).collect();
        let variant = Some(&plan.variants[variant]).filter(|_| plan.variants.len() > 1 || place.is_empty());
        variant.into_iter().chain(&place).map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    html! {
        div .scroll .pickable tabindex="0" role="region" aria-label="Condition of each point" {
            table .strip {
                thead {
                    tr {
                        th scope="col" { (first.map_or("", |axis| axis.label.as_str())) }
                        @if let Some(axis) = first {
                            @for value in &axis.values { th scope="col" { (value.text) } }
                        } @else { th scope="col" { "condition" } }
                    }
                }
                tbody {
                    @for &(variant, others) in &rows {
                        tr data-v=(variant) {
                            th scope="row" { i .mark style={ "--c:var(--v" (variant % SERIES) ")" } {} (name(variant, others)) }
                            @for column in 0..first.map_or(1, |axis| axis.values.len()) {
                                @match cells.get(&(variant, others, column)) {
                                    Some(&point) => { (chip(report, point)) }
                                    None => { td {} }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The condition of a point, on its colour.
pub(super) fn chip(report: &Report, point: usize) -> Markup {
    let state = report.state(point);
    let word = state.map(|state| state.condition.word());
    let doubt = report.summary(point).and_then(|summary| summary.doubt.as_ref()).map(Doubt::word);
    html! {
        td data-p=(point) class={ "c c-" (word.map_or("none".into(), |word| word.replace(' ', "-"))) } {
            @match (word, doubt) {
                (Some(word), _) => { (word) }
                (None, Some(doubt)) => { "no verdict: " (doubt) }
                (None, None) => { "no figures" }
            }
            @if let Some(state) = state.filter(|state| !state.is_safe() && !state.fraction().is_empty()) {
                " " (state.fraction())
            }
        }
    }
}
