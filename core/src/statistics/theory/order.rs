//! Queues that do not serve everybody in the order of arrival: priorities, and customers who leave unserved.

use super::error::{Error, MOST, count, positive, stable, zero_or_positive};
use super::{Measures, chain};

/// Customers of one priority.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorityLevel {
    /// Arrivals per second.
    pub arrival_rate: f64,
    /// Mean seconds of a service.
    pub service_mean: f64,
    /// Squared coefficient of variation of a service: 0 for a constant, 1 for an exponential.
    pub service_cv2: f64,
}

/// Mean seconds that customers of each level wait in M/G/1 with non-preemptive priorities, the first level being served
/// first, each level in the order of arrival: `W_k = W_0/((1 - ρ_1 - … - ρ_(k-1))(1 - ρ_1 - … - ρ_k))` with the mean
/// work left of the service under way `W_0 = Σ λ_i E[S_i²]/2` (Cobham 1954, "Priority assignment in waiting line
/// problems"; Kleinrock 1976, *Queueing Systems*, vol. 2, sec. 3.2).
///
/// With one level for each length of service it is the wait under shortest job first (Phipps 1956).
///
/// # Errors
///
/// [`Error::Unstable`] if all levels together use the server fully, [`Error::Invalid`] unless rates and means are
/// positive and no `service_cv2` is negative.
pub fn priorities(levels: &[PriorityLevel]) -> Result<Vec<f64>, Error> {
    let mut left = 0.0;
    let mut loads = Vec::with_capacity(levels.len());
    for level in levels {
        let rate = positive("arrival_rate", level.arrival_rate)?;
        let mean = positive("service_mean", level.service_mean)?;
        let spread = 1.0 + zero_or_positive("service_cv2", level.service_cv2)?;
        left += rate * mean * mean * spread / 2.0;
        loads.push(rate * mean);
    }
    stable(loads.iter().sum())?;
    let mut above = 0.0;
    let waits = loads.iter().map(|load| {
        let before = 1.0 - above;
        above += load;
        left / (before * (1.0 - above))
    });
    Ok(waits.collect())
}

/// Erlang A, or M/M/c+M: customers wait for one of `servers`, and leave unserved after a time that is exponential with
/// mean `patience_mean` (Palm 1957; Garnett, Mandelbaum & Reiman 2002, "Designing a call center with impatient
/// customers"). Any load has a steady state.
///
/// `loss` is the share of the arrivals that leave unserved, `throughput` counts those that are served; `waiting` and
/// `response` are means over all arrivals, those that leave unserved included.
///
/// # Errors
///
/// [`Error::Invalid`] unless rate and means are positive, there are 1 to 2²⁴ servers, and patience is so short that at
/// most 2²⁴ customers are ever likely to be present.
pub fn erlang_a(arrival_rate: f64, service_mean: f64, servers: usize, patience_mean: f64) -> Result<Measures, Error> {
    let rate = positive("arrival_rate", arrival_rate)?;
    let serving = 1.0 / positive("service_mean", service_mean)?;
    let leaving = 1.0 / positive("patience_mean", patience_mean)?;
    let width = count("servers", servers, 1)?;
    // From here on each state is less than half as likely as the one before; 200 further ones hold 2^-200 of it.
    let half = width + ((2.0 * rate - width * serving) / leaving).max(0.0);
    if half + 200.0 > MOST as f64 {
        return Err(Error::Invalid {
            parameter: "patience_mean",
            value: patience_mean,
            expected: "so short that at most 2^24 customers are present",
        });
    }
    let last = half as usize + 200;
    let mut share = Vec::new();
    let ends = |n: usize| n.min(servers) as f64 * serving + n.saturating_sub(servers) as f64 * leaving;
    chain::stationary(last, |n| rate / ends(n), &mut share);
    let busy: f64 = share.iter().enumerate().map(|(n, p)| n.min(servers) as f64 * p).sum();
    let in_queue: f64 = share[servers..].iter().enumerate().map(|(waiting, p)| waiting as f64 * p).sum();
    let loss = in_queue * leaving / rate;
    let all = Measures::populated(rate, busy, width, in_queue);
    Ok(Measures { throughput: busy * serving, loss, ..all })
}

#[cfg(test)]
mod tests {
    use super::super::{erlang_b, mm1, mmc};
    use super::*;

    fn close(one: f64, other: f64) {
        assert!((one - other).abs() <= 1e-9 * other.abs().max(1e-3), "{one} is not {other}");
    }

    #[test]
    fn priorities_keep_the_mean_work_ahead() {
        let level = |arrival_rate, service_mean, service_cv2| PriorityLevel { arrival_rate, service_mean, service_cv2 };
        let one = priorities(&[level(0.7, 1.0, 1.0)]).unwrap();
        close(one[0], mm1(0.7, 1.0).unwrap().waiting);
        // Kleinrock's conservation law: the sum of ρ_i W_i does not depend on the order.
        let (a, b) = (level(0.3, 1.0, 1.0), level(0.2, 2.0, 0.5));
        let sum = |waits: Vec<f64>, loads: [f64; 2]| waits[0] * loads[0] + waits[1] * loads[1];
        close(sum(priorities(&[a, b]).unwrap(), [0.3, 0.4]), sum(priorities(&[b, a]).unwrap(), [0.4, 0.3]));
        assert!(matches!(priorities(&[a, level(0.4, 2.0, 1.0)]), Err(Error::Unstable { .. })));
        assert!(priorities(&[level(0.0, 1.0, 1.0)]).is_err());
    }

    #[test]
    fn erlang_a_lies_between_erlang_b_and_erlang_c() {
        let patient = erlang_a(2.1, 1.0, 3, 1e6).unwrap();
        assert!((patient.waiting / mmc(2.1, 1.0, 3).unwrap().waiting - 1.0).abs() < 1e-4, "{patient:?}");
        let impatient = erlang_a(2.1, 1.0, 3, 1e-7).unwrap();
        assert!((impatient.loss / erlang_b(3, 2.1).unwrap() - 1.0).abs() < 1e-4, "{impatient:?}");
        // With patience as long as service, the number present is that of M/M/∞: Poisson with mean 4.
        let alike = erlang_a(4.0, 1.0, 3, 1.0).unwrap();
        close(alike.in_system, 4.0);
        close(alike.throughput + 4.0 * alike.loss, 4.0);
        assert!(erlang_a(1e9, 1.0, 1, 1.0).is_err());
    }
}
