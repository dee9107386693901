//! Hypotheses with their evidence, the worth of changes, and which variant is best.

use anstream::adapter::strip_str;
use maud::{Markup, html};

use crate::report::whole::Report;
use crate::report::{ablations, comparisons, effects, recovery, verdicts};

/// All that was claimed and asked.
pub(super) fn claims(report: &Report) -> Markup {
    let best = comparisons::selections(report, None);
    let changes = ablations::ablations(report, None);
    html! {
        @if !report.judgements.is_empty() {
            section #hypotheses {
                h2 { "Hypotheses" }
                @if report.judgements.len() > 1 { p { (verdicts::count(report)) } }
                (judged(report))
                @if report.judgements.iter().any(|it| recovery::is_about(&it.evidence)) {
                    p .note { (recovery::definition(report)) }
                }
            }
        }
        @if !report.effects.is_empty() || !changes.is_empty() {
            section #effects {
                h2 { "What each change is worth" }
                dl .claims {
                    @for effect in &report.effects {
                        @let word = effect.worth.word();
                        div {
                            dt { span class={ "v v-" (word.replace(' ', "-")) } { (word) } }
                            dd { (effects::sentence(report, effect)) }
                        }
                    }
                }
                @if !changes.is_empty() { pre .scroll tabindex="0" { (strip_str(&changes).to_string()) } }
            }
        }
        @if !best.is_empty() {
            section #best {
                @let mut lines = best.lines();
                @let heading = lines.next().unwrap_or_default().trim_start_matches("- ");
                h2 { "Which variant is best" }
                p { (heading) }
                ul { @for line in lines { li { (line.trim()) } } }
            }
        }
    }
}

/// What became of each claim of an experiment.
pub(super) fn judged(report: &Report) -> Markup {
    html! {
        dl .claims {
            @for judgement in &report.judgements {
                @let word = verdicts::word(judgement).0;
                div {
                    dt { span class={ "v v-" (word) } { (word) } span { (verdicts::claim(judgement)) } }
                    dd { (verdicts::evidence(judgement)) }
                }
            }
        }
    }
}
