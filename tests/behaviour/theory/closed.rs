//! Closed networks: the machine repairman, and networks by exact mean value analysis.

use super::*;
use sim::experiment::analyse::trial::Trial;
use sim::experiment::plan::{Adjustments, Plan};
use sim::experiment::run::runner;
use sim::statistics::theory::mva;

/// So many customers think for an exponential time and interact with the shop.
fn closed(customers: u32, think: &str, seconds: u32, shop: &str) -> Bench {
    let warm_up = seconds / 10;
    bench(&format!(
        r#"
        [load]
        kind = "closed"
        target = "shop.serve"
        concurrency = {customers}
        think_time = "exp({think})"
        warm_up = "{warm_up}s"
        duration = "{seconds}s"
        {shop}
        "#
    ))
}

#[test]
fn the_machine_repairman() {
    let shop = stations(&[("repair", "servers = 2", "\"exp(500ms)\"")]);
    let runs = closed(10, "2s", 2_000, &shop).replicate(11, REPLICATIONS);
    let exact = theory::repairman(10, 2.0, 0.5, 2).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("throughput", &runs, throughput, exact.throughput);
    agrees("utilisation", &runs, utilisation("station repair"), exact.utilisation);
}

#[test]
fn a_closed_network_with_several_servers_follows_mean_value_analysis() {
    let visits = [
        ("a", "servers = 3", "\"exp(600ms)\""),
        ("b", "", "\"exp(150ms)\""),
        ("way", "servers = \"infinite\"", "{ lognormal = { mean = \"300ms\", cv = 0.5 } }"),
    ];
    let runs = closed(12, "1s", 3_000, &stations(&visits)).replicate(12, REPLICATIONS);
    let parts = [mva::Centre::multi(0.6, 3), mva::Centre::queue(0.15), mva::Centre::delay(0.3)];
    let exact = mva::solve(&parts, 1.0, 12).unwrap();
    agrees("throughput", &runs, throughput, exact.throughput);
    agrees("response", &runs, response, exact.response);
    for (name, station) in ["station a", "station b", "station way"].into_iter().zip(&exact.stations) {
        agrees(name, &runs, present(name), station.queue_length);
    }
}

/// The shipped model, as it is run by `sim run`, for a shorter time.
#[test]
fn the_central_server_follows_mean_value_analysis() {
    let shorter = [("load.duration", "1500s"), ("load.warm_up", "150s")];
    let adjustments = Adjustments::default().set_all(shorter).seed(13).replications(REPLICATIONS as u32);
    let plan = Plan::read("models/central-server.toml".as_ref(), &adjustments).expect("a sound model");
    let runs = runner::run(&plan, &runner::Progress::default()).done;
    assert_eq!(runs.len(), REPLICATIONS as usize);
    let exact = mva::solve(&[0.2, 0.18, 0.12].map(mva::Centre::queue), 5.0, 20).unwrap();
    agrees("throughput", &runs, |trial: &Trial| trial.throughput_per_min.unwrap() / 60.0, exact.throughput);
    agrees("response", &runs, |trial: &Trial| trial.mean_s.expect("successes"), exact.response);
    for (name, station) in ["station cpu", "station disk-a", "station disk-b"].into_iter().zip(&exact.stations) {
        let found = |trial: &Trial| trial.resources.iter().find(|resource| resource.name == name).unwrap().utilisation;
        agrees(name, &runs, found, station.utilisation);
    }
}
