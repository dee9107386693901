//! A trial of a point with the scrapes that a monitoring system would have made.

use std::sync::atomic::AtomicBool;

use crate::experiment::plan::Plan;
use crate::experiment::run::pilot;
use crate::experiment::run::runner::limits;
use crate::kernel::Time;
use crate::load;
use crate::parts::{Ending, Outcome, Scrapes};

/// Why there are no scrapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmetered {
    /// The system has more services and endpoints than accounts are kept for.
    #[error("the system has too many services and endpoints to be metered")]
    TooLarge,
    /// The run is too long for the interval.
    #[error("the run has more than {} scrapes; a longer --scrape-interval gives fewer", crate::parts::MOST_SCRAPES)]
    TooMany,
    /// An interrupt ended the run.
    #[error("the run was interrupted")]
    Interrupted,
}

/// Runs a replication of a point and scrapes it at this interval from time 0 on, until its load ends.
///
/// # Errors
/// Where it cannot be metered, or was interrupted.
pub fn metered(
    plan: &Plan,
    point: usize,
    replication: u64,
    interval: Time,
    interrupted: &AtomicBool,
) -> Result<(Outcome, Scrapes), Unmetered> {
    let limits = limits(plan, interrupted);
    let system = &plan.points[point].system;
    let load = pilot::load_of(plan, point, &limits);
    let (outcome, scrapes) =
        load::metered(system, &load, interval, plan.seed, replication, &limits).ok_or(Unmetered::TooLarge)?;
    if outcome.ending == Ending::Interrupted {
        return Err(Unmetered::Interrupted);
    }
    if scrapes.is_cut {
        return Err(Unmetered::TooMany);
    }
    Ok((outcome, scrapes))
}
