//! What a search found, handed to the reader: files, then words, then doubts.

use std::path::Path;

use serde_json::Value;

use super::exit::Exit;
use super::files::{Pictures, write_charts, written};
use super::format::Format;
use super::journals::kept;
use super::page::Page;
use super::search::SearchOptions;
use super::warn::doubts;
use crate::experiment::plan::Plan;
use crate::experiment::run::record::Record;
use crate::report::figures::Drawing;
use crate::report::folder::Folder;

/// The answer of a search, as it is written and printed.
pub(super) struct Found<'a> {
    /// What its files are called, without extension.
    pub name: &'static str,
    /// What was tried.
    pub plan: &'a Plan,
    /// How it was looked for, in a sentence.
    pub method: String,
    /// The answer for the terminal, in parts.
    pub parts: Vec<String>,
    /// The answer for programs.
    pub document: Value,
    /// The answer as a page.
    pub laid_out: String,
    /// The chart.
    pub figure: Option<Drawing>,
    /// What casts doubt on the answer.
    pub doubts: Vec<String>,
}

impl Found<'_> {
    /// Writes the files, prints the answer, warns of what casts doubt on it, and says whether all could be kept.
    pub(super) fn hand_over(self, options: &SearchOptions, record: Record, page: &mut Page) -> Exit {
        let (paths, written) = self.write(&options.keeping.output, options.pictures, page);
        match options.format {
            Format::Table => {
                page.heading(&self.plan.title);
                page.sentence(&self.method);
                self.parts.into_iter().for_each(|part| page.part(part));
                page.part(paths);
            }
            Format::Json => page.data(format!("{:#}\n", self.document)),
        }
        doubts(&self.doubts, &format!("{}.json", self.name), page);
        written.graver(kept(record, page))
    }

    /// Writes the document, and where pictures are wanted the page and the chart, into the experiment's folder. Returns the
    /// lines that name them. What cannot be written is complained about.
    fn write(&self, output: &Path, pictures: Pictures, page: &Page) -> (String, Exit) {
        let folder = match Folder::open(&output.join(&self.plan.name)) {
            Ok(folder) => folder,
            Err(unwritten) => {
                page.complain(unwritten);
                return (String::new(), Exit::Mistake);
            }
        };
        let line = |what: &str, path: &Path| format!("{what:<8} {}\n", path.display());
        let document = format!("{:#}\n", self.document);
        let (results, mut exit) =
            written(vec![folder.write(&format!("{}.json", self.name), document.as_bytes())], page);
        let mut lines = String::new();
        if pictures.any() {
            let name = format!("{}.html", self.name);
            let (pages, filed) = written(vec![folder.write(&name, self.laid_out.as_bytes())], page);
            lines.extend(pages.iter().map(|path| line("report", path)));
            exit = exit.graver(filed);
        }
        lines.extend(results.iter().map(|path| line("results", path)));
        if let Some(figure) = self.figure.as_ref().filter(|_| pictures.any()) {
            let (charts, drawn) = write_charts(&folder, std::slice::from_ref(figure), pictures, page);
            lines.extend(charts.iter().map(|path| line("chart", path)));
            exit = exit.graver(drawn);
        }
        (lines, exit)
    }
}
