//! Hand-worked timelines: jobs in threads of the default executor.

use super::*;

fn thread(steps: &str) -> String {
    format!("{{ thread = {{ steps = [{steps}] }} }}")
}

fn timeout(after: &str, steps: &str) -> String {
    format!("{{ timeout = {{ after = \"{after}\", steps = [{steps}] }} }}")
}

const SLEEP: &str = "{ sleep = \"100ms\" }";

/// A pool of one connection to a database that queues nothing.
const POOL: &str =
    "threads = 1\n[services.shop.pools.main]\nserver = \"db\"\nmin_size = 1\nmax_size = 1\nreset_on_release = false";

/// A blocks its thread from 0 to 100. The loop serves B's thread at 20, or lets it queue where there is one thread.
#[test]
fn a_blocked_thread_leaves_the_loop_and_the_cpu_to_others() {
    let steps = format!("{}, {{ cpu = \"5ms\" }}", thread(SLEEP));
    let story = play(&shop("", "threads = 2\ncpu = 1", &steps), &[0.0, 20.0]);
    assert_eq!(story.successes(), [105.0, 125.0]);
    assert_eq!((story.used("shop executor"), story.used("shop CPU")), (200.0, 10.0));
    assert_eq!(play(&shop("", "threads = 1\ncpu = 1", &steps), &[0.0, 20.0]).successes(), [105.0, 205.0]);
    // On the loop no request waits for a thread.
    assert_eq!(play(&shop("", "", &format!("{SLEEP}, {{ cpu = \"5ms\" }}")), &[0.0, 20.0]).successes(), [105.0, 125.0]);
}

#[test]
fn jobs_have_their_threads_in_order_of_arrival() {
    let steps = thread("{ sleep = \"10ms\" }");
    let story = play(&shop("", "threads = 2", &steps), &[0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(story.successes(), [10.0, 11.0, 20.0, 21.0, 30.0]);
    assert_eq!(story.used("shop executor"), 50.0);
}

/// A computes for 5 ms, sleeps for 10 and computes for 5, all in its thread: B waits for the one thread until 20, though
/// the core is idle from 5 to 15.
#[test]
fn a_job_keeps_its_thread_between_its_steps() {
    let steps = thread("{ cpu = \"5ms\" }, { sleep = \"10ms\" }, { hash = { cpu = \"5ms\" } }");
    let story = play(&shop("", "threads = 1\ncpu = 1", &steps), &[0.0, 1.0]);
    assert_eq!(story.successes(), [20.0, 40.0]);
    assert_eq!((story.used("shop executor"), story.used("shop CPU")), (40.0, 20.0));
}

/// A gives up at 10, and its thread is busy until 100. B's job queues from 20 on and is dropped at 30. C's, which comes at
/// 95, has the thread from 100 on: it is not stopped at 105 either.
#[test]
fn a_time_out_does_not_stop_a_thread() {
    let story = play(&shop("", "threads = 1", &timeout("10ms", &thread(SLEEP))), &[0.0, 20.0, 95.0]);
    assert_eq!(story.told(), ["10: timed out", "30: timed out", "105: timed out"]);
    assert_eq!(story.used("shop executor"), 200.0);
    assert!(story.at_rest);
    // The CPU of a hash is burnt to its end, too.
    let hash = "{ hash = { cpu = \"100ms\", on = \"thread\" } }";
    let story = play(&shop("", "threads = 1\ncpu = 1", &timeout("10ms", hash)), &[0.0, 20.0]);
    assert_eq!(story.told(), ["10: timed out", "30: timed out"]);
    assert_eq!((story.used("shop executor"), story.used("shop CPU")), (100.0, 100.0));
}

/// What the coroutine holds is given back when it gives up; what the job holds when the thread is done with it.
#[test]
fn a_client_that_gives_up_does_not_stop_a_thread() {
    let load = "timeout = \"10ms\"\nabandon = \"cancel\"";
    let held = |steps: &str| format!("{{ with = {{ pool = \"main\", steps = [{steps}] }} }}");
    for (steps, in_use) in [(held(&thread(SLEEP)), 10.0), (thread(&held(SLEEP)), 100.0)] {
        let story = play(&shop(load, POOL, &steps), &[0.0]);
        assert_eq!(story.told(), ["10: client gave up"]);
        assert_eq!((story.used("shop executor"), story.used("shop pool main")), (100.0, in_use), "{steps}");
        assert!(story.at_rest);
    }
}

/// A second attempt begins at 30, and the first wins at 100. The second has its thread until 130. If there is only one, that
/// takes up the second attempt before the loop learns of the first's end, and is busy until 200. A third attempt, which
/// begins at 60, is dropped from the queue.
#[test]
fn an_attempt_that_loses_keeps_its_thread() {
    let steps = format!("{{ hedge = {{ after = \"30ms\", max = 3, steps = [{}] }} }}", thread(SLEEP));
    for (threads, in_use) in [(3, 300.0), (1, 200.0)] {
        let story = play(&shop("", &format!("threads = {threads}"), &steps), &[0.0]);
        assert_eq!((story.successes(), story.used("shop executor")), (vec![100.0], in_use));
    }
}

/// A failure in the thread is one of the coroutine: it is caught within the thread, or outside when the thread is free.
#[test]
fn a_failure_in_a_thread_is_raised_in_the_coroutine() {
    let fails = "{ sleep = \"10ms\" }, { fail = \"bad luck\" }";
    let fallback =
        |steps: &str| format!("{{ fallback = {{ steps = [{steps}], otherwise = [{{ sleep = \"5ms\" }}] }} }}");
    let held = format!("{{ with = {{ pool = \"main\", steps = [{fails}] }} }}");
    for (steps, told, in_use) in [
        (thread(fails), "10: bad luck", 10.0),
        (thread(&held), "10: bad luck", 10.0),
        (thread(&fallback(fails)), "15", 15.0),
        (thread(&fallback(&held)), "15", 15.0),
        (fallback(&thread(&held)), "15", 10.0),
        (
            format!(
                "{{ retry = {{ attempts = 2, backoff = \"5ms\", jitter = \"none\", steps = [{}] }} }}",
                thread(fails)
            ),
            "25: bad luck",
            20.0,
        ),
        (
            thread(&format!(
                "{{ retry = {{ attempts = 2, backoff = \"5ms\", jitter = \"none\", steps = [{fails}] }} }}"
            )),
            "25: bad luck",
            25.0,
        ),
    ] {
        let story = play(&shop("", POOL, &steps), &[0.0]);
        assert_eq!((story.told(), story.used("shop executor")), (vec![told.to_owned()], in_use), "{steps}");
        assert!(story.at_rest, "{steps}");
    }
}

/// A driver that blocks: the thread waits for the connection and for the database, 10 ms each. The connection may be one
/// that the coroutine holds, and counts the statement there: after two of them it is opened anew in 5 ms.
#[test]
fn a_thread_waits_for_a_database() {
    let story = play(&shop("", POOL, &thread("{ query = { pool = \"main\", time = \"10ms\" } }")), &[0.0, 0.0]);
    assert_eq!((story.successes(), story.used("shop executor")), (vec![10.0, 20.0], 20.0));
    let two = POOL.replace("threads = 1", "threads = 2");
    let story = play(&shop("", &two, &thread("{ query = { pool = \"main\", time = \"10ms\" } }")), &[0.0, 0.0]);
    assert_eq!((story.successes(), story.used("shop executor")), (vec![10.0, 20.0], 30.0));
    let within = format!(
        "{{ with = {{ pool = \"main\", steps = [{}] }} }}",
        thread("{ query = { held = \"main\", time = \"10ms\" } }")
    );
    let story = play(&shop("", POOL, &within), &[0.0, 0.0]);
    assert_eq!(
        (story.successes(), story.used("shop executor"), story.used("shop pool main")),
        (vec![10.0, 20.0], 20.0, 20.0)
    );
    let minded = format!("{POOL}\nmax_queries = 2\nconnect_time = \"5ms\"");
    assert_eq!(play(&shop("", &minded, &within), &[0.0, 20.0, 40.0]).successes(), [10.0, 30.0, 55.0]);
}

/// Two calls of 30 ms in one thread.
#[test]
fn a_thread_waits_for_an_answer() {
    let rest = "[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\nwork = { steps = [{ sleep = \"30ms\" }] }\n\
        [services.shop]\nthreads = 1\n[services.shop.clients.back]\nserver = \"back\"";
    let call = "{ call = { client = \"back\", endpoint = \"work\" } }";
    let text = |steps: &str| format!("{}\nserve = {{ steps = [{steps}] }}", model("", rest));
    assert_eq!(play(&text(call), &[0.0, 10.0]).successes(), [30.0, 40.0]);
    let story = play(&text(&thread(call)), &[0.0, 10.0]);
    assert_eq!((story.successes(), story.used("shop executor")), (vec![30.0, 60.0], 60.0));
    // A notice is sent by the loop, and no thread waits for it.
    let story =
        play(&text(&thread("{ notify = { client = \"back\", endpoint = \"work\" } }, { sleep = \"5ms\" }")), &[0.0]);
    assert_eq!((story.successes(), story.used("shop executor")), (vec![5.0], 5.0));
}

/// The replica is killed at 5 with one job in its thread and one in the queue. The one that comes up has an idle thread.
#[test]
fn threads_die_with_their_process() {
    let keys = "threads = 1\n[faults.f]\nservice = \"shop\"\nfrom = \"5ms\"\nto = \"20ms\"\neffect = \"dead\"";
    let story = play(&shop("", keys, &thread(SLEEP)), &[0.0, 1.0, 30.0]);
    assert_eq!(story.told(), ["5: connection lost", "5: connection lost", "130"]);
    assert_eq!(story.used("shop executor"), 105.0);
    assert!(story.at_rest);
    // One that its coroutine has left dies as well.
    let story = play(&shop("", keys, &timeout("2ms", &thread(SLEEP))), &[0.0, 30.0]);
    assert_eq!(story.told(), ["2: timed out", "32: timed out"]);
    assert_eq!(story.used("shop executor"), 105.0);
    assert!(story.at_rest);
}

/// The process stands still from 5 to 25. A's first sleep is over at 10, and its thread begins the second at 25. B has the
/// loop at 5 with 3 ms to go: its job begins at 28.
#[test]
fn a_stopped_process_stops_its_threads() {
    let keys =
        "threads = 2\ncpu = 2\n[faults.f]\nservice = \"shop\"\nfrom = \"5ms\"\nto = \"25ms\"\neffect = \"stuck\"";
    let job = thread("{ sleep = \"10ms\" }, { sleep = \"10ms\" }");
    assert_eq!(play(&shop("", keys, &job), &[0.0]).successes(), [35.0]);
    assert_eq!(play(&shop("", keys, &thread("{ cpu = \"10ms\" }")), &[0.0]).successes(), [30.0]);
    let story = play(&shop("", keys, &format!("{{ cpu = \"4ms\" }}, {job}")), &[0.0, 2.0]);
    assert_eq!(story.successes(), [35.0, 48.0]);
    // Killed while they stand still.
    let both = format!("{keys}\n[faults.g]\nservice = \"shop\"\nfrom = \"15ms\"\nto = \"40ms\"\neffect = \"dead\"");
    let story = play(&shop("", &both, &job), &[0.0, 50.0]);
    assert_eq!(story.told(), ["15: connection lost", "70"]);
    assert!(story.at_rest);
}

/// At 21 A's job has the only thread and waits for the connection, which B holds while its job waits for the thread.
#[test]
fn a_circle_of_a_thread_and_a_connection_is_found() {
    let with = |steps: &str| format!("{{ with = {{ pool = \"main\", steps = [{steps}] }} }}");
    let first = with(&format!("{{ sleep = \"10ms\" }}, {}", thread("{ sleep = \"1ms\" }")));
    let second = thread(&format!("{{ sleep = \"10ms\" }}, {}", with("")));
    let story = play(&shop("", POOL, &format!("{first}, {second}")), &[0.0, 5.0]);
    assert_eq!(story.told(), ["never"; 2]);
    let deadlock = story.outcome.deadlock.expect("a deadlock");
    assert_eq!(deadlock.at, Time(21_000_000));
    let mut circle = deadlock.circle;
    circle.sort();
    assert_eq!(
        circle,
        [
            "the one request in worker 1 of shop-1 holds a connection of pool main and waits for a thread of the default \
             executor",
            "the one request in worker 1 of shop-1 holds a thread of the default executor and waits for a connection of \
             pool main",
        ]
    );
    // A's coroutine gives up at 26, which does not free its thread.
    let story = play(&shop("", POOL, &format!("{first}, {}", timeout("15ms", &second))), &[0.0, 5.0]);
    assert_eq!(story.told(), ["26: timed out", "never"]);
    assert_eq!(story.outcome.deadlock.expect("a deadlock").at, Time(21_000_000));
    // B's gives the connection back at 105.
    let story = play(&shop("", POOL, &format!("{}, {second}", timeout("100ms", &first))), &[0.0, 5.0]);
    assert_eq!(story.told(), ["105", "105: timed out"]);
    assert_eq!(story.outcome.deadlock, None);
    assert!(story.at_rest);
}

/// Pure Python in two threads has one lock: 10 ms each end at 20. What releases the lock has a core of its own.
#[test]
fn threads_contend_for_the_interpreter_lock_if_they_keep_it() {
    let job = |keys: &str| format!("{{ thread = {{ {keys}steps = [{{ cpu = \"10ms\" }}] }} }}");
    let ends = |steps: &str| play(&shop("", "cpu = 4", steps), &[0.0, 0.0]).successes();
    assert_eq!(ends(&job("holds_gil = true, ")), [20.0, 20.0]);
    assert_eq!(ends(&job("")), [10.0, 10.0]);
    // A process in which some thread keeps the lock: the others run beside it.
    assert_eq!(ends(&format!("{}, {}", job(""), job("holds_gil = true, "))), [30.0, 30.0]);
}

/// Waking the loop is a round for the callback, and the coroutine continues in the one after: B's and C's hashes, which
/// come meanwhile, go first.
#[test]
fn the_result_takes_the_rounds_of_the_loop() {
    let steps = format!("{}, {{ hash = {{ cpu = \"100ms\" }} }}", thread("{ sleep = \"10ms\" }"));
    assert_eq!(play(&shop("", "rounds = { thread = 3 }", &steps), &[0.0]).successes(), [110.0]);
    let busy = format!("{{ hash = {{ cpu = \"100ms\" }} }}, {}", thread("{ sleep = \"10ms\" }"));
    let sends = [0.0, 50.0, 150.0, 250.0];
    // A's job is done at 110; the loop hashes for B until 200, for C until 300, for D until 400.
    let end = |rounds: &str| play(&shop("", rounds, &busy), &sends).successes()[0];
    assert_eq!((end(""), end("rounds = { thread = 2 }")), (300.0, 400.0));
}

/// A name look-up of 1 ms is a job of the thread pool. A and B hash in its two threads to 100, C from then to 200 in one of
/// them: A looks up in the other to 101, B after it to 102, and C to 201. A call follows, which takes 10 ms.
#[test]
fn a_name_look_up_waits_behind_hashes() {
    let look_up = "{ thread = { steps = [{ sleep = \"1ms\" }] } }, { sleep = \"10ms\" }";
    let hash = "{ hash = { cpu = \"100ms\", on = \"thread\" } }";
    let text = |steps: &str| shop("", "event_loop = \"libuv\"\nthreads = 2", steps);
    assert_eq!(play(&text(look_up), &[0.0, 0.0]).successes(), [11.0, 11.0]);
    assert_eq!(play(&text(&format!("{hash}, {look_up}")), &[0.0; 3]).successes(), [111.0, 112.0, 211.0]);
}
