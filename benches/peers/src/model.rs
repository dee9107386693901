//! What the two models are, in numbers, and what the Rust implementations share:
//! the random draws and, where the library has no queue of its own, the queues.

use std::collections::VecDeque;

use rand_core::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// Seed of every run.
pub const SEED: u64 = 20_240_229;

/// Mean time between arrivals of the M/M/1 queue, in seconds (0.8 arrivals a second).
pub const MM1_INTERARRIVAL: f64 = 1.25;
/// Mean service time of the M/M/1 queue, in seconds.
pub const MM1_SERVICE: f64 = 1.0;

/// Closed clients of the pool network.
pub const CLIENTS: usize = 200;
/// Tokens of the semaphore around station B.
pub const TOKENS: usize = 20;
/// Servers of station A.
pub const A_SERVERS: usize = 1;
/// Mean service time at station A (exponential), in seconds.
pub const A_MEAN: f64 = 0.010;
/// Servers of station B.
pub const B_SERVERS: usize = 8;
/// Mean service time at station B (lognormal), in seconds.
pub const B_MEAN: f64 = 0.100;
/// Coefficient of variation of the service time at station B.
pub const B_CV: f64 = 0.5;
/// Mean service time of one visit at station C (exponential), in seconds.
pub const C_MEAN: f64 = 0.020;
/// Visits at station C in one cycle.
pub const C_VISITS: u8 = 2;
/// Time-out of a client, counted from the start of its cycle, in seconds.
pub const TIMEOUT: f64 = 30.0;

/// Size of a pool-network run.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    /// Cycles to complete.
    pub cycles: u64,
    /// Servers of station C.
    pub c_servers: usize,
}

/// What a run yields.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Completed customers or cycles.
    pub units: u64,
    /// Sum of the response times or the cycle times, in simulated seconds.
    pub total: f64,
    /// Simulated time at which the last unit was completed, in seconds.
    pub end: f64,
    /// Client time-outs that ran out (none should in these models).
    pub timeouts: u64,
}

impl Outcome {
    /// Counts one completed unit that was begun at `begun` and completed at `now`.
    #[inline]
    pub fn complete(&mut self, begun: f64, now: f64) {
        self.units += 1;
        self.total += now - begun;
        self.end = now;
    }

    /// Mean response or cycle time in simulated seconds.
    pub fn mean(&self) -> f64 {
        self.total / self.units as f64
    }

    /// Completed units per simulated second.
    pub fn throughput(&self) -> f64 {
        self.units as f64 / self.end
    }
}

/// The stations of the pool network, in the order in which a cycle passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Station {
    A,
    B,
    C,
}

/// A number of alike servers, or tokens, with a queue of clients.
#[derive(Debug, Serialize, Deserialize)]
pub struct Servers {
    free: usize,
    queue: VecDeque<usize>,
}

impl Servers {
    /// `servers` of them, all free.
    pub fn new(servers: usize) -> Self {
        Servers { free: servers, queue: VecDeque::with_capacity(CLIENTS) }
    }

    /// Whether the client got a server at once; else it is in the queue.
    pub fn seize(&mut self, client: usize) -> bool {
        if self.free > 0 {
            self.free -= 1;
            true
        } else {
            self.queue.push_back(client);
            false
        }
    }

    /// The client that now has the server that was given back.
    pub fn release(&mut self) -> Option<usize> {
        let next = self.queue.pop_front();
        if next.is_none() {
            self.free += 1;
        }
        next
    }
}

/// The random draws: xoshiro256++, everything else by inversion.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draws {
    rng: Xoshiro256PlusPlus,
    b_mu: f64,
    b_sigma: f64,
}

impl Draws {
    /// Draws from the stream of `seed`.
    pub fn new(seed: u64) -> Self {
        let variance = (1.0 + B_CV * B_CV).ln();
        Draws {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            b_mu: B_MEAN.ln() - variance / 2.0,
            b_sigma: variance.sqrt(),
        }
    }

    /// Uniform in `[0, 1)`.
    #[inline]
    fn uniform(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Exponential with the given mean.
    #[inline]
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.uniform()).ln()
    }

    /// Lognormal service time of station B.
    #[inline]
    fn b_service(&mut self) -> f64 {
        // The middle of the uniform's cell, as the quantile of 0 is infinite.
        let u = self.uniform() + 0.5 / (1u64 << 53) as f64;
        (self.b_mu + self.b_sigma * normal_quantile(u)).exp()
    }

    /// Service time of one visit at `station`.
    #[inline]
    pub fn service(&mut self, station: Station) -> f64 {
        match station {
            Station::A => self.exponential(A_MEAN),
            Station::B => self.b_service(),
            Station::C => self.exponential(C_MEAN),
        }
    }
}

/// Quantile of the standard normal distribution: Wichura's algorithm AS 241 (PPND16).
fn normal_quantile(p: f64) -> f64 {
    /// Polynomial with the constant term first.
    #[inline]
    fn poly(x: f64, c: [f64; 8]) -> f64 {
        c.iter().rev().fold(0.0, |sum, c| sum * x + c)
    }

    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * poly(
            r,
            [
                3.387_132_872_796_366_5,
                133.141_667_891_784_38,
                1_971.590_950_306_551_3,
                13_731.693_765_509_46,
                45_921.953_931_549_87,
                67_265.770_927_008_7,
                33_430.575_583_588_13,
                2_509.080_928_730_122_7,
            ],
        ) / poly(
            r,
            [
                1.0,
                42.313_330_701_600_91,
                687.187_007_492_057_9,
                5_394.196_021_424_751,
                21_213.794_301_586_597,
                39_307.895_800_092_71,
                28_729.085_735_721_943,
                5_226.495_278_852_545,
            ],
        );
    }
    let r = (-(if q < 0.0 { p } else { 1.0 - p }).ln()).sqrt();
    let z = if r <= 5.0 {
        let r = r - 1.6;
        poly(
            r,
            [
                1.423_437_110_749_683_5,
                4.630_337_846_156_546,
                5.769_497_221_460_691,
                3.647_848_324_763_204_5,
                1.270_458_252_452_368_4,
                0.241_780_725_177_450_6,
                0.022_723_844_989_269_184,
                7.745_450_142_783_414e-4,
            ],
        ) / poly(
            r,
            [
                1.0,
                2.053_191_626_637_759,
                1.676_384_830_183_803_8,
                0.689_767_334_985_1,
                0.148_103_976_427_480_08,
                0.015_198_666_563_616_457,
                5.475_938_084_995_345e-4,
                1.050_750_071_644_416_9e-9,
            ],
        )
    } else {
        let r = r - 5.0;
        poly(
            r,
            [
                6.657_904_643_501_104,
                5.463_784_911_164_114,
                1.784_826_539_917_291_3,
                0.296_560_571_828_504_87,
                0.026_532_189_526_576_124,
                0.001_242_660_947_388_078_4,
                2.711_555_568_743_487_6e-5,
                2.010_334_399_292_288_1e-7,
            ],
        ) / poly(
            r,
            [
                1.0,
                0.599_832_206_555_888,
                0.136_929_880_922_735_8,
                0.014_875_361_290_850_615,
                7.868_691_311_456_133e-4,
                1.846_318_317_510_054_8e-5,
                1.421_511_758_316_446e-7,
                2.044_263_103_389_939_8e-15,
            ],
        )
    };
    if q < 0.0 { -z } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (p, z) in [
            (0.5, 0.0),
            (0.841_344_746_068_542_9, 1.0),
            (0.975, 1.959_963_984_540_054),
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813_6),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((normal_quantile(p) - z).abs() < 1e-12, "{p}");
        }
    }

    #[test]
    fn means_are_those_asked_for() {
        let mut draws = Draws::new(SEED);
        let n = 1_000_000;
        for (station, mean) in [(Station::A, A_MEAN), (Station::B, B_MEAN), (Station::C, C_MEAN)] {
            let sum: f64 = (0..n).map(|_| draws.service(station)).sum();
            assert!((sum / f64::from(n) / mean - 1.0).abs() < 0.005);
        }
    }
}
