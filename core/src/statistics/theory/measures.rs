//! The steady-state measures of a queue.

use serde::Serialize;

/// What a queue does in steady state.
///
/// Little's law ties the fields together: `in_system = throughput · response`,
/// `in_queue = throughput · waiting` and `busy = throughput · service mean`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measures {
    /// Long-run share of time a server is busy, in `[0, 1]`. Zero for
    /// infinitely many servers; see `busy`.
    pub utilisation: f64,
    /// Mean number of busy servers.
    pub busy: f64,
    /// Completions per second.
    pub throughput: f64,
    /// Mean number of jobs present, in service or not.
    pub in_system: f64,
    /// Mean number of jobs waiting. Under processor sharing, where no job
    /// waits, the jobs present in excess of the one served.
    pub in_queue: f64,
    /// Mean seconds from arrival to completion, of jobs let in.
    pub response: f64,
    /// Mean seconds of the response that are not service. Under processor
    /// sharing, the delay caused by the other jobs.
    pub waiting: f64,
    /// Share of the arrivals turned away; zero where there is room for all.
    pub loss: f64,
}

impl Measures {
    /// A queue that refuses no job, from its mean waiting time.
    pub(super) fn lossless(throughput: f64, service: f64, utilisation: f64, waiting: f64) -> Self {
        let busy = throughput * service;
        let in_queue = throughput * waiting;
        Self {
            utilisation,
            busy,
            throughput,
            in_system: in_queue + busy,
            in_queue,
            response: waiting + service,
            waiting,
            loss: 0.0,
        }
    }

    /// A queue from its mean populations and its throughput.
    pub(super) fn populated(throughput: f64, busy: f64, servers: f64, in_queue: f64) -> Self {
        let in_system = in_queue + busy;
        Self {
            utilisation: (busy / servers).min(1.0),
            busy,
            throughput,
            in_system,
            in_queue,
            response: in_system / throughput,
            waiting: in_queue / throughput,
            loss: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_building_agree() {
        let one = Measures::lossless(3.0, 0.5, 0.75, 0.25);
        let other = Measures::populated(3.0, 1.5, 2.0, 0.75);
        assert_eq!(one, other);
        assert_eq!(one.in_system, one.throughput * one.response);
    }
}
