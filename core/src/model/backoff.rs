//! The time between a failure and the next attempt.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::Time;

/// How long to wait between attempts: exponential back-off with jitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// Wait before the second attempt.
    pub first: Time,
    /// Growth of the wait with each further attempt.
    pub factor: f64,
    /// The longest wait.
    pub longest: Time,
    /// How a wait is spread.
    pub jitter: Jitter,
}

impl Backoff {
    /// The wait after this many failures (at least one), with a uniform number from 0 to 1 for the jitter.
    pub fn wait(&self, failures: u32, u: f64) -> Time {
        if self.first == Time::ZERO {
            return Time::ZERO;
        }
        let grown = self.first.0 as f64 * libm::pow(self.factor, f64::from(failures.saturating_sub(1)));
        let wait = grown.min(self.longest.0 as f64);
        let spread = match self.jitter {
            Jitter::None => wait,
            Jitter::Full => wait * u,
            Jitter::Equal => wait / 2.0 + wait / 2.0 * u,
        };
        Time(spread.round() as u64)
    }
}

/// How a wait `w` before the next attempt is spread (Brooker 2015, "Exponential Backoff And Jitter", AWS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Jitter {
    /// Exactly `w`.
    #[default]
    None,
    /// Anything from 0 to `w`.
    Full,
    /// Half of `w`, and anything up to the other half.
    Equal,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff(jitter: Jitter) -> Backoff {
        Backoff { first: Time(100), factor: 2.0, longest: Time(500), jitter }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<u64> = (1..=5).map(|failures| backoff(Jitter::None).wait(failures, 0.3).0).collect();
        assert_eq!(waits, [100, 200, 400, 500, 500]);
    }

    #[test]
    fn jitter_spreads_from_zero_or_from_half() {
        assert_eq!((backoff(Jitter::Full).wait(2, 0.0), backoff(Jitter::Full).wait(2, 0.75)), (Time(0), Time(150)));
        assert_eq!((backoff(Jitter::Equal).wait(2, 0.0), backoff(Jitter::Equal).wait(2, 0.75)), (Time(100), Time(175)));
    }

    #[test]
    fn no_wait_stays_none_however_it_grows() {
        let none = Backoff { first: Time::ZERO, factor: 1000.0, ..backoff(Jitter::None) };
        assert_eq!(none.wait(1000, 0.5), Time::ZERO);
    }
}
