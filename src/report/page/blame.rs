//! Where the time goes: stacked by variant, for the mean and for the tail.

use maud::{Markup, html};

use super::chart::{Charts, words};
use crate::parts::BlameGroup;
use crate::report::chart::Figure;
use crate::report::figures;
use crate::report::whole::Report;

/// The groups of requests that have a chart each, the one that is shown first.
const GROUPS: [BlameGroup; 4] = [BlameGroup::Mean, BlameGroup::P50, BlameGroup::P95, BlameGroup::P99];

/// The group that is shown first.
const FIRST: BlameGroup = BlameGroup::P95;

/// The charts, of which one group is shown at a time.
pub(super) fn blame(report: &Report, charts: &mut Charts) -> Markup {
    let mut groups: Vec<(BlameGroup, Vec<Markup>)> = Vec::new();
    // What is shown first has room before the others.
    for of in [FIRST].into_iter().chain(GROUPS.into_iter().filter(|group| *group != FIRST)) {
        let drawn = figures::blame(report, of).into_iter().filter_map(|figure| one(figure.into(), charts));
        groups.push((of, drawn.collect()));
    }
    groups.retain(|(_, figures)| !figures.is_empty());
    groups.sort_by_key(|(group, _)| GROUPS.iter().position(|it| it == group));
    html! {
        @if !groups.is_empty() {
            section #blame {
                h2 { "Where the time goes" }
                div .choice role="group" aria-label="Which requests" {
                    @for (group, _) in &groups {
                        button type="button" data-group=(group.name()) aria-pressed=(*group == FIRST) { (group.name()) }
                    }
                }
                @for (group, figures) in &groups {
                    div .group data-of=(group.name()) hidden[*group != FIRST] { @for figure in figures { (figure) } }
                }
            }
        }
    }
}

fn one(figure: Figure, charts: &mut Charts) -> Option<Markup> {
    let words = words(&figure);
    let plot = charts.plot(&figure, words.0)?;
    Some(html! {
        figure {
            figcaption { p .title { (words.0) } p .soft { (words.1) } }
            (plot)
            @if !words.2.is_empty() { p .note { (words.2) } }
        }
    })
}
