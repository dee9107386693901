//! Ctrl-C: what is finished is kept.

#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::place::{Place, Ran};

/// A sweep that takes minutes, each trial of which takes moments.
fn start(place: &Place, replications: &str) -> Child {
    let arguments = ["sweep", "servers.toml", "--no-charts", "--replications", replications];
    let child = place.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program runs");
    sleep(Duration::from_millis(1500));
    child
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

#[test]
fn what_is_finished_is_summarised_and_written() {
    let place = Place::new();
    let child = start(&place, "90000");
    interrupt(&child);
    let ran: Ran = child.wait_with_output().expect("it ends").into();
    let ran = ran.ends_with(130);
    assert!(ran.stderr.contains("interrupted: the figures rest on"), "{}", ran.stderr);
    assert!(ran.stdout.contains("throughput/min"), "{}", ran.stdout);
    let summary: Value = serde_json::from_str(&place.text("output/servers/summary.json")).expect("JSON");
    assert_eq!(summary["partial"], true);
    assert!(summary["trials"]["done"].as_u64().is_some_and(|done| done > 0), "{}", summary["trials"]);
    assert!(place.text("output/servers/results.csv").lines().count() > 1);
}

/// A search that is interrupted prints what it knows.
#[test]
fn a_search_prints_its_answer_so_far() {
    let place = Place::new();
    // The bound is the exact value of a point: it takes for ever to tell.
    let arguments = ["knee", "servers.toml", "--objective", "mean_s<=2", "--to", "0.8/s", "--resolution", "0.1/s"];
    let more = ["--max-replications", "100000", "--no-charts"];
    let mut command = place.command(&[&arguments[..], &more[..]].concat());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    sleep(Duration::from_millis(1500));
    interrupt(&child);
    let ran: Ran = child.wait_with_output().expect("it ends").into();
    let ran = ran.ends_with(130);
    assert!(ran.stdout.contains("so far: "), "{}", ran.stdout);
    let document: Value = serde_json::from_str(&place.text("output/servers/knee.json")).expect("JSON");
    assert_eq!(document["partial"], true);
}
