//! The pilot of what a report proposes.

use super::adjust::Effort;
use super::exit::ExitFailure;
use super::page::Page;
use super::simulate::pursue;
use crate::experiment::search::lighter;
use crate::experiment::store::archive::Archive;
use crate::report::{self, Report};

/// Runs the pilot at the lowest load of the search that a report would propose, so that it proposes none that finds nothing.
pub(super) fn look(
    report: &mut Report,
    archive: &Archive,
    effort: &Effort,
    page: &mut Page,
) -> Result<(), ExitFailure> {
    let Some(asked) = report::load_search(report) else { return Ok(()) };
    match pursue(effort, |progress| lighter::pilot(report.plan, &asked, archive, progress))? {
        Ok(found) => report.lighter = found,
        Err(unusable) => page.complain(unusable),
    }
    Ok(())
}
