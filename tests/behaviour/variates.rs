//! Variates against those of `rand_distr`: two samples of a million draws each have the same distribution
//! (Kolmogorov and Smirnov).
//!
//! The product does not draw from `rand_distr` itself: docs/design/distributions.md says why.

use rand::SeedableRng;
use rand_distr::{Distribution, Exp, Gamma, LogNormal, Pareto, Uniform, Weibull, Zipf};
use rand_xoshiro::Xoshiro256PlusPlus;
use sim::kernel::Variate;
use sim::kernel::random::mix;
use sim::model::Popularity;

const DRAWS: u64 = 1_000_000;

/// The largest distance of two equal distributions, exceeded by one pair of samples in a thousand.
const LARGEST: f64 = 1.95 * 1.414 / 1000.0;

/// The largest distance between the distribution functions of two samples.
fn distance(mut ours: Vec<f64>, mut theirs: Vec<f64>) -> f64 {
    ours.sort_by(f64::total_cmp);
    theirs.sort_by(f64::total_cmp);
    let (mut i, mut j, mut most) = (0, 0, 0.0f64);
    while i < ours.len() && j < theirs.len() {
        let value = ours[i].min(theirs[j]);
        while ours.get(i).is_some_and(|&it| it <= value) {
            i += 1;
        }
        while theirs.get(j).is_some_and(|&it| it <= value) {
            j += 1;
        }
        most = most.max((i as f64 / ours.len() as f64 - j as f64 / theirs.len() as f64).abs());
    }
    most
}

fn ours(variate: &Variate) -> Vec<f64> {
    (0..DRAWS).map(|key| variate.draw(mix(key)).0 as f64).collect()
}

fn theirs(distribution: impl Distribution<f64>) -> Vec<f64> {
    let random = Xoshiro256PlusPlus::seed_from_u64(5);
    distribution.sample_iter(random).take(DRAWS as usize).collect()
}

#[track_caller]
fn agree(variate: Variate, distribution: impl Distribution<f64>) {
    let distance = distance(ours(&variate), theirs(distribution));
    assert!(distance < LARGEST, "{variate:?}: {distance}");
}

#[test]
#[ignore = "statistical: a million draws"]
fn variates_are_distributed_as_those_of_rand_distr() {
    agree(Variate::Exponential(1e9), Exp::new(1e-9).unwrap());
    agree(Variate::Uniform { min: 1e9, width: 2e9 }, Uniform::new(1e9, 3e9).unwrap());
    agree(Variate::lognormal(1e9, 0.8), LogNormal::from_mean_cv(1e9, 0.8).unwrap());
    agree(Variate::Erlang { phases: 3, phase_mean: 1e9 }, Gamma::new(3.0, 1e9).unwrap());
    agree(Variate::Gamma { shape: 2.5, scale: 1e9 }, Gamma::new(2.5, 1e9).unwrap());
    agree(Variate::Gamma { shape: 0.4, scale: 1e9 }, Gamma::new(0.4, 1e9).unwrap());
    agree(Variate::Weibull { inverse_shape: 1.0 / 0.7, scale: 1e9 }, Weibull::new(1e9, 0.7).unwrap());
}

/// A Pareto variate that is not above the cut.
#[test]
#[ignore = "statistical: a million draws"]
fn a_bounded_pareto_is_the_lower_part_of_a_pareto() {
    let (min, max, alpha) = (1e6, 1e9, 1.2);
    let bounded = Variate::BoundedPareto { min, mass: 1.0 - (min / max).powf(alpha), inverse_alpha: 1.0 / alpha };
    let random = Xoshiro256PlusPlus::seed_from_u64(6);
    let whole = Pareto::new(min, alpha).unwrap();
    let cut = whole.sample_iter(random).filter(|value| *value <= max).take(DRAWS as usize).collect();
    let distance = distance(ours(&bounded), cut);
    assert!(distance < LARGEST, "{distance}");
}

#[test]
#[ignore = "statistical: a million draws"]
fn keys_follow_the_law_of_zipf() {
    for exponent in [0.8, 1.0, 1.3] {
        let popularity = Popularity::Zipf(Popularity::zipf(1000, exponent));
        let ours = (0..DRAWS).map(|key| f64::from(popularity.draw(mix(key)))).collect();
        let theirs = theirs(Zipf::new(1000.0, exponent).unwrap()).into_iter().map(|rank| rank - 1.0).collect();
        let distance = distance(ours, theirs);
        assert!(distance < LARGEST, "{exponent}: {distance}");
    }
}

#[test]
fn a_hundredth_more_is_found() {
    let distance = distance(ours(&Variate::Exponential(1.01e9)), theirs(Exp::new(1e-9).unwrap()));
    assert!(distance > LARGEST, "{distance}");
}
