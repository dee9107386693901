//! What the numbers of the model rest on.

use maud::{Markup, html};

use crate::experiment::plan::Plan;
use crate::language::{Basis, Sourced};

/// The table of values with their sources, plausible ranges and reasons, those that were assumed first. `effects` is what
/// a sensitivity analysis says of some of them, by their paths, the largest first: then they lead, in that order.
pub(super) fn assumed(plan: &Plan, effects: &[(String, String)]) -> Markup {
    let rank = |one: &Sourced| effects.iter().position(|(path, _)| *path == one.path).unwrap_or(usize::MAX);
    let mut all: Vec<&Sourced> = plan.sources().iter().collect();
    all.sort_by_key(|one| (rank(one), one.basis));
    let effect = |one: &Sourced| effects.iter().find(|(path, _)| *path == one.path).map(|(_, words)| words.as_str());
    html! {
        section #assumed {
            h2 { "What is assumed" }
            @if all.is_empty() {
                p { "The model does not say where its numbers come from." }
            } @else {
                p .soft { (counted(&all)) }
                p .soft .paper { "On paper only those that are assumed are listed." }
                div .scroll tabindex="0" role="region" aria-label="What is assumed" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "value" } th scope="col" { "is" } th scope="col" { "by" }
                                th scope="col" { "plausible" }
                                @if !effects.is_empty() { th scope="col" .f { "effect" } }
                                th scope="col" { "because" }
                            }
                        }
                        tbody {
                            @for one in all {
                                tr .sourced[one.basis != Basis::Assumed && effect(one).is_none()] {
                                    th scope="row" { code { (breakable(&one.path)) } }
                                    td { (one.value) }
                                    td { (one.basis.word()) }
                                    td { @if let Some((from, to)) = &one.range { (from) " to " (to) } @else { "–" } }
                                    @if !effects.is_empty() { td .f { (effect(one).unwrap_or("–")) } }
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

/// `Of 12 numbers with a source 5 are assumed, 4 documented and 3 measured.`
fn counted(all: &[&Sourced]) -> String {
    let parts: Vec<String> = [Basis::Assumed, Basis::Calibrated, Basis::Documented, Basis::Measured]
        .into_iter()
        .map(|basis| (basis, all.iter().filter(|one| one.basis == basis).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(basis, count)| format!("{count} {}", basis.word()))
        .collect();
    format!("Numbers of the model that name their source: {}.", parts.join(", "))
}

/// A path that may be broken after each of its dots.
fn breakable(path: &str) -> Markup {
    html! {
        @for (number, part) in path.split('.').enumerate() { @if number > 0 { "." wbr; } (part) }
    }
}
