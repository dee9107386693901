//! How long a disturbance has an effect.
//!
//! An interval of the timeline is *unusual* if
//!
//! - its share of successes is below the bound, and below the range that undisturbed intervals predict; or
//! - its mean response time is above that range, and above the usual one by 5 %; or
//! - nothing ends in it although requests are under way, for longer than chance explains.
//!
//! The range is Student's prediction interval, at a risk of 5 % over all intervals from the start of the disturbance to the
//! end of the run together (Bonferroni); that of response times is one of their logarithms, because the means of a busy
//! system's intervals have a long upper tail. A system has recovered at the end of the last unusual interval before three in
//! succession are usual. Unusual intervals after that are chance, unless three follow each other: then it has not
//! recovered before those are over.

use crate::kernel::Time;
use crate::model::FEWEST_USUAL;
use crate::parts::{Slice, Timeline};
use crate::statistics::Interval;

/// Intervals in succession that make a return, or a relapse; fewer may be chance.
const IN_A_ROW: usize = 3;

/// Intervals that tell what is usual, at least.
const FEWEST: usize = FEWEST_USUAL as usize;

/// Intervals on each side of one that tell what is usual there.
const AROUND: usize = 4;

/// Intervals without an end that are unusual where it is not known what is usual.
const SILENCE: usize = 10;

/// That some undisturbed interval of a run is called unusual by chance: half of it for each end of the range.
const RISK: f64 = 0.05;

/// A difference that matters, relative to what is usual.
const MATTERS: f64 = 0.05;

/// What the system does without a disturbance.
#[derive(Clone, Debug)]
pub enum Calm {
    /// Nothing is known of that.
    Unknown,
    /// What it does in this stretch, under a load that does not change.
    Before(Time, Time),
    /// At each time what it does in the same run without the disturbance, of which this is the timeline.
    Without(Timeline),
}

/// What a disturbance does to a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recovery {
    /// Whether it has an effect: some interval is unusual, or its whole stretch.
    pub is_disturbed: bool,
    /// Seconds from its end until the system has recovered; infinite where it has not when the run ends.
    pub seconds: f64,
}

impl Recovery {
    /// What a disturbance does that lasts `from` one time `to` another, to the run with this timeline, of which the intervals
    /// may be shorter than those that are `shown`. Response times are looked at in those as well, put together until one is
    /// twice as long as the usual response time, so that neighbours tell different things; there a relapse lasts as long as
    /// three that are shown, or half of the rest of the run.
    pub fn of(fine: &Timeline, shown: Option<Time>, stretch: (Time, Time), bound: f64, calm: &Calm) -> Self {
        let coarse = fine.clone().in_intervals_of(shown);
        let of_coarse = Watched::new(&coarse, calm, stretch).recovery(Some(bound), IN_A_ROW);
        let Some(length) = length_of_finer(fine, coarse.length, stretch, calm) else { return of_coarse };
        let fine = fine.clone().in_intervals_of(Some(length));
        let lasting = Time(coarse.length.0.saturating_mul(IN_A_ROW as u64)).min(Time(fine.end.since(stretch.1).0 / 2));
        let in_a_row = (lasting.0.div_ceil(length.0) as usize).max(IN_A_ROW);
        let of_fine = Watched::new(&fine, calm, stretch).recovery(None, in_a_row);
        Self {
            is_disturbed: of_coarse.is_disturbed || of_fine.is_disturbed,
            seconds: of_coarse.seconds.max(of_fine.seconds),
        }
    }
}

/// The length of intervals shorter than those that are shown in which response times can be looked at; none where they are
/// unknown, or would be too few or as long.
fn length_of_finer(fine: &Timeline, shown: Time, (from, to): (Time, Time), calm: &Calm) -> Option<Time> {
    let slices = match calm {
        Calm::Unknown => return None,
        Calm::Before(begin, end) => within(fine, (*begin, *end)),
        Calm::Without(twin) => within(twin, (to.max(from), twin.end)),
    };
    let least = 2.0 * mean_s(slices)?;
    let mut length = fine.length;
    while length.seconds() < least {
        length = Time(length.0.checked_mul(2)?);
    }
    (length < shown).then_some(length)
}

/// A run, and what it would be like undisturbed, in intervals of the same length.
struct Watched<'a> {
    timeline: &'a Timeline,
    calm: Calm,
    /// When the disturbance begins and ends.
    stretch: (Time, Time),
}

/// What an undisturbed interval is like.
#[derive(Clone, Copy, Debug)]
struct Usual {
    /// The highest mean response time in seconds; infinite where too little is known.
    slowest_s: f64,
    /// The lowest share of successes; infinite where too little is known, so that the bound alone counts.
    least_share: f64,
    /// Requests that end, on average; none where too little is known.
    ended: Option<f64>,
}

impl<'a> Watched<'a> {
    fn new(timeline: &'a Timeline, calm: &Calm, stretch: (Time, Time)) -> Self {
        let calm = match calm {
            Calm::Without(twin) => Calm::Without(twin.clone().in_intervals_of(Some(timeline.length))),
            other => other.clone(),
        };
        Self { timeline, calm, stretch }
    }

    /// The intervals that lie within the run.
    fn whole(&self) -> usize {
        ((self.timeline.end.0 / self.timeline.length.0) as usize).min(self.timeline.slices.len())
    }

    fn recovery(&self, bound: Option<f64>, to_relapse: usize) -> Recovery {
        let length = self.timeline.length;
        let (begun, over) = ((self.stretch.0.0 / length.0) as usize, self.stretch.1.0.div_ceil(length.0) as usize);
        let marks = self.marks(begun, bound);
        let after = marks.get(over.saturating_sub(begun)..).unwrap_or_default();
        let seconds = match unusual_until(after, to_relapse) {
            Some(0) => 0.0,
            Some(count) => Time((over + count) as u64 * length.0).since(self.stretch.1).seconds(),
            None => f64::INFINITY,
        };
        let during = &marks[..marks.len() - after.len()];
        let is_disturbed = seconds > 0.0 || during.contains(&Some(true)) || self.is_unusual_stretch(marks.len());
        Recovery { is_disturbed, seconds }
    }

    /// Whether each interval from this one on is unusual; none where it says nothing.
    fn marks(&self, first: usize, bound: Option<f64>) -> Vec<Option<bool>> {
        let whole = self.whole();
        let count = whole.saturating_sub(first);
        let usual = self.usual(count);
        let (inside, patience) = (self.timeline.in_flight(), self.longest_silence());
        let mut marks: Vec<Option<bool>> = Vec::with_capacity(count);
        let (mut silent, mut missing) = (0, Some(0.0));
        for index in first..whole {
            let (slice, usual) = (&self.timeline.slices[index], &usual[index]);
            let Some(share) = slice.success_share() else {
                marks.push(None);
                if inside[index] == 0 {
                    (silent, missing) = (0, Some(0.0));
                    continue;
                }
                silent += 1;
                missing = missing.zip(usual.ended).map(|(sum, ended)| sum + ended);
                // That nothing ends where this many do on average has the probability e^-missing in a Poisson process.
                let is_unusual = match missing {
                    Some(missing) => silent > patience && missing > libm::log(2.0 * count as f64 / RISK),
                    None => bound.is_some() && silent >= SILENCE,
                };
                if is_unusual {
                    let since = marks.len() - silent;
                    marks[since..].fill(Some(true));
                }
                continue;
            };
            (silent, missing) = (0, Some(0.0));
            let fails = bound.is_some_and(|bound| share < bound.min(usual.least_share));
            let is_slow = mean_of(slice).map(|mean| mean > usual.slowest_s);
            // Where success is not looked at, an interval without a success says nothing.
            let says = fails || is_slow.is_some() || bound.is_some();
            marks.push(says.then_some(fails || is_slow == Some(true)));
        }
        marks
    }

    /// What each interval is like undisturbed, where `count` are looked at.
    fn usual(&self, count: usize) -> Vec<Usual> {
        let slices = self.timeline.slices.len();
        match &self.calm {
            Calm::Unknown => vec![usual_of(&[], count, range_of_times); slices],
            Calm::Before(from, to) => {
                vec![usual_of(within(self.timeline, (*from, *to)), count, range_of_times); slices]
            }
            Calm::Without(twin) => {
                let around = |index: usize| {
                    let to = (index + AROUND + 1).min(twin.slices.len());
                    // Of so few the range of the logarithms would be too wide.
                    let slices = twin.slices.get(index.saturating_sub(AROUND)..to).unwrap_or_default();
                    usual_of(slices, count, Interval::prediction)
                };
                (0..slices).map(around).collect()
            }
        }
    }

    /// Intervals in succession in which nothing ends although requests are under way, at most, undisturbed.
    fn longest_silence(&self) -> usize {
        let (timeline, (from, to)) = match &self.calm {
            Calm::Unknown => return 0,
            Calm::Before(from, to) => (self.timeline, (*from, *to)),
            Calm::Without(twin) => (twin, (Time::ZERO, twin.end)),
        };
        let inside = timeline.in_flight();
        let (mut longest, mut silent) = (0, 0);
        for (slice, inside) in within(timeline, (from, to)).iter().zip(&inside[first_of(timeline, from)..]) {
            silent = if slice.ended() == 0 && *inside > 0 { silent + 1 } else { 0 };
            longest = longest.max(silent);
        }
        longest
    }

    /// Whether the intervals of the disturbance are unusual when they are taken together, one of `count` comparisons.
    fn is_unusual_stretch(&self, count: usize) -> bool {
        let during = within(self.timeline, self.stretch);
        let (times, shares) = (means(during), shares(during));
        let matters = |by: f64, usual: f64, range: f64| by > range.max(MATTERS * usual);
        match &self.calm {
            Calm::Unknown => false,
            Calm::Before(from, to) => {
                let before = within(self.timeline, (*from, *to));
                let range = |values: &[f64], of: usize| {
                    Some(values).filter(|values| values.len() >= FEWEST && of > 0)?;
                    Interval::prediction(values, of, 1.0 - RISK / count.max(1) as f64)
                };
                let usually = means(before);
                let is_slower = range_of_times(&usually, times.len(), 1.0 - RISK / count.max(1) as f64)
                    .zip(mean_of_logs(&times))
                    .zip(mean(&usually))
                    .is_some_and(|((range, it), usual)| it > range.high.max((1.0 + MATTERS) * usual));
                let fails_more = range(&self::shares(before), shares.len())
                    .zip(mean(&shares))
                    .is_some_and(|(usual, it)| matters(usual.estimate - it, usual.estimate, usual.half_width()));
                is_slower || fails_more
            }
            Calm::Without(twin) => {
                let without = within(twin, self.stretch);
                let is_slower =
                    mean_s(without).zip(mean_s(during)).is_some_and(|(usual, it)| matters(it - usual, usual, 0.0));
                let share = |slices: &[Slice]| {
                    let sum = |of: fn(&Slice) -> u32| slices.iter().map(|slice| f64::from(of(slice))).sum::<f64>();
                    Some(sum(|slice| slice.succeeded) / sum(Slice::ended)).filter(|share| share.is_finite())
                };
                is_slower
                    || share(without).zip(share(during)).is_some_and(|(usual, it)| matters(usual - it, usual, 0.0))
            }
        }
    }
}

/// The number of marks, in the order of time, up to the last unusual one before the system has recovered for good; none if
/// it has not at the end. It has recovered after [`IN_A_ROW`] usual ones in succession, and has a relapse after `to_relapse`
/// unusual ones.
fn unusual_until(marks: &[Option<bool>], to_relapse: usize) -> Option<usize> {
    let (mut is_back, mut until, mut opposite, mut last) = (false, 0, 0, false);
    for (index, unusual) in marks.iter().enumerate().filter_map(|(index, mark)| Some((index, (*mark)?))) {
        last = unusual;
        if unusual == is_back {
            opposite += 1;
            if opposite >= if is_back { to_relapse } else { IN_A_ROW } {
                (is_back, opposite) = (!is_back, 0);
            }
        } else {
            opposite = 0;
        }
        if unusual && !is_back {
            until = index + 1;
        }
    }
    (is_back || !last).then_some(until)
}

/// What an interval is like if it is drawn as these are, one of `count`.
fn usual_of(slices: &[Slice], count: usize, range: impl Fn(&[f64], usize, f64) -> Option<Interval>) -> Usual {
    let level = 1.0 - RISK / count.max(1) as f64;
    let times = means(slices);
    let known = Some(&times).filter(|times| times.len() >= FEWEST);
    let slowest_s = known
        .and_then(|times| range(times, 1, level))
        .zip(mean(&times))
        .map_or(f64::INFINITY, |(range, usual)| range.high.max((1.0 + MATTERS) * usual));
    // A range down to nothing does not tell failures from successes.
    let shares = shares(slices);
    let range = Some(&shares).filter(|shares| shares.len() >= FEWEST);
    let least_share = range.and_then(|shares| Interval::prediction(shares, 1, level));
    let least_share = least_share.map_or(f64::INFINITY, |range| range.low);
    let ended: Vec<f64> = slices.iter().map(|slice| f64::from(slice.ended())).collect();
    Usual {
        slowest_s,
        least_share: if least_share > 0.0 { least_share } else { f64::INFINITY },
        ended: mean(&ended).filter(|_| ended.len() >= FEWEST),
    }
}

/// The range in which the geometric mean of `more` further response times lies if their distribution is that of `times`; none
/// where there are too few. The workload of a queue has an exponential tail (M/M/1), so Student's range of the times
/// themselves is too narrow above. That of their logarithms is a little too wide.
fn range_of_times(times: &[f64], more: usize, level: f64) -> Option<Interval> {
    if times.len() < FEWEST || more == 0 {
        return None;
    }
    let logs: Option<Vec<f64>> = times.iter().map(|&time| (time > 0.0).then(|| libm::log(time))).collect();
    let Some(logs) = logs else { return Interval::prediction(times, more, level) };
    let Interval { estimate, low, high } = Interval::prediction(&logs, more, level)?;
    Some(Interval { estimate: libm::exp(estimate), low: libm::exp(low), high: libm::exp(high) })
}

/// The geometric mean of response times; the mean where some are nothing.
fn mean_of_logs(times: &[f64]) -> Option<f64> {
    if times.iter().any(|&time| time <= 0.0) {
        return mean(times);
    }
    let logs: Vec<f64> = times.iter().map(|&time| libm::log(time)).collect();
    mean(&logs).map(libm::exp)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn mean_of(slice: &Slice) -> Option<f64> {
    (slice.succeeded > 0).then(|| slice.response_s / f64::from(slice.succeeded))
}

/// The mean response times of those of the intervals that have any, in seconds.
fn means(slices: &[Slice]) -> Vec<f64> {
    slices.iter().filter_map(mean_of).collect()
}

/// The shares of successes of those of the intervals in which something ended.
fn shares(slices: &[Slice]) -> Vec<f64> {
    slices.iter().filter_map(Slice::success_share).collect()
}

/// The mean response time of all requests of these intervals, in seconds; none without any.
fn mean_s(slices: &[Slice]) -> Option<f64> {
    let answered: f64 = slices.iter().map(|slice| f64::from(slice.succeeded)).sum();
    Some(slices.iter().map(|slice| slice.response_s).sum::<f64>() / answered).filter(|mean| mean.is_finite())
}

/// The intervals that lie within a stretch.
fn within(timeline: &Timeline, (from, to): (Time, Time)) -> &[Slice] {
    let end = ((to.0 / timeline.length.0) as usize).min(timeline.slices.len());
    timeline.slices.get(first_of(timeline, from)..end).unwrap_or_default()
}

/// The first interval that does not begin before a time.
fn first_of(timeline: &Timeline, from: Time) -> usize {
    (from.0.div_ceil(timeline.length.0) as usize).min(timeline.slices.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Intervals of 10 ns, given the successes and failures of each, and the mean response times in seconds.
    fn of(shares: &[(u32, u32)], times: &[f64]) -> Timeline {
        let slice = |(index, &(succeeded, failed)): (usize, &(u32, u32))| Slice {
            sent: succeeded + failed,
            succeeded,
            failed,
            response_s: times.get(index).map_or(0.0, |time| time * f64::from(succeeded)),
            ..Slice::default()
        };
        let end = Time(shares.len() as u64 * 10);
        Timeline { length: Time(10), slices: shares.iter().enumerate().map(slice).collect(), end, recording: None }
    }

    /// Of a disturbance of the intervals from one up to another, which all intervals before it are compared with.
    fn recovery(timeline: &Timeline, from: u64, to: u64) -> Recovery {
        let stretch = (Time(from * 10), Time(to * 10));
        Recovery::of(timeline, None, stretch, 0.9, &Calm::Before(Time::ZERO, stretch.0))
    }

    fn after(intervals: f64) -> Recovery {
        Recovery { is_disturbed: true, seconds: intervals * 10.0 / 1e9 }
    }

    #[test]
    fn recovery_ends_with_the_last_bad_interval_before_three_good_ones() {
        let of = |shares: &[(u32, u32)]| recovery(&of(shares, &[]), 1, 2);
        assert_eq!(of(&[(10, 0), (1, 9), (10, 0), (10, 0)]), after(0.0));
        assert_eq!(of(&[(10, 0), (1, 9), (5, 5), (10, 0), (8, 2), (9, 1), (0, 0)]), after(3.0));
        assert_eq!(of(&[(10, 0), (1, 9), (10, 0), (1, 9), (0, 0)]), after(f64::INFINITY));
        let chance = [(10, 0), (1, 9), (5, 5), (10, 0), (9, 1), (10, 0), (8, 2), (8, 2), (10, 0), (8, 2)];
        assert_eq!(of(&chance), after(1.0), "one or two bad intervals after three good ones are chance");
        let relapse = [(10, 0), (1, 9), (5, 5), (10, 0), (9, 1), (10, 0), (8, 2), (8, 2), (1, 9), (10, 0)];
        assert_eq!(of(&relapse), after(7.0), "three bad ones are not");
    }

    #[test]
    fn a_last_interval_that_is_cut_short_says_nothing() {
        let cut = Timeline { end: Time(35), ..of(&[(10, 0), (1, 9), (10, 0), (0, 1)], &[]) };
        assert_eq!(recovery(&cut, 1, 2), after(0.0));
    }

    /// 60 ms with a spread of 2 ms, work that is five times as slow in the disturbance, 9.44 s while the backlog of it is
    /// worked off in the interval after it, and then again 60 ms. That three later intervals have 66 ms is chance: the range
    /// over the 24 intervals from the start of the disturbance on is 60 ms ± 5 spreads.
    #[test]
    fn one_interval_that_is_slow_at_once_counts_and_three_that_are_hardly_slow_later_do_not() {
        let spread = [0.060, 0.062, 0.058, 0.060, 0.061, 0.059, 0.062, 0.058];
        let mut times: Vec<f64> = spread.iter().copied().cycle().take(36).collect();
        let all = vec![(10, 0); 36];
        assert_eq!(recovery(&of(&all, &times), 12, 16), Recovery { is_disturbed: false, seconds: 0.0 });
        times[25..28].fill(0.066);
        assert_eq!(recovery(&of(&all, &times), 12, 16), Recovery { is_disturbed: false, seconds: 0.0 });
        times[12..16].fill(5.0);
        assert_eq!(recovery(&of(&all, &times), 12, 16), after(0.0));
        times[16] = 9.44;
        assert_eq!(recovery(&of(&all, &times), 12, 16), after(1.0));
        times[17] = 0.5;
        assert_eq!(recovery(&of(&all, &times), 12, 16), after(2.0));
        times[25..28].fill(0.5);
        assert_eq!(recovery(&of(&all, &times), 12, 16), after(12.0), "three in succession that are slow are a relapse");
        times[30..].fill(0.5);
        assert_eq!(recovery(&of(&all, &times), 12, 16), after(f64::INFINITY));
    }

    /// Equal response times leave a range without a width: what differs by less than 5 % does not matter.
    #[test]
    fn a_difference_has_to_matter() {
        let mut times = vec![0.2; 20];
        times[10..].fill(0.209);
        let all = vec![(10, 0); 20];
        assert_eq!(recovery(&of(&all, &times), 10, 15), Recovery { is_disturbed: false, seconds: 0.0 });
        times[10..15].fill(0.211);
        assert_eq!(recovery(&of(&all, &times), 10, 15), after(0.0));
    }

    /// Response times of 1 s with a spread of 0.1 s before, of 2 s for four intervals after the disturbance.
    #[test]
    fn what_is_usual_is_known_from_five_intervals_on() {
        let all = [(10, 0); 20];
        let times = [1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 9.0, 9.0, 2.0, 2.0, 2.0, 2.0];
        let times: Vec<f64> = times.iter().chain(&[1.0; 8]).copied().collect();
        assert_eq!(recovery(&of(&all, &times), 6, 8), after(4.0));
        let unknown = Recovery { is_disturbed: false, seconds: 0.0 };
        assert_eq!(recovery(&of(&all[2..], &times[2..]), 4, 6), unknown, "four intervals say too little");
    }

    /// Twenty ends an interval with one failure in twenty on average: two failures, 90 % or less, are chance, as are three.
    #[test]
    fn failures_of_its_own_are_no_effect() {
        let mut shares =
            [(20, 0), (19, 1), (18, 2), (19, 1), (20, 0), (18, 2), (19, 1), (19, 1), (20, 0), (18, 2)].repeat(3);
        shares[20..23].fill((17, 3));
        assert_eq!(recovery(&of(&shares, &[]), 12, 16), Recovery { is_disturbed: false, seconds: 0.0 });
        shares[16] = (5, 15);
        assert_eq!(recovery(&of(&shares, &[]), 12, 16), after(1.0));
    }

    /// No interval of the disturbance is beyond the range of one (0.2 s ± 4.8 spreads of 16 ms), but their mean, 0.25 s, is
    /// beyond that of six.
    #[test]
    fn a_disturbance_is_looked_at_as_a_whole() {
        let spread = [0.20, 0.22, 0.18, 0.20, 0.21, 0.19];
        let mut times = spread.repeat(6);
        times[12..18].fill(0.25);
        assert_eq!(recovery(&of(&[(10, 0); 36], &times), 12, 18), after(0.0));
        let mut shares = [(20, 0); 36];
        shares[12..18].fill((37, 3));
        assert_eq!(recovery(&of(&shares, &[]), 12, 18), after(0.0), "92.5 % meet the bound, but are fewer than 100 %");
    }

    /// Ten ends an interval, then none in two: by chance once in e^20.
    #[test]
    fn that_nothing_ends_is_an_effect() {
        let mut shares = vec![(10, 0); 10];
        shares.extend([(0, 0), (0, 0), (30, 0), (10, 0), (10, 0), (10, 0)]);
        let mut held = of(&shares, &[1.0; 16]);
        (held.slices[10].sent, held.slices[11].sent, held.slices[12].sent) = (10, 10, 10);
        assert_eq!(recovery(&held, 10, 12), after(0.0));
        assert_eq!(recovery(&held, 10, 11), after(1.0));
        let mut hung = of(&[vec![(10, 0); 3], vec![(0, 0); 12]].concat(), &[]);
        assert_eq!(recovery(&hung, 2, 3), Recovery { is_disturbed: false, seconds: 0.0 }, "nothing is under way");
        hung.slices[3].sent = 5;
        assert_eq!(recovery(&hung, 2, 3), after(f64::INFINITY), "ten silent intervals, where nothing is known");
    }

    /// A request each four intervals takes three: intervals in which none ends are usual.
    #[test]
    fn few_requests_are_silent_without_a_disturbance() {
        let mut sparse = of(&[(0, 0), (0, 0), (0, 0), (1, 0)].repeat(20), &[1.0; 80]);
        sparse.slices.iter_mut().enumerate().for_each(|(index, slice)| slice.sent = u32::from(index % 4 == 0));
        assert_eq!(recovery(&sparse, 40, 48), Recovery { is_disturbed: false, seconds: 0.0 });
    }
}
