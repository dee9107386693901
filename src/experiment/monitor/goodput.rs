//! When a run collapses, as its clients see it.

use crate::kernel::Time;
use crate::parts::{Slice, Timeline};

/// The time over which goodput is taken.
const OVER: Time = Time(60_000_000_000);

/// A run has collapsed while its goodput is below this share of the best so far.
const BELOW: f64 = 0.5;

/// ... and fewer requests than this share of those that end succeed.
const SUCCEEDS: f64 = 0.9;

/// A run is healthy if at most this share of all requests fails.
const FAILS: f64 = 0.01;

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    /// At most 1 % of its requests have failed, and it has not collapsed.
    Healthy,
    /// More have failed, but goodput held, or came back.
    Impaired,
    /// From then on until its load ended, goodput in each minute was below half of the best minute before, and fewer than
    /// 90 % of the requests that ended succeeded. To an interval of the timeline.
    Collapsed(Time),
}

/// What became of a run. The moment is taken from its timeline, so that it does not depend on the
/// scrape interval.
pub(super) fn fate(timeline: &Timeline) -> Fate {
    let length = timeline.length.0.max(1);
    // Intervals of a window.
    let window = (OVER.0.div_ceil(length) as usize).max(1);
    // What clients had seen at the end of each interval. One that is cut short would look like a fall.
    let whole = (timeline.end.0 / length) as usize;
    let mut seen = vec![(0u64, 0u64)];
    seen.extend(timeline.slices.iter().take(whole).scan((0, 0), |(succeeded, ended), slice| {
        *succeeded += u64::from(slice.succeeded);
        *ended += u64::from(slice.ended());
        Some((*succeeded, *ended))
    }));
    let mut best = 0;
    // The last window that was as it should be.
    let mut last_good = None;
    for (index, now) in seen.iter().enumerate().skip(window) {
        let before = seen[index - window];
        let (succeeded, ended) = (now.0 - before.0, now.1 - before.1);
        best = best.max(succeeded);
        let is_low = (succeeded as f64) < BELOW * best as f64;
        let fails = ended == 0 || (succeeded as f64) < SUCCEEDS * ended as f64;
        if !(is_low && fails) {
            last_good = Some(index);
        }
    }
    // The last interval around the end of that window in which goodput was as it should be.
    let last = |good: usize| {
        let holds = |&at: &usize| (seen[at].0 - seen[at - 1].0) as f64 * window as f64 >= BELOW * best as f64;
        (good + 1 - window..=good + window).rev().find(holds).unwrap_or(good)
    };
    match last_good {
        Some(index) if index + window < seen.len() && best > 0 => Fate::Collapsed(Time(length * last(index) as u64)),
        _ if is_healthy(&timeline.slices) => Fate::Healthy,
        _ => Fate::Impaired,
    }
}

fn is_healthy(slices: &[Slice]) -> bool {
    let sum = |count: fn(&Slice) -> u32| slices.iter().map(|slice| u64::from(count(slice))).sum::<u64>();
    let (succeeded, ended) = (sum(|slice| slice.succeeded), sum(Slice::ended));
    ended > 0 && (ended - succeeded) as f64 <= FAILS * ended as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run in which clients have seen these successes and failures in intervals of 15 s.
    fn run(seen: impl Iterator<Item = (u32, u32)>) -> Timeline {
        let length = Time(15_000_000_000);
        let slices: Vec<Slice> =
            seen.map(|(succeeded, failed)| Slice { succeeded, failed, ..Slice::default() }).collect();
        Timeline { length, end: Time(length.0 * slices.len() as u64), slices, recording: None }
    }

    #[test]
    fn goodput_that_stops_tells_when() {
        // 10 in each of 40 intervals, then failures alone, or nothing at all.
        let collapse = Fate::Collapsed(Time(600_000_000_000));
        for after in [(0, 10), (0, 0)] {
            let mut timeline = run((0..100).map(|interval| if interval < 40 { (10, 0) } else { after }));
            assert_eq!(fate(&timeline), collapse);
            // Intervals of a long run are longer.
            [30, 60, 120].into_iter().for_each(|seconds| {
                timeline.coarsen();
                assert_eq!((timeline.length.seconds(), fate(&timeline)), (f64::from(seconds), collapse));
            });
        }
    }

    #[test]
    fn less_load_or_a_disturbance_is_no_collapse() {
        let calmer = |interval: u32| if interval < 40 { (10, 0) } else { (1, 0) };
        assert_eq!(fate(&run((0..100).map(calmer))), Fate::Healthy);
        let disturbed = |interval: u32| if (40..60).contains(&interval) { (0, 10) } else { (10, 0) };
        assert_eq!(fate(&run((0..100).map(disturbed))), Fate::Impaired);
        // Too short to tell.
        let mut short = run([(1, 0)].into_iter());
        short.end = Time(1_000_000_000);
        assert_eq!(fate(&short), Fate::Healthy);
    }
}
