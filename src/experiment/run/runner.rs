//! Runs the trials of a plan on all threads. A trial is a function of (point, replication, seed), so neither the number
//! of threads nor the order of execution shows in the results.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rayon::prelude::*;

use crate::experiment::analyse::precision::{self, PrecisionStep};
use crate::experiment::analyse::ranking;
use crate::experiment::analyse::strain;
use crate::experiment::analyse::summary;
use crate::experiment::analyse::trial::{FailedTrial, Trial};
use crate::experiment::plan::Plan;
use crate::experiment::run::pilot;
use crate::experiment::store::archive::{Archive, Finished};
use crate::experiment::store::journal::Unusable;
use crate::experiment::store::shard::{Deal, Shard};
use crate::load;
use crate::model::{AccountsKept, Load, Reference, System};
use crate::parts::Limits;

/// How far the trials have got; read by a progress bar while they run.
#[derive(Debug, Default)]
pub struct Progress {
    /// Trials to run, as far as is known yet.
    pub wanted: AtomicU64,
    /// Trials done.
    pub trials: AtomicU64,
    /// Events of the trials done.
    pub events: AtomicU64,
    /// Set from outside to end the run: trials under way are given up, those done are kept.
    pub interrupted: Arc<AtomicBool>,
}

/// All trials that gave figures, in the order of (point, replication), and those that did not.
#[derive(Clone, Debug, Default)]
pub struct Trials {
    /// Those that gave figures, also of those that a limit ended.
    pub done: Vec<Trial>,
    /// Those that failed.
    pub failed: Vec<FailedTrial>,
    /// Those that were not run because of an interrupt.
    pub skipped: usize,
}

/// Runs the trials of a plan on the present rayon pool, and keeps them in memory.
pub fn run(plan: &Plan, progress: &Progress) -> Trials {
    let archive = Archive::in_memory();
    // Memory can be written and read.
    let wanted = run_into(&archive, plan, None, progress).unwrap_or_default();
    let mut trials = Trials::default();
    for (point, &wanted) in wanted.iter().enumerate() {
        let of_point = archive.of_point(point as u32, wanted).unwrap_or_default();
        trials.skipped += wanted as usize - of_point.trials.len() - of_point.failed.len();
        trials.done.extend(of_point.trials);
        trials.failed.extend(of_point.failed);
    }
    trials
}

/// Runs what an archive lacks of a plan's trials, or of a shard's share of them, on the present rayon pool. Returns the
/// number of replications wanted of each point, which an interrupt may leave unfinished.
///
/// # Errors
/// Where the archive cannot keep a trial. Those that it has kept are kept.
pub fn run_into(
    archive: &Archive,
    plan: &Plan,
    shard: Option<Shard>,
    progress: &Progress,
) -> Result<Vec<u32>, Unusable> {
    let mut wanted = wanted(archive, plan)?;
    loop {
        run_missing(archive, plan, &wanted, shard, Deal::of(plan, false), progress)?;
        if !plan.is_sequential() || progress.interrupted.load(Ordering::Relaxed) {
            return Ok(wanted);
        }
        let before = std::mem::replace(&mut wanted, self::wanted(archive, plan)?);
        if before == wanted {
            return Ok(wanted);
        }
    }
}

/// Runs what an archive lacks of a shard's share of a round: this number of replications of each point.
///
/// # Errors
/// Where the archive cannot keep a trial. Those that it has kept are kept.
pub fn run_round(
    archive: &Archive,
    plan: &Plan,
    wanted: &[u32],
    shard: Shard,
    progress: &Progress,
) -> Result<(), Unusable> {
    run_missing(archive, plan, wanted, Some(shard), Deal::of(plan, true), progress)
}

/// How many replications of each point are wanted, as far as those that an archive has can tell: those that there are
/// may ask for more, of their own point under a precision, and of all points of their place where the best is to be
/// selected.
///
/// # Errors
/// Where a journal cannot be read.
pub fn wanted(archive: &Archive, plan: &Plan) -> Result<Vec<u32>, Unusable> {
    let mut wanted = vec![precision::first(plan); plan.points.len()];
    if !plan.is_sequential() {
        return Ok(wanted);
    }
    let together = match plan.best_within {
        Some(_) => plan.places(),
        None => (0..plan.points.len()).map(|point| vec![point]).collect(),
    };
    let of_place = |points: Vec<usize>| {
        let wanted = wanted_at(archive, plan, &points)?;
        Ok(points.into_iter().zip(wanted).collect::<Vec<_>>())
    };
    let places: Result<Vec<_>, Unusable> = together.into_par_iter().map(of_place).collect();
    places?.into_iter().flatten().for_each(|(point, more)| wanted[point] = more);
    Ok(wanted)
}

/// How many replications of the points at one place are wanted. When each point has those that its precision asks for,
/// the selection of the best may ask for more, and then the precision again.
fn wanted_at(archive: &Archive, plan: &Plan, points: &[usize]) -> Result<Vec<u32>, Unusable> {
    let mut wanted = vec![precision::first(plan); points.len()];
    let mut seen = vec![0; points.len()];
    let mut values = vec![Vec::new(); points.len()];
    loop {
        for (index, &point) in points.iter().enumerate() {
            let is_there = |wanted: u32| (0..wanted).all(|replication| archive.has(point as u32, replication));
            while seen[index] < wanted[index] && is_there(wanted[index]) {
                let trials = archive.of_point(point as u32, wanted[index])?.trials;
                let trials: Vec<&Trial> = trials.iter().collect();
                seen[index] = wanted[index];
                if plan.best_within.is_some() {
                    values[index] = summary::by_trial(&trials, plan.best_by);
                }
                if let PrecisionStep::Until(more) = precision::step(plan, wanted[index], &trials) {
                    wanted[index] = more;
                }
            }
        }
        if seen != wanted {
            return Ok(wanted);
        }
        let Some((left, more)) = ranking::more(plan, &values, &wanted) else { return Ok(wanted) };
        left.into_iter().for_each(|index| wanted[index] = wanted[index].max(more));
    }
}

/// Runs what an archive lacks of the given number of replications of each point, in their order.
fn run_missing(
    archive: &Archive,
    plan: &Plan,
    wanted: &[u32],
    shard: Option<Shard>,
    deal: Deal,
    progress: &Progress,
) -> Result<(), Unusable> {
    archive.tell_pilots(plan);
    let all = wanted.iter().enumerate().flat_map(|(point, &wanted)| (0..wanted).map(move |r| (point as u32, r)));
    let share = all.filter(|&(point, replication)| shard.is_none_or(|shard| shard.owns(&deal, point, replication)));
    let missing: Vec<(u32, u32)> = share.filter(|&(point, replication)| !archive.has(point, replication)).collect();
    progress.wanted.fetch_add(missing.len() as u64, Ordering::Relaxed);
    let next = AtomicUsize::new(0);
    let lost: Mutex<Option<Unusable>> = Mutex::new(None);
    let is_lost = AtomicBool::new(false);
    rayon::broadcast(|_| {
        while let Some(&(point, replication)) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
            if is_lost.load(Ordering::Relaxed) {
                return;
            }
            let Some(finished) = run_one(plan, point as usize, replication.into(), progress) else { return };
            if let Err(unusable) = archive.keep_pilots(plan, point).and_then(|()| archive.keep(finished)) {
                is_lost.store(true, Ordering::Relaxed);
                lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(unusable);
            }
        }
    });
    lost.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// The limits of a run that begins now.
pub(super) fn limits<'a>(plan: &Plan, interrupted: &'a AtomicBool) -> Limits<'a> {
    Limits {
        max_events: plan.max_events,
        deadline: plan.max_wall_time.map(|time| Instant::now() + time),
        interrupted: Some(interrupted),
    }
}

/// Runs a trial; none if an interrupt ended it.
pub(in crate::experiment) fn run_one(
    plan: &Plan,
    point: usize,
    replication: u64,
    progress: &Progress,
) -> Option<Finished> {
    if progress.interrupted.load(Ordering::Relaxed) {
        return None;
    }
    let planned = &plan.points[point];
    let limits = limits(plan, &progress.interrupted);
    // The seed names the experiment, the replication the streams: points of a sweep meet the same requests.
    let run = || {
        let load = pilot::load_of(plan, point, &limits);
        let bounds = strain::watched(&plan.objectives);
        let mut outcome = load::watched(&planned.system, &load, &bounds, plan.seed, replication, &limits);
        let is_compared = load.recovered_after.is_some() && load.reference == Reference::WithoutFaults;
        if is_compared && !planned.system.faults.is_empty() {
            let calm = System { faults: Vec::new(), ..(*planned.system).clone() };
            let load = Load { accounts: AccountsKept::Off, recorded: None, ..load.clone().into_owned() };
            outcome.calm = load::trial(&calm, &load, plan.seed, replication, &limits).timeline;
        }
        (outcome, load)
    };
    let result = catch_unwind(AssertUnwindSafe(run));
    progress.trials.fetch_add(1, Ordering::Relaxed);
    match result {
        Ok((outcome, _)) if outcome.ending == crate::parts::Ending::Interrupted => None,
        Ok((outcome, load)) => {
            progress.events.fetch_add(outcome.events, Ordering::Relaxed);
            Some(Ok(Trial::of(point, replication, outcome, &load, plan.collapse_below, &plan.objectives)))
        }
        Err(panic) => {
            let what = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_else(|| "it panicked".into());
            Some(Err(FailedTrial { point, replication, what }))
        }
    }
}
