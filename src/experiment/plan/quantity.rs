//! Numbers with the unit in which they are written: the ends and steps of ranges.

use crate::language::check::check;
use crate::language::form::{Form, Quantity};
use crate::language::tree::{NodeKind, Tree};
use crate::language::units::{BYTE_UNITS, Fraction, MIB, UNITS};
use crate::language::{Bytes, Cores, Duration, Mistake, Mistakes, Rate, RateOrZero};

/// How a number is written: `80` in `"80/s"` is followed by `/s` and worth one a second each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Notation {
    after: String,
    /// Of one of it the seconds, the cores, the MiB, the arrivals a second; 1 of a plain number.
    worth: f64,
    /// Whether it is written as a string.
    quoted: bool,
}

impl Notation {
    pub const PLAIN: Self = Self { after: String::new(), worth: 1.0, quoted: false };

    /// What one of it is worth: of a minute 60 s.
    pub fn worth(&self) -> f64 {
        self.worth
    }

    /// A number of this worth, written.
    pub fn write(&self, number: f64) -> NodeKind {
        let number = rounded(number / self.worth);
        if self.quoted { NodeKind::Text(format!("{number}{}", self.after)) } else { NodeKind::Float(number) }
    }
}

/// The number that a value of this form is, and how it is written: in seconds, cores, MiB or arrivals a second where it has
/// a unit. What cannot be the value of this form, such as a rate without its unit, is a mistake, and so is a value that
/// is no number.
pub(super) fn read(value: &Tree, form: &Form) -> Result<(f64, Notation), Mistakes> {
    check(value, form).into_result()?;
    number(value, form)
        .map(|number| (number, notation(value, form)))
        .ok_or_else(|| value.place.mark_value(Mistake::new(format!("{} is not a number", value.written())), "").into())
}

/// A value as a number, by what stands at its path.
pub(super) fn number(value: &Tree, form: &Form) -> Option<f64> {
    match form.as_written(Some(value)) {
        Form::Quantity(Quantity::Cores) => value.read::<Cores>().ok().map(|cores| cores.0),
        Form::Quantity(Quantity::Bytes) => value.read::<Bytes>().ok().map(|bytes| bytes.0 as f64 / MIB),
        Form::Quantity(Quantity::Rate) => value.read::<Rate>().ok().map(|rate| rate.0),
        Form::Quantity(Quantity::Fraction) => value.read::<Fraction>().ok().map(|share| share.0),
        Form::Quantity(Quantity::RateOrZero) => value.read::<RateOrZero>().ok().map(|rate| rate.0),
        Form::Quantity(Quantity::Duration | Quantity::WarmUp) | Form::Distribution(_) => {
            value.read::<Duration>().ok().map(|duration| duration.0 as f64 / 1e9)
        }
        _ => value.number().filter(|number| number.is_finite()),
    }
}

fn notation(value: &Tree, form: &Form) -> Notation {
    let NodeKind::Text(text) = &value.kind else { return Notation::PLAIN };
    let text = text.trim();
    let split = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e'))).unwrap_or(text.len());
    let after = text[split..].to_owned();
    let unit = after.trim();
    let worth = match form.resolve() {
        Form::Quantity(Quantity::Cores) => {
            if unit == "m" {
                1e-3
            } else {
                1.0
            }
        }
        Form::Quantity(Quantity::Bytes) => {
            BYTE_UNITS.iter().find(|(name, _)| *name == unit).map_or(1.0, |(_, bytes)| bytes / MIB)
        }
        Form::Quantity(Quantity::Fraction) => 0.01,
        Form::Quantity(Quantity::Rate | Quantity::RateOrZero) => match unit.trim_start_matches('/').trim() {
            "m" | "min" => 1.0 / 60.0,
            "h" => 1.0 / 3600.0,
            _ => 1.0,
        },
        _ => UNITS.iter().find(|(name, _)| *name == unit).map_or(1.0, |(_, nanoseconds)| nanoseconds / 1e9),
    };
    Notation { after, worth, quoted: true }
}

/// Without the last digits, in which sums such as 0.1 + 0.2 go wrong.
pub(super) fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    format!("{value:.11e}").parse().unwrap_or(value)
}
