//! Hand-worked timelines: the number of replicas follows the load. Decisions fall on 15, 30, 45 s and so on, scrapes on
//! 7.5, 22.5, 37.5 s.

use sim::parts::MarkKind;

use super::recorded::{marks, means};
use super::*;

/// A shop with these keys, scaled by these.
fn scaled(keys: &str, autoscale: &str, steps: &str) -> String {
    shop("timeline = \"15s\"", &format!("{keys}\n[services.shop.autoscale]\n{autoscale}"), steps)
}

fn replicas(story: &Story) -> Vec<f64> {
    means(&story.outcome, "shop replicas", |areas| areas.in_use)
}

/// One thread keeps a core busy for 100 s. The first CPU is known at 22.5 s: 100 % for 50 %, so at 30 s two are wanted.
/// The second starts until 50 s and counts as idle meanwhile, and at 60 s, without a metric, as well: 100 % and 0 % are 50 % on
/// average. At 120 s, with 2.5 of 15 s in use, one is enough; at 405 s one has been recommended for 300 s.
#[test]
fn a_step_of_load_is_followed_up_and_down() {
    let text =
        scaled("runtime = \"threads\"\ncpu = \"1\"", "target = 0.5\nmax = 10\nstart = \"20s\"", "{ cpu = \"100s\" }");
    let story = play(&text, &[0.0]);
    assert_eq!(story.successes(), [100_000.0]);
    let expected = [
        (30_000.0, MarkKind::ScaledUp, "shop from 1 to 2 replicas"),
        (50_000.0, MarkKind::Up, "shop replica 1"),
        (405_000.0, MarkKind::ScaledDown, "shop from 2 to 1 replicas"),
    ];
    assert_eq!(marks(&story.outcome), expected);
    let counts = replicas(&story);
    assert_eq!(counts[..2], [1.0; 2]);
    assert_eq!(counts[2..27], [2.0; 25]);
    assert!(counts.len() > 30 && counts[27..counts.len() - 1].iter().all(|&count| count == 1.0));
    // Capacity is there while a replica runs: one core, and another from 50 s to 405 s.
    let cores = means(&story.outcome, "shop CPU", |areas| areas.capacity);
    assert_eq!(cores[..5], [1.0, 1.0, 1.0, 1.666_667, 2.0]);
}

/// Three replicas, each with 90 s of work, use 100 % of their CPU. The target is 92 %, within a tolerance of a tenth.
#[test]
fn the_tolerance_is_left_alone() {
    let with = |tolerance: &str| {
        let keys = "runtime = \"threads\"\ncpu = \"1\"\nreplicas = 3\nbalance = \"round-robin\"";
        let autoscale = format!("target = \"92%\"\nmax = 4\n{tolerance}");
        marks(&play(&scaled(keys, &autoscale, "{ cpu = \"90s\" }"), &[0.0; 3]).outcome).first().map(|mark| mark.0)
    };
    // 100 / 92 is 1.087. At 105 s half of the last 15 s was idle, and two are recommended; at 90 s it was three for the last
    // time.
    assert_eq!(with(""), Some(390_000.0));
    assert_eq!(with("tolerance = 0.08"), Some(30_000.0));
}

/// The policy allows one replica in 30 s: at 15, 45 and 75 s.
#[test]
fn growth_keeps_to_its_policy() {
    let autoscale = "metric = \"in-flight\"\ntarget = 2\nmax = 4\nstart = \"0s\"\n\
                     up = { policies = [{ pods = 1, period = \"30s\" }] }";
    let text = scaled("runtime = \"delay\"", autoscale, "{ sleep = \"100s\" }");
    let story = play(&text, &[0.0; 12]);
    let ups = marks(&story.outcome).into_iter().filter(|mark| mark.1 == MarkKind::ScaledUp);
    let ups: Vec<(f64, &str)> = ups.map(|(at, _, place)| (at, place)).collect();
    let expected = [
        (15_000.0, "shop from 1 to 2 replicas"),
        (45_000.0, "shop from 2 to 3 replicas"),
        (75_000.0, "shop from 3 to 4 replicas"),
    ];
    assert_eq!(ups, expected);
}

/// The second replica runs from 50 s and is ready with its first probe, at 55 s: what comes at 52 s shares the core of the
/// first one, what comes at 56 s has the other to itself.
#[test]
fn a_new_replica_waits_for_its_readiness_probe() {
    let keys = "runtime = \"threads\"\ncpu = \"1\"\nbalance = \"least-busy\"";
    let autoscale = "target = 0.5\nmax = 2\nstart = \"20s\"\n[services.shop.readiness]\nendpoint = \"health\"\n\
                     initial_delay = \"5s\"";
    let text = scaled(keys, autoscale, "{ cpu = \"40s\" }") + "health = { steps = [] }\n";
    let story = play(&text, &[0.0, 39_000.0, 52_000.0, 56_000.0]);
    // The first is alone until 39 s, and done with a second more at half speed at 41 s. The second has 1 s of 40 by then,
    // 12 s at 52 s, and shares from there on: the other 28 s take 56 s. The third has 28 s at 108 s, and is done at 120 s.
    assert_eq!(story.successes(), [41_000.0, 108_000.0, 120_000.0, 96_000.0]);
    let ready = marks(&story.outcome).into_iter().find(|mark| mark.1 == MarkKind::Ready);
    assert_eq!(ready, Some((55_000.0, MarkKind::Ready, "shop replica 1")));
}

/// Four requests at once make two replicas at 15 s, which get one each at 21 s; that is too little for two, and at 30 s one
/// is removed. It works until its request is answered at 41 s, and gets nothing meanwhile.
const SHRINKS: &str =
    "metric = \"in-flight\"\ntarget = 2\nmax = 2\nstart = \"5s\"\ndown = { stabilization = \"0s\" }\n";
const SHRINKING: [f64; 7] = [0.0, 0.0, 0.0, 0.0, 21_000.0, 21_000.0, 35_000.0];

#[test]
fn a_replica_that_is_removed_ends_its_requests() {
    let keys = "runtime = \"delay\"\nbalance = \"least-busy\"";
    let story = play(&scaled(keys, SHRINKS, "{ sleep = \"20s\" }"), &SHRINKING);
    assert_eq!(story.successes(), [20_000.0, 20_000.0, 20_000.0, 20_000.0, 41_000.0, 41_000.0, 55_000.0]);
    // From 15 s to 41 s: 15, 11 of the third interval's 15, and the one that stays.
    assert_eq!(replicas(&story)[..4], [1.0, 2.0, 1.733_333, 1.0]);
}

#[test]
fn what_outlasts_the_grace_period_is_cut() {
    let keys = "runtime = \"delay\"\nbalance = \"least-busy\"";
    let autoscale = format!("{SHRINKS}termination_grace_period = \"6s\"");
    let story = play(&scaled(keys, &autoscale, "{ sleep = \"20s\" }"), &SHRINKING);
    let told = story.told();
    assert_eq!(told[4..], ["41000", "36000: connection lost", "55000"]);
    assert_eq!(replicas(&story)[..4], [1.0, 2.0, 1.4, 1.0]);
}

/// Workers of a queue that is empty at the start: at 90 s it has been so for more than the cooldown of 60 s, and the last
/// one ends. A message of 100 s is seen at 120 s, a worker runs at 140 s and is done with it at 145 s. It was seen last at
/// 120 s, so that at 210 s there are none again.
#[test]
fn workers_scale_to_zero_and_back() {
    let rest = "[services.shop]\nruntime = \"delay\"\n[queues.jobs.consumers.worker]\nservice = \"worker\"\n\
                endpoint = \"handle\"\n[services.worker]\nruntime = \"delay\"\n\
                endpoints.handle = { steps = [{ sleep = \"5s\" }] }\n[services.worker.autoscale]\nmetric = \"queue\"\n\
                queue = \"jobs\"\ntarget = 5\nmin = 0\nmax = 3\nstart = \"20s\"\ncooldown = \"60s\"";
    let text = format!(
        "{}\nserve = {{ steps = [{{ publish = {{ queue = \"jobs\" }} }}] }}\n",
        model("timeline = \"15s\"", rest)
    );
    let story = play(&text, &[100_000.0]);
    assert_eq!(story.successes(), [100_000.0]);
    let completion = story.outcome.completion.as_ref().expect("jobs");
    assert_eq!((completion.completed, completion.times.max()), (1, Some(45_000_000_000)));
    let expected = [
        (90_000.0, MarkKind::ScaledDown, "worker from 1 to 0 replicas"),
        (120_000.0, MarkKind::ScaledUp, "worker from 0 to 1 replicas"),
        (140_000.0, MarkKind::Up, "worker replica 0"),
        (210_000.0, MarkKind::ScaledDown, "worker from 1 to 0 replicas"),
    ];
    assert_eq!(marks(&story.outcome), expected);
}

/// 41 messages at 0 s, one worker for ten of them: 40 are left at the first decision, at 15 s, so four are wanted.
#[test]
fn a_long_queue_brings_workers_at_once() {
    let rest = "[services.shop]\nruntime = \"delay\"\n[queues.jobs.consumers.worker]\nservice = \"worker\"\n\
                endpoint = \"handle\"\nprefetch = 1\n[services.worker]\nruntime = \"delay\"\n\
                endpoints.handle = { steps = [{ sleep = \"10s\" }] }\n[services.worker.autoscale]\nmetric = \"queue\"\n\
                queue = \"jobs\"\ntarget = 10\nmax = 8\nstart = \"0s\"";
    let publish = "{ repeat = { times = 41, steps = [{ publish = { queue = \"jobs\" } }] } }";
    let text = format!("{}\nserve = {{ steps = [{publish}] }}\n", model("timeline = \"15s\"", rest));
    let story = play(&text, &[0.0]);
    let up = marks(&story.outcome).into_iter().find(|mark| mark.1 == MarkKind::ScaledUp);
    assert_eq!(up, Some((15_000.0, MarkKind::ScaledUp, "worker from 1 to 4 replicas")));
    let completion = story.outcome.completion.as_ref().expect("jobs");
    assert_eq!(completion.completed, 1);
}
