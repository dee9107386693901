//! The unit of a rate, and rates in words.

use crate::statistics::Interval;

/// The time that a rate counts requests of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateUnit {
    /// `9/s`.
    Second,
    /// `540/min`.
    Minute,
    /// `32400/h`.
    Hour,
}

impl RateUnit {
    /// Its length in seconds.
    pub fn seconds(self) -> f64 {
        match self {
            Self::Second => 1.0,
            Self::Minute => 60.0,
            Self::Hour => 3600.0,
        }
    }

    /// The name of its time: `s`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "min",
            Self::Hour => "h",
        }
    }

    /// Converts a rate a minute to this unit.
    pub fn of_minute(self, per_minute: f64) -> f64 {
        per_minute / self.per_minute()
    }

    /// Converts an interval of a rate a minute to this unit.
    pub fn interval(self, Interval { estimate, low, high }: Interval) -> Interval {
        let [estimate, low, high] = [estimate, low, high].map(|rate| self.of_minute(rate));
        Interval { estimate, low, high }
    }

    /// The factor from a rate in this unit to one a minute.
    fn per_minute(self) -> f64 {
        60.0 / self.seconds()
    }

    /// A rate a minute, in words and in this unit: `517/min`, `86.4/s`.
    pub fn words(self, per_minute: f64) -> String {
        let rate = self.of_minute(per_minute);
        let text = format!("{rate:.*}", decimals(rate));
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        format!("{}/{}", grouped(text), self.name())
    }

    /// A rate a minute that is only roughly known, in words with two digits: `10/s` of 10.4.
    pub fn of_two_digits(self, per_minute: f64) -> String {
        let rate = self.of_minute(per_minute);
        let rounded = format!("{rate:.1e}").parse().unwrap_or(rate);
        self.words(rounded * self.per_minute())
    }

    /// A rate with its interval, given a minute: `86.4/s (85.9 to 86.9)`.
    pub fn figure(self, per_minute: Interval) -> String {
        let Interval { estimate, low, high } = self.interval(per_minute);
        let decimals = decimals(estimate);
        let [estimate, low, high] = [estimate, low, high].map(|rate| grouped(&format!("{rate:.decimals$}")));
        format!("{estimate}/{} ({low} to {high})", self.name())
    }
}

/// The number of decimals with which a rate has three digits.
pub fn decimals(rate: f64) -> usize {
    match rate.abs() {
        size if size == 0.0 || size >= 99.95 || !size.is_finite() => 0,
        size => (2.0 - (size * 1.000_5).log10().floor()).clamp(0.0, 9.0) as usize,
    }
}

/// Separates thousands by commas, from ten thousand on.
pub fn grouped(text: &str) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, digits) = if let Some(digits) = whole.strip_prefix('-') { ("-", digits) } else { ("", whole) };
    if digits.len() < 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.into();
    }
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_written_in_its_unit_with_three_digits() {
        let cases = [
            (RateUnit::Minute, 517.4, "517/min"),
            (RateUnit::Minute, 45.26, "45.3/min"),
            (RateUnit::Second, 5184.0, "86.4/s"),
            (RateUnit::Second, 7200.0, "120/s"),
            (RateUnit::Second, 540.0, "9/s"),
            (RateUnit::Second, 5997.3, "100/s"),
            (RateUnit::Second, 1.5, "0.025/s"),
            (RateUnit::Hour, 1.5, "90/h"),
            (RateUnit::Minute, 12_345.6, "12,346/min"),
            (RateUnit::Second, 0.0, "0/s"),
            (RateUnit::Minute, -45.26, "-45.3/min"),
        ];
        for (unit, rate, words) in cases {
            assert_eq!(unit.words(rate), words);
        }
        assert_eq!([624.0, 65.4, 9030.0].map(|rate| RateUnit::Second.of_two_digits(rate)), ["10/s", "1.1/s", "150/s"]);
        let interval = Interval { estimate: 5184.0, low: 5160.0, high: 5208.0 };
        assert_eq!(RateUnit::Second.figure(interval), "86.4/s (86.0 to 86.8)");
        assert_eq!(RateUnit::Minute.figure(interval), "5184/min (5160 to 5208)");
    }
}
