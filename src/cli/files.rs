//! The files of a sweep: results first, then charts, so that a disk that fills up costs pictures before figures.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use rayon::prelude::*;

use super::dossier::DOSSIER;
use super::exit::{Exit, ExitFailure};
use super::page::Page;
use crate::experiment::plan::Plan;
use crate::report::chart::{self, Theme};
use crate::report::figures::Drawing;
use crate::report::folder::{Folder, Unwritten};
use crate::report::sheet::{
    BLAME, CLASSES, COMPARISONS, FileFormat, Layout, MEASUREMENTS, RESOURCES, RESULTS, Row, Sheet, TIMELINE,
    TIMELINE_FAILURES, TIMELINE_MARKS, TIMELINE_RESOURCES,
};
use crate::report::{self, Report};

/// Which pictures are drawn.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Pictures {
    /// Also write each chart as SVG
    #[arg(long)]
    svg: bool,

    /// Also write each chart in dark colours
    #[arg(long)]
    dark: bool,

    /// Draw no charts, and write no page
    #[arg(long, conflicts_with_all = ["svg", "dark"])]
    no_charts: bool,
}

impl Pictures {
    /// Whether any is.
    pub(super) fn any(self) -> bool {
        !self.no_charts
    }
}

/// Writes `results` and `summary.json`, and `dossier.json`, `classes`, `comparisons`, `measurements`, the timelines, `blame` and
/// `resources` where there are any, and finishes `trials`. Each that cannot be written is complained about.
pub(super) fn write_results(
    folder: &Folder,
    formats: &[FileFormat],
    trials: Sheet,
    report: &Report,
    page: &Page,
) -> (Vec<PathBuf>, Exit) {
    let plan = report.plan;
    let sheet = |layout: &Layout, rows: &mut dyn Iterator<Item = Row>| {
        let columns = layout.columns_of(plan, report.uncertain.is_some());
        let mut sheet = Sheet::begin(folder, layout.name, &columns, formats);
        rows.for_each(|row| sheet.row(&row));
        sheet.finish()
    };
    let mut files = sheet(&RESULTS, &mut report.summaries.iter().map(|summary| report::results_row(report, summary)));
    files.extend(trials.finish());
    let mut summary = folder.draft("summary.json");
    summary.write_with(|file| serde_json::to_writer_pretty(file, &report::Document(report)).map_err(Into::into));
    summary.write(b"\n");
    files.push(summary.finish());
    if !report.dossiers.is_empty() {
        let document = format!("{:#}\n", report::dossier_document(plan, &report.dossiers));
        files.push(folder.write(DOSSIER, document.as_bytes()));
    }
    let mut classes = report::classes_rows(report).peekable();
    if classes.peek().is_some() {
        files.extend(sheet(&CLASSES, &mut classes));
    }
    let mut comparisons = report::comparisons_rows(report).peekable();
    if comparisons.peek().is_some() {
        files.extend(sheet(&COMPARISONS, &mut comparisons));
    }
    let mut measurements = report::measured_rows(report).peekable();
    if measurements.peek().is_some() {
        files.extend(sheet(&MEASUREMENTS, &mut measurements));
    }
    files.extend(timelines(folder, formats, report));
    let mut blame = report::blame_rows(report).peekable();
    if blame.peek().is_some() {
        files.extend(sheet(&BLAME, &mut blame));
    }
    let mut resources = report::resources_rows(report).peekable();
    if resources.peek().is_some() {
        files.extend(sheet(&RESOURCES, &mut resources));
    }
    written(files, page)
}

/// Writes `timeline`, and `timeline-failures`, `timeline-resources` and `timeline-marks`, where there are any.
pub(super) fn timelines(folder: &Folder, formats: &[FileFormat], report: &Report) -> Vec<Result<PathBuf, Unwritten>> {
    let mut files = Vec::new();
    let mut sheet = |layout: &Layout, rows: &mut dyn Iterator<Item = Row>| {
        let mut rows = rows.peekable();
        if rows.peek().is_some() {
            let mut sheet = Sheet::begin(folder, layout.name, &layout.columns(report.plan), formats);
            rows.for_each(|row| sheet.row(&row));
            files.extend(sheet.finish());
        }
    };
    sheet(&TIMELINE, &mut report::timeline(report));
    sheet(&TIMELINE_FAILURES, &mut report::timeline_failures(report));
    sheet(&TIMELINE_RESOURCES, &mut report::timeline_resources(report));
    sheet(&TIMELINE_MARKS, &mut report::timeline_marks(report));
    files
}

/// The name of the page that a sweep writes.
pub(super) const REPORT: &str = "report.html";

/// Makes sure, before anything is computed, that a file that the command line names can be written, and is none of the files
/// that are read.
pub(super) fn prepare_named(file: &Path, plans: &[&Plan]) -> Result<(), ExitFailure> {
    if plans.iter().flat_map(|plan| plan.inputs()).any(|input| is_same(input, file)) {
        let reason = io::Error::new(io::ErrorKind::AlreadyExists, "it is an input of this command");
        return Err(ExitFailure::Named(Unwritten { path: file.to_owned(), reason }));
    }
    let (folder, name) = parted(file);
    Folder::prepare(folder, &[name]).map(|_| ()).map_err(ExitFailure::Named)
}

/// Whether two paths name the same file, which need not exist yet; its folder must.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| fs::canonicalize(path).ok();
    let place = |file: &Path| whole(file).or_else(|| Some(whole(parted(file).0)?.join(parted(file).1)));
    place(one).zip(place(other)).is_some_and(|(one, other)| one == other)
}

/// Writes a file that the command line names, and returns the line that names it.
pub(super) fn write_named(what: &str, file: &Path, content: &str, page: &Page) -> (String, Exit) {
    let (folder, name) = parted(file);
    let result = Folder::open(folder).and_then(|folder| folder.write(&name, content.as_bytes()));
    let (paths, exit) = written(vec![result], page);
    (paths.iter().map(|path| format!("{what:<8} {}\n", path.display())).collect(), exit)
}

/// The folder and the name of a file.
fn parted(file: &Path) -> (&Path, String) {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    (folder, file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
}

/// The command that this process was given, without what does not change its answer.
pub(super) fn again() -> String {
    report::as_given(std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()))
}

/// Writes the page.
pub(super) fn write_report(folder: &Folder, report: &Report, page: &Page) -> (Option<PathBuf>, Exit) {
    let (mut paths, exit) = written(vec![folder.write(REPORT, report::page(report).as_bytes())], page);
    (paths.pop(), exit)
}

/// Draws charts on all threads and writes them.
pub(super) fn write_charts(
    folder: &Folder,
    drawings: &[Drawing],
    pictures: Pictures,
    page: &Page,
) -> (Vec<PathBuf>, Exit) {
    let mut wanted = Vec::new();
    for drawing in drawings {
        for (theme, suffix) in [(Theme::Light, ""), (Theme::Dark, "-dark")] {
            if theme == Theme::Light || pictures.dark {
                wanted.push((drawing, theme, format!("{}{suffix}.png", drawing.name), false));
                if pictures.svg {
                    wanted.push((drawing, theme, format!("{}{suffix}.svg", drawing.name), true));
                }
            }
        }
    }
    let drawn: Vec<_> = wanted
        .par_iter()
        .map(|(drawing, theme, name, is_svg)| {
            let bytes = if *is_svg {
                chart::svg(&drawing.figure, *theme).map(String::into_bytes)
            } else {
                chart::png(&drawing.figure, *theme)
            };
            (name, bytes)
        })
        .collect();
    let files = drawn.into_iter().filter_map(|(name, bytes)| match bytes {
        Ok(bytes) => Some(folder.write(name, &bytes)),
        Err(error) => {
            page.warn(format!("no {name}: {error}"));
            None
        }
    });
    written(files.collect(), page)
}

pub(super) fn written(files: Vec<Result<PathBuf, Unwritten>>, page: &Page) -> (Vec<PathBuf>, Exit) {
    let (mut paths, mut exit) = (Vec::new(), Exit::Holds);
    for file in files {
        match file {
            Ok(path) => paths.push(path),
            Err(unwritten) => {
                page.complain(unwritten);
                exit = Exit::Mistake;
            }
        }
    }
    (paths, exit)
}
