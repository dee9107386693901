//! Who is in a place and for how long, counted twice: once over time, once over visits. The two must agree (Little's
//! law), exactly and on every path.

use crate::kernel::gauge::TimeWeighted;
use crate::kernel::time::Time;

/// The number in a place, and the sum of their stays.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QueueStatistics {
    pub gauge: TimeWeighted,
    pub left: u64,
    /// Of those who left, who had stayed for any time.
    pub delayed: u64,
    /// Sum of the stays of those who left, in nanoseconds.
    stays: u128,
    /// Sum of the entry times of those inside.
    entries: u128,
    /// What the stays so far of those inside came to at the last reset.
    carried: u128,
}

impl QueueStatistics {
    #[inline]
    pub fn enter(&mut self, now: Time) {
        self.gauge.up(now);
        self.entries += u128::from(now.0);
    }

    #[inline]
    pub fn leave(&mut self, now: Time, since: Time) {
        self.gauge.down(now);
        // A plain subtraction: the difference of two `Time`s saturates, which costs instructions at each visit.
        let stay = now.0 - since.0;
        self.left += 1;
        self.delayed += u64::from(stay > 0);
        self.stays += u128::from(stay);
        self.entries -= u128::from(since.0);
    }

    /// Starts counting afresh (the end of a warm-up); who is inside stays inside.
    pub fn reset(&mut self, now: Time) {
        self.carried = self.present(now);
        self.gauge.reset(now);
        (self.left, self.delayed, self.stays) = (0, 0, 0);
    }

    fn present(&self, now: Time) -> u128 {
        u128::from(self.gauge.level()) * u128::from(now.0) - self.entries
    }

    /// The sum of all stays within the window: those of who left, and so far of who is inside.
    pub fn stayed(&self, now: Time) -> u128 {
        (self.stays + self.present(now)).saturating_sub(self.carried)
    }

    /// Both sides of Little's law if they differ: the time integral of the number, and the sum of the stays.
    pub fn broken_law(&self, now: Time) -> Option<(u128, u128)> {
        let sides = (self.gauge.area(now), self.stayed(now));
        (sides.0 != sides.1).then_some(sides)
    }

    /// Appends a sentence if the law is broken.
    pub fn check(&self, now: Time, broken: &mut Vec<String>, name: impl FnOnce() -> String) {
        if let Some((area, stays)) = self.broken_law(now) {
            broken.push(format!("Little's law at {}: {area} over time, {stays} over visits", name()));
        }
    }
}
