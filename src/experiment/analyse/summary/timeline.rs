//! What happened when, over the replications of a point.

use super::history::{HistorySummary, interval};
use crate::experiment::analyse::trial::{History, Trial};
use crate::kernel::Time;
use crate::parts::{Slice, Timeline};
use crate::statistics::Interval;

/// The timelines of a point's trials, laid over each other.
#[derive(Clone, Debug)]
pub struct TimelineSummary {
    /// Length of an interval.
    pub length: Time,
    /// The intervals from time 0 on, as many as every trial has whole ones.
    pub moments: Vec<Moment>,
    /// What else was recorded; none where the load does not ask for it.
    pub history: Option<HistorySummary>,
}

/// An interval, over the replications.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When it begins, in seconds.
    pub from_s: f64,
    /// When it ends, in seconds.
    pub to_s: f64,
    /// Requests sent a second, those that are sent again included.
    pub sent_per_s: Interval,
    /// Requests sent a second for the first time.
    pub first_tries_per_s: Interval,
    /// Successes a second.
    pub succeeded_per_s: Interval,
    /// Requests answered with a failure, a second.
    pub failed_per_s: Interval,
    /// Requests given up, a second.
    pub given_up_per_s: Interval,
    /// Requests under way at its end.
    pub in_flight: Interval,
    /// Mean response time of its successes in seconds; none without any.
    pub mean_s: Option<Interval>,
    /// Median, 95th and 99th percentile of the response times of its successes in seconds, means over the replications;
    /// none without any, or where they are not recorded.
    pub percentiles_s: [Option<Interval>; 3],
    /// Successes out of those that ended; none where none did.
    pub success_share: Option<Interval>,
}

impl TimelineSummary {
    /// The summary; none where a trial has no timeline.
    pub(super) fn of(trials: &[&Trial]) -> Option<Self> {
        let mut timelines: Vec<Timeline> =
            trials.iter().map(|trial| trial.timeline.clone()).collect::<Option<Vec<_>>>()?;
        let mut histories: Option<Vec<History>> = trials.iter().map(|trial| trial.history.clone()).collect();
        let length = timelines.iter().map(|timeline| timeline.length).max()?;
        for (index, timeline) in timelines.iter_mut().enumerate() {
            while timeline.length < length {
                if let Some(history) = histories.as_mut().and_then(|all| all.get_mut(index)) {
                    history.coarsen(&timeline.slices);
                }
                timeline.coarsen();
            }
        }
        let histories = histories.unwrap_or_default();
        let whole = |timeline: &Timeline| ((timeline.end.0 / length.0) as usize).min(timeline.slices.len());
        let count = timelines.iter().map(whole).min()?;
        let inside: Vec<Vec<u32>> = timelines.iter().map(Timeline::in_flight).collect();
        let moments = (0..count).filter_map(|index| {
            let slices: Vec<&Slice> = timelines.iter().map(|timeline| &timeline.slices[index]).collect();
            let levels: Vec<f64> = inside.iter().map(|levels| f64::from(levels[index])).collect();
            moment(length.seconds(), index, &slices, (&levels, &histories))
        });
        let history = HistorySummary::of(trials, &histories, length.seconds(), count);
        Some(Self { length, moments: moments.collect(), history })
    }
}

fn moment(length: f64, index: usize, slices: &[&Slice], (levels, histories): (&[f64], &[History])) -> Option<Moment> {
    let rate = |figure: fn(&Slice) -> u32| {
        let values: Vec<f64> = slices.iter().map(|slice| f64::from(figure(slice)) / length).collect();
        interval(&values)
    };
    let some = |figure: fn(&Slice) -> Option<f64>| {
        let values: Vec<f64> = slices.iter().filter_map(|slice| figure(slice)).collect();
        interval(&values)
    };
    let mean_s = |slice: &Slice| (slice.succeeded > 0).then(|| slice.response_s / f64::from(slice.succeeded));
    let percentile = |which: usize| {
        let of = |(slice, history): (&&Slice, &History)| {
            let time = history.times[which].0.get(index).filter(|_| slice.succeeded > 0)?;
            Some(*time as f64 / 1e9)
        };
        interval(&slices.iter().zip(histories).filter_map(of).collect::<Vec<f64>>())
    };
    Some(Moment {
        from_s: index as f64 * length,
        to_s: (index + 1) as f64 * length,
        sent_per_s: rate(|slice| slice.sent)?,
        first_tries_per_s: rate(|slice| slice.first_tries)?,
        succeeded_per_s: rate(|slice| slice.succeeded)?,
        failed_per_s: rate(|slice| slice.failed)?,
        given_up_per_s: rate(|slice| slice.given_up)?,
        in_flight: interval(levels)?,
        mean_s: some(mean_s),
        percentiles_s: std::array::from_fn(percentile),
        success_share: some(Slice::success_share).map(|share| Interval { high: share.high.min(1.0), ..share }),
    })
}
