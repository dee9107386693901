//! Quantities as written: durations, cores, rates.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, Unexpected, Visitor};

use crate::model::RateUnit;

/// A duration as written: `"250us"`, `"5ms"`, `"1.5s"`, `"2m"` or `"2min"`, `"1h"`, `"1d"`; held in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(
    /// Nanoseconds.
    pub u64,
);

/// Units of time with their length in nanoseconds.
pub(crate) const UNITS: [(&str, f64); 9] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("min", 60e9),
    ("h", 3600e9),
    ("d", 86_400e9),
];

/// The longest duration that a model may name: a hundred years would overflow nothing, but no test lasts longer.
const LONGEST: f64 = 10.0 * 365.25 * 86400e9;

const DURATION_FORMS: &str = "a duration with its unit, such as \"250us\", \"5ms\", \"1.5s\", \"2m\" or \"1h\"";

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number_ends =
            text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
        let (number, unit) = text.split_at(number_ends);
        let unit = unit.trim();
        let value: f64 = number.parse().map_err(|_| format!("`{text}` is not a duration; write {DURATION_FORMS}"))?;
        let Some(&(_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(if unit.is_empty() {
                format!("`{text}` has no unit; write for instance \"{text}s\" or \"{text}ms\"")
            } else {
                format!("`{unit}` is not a unit of time; use ns, us, ms, s, m (or min), h or d")
            });
        };
        if value < 0.0 {
            return Err(format!("`{text}` is negative"));
        }
        let nanoseconds = value * scale;
        if nanoseconds > LONGEST {
            return Err(format!("`{text}` is longer than ten years"));
        }
        Ok(Self(nanoseconds.round() as u64))
    }
}

/// CPU cores as Kubernetes writes them: `"500m"`, `"2"`, or a plain number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cores(
    /// Cores.
    pub f64,
);

const CORES_FORMS: &str = "a number, such as \"500m\", \"2\" or 1.5";

impl FromStr for Cores {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a number of cores; write {CORES_FORMS}");
        let cores = match text.trim().strip_suffix('m') {
            Some(thousandths) => thousandths.parse::<f64>().map_err(|_| bad())? / 1000.0,
            None => text.trim().parse::<f64>().map_err(|_| bad())?,
        };
        Self::checked(cores)
    }
}

impl Cores {
    fn checked(cores: f64) -> Result<Self, String> {
        if cores.is_finite() && (0.001..=100_000.0).contains(&cores) {
            Ok(Self(cores))
        } else {
            Err(format!("{cores} cores is out of range; write between \"1m\" and 100000 cores"))
        }
    }
}

/// An amount of memory as written: `"512MiB"`, `"512Mi"`, `"1GiB"`, `"200MB"`; held in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(
    /// Bytes.
    pub u64,
);

/// Units of memory with their size in bytes; those without `i` are decimal, as in Kubernetes.
pub(crate) const BYTE_UNITS: [(&str, f64); 16] = [
    ("B", 1.0),
    ("k", 1e3),
    ("kB", 1e3),
    ("KB", 1e3),
    ("M", 1e6),
    ("MB", 1e6),
    ("G", 1e9),
    ("GB", 1e9),
    ("Ki", 1024.0),
    ("KiB", 1024.0),
    ("Mi", 1_048_576.0),
    ("MiB", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("GiB", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("TiB", 1_099_511_627_776.0),
];

/// A mebibyte.
pub(crate) const MIB: f64 = 1_048_576.0;

/// The most memory that a model may name.
const MOST_BYTES: f64 = 4.0 * 1_099_511_627_776.0;

const BYTES_FORMS: &str = "an amount of memory with its unit, such as \"64KiB\", \"512MiB\" or \"2GiB\"";

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number_ends =
            text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
        let (number, unit) = text.split_at(number_ends);
        let unit = unit.trim();
        let value: f64 = number.parse().map_err(|_| format!("`{text}` is no amount of memory; write {BYTES_FORMS}"))?;
        let Some(&(_, scale)) = BYTE_UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(match unit {
                "" => format!("`{text}` has no unit; write for instance \"{text}MiB\""),
                "m" | "g" => {
                    let right = unit.to_uppercase();
                    format!("`{unit}` is not a unit of memory here; `-Xmx{text}` of a JVM is \"{number}{right}iB\"")
                }
                _ => format!("`{unit}` is not a unit of memory; use B, KiB, MiB, GiB (or Ki, Mi, Gi), kB, MB or GB"),
            });
        };
        if value < 0.0 {
            return Err(format!("`{text}` is negative"));
        }
        let bytes = value * scale;
        if bytes > MOST_BYTES {
            return Err(format!("`{text}` is more than 4 TiB"));
        }
        Ok(Self(bytes.round() as u64))
    }
}

/// A rate as written: `"9/s"`, `"540/min"`, `"3600/h"`; held in arrivals per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(
    /// Per second.
    pub f64,
    /// As it is written.
    pub RateUnit,
);

const RATE_FORMS: &str = "a rate, such as \"9/s\", \"540/min\" or \"3600/h\"";

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a rate; write {RATE_FORMS}");
        let (number, unit) = text.split_once('/').ok_or_else(bad)?;
        let number: f64 = number.trim().parse().map_err(|_| bad())?;
        let unit = match unit.trim() {
            "s" => RateUnit::Second,
            "m" | "min" => RateUnit::Minute,
            "h" => RateUnit::Hour,
            _ => return Err(bad()),
        };
        let rate = number / unit.seconds();
        if rate.is_finite() && rate > 0.0 && rate <= 1e8 {
            Ok(Self(rate, unit))
        } else {
            Err(format!("the rate `{text}` must be above 0 and at most 100 million a second"))
        }
    }
}

/// A rate that may be zero: `"0/s"`, `"9/s"`; held in arrivals per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateOrZero(
    /// Per second.
    pub f64,
    /// As it is written; none of zero.
    pub Option<RateUnit>,
);

impl FromStr for RateOrZero {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_zero = text.split_once('/').is_some_and(|(number, unit)| {
            number.trim().parse() == Ok(0.0) && matches!(unit.trim(), "s" | "m" | "min" | "h")
        });
        if is_zero { Ok(Self(0.0, None)) } else { text.parse::<Rate>().map(|rate| Self(rate.0, Some(rate.1))) }
    }
}

/// A share as written: `"2%"` or 0.02; held as a number between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(
    /// 0.02 for 2 %.
    pub f64,
);

const SHARE_FORMS: &str = "a share, such as \"2%\" or 0.02";

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a share; write {SHARE_FORMS}");
        let number = text.trim().strip_suffix('%').ok_or_else(bad)?;
        Self::checked(number.trim().parse::<f64>().map_err(|_| bad())? / 100.0)
    }
}

impl Share {
    fn checked(share: f64) -> Result<Self, String> {
        if share > 0.0 && share < 1.0 {
            Ok(Self(share))
        } else {
            Err(format!("{} % is out of range; a share is above 0 and below 100 %", share * 100.0))
        }
    }
}

/// A number that is a share of something, as written: 0.05 or `"5%"`. It may be 0, and beyond 1 where its place allows
/// that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fraction(
    /// 0.05 for 5 %.
    pub f64,
);

const FRACTION_FORMS: &str = "a number or a percentage, such as 0.05 or \"5%\"";

impl FromStr for Fraction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        match (text.trim().strip_suffix('%').and_then(number), number(text)) {
            (Some(percent), _) => Ok(Self(percent / 100.0)),
            (None, Some(_)) => Err(format!("`{text}` is a number in quotes; leave out the quotes: {}", text.trim())),
            (None, None) => Err(format!("`{text}` is neither a number nor a percentage; write 0.05 or \"5%\"")),
        }
    }
}

/// Reads a [`Fraction`] as a plain number.
pub(super) fn fraction<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Fraction::deserialize(deserializer).map(|fraction| fraction.0)
}

/// Reads a [`Fraction`] that may be left out.
pub(super) fn optional_fraction<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    fraction(deserializer).map(Some)
}

/// A warm-up as written: a duration, or `"auto"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// To be found by pilot runs.
    Auto,
    /// So long.
    For(Duration),
}

const WARM_UP_FORMS: &str = "a duration with its unit, such as \"30s\", or \"auto\"";

impl FromStr for WarmUp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::For) }
    }
}

/// Deserializes and describes a quantity that is written as a string (and, for some, as a bare number).
macro_rules! quantity {
    ($type:ident, $forms:expr, $schema:tt, |$number:ident| $bare:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Written;
                impl Visitor<'_> for Written {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                        f.write_str($forms)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                    fn visit_i64<E: de::Error>(self, value: i64) -> Result<$type, E> {
                        self.visit_f64(value as f64)
                    }
                    fn visit_f64<E: de::Error>(self, $number: f64) -> Result<$type, E> {
                        let bare: Option<Result<$type, String>> = $bare;
                        match bare {
                            Some(value) => value.map_err(E::custom),
                            None => Err(E::invalid_value(Unexpected::Float($number), &self)),
                        }
                    }
                }
                deserializer.deserialize_any(Written)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

quantity!(
    Duration,
    DURATION_FORMS,
    { "type": "string", "description": "A duration with its unit: \"250us\", \"5ms\", \"1.5s\", \"2m\", \"1h\".",
      "pattern": "^([0-9.]+ ?(ns|us|µs|ms|s|m|min|h|d)|\\$.+)$" },
    |_number| None
);
quantity!(
    Cores,
    CORES_FORMS,
    { "type": ["string", "number"], "description": "CPU cores: \"500m\", \"2\" or 1.5." },
    |number| Some(Cores::checked(number))
);
quantity!(
    Bytes,
    BYTES_FORMS,
    { "type": "string", "description": "An amount of memory with its unit: \"64KiB\", \"512MiB\" (or \"512Mi\"), \"2GiB\", \"200MB\".",
      "pattern": "^([0-9.]+ ?(B|k|kB|KB|M|MB|G|GB|Ki|KiB|Mi|MiB|Gi|GiB|Ti|TiB)|\\$.+)$" },
    |_number| None
);
quantity!(
    Rate,
    RATE_FORMS,
    { "type": "string", "description": "A rate: \"9/s\", \"540/min\", \"3600/h\".", "pattern": "^([0-9.]+ ?/ ?(s|m|min|h)|\\$.+)$" },
    |_number| None
);
quantity!(
    RateOrZero,
    RATE_FORMS,
    { "type": "string", "description": "A rate, or none: \"9/s\", \"540/min\", \"0/s\".", "pattern": "^([0-9.]+ ?/ ?(s|m|min|h)|\\$.+)$" },
    |_number| None
);

quantity!(
    Share,
    SHARE_FORMS,
    { "type": ["string", "number"], "description": "A share: \"2%\" or 0.02." },
    |number| Some(Share::checked(number))
);

quantity!(
    Fraction,
    FRACTION_FORMS,
    { "type": ["number", "string"], "description": "A number or a percentage: 0.05 or \"5%\"." },
    |number| Some(Ok(Fraction(number)))
);

quantity!(
    WarmUp,
    WARM_UP_FORMS,
    { "type": "string", "description": "A duration with its unit, or \"auto\".", "pattern": "^(auto|[0-9.]+ ?(ns|us|µs|ms|s|m|min|h|d)|\\$.+)$" },
    |_number| None
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_their_unit() {
        for (text, nanoseconds) in [
            ("250us", 250_000),
            ("5ms", 5_000_000),
            ("1.5s", 1_500_000_000),
            ("2m", 120_000_000_000),
            ("5min", 300_000_000_000),
            ("1d", 86_400_000_000_000),
            ("0s", 0),
        ] {
            assert_eq!(text.parse(), Ok(Duration(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn a_duration_without_unit_or_with_a_wrong_one_says_what_is_right() {
        assert!("5".parse::<Duration>().unwrap_err().contains("no unit"));
        assert!("5 sec".parse::<Duration>().unwrap_err().contains("`sec` is not a unit"));
        assert!("-5ms".parse::<Duration>().unwrap_err().contains("negative"));
        assert!("1e99s".parse::<Duration>().is_err());
        assert!("99999999h".parse::<Duration>().unwrap_err().contains("ten years"));
    }

    #[test]
    fn cores_and_rates() {
        assert_eq!("500m".parse(), Ok(Cores(0.5)));
        assert_eq!("2".parse(), Ok(Cores(2.0)));
        assert!("0".parse::<Cores>().is_err());
        assert_eq!("540/min".parse(), Ok(Rate(9.0, RateUnit::Minute)));
        assert!("0/s".parse::<Rate>().is_err());
        assert_eq!(
            ("0/s".parse(), "60/min".parse()),
            (Ok(RateOrZero(0.0, None)), Ok(RateOrZero(1.0, Some(RateUnit::Minute))))
        );
        assert!("-1/s".parse::<RateOrZero>().is_err());
        assert!("9".parse::<Rate>().is_err());
    }

    #[test]
    fn memory_is_read_in_its_unit() {
        for (text, bytes) in [("64KiB", 65_536), ("512Mi", 536_870_912), ("1.5 GB", 1_500_000_000), ("0B", 0)] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for (text, says) in [
            ("512", "write for instance \"512MiB\""),
            ("512m", "`-Xmx512m` of a JVM is \"512MiB\""),
            ("5TiB", "more than 4 TiB"),
            ("-1B", "negative"),
            ("5 mb", "use B, KiB"),
        ] {
            assert!(text.parse::<Bytes>().unwrap_err().contains(says), "{text}");
        }
    }

    #[test]
    fn fractions_are_numbers_or_percentages() {
        for (text, number) in [("5%", 0.05), (" 5 % ", 0.05), ("0%", 0.0), ("250%", 2.5), ("-1%", -0.01)] {
            assert_eq!(text.parse(), Ok(Fraction(number)), "{text}");
        }
        assert!("0.05".parse::<Fraction>().unwrap_err().ends_with("leave out the quotes: 0.05"));
        for wrong in ["", "%", "5 percent", "inf%", "5s"] {
            assert!(wrong.parse::<Fraction>().unwrap_err().ends_with("write 0.05 or \"5%\""), "{wrong}");
        }
    }

    #[test]
    fn shares_are_between_nothing_and_all() {
        assert_eq!("2%".parse(), Ok(Share(0.02)));
        assert_eq!(" 0.5 % ".parse(), Ok(Share(0.005)));
        assert_eq!(("auto".parse(), "2s".parse()), (Ok(WarmUp::Auto), Ok(WarmUp::For(Duration(2_000_000_000)))));
        assert!("automatic".parse::<WarmUp>().is_err());
        for wrong in ["2", "0%", "100%", "-1%", "x%"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }
}
