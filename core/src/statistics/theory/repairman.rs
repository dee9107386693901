//! The machine repairman.

use super::error::{Error, count, positive, zero_or_positive};
use super::{Measures, chain};

/// M/M/c//N, the machine repairman or terminal model: `customers` customers
/// think for `think_time` seconds in the mean, then queue for one of `servers`
/// servers, and think again. Gross & Harris 1998, ch. 2; the interactive
/// system of Scherr 1967.
///
/// The measures are those of the service station: `response` runs from the end
/// of one thought to the start of the next, so that
/// `customers = throughput · (think_time + response)`. The law of the think
/// time does not matter beyond its mean; service is exponential unless there
/// are servers for all. Time and memory are proportional to `customers`.
///
/// # Errors
///
/// [`Error::Invalid`] unless `service_mean` is positive, `think_time` zero or
/// positive, and there are 1 to 2²⁴ servers and customers. A closed system is
/// always stable.
pub fn repairman(customers: usize, think_time: f64, service_mean: f64, servers: usize) -> Result<Measures, Error> {
    count("customers", customers, 1)?;
    zero_or_positive("think_time", think_time)?;
    positive("service_mean", service_mean)?;
    let width = count("servers", servers, 1)?;
    let mut share = Vec::new();
    let ratio = |n: usize| {
        let thinking = (customers - n + 1) as f64;
        thinking * service_mean / (think_time * n.min(servers) as f64)
    };
    chain::stationary(customers, ratio, &mut share);
    let (mut busy, mut in_queue) = (0.0, 0.0);
    for (n, p) in share.iter().enumerate() {
        busy += n.min(servers) as f64 * p;
        in_queue += n.saturating_sub(servers) as f64 * p;
    }
    Ok(Measures::populated(busy / service_mean, busy, width, in_queue))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::theory::{erlang_b, mmc};

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} is not {expected}");
    }

    #[test]
    fn two_machines_by_hand() {
        // Z = S = 1, one repairman: weights 1, 2, 2.
        let queue = repairman(2, 1.0, 1.0, 1).unwrap();
        close(queue.utilisation, 0.8, 1e-15);
        close(queue.throughput, 0.8, 1e-15);
        close(queue.in_system, 1.2, 1e-15);
        close(queue.in_queue, 0.4, 1e-15);
        close(queue.response, 1.5, 1e-15);
    }

    #[test]
    fn one_server_has_a_closed_form_in_erlang_b() {
        // The idle probability is that of Erlang's loss system with N servers
        // and Z/S erlangs: U = 1 - B(N, Z/S).
        for customers in [1, 5, 40, 300] {
            let queue = repairman(customers, 3.0, 0.1, 1).unwrap();
            let idle = erlang_b(customers, 30.0).unwrap();
            close(queue.utilisation, 1.0 - idle, 1e-13);
            let cycle = 3.0 + queue.response;
            close(queue.throughput * cycle, customers as f64, 1e-13);
        }
    }

    #[test]
    fn a_lone_customer_never_waits_and_no_thought_means_saturation() {
        let alone = repairman(1, 2.0, 0.5, 1).unwrap();
        close(alone.response, 0.5, 1e-15);
        close(alone.throughput, 0.4, 1e-15);
        let restless = repairman(10, 0.0, 0.5, 4).unwrap();
        assert_eq!((restless.utilisation, restless.in_queue), (1.0, 6.0));
        close(restless.throughput, 8.0, 1e-15);
        close(repairman(3, 1.0, 1.0, 3).unwrap().throughput, 1.5, 1e-15);
    }

    #[test]
    fn a_large_population_makes_poisson_arrivals() {
        let closed = repairman(2_000_000, 1e6, 1.0, 3).unwrap();
        let open = mmc(2.0, 1.0, 3).unwrap();
        close(closed.waiting, open.waiting, 1e-4);
        close(closed.throughput, open.throughput, 1e-5);
    }

    #[test]
    fn outside_the_domain() {
        assert!(matches!(repairman(0, 1.0, 1.0, 1), Err(Error::Invalid { .. })));
        assert!(matches!(repairman(1, -1.0, 1.0, 1), Err(Error::Invalid { .. })));
        assert!(matches!(repairman(1, 1.0, 0.0, 1), Err(Error::Invalid { .. })));
        assert!(matches!(repairman(1, 1.0, 1.0, 0), Err(Error::Invalid { .. })));
    }
}
