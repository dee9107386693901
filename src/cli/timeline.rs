//! What happens over time in one point, for `sim run`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::exit::{Exit, ExitFailure};
use super::files::{Pictures, timelines, write_charts, written};
use super::page::Page;
use crate::experiment::plan::Plan;
use crate::report::Report;
use crate::report::figures::{self, Drawing};
use crate::report::folder::Folder;
use crate::report::sheet::{FileFormat, TIMELINE, TIMELINE_FAILURES, TIMELINE_MARKS, TIMELINE_RESOURCES};

/// Whether a timeline is recorded, and where it goes.
#[derive(Clone, Debug, Args)]
pub struct OverTime {
    /// Record what happens over time, and write it into this folder: timeline.png, timeline.csv (requests and percentiles in
    /// each interval), and timeline-resources, -failures and -marks. `--set load.timeline=1s` sets the interval
    #[arg(long, value_name = "FOLDER")]
    timeline: Option<PathBuf>,

    /// Formats of these tables; `sim schema results` describes their columns
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        value_delimiter = ',',
        default_value = "csv",
        requires = "timeline"
    )]
    timeline_files: Vec<FileFormat>,
}

impl OverTime {
    /// Makes sure, before anything is computed, that the files can be written.
    pub(super) fn prepare(&self) -> Result<Option<Folder>, ExitFailure> {
        let Some(path) = &self.timeline else { return Ok(None) };
        let layouts = [TIMELINE, TIMELINE_FAILURES, TIMELINE_RESOURCES, TIMELINE_MARKS];
        let tables =
            self.timeline_files.iter().flat_map(|format| layouts.iter().map(|layout| format.file(layout.name)));
        let names: Vec<String> = tables.chain([PICTURE.to_owned()]).collect();
        Folder::prepare(path, &names).map(Some).map_err(ExitFailure::Named)
    }

    /// All that a timeline can have is recorded of each point, if that is wanted.
    pub(super) fn record(&self, plan: &mut Plan) {
        if self.timeline.is_some() {
            plan.points.iter_mut().for_each(|point| Arc::make_mut(&mut point.load).record());
        }
    }

    /// Writes the tables and the chart, and returns the line that names them.
    pub(super) fn write(&self, folder: Option<&Folder>, report: &Report, page: &Page) -> (String, Exit) {
        let Some(folder) = folder else { return (String::new(), Exit::Holds) };
        let (tables, exit) = written(timelines(folder, &self.timeline_files, report), page);
        let (drawings, _) = figures::figures(report);
        let over_time = drawings.into_iter().filter(|it| it.name.starts_with(TIMELINE.name));
        // There is but one point, which the folder's name may tell from others.
        let drawings: Vec<_> = over_time.take(1).map(|it| Drawing { name: TIMELINE.name.into(), ..it }).collect();
        let (charts, drawn) = write_charts(folder, &drawings, Pictures::default(), page);
        let names = tables.iter().chain(&charts).filter_map(|path| path.file_name());
        let names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        let line = match names.as_slice() {
            [] => String::new(),
            names => format!("{:<8} {}: {}\n", "timeline", Path::display(folder.path()), names.join(", ")),
        };
        (line, exit.graver(drawn))
    }
}

/// The chart.
const PICTURE: &str = "timeline.png";
