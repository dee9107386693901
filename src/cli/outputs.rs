//! What becomes of a sweep's trials: files first, then words, then pictures.

use std::path::{Path, PathBuf};

use clap::Args;

use super::adjust::Effort;
use super::dossier::DOSSIER;
use super::exit::{Exit, ExitFailure};
use super::files::{Pictures, REPORT, prepare_named, write_charts, write_named, write_report, write_results};
use super::format::Format;
use super::page::Page;
use super::{dossier, lighter, open, warn};
use crate::calibrate::propagation::Propagation;
use crate::experiment::account::Account;
use crate::experiment::plan::Plan;
use crate::experiment::store::archive::Archive;
use crate::report::folder::{Folder, LIST};
use crate::report::sheet::{CLASSES, COMPARISONS, FileFormat, MEASUREMENTS, REPLICATIONS, RESULTS, Sheet, TIMELINE};
use crate::report::{self, Detail, Earlier, Report, figures};

/// Charts that are named one by one.
const MOST_CHARTS: usize = 12;

/// How the answer is given.
#[derive(Clone, Debug, Args)]
pub struct Outputs {
    /// Output format on stdout
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Formats of the result tables; `sim schema results` describes their columns
    #[arg(long, value_enum, value_name = "FORMAT", value_delimiter = ',', default_value = "csv")]
    files: Vec<FileFormat>,

    /// How much of the table to print: all columns, those that fit into 80 characters, or none
    #[arg(long, value_enum, default_value_t)]
    table: Detail,

    /// Write the verdicts as JUnit XML to this file, so that a CI system shows each hypothesis as a test
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Say what has changed significantly since an earlier sweep wrote its results into this folder
    #[arg(long, value_name = "FOLDER")]
    compare: Option<PathBuf>,

    #[command(flatten)]
    pictures: Pictures,

    /// Open report.html in the browser
    #[arg(long, conflicts_with = "no_charts")]
    open: bool,
}

/// Where the files go, and the results that those of this sweep are compared with.
pub(super) struct Target<'a> {
    pub folder: &'a Folder,
    pub earlier: Option<&'a Earlier>,
    /// What draws of a posterior do to the points.
    pub uncertain: Option<Propagation>,
}

impl Outputs {
    /// Makes everything of the trials that an archive has of a plan, at most this number of each point.
    pub(super) fn of(
        &self,
        plan: &Plan,
        archive: &Archive,
        wanted: &[u32],
        Target { folder, earlier, uncertain }: Target,
        effort: &Effort,
        page: &mut Page,
    ) -> Result<Exit, ExitFailure> {
        // Files come before words: what was computed is safe before anybody reads it.
        let columns = REPLICATIONS.columns(plan);
        let formats = self.formats();
        let mut trials = Sheet::begin(folder, REPLICATIONS.name, &columns, &formats);
        let account = Account::of_archive(plan, archive, wanted, |of_point| {
            report::replications(plan, of_point).for_each(|row| trials.row(&row));
        })?;
        let mut report = Report::on(plan, account);
        let doubtful = uncertain.as_ref().map(|it| it.doubts.clone()).unwrap_or_default();
        if let Some(propagation) = uncertain {
            report.draw(propagation);
        }
        lighter::look(&mut report, archive, effort, page)?;
        if self.pictures.any() {
            dossier::look(&mut report, effort, page)?;
        }
        let (results, written) = write_results(folder, &formats, trials, &report, page);
        let (charts, drawn) =
            if self.pictures.any() { self.draw(folder, &report, page) } else { (Vec::new(), Exit::Holds) };
        let (laid_out, filed) =
            if self.pictures.any() { write_report(folder, &report, page) } else { (None, Exit::Holds) };
        let (tests, told) = match &self.junit {
            Some(file) => write_named("junit", file, &report::junit(&report), page),
            None => (String::new(), Exit::Holds),
        };
        let files = report_line(laid_out.as_deref()) + &files(&results, &charts, page.width()) + &tests;
        match self.format {
            Format::Table => answer(&report, earlier, &files, self.table, page),
            Format::Json => {
                let text = serde_json::to_string_pretty(&report::Document(&report)).unwrap_or_default();
                page.data(text + "\n");
                // Stdout has the document, and nothing else.
                if let Some(earlier) = earlier {
                    page.say(report::since(&report, earlier, page.width()).trim_end());
                }
                if !effort.quiet {
                    page.say(files.trim_end());
                }
            }
        }
        warn::warn(&report, page);
        warn::doubts(&doubtful, "summary.json", page);
        page.annotate(|| report::annotations(&report));
        let all: Vec<PathBuf> = results.iter().chain(&charts).chain(&laid_out).cloned().collect();
        if let Err(unwritten) = folder.clear_but(&plan.origin().fingerprint, &all) {
            page.complain(unwritten);
        }
        if let Some(path) = laid_out.filter(|_| self.open) {
            open::open(&path, page);
        }
        match [written, drawn, filed, told].contains(&Exit::Mistake) {
            true => Ok(Exit::Mistake),
            false => Ok(Exit::of(&report)),
        }
    }

    /// Makes sure, before anything is computed, that the file of verdicts can be written, and reads the earlier results: this
    /// sweep may take their place.
    pub(super) fn prepare(&self, plan: &Plan) -> Result<Option<Earlier>, ExitFailure> {
        if let Some(file) = &self.junit {
            prepare_named(file, &[plan])?;
        }
        Ok(self.compare.as_deref().map(|folder| Earlier::read(folder, &plan.name)).transpose()?)
    }

    /// The report is open: later runs do not open it again.
    pub(super) fn opened(&mut self) {
        self.open = false;
    }

    /// The names of all files of rows, and of the others that every sweep writes.
    pub(super) fn names(&self) -> Vec<String> {
        let layouts = [&RESULTS, &REPLICATIONS, &CLASSES, &COMPARISONS, &MEASUREMENTS, &TIMELINE];
        let named = |format: FileFormat| layouts.map(|layout| format.file(layout.name));
        self.formats()
            .into_iter()
            .flat_map(named)
            .chain(["summary.json", DOSSIER, REPORT, LIST].map(str::to_owned))
            .collect()
    }

    /// The formats, each once.
    fn formats(&self) -> Vec<FileFormat> {
        let is_first = |(index, format): &(usize, &FileFormat)| !self.files[..*index].contains(format);
        self.files.iter().enumerate().filter(is_first).map(|(_, &format)| format).collect()
    }

    fn draw(&self, folder: &Folder, report: &Report, page: &Page) -> (Vec<PathBuf>, Exit) {
        let (drawings, left_out) = figures::figures(report);
        if left_out > 0 {
            page.warn(format!(
                "charts are drawn for the first {} combinations of the other axes, not for the other {left_out} (results.csv has all)",
                figures::MOST_SETS
            ));
        }
        write_charts(folder, &drawings, self.pictures, page)
    }
}

/// The path of the report.
fn report_line(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |path| format!("{:<8} {}\n", "report", path.display()))
}

/// The paths of all files.
fn files(results: &[PathBuf], charts: &[PathBuf], width: Option<usize>) -> String {
    let line = |what: &str, paths: &[PathBuf]| {
        let Some(first) = paths.first() else { return String::new() };
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let others: Vec<String> = paths[1..].iter().filter_map(|path| name(path)).collect();
        let comma = if others.is_empty() { "" } else { ", " };
        let all = format!("{}{comma}{}", first.display(), others.join(", "));
        // A path may have spaces, which stay.
        match width {
            Some(_) if !all.replace(", ", "").contains(' ') => report::paragraph(&format!("{what:<8} "), &all, width),
            _ => format!("{what:<8} {all}\n"),
        }
    };
    let shown = if charts.len() > MOST_CHARTS { MOST_CHARTS / 2 } else { charts.len() };
    let mut text = line("results", results);
    text.extend(charts.iter().take(shown).map(|path| format!("{:<8} {}\n", "chart", path.display())));
    if shown < charts.len() {
        text.push_str(&format!("{:<8} and {} more in the same folder\n", "", charts.len() - shown));
    }
    text
}

/// The answer for people: the question, the verdicts, a finding for each variant, what to do next, the files; then the
/// figures behind them.
fn answer(report: &Report, earlier: Option<&Earlier>, files: &str, detail: Detail, page: &mut Page) {
    let (plan, width) = (report.plan, page.width());
    page.heading(&plan.title);
    page.print(report::answer(report, width));
    let (effort, objectives) = (report.effort(), report::objectives(report));
    page.sentence(&format!(
        "{effort}, 95 % intervals, seed {}; objectives: {objectives}; response times are those of successful requests",
        plan.seed
    ));
    page.part(report::verdicts(report, width));
    page.part(report::findings(report, width) + &report::selections(report, width));
    page.part(report::deadlocks(report, width));
    page.part(report::effects(report, width));
    page.part(report::ablations(report, width));
    if let Some(earlier) = earlier {
        page.part(report::since(report, earlier, width));
    }
    page.part(report::next_steps(report, width));
    page.part(files);
    if detail == Detail::None {
        return;
    }
    page.part(report::overview(report, detail));
    page.part(report::uncertain(report));
    page.part(report::classes(report, detail, "--table full"));
    page.part(report::measured(report, detail));
    page.part(report::comparisons(report, detail, width));
}
