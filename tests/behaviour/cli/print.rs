//! Help, schemas, completions, the manual; and readers that go away.

use std::process::Stdio;

use serde_json::Value;

use super::place::{Place, Ran};

#[test]
fn every_help_has_an_example() {
    let place = Place::new();
    let helps: [&[&str]; 7] = [
        &["--help"],
        &["sweep", "--help"],
        &["run", "--help"],
        &["digest", "--help"],
        &["check", "-h"],
        &["schema", "--help"],
        &["completions", "-h"],
    ];
    for arguments in helps {
        let ran = place.sim(arguments).ends_with(0);
        assert!(ran.stdout.contains("Example") && ran.stdout.contains("\n  sim "), "{arguments:?}:\n{}", ran.stdout);
    }
    assert!(place.sim(&["sweep", "--help"]).stdout.contains("130  interrupted"));
}

#[test]
fn a_wrong_argument_is_a_mistake() {
    let place = Place::new();
    for arguments in [
        &["sweep"][..],
        &["sweap", "servers.toml"],
        &["sweep", "servers.toml", "--threads", "0"],
        &["sweep", "servers.toml", "--replications", "0"],
        &["sweep", "servers.toml", "--set", "load.rate"],
        &["sweep", "servers.toml", "--format", "xml"],
    ] {
        let ran = place.sim(arguments).ends_with(2);
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn schemas_are_json() {
    let place = Place::new();
    for (of, title) in [("model", "sim model"), ("experiment", "sim experiment")] {
        let ran = place.sim(&["schema", of]).ends_with(0);
        let schema: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!(schema["title"], title);
    }
}

#[test]
fn completions_and_manual_come_out_of_the_binary() {
    let place = Place::new();
    assert!(place.sim(&["completions", "bash"]).ends_with(0).stdout.contains("--replications"));
    assert!(place.sim(&["man"]).ends_with(0).stdout.contains(".TH sim-sweep 1"));
}

#[test]
fn a_reader_that_goes_away_is_no_mistake() {
    let place = Place::new();
    let mut child = place
        .command(&["sweep", "servers.toml", "--no-charts"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let ran: Ran = child.wait_with_output().expect("it ends").into();
    let ran = ran.ends_with(0);
    assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("error"), "{}", ran.stderr);
    assert!(place.path("output/servers/results.csv").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_one() {
    let place = Place::new();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let output = place.command(&["sweep", "servers.toml"]).stdout(full).output().expect("the program runs");
    let ran = Ran::from(output).ends_with(2);
    assert!(ran.stderr.contains("cannot write to stdout"), "{}", ran.stderr);
    assert!(place.path("output/servers/throughput.png").exists());
}

#[test]
fn colours_are_for_those_who_want_them() {
    let place = Place::new();
    let output =
        place.command(&["sweep", "nowhere.toml"]).env("CLICOLOR_FORCE", "1").output().expect("the program runs");
    assert!(Ran::from(output).stderr.contains('\x1b'));
    let plain = place.sim(&["sweep", "nowhere.toml"]);
    assert!(!plain.stderr.contains('\x1b'));
}
