//! Hand-worked timelines: the order in which those who wait are served, and how long they wait.

use super::*;

const ORDERS: [&str; 3] = ["fifo", "lifo", "adaptive-lifo"];

/// What is held for 100 ms each, one at a time, and how it is asked for.
fn held(order: &str) -> [String; 4] {
    let limit = format!("runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1\norder = \"{order}\"");
    let pool = format!(
        "runtime = \"delay\"\n[services.shop.pools.one]\nserver = \"db\"\nmin_size = 1\nmax_size = 1\n\
         reset_on_release = false\norder = \"{order}\""
    );
    let threads = format!("runtime = \"threads\"\nthreads = 1\norder = \"{order}\"");
    let with = |what: &str| format!("{{ with = {{ {what} = \"one\", steps = [{{ sleep = \"100ms\" }}] }} }}");
    let station = model("", &format!("[stations.one]\norder = \"{order}\"\n[services.shop]\nruntime = \"delay\""))
        + "serve = { steps = [{ visit = { station = \"one\", time = \"100ms\" } }] }";
    [
        shop("", &limit, &with("limit")),
        shop("", &pool, &with("pool")),
        shop("", &threads, "{ sleep = \"100ms\" }"),
        station,
    ]
}

/// A is served at once. When it leaves at 100, B, C and D wait; at 200 two and E wait; at 300 two; at 400 one.
#[test]
fn those_who_wait_are_served_in_the_order_of_their_queue() {
    let sends = [0.0, 10.0, 20.0, 30.0, 110.0];
    let ends = [
        [100.0, 200.0, 300.0, 400.0, 500.0],
        // D; then E, which has come meanwhile; then C, then B.
        [100.0, 500.0, 400.0, 200.0, 300.0],
        // The last while more than one waits: D, E, C; B is alone.
        [100.0, 500.0, 400.0, 200.0, 300.0],
    ];
    for (order, ends) in ORDERS.iter().zip(ends) {
        for text in held(order) {
            assert_eq!(play(&text, &sends).successes(), ends, "{order}: {text}");
        }
    }
}

/// Two servers: at 100 three wait, more than there are servers, so the last goes first; then two wait, so the first.
#[test]
fn an_adaptive_queue_turns_round_while_more_wait_than_there_are_servers() {
    let text = held("adaptive-lifo")[0].replace("size = 1", "size = 2");
    let ends = play(&text, &[0.0, 50.0, 60.0, 70.0, 80.0]).successes();
    // At 100 A leaves, C, D and E wait: E. At 150 B leaves, C and D wait: C. At 200 E leaves: D.
    assert_eq!(ends, [100.0, 150.0, 250.0, 300.0, 200.0]);
}

/// The jobs of the executor take 300, 100 and 200 ms of CPU; while the first is at work the others are sorted.
#[test]
fn an_executor_takes_the_shortest_job_first() {
    let keys = "cpu = 4\nthreads = 1\norder = \"shortest\"";
    for job in ["hash = { cpu = \"TIME\", on = \"thread\" }", "thread = { steps = [{ cpu = \"TIME\" }] }"] {
        let jobs = ["300ms", "200ms", "100ms"].map(|time| format!("[{{ {} }}]", job.replace("TIME", time)));
        let text = shop("", keys, &format!("{{ parallel = {{ branches = [{}] }} }}", jobs.join(", ")));
        let story = play(&text, &[0.0]);
        assert_eq!(story.successes(), [600.0]);
        // Fifo: the second waits 300 and the third 500 ms; the shortest first: 300 and 400.
        let waited = resource(&story.outcome, "shop executor");
        assert!((waited.wait_s - 0.7 / 3.0).abs() < 1e-9, "{waited:?}");
    }
}

/// A request that has waited for 150 ms leaves: at a station with an error, of a limit and for a thread alike.
#[test]
fn patience_ends_a_wait_and_nothing_else() {
    for (number, text) in held("fifo").into_iter().enumerate() {
        let key = ["acquire_timeout", "acquire_timeout", "patience", "patience"][number];
        let text = text.replace("order = \"fifo\"", &format!("order = \"fifo\"\n{key} = \"150ms\""));
        // A until 100, B until 200; C, which came at 20, leaves at 170; D, which came at 60, is served at 200.
        let story = play(&text, &[0.0, 10.0, 20.0, 60.0]);
        assert_eq!(story.told(), ["100", "200", "170: acquire timed out", "300"], "{text}");
        assert!(story.at_rest);
    }
}

/// B may wait for 100 ms, as the queue was empty when it came, and is served at 100. C, which came 10 later, may as well, and D, at
/// 110, for the queue has not been empty for 100. E, at 115, and F, at 150, may wait for 20. At 200 D is served, and the queue is
/// empty until G comes.
#[test]
fn controlled_delay_shortens_the_waits_in_a_queue_that_stays_busy() {
    let sends = [0.0, 10.0, 20.0, 110.0, 115.0, 150.0, 250.0];
    let shed = "shed = { codel = { target = \"20ms\", interval = \"100ms\" } }";
    for text in held("fifo") {
        let text = text.replace("order = \"fifo\"", shed);
        let story = play(&text, &sends);
        let dropped = |at: u32| format!("{at}: shed by controlled delay");
        let ends = |at: u32| at.to_string();
        let expected = [ends(100), ends(200), dropped(120), ends(300), dropped(135), dropped(170), ends(400)];
        assert_eq!(story.told(), expected, "{text}");
        assert!(story.at_rest);
        assert_eq!(story.outcome.resources.iter().map(|one| one.refused).sum::<u64>(), 3, "{text}");
    }
}

/// Each takes 100 and gives up, or is to be done, after 250. C and D would begin at 200 and 300, when less than 100 is left, so they
/// go at 170 and 180, and E and F are done in time. Of 260 nothing is left to anybody who has to wait.
#[test]
fn those_who_would_be_late_are_dropped() {
    let sends = [0.0, 10.0, 20.0, 30.0, 150.0, 290.0];
    for text in held("fifo") {
        let in_load = |needs: &str| {
            let shed = format!("shed = {{ late = {{ needs = \"{needs}\" }} }}");
            let text = text.replace("order = \"fifo\"", &shed);
            text.replace("duration = \"1s\"", "duration = \"1s\"\ntimeout = \"250ms\"")
        };
        let late = |at: u32| format!("{at}: shed as too late");
        let ends = |at: u32| at.to_string();
        let expected = [ends(100), ends(200), late(170), late(180), ends(300), ends(400)];
        assert_eq!(play(&in_load("100ms"), &sends).told(), expected, "{text}");
        assert_eq!(play(&in_load("260ms"), &sends[..2]).told(), [ends(100), late(10)], "{text}");
    }
    // A time-out of the steps around the wait, and one of a call.
    let limit = "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1\nshed = { late = { needs = \"100ms\" } }";
    let hold = "{ with = { limit = \"one\", steps = [{ sleep = \"100ms\" }] } }";
    let steps = format!("{{ timeout = {{ after = \"250ms\", steps = [{hold}] }} }}");
    let late = |at: u32| format!("{at}: shed as too late");
    let expected = ["100".into(), "200".into(), late(170), late(180), "300".into(), "400".into()];
    assert_eq!(play(&shop("", limit, &steps), &sends).told(), expected);
    let back = "runtime = \"delay\"\nclients.c = { server = \"back\", timeout = \"250ms\", reuse = \"shared\" }\n\
         [services.back]\nruntime = \"threads\"\nthreads = 1\nshed = { late = { needs = \"100ms\" } }\n\
         endpoints.e.steps = [{ sleep = \"100ms\" }]";
    assert_eq!(play(&shop("", back, "{ call = { client = \"c\", endpoint = \"e\" } }"), &sends).told(), expected);
    // Nothing is dropped that has no deadline.
    assert_eq!(play(&shop("", limit, hold), &sends[..3]).successes(), [100.0, 200.0, 300.0]);
}
