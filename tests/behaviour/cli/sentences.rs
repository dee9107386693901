//! Sentences of `sim sweep` and `sim knee` on systems whose right answer is known by hand.

use super::place::Place;

/// A pool in front of a CPU of 8 cores where each of n jobs takes 1 + 0.02 (n - 1) + 0.004 n (n - 1) times what one
/// takes alone: few connections wait, many get in each other's way. 2 give 195/s, 4 give 361/s, 8 give 587/s, 32 give
/// 143/s and 64 give 49/s, so that each of 60 clients waits 0.31, 0.17, 0.10, 0.42 and 1.2 s.
const POOL: &str = r#"
[load]
kind = "closed"
target = "a.e"
concurrency = 60
warm_up = "5s"
duration = "30s"
[services.a.pools.db]
server = "pg"
min_size = 1
max_size = 4
reset_on_release = false
[services.a.endpoints.e]
steps = [{ query = { pool = "db", time = "10ms" } }]
[services.pg]
runtime = "threads"
cpu = "8"
slowdown = 0.02
coherence = 0.004
"#;

const SIZES: &str = r#"
title = "How large a pool?"
model = "pool.toml"
replications = 2
objectives = [{ at-most = { metric = "p95_s", value = "180ms" } }]
[axes.pool]
path = "services.a.pools.db.max_size"
values = [2, 4, 8, 32, 64]
[knee]
smallest = true
"#;

#[test]
fn of_a_capacity_that_does_harm_the_values_that_are_enough_are_named() {
    let place = Place::new();
    place.put("pool.toml", POOL);
    place.put("sizes.toml", SIZES);
    let ran = place.sim(&["sweep", "sizes.toml"]).ends_with(0);
    for words in ["- pool = 4 to 8 is enough (4: ", "pool = 2 is not: too slow", "pool = 32 to 64 is not: too slow"] {
        assert!(ran.stdout.contains(words), "{words}:\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("not even") && !ran.stdout.contains("sim knee"), "{}", ran.stdout);
    let ran = place.sim(&["knee", "sizes.toml", "--no-charts"]).ends_with(1);
    assert!(ran.stdout.contains("pool = 64 misses the objectives"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("no value meets"), "{}", ran.stdout);
}

/// A service of one core that gets 20 requests a second, each of which takes this CPU time.
fn work(cpu: &str) -> String {
    format!(
        "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"20/s\"\nwarm_up = \"5s\"\nduration = \"60s\"\n\
         [services.a]\ncpu = \"1\"\n[services.a.endpoints.e]\nsteps = [{{ cpu = \"{cpu}\" }}]\n"
    )
}

/// A step's `cpu` is work: more of it is no capacity. At 20/s a core bears 30 ms and not 60 ms.
#[test]
fn the_work_of_a_step_is_no_capacity() {
    let place = Place::new();
    place.put("work.toml", &work("10ms"));
    let axis = |path: &str, values: &str| {
        format!(
            "title = \"t\"\nmodel = \"work.toml\"\nreplications = 2\n[axes.x]\npath = \"{path}\"\nvalues = {values}\n"
        )
    };
    place.put("demand.toml", &axis("services.a.endpoints.e.steps.cpu", "[\"10ms\", \"30ms\", \"60ms\"]"));
    let ran = place.sim(&["sweep", "demand.toml", "--no-charts"]).ends_with(0);
    assert!(ran.stdout.contains("safe up to 30ms") && !ran.stdout.contains("enough"), "{}", ran.stdout);
    // The cores of the service are capacity: 0.1 core bears 10/s.
    place.put("cores.toml", &axis("services.a.cpu", "[\"100m\", \"1\", \"2\"]"));
    let ran = place.sim(&["sweep", "cores.toml", "--no-charts"]).ends_with(0);
    assert!(ran.stdout.contains("- x = 1 is enough"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("--smallest\n            finds the least value that is enough between 100m and 1"),
        "{}",
        ran.stdout
    );
}

/// 20/s that take 60 ms each need 2 workers of one core each: between 1 and 2 nothing lies to be searched.
#[test]
fn no_search_is_proposed_where_nothing_lies_between() {
    let place = Place::new();
    place.put("work.toml", &work("60ms"));
    for (values, is_open) in [("[1, 2]", false), ("[1, 3]", true)] {
        let axis =
            "title = \"t\"\nmodel = \"work.toml\"\nreplications = 2\n[axes.pods]\npath = \"services.a.replicas\"\n";
        place.put("pods.toml", &format!("{axis}values = {values}\n"));
        let ran = place.sim(&["sweep", "pods.toml", "--no-charts"]).ends_with(0);
        assert_eq!(ran.stdout.contains("sim knee"), is_open, "{}", ran.stdout);
    }
}

/// A hypothesis on all points quotes the one that is least clear: with the fewest requests the interval is the widest.
#[test]
fn a_claim_on_many_loads_quotes_the_least_clear() {
    let place = Place::new();
    let hypotheses =
        "[[hypotheses]]\nclaim = \"it bears all\"\nvariant = \"two servers\"\nexpect = { survives = {} }\n";
    place.put_experiment("bears.toml", hypotheses);
    let ran = place.sim(&["sweep", "bears.toml", "--no-charts"]).ends_with(0);
    assert!(ran.stdout.contains("\n           two servers at rate = 0.2/s: success rate"), "{}", ran.stdout);
}

/// M/M/1 of 1/s: its mean is 2.5 s at 0.6/s. Two replications a value cannot tell 0.58/s from it.
#[test]
fn an_interval_of_the_knee_does_not_contradict_itself() {
    let place = Place::new();
    let fine = ["knee", "servers.toml", "--objective", "mean_s<=2.5", "--variant", "one server", "--no-charts"];
    let few = ["--resolution", "0.01/s", "--max-replications", "10"];
    let ran = place.sim(&fine.iter().chain(&few).copied().collect::<Vec<_>>()).ends_with(0);
    let words =
        ["the highest rate that meets the objectives is between", ", which meets, and ", "is the best estimate"];
    assert!(words.iter().all(|words| ran.stdout.contains(words)), "{}", ran.stdout);
    assert!(!ran.stdout.contains("is the highest"), "{}", ran.stdout);
}

/// Two transactions a request on a pool of two: two requests at once deadlock, in some runs only.
#[test]
fn a_value_that_meets_says_what_its_runs_can_hide() {
    let place = Place::new();
    place.put(
        "nested.toml",
        "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"2/s\"\nwarm_up = \"0s\"\nduration = \"60s\"\n\
         [services.a.limits.l]\nsize = 2\n[services.a.endpoints.e]\n\
         steps = [{ with = { limit = \"l\", steps = [{ sleep = \"20ms\" }, { with = { limit = \"l\", steps = [{ sleep = \"20ms\" }] } }] } }]\n",
    );
    let knee =
        ["knee", "nested.toml", "--axis", "load.rate", "--from", "0.1/s", "--to", "20.1/s", "--resolution", "1/s"];
    let ran = place.sim(&knee.iter().chain(&["--no-charts"]).copied().collect::<Vec<_>>());
    assert!(ran.stdout.contains("0 of 20 runs lost capacity; up to 14 % of runs can)"), "{}", ran.stdout);
}

/// Ten clients of one thread that takes 100 ms wait 1 s without a pause, and less with one; nobody is answered within 50 ms, and
/// everybody is answered: the best value is that with the lowest time, not one with the highest success rate.
#[test]
fn the_best_value_is_the_best_by_what_is_missed() {
    let place = Place::new();
    let model = "[load]\nkind = \"closed\"\ntarget = \"a.e\"\nconcurrency = 10\nthink_time = \"0s\"\nwarm_up = \"10s\"\n\
                 duration = \"100s\"\n[services.a]\nruntime = \"threads\"\nthreads = 1\n[services.a.endpoints.e]\n\
                 steps = [{ sleep = \"100ms\" }]\n";
    place.put("m.toml", model);
    let experiment = "title = \"x\"\nmodel = \"m.toml\"\nreplications = 2\n\
                      objectives = [{ at-most = { metric = \"p95_s\", value = \"50ms\" } }]\n\
                      [axes.think]\npath = \"load.think_time\"\nvalues = [\"0s\", \"5s\"]\n";
    place.put("think.toml", experiment);
    let ran = place.sim(&["sweep", "think.toml", "--no-charts"]).ends_with(0);
    let sentence = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(sentence.contains("that was tested; the lowest p95 is ") && sentence.contains("s at 5s"), "{sentence}");
    assert!(!sentence.contains("highest success rate"), "{sentence}");
}
