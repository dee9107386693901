//! A trial of a point with the scrapes that a monitoring system would have made.

use std::sync::atomic::AtomicBool;

use crate::experiment::plan::Plan;
use crate::experiment::run::pilot;
use crate::experiment::run::runner::limits;
use crate::kernel::Time;
use crate::load;
use crate::model::Load;
use crate::parts::{Ending, Scrapes, Timeline};

/// Intervals in which what clients see is counted, however often the system is scraped. They double where a run is so long
/// that it would have more than [`crate::model::MOST_INTERVALS`] (17 h).
const INTERVAL: Time = Time(15_000_000_000);

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

/// Runs a replication of a point and scrapes it at this interval from time 0 on, until its load ends. The timeline counts
/// what clients see meanwhile.
///
/// # Errors
/// Where it cannot be metered, or was interrupted.
pub fn metered(
    plan: &Plan,
    point: usize,
    replication: u64,
    interval: Time,
    interrupted: &AtomicBool,
) -> Result<(Timeline, Scrapes), Unmetered> {
    let limits = limits(plan, interrupted);
    let system = &plan.points[point].system;
    let load = pilot::load_of(plan, point, &limits);
    let load = Load { timeline: Some(INTERVAL), recorded: None, recovered_after: None, ..load.into_owned() };
    let (outcome, scrapes) =
        load::metered(system, &load, interval, plan.seed, replication, &limits).ok_or(Unmetered::TooLarge)?;
    if outcome.ending == Ending::Interrupted {
        return Err(Unmetered::Interrupted);
    }
    if scrapes.is_cut {
        return Err(Unmetered::TooMany);
    }
    // A load with `timeline` has one, unless the run was ended early.
    let timeline = outcome.timeline.ok_or(Unmetered::Interrupted)?;
    Ok((timeline, scrapes))
}
