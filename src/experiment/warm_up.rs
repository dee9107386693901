//! A warm-up that is found: `warm_up = "auto"`. A few pilot runs with streams of their own start from rest; the number of
//! requests in flight, their mean at each time (Welch 1983), is cut by MSER-5 (White, Cobb & Spratt 2000; applied to the
//! mean of replications by Hoad, Robinson & Davies, Journal of the Operational Research Society 61, 2010).

use std::borrow::Cow;

use super::design::Plan;
use crate::kernel::Time;
use crate::load;
use crate::model::{Load, Pattern};
use crate::parts::{Limits, Timeline};
use crate::statistics::autocorrelation::mser5;

/// Pilot runs.
pub const PILOTS: u64 = 5;

/// Intervals of a pilot run.
const INTERVALS: u64 = 500;

/// The number of the first pilot's replication: beyond those of any sweep, so that no trial meets its streams.
const FIRST_PILOT: u64 = 1 << 40;

/// What the pilot runs of a point found.
#[derive(Clone, Debug, PartialEq)]
pub struct WarmUp {
    /// Time before the window.
    pub length: Time,
    /// Whether the pilot runs settled in their first half; if not, that half is the warm-up.
    pub is_settled: bool,
    /// Length of an interval.
    pub interval: Time,
    /// Requests in flight at the end of each interval, mean over the pilot runs.
    pub in_flight: Vec<f64>,
}

/// The load of a point as it is run: where its warm-up is to be found, with what was found.
pub fn load_of<'a>(plan: &'a Plan, point: usize, limits: &Limits) -> Cow<'a, Load> {
    let load = &plan.points[point].load;
    match find(plan, point, limits) {
        None => Cow::Borrowed(load),
        Some(found) => Cow::Owned(with(load, found.length)),
    }
}

/// What was found of a point whose warm-up is to be found; its pilot runs are made where they have not been yet.
pub fn of(plan: &Plan, point: usize) -> Option<&WarmUp> {
    find(plan, point, &Limits { max_events: plan.max_events, ..Limits::default() })
}

fn find<'a>(plan: &'a Plan, point: usize, limits: &Limits) -> Option<&'a WarmUp> {
    let planned = &plan.points[point];
    planned.load.auto_warm_up.then(|| planned.warm_up.get_or_init(|| pilot(plan, point, limits)))
}

fn pilot(plan: &Plan, point: usize, limits: &Limits) -> WarmUp {
    let planned = &plan.points[point];
    let duration = match planned.load.pattern {
        Pattern::Endless { duration, .. } | Pattern::Open { duration, .. } => duration,
        _ => Time::ZERO,
    };
    let interval = Time((duration.0 / INTERVALS).max(1));
    let mut load = with(&planned.load, Time::ZERO);
    load.timeline = Some(interval);
    let timelines: Vec<Timeline> = (0..PILOTS)
        .filter_map(|pilot| load::trial(&planned.system, &load, plan.seed, FIRST_PILOT + pilot, limits).timeline)
        .collect();
    let levels: Vec<Vec<u32>> = timelines.iter().map(Timeline::in_flight).collect();
    let count = levels.iter().map(Vec::len).min().unwrap_or(0);
    let mean = |index: usize| levels.iter().map(|levels| f64::from(levels[index])).sum::<f64>() / levels.len() as f64;
    let in_flight: Vec<f64> = (0..count).map(mean).collect();
    let cut = mser5(&in_flight);
    let length = cut.map_or(Time(duration.0 / 2), |cut| Time(interval.0.saturating_mul(cut as u64)));
    WarmUp { length, is_settled: cut.is_some(), interval, in_flight }
}

/// A load with this warm-up.
fn with(load: &Load, length: Time) -> Load {
    let mut load = load.clone();
    load.auto_warm_up = false;
    if let Pattern::Endless { warm_up, .. } | Pattern::Open { warm_up, .. } = &mut load.pattern {
        *warm_up = length;
    }
    load
}
