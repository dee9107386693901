//! The table of all points, with every column: what a pointer shows in a chart is a row of it.

use maud::{Markup, html};

use crate::experiment::analyse::words;
use crate::report::overview::columns;
use crate::report::whole::Report;

/// Rows of the table, and points of the strip of conditions; results.csv has all.
pub(super) const MOST: usize = 2000;

/// The table.
pub(super) fn points(report: &Report) -> Markup {
    let plan = report.plan;
    let all: Vec<usize> = (0..plan.points.len().min(MOST)).collect();
    let columns = columns(report, &all);
    let cells: Vec<Vec<&str>> = columns.iter().map(|column| column.cells().collect()).collect();
    // What names a point stands in its heading.
    let names: Vec<&str> = plan.axes.iter().map(|axis| axis.name.as_str()).chain(["variant"]).collect();
    let shown: Vec<usize> = (0..columns.len()).filter(|&index| !names.contains(&columns[index].heading())).collect();
    // Where a point lies on the first axis, and on the others: the arrow keys find the next one by it.
    let at = |point: usize| plan.points[point].at.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
    html! {
        section #points {
            h2 { "All points" }
            div .scroll .pickable tabindex="0" role="region" aria-label="All points" {
                table #table {
                    thead {
                        tr {
                            th scope="col" { "point" }
                            @for &index in &shown {
                                th scope="col" .f[columns[index].is_figures()] { (columns[index].heading()) }
                            }
                        }
                    }
                    tbody {
                        @for point in all {
                            tr data-p=(point) data-v=(plan.points[point].variant) data-at=(at(point)) {
                                th scope="row" { (words::place(plan, point)) }
                                @for &index in &shown {
                                    td .f[columns[index].is_figures()] { (cells[index][point]) }
                                }
                            }
                        }
                    }
                }
            }
            @if plan.points.len() > MOST { p .note { "The first " (MOST) " of " (plan.points.len()) " points." } }
            p .note { "results.csv has every figure with both ends of its interval." }
        }
    }
}
