//! Hand-worked timelines: commits that wait for the disk of a database.

use super::*;

/// A shop without queues that queries a database with a disk.
fn commits(disk: &str, pool: &str, query: &str) -> String {
    let keys = format!(
        "runtime = \"threads\"\n[services.shop.pools.main]\nserver = \"base\"\nreset_on_release = false\n{pool}\n\
         [services.base]\nruntime = \"delay\"\n{disk}"
    );
    shop("", &keys, &format!("{{ query = {{ pool = \"main\", writes = true, {query} }} }}"))
}

fn ends(disk: &str, sends: &[f64]) -> Vec<f64> {
    play(&commits(disk, "", "time = \"0s\""), sends).successes()
}

/// The first flush is from 0 to 5 and serves who asked for it; one from 5 to 10 serves both that came meanwhile.
#[test]
fn one_flush_serves_all_that_wait_when_it_begins() {
    let disk = "disk = { fsync = \"5ms\" }";
    let story = play(&commits(disk, "", "time = \"0s\""), &[0.0, 1.0, 2.0]);
    assert_eq!(story.successes(), [5.0, 10.0, 10.0]);
    let row = resource(&story.outcome, "base disk");
    assert_eq!((story.used("base disk"), row.visits, row.waited), (10.0, 3, Some(2)));
    assert_eq!(ends("disk = { fsync = \"5ms\", group_commit = false }", &[0.0, 1.0, 2.0]), [5.0, 10.0, 15.0]);
    assert_eq!(ends("", &[0.0, 1.0, 2.0]), [0.0, 1.0, 2.0]);
}

/// The first one waits to 2 for others, if enough of them have a connection, and the flush serves all three.
#[test]
fn a_flush_waits_for_siblings() {
    let disk =
        |siblings: u32| format!("disk = {{ fsync = \"5ms\", commit_delay = \"2ms\", commit_siblings = {siblings} }}");
    assert_eq!(ends(&disk(0), &[0.0, 1.0, 1.5]), [7.0; 3]);
    assert_eq!(ends(&disk(5), &[0.0, 1.0, 1.5]), [5.0, 10.0, 10.0]);
}

/// BEGIN to 1, the statement to 5, COMMIT with the disk to 11. A statement alone commits itself.
#[test]
fn the_commit_of_a_transaction_waits() {
    let run =
        |query: &str| play(&commits("disk = { fsync = \"5ms\" }", "round_trip = \"1ms\"", query), &[0.0]).successes();
    assert_eq!(run("time = \"3ms\", transaction = true"), [11.0]);
    assert_eq!(run("time = \"3ms\""), [9.0]);
}

/// A statement that times out leaves the disk; the flush goes to its end, and the next one begins then.
#[test]
fn a_commit_may_time_out() {
    let disk = "disk = { fsync = \"50ms\" }";
    let story = play(&commits(disk, "command_timeout = \"20ms\"", "time = \"0s\""), &[0.0, 40.0]);
    assert_eq!(story.told(), ["20: command timed out", "60: command timed out"]);
    assert!(story.at_rest);
}
