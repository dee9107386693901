//! A warm-up that is found: `warm_up = "auto"`. A few pilot runs with streams of their own start from rest; the number
//! of requests in flight, their mean at each time (Welch 1983), is cut by MSER-5 (White, Cobb & Spratt 2000; applied to
//! the mean of replications by Hoad, Robinson & Davies, Journal of the Operational Research Society 61, 2010).

use std::borrow::Cow;

use crate::experiment::plan::{Plan, WarmUp};
use crate::kernel::Time;
use crate::load;
use crate::model::{AccountsKept, Load, Pattern};
use crate::parts::{Ending, Limits, Outcome, Timeline};
use crate::statistics::autocorrelation::mser5;

/// Pilot runs.
pub const PILOTS: u64 = 5;

/// Intervals of a pilot run.
const INTERVALS: u64 = 500;

/// The number of the first pilot's replication: beyond those of any sweep, so that no trial meets its streams.
const FIRST_PILOT: u64 = 1 << 40;

/// The load of a point as it is run: where pilot runs find its warm-up, with what they found.
pub fn load_of<'a>(plan: &'a Plan, point: usize, limits: &Limits) -> Cow<'a, Load> {
    let load = &plan.points[point].load;
    match find(plan, point, limits) {
        None => Cow::Borrowed(load),
        Some(found) => Cow::Owned(with(load, found.length)),
    }
}

fn find<'a>(plan: &'a Plan, point: usize, limits: &Limits) -> Option<Cow<'a, WarmUp>> {
    let planned = &plan.points[point];
    if !planned.load.auto_warm_up {
        return None;
    }
    if let Some(known) = planned.warm_up.get() {
        return Some(Cow::Borrowed(known));
    }
    let (found, is_whole) = pilot(plan, point, limits);
    // What an interrupt or the time on the wall has cut short is no property of the point: it is not kept.
    Some(if is_whole { Cow::Borrowed(planned.warm_up.get_or_init(|| found)) } else { Cow::Owned(found) })
}

/// Runs the pilots; whether they ended for a reason of their own.
fn pilot(plan: &Plan, point: usize, limits: &Limits) -> (WarmUp, bool) {
    let planned = &plan.points[point];
    let duration = match planned.load.pattern {
        Pattern::Endless { duration, .. } | Pattern::Open { duration, .. } | Pattern::Mixed { duration, .. } => {
            duration
        }
        _ => Time::ZERO,
    };
    let interval = Time((duration.0 / INTERVALS).max(1));
    let mut load = with(&planned.load, Time::ZERO);
    load.timeline = Some(interval);
    let run = |pilot| load::trial(&planned.system, &load, plan.seed, FIRST_PILOT + pilot, limits);
    let outcomes: Vec<Outcome> = (0..PILOTS).map(run).collect();
    let is_whole = |outcome: &Outcome| !matches!(outcome.ending, Ending::Interrupted | Ending::OutOfTime);
    let are_whole = outcomes.iter().all(is_whole);
    let timelines = outcomes.iter().filter_map(|outcome| outcome.timeline.as_ref());
    let levels: Vec<Vec<u32>> = timelines.map(Timeline::in_flight).collect();
    let count = levels.iter().map(Vec::len).min().unwrap_or(0);
    let mean = |index: usize| levels.iter().map(|levels| f64::from(levels[index])).sum::<f64>() / levels.len() as f64;
    let in_flight: Vec<f64> = (0..count).map(mean).collect();
    let cut = mser5(&in_flight);
    let length = cut.map_or(Time(duration.0 / 2), |cut| Time(interval.0.saturating_mul(cut as u64)));
    (WarmUp { length, is_settled: cut.is_some(), interval, in_flight }, are_whole)
}

/// A load with this warm-up.
fn with(load: &Load, length: Time) -> Load {
    let mut load = load.clone();
    load.auto_warm_up = false;
    load.accounts = AccountsKept::Off;
    load.recorded = None;
    if let Pattern::Endless { warm_up, .. } | Pattern::Open { warm_up, .. } | Pattern::Mixed { warm_up, .. } =
        &mut load.pattern
    {
        *warm_up = length;
    }
    load
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::experiment::plan::Adjustments;

    #[test]
    fn what_an_interrupt_cuts_short_is_not_kept() {
        let set = vec![("load.warm_up".into(), "auto".into())];
        let plan = Plan::read(Path::new("models/mm1.toml"), &Adjustments { set, ..Adjustments::default() }).unwrap();
        let interrupted = AtomicBool::new(true);
        let cut = find(&plan, 0, &Limits { interrupted: Some(&interrupted), ..Limits::default() }).unwrap();
        assert!(matches!(cut, Cow::Owned(_)));
        let whole = find(&plan, 0, &Limits::default()).unwrap();
        assert!(matches!(whole, Cow::Borrowed(_)) && whole.is_settled);
        assert_ne!(*whole, *cut);
    }
}
