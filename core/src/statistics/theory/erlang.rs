//! Erlang's two formulas (1917).

use super::error::{Error, count, stable, zero_or_positive};

/// Erlang's loss formula: the probability that all of `servers` servers are
/// busy when no job waits (M/G/c/c), for `offered` work in erlangs (arrival
/// rate times mean service time, dimensionless).
///
/// Any offered load has a steady state. Evaluated by the recursion
/// `B(k) = a·B(k-1) / (k + a·B(k-1))` (Gross & Harris 1998, ch. 2), which
/// stays in `[0, 1]` where factorials would overflow.
///
/// # Errors
///
/// [`Error::Invalid`] if `offered` is negative or out of range, or for more
/// than 2²⁴ servers. No server at all loses everything: 1.
pub fn erlang_b(servers: usize, offered: f64) -> Result<f64, Error> {
    zero_or_positive("offered", offered)?;
    count("servers", servers, 0)?;
    let mut blocking = 1.0;
    for k in 1..=servers {
        let flow = offered * blocking;
        blocking = flow / (k as f64 + flow);
    }
    Ok(blocking)
}

/// Erlang's delay formula: the probability that an arrival to M/M/c finds all
/// of `servers` servers busy and has to wait, for `offered` work in erlangs.
///
/// From the loss formula, `C = B / (1 - ρ + ρB)` with `ρ = a/c` (Gross & Harris
/// 1998, ch. 2): all terms positive, hence accurate to the brink of
/// saturation.
///
/// # Errors
///
/// [`Error::Unstable`] if `offered` is at least `servers`, [`Error::Invalid`]
/// if it is negative or out of range, or for a number of servers not in 1 to
/// 2²⁴.
pub fn erlang_c(servers: usize, offered: f64) -> Result<f64, Error> {
    let utilisation = stable(zero_or_positive("offered", offered)? / count("servers", servers, 1)?)?;
    let blocking = erlang_b(servers, offered)?;
    Ok(blocking / ((1.0 - utilisation) + utilisation * blocking))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found / expected - 1.0).abs() <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn loss_formula_by_hand() {
        // a = 2: (2³/3!) / (1 + 2 + 2 + 4/3) = 4/19.
        close(erlang_b(3, 2.0).unwrap(), 4.0 / 19.0, 1e-15);
        assert_eq!(erlang_b(1, 1.0), Ok(0.5));
        assert_eq!(erlang_b(0, 3.0), Ok(1.0));
        assert_eq!(erlang_b(4, 0.0), Ok(0.0));
    }

    #[test]
    fn delay_formula_by_hand() {
        // C(1, a) = a; C(2, 1) = 1/3; C(3, 2) = 4/9.
        close(erlang_c(1, 0.8).unwrap(), 0.8, 1e-15);
        close(erlang_c(2, 1.0).unwrap(), 1.0 / 3.0, 1e-15);
        close(erlang_c(3, 2.0).unwrap(), 4.0 / 9.0, 1e-15);
    }

    #[test]
    fn large_systems_stay_finite() {
        // Heavy traffic: B(a, a) ~ √(2/(πa)).
        let blocking = erlang_b(1_000_000, 1e6).unwrap();
        close(blocking, (2.0 / (std::f64::consts::PI * 1e6)).sqrt(), 1e-3);
        let waiting = erlang_c(100_000, 99_999.999).unwrap();
        assert!(waiting > 0.999 && waiting < 1.0);
        assert!(erlang_b(10_000, 1.0).unwrap() == 0.0);
    }

    #[test]
    fn outside_the_domain() {
        assert_eq!(erlang_c(2, 2.0), Err(Error::Unstable { utilisation: 1.0 }));
        assert!(matches!(erlang_c(0, 0.5), Err(Error::Invalid { .. })));
        assert!(matches!(erlang_b(2, -1.0), Err(Error::Invalid { .. })));
        assert!(matches!(erlang_b(2, f64::NAN), Err(Error::Invalid { .. })));
    }
}
