//! The pilot of a search for the highest load: a few runs at its lowest load, before the report proposes it. Where the
//! objectives are missed there too, the search would find no value that meets them. Where the first runs do not tell, more
//! are made, as the search itself would.

use std::ops::Range;

use rayon::prelude::*;

use super::knee::value;
use super::sequential::{Decision, Defect, FIRST_LOOK, Looks, Reading, Test, guess, verdict};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::trial::Trial;
use crate::experiment::plan::{Adjustments, KneeSearch, KneeWishes, Plan, Workbench, success_bound};
use crate::experiment::run::runner::{Progress, run_one};
use crate::experiment::store::archive::Archive;
use crate::experiment::store::journal::Unusable;
use crate::language::Mistakes;

/// The confidence with which the pilot decides.
const CONFIDENCE: f64 = 0.95;

/// Replications of the pilot at most.
const MOST: u32 = 40;

/// A search to propose, as the command line would ask for it.
#[derive(Clone, Debug)]
pub struct LoadSearch {
    /// The variant.
    pub variant: usize,
    /// Overrides beside those that the plan was read with.
    pub set: Vec<(String, String)>,
    /// What is searched along, and from where to where.
    pub wishes: KneeWishes,
}

impl LoadSearch {
    /// Whether it sets a path itself, so that what the plan was read with has no effect there.
    pub fn replaces(&self, path: &str) -> bool {
        self.wishes.axis.as_deref() == Some(path) || self.set.iter().any(|(own, _)| own == path)
    }
}

/// What the pilot found.
#[derive(Debug)]
pub struct Lighter {
    /// What would be searched.
    pub knee: KneeSearch,
    /// The lowest load of it.
    pub value: f64,
    /// Replications that were run there.
    pub replications: usize,
    /// Replications that lost capacity for good.
    pub damaged: usize,
    /// Whether the objectives are met there; none where so few runs do not tell.
    pub decision: Option<Decision>,
    /// Whether they are met by the estimates, without regard to their intervals.
    pub is_met_by_estimate: bool,
    /// What rules the load out, whatever its figures.
    pub defect: Option<Defect>,
    /// The figures of the objectives.
    pub readings: Vec<Reading>,
    /// All figures.
    pub summary: Summary,
}

/// Runs the pilot of a search that would follow a plan's trials: as many replications as the plan has, 2 at least and 10 at
/// most, doubled until they decide, up to 40. Those that an archive has are not run again. None where an interrupt came
/// first, or no run gave figures.
///
/// # Errors
/// Where the archive cannot keep a trial.
pub fn pilot(
    plan: &Plan,
    asked: &LoadSearch,
    archive: &Archive,
    progress: &Progress,
) -> Result<Option<Lighter>, Unusable> {
    // What cannot be read again cannot be searched either: the command will say why.
    let Ok((lowest, knee, value)) = lowest(plan, asked) else { return Ok(None) };
    let looks = Looks::new(plan.replications.min(FIRST_LOOK), MOST);
    let test = Test::new(&knee.objectives, None, CONFIDENCE, 1, &looks);
    let mut trials: Vec<Trial> = Vec::new();
    let success = success_bound(&knee.objectives, plan.collapse_below);
    let (mut readings, mut defect, mut decision) = (Vec::new(), None, None);
    for replications in (0..looks.count()).filter_map(|look| looks.replications(look)) {
        let Some(more) = run(&lowest, trials.len() as u32..replications, archive, progress)? else {
            return Ok(None);
        };
        trials.extend(more);
        readings = test.read(&trials, None, &[]);
        defect = Defect::of(&trials, success);
        decision = verdict(&readings, defect);
        if decision.is_some() {
            break;
        }
    }
    let summary = Summary::of_plan(&lowest, 0, &trials, success, &knee.objectives);
    let Some(summary) = summary else { return Ok(None) };
    Ok(Some(Lighter {
        value,
        replications: trials.len(),
        damaged: trials.iter().filter(|trial| trial.is_damaged()).count(),
        decision,
        is_met_by_estimate: defect.is_none() && guess(&readings, &knee.objectives, None),
        defect,
        readings,
        summary,
        knee,
    }))
}

/// Runs replications of the only point of a plan. None where an interrupt came first.
fn run(
    lowest: &Plan,
    replications: Range<u32>,
    archive: &Archive,
    progress: &Progress,
) -> Result<Option<Vec<Trial>>, Unusable> {
    let trials: Result<Vec<Option<Trial>>, Unusable> = replications
        .into_par_iter()
        .with_max_len(1)
        .map(|replication| {
            let known = archive.lighter(replication.into());
            if known.is_some() {
                return Ok(known);
            }
            let Some(Ok(trial)) = run_one(lowest, 0, replication.into(), progress) else { return Ok(None) };
            archive.keep_lighter(&trial)?;
            Ok(Some(trial))
        })
        .collect();
    Ok(trials?.into_iter().collect())
}

/// The plan of the one point with the lowest load, the search, and the value of its dial there.
fn lowest(plan: &Plan, asked: &LoadSearch) -> Result<(Plan, KneeSearch, f64), Mistakes> {
    let origin = plan.origin();
    let kept = origin.set.iter().filter(|(path, _)| !asked.replaces(path));
    let set = kept.chain(&asked.set).cloned().collect();
    let adjustments = Adjustments { set, seed: Some(plan.seed), replications: None };
    let bench = Workbench::read(&origin.file, &adjustments)?;
    let knee = bench.knee(&asked.wishes)?;
    let mut study = bench.study(&[asked.variant], vec![knee.dial.clone()], &[])?;
    let value = value(&knee, 0);
    study.point(asked.variant, &[value])?;
    Ok((study.plan().clone(), knee, value))
}
