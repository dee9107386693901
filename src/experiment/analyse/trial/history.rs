//! What is kept of a recorded timeline: percentiles of the response time, failures by cause, resources and marks.

use std::borrow::Cow;

use serde::de::{Deserializer, Error};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::kernel::Time;
use crate::parts::{Areas, Level, Marks, Recording, ResourceKind, Slice, Timeline};
use crate::statistics::histogram::Packed;
use crate::statistics::vlq::{put, take, zagzig, zigzag};

/// Parts of a unit that levels are kept in.
pub(in crate::experiment) const FINE: f64 = 1e4;

/// Numbers of a series at most: no timeline has more intervals.
const MOST: usize = 1 << 13;

/// The percentiles that are kept.
pub const PERCENTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// A list of numbers, one for each interval, that is written close together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series(pub Vec<u64>);

/// What happened in the intervals of a trial's timeline, beside its counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// For each of [`PERCENTILES`] that of the response times of the interval's successes, in nanoseconds; of any value
    /// where none succeeded.
    pub times: [Series; 3],
    /// Failures by cause.
    pub failures: Vec<(String, Series)>,
    /// The resources, in the order of the reports.
    pub levels: Vec<LevelHistory>,
    /// What happened to replicas and breakers.
    pub marks: Marks,
}

/// A resource over time, in ten-thousandths of a unit, means over each interval and sums over all its instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelHistory {
    /// As reports name it.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// Units in use.
    pub in_use: Series,
    /// Units that there are; none: unlimited.
    pub capacity: Option<Series>,
    /// Who waits for it.
    pub queue: Series,
}

impl History {
    /// Of a timeline with its recording.
    pub(super) fn of(timeline: &Timeline, recording: Recording) -> Self {
        let quantile = |q: f64| {
            let of = |times: &Packed| times.unpack().quantile(q).unwrap_or(0);
            Series(recording.times.iter().map(of).collect())
        };
        let lengths: Vec<f64> = (0..timeline.slices.len() as u64)
            .map(|index| {
                let from = Time(index * timeline.length.0);
                timeline.end.since(from).0.clamp(1, timeline.length.0.max(1)) as f64
            })
            .collect();
        let level = |level: &Level| {
            let mean = |figure: fn(&Areas) -> f64| {
                let means = level.areas.iter().zip(&lengths);
                Series(means.map(|(areas, length)| (figure(areas) / length * FINE).round().max(0.0) as u64).collect())
            };
            LevelHistory {
                name: level.name.clone(),
                kind: level.kind,
                in_use: mean(|areas| areas.in_use),
                capacity: level.is_limited.then(|| mean(|areas| areas.capacity)),
                queue: mean(|areas| areas.queue),
            }
        };
        let counts = |counts: &Vec<u32>| Series(counts.iter().map(|&count| count.into()).collect());
        Self {
            times: PERCENTILES.map(quantile),
            failures: recording.failures.iter().map(|(cause, of)| (cause.clone(), counts(of))).collect(),
            levels: recording.levels.iter().map(level).collect(),
            marks: recording.marks,
        }
    }

    /// Makes the intervals, which have these counts, twice as long. The percentile of two together lies between those of
    /// both: it is taken to be their mean, weighted with the successes.
    pub(in crate::experiment) fn coarsen(&mut self, slices: &[Slice]) {
        let weight = |index: usize| slices.get(index).map_or(0.0, |slice| f64::from(slice.succeeded));
        for times in &mut self.times {
            let pair = |(index, pair): (usize, &[u64])| {
                let weights = [weight(2 * index), weight(2 * index + 1)];
                let all: f64 = weights.iter().sum();
                let sum: f64 = pair.iter().zip(weights).map(|(&time, weight)| time as f64 * weight).sum();
                if all > 0.0 { (sum / all).round() as u64 } else { 0 }
            };
            times.0 = times.0.chunks(2).enumerate().map(pair).collect();
        }
        for (_, counts) in &mut self.failures {
            counts.0 = counts.0.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        let mean = |series: &mut Series| {
            let of = |pair: &[u64]| pair.iter().sum::<u64>() / pair.len().max(1) as u64;
            series.0 = series.0.chunks(2).map(of).collect();
        };
        for level in &mut self.levels {
            [&mut level.in_use, &mut level.queue].into_iter().chain(&mut level.capacity).for_each(mean);
        }
    }
}

/// How each number differs from the one before; mostly it does not: a zero is followed by the number of further zeros.
impl Serialize for Series {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut text, mut before, mut zeros) = (String::new(), 0u64, 0u128);
        let end = |text: &mut String, zeros: u128| {
            if let Some(more) = zeros.checked_sub(1) {
                put(text, 0);
                put(text, more);
            }
        };
        for &number in &self.0 {
            let difference = zigzag(i128::from(number) - i128::from(before));
            before = number;
            if difference == 0 {
                zeros += 1;
                continue;
            }
            end(&mut text, std::mem::take(&mut zeros));
            put(&mut text, difference);
        }
        end(&mut text, zeros);
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("no series"))
    }
}

impl Series {
    fn read(text: &str) -> Option<Self> {
        let (mut bytes, mut numbers, mut before) = (text.as_bytes().iter(), Vec::new(), 0i128);
        while bytes.len() > 0 {
            let difference = take(&mut bytes)?;
            let count = match difference {
                0 => usize::try_from(take(&mut bytes)?).ok()?.checked_add(1)?,
                _ => 1,
            };
            before = before.checked_add(zagzig(difference))?;
            let number = u64::try_from(before).ok()?;
            if count > MOST.saturating_sub(numbers.len()) {
                return None;
            }
            numbers.resize(numbers.len() + count, number);
        }
        Some(Self(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_comes_back_as_it_was() {
        for numbers in [vec![], vec![0], vec![7, 7, 7, 0, 0, u64::MAX, 1], vec![5; MOST]] {
            let series = Series(numbers);
            let text = serde_json::to_string(&series).unwrap();
            assert_eq!(serde_json::from_str::<Series>(&text).unwrap(), series, "{text}");
        }
        // More than any timeline has, no digit, a number below zero, one without an end.
        let long = serde_json::to_string(&Series(vec![5; MOST + 1])).unwrap();
        for text in [long.as_str(), "\"!\"", "\"D\"", "\"A\"", "\"gggggg\""] {
            assert!(serde_json::from_str::<Series>(text).is_err(), "{text}");
        }
    }
}
