//! A level over time and its integral: the number in a queue, servers at work, connections in use.

use super::time::Time;

/// A level with its exact time integral.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeWeighted {
    level: u32,
    peak: u32,
    changed: Time,
    /// Sum of level times nanoseconds up to `changed`, since the last reset.
    area: u128,
}

impl TimeWeighted {
    /// One that is at this level from time 0 on.
    pub fn of(level: u32) -> Self {
        Self { level, peak: level, ..Self::default() }
    }

    /// The level now.
    #[inline]
    pub fn level(&self) -> u32 {
        self.level
    }

    /// The highest level since the last reset.
    pub fn peak(&self) -> u32 {
        self.peak
    }

    /// One more.
    #[inline]
    pub fn up(&mut self, now: Time) {
        self.set(now, self.level + 1);
    }

    /// One less.
    #[inline]
    pub fn down(&mut self, now: Time) {
        debug_assert!(self.level > 0);
        self.advance(now);
        self.level -= 1;
    }

    /// Another level.
    #[inline]
    pub fn set(&mut self, now: Time, level: u32) {
        self.advance(now);
        self.level = level;
        self.peak = self.peak.max(level);
    }

    /// Brings the integral up to now.
    #[inline(always)]
    fn advance(&mut self, now: Time) {
        debug_assert!(now >= self.changed, "time goes back");
        // Not `now - changed`: that saturates, which costs two instructions at each change.
        self.area += u128::from(self.level) * u128::from(now.0.wrapping_sub(self.changed.0));
        self.changed = now;
    }

    /// The integral since the last reset, in level times nanoseconds.
    pub fn area(&self, now: Time) -> u128 {
        self.area + u128::from(self.level) * u128::from((now - self.changed).0)
    }

    /// Starts the integral afresh (the end of a warm-up).
    pub fn reset(&mut self, now: Time) {
        self.area = 0;
        self.changed = now;
        self.peak = self.level;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integral_is_exact() {
        let mut gauge = TimeWeighted::default();
        gauge.up(Time(10));
        gauge.up(Time(20));
        gauge.down(Time(25));
        assert_eq!(gauge.area(Time(30)), 10 + 10 + 5);
        assert_eq!((gauge.level(), gauge.peak()), (1, 2));
        gauge.reset(Time(30));
        assert_eq!((gauge.area(Time(40)), gauge.peak()), (10, 1));
    }
}
