//! How the figures came to be, and how to get them again.

use maud::{Markup, html};

use crate::report::warning::warnings;
use crate::report::whole::Report;
use crate::report::{next, objectives};

/// The method, the doubts, the versions, the command.
pub(super) fn method(report: &Report) -> Markup {
    let plan = report.plan;
    let doubts = warnings(report);
    let inputs: Vec<String> = plan.inputs().iter().map(|path| path.display().to_string()).collect();
    html! {
        section #method {
            h2 { "Method" }
            dl .facts {
                dt { "simulated" } dd { (report.tally.done) " runs, " (report.effort()) }
                dt { "objectives" } dd { (objectives(report)) }
                dt { "intervals" } dd { "95 % confidence" }
                dt { "seed" } dd { (plan.seed) }
                dt { "inputs" } dd { (inputs.join(", ")) }
                dt { "fingerprint" } dd { code { (plan.origin().fingerprint) } }
                dt { "version" } dd { "sim " (env!("CARGO_PKG_VERSION")) }
                dt { "again by" } dd { code { (next::again(plan)) } }
            }
            @if !doubts.is_empty() {
                h3 { "Warnings" }
                ul { @for doubt in &doubts { li { (doubt) } } }
            }
        }
    }
}
