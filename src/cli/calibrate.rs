//! `sim calibrate`: which values of a model's numbers fit what was measured.

use std::path::{Path, PathBuf};

use clap::Args;

use super::adjust::fraction;
use super::data::Data;
use super::exit::{Exit, ExitFailure};
use super::files::{write_charts, written};
use super::format::Format;
use super::journals::kept;
use super::page::Page;
use super::search::SearchOptions;
use super::warn::{caution, doubts};
use crate::calibrate::calibration::{Calibration, Question, calibrate};
use crate::calibrate::{Observations, Trials, today};
use crate::experiment::plan::{Plan, Ranged, Renewed, Workbench};
use crate::language::{Mistake, Mistakes};
use crate::report::folder::Folder;
use crate::report::{
    calibration, calibration_document, calibration_figure, calibration_fits, calibration_method,
    calibration_parameters, contradictions, paragraph, posterior_csv, significant,
};

/// Settings are run with this many replications at least: noise is known from their spread.
const LEAST_REPLICATIONS: u32 = 2;

/// How far the emulators may be off, in standard deviations of what was measured.
const EMULATION: f64 = 1.0;

/// Fit uncertain numbers of a model to measurements: a posterior, not a point.
///
/// The parameters are the numbers that `[provenance]` gives a range and calls assumed or calibrated, or those of --free. Figures that
/// contradict each other (operational laws) are reported before anything is fitted. Then settings from all of the ranges are run,
/// emulators are fitted to what they give, and draws of the posterior say where the next settings are. Reports median and 90 %
/// interval of each parameter, which of them the data cannot tell apart, how well each figure fits, and says so if no values do.
/// Writes calibrated.toml (the model's file with the new values and their provenance), posterior.csv (draws), calibrate.json and
/// posterior.png into the experiment's folder.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim calibrate experiments/pooling.toml --data observations.csv
  sim calibrate models/mm1.toml --data tests.csv --free 'stations.server.service=500ms..2s'
  sim calibrate experiments/pooling.toml --data observations.csv --free services.user-service.cpu

Exit codes:
  0    the model fits
  1    no values within the ranges fit, or the data contradicts itself
  2    the input has a mistake, or a file could not be written
  3    a trial failed, or the emulators are too coarse
  130  interrupted")]
pub struct Calibrate {
    /// The experiment file, or a model with its own load
    experiment: PathBuf,

    /// What was measured: a file that `sim import` reads (repeatable)
    #[arg(long = "data", value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    data: Data,

    /// Fit this number alone (repeatable), in the range of its provenance or in this one
    #[arg(long, value_name = "PATH[=LOW..HIGH]")]
    free: Vec<String>,

    /// What the model may be off by beyond noise: relative, of shares in points
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = fraction)]
    tolerance: f64,

    /// Fit even though the data contradicts itself
    #[arg(long)]
    despite_laws: bool,

    #[command(flatten)]
    search: SearchOptions,
}

impl Calibrate {
    /// Reads, fits, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let mut bench = Workbench::read(&self.experiment, &self.search.adjustments())?;
        caution(bench.plan(), page);
        let figures = self.data.read(&self.files, page)?;
        let data = Observations::of(&mut bench, &figures)?;
        let plan = bench.plan().clone();
        if plan.replications < LEAST_REPLICATIONS {
            let mistake = Mistake::new("a single replication does not show how large the noise is");
            return Err(mistake.help(format!("--replications {LEAST_REPLICATIONS}, or more")).into());
        }
        let parameters = self.parameters(&bench)?;
        let ranges: Vec<_> = parameters.iter().map(|it| (&it.dial.path, it.low, it.high)).collect();
        let asked = format!("{figures:?} {ranges:?} {} {}", plan.replications, self.despite_laws);
        let record = self.search.record("calibrate", &plan, &asked, page)?;
        let question = Question { despite_laws: self.despite_laws, tolerance: self.tolerance };
        let found = self.search.pursue(|progress| {
            calibrate(data, &parameters, question, &mut Trials::new(&mut bench, &record, progress))
        })??;
        let exit = self.hand_over(&found, &bench, &plan, page)?;
        Ok(exit.graver(kept(record, page)))
    }

    /// The numbers that are fitted.
    fn parameters(&self, bench: &Workbench) -> Result<Vec<Ranged>, ExitFailure> {
        let mut mistakes = Mistakes::default();
        let mut parameters = Vec::new();
        for text in &self.free {
            let (path, range) = match text.split_once('=') {
                None => (text.as_str(), None),
                Some((path, range)) => match range.split_once("..") {
                    Some((low, high)) => (path, Some((low.trim(), high.trim()))),
                    None => {
                        let mistake = Mistake::new(format!("`{range}` is no range")).help("write LOW..HIGH");
                        mistakes.push(mistake);
                        continue;
                    }
                },
            };
            match bench.freed(path.trim(), range) {
                Ok(ranged) if parameters.iter().any(|known: &Ranged| known.dial.overlaps(&ranged.dial)) => {
                    mistakes.push(Mistake::new(format!("--free gives `{}` twice", ranged.dial.path)));
                }
                Ok(ranged) => parameters.push(ranged),
                Err(more) => mistakes.extend(more),
            }
        }
        mistakes.into_result()?;
        if self.free.is_empty() {
            parameters = bench.ranges().into_iter().filter(|it| it.is_assumed || it.is_calibrated).collect();
        }
        if parameters.is_empty() {
            return Err(Mistake::new("the model has no number to fit")
                .note("those are fitted that `[provenance]` calls assumed, with a range")
                .help("give a number a range there, or with --free 'PATH=LOW..HIGH'")
                .into());
        }
        Ok(parameters)
    }

    fn hand_over(
        &self,
        found: &Calibration,
        bench: &Workbench,
        plan: &Plan,
        page: &mut Page,
    ) -> Result<Exit, ExitFailure> {
        let method = calibration_method(found, plan.replications, plan.seed);
        let (lines, mut exit) = self.write(found, bench, plan, &method, page)?;
        let broken = contradictions(&found.data.sites, &found.contradictions);
        let width = page.width();
        match self.search.format {
            Format::Table => {
                page.heading(&plan.title);
                let nothing = found.parameters.is_empty();
                page.part(broken.iter().map(|one| paragraph("", one, width)).collect::<String>());
                if nothing && found.is_contradictory() {
                    page.part("Nothing was fitted: correct the data, or use --despite-laws.\n");
                }
                if nothing && found.is_interrupted {
                    page.part("Nothing was fitted yet: the same command continues.\n");
                }
                if !nothing {
                    page.sentence(&method);
                    page.part(calibration_parameters(found));
                    let sentences = calibration(found);
                    page.part(sentences.iter().map(|one| paragraph("- ", one, width)).collect::<String>());
                    page.part(calibration_fits(found));
                }
                page.part(lines);
            }
            Format::Json => page.data(format!("{:#}\n", calibration_document(found))),
        }
        if !found.data.left_out.is_empty() {
            page.warn(format!("not used: {}", found.data.left_out.join("; ")));
        }
        let is_coarse = found.emulation > EMULATION;
        if is_coarse {
            page.warn(format!(
                "the emulators are off by {:.1} times the noise of the measurements; narrower ranges help",
                found.emulation
            ));
        }
        doubts(&found.doubts, "calibrate.json", page);
        exit = exit.graver(match (found.is_interrupted, found.is_misfit || found.is_contradictory()) {
            (true, _) => Exit::Interrupted,
            (_, true) => Exit::Fails,
            _ if is_coarse || !found.doubts.is_empty() => Exit::Undecided,
            _ => Exit::Holds,
        });
        Ok(exit)
    }

    /// Writes the files, and returns the lines that name them.
    fn write(
        &self,
        found: &Calibration,
        bench: &Workbench,
        plan: &Plan,
        method: &str,
        page: &Page,
    ) -> Result<(String, Exit), ExitFailure> {
        let folder = Folder::open(&self.search.keeping.output.join(&plan.name))?;
        let document = format!("{:#}\n", calibration_document(found));
        let mut files = vec![folder.write("calibrate.json", document.as_bytes())];
        let fitted = !found.parameters.is_empty() && !found.is_interrupted;
        if fitted {
            files.push(folder.write("posterior.csv", &posterior_csv(found)));
            let (text, missing) = bench.rewritten(&renewed(found), &self.reason(found))?;
            files.push(folder.write("calibrated.toml", text.as_bytes()));
            if !missing.is_empty() {
                let reason = "not in calibrated.toml, because the model's own file does not set them";
                page.warn(format!("{reason}: {}", missing.join(", ")));
            }
        }
        let (results, mut exit) = written(files, page);
        let mut paths: Vec<(&str, PathBuf)> = results.into_iter().map(|path| ("results", path)).collect();
        if fitted && self.search.pictures.any() {
            let charts = [calibration_figure(found, method)];
            let (charts, drawn) = write_charts(&folder, &charts, self.search.pictures, page);
            paths.extend(charts.into_iter().map(|path| ("chart", path)));
            exit = exit.graver(drawn);
        }
        Ok((paths.iter().map(|(what, path)| format!("{what:<8} {}\n", path.display())).collect(), exit))
    }

    /// The reason that the calibrated model gives for its values.
    fn reason(&self, found: &Calibration) -> String {
        let files: Vec<String> = self.files.iter().map(|file| name(file)).collect();
        let fit = if found.is_misfit { "; the model does not fit" } else { "" };
        format!("sim calibrate, {}, {}; the range is the 90 % interval{fit}", files.join(", "), today())
    }
}

fn name(file: &Path) -> String {
    file.file_name().map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The values to write: with as many digits as their intervals are worth.
fn renewed(found: &Calibration) -> Vec<Renewed<'_>> {
    let renewed = found.parameters.iter().map(|it| Renewed {
        ranged: &it.ranged,
        value: significant(it.median, 4),
        range: it.interval.map(|end| significant(end, 4)),
    });
    renewed.collect()
}
