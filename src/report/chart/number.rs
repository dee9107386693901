//! Writes numbers as short as they can be read.

/// How the numbers of one axis are written: all with the same suffix and as many decimals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Numerals {
    unit: f64,
    suffix: &'static str,
    decimals: usize,
    powers: bool,
}

impl Numerals {
    /// The way to write numbers as large as `largest` that are `step` apart.
    pub(super) fn new(largest: f64, step: f64) -> Self {
        let (unit, suffix) = match largest.abs() {
            size if size >= 1e12 => (1e12, "T"),
            size if size >= 1e9 => (1e9, "G"),
            size if size >= 1e6 => (1e6, "M"),
            _ => (1.0, ""),
        };
        let step = step.abs() / unit;
        Self {
            unit,
            suffix,
            decimals: (0..6)
                .find(|&places| {
                    let scaled = step * 10f64.powi(places);
                    (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0) && scaled >= 0.999
                })
                .unwrap_or(6) as usize,
            powers: !(1e-5..1e16).contains(&largest.abs()) && largest != 0.0,
        }
    }

    /// `value` as words.
    pub(super) fn write(self, value: f64) -> String {
        if value == 0.0 {
            return "0".to_owned();
        }
        if self.powers {
            return signed(&format!("{value:.2e}"));
        }
        let text = format!("{:.*}", self.decimals, value / self.unit);
        format!("{}{}", signed(&grouped(&text)), self.suffix)
    }
}

/// `value` alone, to about three digits.
pub(super) fn alone(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !(1e-4..1e15).contains(&size) {
        return Numerals::new(value, 1.0).write(value);
    }
    let digits = size.log10().floor() as i32;
    let finest = if size < 1e6 { (digits - 2).min(0) } else { digits - 2 };
    let is_whole = |&power: &i32| {
        let scaled = value * 10f64.powi(-power);
        (scaled - scaled.round()).abs() < 1e-6 * scaled.abs()
    };
    // The coarsest step that still writes the value as it is, or the finest there is room for.
    let coarsest = if size < 1e6 { 0 } else { digits };
    let power = (finest..=coarsest).rev().find(is_whole).unwrap_or(finest);
    Numerals::new(value, 10f64.powi(power)).write(value)
}

/// With a real minus sign.
fn signed(text: &str) -> String {
    text.replacen('-', "−", 1)
}

/// With commas between thousands.
fn grouped(text: &str) -> String {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = sign.to_owned();
    for (place, digit) in whole.char_indices() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::{Numerals, alone};

    #[test]
    fn an_axis_is_written_in_one_way() {
        let write = |largest: f64, step: f64, value: f64| Numerals::new(largest, step).write(value);
        assert_eq!(write(1250.0, 250.0, 1250.0), "1,250");
        assert_eq!(write(1.0, 0.2, 0.4), "0.4");
        assert_eq!(write(1.0, 0.25, 0.5), "0.50");
        assert_eq!(write(3e6, 5e5, 2e6), "2.0M");
        assert_eq!(write(2e8, 5e7, 5e7), "50M");
        assert_eq!(write(100.0, 20.0, -20.0), "−20");
        assert_eq!(write(1e30, 2e29, 1e30), "1.00e30");
        assert_eq!(write(1e-9, 2e-10, 0.0), "0");
    }

    #[test]
    fn a_number_alone_has_about_three_digits() {
        let cases = [
            (0.5, "0.5"),
            (0.05, "0.05"),
            (1.0, "1"),
            (1000.0, "1,000"),
            (-203.4, "−203"),
            (61.27, "61.3"),
            (6.127, "6.13"),
            (0.0123, "0.0123"),
            (1_234_567.0, "1.23M"),
            (2e9, "2G"),
            (0.0, "0"),
        ];
        for (value, text) in cases {
            assert_eq!(alone(value), text);
        }
    }
}
