//! The course of a window: what had happened up to each of its marks, which cut it into equal parts. From it one tells
//! whether a steady load meets a steady system, and how far a single run can be trusted.

use serde::{Deserialize, Serialize};

use crate::kernel::Time;

use super::world::World;

/// Parts of a window.
pub const PARTS: usize = 64;

/// What had happened up to each mark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Length of a part.
    pub length: Time,
    /// The marks: one at the opening of the window, one at the end of each part.
    pub marks: Vec<Mark>,
}

/// What had happened since the window was opened. Written as an array of its figures, since there are many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(u64, u64, u64, u64, f64)", into = "(u64, u64, u64, u64, f64)")]
pub struct Mark {
    /// Requests under way, and handlers at work whose client has gone.
    pub in_flight: u64,
    /// All work: also what goes on after its answer, and messages on their way.
    pub inside: u64,
    /// Requests answered with success.
    pub succeeded: u64,
    /// Requests that ended.
    pub ended: u64,
    /// Response times of the successful in all, in seconds.
    pub response_s: f64,
}

impl From<Mark> for (u64, u64, u64, u64, f64) {
    fn from(mark: Mark) -> Self {
        (mark.in_flight, mark.inside, mark.succeeded, mark.ended, mark.response_s)
    }
}

impl From<(u64, u64, u64, u64, f64)> for Mark {
    fn from((in_flight, inside, succeeded, ended, response_s): (u64, u64, u64, u64, f64)) -> Self {
        Self { in_flight, inside, succeeded, ended, response_s }
    }
}

impl World<'_> {
    /// What has happened since the window was opened.
    pub fn mark(&self) -> Mark {
        Mark {
            in_flight: self.requests.len() as u64 + self.tally.abandoned_inside,
            inside: (self.tokens.len() + self.broker.len()) as u64,
            succeeded: self.tally.succeeded,
            ended: self.tally.succeeded + self.tally.failed(),
            response_s: self.tally.response_times.sum() as f64 / 1e9,
        }
    }
}

impl Course {
    /// Whether it is that of a whole window.
    pub fn is_whole(&self) -> bool {
        self.marks.len() == PARTS + 1
    }

    /// Successes, ended requests and mean response time of each of so many batches, of equal length. Empty unless the
    /// window is whole and can be cut so.
    pub fn batches(&self, count: usize) -> Vec<Batch> {
        if !self.is_whole() || count == 0 || !PARTS.is_multiple_of(count) {
            return Vec::new();
        }
        let parts = PARTS / count;
        let seconds = self.length.seconds() * parts as f64;
        let ends = self.marks.iter().step_by(parts);
        ends.clone().zip(ends.skip(1)).map(|(from, to)| Batch::between(from, to, seconds)).collect()
    }
}

/// A batch of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    /// Requests answered with success.
    pub succeeded: u64,
    /// Requests that ended.
    pub ended: u64,
    /// Successes a minute.
    pub throughput_per_min: f64,
    /// Mean response time of successes in seconds; none without any.
    pub mean_s: Option<f64>,
}

impl Batch {
    fn between(from: &Mark, to: &Mark, seconds: f64) -> Self {
        let succeeded = to.succeeded - from.succeeded;
        Self {
            succeeded,
            ended: to.ended - from.ended,
            throughput_per_min: succeeded as f64 / seconds * 60.0,
            mean_s: (succeeded > 0).then(|| (to.response_s - from.response_s) / succeeded as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_add_up_to_the_window() {
        let mark = |index: u64| Mark {
            in_flight: 3,
            inside: 3,
            succeeded: 2 * index,
            ended: 3 * index,
            response_s: index as f64,
        };
        let course = Course { length: Time(1_000_000_000), marks: (0..=PARTS as u64).map(mark).collect() };
        let batches = course.batches(16);
        assert_eq!(batches.len(), 16);
        let first = Batch { succeeded: 8, ended: 12, throughput_per_min: 120.0, mean_s: Some(0.5) };
        assert!(batches.iter().all(|batch| *batch == first), "{batches:?}");
        assert!(course.batches(7).is_empty());
        let cut = Course { marks: course.marks[..40].to_vec(), ..course };
        assert!(cut.batches(16).is_empty());
    }
}
