//! Options that change what is run.

use std::num::NonZeroUsize;
use std::thread;

use clap::Args;

use crate::experiment::plan::Adjustments;
use crate::language::Fraction;

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

#[cfg(test)]
mod tests {
    use super::{assignment, fraction};

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
