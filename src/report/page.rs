//! Pages: what a command found, for those who were not there. One file that needs no network: the question, the answer
//! and one chart first; then the evidence, what it rests on and how to repeat it.
//!
//! The page is made from the same findings and figures as the terminal's text and the pictures: it lays them out and
//! words nothing of its own but headings. It has no time stamp, so that the same trials give the same bytes.

mod answer;
mod assumed;
mod blame;
mod chart;
mod claims;
mod conditions;
mod dossiers;
mod frame;
mod live;
mod method;
mod points;
mod reasons;
mod resources;
mod search;
mod several;

use anstream::adapter::strip_str;
use maud::{Markup, html};

pub(super) use search::{Found, of_search};
pub use several::page_of_several;

use super::chart::Inks;
use super::drawing;
use super::figures::{self, Drawing};
use super::measured;
use super::next;
use super::table::Column;
use super::uncertain::uncertain;
use super::whole::Report;
use crate::experiment::plan::Plan;
use crate::language::visible_lines;
use crate::model::RateUnit;
use chart::Charts;
use frame::Frame;

pub use frame::{THEME_SCRIPT, page_style};
pub use live::{live, live_timeline};

/// The page of a sweep.
pub fn page(report: &Report) -> String {
    laid_out(report, &next::told(report), &next::again(report.plan), None)
}

/// The page of a sweep of an experiment that was not read from a file; `saved` says how it comes to be in the file that the
/// commands of the page name.
pub fn page_unsaved(report: &Report, saved: &str) -> String {
    laid_out(report, &next::told(report), &next::again(report.plan), Some(saved))
}

/// The page of the only point of a report, which is one of those of a `whole` plan; `again` is the command that gives it.
pub fn page_of_point(report: &Report, whole: &Plan, again: &str) -> String {
    laid_out(report, &next::told_of_point(report, whole), again, None)
}

/// A page with these next steps, and what must be done before the commands can be used.
fn laid_out(report: &Report, steps: &[Step], again: &str, before: Option<&str>) -> String {
    let mut charts = Charts::default();
    let (drawings, _) = figures::figures(report);
    let (first, others) = drawings.split_first().unzip();
    let first = first.map(|drawing| charts.draw(drawing));
    let points: Vec<usize> = (0..report.plan.points.len()).filter(|&it| report.plan.points[it].variant == 0).collect();
    let model = model_section(report.plan, report.rates, &points, &mut charts);
    let blame = blame::blame(report, &mut charts);
    let dossiers = dossiers::dossiers(report, &mut charts);
    let is_other = |name: &str| !name.starts_with("blame") && !name.starts_with("wait-for");
    let others: Vec<Markup> = others
        .into_iter()
        .flatten()
        .filter(|drawing| is_other(&drawing.name))
        .map(|drawing| charts.draw(drawing))
        .collect();
    let body = html! {
        (answer::answer(report, steps.first(), before, first))
        (claims::claims(report))
        (bands(report))
        (conditions::conditions(report))
        (dossiers)
        (blame)
        (reasons::reasons(report))
        (resources::resources(report))
        (model)
        (assumed::assumed(report.plan, &[]))
        (measured_section(report))
        (next_section(steps, before))
        @if !others.is_empty() {
            section #charts {
                h2 { "Charts" }
                @for chart in &others { (chart) }
                (charts.left_out())
            }
        }
        (points::points(report))
        (method::of_report(report, again))
    };
    finished(Frame::of(report.plan), charts, &body)
}

/// What draws of a posterior do to the points; nothing without one.
fn bands(report: &Report) -> Markup {
    let text = uncertain(report);
    html! {
        @if !text.is_empty() {
            section #posterior {
                h2 { "What is not known of the parameters" }
                pre .scroll tabindex="0" { (strip_str(&text).to_string()) }
            }
        }
    }
}

/// The whole document.
fn finished(frame: Frame, charts: Charts, body: &Markup) -> String {
    let inks: Inks = charts.into_inks();
    // Whatever a name has in it, no control character is left in the page.
    visible_lines(&frame.framed(&inks, body)).into_owned()
}

/// A command, or none where none would help, and its reason.
type Step = (Option<String>, String);

/// The system of these points, which are those of one variant.
fn model_section(plan: &Plan, rates: RateUnit, points: &[usize], charts: &mut Charts) -> Markup {
    let figure = drawing::of_points(plan, rates, points).into();
    html! {
        section #model {
            h2 { "The model" }
            (charts.draw(&Drawing { name: "system".into(), figure }))
        }
    }
}

/// What the real system did, what the model does, and how far they are apart.
fn measured_section(report: &Report) -> Markup {
    let columns = measured::columns(report);
    html! {
        @if !columns.is_empty() {
            section #measured {
                h2 { "Measured and predicted" }
                p .soft { (measured::definition(&columns)) }
                (table("Measured and predicted", &columns))
            }
        }
    }
}

/// What to do next, and what must be done before.
fn next_section(steps: &[Step], before: Option<&str>) -> Markup {
    html! {
        @if !steps.is_empty() {
            section #next {
                h2 { "What to run next" }
                @if let Some(before) = before { p .soft { (before) } }
                dl .steps {
                    @for (command, why) in steps {
                        @match command {
                            Some(command) => { dt { code { (command) } } dd { (why) } }
                            None => { dt { (why) } }
                        }
                    }
                }
            }
        }
    }
}

/// A table as the terminal prints it. It scrolls by itself where it is wider than the page.
fn table(name: &str, columns: &[Column]) -> Markup {
    let rows = columns.iter().map(|column| column.cells().count()).max().unwrap_or(0);
    let cells: Vec<Vec<&str>> = columns.iter().map(|column| column.cells().collect()).collect();
    html! {
        div .scroll tabindex="0" role="region" aria-label=(name) {
            table {
                thead { tr { @for column in columns { th scope="col" .f[column.is_figures()] { (column.heading()) } } } }
                tbody {
                    @for row in 0..rows {
                        tr {
                            @for (column, cells) in columns.iter().zip(&cells) {
                                td .f[column.is_figures()] { (cells.get(row).copied().unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
    }
}
