//! How long something takes: a distribution that is fitted to times, in the words of the language.

use crate::import::figure::rounded;
use crate::import::sketch::{Origin, Timing, quoted};
use crate::statistics::fit::{FEWEST, Fit, Form};

/// Seconds below which work is left out: clocks of traces are no better.
const LEAST: f64 = 1e-6;

/// The distribution of these times, which are `what` ("spans"); none where they are too short to matter.
pub(super) fn timing(seconds: &[f64], what: &str) -> Option<Timing> {
    let count = seconds.len();
    let mean = seconds.iter().sum::<f64>() / count.max(1) as f64;
    if count == 0 || mean < LEAST {
        return None;
    }
    // Work that takes no time at all has no logarithm.
    let positive: Vec<f64> = seconds.iter().map(|value| value.max(LEAST / 10.0)).collect();
    let Some(fit) = Fit::of(&positive) else { return Some(few(seconds, mean, what)) };
    let of = format!("{count} {what}");
    let Fit { form, distance, critical, .. } = fit;
    let (toml, word) = match form {
        Form::Constant => (quoted(&duration(fit.mean)), "constant"),
        Form::Exponential => (quoted(&format!("exp({})", duration(fit.mean))), "exponential"),
        Form::Lognormal => (with_cv("lognormal", &fit), "lognormal"),
        Form::Gamma => (with_cv("gamma", &fit), "gamma"),
    };
    let reason = if form == Form::Constant {
        format!("{of}, all within 2 %")
    } else if fit.fits() {
        format!("{of}: {word}, Kolmogorov-Smirnov distance {distance:.4} (rejected at 5 % above {critical:.4})")
    } else {
        let at = |share: f64| duration(quantile(&positive, share));
        format!(
            "{of}: no form fits; {word} is the nearest, Kolmogorov-Smirnov distance {distance:.4} (rejected at 5 % above \
             {critical:.4}); percentiles 5, 50, 95: {}, {}, {}",
            at(0.05),
            at(0.5),
            at(0.95)
        )
    };
    Some(Timing { toml, origin: Origin::measured(reason) })
}

/// The mean of few times.
fn few(seconds: &[f64], mean: f64, what: &str) -> Timing {
    let least = seconds.iter().copied().fold(f64::INFINITY, f64::min).max(LEAST);
    let most = seconds.iter().copied().fold(0.0, f64::max);
    let reason = format!("the mean of {} {what}, too few to fit a distribution ({FEWEST})", seconds.len());
    let mean = duration(mean);
    let (low, high) = (duration(least), duration(most));
    // The mean of equal times may be rounded to either side of them.
    let origin = if low == high { Origin::guess(reason) } else { Origin::assumed(reason, &low, &high) };
    Timing { toml: quoted(&mean), origin }
}

fn with_cv(name: &str, fit: &Fit) -> String {
    format!("{{ {name} = {{ mean = \"{}\", cv = {} }} }}", duration(fit.mean), significant(fit.cv))
}

/// The value below which this share of the times is (nearest rank).
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

/// Seconds as a duration of the language, of four significant digits.
pub(super) fn duration(seconds: f64) -> String {
    // A time that is rounded up may need the next unit.
    let seconds = significant(seconds);
    let (factor, unit) = if seconds < 1e-3 {
        (1e6, "us")
    } else if seconds < 1.0 {
        (1e3, "ms")
    } else {
        (1.0, "s")
    };
    format!("{}{unit}", significant(seconds * factor))
}

/// A number of four significant digits.
pub(super) fn significant(number: f64) -> f64 {
    rounded(number, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_four_digits_and_the_unit_of_their_size() {
        for (seconds, text) in [
            (0.012_345_6, "12.35ms"),
            (2.0, "2s"),
            (0.000_25, "250us"),
            (0.000_999_999_9, "1ms"),
            (1e-7, "0.1us"),
            (123_456.0, "123500s"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn few_times_are_an_assumption_and_none_is_nothing() {
        let few = timing(&[0.001, 0.003], "spans").unwrap();
        assert_eq!(few.toml, "\"2ms\"");
        assert!(matches!(few.origin, Origin::Assumed(_, Some(_))));
        assert!(timing(&[], "spans").is_none() && timing(&[1e-8; 50], "spans").is_none());
        assert!(timing(&[0.0; 3], "spans").is_none());
    }

    #[test]
    fn quantiles_are_nearest_ranks() {
        assert_eq!([0.05, 0.5, 0.95].map(|share| quantile(&[3.0, 1.0, 2.0], share)), [1.0, 2.0, 3.0]);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
