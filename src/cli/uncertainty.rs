//! What is not known of a calibrated model's parameters, as it is given to commands: draws of a posterior.

use std::path::{Path, PathBuf};

use clap::Args;

use super::adjust::Effort;
use super::exit::{Exit, ExitFailure};
use super::journals::{Keeping, kept};
use super::page::Page;
use super::simulate::pursue;
use crate::calibrate::Posterior;
use crate::calibrate::propagation::{Propagation, propagate};
use crate::experiment::plan::{Adjustments, Plan, Workbench};
use crate::experiment::run::record::Record;
use crate::import::Text;

/// Which draws to predict with.
#[derive(Clone, Debug, Default, Args)]
pub struct Uncertainty {
    /// Predict with draws of these parameters, posterior.csv as `sim calibrate` writes it: bands and verdicts have what is not known
    /// of them too
    #[arg(long, value_name = "FILE")]
    pub(super) posterior: Option<PathBuf>,

    /// Draws of the posterior that are run, evenly over its file: each takes as long as all without it
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=1000), requires = "posterior")]
    draws: u32,
}

impl Uncertainty {
    /// The draws; none where no file is given.
    pub(super) fn read(&self, bench: &Workbench) -> Result<Option<Posterior>, ExitFailure> {
        let Some(file) = &self.posterior else { return Ok(None) };
        Ok(Some(Posterior::read(&Text::read(file)?, self.draws as usize, bench)?))
    }

    /// The draws, and the plan with their medians and with axes at these values; none where no file is given.
    pub(super) fn drawn(
        &self,
        file: &Path,
        adjustments: &Adjustments,
        at: &[(String, String)],
    ) -> Result<Option<Drawn>, ExitFailure> {
        if self.posterior.is_none() {
            return Ok(None);
        }
        let bench = Workbench::read_at(file, adjustments, at)?;
        let Some(posterior) = self.read(&bench)? else { return Ok(None) };
        // What the command line sets stands over the draws.
        let mut around = adjustments.clone();
        around.set = posterior.medians().into_iter().chain(adjustments.set.iter().cloned()).collect();
        Ok(Some(Drawn { plan: Plan::read_at(file, &around, at)?, bench, posterior }))
    }
}

/// Draws of the parameters of an experiment.
pub(super) struct Drawn {
    /// The plan, with the median of each parameter.
    pub plan: Plan,
    bench: Workbench,
    posterior: Posterior,
}

impl Drawn {
    /// Runs all points, or one of them, with each draw; none where that was interrupted. The trials are kept in a journal, if a place
    /// is given.
    pub(super) fn propagate(
        mut self,
        only: Option<usize>,
        keeping: Option<&Keeping>,
        effort: &Effort,
        page: &Page,
    ) -> Result<(Option<Propagation>, Exit), ExitFailure> {
        let plan = self.bench.plan();
        let asked = format!("{:?} {only:?} {}", self.posterior.draws, plan.replications);
        let record = match keeping {
            Some(keeping) => keeping.record("posterior", plan, &asked, effort.quiet, page)?,
            None => Record::none(),
        };
        let (bench, posterior) = (&mut self.bench, &self.posterior);
        let found = pursue(effort, |progress| propagate(bench, only, posterior, &record, progress))??;
        let exit = if found.is_interrupted { Exit::Interrupted } else { Exit::Holds };
        Ok((Some(found).filter(|it| !it.is_interrupted), exit.graver(kept(record, page))))
    }
}
