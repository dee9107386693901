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
