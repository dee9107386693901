//! The timeline: what happened in each interval of a run, from its start, the warm-up included.

use serde::{Deserialize, Serialize};

use crate::kernel::Time;
use crate::kernel::wire::Number;
use crate::statistics::Interval;

/// Intervals at most; beyond them two neighbours become one and the interval is twice as long.
const MOST: usize = 4096;

/// Intervals in a row that are slower than usual: fewer may be chance.
const IN_A_ROW: usize = 3;

/// Intervals with answers that tell what is usual, at least.
const FEWEST: usize = 5;

/// Intervals on each side of one that tell what is usual there.
const AROUND: usize = 4;

/// What response times are without a disturbance.
#[derive(Clone, Debug)]
pub enum Calm {
    /// Those of the stretch before it, under a load that does not change.
    Before(Time, Time),
    /// At each time those of the same run without the disturbance, whose timeline this is.
    Without(Timeline),
}

/// What clients saw, interval by interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Length of an interval.
    pub length: Time,
    /// The intervals from time 0 on.
    pub slices: Vec<Slice>,
    /// When the last one ended, which may be shorter.
    pub end: Time,
}

/// What happened in an interval, which holds its start but not its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "([u32; 5], Number)", from = "([u32; 5], Number)")]
pub struct Slice {
    /// Requests sent, those that are sent again included.
    pub sent: u32,
    /// Requests sent for the first time.
    pub first_tries: u32,
    /// Requests answered with success.
    pub succeeded: u32,
    /// Requests answered with a failure.
    pub failed: u32,
    /// Requests whose client gave up.
    pub given_up: u32,
    /// Response times of the successful in all, in seconds; from the first try on.
    pub response_s: f64,
}

impl From<Slice> for ([u32; 5], Number) {
    fn from(slice: Slice) -> Self {
        ([slice.sent, slice.first_tries, slice.succeeded, slice.failed, slice.given_up], Number(slice.response_s))
    }
}

impl From<([u32; 5], Number)> for Slice {
    fn from(([sent, first_tries, succeeded, failed, given_up], response_s): ([u32; 5], Number)) -> Self {
        Self { sent, first_tries, succeeded, failed, given_up, response_s: response_s.0 }
    }
}

impl Slice {
    /// Requests that ended.
    pub fn ended(&self) -> u32 {
        self.succeeded + self.failed + self.given_up
    }

    /// Successes out of those that ended; none where none did.
    pub fn success_share(&self) -> Option<f64> {
        (self.ended() > 0).then(|| f64::from(self.succeeded) / f64::from(self.ended()))
    }

    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.first_tries += other.first_tries;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.given_up += other.given_up;
        self.response_s += other.response_s;
    }
}

impl Timeline {
    pub(crate) fn new(length: Time) -> Self {
        Self { length: Time(length.0.max(1)), slices: Vec::new(), end: Time::ZERO }
    }

    /// The interval of this time.
    #[inline]
    pub(crate) fn at(&mut self, now: Time) -> &mut Slice {
        while now.0 / self.length.0 >= MOST as u64 {
            self.coarsen();
        }
        let index = (now.0 / self.length.0) as usize;
        if index >= self.slices.len() {
            self.slices.resize(index + 1, Slice::default());
        }
        &mut self.slices[index]
    }

    /// The run has got here: intervals in which nothing happened have a place too.
    pub(crate) fn close(&mut self, now: Time) {
        self.end = now;
        if now > Time::ZERO {
            self.at(Time(now.0 - 1));
        }
        // What happened at the very end belongs to the last interval.
        let whole = now.0.div_ceil(self.length.0).max(1) as usize;
        while self.slices.len() > whole {
            let Some(last) = self.slices.pop() else { break };
            if let Some(before) = self.slices.last_mut() {
                before.add(&last);
            }
        }
    }

    /// With intervals of this length at least, a power of two of the present one.
    pub fn in_intervals_of(mut self, length: Option<Time>) -> Self {
        while length.is_some_and(|length| self.length < length) {
            self.coarsen();
        }
        self
    }

    /// Makes the intervals twice as long.
    pub fn coarsen(&mut self) {
        self.length = Time(self.length.0 * 2);
        let pairs = self.slices.chunks(2).map(|pair| {
            let mut sum = pair[0];
            pair.get(1).iter().for_each(|second| sum.add(second));
            sum
        });
        self.slices = pairs.collect();
    }

    /// Requests under way at the end of each interval.
    pub fn in_flight(&self) -> Vec<u32> {
        let mut inside = 0u32;
        let level = |slice: &Slice| {
            inside = (inside + slice.sent).saturating_sub(slice.ended());
            inside
        };
        self.slices.iter().map(level).collect()
    }

    /// Seconds from `after`, the end of a disturbance, until it has no effect any longer: the share of successes is at or
    /// above `bound` in every later interval, and response times are back where they would be without it. Infinite where
    /// an effect lasts to the last interval that says anything, or where nothing ends in the last ten although requests
    /// are under way. Intervals in which nothing ends say nothing. An interval that began before `after` is not looked
    /// at, nor is a last one that the end of the run cuts short.
    ///
    /// Intervals that are not disturbed give the highest mean response time that one more interval like them would have,
    /// with 97.5 % (Student's prediction interval). Three intervals in a row above that are an effect; one or two may be
    /// chance. With fewer than five intervals only successes count.
    pub fn recovery_s(&self, after: Time, bound: f64, calm: &Calm) -> f64 {
        self.bad_until(after, Some(bound), &self.usual(calm), IN_A_ROW)
    }

    /// The same by response times alone, from a timeline that is finer than the one that is shown: put together until an
    /// interval is twice as long as the usual response time, so that neighbours tell different things. Zero where that
    /// leaves too few. An effect lasts as long as three of the intervals that are `shown`, or half of what is left of the
    /// run.
    pub fn slow_s(mut self, after: Time, calm: &Calm, shown: Time) -> f64 {
        let mut calm = calm.clone();
        loop {
            let (calm_timeline, stretch) = match &calm {
                Calm::Before(from, to) => (&self, (*from, *to)),
                Calm::Without(twin) => (twin, (after, twin.end)),
            };
            if self.length.seconds() >= 2.0 * calm_timeline.mean_response(stretch) {
                break;
            }
            if calm_timeline.means(stretch).len() < FEWEST {
                return 0.0;
            }
            self.coarsen();
            if let Calm::Without(twin) = &mut calm {
                twin.coarsen();
            }
        }
        let least = Time(shown.0.saturating_mul(IN_A_ROW as u64)).min(Time(self.end.since(after).0 / 2));
        let in_a_row = (least.0.div_ceil(self.length.0) as usize).max(IN_A_ROW);
        self.bad_until(after, None, &self.usual(&calm), in_a_row)
    }

    /// For each interval the highest mean response time in seconds that it has without a disturbance; infinite where too
    /// little is known.
    fn usual(&self, calm: &Calm) -> Vec<f64> {
        let highest = |means: &[f64]| match means.len() < FEWEST {
            true => f64::INFINITY,
            false => Interval::prediction(means, 0.95).map_or(f64::INFINITY, |interval| interval.high),
        };
        match calm {
            Calm::Before(from, to) => vec![highest(&self.means((*from, *to))); self.slices.len()],
            Calm::Without(twin) => {
                let around = |index: usize| {
                    let to = (index + AROUND + 1).min(twin.slices.len());
                    means(twin.slices.get(index.saturating_sub(AROUND)..to).unwrap_or_default())
                };
                (0..self.slices.len()).map(|index| highest(&around(index))).collect()
            }
        }
    }

    /// Seconds from `after` to the end of the last interval with fewer successes than `bound`, or with response times
    /// above the `usual` ones in `in_a_row` intervals in succession; infinite where that is the last one.
    fn bad_until(&self, after: Time, bound: Option<f64>, usual: &[f64], in_a_row: usize) -> f64 {
        const SILENCE: usize = 10;
        let mut slow = 0;
        let first = after.0.div_ceil(self.length.0) as usize;
        let whole = ((self.end.0 / self.length.0) as usize).min(self.slices.len());
        let inside = self.in_flight();
        let (mut bad_until, mut is_bad, mut silent) = (None, false, 0);
        for (index, (slice, &inside)) in self.slices.iter().zip(&inside).enumerate().take(whole).skip(first) {
            match slice.success_share() {
                Some(share) => {
                    let mean = slice.response_s / f64::from(slice.succeeded);
                    let is_slow = slice.succeeded > 0 && mean > usual[index];
                    slow = if is_slow { slow + 1 } else { 0 };
                    (is_bad, silent) = (bound.is_some_and(|bound| share < bound) || slow >= in_a_row, 0);
                    if is_bad {
                        bad_until = Some(index + 1);
                    }
                }
                None if inside > 0 => silent += 1,
                None => silent = 0,
            }
        }
        match bad_until {
            _ if is_bad || bound.is_some() && silent >= SILENCE => f64::INFINITY,
            None => 0.0,
            Some(end) => Time(end as u64 * self.length.0).since(after).seconds(),
        }
    }

    /// The mean response times of the intervals of a stretch that have any, in seconds.
    fn means(&self, stretch: (Time, Time)) -> Vec<f64> {
        means(self.within(stretch))
    }

    /// The mean response time of a stretch, in seconds; zero without any.
    fn mean_response(&self, stretch: (Time, Time)) -> f64 {
        let slices = self.within(stretch);
        let answered: u32 = slices.iter().map(|slice| slice.succeeded).sum();
        slices.iter().map(|slice| slice.response_s).sum::<f64>() / f64::from(answered.max(1))
    }

    /// The intervals that lie within a stretch.
    fn within(&self, (from, to): (Time, Time)) -> &[Slice] {
        let first = from.0.div_ceil(self.length.0) as usize;
        let end = ((to.0 / self.length.0) as usize).min(self.slices.len());
        self.slices.get(first..end).unwrap_or_default()
    }
}

/// The mean response times of those of the intervals that have any, in seconds.
fn means(slices: &[Slice]) -> Vec<f64> {
    let answered = slices.iter().filter(|slice| slice.succeeded > 0);
    answered.map(|slice| slice.response_s / f64::from(slice.succeeded)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shares: &[(u32, u32)]) -> Timeline {
        let slice = |&(succeeded, failed): &(u32, u32)| Slice {
            sent: succeeded + failed,
            succeeded,
            failed,
            ..Slice::default()
        };
        let end = Time(shares.len() as u64 * 10);
        Timeline { length: Time(10), slices: shares.iter().map(slice).collect(), end }
    }

    #[test]
    fn an_interval_holds_its_start_but_not_its_end() {
        let mut timeline = Timeline::new(Time(10));
        for now in [0, 9, 10, 29] {
            timeline.at(Time(now)).sent += 1;
        }
        timeline.close(Time(45));
        let sent: Vec<u32> = timeline.slices.iter().map(|slice| slice.sent).collect();
        assert_eq!(sent, [2, 1, 1, 0, 0]);
        // What happens at the very end belongs to the last.
        let mut timeline = Timeline::new(Time(10));
        timeline.at(Time(20)).sent += 1;
        timeline.close(Time(20));
        let sent: Vec<u32> = timeline.slices.iter().map(|slice| slice.sent).collect();
        assert_eq!(sent, [0, 1]);
    }

    #[test]
    fn a_long_run_has_longer_intervals_and_loses_nothing() {
        let mut timeline = Timeline::new(Time(1));
        for now in 0..20_000 {
            timeline.at(Time(now)).sent += 1;
        }
        timeline.close(Time(20_000));
        assert_eq!((timeline.length, timeline.slices.len()), (Time(8), 2_500));
        assert!(timeline.slices.iter().all(|slice| slice.sent == 8));
    }

    #[test]
    fn recovery_is_timed_from_the_disturbance_to_the_end_of_the_last_bad_interval() {
        let healthy = of(&[(10, 0), (1, 9), (10, 0), (10, 0)]);
        assert_eq!(healthy.recovery_s(Time(20), 0.9, &Calm::Before(Time::ZERO, Time(10))), 0.0);
        let slow = of(&[(10, 0), (1, 9), (5, 5), (10, 0), (8, 2), (9, 1), (0, 0)]);
        assert_eq!(slow.recovery_s(Time(20), 0.9, &Calm::Before(Time::ZERO, Time(10))), 30e-9);
        let never = of(&[(10, 0), (1, 9), (10, 0), (1, 9), (0, 0)]);
        assert_eq!(never.recovery_s(Time(20), 0.9, &Calm::Before(Time::ZERO, Time(10))), f64::INFINITY);
        // A last interval that is cut short says nothing.
        let cut = Timeline { end: Time(35), ..of(&[(10, 0), (1, 9), (10, 0), (0, 1)]) };
        assert_eq!(cut.recovery_s(Time(20), 0.9, &Calm::Before(Time::ZERO, Time(10))), 0.0);
    }

    /// Response times of 1 s with a spread of 0.1 s before, of 2 s for four intervals after the disturbance.
    #[test]
    fn what_is_answered_slowly_has_not_recovered() {
        let mut timeline = of(&[(10, 0); 20]);
        let times = [1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 9.0, 9.0, 2.0, 2.0, 2.0, 2.0, 1.0, 2.0, 1.0, 1.0];
        for (slice, time) in timeline.slices.iter_mut().zip(times.iter().chain(&[1.0; 4])) {
            slice.response_s = 10.0 * time;
        }
        let before = &Calm::Before(Time::ZERO, Time(60));
        assert_eq!(timeline.recovery_s(Time(80), 0.9, before), 40e-9, "one slow interval is chance, four are not");
        assert_eq!(
            timeline.recovery_s(Time(80), 0.9, &Calm::Before(Time::ZERO, Time(40))),
            0.0,
            "four intervals say too little"
        );
    }

    #[test]
    fn a_system_that_no_longer_answers_does_not_recover() {
        let mut shares = vec![(10, 0); 3];
        shares.extend([(0, 0); 12]);
        let mut hung = of(&shares);
        hung.slices[3].sent = 5;
        assert_eq!(hung.in_flight()[3..], [5; 12]);
        assert_eq!(hung.recovery_s(Time(20), 0.9, &Calm::Before(Time::ZERO, Time(10))), f64::INFINITY);
        assert_eq!(of(&shares).recovery_s(Time(20), 0.9, &Calm::Before(Time::ZERO, Time(10))), 0.0);
    }
}
