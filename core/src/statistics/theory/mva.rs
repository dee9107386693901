//! Closed networks with one class of customers, solved exactly.

mod flow;
mod station;

pub use station::{Centre, CentreKind, Solution, StationMeasures};

use super::error::{Error, count, zero_or_positive};
use station::Part;

/// Solves the closed network in which `customers` customers think for
/// `think_time` seconds in the mean, then visit the stations, and think again.
///
/// The answer is exact for networks of product form (Baskett, Chandy, Muntz &
/// Palacios, JACM 22, 1975): at a queue, exponential service with one mean for
/// all under first come first served, or any service distribution under
/// processor sharing; at a delay station, any distribution. Routing matters
/// only through the demands.
///
/// # Method
///
/// Delay and single-server stations follow the mean value analysis of Reiser &
/// Lavenberg (1980): an arriving customer sees the network as it is with one
/// customer less, so `Rₖ(n) = Dₖ(1 + Qₖ(n - 1))`. That recursion adds and
/// multiplies positive numbers only. Its extension to several servers does not:
/// it takes the idle probability as one minus the others and is known to
/// collapse under load (Reiser, *Mean-Value Analysis and Convolution Method for
/// Queue-Dependent Servers*, Performance Evaluation 1, 1981). A multi-server
/// station is therefore set against the flow-equivalent server of all the
/// others (Chandy, Herzog & Woo 1975; exact for product form), which makes a
/// birth-death chain whose probabilities are again made of positive terms. The
/// result agrees with the load-dependent recursion where that one works.
///
/// The time taken is proportional to `customers` with at most one station of
/// several servers (none, if it has a server for every customer), to its square
/// beyond.
///
/// # Errors
///
/// [`Error::Invalid`] for a demand or think time that is negative or out of
/// range, a number of servers or customers not in 1 to 2²⁴, and a network in
/// which nothing takes any time. A closed network is always stable.
pub fn solve(stations: &[Centre], think_time: f64, customers: usize) -> Result<Solution, Error> {
    validate(stations, think_time, customers)?;
    let parts: Vec<Part> = stations.iter().map(|station| station.part(customers)).collect();
    let mut present = vec![0.0; parts.len()];
    let mut throughput = 0.0;

    // One group for each multi-server station, and one for all the others.
    let (mut owners, mut groups) = (Vec::new(), Vec::new());
    for (index, part) in parts.iter().enumerate() {
        if let Some(rates) = part.rates(customers) {
            owners.push(Some(index));
            groups.push(rates);
        }
    }
    if groups.is_empty() {
        recursion(&parts, think_time, customers, |_, completed, queues| {
            throughput = completed;
            present.copy_from_slice(queues);
        });
        return Ok(Solution::new(stations, throughput, &present));
    }
    if think_time > 0.0 || parts.iter().any(|part| part.is_plain()) {
        let mut rates = vec![0.0; customers + 1];
        recursion(&parts, think_time, customers, |n, completed, _| {
            rates[n] = completed;
        });
        owners.push(None);
        groups.push(rates);
    }

    let mut share = Vec::new();
    let complements = flow::complements(&groups);
    for ((owner, rates), others) in owners.into_iter().zip(&groups).zip(complements) {
        flow::populations(others.as_deref(), rates, customers, &mut share);
        if let Some(index) = owner {
            present[index] = share.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
            throughput = share.iter().zip(rates).map(|(p, rate)| p * rate).sum();
        } else {
            // The recursion again: now it is known how often which line counts.
            recursion(&parts, think_time, customers, |n, _, queues| {
                for (present, queue) in present.iter_mut().zip(queues) {
                    *present += share[n] * queue;
                }
            });
        }
    }
    Ok(Solution::new(stations, throughput, &present))
}

/// Reiser & Lavenberg's recursion over the delay and single-server stations
/// alone. Hands `each` the population `n` from 1 on, the throughput with it, and
/// the mean population of every station.
fn recursion(parts: &[Part], think_time: f64, customers: usize, mut each: impl FnMut(usize, f64, &[f64])) {
    let mut queues = vec![0.0; parts.len()];
    let mut residences = vec![0.0; parts.len()];
    for n in 1..=customers {
        let mut cycle = think_time;
        for ((residence, queue), part) in residences.iter_mut().zip(&queues).zip(parts) {
            *residence = match *part {
                Part::Single { demand } => demand * (1.0 + queue),
                Part::Delay { demand } => demand,
                Part::Several { .. } | Part::Nothing => 0.0,
            };
            cycle += *residence;
        }
        let throughput = n as f64 / cycle;
        for (queue, residence) in queues.iter_mut().zip(&residences) {
            *queue = throughput * residence;
        }
        each(n, throughput, &queues);
    }
}

/// Refuses numbers that make no sense.
pub(super) fn validate(stations: &[Centre], think_time: f64, customers: usize) -> Result<(), Error> {
    count("customers", customers, 1)?;
    zero_or_positive("think_time", think_time)?;
    let mut total = think_time;
    for station in stations {
        total += zero_or_positive("demand", station.demand)?;
        if let CentreKind::Queue { servers } = station.kind {
            count("servers", servers, 1)?;
        }
    }
    if total > 0.0 {
        return Ok(());
    }
    Err(Error::Invalid { parameter: "stations", value: total, expected: "a network with some demand or think time" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::theory::repairman;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} is not {expected}");
    }

    /// Throughput and mean populations from the product form itself, by
    /// enumeration of every state: the think time is one more station, last.
    fn enumerate(stations: &[Centre], think_time: f64, customers: usize) -> (f64, Vec<f64>) {
        let thinking = Centre::delay(think_time);
        let all: Vec<Centre> = stations.iter().copied().chain([thinking]).collect();
        let weight = |station: &Centre, n: usize| -> f64 {
            let servers = match station.kind {
                CentreKind::Delay => usize::MAX,
                CentreKind::Queue { servers } => servers,
            };
            (1..=n).map(|j| station.demand / j.min(servers) as f64).product()
        };
        let totals = |population: usize| {
            let (mut norm, mut present) = (0.0, vec![0.0; all.len()]);
            let mut state = vec![0_usize; all.len()];
            loop {
                if state.iter().sum::<usize>() == population {
                    let product: f64 = all.iter().zip(&state).map(|(s, &n)| weight(s, n)).product();
                    norm += product;
                    for (present, &n) in present.iter_mut().zip(&state) {
                        *present += product * n as f64;
                    }
                }
                let Some(digit) = state.iter().position(|&n| n < population) else {
                    return (norm, present);
                };
                state[digit] += 1;
                state[..digit].fill(0);
            }
        };
        let (norm, present) = totals(customers);
        let present = present.iter().map(|sum| sum / norm).collect();
        (totals(customers - 1).0 / norm, present)
    }

    fn agrees_with_enumeration(stations: &[Centre], think_time: f64, customers: usize) {
        let solution = solve(stations, think_time, customers).unwrap();
        let (throughput, present) = enumerate(stations, think_time, customers);
        close(solution.throughput, throughput, 1e-12);
        for (found, expected) in solution.stations.iter().zip(present) {
            close(found.queue_length, expected, 1e-12);
        }
    }

    #[test]
    fn the_interactive_system_of_lazowska() {
        // Lazowska et al. 1984, ch. 6: CPU and two disks, 15 s of thought;
        // worked by hand for one and two terminals.
        let stations = [0.605, 2.1, 1.35].map(Centre::queue);
        let one = solve(&stations, 15.0, 1).unwrap();
        close(one.throughput, 1.0 / 19.055, 1e-14);
        close(one.response, 4.055, 1e-14);
        let two = solve(&stations, 15.0, 2).unwrap();
        close(two.stations[0].residence, 0.605 * (1.0 + 0.605 / 19.055), 1e-14);
        close(two.stations[1].residence, 2.1 * (1.0 + 2.1 / 19.055), 1e-14);
        close(two.throughput, 0.103_086, 1e-5);
        close(two.stations[1].utilisation, 0.103_086 * 2.1, 1e-5);
        agrees_with_enumeration(&stations, 15.0, 3);
    }

    #[test]
    fn a_balanced_central_server_has_a_closed_form() {
        // M equal queues: X = N / (D(N + M - 1)), and N/M at each.
        let stations = [Centre::queue(0.2); 5];
        for customers in [1, 2, 17, 1000] {
            let n = customers as f64;
            let solution = solve(&stations, 0.0, customers).unwrap();
            close(solution.throughput, n / (0.2 * (n + 4.0)), 1e-12);
            for station in &solution.stations {
                close(station.queue_length, n / 5.0, 1e-12);
            }
        }
    }

    #[test]
    fn one_customer_meets_nobody() {
        let stations = [Centre::queue(0.3), Centre::multi(0.5, 4), Centre::delay(1.2)];
        let solution = solve(&stations, 2.0, 1).unwrap();
        close(solution.throughput, 0.25, 1e-15);
        close(solution.response, 2.0, 1e-15);
        for (found, station) in solution.stations.iter().zip(&stations) {
            close(found.residence, station.demand, 1e-15);
        }
    }

    #[test]
    fn small_networks_agree_with_the_enumerated_product_form() {
        let multi = [Centre::multi(1.1, 3), Centre::queue(0.4), Centre::delay(0.7), Centre::multi(0.8, 2)];
        for customers in 1..=7 {
            agrees_with_enumeration(&multi, 1.5, customers);
            agrees_with_enumeration(&multi, 0.0, customers);
            agrees_with_enumeration(&multi[..2], 0.3, customers);
            agrees_with_enumeration(&[multi[0], multi[3]], 0.0, customers);
            agrees_with_enumeration(&[multi[0]], 0.0, customers);
        }
        let three = [Centre::multi(3.0, 2), Centre::multi(2.0, 3), Centre::multi(1.0, 2)];
        agrees_with_enumeration(&three, 0.5, 6);
    }

    #[test]
    fn a_multi_server_station_with_thought_is_the_machine_repairman() {
        for (customers, think, service, servers) in [
            (10, 2.0, 0.5, 2),
            (100, 5.0, 0.4, 7),
            (5000, 100.0, 4.0, 199),
            (5000, 1.0, 4.0, 64),
            (3000, 900.0, 0.3, 1),
        ] {
            let station = [Centre::multi(service, servers)];
            let solution = solve(&station, think, customers).unwrap();
            let exact = repairman(customers, think, service, servers).unwrap();
            close(solution.throughput, exact.throughput, 1e-11);
            close(solution.response, exact.response, 1e-11);
            let found = &solution.stations[0];
            close(found.queue_length, exact.in_system, 1e-11);
            close(found.utilisation, exact.utilisation, 1e-11);
        }
    }

    #[test]
    fn large_multi_server_networks_keep_every_customer() {
        // The plain load-dependent recursion gives negative probabilities here.
        let stations = [Centre::multi(0.96, 32), Centre::queue(0.03), Centre::multi(0.48, 16), Centre::delay(0.1)];
        for customers in [10, 100, 1000] {
            let solution = solve(&stations, 1.0, customers).unwrap();
            let inside: f64 = solution.stations.iter().map(|s| s.queue_length).sum();
            close(inside + solution.throughput, customers as f64, 1e-11);
            for station in &solution.stations {
                assert!((0.0..=1.0).contains(&station.utilisation));
            }
        }
    }

    #[test]
    fn servers_for_all_make_a_delay_and_no_demand_makes_nothing() {
        let with = [Centre::multi(0.7, 50), Centre::queue(0.2), Centre::queue(0.0)];
        let without = [Centre::delay(0.7), Centre::queue(0.2)];
        let one = solve(&with, 1.0, 50).unwrap();
        let other = solve(&without, 1.0, 50).unwrap();
        assert_eq!(one.throughput, other.throughput);
        assert_eq!(one.stations[0].queue_length, other.stations[0].queue_length);
        assert_eq!(one.stations[2].residence, 0.0);
        // One server less makes next to no difference but takes the other way.
        let fewer = [Centre::multi(0.7, 49), Centre::queue(0.2)];
        close(solve(&fewer, 1.0, 50).unwrap().throughput, one.throughput, 1e-12);
    }

    #[test]
    fn outside_the_domain() {
        let queue = [Centre::queue(1.0)];
        for result in [
            solve(&queue, 1.0, 0),
            solve(&queue, -1.0, 1),
            solve(&queue, f64::NAN, 1),
            solve(&[Centre::queue(-1.0)], 1.0, 1),
            solve(&[Centre::multi(1.0, 0)], 1.0, 1),
            solve(&[Centre::queue(0.0)], 0.0, 1),
            solve(&[], 0.0, 1),
        ] {
            assert!(matches!(result, Err(Error::Invalid { .. })), "{result:?}");
        }
        close(solve(&[], 2.0, 6).unwrap().throughput, 3.0, 1e-15);
    }
}
