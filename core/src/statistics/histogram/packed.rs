//! A histogram that is kept, not written to: the buckets that hold values, in a few bytes each.

use super::{Bucket, Histogram, SLOTS, place};
use crate::statistics::vlq::{put, take};

/// What a [`Histogram`] has seen, for keeping: two or three bytes a bucket instead of eight for each of the octave's,
/// so that the distributions of a hundred thousand trials fit into memory.
///
/// The buckets stand in ascending order, each as the distance of its number to the last one's and its count, both as
/// variable-length quantities: the text that a journal keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    steps: Box<str>,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

impl Histogram {
    /// What was recorded, for keeping.
    #[must_use]
    pub fn pack(&self) -> Packed {
        let mut steps = String::new();
        let mut next = 0;
        for bucket in self.buckets() {
            let number = number(bucket.low);
            put(&mut steps, (number - next).into());
            put(&mut steps, bucket.count.into());
            next = number + 1;
        }
        let (min, max) = (self.min().unwrap_or(0), self.max().unwrap_or(0));
        Packed { steps: steps.into(), count: self.count, sum: self.sum, min, max }
    }

    /// Adds every value that `packed` was made of, as if each had been recorded here.
    pub fn merge_packed(&mut self, packed: &Packed) {
        if packed.count == 0 {
            return;
        }
        self.count += packed.count;
        self.sum += packed.sum;
        self.min = self.min.min(packed.min);
        self.max = self.max.max(packed.max);
        for bucket in packed.buckets() {
            let (octave, slot) = place(bucket.low);
            self.open(octave)[slot] += bucket.count;
        }
    }
}

impl Packed {
    /// Number of values.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Sum of the values.
    pub(super) const fn sum(&self) -> u128 {
        self.sum
    }

    /// Smallest and largest value; zeros if there is none.
    pub(super) const fn bounds(&self) -> (u64, u64) {
        (self.min, self.max)
    }

    /// The distance to and the count of each bucket, as text.
    pub(super) fn steps(&self) -> &str {
        &self.steps
    }

    /// From the steps, which must be whole, with the count of all.
    pub(super) fn of_steps(steps: &str, count: u64, sum: u128, min: u64, max: u64) -> Self {
        Self { steps: steps.into(), count, sum, min, max }
    }

    /// The histogram that this was made of.
    #[must_use]
    pub fn unpack(&self) -> Histogram {
        let mut histogram = Histogram::new();
        histogram.merge_packed(self);
        histogram
    }

    /// The buckets that hold values, in ascending order.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        let (mut rest, mut next) = (self.steps.as_bytes().iter(), 0);
        std::iter::from_fn(move || {
            let number = next + take(&mut rest)? as usize;
            next = number + 1;
            Some(Bucket::at(number / SLOTS, number % SLOTS, take(&mut rest)? as u64))
        })
    }

    /// Number of values that are at most `value`, to the bucket: those in the bucket of `value` count all.
    #[must_use]
    pub fn at_most(&self, value: u64) -> u64 {
        self.buckets().take_while(|bucket| bucket.low <= value).map(|bucket| bucket.count).sum()
    }
}

/// The number of the bucket of a value, from 0 on.
fn number(value: u64) -> u64 {
    let (octave, slot) = place(value);
    (octave * SLOTS + slot) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::new();
        values.into_iter().for_each(|value| histogram.record(value));
        histogram
    }

    #[test]
    fn packing_loses_nothing() {
        let spread = (0..5_000_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (i % 60));
        for whole in [Histogram::new(), histogram([0]), histogram([u64::MAX, 0, 7]), histogram(spread)] {
            assert_eq!(whole.pack().unpack(), whole);
            assert!(whole.pack().buckets().eq(whole.buckets()));
            assert_eq!(whole.pack().count(), whole.count());
        }
        let mut many = Histogram::new();
        (0..300).for_each(|_| many.record(1_000_000));
        assert_eq!(many.pack().unpack(), many);
        assert!(many.pack().steps.len() < 6);
    }

    #[test]
    fn packed_histograms_merge_like_others() {
        let (left, right) = (histogram([3, 900, 5_000_000]), histogram([3, 70_000]));
        let mut merged = left.clone();
        merged.merge_packed(&right.pack());
        let mut expected = left;
        expected.merge(&right);
        assert_eq!(merged, expected);
        expected.merge_packed(&Packed::default());
        assert_eq!(merged, expected);
    }

    #[test]
    fn values_are_counted_up_to_a_bound() {
        let packed = histogram([1, 2, 2, 500, 1_000_000]).pack();
        assert_eq!([0, 1, 2, 499, 500, u64::MAX].map(|value| packed.at_most(value)), [0, 1, 3, 3, 4, 5]);
    }
}
