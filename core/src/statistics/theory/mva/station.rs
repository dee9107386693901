//! The stations of a closed network, and what becomes of them.

use serde::Serialize;

/// How a station serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CentreKind {
    /// Everybody is served at once: a pause, a network, a server for each.
    Delay,
    /// One queue before a number of equal servers.
    Queue {
        /// Servers behind the queue, at least 1.
        servers: usize,
    },
}

/// A station of a closed network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Centre {
    /// Mean service, in seconds, a customer takes here between two thoughts:
    /// visits times mean service time of a visit. Zero for a station not
    /// visited.
    pub demand: f64,
    /// How the station serves.
    pub kind: CentreKind,
}

impl Centre {
    /// A station with one server and a queue.
    #[must_use]
    pub const fn queue(demand: f64) -> Self {
        Self::multi(demand, 1)
    }

    /// A station with one queue before `servers` servers, each of which takes
    /// `demand` seconds over a customer.
    #[must_use]
    pub const fn multi(demand: f64, servers: usize) -> Self {
        Self { demand, kind: CentreKind::Queue { servers } }
    }

    /// A station where no job waits.
    #[must_use]
    pub const fn delay(demand: f64) -> Self {
        Self { demand, kind: CentreKind::Delay }
    }

    /// What the station amounts to with so many customers.
    pub(super) fn part(self, customers: usize) -> Part {
        let Self { demand, kind } = self;
        match kind {
            _ if demand == 0.0 => Part::Nothing,
            CentreKind::Delay => Part::Delay { demand },
            CentreKind::Queue { servers } if servers >= customers => Part::Delay { demand },
            CentreKind::Queue { servers: 1 } => Part::Single { demand },
            CentreKind::Queue { servers } => Part::Several { demand, servers },
        }
    }
}

/// The part a station plays in the solution.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// Never visited.
    Nothing,
    /// No job ever waits.
    Delay { demand: f64 },
    /// One server for more than one customer.
    Single { demand: f64 },
    /// Several servers, fewer than customers.
    Several { demand: f64, servers: usize },
}

impl Part {
    /// Whether the station is covered by the plain mean value recursion and
    /// takes time.
    pub(super) fn is_plain(self) -> bool {
        matches!(self, Self::Delay { .. } | Self::Single { .. })
    }

    /// Completions per second with `0..=customers` customers at a multi-server
    /// station; `None` for any other.
    pub(super) fn rates(self, customers: usize) -> Option<Vec<f64>> {
        let Self::Several { demand, servers } = self else {
            return None;
        };
        Some((0..=customers).map(|n| n.min(servers) as f64 / demand).collect())
    }
}

/// What one station of a solved network does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StationMeasures {
    /// Mean seconds a customer spends here between two thoughts, waiting and
    /// in service, over all visits.
    pub residence: f64,
    /// Mean number of customers here, waiting and in service.
    pub queue_length: f64,
    /// Mean number of busy servers; at a delay station, of customers.
    pub busy: f64,
    /// Share of time one server is busy, in `[0, 1]`; zero at a delay station,
    /// whose servers are infinitely many.
    pub utilisation: f64,
}

/// The steady state of a closed network; see [`solve`](super::solve).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Solution {
    /// Cycles (thoughts ended) per second.
    pub throughput: f64,
    /// Mean seconds from the end of a thought to the start of the next: the sum
    /// of the residences.
    pub response: f64,
    /// The stations, in the order given.
    pub stations: Vec<StationMeasures>,
}

impl Solution {
    /// The measures that follow from throughput and mean populations by
    /// Little's law and the utilisation law.
    pub(super) fn new(stations: &[Centre], throughput: f64, present: &[f64]) -> Self {
        let stations: Vec<StationMeasures> = stations
            .iter()
            .zip(present)
            .map(|(station, &queue_length)| {
                let busy = throughput * station.demand;
                StationMeasures {
                    residence: queue_length / throughput,
                    queue_length,
                    busy,
                    utilisation: match station.kind {
                        CentreKind::Delay => 0.0,
                        CentreKind::Queue { servers } => (busy / servers as f64).min(1.0),
                    },
                }
            })
            .collect();
        Self { throughput, response: stations.iter().map(|station| station.residence).sum(), stations }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_depends_on_the_population() {
        let part = |station: Centre, customers| station.part(customers);
        assert!(matches!(part(Centre::queue(1.0), 1), Part::Delay { .. }));
        assert!(matches!(part(Centre::queue(1.0), 2), Part::Single { .. }));
        assert!(matches!(part(Centre::multi(1.0, 3), 3), Part::Delay { .. }));
        let several = part(Centre::multi(0.5, 2), 4);
        assert_eq!(several.rates(4), Some(vec![0.0, 2.0, 4.0, 4.0, 4.0]));
        assert!(!several.is_plain());
        assert!(matches!(part(Centre::delay(0.0), 4), Part::Nothing));
    }

    #[test]
    fn little_and_utilisation_laws() {
        let stations = [Centre::multi(0.5, 2), Centre::delay(0.25)];
        let solution = Solution::new(&stations, 2.0, &[3.0, 0.5]);
        assert_eq!(solution.response, 1.75);
        assert_eq!(solution.stations[0].residence, 1.5);
        assert_eq!(solution.stations[0].utilisation, 0.5);
        assert_eq!(solution.stations[1].busy, 0.5);
        assert_eq!(solution.stations[1].utilisation, 0.0);
    }
}
