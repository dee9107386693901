//! The timeline: what happened in each interval of a run, from its start, the warm-up included.

use serde::{Deserialize, Serialize};

use crate::kernel::Time;
use crate::kernel::wire::Number;
use crate::model::MOST_INTERVALS;

use crate::engine::token::Failure;
use crate::parts::recording::Recording;

/// What clients saw, interval by interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Length of an interval.
    pub length: Time,
    /// The intervals from time 0 on.
    pub slices: Vec<Slice>,
    /// When the last one ended, which may be shorter.
    pub end: Time,
    /// What else was recorded; none where the load does not ask for it.
    #[serde(skip)]
    pub recording: Option<Box<Recording>>,
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
    /// One that counts, or that records all, in at most `recorded` intervals.
    pub(crate) fn new(length: Time, recorded: Option<usize>) -> Self {
        let recording = recorded.map(|most| Box::new(Recording::new(most)));
        Self { length: Time(length.0.max(1)), slices: Vec::new(), end: Time::ZERO, recording }
    }

    /// The intervals are long enough for this time.
    #[inline]
    pub(crate) fn reach(&mut self, now: Time) {
        let most = self.recording.as_ref().map_or(MOST_INTERVALS, |recording| recording.most());
        while now.0 / self.length.0 >= most as u64 {
            self.coarsen();
        }
    }

    /// The interval of this time.
    #[inline]
    pub(crate) fn at(&mut self, now: Time) -> &mut Slice {
        self.reach(now);
        let index = (now.0 / self.length.0) as usize;
        if index >= self.slices.len() {
            self.slices.resize(index + 1, Slice::default());
        }
        &mut self.slices[index]
    }

    /// A request has ended; `response` is the time since its first try.
    pub(crate) fn ended(&mut self, now: Time, response: Time, failure: Failure) {
        let slice = self.at(now);
        match failure {
            Failure::NONE => {
                slice.succeeded += 1;
                slice.response_s += response.seconds();
            }
            Failure::GAVE_UP => slice.given_up += 1,
            _ => slice.failed += 1,
        }
        let interval = (now.0 / self.length.0) as usize;
        if let Some(recording) = &mut self.recording {
            match failure {
                Failure::NONE => recording.succeeded(interval, response),
                _ => recording.failed(interval, failure),
            }
        }
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
        let count = self.slices.len();
        if let Some(recording) = &mut self.recording {
            recording.close(count);
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
        if let Some(recording) = &mut self.recording {
            recording.coarsen();
        }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_its_start_but_not_its_end() {
        let mut timeline = Timeline::new(Time(10), None);
        for now in [0, 9, 10, 29] {
            timeline.at(Time(now)).sent += 1;
        }
        timeline.close(Time(45));
        let sent: Vec<u32> = timeline.slices.iter().map(|slice| slice.sent).collect();
        assert_eq!(sent, [2, 1, 1, 0, 0]);
        // What happens at the very end belongs to the last.
        let mut timeline = Timeline::new(Time(10), None);
        timeline.at(Time(20)).sent += 1;
        timeline.close(Time(20));
        let sent: Vec<u32> = timeline.slices.iter().map(|slice| slice.sent).collect();
        assert_eq!(sent, [0, 1]);
    }

    #[test]
    fn a_long_run_has_longer_intervals_and_loses_nothing() {
        let mut timeline = Timeline::new(Time(1), None);
        for now in 0..20_000 {
            timeline.at(Time(now)).sent += 1;
        }
        timeline.close(Time(20_000));
        assert_eq!((timeline.length, timeline.slices.len()), (Time(8), 2_500));
        assert!(timeline.slices.iter().all(|slice| slice.sent == 8));
    }
}
