//! Why a model has no answer.

use std::fmt;

/// Most states, customers or servers a model is computed for: enough for any
/// simulated system, and few enough to fit in memory.
pub(super) const MOST: usize = 1 << 24;

/// A model asked for outside its domain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Error {
    /// Work arrives as fast as, or faster than, the servers can do it: there is
    /// no steady state, the queue grows without limit.
    Unstable {
        /// Offered work over capacity, at least 1.
        utilisation: f64,
    },
    /// A parameter makes no sense.
    Invalid {
        /// The parameter's name in the function's signature.
        parameter: &'static str,
        /// The value given.
        value: f64,
        /// What it has to be.
        expected: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unstable { utilisation } => {
                write!(f, "no steady state: the offered work is {utilisation} of the capacity")
            }
            Self::Invalid { parameter, value, expected } => write!(f, "{parameter} is {value} but must be {expected}"),
        }
    }
}

impl std::error::Error for Error {}

/// A time or rate that must be positive.
pub(super) fn positive(parameter: &'static str, value: f64) -> Result<f64, Error> {
    if (1e-100..=1e100).contains(&value) {
        return Ok(value);
    }
    Err(Error::Invalid { parameter, value, expected: "positive, from 1e-100 to 1e100" })
}

/// A time or ratio that may be zero.
pub(super) fn zero_or_positive(parameter: &'static str, value: f64) -> Result<f64, Error> {
    if value == 0.0 || (1e-100..=1e100).contains(&value) {
        return Ok(value);
    }
    Err(Error::Invalid { parameter, value, expected: "zero, or positive from 1e-100 to 1e100" })
}

/// A number of servers, customers or places, from `least` (0 or 1) on.
pub(super) fn count(parameter: &'static str, value: usize, least: usize) -> Result<f64, Error> {
    if (least..=MOST).contains(&value) {
        return Ok(value as f64);
    }
    Err(Error::Invalid {
        parameter,
        value: value as f64,
        expected: if least == 0 { "at most 2^24" } else { "from 1 to 2^24" },
    })
}

/// A probability from 0 up to, and without, 1.
pub(super) fn below_one(parameter: &'static str, value: f64) -> Result<f64, Error> {
    if (0.0..1.0).contains(&value) {
        return Ok(value);
    }
    Err(Error::Invalid { parameter, value, expected: "at least 0 and less than 1" })
}

/// A utilisation with a steady state.
pub(super) fn stable(utilisation: f64) -> Result<f64, Error> {
    if utilisation < 1.0 { Ok(utilisation) } else { Err(Error::Unstable { utilisation }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_numbers_are_named() {
        for value in [0.0, -1.0, 1e101, 1e-101, f64::NAN, f64::INFINITY] {
            assert!(positive("rate", value).is_err());
        }
        for value in [-1.0, 1e101, 1e-101, f64::NAN, f64::INFINITY] {
            assert!(zero_or_positive("think_time", value).is_err());
        }
        for value in [-0.1, 1.0, f64::NAN] {
            assert!(below_one("q", value).is_err());
        }
        assert!(count("servers", 0, 1).is_err() && count("servers", MOST + 1, 0).is_err());
        assert_eq!(count("waiting", 0, 0), Ok(0.0));
        assert_eq!(zero_or_positive("think_time", 0.0), Ok(0.0));
        assert_eq!(
            positive("arrival_rate", -1.0).unwrap_err().to_string(),
            "arrival_rate is -1 but must be positive, from 1e-100 to 1e100"
        );
    }

    #[test]
    fn saturation_is_unstable() {
        assert_eq!(stable(0.999), Ok(0.999));
        for utilisation in [1.0, 2.0] {
            let error = stable(utilisation).unwrap_err();
            assert_eq!(error, Error::Unstable { utilisation });
        }
        assert!(stable(1.5).unwrap_err().to_string().contains("1.5"));
    }
}
