//! Public reports of incidents: what was reported must come out, and what would have prevented it must prevent it. The
//! models are those of the table of culprits, which says what limits each.

use std::fs;

use sim::parts::Outcome;

use crate::models::{bench, resource};

/// A run of a model in `tests/culprits/`, in which each of these texts stands for the one before it.
fn run(file: &str, changes: &[(&str, &str)]) -> Outcome {
    let text = fs::read_to_string(format!("tests/culprits/{file}.toml")).expect("a model");
    let changed = changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{file} has no {from}");
        text.replace(from, to)
    });
    bench(&changed).run(1, 0)
}

fn seconds(outcome: &Outcome, q: f64) -> f64 {
    outcome.response_times.quantile(q).expect("successes") as f64 / 1e9
}

fn successes(outcome: &Outcome) -> u64 {
    outcome.response_times.count()
}

/// Failures by cause.
fn failed(outcome: &Outcome, cause: &str) -> u64 {
    outcome.failures.iter().filter(|(words, _)| *words == cause).map(|(_, count)| *count).sum()
}

/// fastapi/fastapi#3205: eleven requests at once stop the server, ten do not. The first ten answer when the time-out of the
/// eleventh has freed the loop, after 30 s.
#[test]
fn the_eleventh_request_stops_a_loop_with_a_blocking_pool_of_ten() {
    let eleven = run("blocking-checkout", &[]);
    assert_eq!((successes(&eleven), failed(&eleven, "acquire timed out")), (10, 1));
    assert!((30.0..30.2).contains(&seconds(&eleven, 0.5)), "{}", seconds(&eleven, 0.5));
    let ten = run("blocking-checkout", &[("concurrency = 11", "concurrency = 10")]);
    assert!(successes(&ten) == 11 && seconds(&ten, 1.0) < 0.1, "{}", seconds(&ten, 1.0));
    let asynchronous = run("blocking-checkout", &[(", blocking = true", "")]);
    assert!(successes(&asynchronous) == 11 && seconds(&asynchronous, 1.0) < 0.1);
}

/// traefik/traefik#13123: 50 workers through a Go proxy that keeps two idle connections; `cannot assign requested address`
/// with 28,241 sockets in TIME_WAIT. nginx, which keeps 320, has no such problem.
#[test]
fn a_proxy_that_keeps_two_idle_connections_runs_out_of_ports() {
    let two = run("idle-connections", &[]);
    let ports = resource(&two, "proxy ports");
    assert!((28_200..28_300).contains(&ports.visits), "{}", ports.visits);
    assert!(failed(&two, "no free port") > 1000);
    let many = run("idle-connections", &[("max_idle_connections = 2", "max_idle_connections = 320")]);
    assert!(resource(&many, "proxy ports").visits <= 50);
    assert_eq!(many.failures.len(), 0);
}

/// kubernetes/client-go#564: five a second with a burst of ten, 80 requests take 14 s and none fails.
#[test]
fn a_client_of_five_a_second_takes_fourteen_seconds_for_eighty() {
    let run = run("client-rate", &[]);
    assert_eq!((successes(&run), run.failures.len()), (80, 0));
    assert!((14.0..14.1).contains(&seconds(&run, 1.0)), "{}", seconds(&run, 1.0));
}

/// Clawdi-AI/clawdi#1396: 20 waves of four requests through a pool of 5 with an overflow of 3 open 60 connections, take 155 to
/// 161 ms each and 2.4 to 2.6 s of CPU; with eight that are kept 16 to 17 ms and 0.28 s. (Of each connect only the CPU is
/// reported, so a wave is a fifth too short here.)
#[test]
fn an_overflow_that_is_closed_makes_a_wave_ten_times_as_long() {
    let waves = |changes: &[(&str, &str)]| {
        let run = run("overflow", changes);
        let cpu = resource(&run, "api CPU").in_use * run.window.seconds();
        (run.response_times.mean().expect("a mean") / 1e9, cpu)
    };
    let (wave, cpu) = waves(&[]);
    assert!((0.118..0.165).contains(&wave) && (2.4..2.6).contains(&cpu), "{wave} s, {cpu} s of CPU");
    let kept = [("min_size = 5 ", "min_size = 8 "), ("max_idle_connections = 5", "max_idle_connections = 8")];
    let (wave, cpu) = waves(&kept);
    assert!((0.012..0.018).contains(&wave) && (0.2..0.3).contains(&cpu), "{wave} s, {cpu} s of CPU");
}

/// aio-libs/aiokafka#848: a message takes seven minutes and its consumer may take five. Another consumer starts the same
/// message after five minutes, the first one's commit fails after seven, and so on without end: of each hour of two
/// consumers 84 minutes go to one message. With ten minutes it takes seven.
#[test]
fn a_message_that_takes_longer_than_its_consumer_may_is_never_done() {
    let short = [("duration = \"4h\"", "duration = \"2h\"")];
    let five = run("overdue", &short);
    let jobs = five.completion.as_ref().expect("jobs");
    assert_eq!((jobs.completed, jobs.dead_letters), (0, 0));
    // It arrives after one hour of two.
    let work = resource(&five, "queue topic / group").in_use * five.window.seconds() / 60.0;
    assert!((82.0..=84.0).contains(&work) && (11..=12).contains(&jobs.overdue), "{work} min, {}", jobs.overdue);
    let ten = run("overdue", &[short[0], ("ack_timeout = \"5m\"", "ack_timeout = \"10m\"")]);
    let jobs = ten.completion.as_ref().expect("jobs");
    assert_eq!((jobs.completed, jobs.times.max(), jobs.overdue), (1, Some(420_000_000_000), 0));
}

/// dotnet/docs, "Debug ThreadPool Starvation": 125 handlers block threads until a task of the same pool has run. The pool
/// grows to two or three times the cores (eight here), then by one or two threads a second, and answers nothing before it has
/// more than 125. It had 96 when the counters were read; from 100, which an earlier run leaves, 18.3 s were reported.
#[test]
fn a_starved_thread_pool_answers_when_it_has_grown_beyond_its_clients() {
    let short = ("duration = \"120s\"", "duration = \"59s\"");
    // From 16 threads the 126th comes after 55 s, or 110 s of one thread a second.
    let starved = run("pool-starvation", &[("duration = \"120s\"", "duration = \"54s\"")]);
    assert_eq!((successes(&starved), &starved.deadlock), (0, &None));
    let healed = run("pool-starvation", &[short]);
    assert!((55.0..55.2).contains(&seconds(&healed, 1.0)), "{}", seconds(&healed, 1.0));
    let grown = run("pool-starvation", &[short, ("size = 16", "size = 300")]);
    assert!(seconds(&grown, 1.0) < 0.51, "{}", seconds(&grown, 1.0));
    // One thread each 500 to 1000 ms.
    for (every, first) in [("500ms", 13.0), ("700ms", 18.2), ("1s", 26.0)] {
        let pool = [short, ("size = 16", "size = 100"), ("every = \"500ms\"", &format!("every = \"{every}\""))];
        let seen = seconds(&run("pool-starvation", &pool), 1.0);
        assert!((first..first + 0.2).contains(&seen), "{every}: {seen}");
    }
}

/// opendatacube/datacube-core#325, saleor/saleor#16488: each process reserves four tasks, so with as many tasks as workers
/// three quarters of the workers idle in the worst case: those that start later find nothing, and the last task is done
/// after four times its length. With a prefetch of one all work at once.
#[test]
fn workers_that_reserve_four_tasks_leave_three_quarters_idle() {
    let last = |changes: &[(&str, &str)]| {
        let run = run("prefetched-whole", changes);
        let jobs = run.completion.as_ref().expect("jobs");
        assert_eq!(jobs.completed, 16);
        jobs.times.max().expect("times") as f64 / 1e9
    };
    assert!((2400.0..2404.0).contains(&last(&[])), "{}", last(&[]));
    let one = last(&[("prefetch = 4 ", "prefetch = 1 ")]);
    assert!((615.0..616.0).contains(&one), "{one}");
}

/// K. Sankar, "Cache stampede: a primer": a read of 200 ms behind Redis with a TTL of 5 s, 50 clients for 60 s, 95 % of the
/// requests for one key. 97 % are hits, and yet the origin has hundreds of reads, in bursts; one fetch for all ends that.
#[test]
fn a_hot_key_expires_for_all_clients_at_once() {
    let reads = |changes: &[(&str, &str)]| {
        let run = run("hot-key", changes);
        let of_origin = run.services.iter().find_map(|it| it.calls.filter(|_| it.name == "sqlite"));
        let peak = of_origin.expect("calls are counted").peak_per_s;
        (run.cache_hit_ratio().expect("look-ups"), resource(&run, "shop client origin").visits, peak)
    };
    let (hits, naive, peak) = reads(&[]);
    assert!((0.965..0.975).contains(&hits) && (700..900).contains(&naive), "{hits}, {naive}");
    // A burst is most of the 50 clients in one second, where the mean is 14.
    assert!(peak > 45.0, "{peak}");
    // What is left are the other 19 keys, and 12 expiries of the hot one.
    let (_, coalesced, peak) = reads(&[("ttl = \"5s\"", "ttl = \"5s\"\ncoalesce = true")]);
    assert!(coalesced < 250 && peak < 20.0, "{coalesced}, {peak}");
}

/// gpustack/gpustack#1842: a proxy with aiohttp's 100 connections, 256 clients, 768 requests: 17.4 a second, mean 14.4 s,
/// where the model server alone answers 51.4 a second in 4.87 s. The time of the server behind the proxy is fitted to the
/// rate, so what is predicted is where the time goes. (The tail is longer than here: 19.8 s at p95 instead of 16.8 s.)
#[test]
fn a_proxy_with_a_hundred_connections_queues_the_others() {
    let limited = run("client-connections", &[]);
    let rate = limited.response_times.count() as f64 / limited.window.seconds();
    let mean = limited.response_times.mean().expect("a mean") / 1e9;
    assert!((rate / 17.36 - 1.0).abs() < 0.1 && (mean / 14.43 - 1.0).abs() < 0.1, "{rate}/s, {mean} s");
    let client = resource(&limited, "proxy client llm");
    assert!(client.wait_s > 0.5 * mean && client.utilisation > 0.9, "{client:?}");
    let direct = run(
        "client-connections",
        &[
            ("max_connections = 100 ", "max_connections = 256 "),
            ("mean = \"5.76s\", cv = 0.1", "mean = \"4.87s\", cv = 0.03"),
        ],
    );
    let rate = direct.response_times.count() as f64 / direct.window.seconds();
    assert!((rate / 51.4 - 1.0).abs() < 0.1, "{rate}/s");
}
