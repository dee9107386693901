//! What tools print for people: numbers with a unit, rounded, in lines that begin with a name.

use super::text::Text;
use crate::language::Mistake;

/// Units of time, and how many seconds one is.
const UNITS: [(&str, f64); 8] =
    [("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("secs", 1.0), ("sec", 1.0), ("m", 60.0), ("h", 3600.0)];

/// A number and by how much it is rounded at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Printed {
    pub value: f64,
    pub rounding: f64,
}

/// A number without a unit: half of its last digit is its rounding.
pub(super) fn number(text: &str) -> Option<Printed> {
    let text = text.trim();
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0)?;
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len()) as i32;
    Some(Printed { value, rounding: 0.5 * 10f64.powi(-decimals) })
}

/// A time with its unit, in seconds: `50.11ms`, `1.0685 secs`.
pub(super) fn time(text: &str) -> Option<Printed> {
    let text = text.trim();
    let end = text.find(|sign: char| !(sign.is_ascii_digit() || sign == '.')).unwrap_or(text.len());
    let (amount, unit) = text.split_at(end);
    let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    let Printed { value, rounding } = number(amount)?;
    Some(Printed { value: value * scale, rounding: rounding * scale })
}

/// What follows a name at the start of a line.
pub(super) fn after<'a>(text: &'a Text, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim_start().strip_prefix(name))
}

/// The mistake of a tool's output that has no such line.
pub(super) fn lacks(text: &Text, tool: &str, line: &str) -> Mistake {
    text.whole(format!("{tool}'s output has no line `{line}`"))
        .help(format!("the test may have been interrupted; run it again and keep all that {tool} prints"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_unit_and_their_rounding() {
        let read =
            |text: &str| time(text).map(|printed| ((printed.value * 1e9).round(), (printed.rounding * 1e9).round()));
        assert_eq!(read("50.11ms"), Some((50_110_000.0, 5_000.0)));
        assert_eq!(read("812.00us"), Some((812_000.0, 5.0)));
        assert_eq!(read("1.5m"), Some((90e9, 3e9)));
        assert_eq!(read("1.0685 secs"), Some((1_068_500_000.0, 50_000.0)));
        assert_eq!((read("12"), read("ms"), read("-1ms"), read("1.5 parsecs")), (None, None, None, None));
    }
}
