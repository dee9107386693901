//! A log-linear histogram of durations.

mod packed;
mod text;

pub use packed::Packed;

/// Slots of one octave; a power of two.
///
/// With 2⁹ slots an octave the bucket is at most 2⁻⁹ of the value wide, so its
/// midpoint is within 2⁻¹⁰ < 0.1 % of every value in it.
const SLOTS: usize = 512;

/// The binary logarithm of [`SLOTS`].
const SLOT_BITS: u32 = SLOTS.trailing_zeros();

/// Distribution of non-negative integers, usually durations in nanoseconds,
/// with a relative error below 0.1 %.
///
/// Values below 1024 are kept exactly. Above, every octave `[2ᵉ, 2ᵉ⁺¹)` is cut
/// into 512 buckets of equal width, so a bucket's midpoint differs from any of
/// its values by at most 2⁻¹⁰ (0.098 %) of the value. The whole range of `u64`
/// is covered; nothing is clipped. This is the scheme of Gil Tene's
/// HdrHistogram (2012) at about three significant digits. Count, sum, mean,
/// minimum and maximum are exact.
///
/// [`record`](Self::record) costs a few nanoseconds. Memory (4 KiB) is taken
/// for an octave the first time a value falls into it; a histogram nobody
/// writes to owns no heap memory at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// Block 0 counts 0..512; block `k` counts `[2^(k+8), 2^(k+9))`. The last
    /// block of the vector is never `None`, and no block is all zero, so that
    /// equal contents have one representation only.
    octaves: Vec<Option<Box<[u64; SLOTS]>>>,
    count: u64,
    sum: u128,
    /// `u64::MAX` while empty.
    min: u64,
    /// 0 while empty.
    max: u64,
}

/// A run of neighbouring values counted together; see [`Histogram::buckets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The smallest value that falls into the bucket.
    pub low: u64,
    /// The largest value that falls into the bucket.
    pub high: u64,
    /// Recorded values in `low..=high`; never zero.
    pub count: u64,
}

impl Bucket {
    /// The bucket of `slot` in block `octave`, holding `count` values.
    fn at(octave: usize, slot: usize, count: u64) -> Self {
        let (low, width) = match octave.checked_sub(1) {
            None => (slot as u64, 1),
            Some(shift) => (((SLOTS + slot) as u64) << shift, 1_u64 << shift),
        };
        Self { low, high: low + (width - 1), count }
    }

    /// The value that stands for the bucket.
    #[must_use]
    pub fn midpoint(self) -> u64 {
        self.low + (self.high - self.low).div_ceil(2)
    }
}

/// Block and slot of a value.
#[inline]
fn place(value: u64) -> (usize, usize) {
    let octave = u64::BITS - SLOT_BITS - (value | (SLOTS as u64 - 1)).leading_zeros();
    let slot = (value >> octave.saturating_sub(1)) as usize & (SLOTS - 1);
    (octave as usize, slot)
}

impl Histogram {
    /// A histogram without values. Does not allocate.
    #[must_use]
    pub const fn new() -> Self {
        Self { octaves: Vec::new(), count: 0, sum: 0, min: u64::MAX, max: 0 }
    }

    /// Counts one value, in nanoseconds.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.count += 1;
        self.sum += u128::from(ns);
        self.min = self.min.min(ns);
        self.max = self.max.max(ns);
        let (octave, slot) = place(ns);
        if let Some(Some(counts)) = self.octaves.get_mut(octave) {
            counts[slot] += 1;
        } else {
            self.open(octave)[slot] += 1;
        }
    }

    /// Takes memory for an octave that had no value yet.
    #[cold]
    #[inline(never)]
    fn open(&mut self, octave: usize) -> &mut [u64; SLOTS] {
        if self.octaves.len() <= octave {
            self.octaves.resize(octave + 1, None);
        }
        self.octaves[octave].get_or_insert_with(|| Box::new([0; SLOTS]))
    }

    /// Adds every value of `other`, as if each had been recorded here.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        for (octave, theirs) in other.octaves.iter().enumerate() {
            let Some(theirs) = theirs else { continue };
            let ours = self.open(octave);
            for (mine, yours) in ours.iter_mut().zip(theirs.iter()) {
                *mine += yours;
            }
        }
    }

    /// Number of values recorded.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Sum of the values, in nanoseconds; exact, and too wide to overflow.
    #[must_use]
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// How many values are greater than this one; of those in its own bucket, none.
    #[must_use]
    pub fn count_above(&self, value: u64) -> u64 {
        let (octave, slot) = place(value);
        let own = self.octaves.get(octave).and_then(Option::as_ref).map_or(0, |counts| counts[slot + 1..].iter().sum());
        let higher = self.octaves.iter().skip(octave + 1).flatten();
        own + higher.map(|counts| counts.iter().sum::<u64>()).sum::<u64>()
    }

    /// Arithmetic mean in nanoseconds, from the exact sum; `None` if empty.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// Smallest value in nanoseconds, exact; `None` if empty.
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// Largest value in nanoseconds, exact; `None` if empty.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The `q`-quantile in nanoseconds: the smallest recorded value that at
    /// least the share `q` of all values does not exceed (the inverse of the
    /// empirical distribution function; no interpolation, type 1 of Hyndman &
    /// Fan 1996).
    ///
    /// Exact for values below 1024 and for the first and last order statistic;
    /// otherwise the midpoint of the bucket, less than 0.1 % away. Never outside
    /// `min..=max`, and non-decreasing in `q`. `None` if the histogram is empty
    /// or `q` is not a number in `[0, 1]`.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.count == 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        // `0.07 * 100.0` is a hair above 7: take that hair off before rounding
        // up, so that the rank is the one meant by the decimal fraction.
        let rank = (q * self.count as f64 * (1.0 - 2.0 * f64::EPSILON)).ceil() as u64;
        if rank <= 1 {
            return Some(self.min);
        }
        if rank >= self.count {
            return Some(self.max);
        }
        let mut below = 0;
        self.buckets()
            .find(|bucket| {
                below += bucket.count;
                below >= rank
            })
            .map(|bucket| bucket.midpoint().clamp(self.min, self.max))
    }

    /// The buckets that hold values, in ascending order: the material for a
    /// distribution curve.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        self.octaves.iter().enumerate().filter_map(|(octave, counts)| Some((octave, counts.as_deref()?))).flat_map(
            |(octave, counts)| {
                counts
                    .iter()
                    .enumerate()
                    .filter(|&(_, &count)| count > 0)
                    .map(move |(slot, &count)| Bucket::at(octave, slot, count))
            },
        )
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values around every power of two, and a spread in between.
    fn probes() -> impl Iterator<Item = u64> {
        (0..64).flat_map(|bit| {
            let power = 1_u64 << bit;
            let stretched = (power as f64 * 1.37) as u64;
            [power - 1, power, power + 1, stretched, power | (power / 3)]
        })
    }

    /// Values below 1024 have a bucket each; 2,000 and 2,001 have one together, 2,000 and 2,004 have not.
    #[test]
    fn what_is_above_a_value_is_counted_by_buckets() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.count_above(0), 0);
        [0, 5, 511, 512, 1_023, 1_024, 2_000, 2_001, 2_004, 1 << 40]
            .into_iter()
            .for_each(|value| histogram.record(value));
        let above = [0, 4, 5, 511, 512, 1_023, 1_999, 2_000, 2_004, 1 << 30, 1 << 40, u64::MAX];
        assert_eq!(above.map(|value| histogram.count_above(value)), [9, 9, 8, 7, 6, 5, 4, 2, 1, 1, 0, 0]);
    }

    #[test]
    fn every_value_falls_into_the_bucket_that_names_it() {
        for value in probes().chain([u64::MAX, u64::MAX - 1]) {
            let (octave, slot) = place(value);
            let bucket = Bucket::at(octave, slot, 1);
            assert!((bucket.low..=bucket.high).contains(&value), "{value} {bucket:?}");
            let error = bucket.midpoint().abs_diff(value) as f64;
            assert!(error <= value as f64 / 1024.0, "{value} {bucket:?}");
            assert!(value >= 1024 || bucket.low == bucket.high);
        }
        assert_eq!(place(u64::MAX), (55, SLOTS - 1));
    }

    #[test]
    fn buckets_tile_the_range_without_gap() {
        let mut expected = 0;
        for octave in 0..=55 {
            for slot in 0..SLOTS {
                let bucket = Bucket::at(octave, slot, 1);
                assert_eq!(bucket.low, expected);
                expected = bucket.high.wrapping_add(1);
            }
        }
        assert_eq!(expected, 0);
    }

    #[test]
    fn an_empty_histogram_is_small_and_has_no_measures() {
        let empty = Histogram::default();
        assert!(size_of::<Histogram>() < 200);
        assert_eq!(empty.octaves.capacity(), 0);
        assert_eq!((empty.count(), empty.sum()), (0, 0));
        assert_eq!((empty.min(), empty.max(), empty.mean()), (None, None, None));
        assert_eq!(empty.quantile(0.5), None);
    }

    #[test]
    fn small_values_have_exact_quantiles() {
        let mut histogram = Histogram::new();
        (1..=100).rev().for_each(|value| histogram.record(value));
        for percent in 1..=100_u32 {
            let q = f64::from(percent) / 100.0;
            assert_eq!(histogram.quantile(q), Some(u64::from(percent)));
        }
        assert_eq!(histogram.quantile(0.0), Some(1));
        assert_eq!(histogram.quantile(0.001), Some(1));
        assert_eq!(histogram.quantile(0.991), Some(100));
        assert_eq!(histogram.mean(), Some(50.5));
        for q in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(histogram.quantile(q), None);
        }
    }

    #[test]
    fn quantiles_of_large_values_are_within_a_thousandth() {
        let mut values: Vec<u64> =
            (0..20_000_u64).map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44).pow(2)).collect();
        let mut histogram = Histogram::new();
        values.iter().for_each(|&value| histogram.record(value));
        values.sort_unstable();
        let mut previous = 0;
        for step in 1..=1000_usize {
            let exact = values[step * 20 - 1];
            let found = histogram.quantile(step as f64 / 1000.0).unwrap();
            assert!(found.abs_diff(exact) as f64 <= exact as f64 * 0.001);
            assert!(found >= previous);
            previous = found;
        }
        assert_eq!(histogram.quantile(0.0), values.first().copied());
        assert_eq!(histogram.quantile(1.0), values.last().copied());
    }

    #[test]
    fn merging_equals_recording_everything_in_one() {
        let (mut left, mut right, mut both) = (Histogram::new(), Histogram::new(), Histogram::new());
        for (index, value) in probes().enumerate() {
            if index % 3 == 0 {
                left.record(value);
            } else {
                right.record(value);
            }
            both.record(value);
        }
        left.merge(&right);
        left.merge(&Histogram::new());
        assert_eq!(left, both);
        let mut fresh = Histogram::new();
        fresh.merge(&both);
        assert_eq!(fresh, both);
        let total: u64 = both.buckets().map(|bucket| bucket.count).sum();
        assert_eq!(total, both.count());
    }

    #[test]
    fn the_sum_does_not_overflow() {
        let mut histogram = Histogram::new();
        (0..4).for_each(|_| histogram.record(u64::MAX));
        assert_eq!(histogram.sum(), 4 * u128::from(u64::MAX));
        assert_eq!(histogram.quantile(0.5), Some(u64::MAX));
        assert_eq!(histogram.mean(), Some(u64::MAX as f64));
    }
}
