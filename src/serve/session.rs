//! The trials of one request: round by round, until there are as many as are asked for or the reader is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::ThreadPool;

use crate::experiment::plan::Plan;
use crate::experiment::run::runner::{self, Progress, Trials};
use crate::experiment::store::archive::Archive;
use crate::kernel::Time;
use crate::report::{self, Report};

/// Moments of a timeline.
const MOMENTS: u64 = 40;

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Round {
    /// Replications that have ended.
    pub done: u32,
    /// Replications that are asked for.
    pub of: u32,
    /// Whether these are all.
    pub is_last: bool,
}

/// Runs the points of a plan on the threads of a pool, and calls `show` on this thread with what they show after more and
/// more replications. The last call has all of them, and then the figures are those of a sweep of the plan. `show`
/// returns whether it wants more; the flag ends the trials under way.
pub(super) fn run(
    plan: &Plan,
    pool: &ThreadPool,
    interrupted: &Arc<AtomicBool>,
    mut show: impl FnMut(&Report, Round) -> bool,
) {
    let archive = Archive::in_memory();
    for done in rounds(plan.replications) {
        let is_last = done == plan.replications;
        let mut part = plan.clone();
        if !is_last {
            (part.precision, part.exclude_loss, part.best_within) = (None, None, None);
            part.replications = done;
        }
        let progress = Progress { interrupted: Arc::clone(interrupted), ..Progress::default() };
        let report = pool.install(|| {
            let trials = trials(&archive, &part, &progress);
            (!interrupted.load(Ordering::Relaxed)).then(|| Report::of(&part, trials))
        });
        let Some(report) = report else { return };
        let of = report.replications();
        if !show(&report, Round { done: if is_last { of } else { done }, of: of.max(plan.replications), is_last }) {
            return;
        }
    }
}

/// The trials that a plan wants, those of them run that the archive lacks.
fn trials(archive: &Archive, plan: &Plan, progress: &Progress) -> Trials {
    // Memory can be written and read.
    let wanted = runner::run_into(archive, plan, None, progress).unwrap_or_default();
    let mut trials = Trials::default();
    for (point, &wanted) in wanted.iter().enumerate() {
        let of_point = archive.of_point(point as u32, wanted).unwrap_or_default();
        trials.skipped += wanted as usize - of_point.trials.len() - of_point.failed.len();
        trials.done.extend(of_point.trials);
        trials.failed.extend(of_point.failed);
    }
    trials
}

/// After how many replications something is shown: 1, 2, 3, 5, 8 and so on.
fn rounds(all: u32) -> Vec<u32> {
    let (mut rounds, mut next) = (Vec::new(), (1, 2));
    while next.0 < all {
        rounds.push(next.0);
        next = (next.1, next.0 + next.1);
    }
    rounds.push(all);
    rounds
}

/// What happens when in the first run of each point, drawn; none where the flag is set before it is done.
pub(super) fn timeline(
    plan: &Plan,
    report: &Report,
    pool: &ThreadPool,
    interrupted: &Arc<AtomicBool>,
) -> Option<String> {
    let plan = with_timeline(plan, report);
    let progress = Progress { interrupted: Arc::clone(interrupted), ..Progress::default() };
    pool.install(|| {
        let trials = runner::run(&plan, &progress);
        (!interrupted.load(Ordering::Relaxed)).then(|| report::live_timeline(&Report::of(&plan, trials)))
    })
}

/// The plan of one run with a timeline.
fn with_timeline(plan: &Plan, report: &Report) -> Plan {
    let mut plan = plan.clone();
    plan.replications = 1;
    (plan.precision, plan.exclude_loss, plan.best_within) = (None, None, None);
    for (index, point) in plan.points.iter_mut().enumerate() {
        let length = point.load.pattern.window().map_or_else(|| test_length(report, index), |(_, end)| end.0);
        let load = Arc::make_mut(&mut point.load);
        load.timeline = load.timeline.or(Some(Time((length / MOMENTS).max(1))));
        // The page has room for the chart that compares its designs, and for none of each.
        load.recorded = None;
    }
    plan
}

/// About how long a finite test lasts, in nanoseconds: as long as its successes take at its throughput.
fn test_length(report: &Report, point: usize) -> u64 {
    let length = report.summary(point).and_then(|summary| {
        let per_second = summary.throughput_per_min?.estimate / 60.0;
        (per_second > 0.0).then(|| summary.succeeded / per_second)
    });
    (length.filter(|length| *length > 0.0).unwrap_or(60.0) * 1e9) as u64
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::experiment::plan::Adjustments;

    fn pool() -> ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap()
    }

    #[test]
    fn what_is_shown_last_is_what_a_sweep_shows() {
        let plan = Plan::read(Path::new("models/registration.toml"), &Adjustments::default()).unwrap();
        let whole = crate::run(&plan);
        let mut seen = Vec::new();
        run(&plan, &pool(), &Arc::default(), |report, round| {
            if round.is_last {
                assert_eq!(format!("{:?}", report.summaries), format!("{:?}", whole.summaries));
            }
            seen.push(round.done);
            true
        });
        assert_eq!(seen, [1, 2, 3, 5]);
    }

    #[test]
    fn it_ends_where_it_is_interrupted_or_not_wanted() {
        let plan = Plan::read(Path::new("models/registration.toml"), &Adjustments::default()).unwrap();
        run(&plan, &pool(), &Arc::new(AtomicBool::new(true)), |_, _| panic!("it was interrupted"));
        let mut calls = 0;
        run(&plan, &pool(), &Arc::default(), |_, _| {
            calls += 1;
            false
        });
        assert_eq!(calls, 1);
    }

    #[test]
    fn rounds_end_with_all() {
        assert_eq!(rounds(1), [1]);
        assert_eq!(rounds(5), [1, 2, 3, 5]);
        assert_eq!(rounds(20), [1, 2, 3, 5, 8, 13, 20]);
    }
}
