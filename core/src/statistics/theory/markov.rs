//! Open queues with Poisson arrivals and exponential service.

use super::error::{Error, MOST, below_one, count, positive, stable, zero_or_positive};
use super::{Measures, chain, erlang_c};

/// M/M/1, first come first served (or any discipline that looks at no service
/// time): Kleinrock 1975, sec. 3.2. `W = ρS/(1 - ρ)`.
///
/// # Errors
///
/// [`Error::Unstable`] for `arrival_rate · service_mean >= 1`,
/// [`Error::Invalid`] unless both are positive.
pub fn mm1(arrival_rate: f64, service_mean: f64) -> Result<Measures, Error> {
    mmc(arrival_rate, service_mean, 1)
}

/// The `q`-quantile of the response time of M/M/1 under first come first
/// served, in seconds. The response is exponential with mean `S/(1 - ρ)`
/// (Kleinrock 1975, sec. 5.7), so the quantile is `-R·ln(1 - q)`.
///
/// # Errors
///
/// As [`mm1`]; [`Error::Invalid`] too unless `0 <= q < 1`.
pub fn mm1_response_quantile(arrival_rate: f64, service_mean: f64, q: f64) -> Result<f64, Error> {
    below_one("q", q)?;
    Ok(-mm1(arrival_rate, service_mean)?.response * libm::log1p(-q))
}

/// M/M/c: one queue before `servers` servers. Gross & Harris 1998, ch. 2:
/// `W = C·S/(c(1 - ρ))` with Erlang's `C`.
///
/// # Errors
///
/// [`Error::Unstable`] for `arrival_rate · service_mean >= servers`,
/// [`Error::Invalid`] unless both are positive and there are 1 to 2²⁴ servers.
pub fn mmc(arrival_rate: f64, service_mean: f64, servers: usize) -> Result<Measures, Error> {
    let Queue { delayed, drain, .. } = Queue::new(arrival_rate, service_mean, servers)?;
    let utilisation = arrival_rate * service_mean / servers as f64;
    Ok(Measures::lossless(arrival_rate, service_mean, utilisation, delayed / drain))
}

/// Probability that an arrival to M/M/c waits more than `seconds`, first come
/// first served: `C·e^(-(cμ - λ)t)` (Gross & Harris 1998, ch. 2).
///
/// # Errors
///
/// As [`mmc`]; [`Error::Invalid`] too for a negative time.
pub fn mmc_waiting_tail(arrival_rate: f64, service_mean: f64, servers: usize, seconds: f64) -> Result<f64, Error> {
    zero_or_positive("seconds", seconds)?;
    let Queue { delayed, drain, .. } = Queue::new(arrival_rate, service_mean, servers)?;
    Ok(delayed * libm::exp(-drain * seconds))
}

/// The `q`-quantile of the waiting time of M/M/c under first come first served,
/// in seconds: the inverse of [`mmc_waiting_tail`], zero if that share does not
/// wait at all.
///
/// # Errors
///
/// As [`mmc`]; [`Error::Invalid`] too unless `0 <= q < 1`.
pub fn mmc_waiting_quantile(arrival_rate: f64, service_mean: f64, servers: usize, q: f64) -> Result<f64, Error> {
    below_one("q", q)?;
    let Queue { delayed, drain, .. } = Queue::new(arrival_rate, service_mean, servers)?;
    if delayed <= 1.0 - q {
        return Ok(0.0);
    }
    Ok((libm::log(delayed) - libm::log1p(-q)) / drain)
}

/// M/M/c/K: at most `capacity` jobs present, in service or waiting, further
/// arrivals are lost. Gross & Harris 1998, ch. 2.
///
/// Any load has a steady state. The response and waiting times are those of
/// jobs let in; the throughput is that of jobs served. Time and memory are
/// proportional to `capacity`.
///
/// # Errors
///
/// [`Error::Invalid`] unless rate and time are positive, there are 1 to 2²⁴
/// servers, and the capacity is at least the number of servers and at most 2²⁴.
pub fn mmck(arrival_rate: f64, service_mean: f64, servers: usize, capacity: usize) -> Result<Measures, Error> {
    let offered = positive("arrival_rate", arrival_rate)? * positive("service_mean", service_mean)?;
    let width = count("servers", servers, 1)?;
    if !(servers..=MOST).contains(&capacity) {
        return Err(Error::Invalid {
            parameter: "capacity",
            value: capacity as f64,
            expected: "at least the number of servers and at most 2^24",
        });
    }
    let mut share = Vec::new();
    chain::stationary(capacity, |n| offered / n.min(servers) as f64, &mut share);
    let busy: f64 = share.iter().enumerate().map(|(n, p)| n.min(servers) as f64 * p).sum();
    let in_queue: f64 = share[servers..].iter().enumerate().map(|(waiting, p)| waiting as f64 * p).sum();
    Ok(Measures { loss: share[capacity], ..Measures::populated(busy / service_mean, busy, width, in_queue) })
}

/// M/M/∞: a server for everyone (the same for any service distribution).
/// Kleinrock 1975, sec. 3.4: no job waits, and the number present is Poisson
/// with mean `arrival_rate · service_mean`.
///
/// The utilisation of one server among infinitely many is reported as zero;
/// `busy` has the mean number at work.
///
/// # Errors
///
/// [`Error::Invalid`] unless both arguments are positive.
pub fn mm_inf(arrival_rate: f64, service_mean: f64) -> Result<Measures, Error> {
    positive("arrival_rate", arrival_rate)?;
    positive("service_mean", service_mean)?;
    Ok(Measures::lossless(arrival_rate, service_mean, 0.0, 0.0))
}

/// The two numbers that make the waiting time of a stable M/M/c.
struct Queue {
    /// Probability of having to wait, Erlang's C.
    delayed: f64,
    /// Rate at which a queue empties net of arrivals, `cμ - λ`, per second.
    drain: f64,
}

impl Queue {
    fn new(arrival_rate: f64, service_mean: f64, servers: usize) -> Result<Self, Error> {
        let offered = positive("arrival_rate", arrival_rate)? * positive("service_mean", service_mean)?;
        let utilisation = stable(offered / count("servers", servers, 1)?)?;
        // An offered load below the range of `erlang_c` is as good as none.
        let delayed = erlang_c(servers, if offered < 1e-100 { 0.0 } else { offered })?;
        Ok(Self { delayed, drain: servers as f64 * (1.0 - utilisation) / service_mean })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::theory::erlang_b;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} is not {expected}");
    }

    #[test]
    fn mm1_by_hand() {
        // λ = 8/s, S = 0.1 s: ρ = 0.8, L = 4, Lq = 3.2, R = 0.5 s, W = 0.4 s.
        let queue = mm1(8.0, 0.1).unwrap();
        close(queue.utilisation, 0.8, 1e-14);
        close(queue.in_system, 4.0, 1e-14);
        close(queue.in_queue, 3.2, 1e-14);
        close(queue.response, 0.5, 1e-14);
        close(queue.waiting, 0.4, 1e-14);
        close(mm1_response_quantile(8.0, 0.1, 0.5).unwrap(), 0.5 * 2.0_f64.ln(), 1e-14);
        close(mm1_response_quantile(8.0, 0.1, 0.99).unwrap(), 0.5 * 100.0_f64.ln(), 1e-12);
        assert_eq!(mm1_response_quantile(8.0, 0.1, 0.0), Ok(0.0));
    }

    #[test]
    fn mmc_by_hand() {
        // λ = 2, S = 1, c = 3: C = 4/9, W = 4/9, Lq = 8/9, L = 26/9.
        let queue = mmc(2.0, 1.0, 3).unwrap();
        close(queue.waiting, 4.0 / 9.0, 1e-14);
        close(queue.in_queue, 8.0 / 9.0, 1e-14);
        close(queue.in_system, 26.0 / 9.0, 1e-14);
        close(queue.utilisation, 2.0 / 3.0, 1e-14);
        close(mmc_waiting_tail(2.0, 1.0, 3, 0.0).unwrap(), 4.0 / 9.0, 1e-14);
        close(mmc_waiting_tail(2.0, 1.0, 3, 1.5).unwrap(), 4.0 / 9.0 * (-1.5_f64).exp(), 1e-14);
    }

    #[test]
    fn the_waiting_quantile_inverts_the_tail() {
        for q in [0.6, 0.9, 0.999] {
            let seconds = mmc_waiting_quantile(2.0, 1.0, 3, q).unwrap();
            close(mmc_waiting_tail(2.0, 1.0, 3, seconds).unwrap(), 1.0 - q, 1e-12);
        }
        assert_eq!(mmc_waiting_quantile(2.0, 1.0, 3, 0.5), Ok(0.0));
        // For one server P(response > t) = P(waiting > t) / ρ.
        let response = mm1_response_quantile(8.0, 0.1, 0.9).unwrap();
        close(mmc_waiting_tail(8.0, 0.1, 1, response).unwrap(), 0.08, 1e-12);
    }

    #[test]
    fn mmck_by_hand() {
        // M/M/1/2 at ρ = 1: thirds. M/M/1/3 at ρ = 1/2: 8, 4, 2, 1 fifteenths.
        let queue = mmck(1.0, 1.0, 1, 2).unwrap();
        close(queue.loss, 1.0 / 3.0, 1e-15);
        close(queue.in_system, 1.0, 1e-15);
        close(queue.throughput, 2.0 / 3.0, 1e-15);
        close(queue.response, 1.5, 1e-15);
        let queue = mmck(5.0, 0.1, 1, 3).unwrap();
        close(queue.loss, 1.0 / 15.0, 1e-14);
        close(queue.in_system, 11.0 / 15.0, 1e-14);
        close(queue.in_queue, 4.0 / 15.0, 1e-14);
        close(queue.throughput, 5.0 * 14.0 / 15.0, 1e-14);
    }

    #[test]
    fn mmck_spans_the_range_from_erlang_b_to_mmc() {
        for (servers, rate) in [(1, 0.9), (3, 2.0), (20, 31.0), (2000, 1990.0)] {
            let queue = mmck(rate, 1.0, servers, servers).unwrap();
            close(queue.loss, erlang_b(servers, rate).unwrap(), 1e-11);
            assert_eq!(queue.waiting, 0.0);
        }
        for (servers, rate) in [(1, 0.9), (3, 2.7), (50, 45.0)] {
            let finite = mmck(rate, 1.0, servers, 5000).unwrap();
            let infinite = mmc(rate, 1.0, servers).unwrap();
            close(finite.waiting, infinite.waiting, 1e-11);
            close(finite.in_system, infinite.in_system, 1e-11);
        }
        let drowned = mmck(1e6, 1.0, 4, 10).unwrap();
        close(drowned.throughput, 4.0, 1e-5);
        close(drowned.throughput, 1e6 * (1.0 - drowned.loss), 1e-9);
    }

    #[test]
    fn many_servers_are_as_good_as_infinitely_many() {
        let many = mmc(20.0, 0.5, 200).unwrap();
        let unlimited = mm_inf(20.0, 0.5).unwrap();
        close(many.response, unlimited.response, 1e-14);
        close(many.in_system, unlimited.in_system, 1e-14);
        assert_eq!((unlimited.waiting, unlimited.busy), (0.0, 10.0));
    }

    #[test]
    fn outside_the_domain() {
        assert!(matches!(mm1(10.0, 0.1), Err(Error::Unstable { .. })));
        assert!(matches!(mmc(30.0, 0.1, 3), Err(Error::Unstable { .. })));
        assert!(matches!(mm1(f64::NAN, 0.1), Err(Error::Invalid { .. })));
        assert!(matches!(mmc(1.0, 0.1, 0), Err(Error::Invalid { .. })));
        assert!(matches!(mmck(1.0, 0.1, 3, 2), Err(Error::Invalid { .. })));
        assert!(matches!(mm_inf(0.0, 0.1), Err(Error::Invalid { .. })));
        assert!(matches!(mm1_response_quantile(1.0, 0.1, 1.0), Err(Error::Invalid { .. })));
        assert!(mm1(1e-90, 1e-90).unwrap().response.is_finite());
        assert!(matches!(mm1(1e90, 1e90), Err(Error::Unstable { .. })));
    }
}
