//! The resources of the only point.

use maud::{Markup, html};

use super::table;
use crate::report::{Report, resources as rows};

/// The table of resources, and that of failures; nothing where several points are compared, for which there are charts.
pub(super) fn resources(report: &Report) -> Markup {
    let ([_], [summary]) = (report.plan.points.as_slice(), report.summaries.as_slice()) else { return html! {} };
    let failures = rows::failures_columns(summary);
    html! {
        section #resources {
            h2 { "Resources" }
            (table("Resources", &rows::columns(summary)))
            @if !failures.is_empty() {
                h3 { "Failures" }
                (table("Failures", &failures))
            }
        }
    }
}
