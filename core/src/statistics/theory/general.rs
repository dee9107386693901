//! A single server with Poisson arrivals and any service time distribution.

use super::Measures;
use super::error::{Error, positive, stable, zero_or_positive};

/// M/G/1, first come first served: the formula of Pollaczek (1930) and
/// Khinchine (1932), `W = ρS(1 + cv²)/(2(1 - ρ))` (Kleinrock 1975, sec. 5.7).
///
/// `service_cv2` is the squared coefficient of variation of the service time
/// (variance over squared mean): 0 for a constant, 1 for an exponential. Only
/// two moments of the service time matter.
///
/// # Errors
///
/// [`Error::Unstable`] for `arrival_rate · service_mean >= 1`,
/// [`Error::Invalid`] unless rate and mean are positive and `service_cv2` is
/// not negative.
pub fn mg1(arrival_rate: f64, service_mean: f64, service_cv2: f64) -> Result<Measures, Error> {
    let load = utilisation(arrival_rate, service_mean)?;
    let spread = 1.0 + zero_or_positive("service_cv2", service_cv2)?;
    let waiting = load * service_mean * spread / (2.0 * (1.0 - load));
    Ok(Measures::lossless(arrival_rate, service_mean, load, waiting))
}

/// M/D/1, first come first served: [`mg1`] with constant service,
/// `W = ρS/(2(1 - ρ))`, half the wait of M/M/1.
///
/// # Errors
///
/// As [`mg1`].
pub fn md1(arrival_rate: f64, service_time: f64) -> Result<Measures, Error> {
    mg1(arrival_rate, service_time, 0.0)
}

/// M/G/1 under egalitarian processor sharing: `R = S/(1 - ρ)` whatever the
/// service distribution (insensitivity; Sakata, Noguchi & Oizumi 1969;
/// Harchol-Balter 2013, ch. 30).
///
/// No job queues under processor sharing: `waiting` is the response beyond the
/// service time itself, `in_queue` the jobs present beyond the one served.
///
/// # Errors
///
/// [`Error::Unstable`] for `arrival_rate · service_mean >= 1`,
/// [`Error::Invalid`] unless both are positive.
pub fn mg1_ps(arrival_rate: f64, service_mean: f64) -> Result<Measures, Error> {
    let load = utilisation(arrival_rate, service_mean)?;
    let waiting = load * service_mean / (1.0 - load);
    Ok(Measures::lossless(arrival_rate, service_mean, load, waiting))
}

/// Mean response, in seconds, under M/G/1 processor sharing of a job that
/// needs `seconds` of service: `x/(1 - ρ)`, the same slowdown for every job
/// (Harchol-Balter 2013, ch. 30).
///
/// # Errors
///
/// As [`mg1_ps`]; [`Error::Invalid`] too if `seconds` is negative.
pub fn mg1_ps_response_of(arrival_rate: f64, service_mean: f64, seconds: f64) -> Result<f64, Error> {
    let load = utilisation(arrival_rate, service_mean)?;
    Ok(zero_or_positive("seconds", seconds)? / (1.0 - load))
}

/// The load of a single server, if it can bear it.
fn utilisation(arrival_rate: f64, service_mean: f64) -> Result<f64, Error> {
    stable(positive("arrival_rate", arrival_rate)? * positive("service_mean", service_mean)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::theory::mm1;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-13 * expected.abs(), "{found} is not {expected}");
    }

    #[test]
    fn exponential_service_is_mm1() {
        for load in [0.1, 0.5, 0.9, 0.999] {
            let markov = mm1(load * 4.0, 0.25).unwrap();
            for general in [mg1(load * 4.0, 0.25, 1.0), mg1_ps(load * 4.0, 0.25)] {
                let general = general.unwrap();
                close(general.waiting, markov.waiting);
                close(general.in_system, markov.in_system);
                close(general.response, markov.response);
            }
        }
    }

    #[test]
    fn constant_service_by_hand() {
        // λ = 0.5, S = 1: W = 0.5, R = 1.5, L = 0.75, Lq = 0.25.
        let queue = md1(0.5, 1.0).unwrap();
        close(queue.waiting, 0.5);
        close(queue.response, 1.5);
        close(queue.in_system, 0.75);
        close(queue.in_queue, 0.25);
        close(mm1(0.5, 1.0).unwrap().waiting, 2.0 * queue.waiting);
    }

    #[test]
    fn waiting_grows_with_the_spread_of_service() {
        // Service 1 s or 9 s with probability one half: cv² = 16/25.
        let queue = mg1(0.1, 5.0, 0.64).unwrap();
        // λE[S²]/(2(1 - ρ)) = 0.1·41/(2·0.5).
        close(queue.waiting, 4.1);
    }

    #[test]
    fn processor_sharing_slows_every_job_alike() {
        close(mg1_ps_response_of(8.0, 0.1, 0.3).unwrap(), 1.5);
        assert_eq!(mg1_ps_response_of(8.0, 0.1, 0.0), Ok(0.0));
        let mean = mg1_ps(8.0, 0.1).unwrap().response;
        close(mg1_ps_response_of(8.0, 0.1, 0.1).unwrap(), mean);
    }

    #[test]
    fn outside_the_domain() {
        assert!(matches!(mg1(1.0, 1.0, 0.0), Err(Error::Unstable { .. })));
        assert!(matches!(mg1_ps(2.0, 1.0), Err(Error::Unstable { .. })));
        assert!(matches!(mg1(0.5, 1.0, -0.1), Err(Error::Invalid { .. })));
        assert!(matches!(md1(0.5, 0.0), Err(Error::Invalid { .. })));
    }
}
