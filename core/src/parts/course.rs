//! The course of a window: what had happened up to each of its marks, which cut it into equal parts. From it one tells
//! whether the answers keep up with the load, and how far a single run can be trusted.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::kernel::Time;
use crate::statistics::vlq::{put, take, zagzig, zigzag};

/// Parts of a window.
pub const PARTS: usize = 64;

/// How the load of a window changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Not at all.
    Steady,
    /// At random, about a mean that stays: bursts.
    Random,
    /// The rate of an open load changes with time.
    Changing,
    /// The number of clients of a closed load changes.
    Clients,
}

impl Pace {
    /// All of them; a journal has the index.
    const ALL: [Self; 4] = [Self::Steady, Self::Random, Self::Changing, Self::Clients];
}

/// What had happened up to each mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// How the load changes.
    pub pace: Pace,
    /// Length of a part.
    pub length: Time,
    /// The marks: one at the opening of the window, one at the end of each part.
    pub marks: Vec<CourseMark>,
}

/// What had happened since the window was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CourseMark {
    /// Requests under way, users who wait for their next attempt, and handlers at work whose client has gone.
    pub in_flight: u64,
    /// All work: also what continues after its answer, and messages that wait. What waits for the answer of other work
    /// does not count beside that work.
    pub inside: u64,
    /// Requests sent since the window was opened; where clients send again, first tries.
    pub sent: u64,
    /// Of the requests under way, those that wait in a queue that has room for so many and no more.
    pub bounded: u64,
    /// Messages that wait in such a queue.
    pub bounded_messages: u64,
    /// Requests answered with success.
    pub succeeded: u64,
    /// Requests that ended.
    pub ended: u64,
    /// Response times of the successful in all, in nanoseconds.
    pub response_ns: u128,
}

/// Figures of a mark.
const FIGURES: usize = 8;

impl CourseMark {
    fn figures(&self) -> [u128; FIGURES] {
        let Self { in_flight, inside, sent, bounded, bounded_messages, succeeded, ended, response_ns } = *self;
        let counts = [in_flight, inside, succeeded, ended, bounded, bounded_messages, sent].map(u128::from);
        let [in_flight, inside, succeeded, ended, bounded, bounded_messages, sent] = counts;
        [in_flight, inside, succeeded, ended, response_ns, bounded, bounded_messages, sent]
    }

    fn of(figures: [u128; FIGURES]) -> Option<Self> {
        let [in_flight, inside, succeeded, ended, response_ns, bounded, bounded_messages, sent] = figures;
        let narrow = |figure: u128| u64::try_from(figure).ok();
        Some(Self {
            in_flight: narrow(in_flight)?,
            inside: narrow(inside)?,
            sent: narrow(sent)?,
            bounded: narrow(bounded)?,
            bounded_messages: narrow(bounded_messages)?,
            succeeded: narrow(succeeded)?,
            ended: narrow(ended)?,
            response_ns,
        })
    }
}

fn put_zeros(text: &mut String, count: u128) {
    if let Some(more) = count.checked_sub(1) {
        put(text, 0);
        put(text, more);
    }
}

/// There are many marks in a journal of many trials, so they are written close together.
impl Serialize for Course {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Course {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("no course"))
    }
}

impl Course {
    /// As text, from which [`read`](Self::read) makes the same again: the pace, the length of a part, then for each mark how its
    /// figures differ from those of the mark before. Mostly they do not: a zero is followed by the number of further zeros.
    fn text(&self) -> String {
        let mut text = String::new();
        put(&mut text, self.pace as u128);
        put(&mut text, self.length.0.into());
        let (mut before, mut zeros) = ([0; FIGURES], 0u128);
        for mark in &self.marks {
            let figures = mark.figures();
            for (figure, before) in figures.iter().zip(before) {
                let difference = zigzag(figure.wrapping_sub(before) as i128);
                if difference == 0 {
                    zeros += 1;
                    continue;
                }
                put_zeros(&mut text, std::mem::take(&mut zeros));
                put(&mut text, difference);
            }
            before = figures;
        }
        put_zeros(&mut text, zeros);
        text
    }

    /// What a text describes; none if it describes no course.
    fn read(text: &str) -> Option<Self> {
        let mut bytes = text.as_bytes().iter();
        let pace = *Pace::ALL.get(usize::try_from(take(&mut bytes)?).ok()?)?;
        let length = Time(take(&mut bytes)?.try_into().ok()?);
        let (mut marks, mut figures, mut zeros) = (Vec::with_capacity(PARTS + 1), [0u128; FIGURES], 0u128);
        while (bytes.len() > 0 || zeros > 0) && marks.len() <= PARTS {
            for figure in &mut figures {
                if zeros > 0 {
                    zeros -= 1;
                    continue;
                }
                match take(&mut bytes)? {
                    0 => zeros = take(&mut bytes)?,
                    difference => *figure = figure.wrapping_add(zagzig(difference) as u128),
                }
            }
            marks.push(CourseMark::of(figures)?);
        }
        (bytes.len() == 0 && zeros == 0).then_some(Self { pace, length, marks })
    }

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
    fn between(from: &CourseMark, to: &CourseMark, seconds: f64) -> Self {
        let succeeded = to.succeeded - from.succeeded;
        Self {
            succeeded,
            ended: to.ended - from.ended,
            throughput_per_min: succeeded as f64 / seconds * 60.0,
            mean_s: (succeeded > 0).then(|| (to.response_ns - from.response_ns) as f64 / 1e9 / succeeded as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_comes_back_as_it_was() {
        let mark = |in_flight, response_ns| CourseMark { in_flight, inside: 7, response_ns, ..CourseMark::default() };
        let courses = [
            Course { pace: Pace::Steady, length: Time(5), marks: Vec::new() },
            Course {
                pace: Pace::Random,
                length: Time::MAX,
                marks: vec![mark(u64::MAX, 3), mark(0, u128::MAX), mark(9, 0)],
            },
            Course { pace: Pace::Changing, length: Time(9), marks: vec![CourseMark::default(); PARTS + 1] },
            Course {
                pace: Pace::Clients,
                length: Time(9),
                marks: [0, 0, 5, 5, 5].map(|inside| CourseMark { inside, ..CourseMark::default() }).to_vec(),
            },
        ];
        for course in courses {
            assert_eq!(Course::read(&course.text()), Some(course));
        }
        assert_eq!(
            ["", "!", "AAB", "AAD", "AAA", "AAAD", "AAAwM", "E"].map(Course::read),
            [const { None }; 8],
            "no number, no digit, a figure without a mark, zeros that fill no mark, more marks than a window has, no pace"
        );
    }

    #[test]
    fn batches_add_up_to_the_window() {
        let mark = |index: u64| CourseMark {
            in_flight: 3,
            inside: 3,
            sent: 3 * index,
            bounded: 1,
            bounded_messages: 0,
            succeeded: 2 * index,
            ended: 3 * index,
            response_ns: u128::from(index) * 1_000_000_000,
        };
        let course =
            Course { pace: Pace::Steady, length: Time(1_000_000_000), marks: (0..=PARTS as u64).map(mark).collect() };
        let batches = course.batches(16);
        assert_eq!(batches.len(), 16);
        let first = Batch { succeeded: 8, ended: 12, throughput_per_min: 120.0, mean_s: Some(0.5) };
        assert!(batches.iter().all(|batch| *batch == first), "{batches:?}");
        assert!(course.batches(7).is_empty());
        let cut = Course { marks: course.marks[..40].to_vec(), ..course };
        assert!(cut.batches(16).is_empty());
    }
}
