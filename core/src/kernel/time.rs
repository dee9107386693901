//! Simulated time.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// A point of simulated time, or a length of it, in nanoseconds: 584 years at most. Arithmetic saturates, so that a
/// time-out without limit stays without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(pub u64);

impl Time {
    /// The start of a run; no time at all.
    pub const ZERO: Self = Self(0);
    /// Never.
    pub const MAX: Self = Self(u64::MAX);

    /// A length in seconds; negative and non-numbers are zero.
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1e9).round() as u64)
    }

    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The time from `earlier` to this; zero if that is later.
    #[inline]
    pub fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Time {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Time {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self.since(other)
    }
}

impl AddAssign for Time {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Time {
    /// Three significant digits in the unit that fits: `0 s`, `850 ns`, `1.20 ms`, `43.0 ms`, `9.42 s`, `2 min 30 s`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let text = match self.0 {
            0 => "0 s".into(),
            ns if ns < 1_000 => format!("{ns} ns"),
            ns if ns < 1_000_000 => three_digits(ns as f64 / 1e3, "us"),
            ns if ns < 1_000_000_000 => three_digits(ns as f64 / 1e6, "ms"),
            ns if ns < 120_000_000_000 => three_digits(ns as f64 / 1e9, "s"),
            ns => {
                let seconds = (ns as f64 / 1e9).round() as u64;
                match (seconds / 60, seconds % 60) {
                    (minutes, 0) => format!("{minutes} min"),
                    (minutes, seconds) => format!("{minutes} min {seconds} s"),
                }
            }
        };
        f.pad(&text)
    }
}

fn three_digits(value: f64, unit: &str) -> String {
    let decimals = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_has_three_digits_and_a_unit() {
        for (ns, text) in [
            (0, "0 s"),
            (850, "850 ns"),
            (1_200_000, "1.20 ms"),
            (43_000_000, "43.0 ms"),
            (9_420_000_000, "9.42 s"),
            (30_000_000_000, "30.0 s"),
            (150_000_000_000, "2 min 30 s"),
        ] {
            assert_eq!(Time(ns).to_string(), text);
        }
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Time::MAX + Time(1), Time::MAX);
        assert_eq!(Time(1) - Time(2), Time::ZERO);
        assert_eq!(Time::from_seconds(-1.0), Time::ZERO);
        assert_eq!(Time::from_seconds(f64::NAN), Time::ZERO);
    }
}
