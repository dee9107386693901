//! The answer of the live page: the designs of a report side by side, a part of a page that is sent anew whenever more
//! trials have ended.

use maud::{Markup, PreEscaped, html};

use crate::experiment::analyse::summary::Summary;
use crate::language::{Metric, visible_lines};
use crate::parts::BlameGroup;
use crate::report::chart::{Figure, Inks, inline};
use crate::report::number::time_column;
use crate::report::overview::{columns, notes};
use crate::report::whole::Report;
use crate::report::{figures, findings};

use super::answer::joined;
use super::chart::words;
use super::conditions::chip;
use super::frame::inks_style;

/// The figures of each design, what differs, what is said of each, and where the time of these requests goes.
pub fn live(report: &Report, of: BlameGroup) -> String {
    let points: Vec<usize> = (0..report.plan.points.len()).collect();
    let notes = notes(report, &points);
    let body = html! {
        (side_by_side(report))
        @if !notes.is_empty() { pre .note tabindex="0" { (notes) } }
        div .findings { @for finding in &report.findings { (of_side(report, finding.variant, &finding.lines)) } }
        (charts(figures::blame(report, of).into_iter().map(Figure::from), " .live-now"))
    };
    visible_lines(&body.into_string()).into_owned()
}

/// What happens when, for those of its designs that kept a timeline.
pub fn live_timeline(report: &Report) -> String {
    let (drawings, _) = figures::figures(report);
    let over_time = drawings.into_iter().filter(|it| it.name.starts_with("timeline")).map(|it| it.figure);
    let charts = charts(over_time, " .live-timeline").into_string();
    let heading = if charts.is_empty() { "" } else { "<h2>The first run over time</h2>" };
    visible_lines(&format!("{heading}{charts}")).into_owned()
}

/// A row of the table: its name, a cell for each design, what the last one has more or less.
struct LiveRow {
    name: String,
    is_figures: bool,
    cells: Vec<String>,
    change: String,
}

fn side_by_side(report: &Report) -> Markup {
    let plan = report.plan;
    let points: Vec<usize> = (0..plan.points.len()).collect();
    let name = |point: usize| &plan.variants[plan.points[point].variant];
    html! {
        div .scroll tabindex="0" role="region" aria-label="Figures" {
            table .live {
                thead {
                    tr {
                        td {}
                        @for &point in &points { th scope="col" .f { (name(point)) } }
                        th scope="col" .f { "change" }
                    }
                }
                tbody {
                    tr {
                        th scope="row" { "condition" }
                        @for &point in &points { (chip(report, point)) }
                        td {}
                    }
                    @for row in rows(report, &points) {
                        tr {
                            th scope="row" { (row.name) }
                            @for cell in &row.cells { td .f .words[!row.is_figures] { (cell) } }
                            td .f .soft { (row.change) }
                        }
                    }
                }
            }
        }
    }
}

fn rows(report: &Report, points: &[usize]) -> Vec<LiveRow> {
    let plan = report.plan;
    let named: Vec<&str> = plan.axes.iter().map(|axis| axis.name.as_str()).chain(["variant", "condition"]).collect();
    let mut rows = Vec::new();
    for column in columns(report, points) {
        if named.contains(&column.heading()) {
            continue;
        }
        let word = column.heading().split([' ', '/']).next().unwrap_or_default();
        let metric = match word {
            "throughput" => Some(Metric::ThroughputPerMin),
            "completed" => Some(Metric::CompletedPerMin),
            "success" => Some(Metric::SuccessRate),
            "mean" => Some(Metric::MeanS),
            _ => None,
        };
        let cells = column.cells().map(str::to_owned).collect();
        rows.push(LiveRow {
            name: column.heading().into(),
            is_figures: column.is_figures(),
            cells,
            change: change(report, metric),
        });
        // The table of a sweep has no room for these.
        match word {
            "mean" => rows.push(times(report, points, "p50", |summary| summary.p50_s)),
            "p95" => rows.push(times(report, points, "p99", |summary| summary.p99_s)),
            _ => {}
        }
    }
    rows
}

fn times(
    report: &Report,
    points: &[usize],
    name: &str,
    figure: fn(&Summary) -> Option<crate::statistics::Interval>,
) -> LiveRow {
    let all: Vec<_> = points.iter().map(|&point| report.summary(point).and_then(figure)).collect();
    let (name, cells) = time_column(name, &all);
    let cells = cells.iter().map(|cell| cell.trim().to_owned()).collect();
    LiveRow { name, is_figures: true, cells, change: String::new() }
}

/// What the last design has more or less than the first, where the two differ in it.
fn change(report: &Report, metric: Option<Metric>) -> String {
    let of = report.comparisons.last();
    let found = of.and_then(|it| it.differences.iter().find(|difference| Some(difference.metric) == metric));
    found.filter(|it| it.difference.estimate != 0.0).map_or_else(String::new, |it| it.words(report.rates))
}

fn of_side(report: &Report, variant: usize, lines: &[String]) -> Markup {
    let point = report.plan.points.iter().position(|point| point.variant == variant);
    let summary = point.and_then(|point| report.summary(point));
    let mut said: Vec<String> = lines.to_vec();
    for culprit in summary.iter().flat_map(|summary| summary.culprit.iter().chain(&summary.tail)) {
        if !said.iter().any(|line| line.contains(&culprit.sentence)) {
            said.push(culprit.sentence.clone());
        }
    }
    said.extend(summary.map(|summary| findings::alone(report, summary)).unwrap_or_default());
    html! {
        div .finding {
            @for (number, line) in said.iter().enumerate() { p .lead[number == 0] { (joined(line)) } }
        }
    }
}

/// Drawings for the part of the page with this class. Their colours are those of that part alone.
fn charts(figures: impl Iterator<Item = Figure>, part: &str) -> Markup {
    let mut inks = Inks::default();
    let drawn: Vec<Markup> = figures
        .map(|figure| {
            let (title, subtitle, note) = words(&figure);
            let plot = inline(&super::chart::without_words(&figure), title, &mut inks);
            html! {
                figure {
                    figcaption { p .title { (title) } p .soft { (subtitle) } }
                    div .plot tabindex="0" role="group" aria-label=(title) { (PreEscaped(plot)) }
                    @if !note.is_empty() { p .note { (note) } }
                }
            }
        })
        .collect();
    html! {
        @if !drawn.is_empty() { style { (PreEscaped(inks_style(&inks, part))) } }
        @for figure in &drawn { (figure) }
    }
}
