//! The page of several experiments: what each change is worth, and what became of each claim.

use maud::{Markup, html};

use super::answer::ended;
use super::chart::Charts;
use super::claims::judged;
use super::frame::Frame;
use super::{assumed, finished, method, table};
use crate::experiment::analyse::effect::Observation;
use crate::experiment::plan::Plan;
use crate::report::paragraph::count;
use crate::report::table::Column;
use crate::report::{Report, digest, figures, warnings};

/// The question of the page.
const TITLE: &str = "What each change is worth";

/// The page; `again` is the command that gives it.
pub fn page_of_several(reports: &[Report], again: &str) -> String {
    let mut charts = Charts::without_points();
    let drawings: Vec<_> = reports.iter().map(|report| figures::figures(report).0.into_iter().next()).collect();
    let drawn: Vec<Option<Markup>> = drawings
        .into_iter()
        .enumerate()
        .map(|(index, drawing)| {
            // Several figures have the same name, which names one place on the page.
            let drawing = drawing?;
            let name = format!("{}-{index}", drawing.name);
            Some(charts.draw(&figures::Drawing { name, ..drawing }))
        })
        .collect();
    let plans: Vec<&Plan> = reports.iter().map(|report| report.plan).collect();
    let trials: usize = reports.iter().map(|report| report.tally.done).sum();
    let facts = [("simulated", count(trials, "run")), ("intervals", "95 % confidence".into())];
    let doubts: Vec<String> = reports
        .iter()
        .flat_map(|report| warnings(report).into_iter().map(|doubt| format!("{}: {doubt}", report.plan.name)))
        .collect();
    let first = drawn.first().cloned().flatten();
    let body = html! {
        section #answer {
            div .words {
                h1 { (TITLE) }
                @for sentence in digest::counts(reports) { p .answer { (ended(&sentence)) } }
                p .soft {
                    "A change helps or harms when the whole 95 % interval of the difference lies on one side of zero and is \
                     larger than the smallest difference that matters. Both variants meet the same requests."
                }
            }
            @if let Some(chart) = first { (chart) }
        }
        (changes(reports))
        @for (index, (report, chart)) in reports.iter().zip(&drawn).enumerate() {
            section {
                h2 { (report.plan.title) }
                p .soft { (report.plan.name) ", " (report.effort()) }
                (judged(report))
                @if let Some(chart) = chart.as_ref().filter(|_| index > 0) { (chart) }
            }
        }
        // Several experiments often have one model.
        @if let Some(plan) = plans.first().filter(|_| plans.iter().all(|plan| plan.sources() == plans[0].sources())) {
            (assumed::assumed(plan, &[]))
        }
        (method::method(&plans, &facts, &doubts, again))
    };
    let curves = plans.iter().map(|plan| plan.variants.len()).max().unwrap_or(0);
    finished(Frame { title: TITLE, name: "digest", variants: &[], curves }, charts, &body)
}

/// The worth of all changes, a row each.
fn changes(reports: &[Report]) -> Markup {
    let all: Vec<_> = reports.iter().flat_map(|report| report.effects.iter().map(move |it| (report, it))).collect();
    let words = |cell: &dyn Fn(&Report, &Observation) -> String| -> Vec<String> {
        all.iter().map(|(report, it)| cell(report, it)).collect()
    };
    let place = |effect: &Observation| match effect.place.as_str() {
        "" => String::new(),
        place => format!(" at {place}"),
    };
    let columns = [
        Column::words("change", words(&|_, it| it.change.clone())),
        Column::words("worth", words(&|_, it| it.worth.word().to_owned())),
        Column::words("with it", words(&|_, it| format!("{}{}", it.with(), place(it)))),
        Column::words("without", words(&|_, it| it.without())),
        Column::words("difference", words(&|_, it| it.difference())),
        Column::words("experiment", words(&|report, _| report.plan.name.clone())),
    ];
    html! {
        @if !all.is_empty() {
            section #effects {
                h2 { "All changes" }
                (table("All changes", &columns))
            }
        }
    }
}
