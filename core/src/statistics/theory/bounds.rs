//! Asymptotic bounds of a closed network.

use super::error::Error;
use super::mva::{Centre, CentreKind, validate};
use serde::Serialize;

/// What a closed network can do at best and at worst; see [`asymptotic`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bounds {
    /// Cycles per second the network does at least.
    pub throughput_low: f64,
    /// Cycles per second the network does at most.
    pub throughput_high: f64,
    /// Seconds the mean response takes at least.
    pub response_low: f64,
    /// Seconds the mean response takes at most.
    pub response_high: f64,
    /// Index of the station with the largest demand per server, which saturates
    /// first (the first of equals); `None` if no job can ever wait.
    pub bottleneck: Option<usize>,
    /// Number of customers `N* = (D + Z)/Dmax` at which the two upper bounds on
    /// throughput cross: beyond it some job must wait. `None` if no job can
    /// ever wait.
    pub saturation: Option<f64>,
}

/// Asymptotic bounds on throughput and mean response time: Denning & Buzen,
/// *The Operational Analysis of Queueing Network Models*, Computing Surveys 10,
/// 1978; Lazowska et al. 1984, ch. 5.
///
/// With `D` the sum of the demands, `Z` the think time and `Dmax` the largest
/// demand per server at a queue,
///
/// * `X <= min(N/(D + Z), 1/Dmax)` and `R >= max(D, N·Dmax - Z)`, whatever the
///   distributions and disciplines: a simulation outside is wrong;
/// * `R <= Σ Dₖ·max(1, N/cₖ)` over the queues plus the delays, and `X >= N/(R +
///   Z)`: all `N` customers always together, which product-form networks do not
///   exceed. With single servers and no delay this is the familiar `N·D`.
///
/// # Errors
///
/// As [`mva::solve`](super::mva::solve).
pub fn asymptotic(stations: &[Centre], think_time: f64, customers: usize) -> Result<Bounds, Error> {
    validate(stations, think_time, customers)?;
    let population = customers as f64;
    let demand: f64 = stations.iter().map(|station| station.demand).sum();
    let mut crowded = 0.0;
    let mut heaviest = 0.0;
    let mut bottleneck = None;
    for (index, station) in stations.iter().enumerate() {
        let CentreKind::Queue { servers } = station.kind else {
            crowded += station.demand;
            continue;
        };
        let servers = servers as f64;
        crowded += station.demand * (population / servers).max(1.0);
        if station.demand / servers > heaviest {
            heaviest = station.demand / servers;
            bottleneck = Some(index);
        }
    }
    let unhindered = population / (demand + think_time);
    Ok(Bounds {
        throughput_low: population / (crowded + think_time),
        throughput_high: bottleneck.map_or(unhindered, |_| unhindered.min(1.0 / heaviest)),
        response_low: demand.max(population * heaviest - think_time),
        response_high: crowded,
        bottleneck,
        saturation: bottleneck.map(|_| (demand + think_time) / heaviest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::theory::mva;

    #[test]
    fn hand_worked_bounds() {
        // D = 4, Z = 16, Dmax = 2 at the second station.
        let stations = [1.5, 2.0, 0.5].map(Centre::queue);
        let few = asymptotic(&stations, 16.0, 5).unwrap();
        assert_eq!(few.throughput_high, 0.25);
        assert_eq!((few.response_low, few.response_high), (4.0, 20.0));
        assert_eq!(few.throughput_low, 5.0 / 36.0);
        assert_eq!((few.bottleneck, few.saturation), (Some(1), Some(10.0)));
        let many = asymptotic(&stations, 16.0, 30).unwrap();
        assert_eq!(many.throughput_high, 0.5);
        assert_eq!(many.response_low, 44.0);
    }

    #[test]
    fn servers_share_the_demand() {
        let stations = [Centre::multi(3.0, 4), Centre::queue(0.7)];
        let bounds = asymptotic(&stations, 0.0, 100).unwrap();
        assert_eq!(bounds.bottleneck, Some(0));
        assert_eq!(bounds.throughput_high, 1.0 / 0.75);
    }

    #[test]
    fn nobody_waits_where_everybody_is_served() {
        let bounds = asymptotic(&[Centre::delay(2.0)], 1.0, 9).unwrap();
        assert_eq!((bounds.bottleneck, bounds.saturation), (None, None));
        assert_eq!((bounds.throughput_low, bounds.throughput_high), (3.0, 3.0));
        assert_eq!((bounds.response_low, bounds.response_high), (2.0, 2.0));
        assert!(asymptotic(&[], 0.0, 1).is_err());
    }

    #[test]
    fn exact_solutions_lie_within() {
        let mut state = 1_u64;
        let mut random = move |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % limit
        };
        for _ in 0..200 {
            let stations: Vec<Centre> = (0..=random(4))
                .map(|_| {
                    let demand = (1 + random(1000)) as f64 / 100.0;
                    match random(3) {
                        0 => Centre::delay(demand),
                        1 => Centre::queue(demand),
                        _ => Centre::multi(demand, 1 + random(9) as usize),
                    }
                })
                .collect();
            let (think, customers) = (random(50) as f64, 1 + random(60) as usize);
            let bounds = asymptotic(&stations, think, customers).unwrap();
            let exact = mva::solve(&stations, think, customers).unwrap();
            let slack = 1.0 + 1e-12;
            assert!(exact.throughput <= bounds.throughput_high * slack);
            assert!(exact.throughput * slack >= bounds.throughput_low);
            assert!(exact.response <= bounds.response_high * slack);
            assert!(exact.response * slack >= bounds.response_low);
        }
    }
}
