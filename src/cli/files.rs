//! The files of a sweep: results first, then charts, so that a disk that fills up costs pictures before figures.

use std::path::PathBuf;

use rayon::prelude::*;

use super::exit::Exit;
use super::page::Page;
use crate::report::chart::{self, Theme};
use crate::report::figures::Drawing;
use crate::report::folder::{Draft, Folder, Unwritten};
use crate::report::{self, Report};

/// Which pictures are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pictures {
    /// SVG beside PNG.
    pub svg: bool,
    /// A dark variant beside the light one.
    pub dark: bool,
}

/// Writes `results.csv`, `trials.csv` and `summary.json`, and `classes.csv` and `timeline.csv` where there are any. Each that cannot be written is complained about.
pub(super) fn write_results(folder: &Folder, trials: Draft, report: &Report, page: &Page) -> (Vec<PathBuf>, Exit) {
    let mut summary = folder.draft("summary.json");
    summary.write_with(|file| serde_json::to_writer_pretty(file, &report::Document(report)).map_err(Into::into));
    summary.write(b"\n");
    let mut files =
        vec![folder.write("results.csv", report::results(report).as_bytes()), trials.finish(), summary.finish()];
    files.extend(report::classes_file(report).map(|text| folder.write("classes.csv", text.as_bytes())));
    files.extend(report::timeline(report).map(|text| folder.write("timeline.csv", text.as_bytes())));
    written(files, page)
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

fn written(files: Vec<Result<PathBuf, Unwritten>>, page: &Page) -> (Vec<PathBuf>, Exit) {
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
