//! Numbers in JSON. JSON has no word for what is not finite; a number that may be infinite is written as one, or in a
//! word, and read back bit for bit (use with `#[serde(with = "wire")]`).

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// A number, also one that is not finite.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            finite if finite.is_finite() => serializer.serialize_f64(finite),
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            _ => serializer.serialize_str("nan"),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number, \"inf\", \"-inf\" or \"nan\"")
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
                Ok(Number(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                match text {
                    "inf" => Ok(Number(f64::INFINITY)),
                    "-inf" => Ok(Number(f64::NEG_INFINITY)),
                    "nan" => Ok(Number(f64::NAN)),
                    _ => Err(E::custom(format!("`{text}` is no number"))),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A number, or an optional one, as JSON has it.
pub trait Wired: Copy {
    /// What is written.
    type Form: Serialize + for<'de> Deserialize<'de>;

    /// The form of this.
    fn form(self) -> Self::Form;

    /// What a form says.
    fn of(form: Self::Form) -> Self;
}

impl Wired for f64 {
    type Form = Number;

    fn form(self) -> Number {
        Number(self)
    }

    fn of(form: Number) -> Self {
        form.0
    }
}

impl Wired for Option<f64> {
    type Form = Option<Number>;

    fn form(self) -> Option<Number> {
        self.map(Number)
    }

    fn of(form: Option<Number>) -> Self {
        form.map(|number| number.0)
    }
}

/// Writes a number.
pub fn serialize<T: Wired, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.form().serialize(serializer)
}

/// Reads a number.
pub fn deserialize<'de, T: Wired, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::Form::deserialize(deserializer).map(T::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_bit_for_bit() {
        let numbers = [0.0, -0.0, 0.1 + 0.2, 1e-310, 5e-324, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, 3.0, 1e300];
        for number in numbers {
            let text = serde_json::to_string(&Number(number)).unwrap();
            let back: Number = serde_json::from_str(&text).unwrap();
            assert_eq!(back.0.to_bits(), number.to_bits(), "{text}");
        }
        assert!(serde_json::from_str::<Number>("\"nan\"").unwrap().0.is_nan());
        assert!(serde_json::from_str::<Number>("\"x\"").is_err());
    }
}
