//! The dossier of a point that collapses: when it tips in each replication, and what one of them looks like at that moment.
//!
//! A few replications are run again, which gives the same runs, with counts of what happens in each interval. A run tips when a
//! circle of waits closes that nothing opens; where none closes, when its goodput falls ([`fall`]). The first run that tips is
//! run twice more: in one the waits are looked at (when the circle closes, or a step after goodput has fallen), in the other the request is traced that closed the circle,
//! or that has waited longest.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;
use serde::Serialize;

use crate::experiment::analyse::summary::LEVEL;
use crate::experiment::plan::Plan;
use crate::experiment::run::pilot;
use crate::experiment::run::runner::limits;
use crate::experiment::run::trace::Untraced;
use crate::kernel::Time;
use crate::load;
use crate::model::{AccountsKept, Load, Pattern};
use crate::parts::{Ending, Glance, Levels, RequestEnd, Slice, Timeline, Trace, WaitGraph};
use crate::statistics::Interval;
use crate::statistics::fall::{Fall, fall};

/// Replications that are looked at, at most.
pub const MOST: u32 = 20;

/// Intervals of a run, at most.
const INTERVALS: usize = 128;

/// Moments before and after that of tipping at which the levels are noted.
const AROUND: i64 = 3;

/// Intervals between two such moments, as a share of all.
const STEP: usize = 24;

/// How a run tips.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tipping {
    /// A circle of waits closes that nothing opens.
    Circle,
    /// Goodput falls.
    Fall,
    /// Neither: it is as bad from the start. The moment is the middle of the run.
    Never,
}

/// A fall of the goodput of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GoodputFall {
    /// When it falls.
    pub at: Time,
    /// Successes a second before.
    pub before_per_s: f64,
    /// Successes a second after.
    pub after_per_s: f64,
    /// When goodput is usual again; none if it stays below.
    pub back: Option<Time>,
}

/// When the runs of a point tip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Moment {
    /// How the run that is shown tips.
    pub tipping: Tipping,
    /// When it does.
    pub at: Time,
    /// The number of that replication, from 0 on.
    pub replication: u32,
    /// The fall of its goodput; none if it does not fall.
    pub fall: Option<GoodputFall>,
    /// Seconds from the start until a run tips: the mean over the replications that do so in this way, with its 95 % interval. Of a
    /// single one the interval of its own change point; none where no run tips.
    pub seconds: Option<Interval>,
    /// Replications that tip in this way.
    pub runs: u32,
    /// Replications that were looked at.
    pub of: u32,
}

/// What happened up to one moment, and how full everything was then.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Around {
    /// Since when the rates are counted.
    pub from: Time,
    /// Successes a second.
    pub succeeded_per_s: f64,
    /// Requests sent again, a second.
    pub sent_again_per_s: f64,
    /// Failures a second.
    pub failed_per_s: f64,
    /// Clients a second that gave up.
    pub given_up_per_s: f64,
    /// How full everything was.
    #[serde(flatten)]
    pub levels: Levels,
}

/// A request of which the wait makes the circle complete, or that has waited longest; cut off some time after the moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// Its spans.
    pub trace: Trace,
    /// Where they are cut off; none where all that it did is shown.
    pub cut: Option<Time>,
}

/// What there is to say about the collapse of a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dossier {
    /// Index of the point.
    pub point: usize,
    /// When it tips.
    pub moment: Moment,
    /// The sentences of the circle of waits that closed first; empty where none did.
    pub circle: Vec<String>,
    /// Who holds what and waits for what then.
    pub graph: WaitGraph,
    /// What happens around that moment, in order.
    pub around: Vec<Around>,
    /// The request that closed the circle, or the one that has waited longest for what most wait for.
    pub request: Option<Seen>,
}

/// One replication, counted interval by interval.
struct Counted {
    timeline: Timeline,
    deadlock: Option<(Time, Vec<String>)>,
    fall: Option<Fall>,
    events: u64,
}

/// Makes the dossier of a point, from its first replications.
///
/// # Errors
/// Where the system is too large for it, or a run was interrupted.
pub fn dossier(plan: &Plan, point: usize, interrupted: &AtomicBool) -> Result<Dossier, Untraced> {
    let count = plan.replications.clamp(1, MOST);
    let counted: Vec<Counted> =
        (0..count).into_par_iter().map(|number| counted(plan, point, number, interrupted)).collect::<Result<_, _>>()?;
    let (moment, shown) = moment(&counted).ok_or(Untraced::CutShort)?;
    let limits = limits(plan, interrupted);
    let (system, load) = (&plan.points[point].system, counting(&pilot::load_of(plan, point, &limits)));
    let number = u64::from(moment.replication);
    let moments = moments(&shown.timeline, moment.at);
    let glance = match moment.tipping {
        Tipping::Circle => Glance::Deadlock,
        // The waits build up from there on: they are looked at one step later.
        Tipping::Fall => Glance::At(moments.iter().copied().find(|&at| at > moment.at).unwrap_or(moment.at)),
        Tipping::Never => Glance::At(moment.at),
    };
    let looked = load::seen(system, &load, glance, moments, plan.seed, number, &limits);
    let (outcome, seen, end) = looked.ok_or(Untraced::TooLarge)?;
    let graph = seen.graph.filter(|_| outcome.events == shown.events).ok_or(Untraced::CutShort)?;
    let request = match end {
        None => None,
        Some(end) => {
            // As much again as it had lived by then.
            let cut = Time(graph.at.0.saturating_add(graph.at.since(end.born).0).max(end.born.0.saturating_add(1)));
            let tries = vec![RequestEnd { ended: end.ended.min(cut), is_last: true, ..end }];
            let traced = load::traced(system, &load, &[tries], plan.seed, number, &limits);
            let (outcome, mut traces) = traced.ok_or(Untraced::TooLarge)?;
            if outcome.events != shown.events {
                return Err(Untraced::CutShort);
            }
            traces.pop().map(|trace| cut_off(trace, cut))
        }
    };
    let around = around(&shown.timeline, seen.levels);
    let circle = shown.deadlock.as_ref().map_or_else(Vec::new, |(_, circle)| circle.clone());
    Ok(Dossier { point, moment, circle, graph, around, request })
}

/// The load, with a timeline in short intervals.
fn counting(load: &Load) -> Load {
    let end = load.pattern.window().map_or(Time::ZERO, |(_, closes)| closes);
    // A finite test has no end that is known: its intervals become longer with it.
    let length = Time(end.0.div_ceil(INTERVALS as u64).max(1_000));
    Load { timeline: Some(length), recovered_after: None, accounts: AccountsKept::Off, ..load.clone() }
}

fn counted(plan: &Plan, point: usize, number: u32, interrupted: &AtomicBool) -> Result<Counted, Untraced> {
    let limits = limits(plan, interrupted);
    let planned = &plan.points[point];
    let load = counting(&pilot::load_of(plan, point, &limits));
    let outcome = load::trial(&planned.system, &load, plan.seed, number.into(), &limits);
    if matches!(outcome.ending, Ending::Interrupted | Ending::OutOfTime) {
        return Err(Untraced::CutShort);
    }
    let mut timeline = outcome.timeline.ok_or(Untraced::CutShort)?;
    while timeline.slices.len() > INTERVALS {
        timeline.coarsen();
    }
    let counts: Vec<u32> = timeline.slices[..watched(&timeline, &load)].iter().map(|slice| slice.succeeded).collect();
    let deadlock = outcome.deadlock.map(|deadlock| (deadlock.at, deadlock.circle));
    Ok(Counted { fall: fall(&counts), timeline, deadlock, events: outcome.events })
}

/// Intervals in which the load sends requests: a finite test ends with some in which it only waits.
fn watched(timeline: &Timeline, load: &Load) -> usize {
    match load.pattern {
        Pattern::Test { .. } => timeline.slices.iter().rposition(|slice| slice.sent > 0).map_or(0, |last| last + 1),
        Pattern::Endless { .. }
        | Pattern::Staged { .. }
        | Pattern::Varying { .. }
        | Pattern::Trace { .. }
        | Pattern::Open { .. }
        | Pattern::Mixed { .. } => timeline.slices.len(),
    }
}

/// When the runs tip, and the one that is shown.
fn moment(counted: &[Counted]) -> Option<(Moment, &Counted)> {
    let numbered = || (0..).zip(counted);
    let circles: Vec<(u32, Time)> =
        numbered().filter_map(|(number, run)| Some((number, run.deadlock.as_ref()?.0))).collect();
    let falls: Vec<(u32, Fall)> = numbered().filter_map(|(number, run)| Some((number, run.fall?))).collect();
    let length = |number: u32| counted[number as usize].timeline.length;
    let goodput = |number: u32| {
        let (fall, each) = (counted[number as usize].fall?, length(number));
        let time = |index: usize| Time(each.0 * index as u64);
        let [before_per_s, after_per_s] = [fall.before, fall.after].map(|count| count / each.seconds());
        Some(GoodputFall { at: time(fall.at), before_per_s, after_per_s, back: fall.back.map(time) })
    };
    let of = counted.len() as u32;
    let mean = |times: Vec<f64>, alone: Option<Interval>| match times[..] {
        [_] => alone,
        _ => Interval::mean_of(&times, LEVEL),
    };
    let moment = match (circles.first(), falls.first()) {
        (Some(&(replication, at)), _) => {
            let seconds = at.seconds();
            let alone = Interval { estimate: seconds, low: seconds, high: seconds };
            let seconds = mean(circles.iter().map(|(_, at)| at.seconds()).collect(), Some(alone));
            let (fall, runs) = (goodput(replication), circles.len() as u32);
            Moment { tipping: Tipping::Circle, at, replication, fall, seconds, runs, of }
        }
        (None, Some(&(replication, fall))) => {
            let each = length(replication);
            let [at, low, high] = [fall.at, fall.low, fall.high].map(|index| Time(each.0 * index as u64));
            let alone = Interval { estimate: at.seconds(), low: low.seconds(), high: high.seconds() };
            let time = |&(number, fall): &(u32, Fall)| Time(length(number).0 * fall.at as u64).seconds();
            let seconds = mean(falls.iter().map(time).collect(), Some(alone));
            let (fall, runs) = (goodput(replication), falls.len() as u32);
            Moment { tipping: Tipping::Fall, at, replication, fall, seconds, runs, of }
        }
        (None, None) => {
            let at = Time(counted.first()?.timeline.end.0 / 2);
            Moment { tipping: Tipping::Never, at, replication: 0, fall: None, seconds: None, runs: 0, of }
        }
    };
    Some((moment, counted.get(moment.replication as usize)?))
}

/// Times around a moment, each where an interval ends.
fn moments(timeline: &Timeline, at: Time) -> Vec<Time> {
    let (length, count) = (timeline.length.0, timeline.slices.len());
    let step = (count / STEP).max(1) as i64;
    let middle = ((at.0 + length / 2) / length) as i64;
    let places = (-AROUND..=AROUND).map(|number| middle + number * step);
    places.filter(|place| (0..=count as i64).contains(place)).map(|place| Time(place as u64 * length)).collect()
}

fn around(timeline: &Timeline, levels: Vec<Levels>) -> Vec<Around> {
    let step = (timeline.slices.len() / STEP).max(1);
    let of = |levels: Levels| {
        let to = (levels.at.0 / timeline.length.0) as usize;
        let from = to.saturating_sub(step);
        let slices = timeline.slices.get(from..to).unwrap_or_default();
        let seconds = timeline.length.seconds() * (to - from) as f64;
        let rate = |count: fn(&Slice) -> u32| match seconds > 0.0 {
            true => slices.iter().map(|slice| f64::from(count(slice))).sum::<f64>() / seconds,
            false => 0.0,
        };
        Around {
            from: Time(timeline.length.0 * from as u64),
            succeeded_per_s: rate(|slice| slice.succeeded),
            sent_again_per_s: rate(|slice| slice.sent.saturating_sub(slice.first_tries)),
            failed_per_s: rate(|slice| slice.failed),
            given_up_per_s: rate(|slice| slice.given_up),
            levels,
        }
    };
    levels.into_iter().map(of).collect()
}

/// What a trace shows up to a time.
fn cut_off(trace: Trace, cut: Time) -> Seen {
    let is_cut = trace.spans.iter().any(|span| span.end >= cut);
    let mut numbers = vec![None; trace.spans.len()];
    let mut spans = Vec::new();
    for (number, mut span) in trace.spans.into_iter().enumerate() {
        let parent = match span.parent {
            None => None,
            Some(parent) => match numbers[parent] {
                Some(kept) => Some(kept),
                None => continue,
            },
        };
        if span.start >= cut && parent.is_some() {
            continue;
        }
        if span.end >= cut {
            (span.end, span.failure) = (cut.max(span.start), None);
        }
        span.parent = parent;
        numbers[number] = Some(spans.len());
        spans.push(span);
    }
    Seen { trace: Trace { key: trace.key, spans }, cut: is_cut.then_some(cut) }
}
