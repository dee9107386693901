//! The plan of caches, and what is asked of them.

use std::sync::Arc;

use crate::kernel::Time;
use crate::kernel::random::unit;

/// A read-through cache of a service.
#[derive(Clone, Debug)]
pub struct CachePlan {
    /// Its name.
    pub name: String,
    /// How long an entry is valid; none: without limit.
    pub ttl: Option<Time>,
    /// Entries at most, beyond which the least recently used goes; none: no limit.
    pub size: Option<u32>,
    /// One for the service, not one for each process.
    pub shared: bool,
    /// Of concurrent misses of one key only the first fetches, and the others wait for it.
    pub coalesce: bool,
    /// Keys that it may be asked for.
    pub keys: u32,
}

/// How often each key is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Popularity {
    /// Key `k`, counted from 0, with a probability proportional to `1 / (k + 1)^exponent`; this or an earlier key, by
    /// key.
    Zipf(Arc<[f64]>),
    /// Each as often as the others.
    Uniform(u32),
    /// No key ever again.
    Unique,
}

impl Popularity {
    /// The key of a request that is never asked for again.
    pub const UNIQUE: u32 = u32::MAX;

    /// The key that these random bits mean, by inversion.
    pub fn draw(&self, bits: u64) -> u32 {
        match self {
            Self::Zipf(cumulated) => {
                let u = unit(bits);
                cumulated.partition_point(|&c| c <= u).min(cumulated.len() - 1) as u32
            }
            Self::Uniform(keys) => ((u128::from(bits) * u128::from(*keys)) >> 64) as u32,
            Self::Unique => Self::UNIQUE,
        }
    }

    /// Keys that may be drawn more than once.
    pub fn keys(&self) -> u32 {
        match self {
            Self::Zipf(cumulated) => cumulated.len() as u32,
            Self::Uniform(keys) => *keys,
            Self::Unique => 0,
        }
    }

    /// The table of [`Popularity::Zipf`].
    pub fn zipf(keys: u32, exponent: f64) -> Arc<[f64]> {
        let mut sum = 0.0;
        let mut cumulated: Vec<f64> = (1..=keys)
            .map(|rank| {
                sum += libm::pow(f64::from(rank), -exponent);
                sum
            })
            .collect();
        cumulated.iter_mut().for_each(|c| *c /= sum);
        cumulated.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::mix;

    /// Three keys with weights 1, 1/2 and 1/3, of 11/6 in all.
    #[test]
    fn zipf_keys_come_as_often_as_they_should() {
        let zipf = Popularity::Zipf(Popularity::zipf(3, 1.0));
        let mut counts = [0.0f64; 3];
        for bits in 0..60_000 {
            counts[zipf.draw(mix(bits)) as usize] += 1.0 / 60_000.0;
        }
        for (seen, weight) in counts.iter().zip([6.0, 3.0, 2.0]) {
            assert!((seen - weight / 11.0).abs() < 0.01, "{counts:?}");
        }
        assert_eq!((zipf.draw(0), zipf.draw(u64::MAX)), (0, 2));
        assert_eq!((Popularity::Uniform(5).draw(0), Popularity::Uniform(5).draw(u64::MAX)), (0, 4));
    }
}
