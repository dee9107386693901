//! `sim watch`: each save of a file is answered with a run.

#![cfg(unix)]

use std::fs::File;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::place::Place;

/// Waits until the program has waited for a save this number of times.
fn wait_for(place: &Place, times: usize) {
    let begin = Instant::now();
    loop {
        let seen = place.text("err.txt");
        if seen.matches("waiting for a save of servers.toml, counter.toml").count() == times {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(120), "not {times} times:\n{seen}");
        sleep(Duration::from_millis(20));
    }
}

fn start(place: &Place, more: &[&str]) -> Child {
    let streams = ["out.txt", "err.txt"].map(|name| File::create(place.path(name)).expect("a file"));
    let [out, err] = streams;
    let arguments = [&["watch", "servers.toml", "--no-charts"], more].concat();
    place.command(&arguments).stdout(out).stderr(err).spawn().expect("the program runs")
}

fn interrupt(mut child: Child) -> Option<i32> {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    child.wait().expect("it ends").code()
}

#[test]
fn a_save_is_answered_with_what_has_changed() {
    let place = Place::new();
    let child = start(&place, &[]);
    wait_for(&place, 1);
    let first = place.text("out.txt");
    assert!(first.contains("results  output/servers/results.csv") && !first.contains("since the last run"), "{first}");

    // A mistake is shown, and nothing is run.
    let model = place.text("counter.toml");
    place.put("counter.toml", &model.replace("servers = 1", "servers = \"one\""));
    wait_for(&place, 2);
    assert!(place.text("err.txt").contains("counter.toml:12"));
    assert_eq!(place.text("out.txt").matches("results  ").count(), 1);

    // A counter that takes longer is full at the highest rate.
    place.put("counter.toml", &model.replace("exp(1s)", "exp(2s)"));
    wait_for(&place, 3);
    let second = place.text("out.txt")[first.len()..].to_owned();
    assert!(second.contains("significant changes since the last run"), "{second}");
    assert!(second.contains("- one server at rate = 0.8/s: healthy → unstable"), "{second}");

    // The same again: nothing has changed.
    place.put("counter.toml", &format!("{}\n", model.replace("exp(1s)", "exp(2s)")));
    wait_for(&place, 4);
    assert!(place.text("out.txt").contains("no significant change since the last run: 6 points as before"));
    assert_eq!(interrupt(child), Some(0));
}

/// A save ends a run that would take minutes; what it has finished is no answer to anything.
#[test]
fn a_save_during_a_run_ends_it() {
    let place = Place::new();
    let experiment = place.text("servers.toml");
    place.put("servers.toml", &experiment.replace("replications = 3", "replications = 90000"));
    let child = start(&place, &[]);
    place.wait_for_lines("output/servers/journal.jsonl", 60);
    place.put("servers.toml", &experiment);
    wait_for(&place, 1);
    let out = place.text("out.txt");
    assert_eq!(out.matches("results  ").count(), 1, "{out}");
    assert!(out.contains("3 runs a point") && !out.contains("since the last run"), "{out}");
    assert_eq!(interrupt(child), Some(0));
}

/// Neither a file that does not exist nor a folder can be saved.
#[test]
fn a_file_that_is_not_there_is_refused() {
    let place = Place::new();
    let said = place.sim(&["watch", "nowhere.toml"]).ends_with(2).stderr;
    assert!(said.contains("cannot read `nowhere.toml`") && !said.contains("waiting"), "{said}");
    let said = place.sim(&["watch", "."]).ends_with(2).stderr;
    assert!(!said.contains("waiting"), "{said}");
}
