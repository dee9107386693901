//! When a run collapses, as its clients see it.

use crate::kernel::Time;
use crate::parts::{Slice, Timeline};

/// The time over which goodput is taken.
const OVER: Time = Time(60_000_000_000);

/// A run has collapsed while its goodput is below this share of the best so far, or of what an open load sends if that is less.
const BELOW: f64 = 0.5;

/// ... and fewer requests than this share of those that end succeed.
const SUCCEEDS: f64 = 0.9;

/// A run is healthy if at most this share of all requests fails.
const FAILS: f64 = 0.01;

/// The fewest failures that make a minute bad, and the successes of the best minute so far from which one without any end is
/// bad: with less of either, that may be chance. An assumption.
const FEW: u64 = 10;

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    /// At most 1 % of its requests have failed, no fault has come on, and no minute was bad: in none did ten or more fail that
    /// were more than 10 % of those that ended, or did nothing end while requests were under way.
    Healthy,
    /// At most 1 % of its requests have failed, it has not collapsed, and a fault has come on at this time: an alarm after that
    /// is no false one.
    Disturbed(Time),
    /// More have failed, but goodput held, or came back.
    Impaired,
    /// From then on until its load ended, goodput in each minute was below half of the best minute before, and of what the load
    /// then sent if it is an open one, and fewer than 90 % of the requests that ended succeeded. To an interval of the timeline.
    Collapsed(Time),
}

/// What clients had seen at some time.
#[derive(Clone, Copy, Default)]
struct Count {
    sent: u64,
    succeeded: u64,
    ended: u64,
}

impl Count {
    /// Requests that have been sent and have not ended.
    fn under_way(self) -> u64 {
        self.sent.saturating_sub(self.ended)
    }
}

/// What became of a run under a load that sends at a `rate` of its own, or by a steady number of clients; `disturbed` is
/// when the first fault comes on. The moment is taken from its timeline, so that it does not depend on the scrape interval.
pub(super) fn fate(timeline: &Timeline, has_rate: bool, disturbed: Option<Time>) -> Fate {
    let length = timeline.length.0.max(1);
    // Intervals of a window.
    let window = (OVER.0.div_ceil(length) as usize).max(1);
    // What clients had seen at the end of each interval. One that is cut short would look like a fall.
    let whole = (timeline.end.0 / length) as usize;
    let mut seen = vec![Count::default()];
    seen.extend(timeline.slices.iter().take(whole).scan(Count::default(), |count, slice| {
        count.sent += u64::from(slice.sent);
        count.succeeded += u64::from(slice.succeeded);
        count.ended += u64::from(slice.ended());
        Some(*count)
    }));
    let (mut best, mut is_even) = (0, true);
    // The last window that was as it should be.
    let mut last_good = None;
    for (index, now) in seen.iter().enumerate().skip(window) {
        let before = seen[index - window];
        let (succeeded, ended) = (now.succeeded - before.succeeded, now.ended - before.ended);
        best = best.max(succeeded);
        // A load that falls asks for less than the best.
        let asked = now.sent - before.sent + before.under_way();
        let most = if has_rate { best.min(asked) } else { best };
        let is_low = (succeeded as f64) < BELOW * most as f64;
        let fails = ended == 0 || (succeeded as f64) < SUCCEEDS * ended as f64;
        let is_silent = ended == 0 && before.under_way() > 0 && best >= FEW;
        is_even &= !(is_silent || fails && ended - succeeded >= FEW);
        if !(is_low && fails) {
            last_good = Some(index);
        }
    }
    // The last interval around the end of that window in which goodput was as it should be.
    let last = |good: usize| {
        let holds =
            |&at: &usize| (seen[at].succeeded - seen[at - 1].succeeded) as f64 * window as f64 >= BELOW * best as f64;
        (good + 1 - window..=good + window).rev().find(holds).unwrap_or(good)
    };
    match last_good {
        Some(index) if index + window < seen.len() && best > 0 => Fate::Collapsed(Time(length * last(index) as u64)),
        _ if !is_healthy(&timeline.slices) => Fate::Impaired,
        _ => match disturbed.filter(|&at| at < timeline.end) {
            Some(at) => Fate::Disturbed(at),
            None if is_even => Fate::Healthy,
            None => Fate::Impaired,
        },
    }
}

fn is_healthy(slices: &[Slice]) -> bool {
    let sum = |count: fn(&Slice) -> u32| slices.iter().map(|slice| u64::from(count(slice))).sum::<u64>();
    let (succeeded, ended) = (sum(|slice| slice.succeeded), sum(Slice::ended));
    ended > 0 && (ended - succeeded) as f64 <= FAILS * ended as f64
}

#[cfg(test)]
mod tests {
    use super::{Fate, fate as fate_of};
    use crate::kernel::Time;
    use crate::parts::{Slice, Timeline};

    fn fate(timeline: &Timeline) -> Fate {
        fate_of(timeline, true, None)
    }

    /// A run in which clients have seen these successes and failures in intervals of 15 s.
    fn run(seen: impl Iterator<Item = (u32, u32)>) -> Timeline {
        let length = Time(15_000_000_000);
        let slices: Vec<Slice> =
            seen.map(|(succeeded, failed)| Slice { sent: 10, succeeded, failed, ..Slice::default() }).collect();
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

    /// A fifth of what was sent before, of which as many fail as before. Clients of a closed load send less because they wait.
    #[test]
    fn a_load_that_falls_is_no_collapse() {
        let seen = |interval: u32| if interval < 40 { (85, 15) } else { (17, 3) };
        let mut timeline = run((0..100).map(seen));
        timeline.slices.iter_mut().for_each(|slice| slice.sent = slice.ended());
        assert_eq!(fate_of(&timeline, true, None), Fate::Impaired);
        assert_eq!(fate_of(&timeline, false, None), Fate::Collapsed(Time(600_000_000_000)));
    }

    /// Two minutes in which nothing ends, and all is answered later, are less than 1 % of failures; so are two minutes of
    /// failures in a long run. A fault explains them.
    #[test]
    fn an_outage_is_not_healthy_though_few_requests_fail() {
        let silent = |interval: u32| match interval {
            40..=47 => (0, 0),
            48 => (90, 0),
            _ => (10, 0),
        };
        let failing = |interval: u32| if (40..48).contains(&interval) { (0, 10) } else { (10, 0) };
        for timeline in [run((0..2000).map(silent)), run((0..2000).map(failing))] {
            assert_eq!(fate(&timeline), Fate::Impaired);
            let from = Time(600_000_000_000);
            assert_eq!(fate_of(&timeline, true, Some(from)), Fate::Disturbed(from));
            assert_eq!(fate_of(&timeline, true, Some(Time::MAX)), Fate::Impaired);
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
