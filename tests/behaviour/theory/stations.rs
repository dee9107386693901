//! Open queues: M/M/1, M/M/c, M/M/c/K, M/G/1, processor sharing, M/M/∞ and a tandem.

use std::sync::LazyLock;

use super::*;

static MM1: LazyLock<Vec<Outcome>> = LazyLock::new(|| {
    open(0.7, 100_000, &stations(&[("counter", "servers = 1", "\"exp(1s)\"")])).replicate(1, REPLICATIONS)
});

#[test]
fn one_exponential_server_is_mm1() {
    let runs = &*MM1;
    let exact = theory::mm1(0.7, 1.0).unwrap();
    agrees("response", runs, response, exact.response);
    agrees("utilisation", runs, utilisation("station counter"), exact.utilisation);
    agrees("number present", runs, present("station counter"), exact.in_system);
    agrees("median", runs, quantile(0.5), theory::mm1_response_quantile(0.7, 1.0, 0.5).unwrap());
    agrees("90th percentile", runs, quantile(0.9), theory::mm1_response_quantile(0.7, 1.0, 0.9).unwrap());
}

#[test]
fn a_wrong_formula_is_rejected() {
    let seen = interval(&MM1, response);
    assert!(seen.excludes(theory::md1(0.7, 1.0).unwrap().response), "constant service: {seen:?}");
    assert!(seen.excludes(theory::mm1(0.72, 1.0).unwrap().response), "3 % more arrivals: {seen:?}");
    assert!(seen.excludes(theory::mm1(0.7, 0.97).unwrap().response), "3 % faster service: {seen:?}");
    assert!(seen.excludes(theory::mmc(0.7, 1.0, 2).unwrap().response), "two servers: {seen:?}");
}

#[test]
fn three_exponential_servers_are_mmc() {
    let runs = open(2.1, 10_000, &stations(&[("counter", "servers = 3", "\"exp(1s)\"")])).replicate(2, REPLICATIONS);
    let exact = theory::mmc(2.1, 1.0, 3).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("utilisation", &runs, utilisation("station counter"), exact.utilisation);
    agrees("number present", &runs, present("station counter"), exact.in_system);
}

#[test]
fn a_station_with_room_for_few_is_mmck() {
    let shop = stations(&[("counter", "servers = 2\ncapacity = 5", "\"exp(1s)\"")]);
    let runs = open(2.5, 5_000, &shop).replicate(3, REPLICATIONS);
    let exact = theory::mmck(2.5, 1.0, 2, 5).unwrap();
    agrees("loss", &runs, |run| 1.0 - run.succeeded as f64 / run.ended() as f64, exact.loss);
    agrees("throughput", &runs, throughput, exact.throughput);
    agrees("response", &runs, response, exact.response);
    assert!(runs.iter().all(|run| run.failures.iter().all(|(why, _)| why == "turned away")));
}

#[test]
fn lognormal_service_in_order_of_arrival_follows_pollaczek_and_khinchine() {
    let shop = stations(&[("counter", "", "{ lognormal = { mean = \"1s\", cv = 1.2 } }")]);
    let runs = open(0.5, 60_000, &shop).replicate(4, REPLICATIONS);
    let exact = theory::mg1(0.5, 1.0, 1.44).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("utilisation", &runs, utilisation("station counter"), exact.utilisation);
}

#[test]
fn constant_service_is_md1() {
    let runs = open(0.7, 30_000, &stations(&[("counter", "", "\"1s\"")])).replicate(5, REPLICATIONS);
    agrees("response", &runs, response, theory::md1(0.7, 1.0).unwrap().response);
}

#[test]
fn processor_sharing_is_insensitive_to_the_distribution_of_service() {
    let exact = theory::mg1_ps(0.6, 1.0).unwrap();
    for (seed, time) in [(6, "\"exp(1s)\""), (7, "{ lognormal = { mean = \"1s\", cv = 2.0 } }")] {
        let shop = stations(&[("counter", "discipline = \"ps\"", time)]);
        let runs = open(0.6, 50_000, &shop).replicate(seed, REPLICATIONS);
        agrees(&format!("response with {time}"), &runs, response, exact.response);
        agrees(&format!("number present with {time}"), &runs, present("station counter"), exact.in_system);
    }
}

#[test]
fn a_delay_station_is_mm_inf() {
    for (seed, time) in [(8, "\"exp(2s)\""), (9, "{ lognormal = { mean = \"2s\", cv = 0.7 } }")] {
        let runs =
            open(3.0, 2_000, &stations(&[("way", "servers = \"infinite\"", time)])).replicate(seed, REPLICATIONS);
        let exact = theory::mm_inf(3.0, 2.0).unwrap();
        agrees("response", &runs, response, exact.response);
        agrees("number present", &runs, present("station way"), exact.in_system);
    }
}

#[test]
fn stations_in_a_row_are_a_tandem() {
    let shop = stations(&[("first", "", "\"exp(250ms)\""), ("second", "servers = 3", "\"exp(1s)\"")]);
    let runs = open(2.0, 12_000, &shop).replicate(10, REPLICATIONS);
    let stage = |service_mean, servers| theory::Stage { service_mean, servers };
    let exact = theory::tandem(2.0, &[stage(0.25, 1), stage(1.0, 3)]).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("present at the first", &runs, present("station first"), exact.stages[0].in_system);
    agrees("present at the second", &runs, present("station second"), exact.stages[1].in_system);
}

/// Customers who come back with a probability (Jackson 1957): as many visits as the geometric distribution has on average, each
/// of which waits as in an M/M/1 with all visits as arrivals.
#[test]
fn customers_who_come_back_are_a_queue_with_feedback() {
    let shop = "[stations.counter]\n[services.shop]\nruntime = \"delay\"\n[services.shop.endpoints.serve]\n\
                steps = [{ repeat = { again = 0.6, steps = [{ visit = { station = \"counter\", time = \"exp(1s)\" } }] } }]";
    let runs = open(0.28, 150_000, shop).replicate(63, REPLICATIONS);
    let exact = theory::mm1(0.7, 1.0).unwrap();
    agrees("response", &runs, response, 2.5 * exact.response);
    agrees("number present", &runs, present("station counter"), exact.in_system);
}
