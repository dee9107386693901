//! Runs that do not come to an end by themselves, or not to a sound one.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use sim::load::trial;
use sim::parts::{Ending, Limits};

use crate::models::{Bench, bench};

/// A service without queues that runs these steps for one client.
fn one(users: u32, steps: &str) -> Bench {
    bench(&format!(
        r#"
        [load]
        kind = "closed"
        target = "a.e"
        concurrency = 1
        users = {users}
        [services.b.endpoints.e]
        steps = []
        [queues.q.consumers.n]
        service = "b"
        endpoint = "e"
        [services.a.limits.l]
        size = 1
        [services.a.caches.h]
        [services.a.breakers.k]
        recovery_time = "1s"
        [services.a.clients.c]
        server = "b"
        reuse = "shared"
        [services.a.endpoints.e]
        steps = [{steps}]
        "#
    ))
}

fn ending(bench: &Bench, limits: &Limits) -> Ending {
    trial(&bench.system, &bench.load, 1, 0, limits).ending
}

/// Steps that take no time, a million times a million.
const FOR_EVER: [&str; 10] = [
    "{ cpu = \"0s\" }",
    "{ sleep = \"0s\" }",
    "{ choose = [{ probability = 0.5, steps = [] }] }",
    "{ fallback = { steps = [{ fail = \"x\" }], otherwise = [] } }",
    "{ timeout = { after = \"1s\", steps = [] } }",
    "{ with = { limit = \"l\", steps = [] } }",
    "{ cache = { name = \"h\", key = \"unique\" } }",
    "{ breaker = { name = \"k\", steps = [] } }",
    "{ notify = { client = \"c\", endpoint = \"e\" } }",
    "{ publish = { queue = \"q\" } }",
];

fn nested(step: &str) -> String {
    format!("{{ repeat = {{ times = 1000000, steps = [{{ repeat = {{ times = 1000000, steps = [{step}] }} }}] }} }}")
}

fn nested_retries() -> String {
    (0..4).fold("{ fail = \"x\" }".to_owned(), |steps, _| {
        format!("{{ retry = {{ attempts = 1000, steps = [{steps}] }} }}")
    })
}

/// What a bursty load of so short bursts asks for first comes after 10^12 of them.
fn bursts() -> Bench {
    bench(
        "[load]\nkind = \"open\"\ntarget = \"a.e\"\nduration = \"100s\"\n\
         bursts = { mean_on = \"1ns\", mean_off = \"1ns\", on_rate = \"0.001/s\", off_rate = \"0/s\" }\n\
         [services.a.endpoints.e]\nsteps = [{ sleep = \"1s\" }]",
    )
}

#[test]
fn a_limit_on_events_ends_loops_that_take_no_time() {
    let limits = Limits { max_events: Some(1_000), ..Limits::default() };
    for step in FOR_EVER {
        assert!(
            matches!(ending(&one(1, &nested(step)), &limits), Ending::Standstill | Ending::TooManyEvents),
            "{step}"
        );
    }
    assert_eq!(ending(&one(1, &nested_retries()), &limits), Ending::Standstill);
    assert_eq!(ending(&bursts(), &limits), Ending::TooManyEvents);
}

#[test]
fn an_interrupt_and_the_wall_clock_end_them_too() {
    let flag = AtomicBool::new(true);
    let interrupted = Limits { interrupted: Some(&flag), ..Limits::default() };
    let late = Limits { deadline: Some(Instant::now() - Duration::from_secs(1)), ..Limits::default() };
    for bench in [one(1, &nested(FOR_EVER[0])), one(1, &nested_retries()), bursts()] {
        assert_eq!(ending(&bench, &interrupted), Ending::Interrupted);
        assert_eq!(ending(&bench, &late), Ending::OutOfTime);
    }
}

/// A client that is refused, or answered, without time passing sends again for ever. 100,000 requests at one instant, and
/// 1,000 for each client, are enough to know that: the 20 million steps that were taken before took up to ten seconds.
#[test]
fn requests_that_follow_each_other_without_time_end_the_run_soon() {
    let load = |clients: u32, rest: &str| {
        bench(&format!(
            "[load]\nkind = \"closed\"\ntarget = \"a.e\"\nconcurrency = {clients}\nwarm_up = \"0s\"\nduration = \"10s\"\n{rest}"
        ))
    };
    let fails = "[services.a.endpoints.e]\nsteps = [{ fail = \"x\" }]";
    let full = "[services.a.limits.l]\nsize = 2\nmax_queue = 0\n[services.a.endpoints.e]\n\
                steps = [{ with = { limit = \"l\", steps = [{ sleep = \"100ms\" }] } }]";
    let at_once = format!("think_time = \"0s\"\n{fails}");
    for (clients, rest) in [(1, fails), (20, full), (1, at_once.as_str())] {
        let outcome = load(clients, rest).run(1, 0);
        assert_eq!(outcome.ending, Ending::Standstill, "{rest}");
        let most = 100_000 + 1_000 * u64::from(clients) + 100;
        assert!((100_000..most).contains(&outcome.sent), "{} sent: {rest}", outcome.sent);
    }
    // 99 of 100 requests take no time: a hundred at an instant for each client.
    let mostly =
        "[services.a.endpoints.e]\nsteps = [{ choose = [{ probability = 0.01, steps = [{ sleep = \"1s\" }] }] }]";
    assert_eq!(load(100, mostly).run(1, 0).ending, Ending::Complete);
}

/// A million rounds that take no time are well below what is taken for a standstill.
#[test]
fn a_long_loop_that_takes_no_time_is_run_to_its_end() {
    let steps = "{ repeat = { times = 1000000, steps = [{ cpu = \"0s\" }] } }, { sleep = \"1s\" }";
    let outcome = one(3, steps).run(1, 0);
    assert_eq!((outcome.ending, outcome.succeeded), (Ending::Complete, 3));
}

/// The clock has 584 years: what would end later does not end at its end.
#[test]
fn a_run_beyond_the_end_of_the_clock_is_said_to_be_one() {
    let sleeps = "{ repeat = { times = 100, steps = [{ sleep = \"80000h\" }] } }";
    for (users, steps) in [
        (100, "{ sleep = \"80000h\" }"),
        (3, sleeps),
        (1_000, "{ sleep = \"exp(80000h)\" }"),
        (1_000, "{ cpu = \"exp(80000h)\" }"),
        (
            10,
            "{ retry = { attempts = 20, backoff = \"1s\", factor = 1000, jitter = \"none\", steps = [{ fail = \"x\" }] } }",
        ),
    ] {
        assert_eq!(ending(&one(users, steps), &Limits::default()), Ending::EndOfClock, "{steps}");
    }
    // Sixty of the same sleeps are before it.
    assert_eq!(one(60, "{ sleep = \"80000h\" }").run(1, 0).succeeded, 60);
}

/// Years of work wait, and a minute of it is done: the utilisation law is as exact as the numbers in it.
#[test]
fn the_utilisation_law_bears_years_of_work() {
    for demand in ["exp(50000h)", "exp(10h)", "30000h"] {
        let bench = bench(&format!(
            "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"20/s\"\nwarm_up = \"1s\"\nduration = \"60s\"\n\
             [services.a]\nruntime = \"threads\"\nthreads = 400\ncpu = \"2\"\n[services.a.endpoints.e]\n\
             steps = [{{ cpu = \"{demand}\" }}]"
        ));
        assert_eq!(bench.run(1, 0).succeeded, 0, "{demand}");
    }
}
