//! Queues in a row.

use super::error::{Error, count, positive};
use super::{Measures, mmc};
use serde::Serialize;

/// One M/M/c queue of a tandem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Mean of the exponential service time, in seconds.
    pub service_mean: f64,
    /// Servers behind the stage's one queue.
    pub servers: usize,
}

/// The steady state of a tandem; see [`tandem`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tandem {
    /// Every stage on its own, in order.
    pub stages: Vec<Measures>,
    /// Jobs leaving the last stage per second: the arrival rate.
    pub throughput: f64,
    /// Mean seconds from arrival to the end of the last stage.
    pub response: f64,
    /// Mean number of jobs in all stages together.
    pub in_system: f64,
}

/// Stages passed one after the other, each first come first served with
/// exponential service and room for every job, fed by Poisson arrivals.
///
/// The departures of a stable M/M/c are Poisson again and independent of what
/// it holds (Burke, Operations Research 4, 1956), so that every stage is an
/// M/M/c of its own with the same arrival rate (Jackson, Operations Research 5,
/// 1957). No stage at all takes no time.
///
/// # Errors
///
/// [`Error::Unstable`] if one stage cannot bear the arrival rate (the first
/// such stage's utilisation), [`Error::Invalid`] unless rate and service means
/// are positive and every stage has 1 to 2²⁴ servers.
pub fn tandem(arrival_rate: f64, stages: &[Stage]) -> Result<Tandem, Error> {
    positive("arrival_rate", arrival_rate)?;
    for stage in stages {
        positive("service_mean", stage.service_mean)?;
        count("servers", stage.servers, 1)?;
    }
    let stages = stages
        .iter()
        .map(|stage| mmc(arrival_rate, stage.service_mean, stage.servers))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Tandem {
        throughput: arrival_rate,
        response: stages.iter().map(|stage| stage.response).sum(),
        in_system: stages.iter().map(|stage| stage.in_system).sum(),
        stages,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up() {
        // M/M/1 at ρ = 0.5 and S = 0.25: R = 0.5. M/M/3 at a = 2, S = 1: 13/9.
        let stages = [Stage { service_mean: 0.25, servers: 1 }, Stage { service_mean: 1.0, servers: 3 }];
        let row = tandem(2.0, &stages).unwrap();
        let expected = 0.5 + 13.0 / 9.0;
        assert!((row.response - expected).abs() < 1e-13);
        assert!((row.in_system - 2.0 * expected).abs() < 1e-13);
        assert_eq!(row.stages.len(), 2);
        assert_eq!(row.throughput, 2.0);
    }

    #[test]
    fn the_weakest_stage_decides() {
        let stage = |service_mean, servers| Stage { service_mean, servers };
        let unstable = tandem(2.0, &[stage(0.1, 1), stage(1.0, 2), stage(0.1, 1)]);
        assert_eq!(unstable, Err(Error::Unstable { utilisation: 1.0 }));
        // A senseless stage is reported as such, even behind an unstable one.
        let invalid = tandem(2.0, &[stage(1.0, 2), stage(0.0, 1)]);
        assert!(matches!(invalid, Err(Error::Invalid { .. })));
        assert_eq!(tandem(2.0, &[]).unwrap().response, 0.0);
    }
}
