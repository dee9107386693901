//! Hand-worked timelines: numbers of clients that change, classes, recorded arrivals.

use sim::load::trial;

use super::*;

fn run(text: &str) -> Outcome {
    let bench = bench(text);
    let outcome = trial(&bench.system, &bench.load, 1, 0, &Limits::default());
    assert_eq!(outcome.violations, [""; 0]);
    outcome
}

const DELAY: &str = "[services.shop]\nruntime = \"delay\"\n[services.shop.endpoints]\n\
                     serve = { steps = [{ sleep = \"310ms\" }] }\nlook = { steps = [{ sleep = \"20ms\" }] }";

/// The first client from 500 ms on, the second from 1000; the second is no longer wanted from 1500, the first from
/// 2000. The first sends at 500, 810, 1120, 1430 and 1740 ms, the second at 1000 and 1310, and both end what they have
/// begun.
#[test]
fn clients_come_and_go_in_stages() {
    let load = "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nduration = \"3s\"\n\
                stages = [{ duration = \"1s\", target = 2 }, { duration = \"1s\", target = 0 }]\n";
    let outcome = run(&format!("{load}{DELAY}"));
    assert_eq!((outcome.sent, outcome.succeeded, outcome.unfinished), (7, 7, 0));
    // Without a duration the window ends with the last stage; the first client's last answer comes after it.
    let outcome = run(&format!("{load}{DELAY}").replace("duration = \"3s\"\n", ""));
    assert_eq!((outcome.window, outcome.sent, outcome.unfinished), (Time(2_000_000_000), 7, 1));
}

/// A client that is wanted again before its request has ended goes on with it and sends no second.
#[test]
fn a_client_that_is_wanted_again_goes_on() {
    let stages = "[{ duration = \"100ms\", target = 0 }, { duration = \"100ms\", target = 1 }]";
    let load = format!(
        "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nconcurrency = 1\nduration = \"400ms\"\nstages = {stages}\n{DELAY}"
    );
    let outcome = run(&load);
    // Sent at 0 and, after its answer, at 310 ms.
    assert_eq!((outcome.sent, outcome.succeeded), (2, 1));
}

/// Four clients over 400 ms: at 0, 100, 200 and 300 ms.
#[test]
fn clients_start_over_a_ramp() {
    let load = "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nconcurrency = 4\nramp_up = \"400ms\"\nusers = 4\n";
    assert_eq!(run(&format!("{load}{DELAY}")).window, Time(610_000_000));
}

/// Arrivals come exactly when the file says, of the class that it says.
#[test]
fn a_trace_is_replayed_exactly() {
    let path = std::env::temp_dir().join(format!("sim-trace-{}.csv", std::process::id()));
    std::fs::write(&path, "time_s,kind\n0.1,look\n0.1,serve\n0.25,look\n0.9,serve\n").expect("a file");
    let load = |more: &str| {
        format!(
            "[load]\nkind = \"open\"\ntimeline = \"100ms\"\n{more}\ntrace = {{ file = '{}', class = \"kind\"{} }}\n\
             [load.classes]\nserve = {{ target = \"shop.serve\" }}\nlook = {{ target = \"shop.look\" }}\n{DELAY}",
            path.display(),
            if more.contains("fast") { ", scale = 0.5" } else { "" }
        )
    };
    let outcome = run(&load("duration = \"2s\""));
    let sent = |outcome: &Outcome| -> Vec<u32> {
        outcome.timeline.as_ref().expect("a timeline").slices.iter().map(|slice| slice.sent).collect()
    };
    assert_eq!(sent(&outcome)[..11], [0, 2, 1, 0, 0, 0, 0, 0, 0, 1, 0]);
    let of = |name: &str| outcome.classes.iter().find(|class| class.name == name).expect("a class");
    assert_eq!((of("look").sent, of("serve").sent), (2, 2));
    assert_eq!(of("look").response_times.max().map(|ns| ns / 1_000_000), Some(20));
    // Twice as fast, and up to the last arrival.
    let outcome = run(&load("# fast"));
    assert_eq!((outcome.window, sent(&outcome)), (Time(450_000_001), vec![2, 1, 0, 0, 1]));
    std::fs::remove_file(path).expect("the file");
}
