//! The natural logarithm, for variates by inversion.
//!
//! Half of the time of an M/M/1 went into a general-purpose logarithm. This one is for positive normal numbers only,
//! has an error below 1e-15 (times the result where that is above one), and is made of plain additions and
//! multiplications, so that it gives the same bits on every machine (the C library's does not). Tang 1990: the mantissa
//! is divided by the nearest of 128 centres, whose logarithms are tabled, and the rest is a short series.

const CENTRES: usize = 128;
const MANTISSA: u64 = (1 << 52) - 1;

/// For each centre: its reciprocal, and the logarithm of the centre.
const TABLE: [(f64, f64); CENTRES] = {
    let mut table = [(0.0, 0.0); CENTRES];
    let mut index = 0;
    while index < CENTRES {
        let centre = 1.0 + (index as f64 + 0.5) / CENTRES as f64;
        table[index] = (1.0 / centre, series(1.0 / centre));
        index += 1;
    }
    table
};

/// `-ln(reciprocal)` by the series of the inverse hyperbolic tangent, at compile time.
const fn series(reciprocal: f64) -> f64 {
    let z = (reciprocal - 1.0) / (reciprocal + 1.0);
    let mut power = z;
    let mut sum = 0.0;
    let mut n = 1;
    while n < 60 {
        sum += power / n as f64;
        power *= z * z;
        n += 2;
    }
    -2.0 * sum
}

/// The natural logarithm of a positive, normal, finite number.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i64 - 1023;
    let (reciprocal, logarithm) = TABLE[(bits >> 45) as usize % CENTRES];
    let mantissa = f64::from_bits((bits & MANTISSA) | (1023 << 52));
    let r = mantissa * reciprocal - 1.0;
    // In pairs, so that few steps wait for each other: a draw's time decides which event is next.
    let r2 = r * r;
    let tail = r2 * (r * (1.0 / 3.0) - 0.5) + (r2 * r2) * (r * 0.2 - 0.25);
    ((exponent as f64 * std::f64::consts::LN_2 + logarithm) + r) + tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::{mix, unit_open};

    #[test]
    fn agrees_with_the_reference() {
        let near_ends = [f64::MIN_POSITIVE, 1e-300, 1e-16, 0.5, 1.0 - 1e-16, 1.0, 1.0 + 1e-15, 2.0, 1e300];
        for x in (0..100_000).map(|key| unit_open(mix(key))).chain(near_ends) {
            let (ours, theirs) = (ln(x), libm::log(x));
            assert!((ours - theirs).abs() <= 1e-15 * theirs.abs().max(1.0), "{x}: {ours} for {theirs}");
        }
    }
}
