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
    place.wait_for_lines("output/servers/journal.jsonl", 60);
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

/// Ctrl-C, and what a cluster sends.
#[test]
fn what_is_finished_is_summarised_and_written() {
    for name in ["-INT", "-TERM"] {
        is_summarised_and_written(name);
    }
}

fn is_summarised_and_written(name: &str) {
    let place = Place::new();
    let child = start(&place, "90000");
    signal(&child, name);
    let ran: Ran = child.wait_with_output().expect("it ends").into();
    let ran = ran.ends_with(130);
    assert!(ran.stderr.contains("interrupted: the figures rest on"), "{}", ran.stderr);
    assert!(ran.stdout.contains("throughput/s"), "{}", ran.stdout);
    let summary: Value = serde_json::from_str(&place.text("output/servers/summary.json")).expect("JSON");
    assert_eq!(summary["partial"], true);
    assert!(summary["trials"]["done"].as_u64().is_some_and(|done| done > 0), "{}", summary["trials"]);
    assert!(place.text("output/servers/results.csv").lines().count() > 1);
}

/// Nobody who presses it twice has to wait.
#[test]
fn a_second_signal_ends_at_once() {
    let place = Place::new();
    // One trial that takes for ever, and hears of the interrupt only now and then.
    let more = ["--set", "load.duration=100000000s", "--replications", "1"];
    let mut command = place.command(&[&["sweep", "servers.toml", "--no-charts"][..], &more].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
    sleep(Duration::from_millis(500));
    signal(&child, "-INT");
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}

/// A search that is interrupted prints what it knows, and the next one goes on there.
#[test]
fn a_search_prints_its_answer_so_far() {
    let place = Place::new();
    let journal = "output/servers/knee-journal.jsonl";
    // The bound is the exact value of a point, so that hardly any number of runs decides whether that meets it.
    let arguments = ["knee", "servers.toml", "--objective", "mean_s<=2", "--to", "0.8/s", "--resolution", "0.1/s"];
    let more = ["--max-replications", "100000", "--no-charts"];
    let mut command = place.command(&[&arguments[..], &more[..]].concat());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    place.wait_for_lines(journal, 200);
    signal(&child, "-INT");
    let ran: Ran = child.wait_with_output().expect("it ends").into();
    let ran = ran.ends_with(130);
    assert!(ran.stdout.contains("so far: "), "{}", ran.stdout);
    let document: Value = serde_json::from_str(&place.text("output/servers/knee.json")).expect("JSON");
    assert_eq!(document["partial"], true);
    let known = place.text(journal).lines().count() - 1;
    let shorter = [&arguments[..], &["--max-replications", "100000", "--no-charts", "--format", "json"]].concat();
    let mut command = place.command(&shorter);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program runs");
    place.wait_for_lines(journal, known + 100);
    signal(&child, "-TERM");
    let ran: Ran = child.wait_with_output().expect("it ends").into();
    assert!(ran.stderr.contains(&format!("{known} trials are in the journal already")), "{}", ran.stderr);
}
