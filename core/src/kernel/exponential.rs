//! The exponential function, for lognormal variates.
//!
//! As the [logarithm](super::logarithm) beside it: a general-purpose one took 8 % of the time of the pool network, with
//! its one lognormal station, and the C library's has other bits on other machines. Tang 1989: the argument is brought
//! near zero by a multiple of `ln 2 / 64`, whose power of two is tabled, and the rest is a short series.

const STEPS: usize = 64;

/// Two to the power of `j / 64`.
const TABLE: [f64; STEPS] = {
    let mut table = [0.0; STEPS];
    let mut index = 0;
    while index < STEPS {
        table[index] = series(index as f64 * (std::f64::consts::LN_2 / STEPS as f64));
        index += 1;
    }
    table
};

/// The exponential of a number in [0, 1), at compile time: the smallest terms first.
const fn series(x: f64) -> f64 {
    let mut sum = 1.0;
    let mut n = 24;
    while n > 0 {
        sum = 1.0 + sum * x / n as f64;
        n -= 1;
    }
    sum
}

/// `ln 2 / 64` in two parts: the first has so few digits that a whole number of steps times it is exact.
const STEP_HIGH: f64 = f64::from_bits(0x3F86_2E42_FEE0_0000);
const STEP_LOW: f64 = 1.908_214_929_270_587_7e-10 / STEPS as f64;

/// Adding it rounds to a whole number, which then stands in the lowest bits.
const ROUNDER: f64 = 1.5 * (1u64 << 52) as f64;

/// The exponential of a number, with an error below 1e-15 times the result.
#[inline]
pub fn exp(x: f64) -> f64 {
    // Beyond, and for what is no number, the result or its scale is no normal number.
    if x.is_nan() || x.abs() >= 700.0 {
        return libm::exp(x);
    }
    let rounded = x * (STEPS as f64 / std::f64::consts::LN_2) + ROUNDER;
    let steps = rounded - ROUNDER;
    let r = (x - steps * STEP_HIGH) - steps * STEP_LOW;
    let r2 = r * r;
    let tail = (0.5 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
    let whole = rounded.to_bits() as i64;
    let power = TABLE[whole as usize % STEPS];
    // What is above the steps is the exponent.
    let exponent = ((whole << 12) >> 18) + 1023;
    let scale = f64::from_bits((exponent as u64) << 52);
    scale * (power + power * (r + r2 * tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::{mix, unit};

    #[test]
    fn agrees_with_the_reference() {
        let spread = (0..200_000).map(|key| (unit(mix(key)) - 0.5) * 1399.0);
        let small = (0..200_000).map(|key| (unit(mix(key)) - 0.5) * 40.0);
        let ends = [0.0, -0.0, 1.0, -1.0, 1e-300, 699.999, -699.999, 700.0, -745.2, 710.0, f64::INFINITY, 18.4];
        for x in spread.chain(small).chain(ends) {
            let (ours, theirs) = (exp(x), libm::exp(x));
            assert!(ours == theirs || (ours / theirs - 1.0).abs() < 1e-15, "{x}: {ours} for {theirs}");
        }
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn it_undoes_the_logarithm() {
        for x in (0..10_000).map(|key| 1.0 + 1e9 * unit(mix(key))) {
            assert!((exp(crate::kernel::logarithm::ln(x)) / x - 1.0).abs() < 1e-14, "{x}");
        }
    }
}
