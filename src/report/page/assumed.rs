//! What the model assumes.

use maud::{Markup, html};

use crate::experiment::plan::Plan;

/// The table of assumptions, with their plausible ranges and reasons.
pub(super) fn assumed(plan: &Plan) -> Markup {
    let all = plan.assumptions();
    html! {
        section #assumed {
            h2 { "What is assumed" }
            @if all.is_empty() {
                p { "The model names no assumption." }
            } @else {
                p .soft { "Assumed, neither measured nor documented." }
                div .scroll tabindex="0" role="region" aria-label="What is assumed" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "value" } th scope="col" { "is" } th scope="col" { "plausible" }
                                th scope="col" { "because" }
                            }
                        }
                        tbody {
                            @for one in all {
                                tr {
                                    th scope="row" { code { (breakable(&one.path)) } }
                                    td { (one.value) }
                                    td { @if let Some((from, to)) = &one.range { (from) " to " (to) } @else { "–" } }
                                    td { (one.reason) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A path that may be broken after each of its dots.
fn breakable(path: &str) -> Markup {
    html! {
        @for (number, part) in path.split('.').enumerate() { @if number > 0 { "." wbr; } (part) }
    }
}
