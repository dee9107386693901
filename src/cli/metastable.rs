//! `sim metastable`: from which trigger on a system stays down.

use std::path::PathBuf;

use clap::Args;

use super::adjust::assignment;
use super::exit::{Exit, ExitFailure};
use super::files::again;
use super::found::Found;
use super::page::Page;
use super::search::SearchOptions;
use super::warn::caution;
use crate::experiment::plan::{MetastableWishes, Workbench};
use crate::experiment::run::runner::Progress;
use crate::experiment::search::metastable::{MetastableAnswer, search};
use crate::report::{metastable, metastable_document, metastable_figure, metastable_method, metastable_page};

/// Find the smallest disturbance from which a system does not return by itself.
///
/// At each of several loads, varies the size of a trigger (a spike's factor or length, the end of a fault, any number of the
/// model) by bisection. After a trigger the system returns by itself in every replication, stays down in every one until
/// the run ends, or it depends on the replication. Prints for each variant and load the smallest trigger that tips it, and
/// which variants remove or shrink the region. Returning is judged by `recovery_s`, so recovery must be timed: let a spike or
/// fault end well before the run does. Writes metastable.json, metastable.html and metastable.png into the experiment's
/// folder. After Ctrl-C the command prints what it found so far; running it again resumes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim metastable experiments/retry-storm.toml
  sim metastable experiments/retry-storm.toml --load-from 200/min --load-to 400/min --loads 5 --resolution 0.5
  sim metastable experiments/retry-storm.toml --trigger 'load.spikes[0].length' --from 5s --to 60s --resolution 5s

Exit codes:
  0    every border is found
  2    the input has a mistake, or a file could not be written
  3    a trial failed
  130  interrupted; the results so far have been printed")]
pub struct Metastable {
    /// The experiment file, or a model with its own load
    experiment: PathBuf,

    /// The size of the trigger: the name of an axis, or a path [default: the first axis of numbers that is not the load]
    #[arg(long, value_name = "AXIS|PATH")]
    trigger: Option<String>,

    /// The smallest size to try [default: the axis's smallest value]
    #[arg(long, value_name = "VALUE")]
    from: Option<String>,

    /// The largest size to try [default: the axis's largest value]
    #[arg(long, value_name = "VALUE")]
    to: Option<String>,

    /// Resolution of the size [default: 1, or a hundredth of the range]
    #[arg(long, value_name = "STEP")]
    resolution: Option<String>,

    /// The load: the name of an axis, or a path [default: the number that stands for the load, such as load.rate]
    #[arg(long, value_name = "AXIS|PATH")]
    load: Option<String>,

    /// The smallest load [default: half of what is written]
    #[arg(long, value_name = "VALUE")]
    load_from: Option<String>,

    /// The largest load [default: what is written]
    #[arg(long, value_name = "VALUE")]
    load_to: Option<String>,

    /// Loads, evenly spread between the two [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    loads: Option<u32>,

    /// Search only this variant (repeatable) [default: all]
    #[arg(long, value_name = "NAME")]
    variant: Vec<String>,

    /// The value of another axis (repeatable); it need not be one that the axis lists [default: its first]
    #[arg(long, value_name = "AXIS=VALUE", value_parser = assignment)]
    at: Vec<(String, String)>,

    #[command(flatten)]
    search: SearchOptions,
}

impl Metastable {
    /// Reads, searches, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let bench = Workbench::read_at(&self.experiment, &self.search.adjustments(), &self.at)?;
        let asked = bench.metastable(&self.wishes())?;
        let variants = bench.variants(&self.variant)?;
        let mut study = bench.study(&variants, vec![asked.load.clone(), asked.trigger.clone()], &self.at)?;
        study.rehearse_trigger(&variants, &asked)?;
        caution(bench.plan(), page);
        let question = format!("{asked:?} {variants:?} {:?} {}", self.at, bench.plan().replications);
        let record = self.search.record("metastable", bench.plan(), &question, page)?;
        let search = |progress: &Progress| search(study, &asked, &variants, &record, progress);
        let answer = self.search.pursue(search)??;
        let found = Found {
            name: "metastable",
            plan: &answer.plan,
            method: metastable_method(&answer),
            parts: metastable(&answer, page.width()),
            document: metastable_document(&answer),
            laid_out: metastable_page(&answer, &again()),
            figure: Some(metastable_figure(&answer)),
            doubts: answer.doubts.clone(),
        };
        let handed_over = found.hand_over(&self.search, record, page);
        Ok(exit(&answer).graver(handed_over))
    }

    fn wishes(&self) -> MetastableWishes {
        MetastableWishes {
            trigger: self.trigger.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            resolution: self.resolution.clone(),
            load: self.load.clone(),
            load_from: self.load_from.clone(),
            load_to: self.load_to.clone(),
            loads: self.loads,
        }
    }
}

/// The exit code of an answer.
fn exit(answer: &MetastableAnswer) -> Exit {
    match answer.is_interrupted {
        true => Exit::Interrupted,
        false if !answer.doubts.is_empty() => Exit::Undecided,
        false => Exit::Holds,
    }
}
