//! Caches: time to live, and least recently used.

use super::*;

/// A cache with these keys, looked up with this popularity.
fn cached(keys: &str, popularity: &str) -> String {
    service(
        &format!("runtime = \"delay\"\n[services.shop.caches.memo]\n{keys}"),
        &format!("{{ cache = {{ name = \"memo\", key = {popularity} }} }}"),
    )
}

fn hit_ratio(outcome: &Outcome) -> f64 {
    outcome.cache_hit_ratio().expect("lookups")
}

#[test]
fn entries_with_a_time_to_live_are_hit_as_often_as_they_should() {
    let runs = open(1.0, 12_000, &cached("ttl = \"2s\"", "{ uniform = { keys = 1 } }")).replicate(24, REPLICATIONS);
    agrees("one key", &runs, hit_ratio, theory::ttl_hit_ratio(&[1.0], 2.0).unwrap());
    let zipf = "{ zipf = { keys = 3, exponent = 1.0 } }";
    let runs = open(11.0, 2_000, &cached("ttl = \"300ms\"", zipf)).replicate(25, REPLICATIONS);
    let exact = theory::ttl_hit_ratio(&[6.0, 3.0, 2.0], 0.3).unwrap();
    agrees("three keys", &runs, hit_ratio, exact);
    assert!(interval(&runs, hit_ratio).excludes(theory::ttl_hit_ratio(&[5.5, 3.3, 2.2], 0.3).unwrap()));
}

#[test]
fn the_most_recently_used_keys_are_hit_as_often_as_they_should() {
    let zipf = "{ zipf = { keys = 4, exponent = 1.0 } }";
    let runs = open(100.0, 200, &cached("size = 2", zipf)).replicate(26, REPLICATIONS);
    let exact = theory::lru_hit_ratio_of_two(&[12.0, 6.0, 4.0, 3.0]).unwrap();
    agrees("two of four keys", &runs, hit_ratio, exact);
    assert!(interval(&runs, hit_ratio).excludes(0.72), "the two most popular keys, always");
    let zipf = "{ zipf = { keys = 1000, exponent = 0.8 } }";
    let runs = open(100.0, 200, &cached("size = 100", zipf)).replicate(27, REPLICATIONS);
    let weights: Vec<f64> = (1..=1000).map(|rank| f64::from(rank).powf(-0.8)).collect();
    let near = theory::lru_hit_ratio(&weights, 100).unwrap();
    let seen = interval(&runs, hit_ratio);
    assert!((seen.estimate / near - 1.0).abs() < 0.01, "{seen:?} for {near}");
}
