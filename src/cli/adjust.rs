//! Options that change what is run, and how values of options are read.

use std::num::NonZeroUsize;
use std::thread;

use clap::Args;

use crate::experiment::plan::Adjustments;
use crate::language::bound::in_unit_of;
use crate::language::{Fraction, Metric, Objective};

/// What the command line changes about an experiment or a model.
#[derive(Clone, Debug, Default, Args)]
pub struct Adjust {
    /// Set a value of the model or the load in every variant (repeatable). Setting an axis's path pins that axis to
    /// this value
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,

    /// Seed of every random stream [default: the experiment's]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Independent replications of each point [default: the experiment's, or 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    replications: Option<u32>,
}

impl From<&Adjust> for Adjustments {
    fn from(adjust: &Adjust) -> Self {
        Self { set: adjust.set.clone(), seed: adjust.seed, replications: adjust.replications }
    }
}

/// How it is run.
#[derive(Clone, Debug, Args)]
pub struct Effort {
    /// Threads that run trials [default: one per core]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,

    /// Show no progress bar, and print only warnings and errors to stderr
    #[arg(long, short)]
    pub(super) quiet: bool,
}

impl Effort {
    /// A thread for each core.
    pub(super) fn of_all_cores(quiet: bool) -> Self {
        Self { threads: None, quiet }
    }

    /// The number of threads.
    pub(super) fn threads(&self) -> usize {
        threads(self.threads)
    }
}

/// The number of threads that is asked for, or one per core.
pub(super) fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| thread::available_parallelism().map_or(1, NonZeroUsize::get), usize::from)
}

/// Splits `path=value`.
pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().into(), value.trim().into())),
        _ => Err(format!("`{text}` is not of the form name=value")),
    }
}

/// Reads `0.5` or `50%`.
pub(super) fn fraction(text: &str) -> Result<f64, String> {
    let plain = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    plain.map_or_else(|| text.parse::<Fraction>().map(|fraction| fraction.0), Ok)
}

/// Reads `success_rate>=0.99`.
pub(super) fn objective(text: &str) -> Result<Objective, String> {
    let parts = text.split_once(">=").map(|parts| (true, parts)).or(text.split_once("<=").map(|parts| (false, parts)));
    let Some((at_least, (name, value))) = parts else {
        return Err(format!("`{text}` is not an objective; write METRIC>=VALUE or METRIC<=VALUE, such as 'p95_s<=2'"));
    };
    let metric = metric(name)?;
    let value = in_unit_of(metric, value.trim())?;
    Ok(if at_least { Objective::AtLeast { metric, value } } else { Objective::AtMost { metric, value } })
}

/// Reads the name of a metric.
pub(super) fn metric(name: &str) -> Result<Metric, String> {
    let name = name.trim();
    let metric: Result<Metric, _> = toml::Value::String(name.into()).try_into();
    metric.map_err(|_| format!("there is no metric `{name}`; `sim reference` lists them"))
}

/// Reads a factor above 1.
pub(super) fn factor(text: &str) -> Result<f64, String> {
    let known = text.trim().parse::<f64>().ok().filter(|factor| *factor > 1.0 && *factor <= 1000.0);
    known.ok_or_else(|| format!("`{text}` is no factor; it must be a number above 1, at most 1000"))
}

#[cfg(test)]
mod tests {
    use super::{assignment, factor, fraction, objective};
    use crate::language::{Metric, Objective};

    #[test]
    fn a_factor_enlarges() {
        assert_eq!(factor("1.5"), Ok(1.5));
        for wrong in ["1", "0.5", "-2", "inf", "nan", "x", "1e9"] {
            assert!(factor(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bounds_are_read_with_their_side() {
        assert_eq!(objective("p95_s <= 2"), Ok(Objective::AtMost { metric: Metric::P95S, value: 2.0 }));
        assert_eq!(
            objective("success_rate>=0.99"),
            Ok(Objective::AtLeast { metric: Metric::SuccessRate, value: 0.99 })
        );
        assert!(objective("p95_s=2").is_err());
        assert!(objective("p96_s<=2").unwrap_err().contains("no metric `p96_s`"));
        assert_eq!(objective("p95_s<=250ms"), Ok(Objective::AtMost { metric: Metric::P95S, value: 0.25 }));
        assert_eq!(objective("success_rate>=99%"), objective("success_rate>=0.99"));
        assert!(objective("p95_s<=2%").unwrap_err().contains("2 or \"250ms\""));
    }

    #[test]
    fn fractions_may_be_percentages() {
        assert_eq!((fraction("0.5"), fraction("50%"), fraction("50 %")), (Ok(0.5), Ok(0.5), Ok(0.5)));
        assert!(fraction("half").unwrap_err().contains("write 0.05 or \"5%\""));
    }

    #[test]
    fn assignments_are_split_at_the_first_sign() {
        assert_eq!(assignment("a.b = x=y"), Ok(("a.b".into(), "x=y".into())));
        assert!(assignment("a.b").is_err());
        assert!(assignment("=1").is_err());
    }
}
