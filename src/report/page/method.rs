//! How the figures came to be, and how to get them again.

use maud::{Markup, html};

use crate::experiment::plan::Plan;
use crate::language::tidy;
use crate::report::objectives;
use crate::report::warning::warnings;
use crate::report::whole::Report;

/// The method of a sweep or of a point.
pub(super) fn of_report(report: &Report, again: &str) -> Markup {
    let facts = vec![
        ("simulated", format!("{} runs, {}", report.tally.done, report.effort())),
        ("objectives", objectives(report)),
        ("intervals", "95 % confidence".into()),
    ];
    let doubts: Vec<String> = warnings(report).iter().map(ToString::to_string).collect();
    method(&[report.plan], &facts, &doubts, again)
}

/// The method, the doubts, the versions, the command.
pub(super) fn method(plans: &[&Plan], facts: &[(&str, String)], doubts: &[String], again: &str) -> Markup {
    let of = |fact: &dyn Fn(&Plan) -> String| {
        let mut all: Vec<String> = plans.iter().map(|plan| fact(plan)).collect();
        all.dedup();
        all.join(", ")
    };
    let inputs = of(&|plan| {
        let paths: Vec<String> = plan.inputs().iter().map(|path| tidy(path).display().to_string()).collect();
        paths.join(", ")
    });
    html! {
        section #method {
            h2 { "Method" }
            dl .facts {
                @for (what, fact) in facts { dt { (what) } dd { (fact) } }
                dt { "seed" } dd { (of(&|plan| plan.seed.to_string())) }
                dt { "inputs" } dd { (inputs) }
                dt { "fingerprint" } dd { code { (of(&|plan| plan.origin().fingerprint.clone())) } }
                dt { "version" } dd { "sim " (env!("CARGO_PKG_VERSION")) }
                dt { "again by" } dd { code { (again) } }
            }
            @if !doubts.is_empty() {
                h3 { "Warnings" }
                ul { @for doubt in doubts { li { (doubt) } } }
            }
        }
    }
}
