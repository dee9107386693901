//! The cheapest setting against Erlang's formula: two stations in a row, each with its own price a server.

use sim::experiment::plan::{Adjustments, Optimize, Workbench};
use sim::experiment::run::record::Record;
use sim::experiment::run::runner::Progress;
use sim::experiment::search::optimize::{Cheapest, cheapest};
use sim::experiment::search::{Decision, Defect};
use sim::statistics::theory;

use crate::models::read;

const MODEL: &str = r#"
title = "Two stations"

[load]
kind = "open"
target = "shop.serve"
rate = "2.4/s"
warm_up = "500s"
duration = "4000s"

[stations.desk]
servers = 3

[stations.till]
servers = 3

[services.shop]
runtime = "delay"

[services.shop.endpoints.serve]
steps = [{ visit = { station = "desk", time = "exp(1s)" } }, { visit = { station = "till", time = "exp(1500ms)" } }]
"#;

/// The mean response time that is to be kept, in seconds.
const BOUND: f64 = 2.95;

fn ask(objective: &str, from: [u32; 2], more: &str) -> (Workbench, Optimize) {
    let parameters = [("desk", 10, from[0]), ("till", 4, from[1])].map(|(station, cost, from)| {
        format!(
            "[[optimize.parameters]]\npath = \"stations.{station}.servers\"\nfrom = {from}\nto = 12\ncost = {cost}\n"
        )
    });
    let text = format!("[optimize]\nobjectives = [{{ {objective} }}]\n{more}\n{}", parameters.concat());
    let bench = read(MODEL, &text, |file| Workbench::read(file, &Adjustments::default()));
    let bench = bench.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let asked = bench.optimize().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    (bench, asked)
}

fn find(more: &str) -> Cheapest {
    search(ask(&format!("at-most = {{ metric = \"mean_s\", value = {BOUND} }}"), [3, 4], more))
}

fn search((bench, asked): (Workbench, Optimize)) -> Cheapest {
    let dials = asked.parameters.iter().map(|choice| choice.dial.clone()).collect();
    let study = bench.study(&[0], dials, &[]).expect("a sound study");
    cheapest(study, &asked, 0, None, &Record::none(), &Progress::default()).expect("sound points")
}

/// The cheapest numbers of servers, by Jackson's theorem and Erlang's C formula; the exact mean response time.
fn exact() -> (Vec<f64>, f64) {
    let response = |desk: usize, till: usize| {
        theory::mmc(2.4, 1.0, desk).unwrap().response + theory::mmc(2.4, 1.5, till).unwrap().response
    };
    let mut all: Vec<(usize, usize)> = (3..=12).flat_map(|desk| (4..=12).map(move |till| (desk, till))).collect();
    all.retain(|&(desk, till)| response(desk, till) <= BOUND);
    let &(desk, till) = all.iter().min_by_key(|(desk, till)| 10 * desk + 4 * till).unwrap();
    (vec![desk as f64, till as f64], response(desk, till))
}

/// Settings that cost less.
fn cheaper(cost: f64) -> usize {
    let all = (3..=12).flat_map(|desk| (4..=12).map(move |till| 10 * desk + 4 * till));
    all.filter(|&other| f64::from(other) < cost).count()
}

#[test]
fn the_cheapest_servers_are_those_of_erlang() {
    are_those_of_erlang("monotone", "monotone = true");
}

#[test]
#[ignore = "long: every setting by its own trials"]
fn the_cheapest_servers_are_those_of_erlang_where_more_may_be_worse() {
    are_those_of_erlang("free", "monotone = false");
}

fn are_those_of_erlang(name: &str, more: &str) {
    let (servers, response) = exact();
    let found = find(more);
    let chosen = found.chosen.as_ref().expect("one that meets");
    assert_eq!(found.asked.values(&chosen.at), servers, "{name}: {:?}", found.tried);
    assert_eq!(chosen.cost, 10.0 * servers[0] + 4.0 * servers[1]);
    let seen = chosen.readings[0].figure.expect("a figure");
    assert!(seen.contains(response) && seen.high <= BOUND, "{seen:?} for {response}");
    assert_eq!((found.undecided.len(), found.open), (0, 0), "{name}: every cheaper one is decided");
    assert_eq!(found.settings, 90);
    match name {
        "monotone" => assert!(found.implied > found.missed && found.tried.len() < 20, "{}", found.tried.len()),
        // All that cost less, each by its own trials.
        _ => assert_eq!((found.implied, found.missed), (0, cheaper(chosen.cost)), "{:?}", found.tried),
    }
}

#[test]
fn what_cannot_be_afforded_is_counted() {
    let found = find("max_trials = 40");
    // The last setting that is begun is decided: by eighty trials at most.
    assert!(found.open > 0 && found.trials < 40 + 80, "{} {}", found.open, found.trials);
}

/// Without time-outs every request that ends succeeds, at twice the capacity too.
#[test]
#[ignore = "long: every cheaper setting by its own trials"]
fn what_piles_up_is_never_the_cheapest() {
    let objective = "at-least = { metric = \"success_rate\", value = 0.4 }";
    let found = search(ask(objective, [1, 2], "monotone = false"));
    let chosen = found.chosen.as_ref().expect("one that meets");
    assert_eq!(found.asked.values(&chosen.at), [3.0, 4.0], "2.4 requests/s of 1 s and of 1.5 s");
    let missed = found.tried.iter().filter(|setting| setting.decision == Some(Decision::Misses));
    assert!(missed.clone().all(|setting| setting.defect == Some(Defect::Unstable)));
    assert_eq!(missed.filter(|setting| setting.cost < chosen.cost).count(), found.missed);
}
