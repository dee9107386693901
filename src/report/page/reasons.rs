//! What stops each variant: the circle of a deadlock, and the chain of waits behind the first point that is not safe.

use maud::{Markup, html};

use crate::experiment::analyse::finding::Finding;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::words;
use crate::report::whole::Report;
use crate::report::{culprit, deadlock};

/// Sentences of a circle that are shown.
const MOST: usize = 40;

/// A part for each variant that stops being safe.
pub(super) fn reasons(report: &Report) -> Markup {
    let told: Vec<Markup> = report.findings.iter().filter_map(|finding| one(report, finding)).collect();
    html! {
        @if !told.is_empty() {
            section #reasons {
                h2 { "What stops it" }
                @for one in &told { (one) }
            }
        }
    }
}

fn one(report: &Report, finding: &Finding) -> Option<Markup> {
    let known = || finding.points.iter().filter_map(|&point| report.summary(point));
    let is_unsafe = |summary: &&Summary| report.state(summary.point).is_some_and(|state| !state.is_safe());
    let first = known().find(is_unsafe)?;
    let circle = known().find_map(|summary| deadlock::told(report, summary)).filter(|(_, circle)| !circle.is_empty());
    let chain = culprit(first, None);
    if chain.is_empty() && circle.is_none() {
        return None;
    }
    Some(html! {
        div .finding data-v=(finding.variant) {
            h3 { (words::place(report.plan, first.point)) }
            @for sentence in chain.lines() { p { (sentence) } }
            @if let Some((head, circle)) = circle {
                p { "Deadlock of " (head) @if circle.len() > 1 || !chain.contains(&circle[0]) { ":" } @else { "." } }
                // The sentence of a circle of one is that of the chain.
                @if circle.len() > 1 || !chain.contains(&circle[0]) {
                    ol .circle { @for sentence in circle.iter().take(MOST) { li { (sentence) } } }
                    @if circle.len() > MOST { p { "and " (circle.len() - MOST) " more in the circle" } }
                }
            }
        }
    })
}
