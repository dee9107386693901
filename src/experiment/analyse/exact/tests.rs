//! What is recognised as a network, and what is called wrong.

use std::path::Path;

use super::*;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::Adjustments;
use crate::experiment::run::runner::{self, Progress};
use crate::kernel::random::Stream;
use crate::language::Source;

fn plan_of(text: &str) -> Plan {
    let adjustments = Adjustments { replications: Some(8), ..Adjustments::default() };
    Plan::of(&Source::text(Path::new("models/x.toml"), text), &adjustments)
        .unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"))
}

fn shipped(name: &str, set: &[(&str, &str)], replications: u32) -> Plan {
    let set = set.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    let adjustments = Adjustments { set, seed: Some(1), replications: Some(replications) };
    Plan::read(Path::new(name), &adjustments).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn network(plan: &Plan) -> Option<Network> {
    Network::of(&plan.points[0].system, &plan.points[0].load)
}

fn summaries(plan: &Plan) -> Vec<Summary> {
    let trials = runner::run(plan, &Progress::default()).done;
    vec![Summary::of(0, &trials.iter().collect::<Vec<_>>(), 0.9, &[]).expect("trials")]
}

fn only(plan: &Plan, summaries: &[Summary]) -> Check {
    let checks = check(plan, summaries);
    assert_eq!(checks.len(), 1);
    checks[0]
}

/// A closed network of stations a, b, ... with these properties and steps.
fn closed(count: u32, stations: &[String], steps: &str) -> String {
    let names = ["a", "b", "c", "d"];
    let stations: String =
        names.iter().zip(stations).map(|(name, keys)| format!("[stations.{name}]\n{keys}\n")).collect();
    format!(
        "title = \"x\"\n[load]\nkind = \"closed\"\ntarget = \"s.e\"\nconcurrency = {count}\n\
         warm_up = \"2s\"\nduration = \"60s\"\n{stations}[services.s]\nruntime = \"delay\"\n\
         [services.s.endpoints.e]\nsteps = [{steps}]\n"
    )
}

#[test]
fn the_demands_of_a_network_come_from_its_program() {
    let central = network(&shipped("models/central-server.toml", &[], 1)).unwrap();
    assert!(central.is_product_form);
    assert_eq!(central.users, Users::Closed { count: 20, think_s: 5.0 });
    let demands: Vec<f64> = central.nodes.iter().map(|node| (node.demand_s * 1e6).round() / 1e6).collect();
    assert_eq!(demands, [0.2, 0.18, 0.12, 0.0]);

    let steps = "{ sleep = \"100ms\" }, { choose = [{ probability = 0.25, steps = [{ repeat = { times = 4, steps = [{ visit \
                 = { station = \"b\", time = \"exp(10ms)\" } }] } }] }, { probability = 0.5, steps = [] }] }, { visit = { \
                 station = \"b\", time = \"exp(10ms)\" } }";
    let branches = network(&plan_of(&closed(3, &[String::new(), String::new()], steps))).unwrap();
    let demands: Vec<f64> = branches.nodes.iter().map(|node| (node.demand_s * 1e6).round() / 1e6).collect();
    assert_eq!((demands, branches.nodes[0].visits), (vec![0.02, 0.1], 2.0));
}

#[test]
fn what_is_of_product_form_is_told_from_what_is_not() {
    let is = |keys: &str, visits: &str| {
        let found = network(&plan_of(&closed(3, &[keys.to_owned()], visits)));
        found.map(|network| network.is_product_form)
    };
    let visit = |time: &str| format!("{{ visit = {{ station = \"a\", time = {time} }} }}");
    let (exponential, other, constant) = (visit("\"exp(10ms)\""), visit("\"exp(20ms)\""), visit("\"10ms\""));
    assert_eq!(is("servers = 2", &exponential), Some(true));
    assert_eq!(is("servers = 2", &constant), Some(false));
    assert_eq!(is("servers = 2", &[exponential.as_str(), &other].join(", ")), Some(false));
    assert_eq!(is("discipline = \"ps\"", &[exponential.as_str(), &constant].join(", ")), Some(true));
    assert_eq!(is("servers = \"infinite\"", &constant), Some(true));
    assert_eq!(is("capacity = 2", &exponential), None);
    assert!(network(&shipped("models/registration.toml", &[], 1)).is_none());
    assert!(network(&shipped("models/mg1.toml", &[], 1)).is_some_and(|network| !network.is_product_form));
}

/// Of random networks none is called wrong, and few are known so roughly that they could not be.
#[test]
fn random_networks_agree_with_theory() {
    let mut stream = Stream::named(7, 0, "networks", 0);
    let mut below = |most: u64| (stream.next_bits() >> 11) % most;
    let mut sharp = 0;
    for _ in 0..60 {
        let mut steps = Vec::new();
        let stations: Vec<String> = ["a", "b", "c"][..1 + below(3) as usize]
            .iter()
            .map(|name| {
                let (is_shared, ms) = (below(3) == 0, 2 + below(30));
                let time = if is_shared {
                    format!("{{ uniform = {{ min = \"1ms\", max = \"{ms}ms\" }} }}")
                } else {
                    format!("\"exp({ms}ms)\"")
                };
                let visit = format!("{{ visit = {{ station = \"{name}\", time = {time} }} }}");
                steps.push(format!("{{ repeat = {{ times = {}, steps = [{visit}] }} }}", 1 + below(3)));
                if is_shared { "discipline = \"ps\"".into() } else { format!("servers = {}", 1 + below(4)) }
            })
            .collect();
        if below(2) == 0 {
            steps.push("{ sleep = \"exp(40ms)\" }".into());
        }
        let text = closed(1 + below(25) as u32, &stations, &steps.join(", "));
        let plan = plan_of(&text);
        let found = only(&plan, &summaries(&plan));
        assert!(matches!(found.theory, Theory::MeanValueAnalysis(_)), "{text}");
        assert!(found.holds(), "{found:?}\n{text}");
        sharp += usize::from(found.simulated.relative_half_width() < 0.1);
    }
    assert!(sharp >= 50, "{sharp}");
}

/// The trials of one system as those of another: a simulator that is wrong by so much.
#[test]
fn a_wrong_simulator_is_found_out() {
    let short = [("load.duration", "2000s"), ("load.warm_up", "200s")];
    // It completes fifty cycles a second.
    let shorter = [("load.duration", "400s"), ("load.warm_up", "100s")];
    for (name, set, path, value) in [
        ("models/central-server.toml", &short[..], "load.concurrency", "22"),
        ("models/mmc.toml", &[("load.duration", "20000s")], "load.rate", "2.2/s"),
        ("models/pool-network.toml", &shorter, "stations.c.servers", "3"),
    ] {
        let plan = shipped(name, set, 16);
        let right = only(&plan, &summaries(&plan));
        assert!(right.holds(), "{name}: {right:?}");
        let wrong = shipped(name, &[set, &[(path, value)]].concat(), 16);
        let found = only(&plan, &summaries(&wrong));
        assert!(!found.holds(), "{name}: {found:?}");
    }
}

/// A short window from rest is no mistake of the simulator's.
#[test]
fn what_a_short_window_makes_is_allowed_for() {
    let plan = shipped("models/central-server.toml", &[("load.duration", "2s"), ("load.warm_up", "0s")], 400);
    let found = only(&plan, &summaries(&plan));
    assert!(!found.simulated.contains(found.theory.value()) && found.holds(), "{found:?}");
    let mut compared = 0;
    for (warm_up, duration) in [("0s", "20s"), ("0s", "200s"), ("50s", "500s"), ("200s", "20s"), ("2000s", "100s")] {
        let plan = shipped("models/mm1.toml", &[("load.duration", duration), ("load.warm_up", warm_up)], 100);
        let checks = check(&plan, &summaries(&plan));
        assert!(checks.iter().all(Check::holds), "{checks:?}");
        compared += checks.len();
    }
    assert!(compared >= 2, "{compared}");
}
