//! Random streams, each named.
//!
//! Two kinds. A [`Stream`] is a sequence (xoshiro256++) for things that happen one after the other: arrivals, the
//! choices of a balancer. A request's own demands are [keyed](super::variate) instead: `mix` of the request's key and
//! the step's name. Both start from [`name`], which hashes (seed, replication, what it is for, whose).

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The finalizer of SplitMix64 in David Stafford's 13th variant: a bijection of 64 bits whose every output bit depends
/// on every input bit.
#[inline]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The number that [`mix`] turns into `z`.
pub fn unmix(mut z: u64) -> u64 {
    z ^= (z >> 31) ^ (z >> 62);
    z = z.wrapping_mul(0x3196_42B2_D24D_8EC3);
    z ^= (z >> 27) ^ (z >> 54);
    z = z.wrapping_mul(0x96DE_1B17_3F11_9089);
    z ^ (z >> 30) ^ (z >> 60)
}

/// Uniform on [0, 1) from the upper 53 bits.
#[inline]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Uniform on (0, 1): never an end, so that logarithms and quantiles are finite. The bits become the mantissa of a
/// number in [1, 2), from which a little less than one is taken: odd multiples of 2^-53, exactly.
#[inline]
pub fn unit_open(bits: u64) -> f64 {
    f64::from_bits((1023 << 52) | (bits >> 12)) - (1.0 - f64::EPSILON / 2.0)
}

/// The seed of the stream for `purpose` of `whose` in one replication. Strings are folded in by FNV-1a, everything is
/// finished by [`mix`].
pub fn name(seed: u64, replication: u64, purpose: &str, whose: u64) -> u64 {
    let folded = fold(purpose);
    [replication, folded, whose].into_iter().fold(mix(seed.wrapping_add(GOLDEN)), |key, part| {
        mix(key.wrapping_add(GOLDEN) ^ mix(part.wrapping_add(GOLDEN)))
    })
}

/// A text as 64 bits (FNV-1a, Fowler, Noll and Vo).
pub fn fold(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// 2^64 over the golden ratio: SplitMix64's increment.
pub const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A sequence of random numbers with a name of its own.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream for `purpose` of `whose` in one replication.
    pub fn named(seed: u64, replication: u64, purpose: &str, whose: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(name(seed, replication, purpose, whose)))
    }

    /// The next 64 bits; also a key for a [`super::Variate`].
    #[inline]
    pub fn next_bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number below `n`, each as likely as the others to within `n / 2^64`.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.next_bits()) * u128::from(n)) >> 64) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_in_every_part() {
        let base = name(1, 0, "arrivals", 0);
        for other in
            [name(2, 0, "arrivals", 0), name(1, 1, "arrivals", 0), name(1, 0, "think", 0), name(1, 0, "arrivals", 1)]
        {
            assert_ne!(base, other);
        }
        assert_eq!(base, name(1, 0, "arrivals", 0));
    }

    /// Neighbouring keys and sites, as requests use them, give uniforms without visible correlation.
    #[test]
    fn keyed_uniforms_are_uniform_and_uncorrelated() {
        let n = 100_000u64;
        let (mut sum, mut product) = (0.0, 0.0);
        for request in 0..n {
            let key = name(1, 0, "request", request);
            let (a, b) = (unit(mix(key.wrapping_add(GOLDEN))), unit(mix(key.wrapping_add(GOLDEN.wrapping_mul(2)))));
            sum += a;
            product += (a - 0.5) * (b - 0.5);
        }
        let mean_error = (sum / n as f64 - 0.5) / (1.0 / 12f64 / n as f64).sqrt();
        let correlation = product / n as f64 * 12.0 * (n as f64).sqrt();
        assert!(mean_error.abs() < 4.0 && correlation.abs() < 4.0, "{mean_error} {correlation}");
    }

    #[test]
    fn mixing_can_be_undone() {
        for key in 0..1000 {
            assert_eq!(unmix(mix(name(1, 2, "any", key))), name(1, 2, "any", key));
        }
    }

    #[test]
    fn below_stays_below() {
        let mut stream = Stream::named(1, 0, "test", 0);
        let mut seen = [0u32; 7];
        for _ in 0..7_000 {
            seen[stream.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (850..1150).contains(&count)), "{seen:?}");
    }
}
