//! Dossiers of points that collapse.

use std::path::PathBuf;

use clap::Args;

use super::adjust::Effort;
use super::exit::{Exit, ExitFailure};
use super::files::written;
use super::page::Page;
use super::simulate::pursue;
use crate::experiment::plan::Plan;
use crate::experiment::run::dossier::{Dossier, dossier};
use crate::experiment::run::trace::Untraced;
use crate::report::chart::{self, Figure, Theme};
use crate::report::folder::Folder;
use crate::report::{self, Report};

/// The name of the file with all that is known of a collapse.
pub(super) const DOSSIER: &str = "dossier.json";

/// The names of its pictures.
const PICTURES: [&str; 2] = ["wait-for.svg", "wait-for.png"];

/// Whether a dossier is made, and where it goes.
#[derive(Clone, Debug, Args)]
pub struct Dossiers {
    /// Show when the point tips, who holds what and waits for what then, and the request that closed the circle of waits; write
    /// dossier.json and the wait-for graph as wait-for.svg and wait-for.png into this folder
    #[arg(long, value_name = "FOLDER")]
    dossier: Option<PathBuf>,
}

impl Dossiers {
    /// Whether one is wanted of a point in any condition.
    pub(super) fn is_wanted(&self) -> bool {
        self.dossier.is_some()
    }

    /// Makes sure, before anything is computed, that the files can be written.
    pub(super) fn prepare(&self) -> Result<(), ExitFailure> {
        let names: Vec<String> = [DOSSIER].into_iter().chain(PICTURES).map(str::to_owned).collect();
        let Some(folder) = &self.dossier else { return Ok(()) };
        Folder::prepare(folder, &names).map(|_| ()).map_err(ExitFailure::Named)
    }

    /// Writes the files, and returns the line that names them.
    pub(super) fn write(&self, plan: &Plan, dossier: &Dossier, page: &Page) -> (String, Exit) {
        let Some(folder) = &self.dossier else { return (String::new(), Exit::Holds) };
        let folder = match Folder::open(folder) {
            Ok(folder) => folder,
            Err(unwritten) => return (String::new(), written(vec![Err(unwritten)], page).1),
        };
        let document = format!("{:#}\n", report::dossier_document(plan, std::slice::from_ref(dossier)));
        let figure = Figure::from(report::dossier_figure(plan, dossier));
        let drawn = [chart::svg(&figure, Theme::Light).map(String::into_bytes), chart::png(&figure, Theme::Light)];
        let mut files = vec![folder.write(DOSSIER, document.as_bytes())];
        for (name, bytes) in PICTURES.into_iter().zip(drawn) {
            match bytes {
                Ok(bytes) => files.push(folder.write(name, &bytes)),
                Err(error) => page.warn(format!("no {name}: {error}")),
            }
        }
        let (paths, exit) = written(files, page);
        (paths.iter().map(|path| format!("{:<8} {}\n", "dossier", path.display())).collect(), exit)
    }
}

/// Makes the dossier of a point; none if that cannot be done: a warning then says why, unless the run was cut short.
pub(super) fn of_point(
    plan: &Plan,
    point: usize,
    effort: &Effort,
    page: &Page,
) -> Result<Option<Dossier>, ExitFailure> {
    match pursue(effort, |progress| dossier(plan, point, &progress.interrupted))? {
        Ok(dossier) => Ok(Some(dossier)),
        Err(untraced) => {
            // An interrupt is reported elsewhere.
            if untraced != Untraced::CutShort {
                page.warn(format!("no dossier: {untraced}"));
            }
            Ok(None)
        }
    }
}

/// Adds to a report the dossiers of the points that collapse, a few at most.
pub(super) fn look(report: &mut Report, effort: &Effort, page: &Page) -> Result<(), ExitFailure> {
    for point in report::collapsed(report) {
        report.dossiers.extend(of_point(report.plan, point, effort, page)?);
    }
    Ok(())
}
