//! The dossiers of a report: what happens at the moment at which a point tips.

use maud::{Markup, html};

use super::chart::Charts;
use super::table;
use crate::report::dossier;
use crate::report::figures::{self, Drawing};
use crate::report::whole::Report;

/// A part for each dossier.
pub(super) fn dossiers(report: &Report, charts: &mut Charts) -> Markup {
    let drawings: Vec<Drawing> = figures::wait_for(report);
    html! {
        @if !report.dossiers.is_empty() {
            section #dossiers {
                h2 { "How it collapses" }
                @for (dossier, drawing) in report.dossiers.iter().zip(&drawings) {
                    div .dossier data-v=(report.plan.points[dossier.point].variant) {
                        h3 { (dossier::headline(report.plan, dossier)) }
                        @for sentence in dossier::sentences(report.plan, dossier).iter().skip(1) { p { (sentence) } }
                        (charts.draw(drawing))
                        @let columns = dossier::around(dossier);
                        (table("What happens around that moment", &columns))
                        @if let Some((which, tree)) = dossier::request(dossier, None) {
                            p .soft { (which) }
                            pre tabindex="0" { (tree) }
                        }
                    }
                }
            }
        }
    }
}
