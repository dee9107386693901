//! Services as queues: threads, event loops, pools, quotas, the interpreter lock.

use super::*;

#[test]
fn threads_on_one_core_are_processor_sharing() {
    let exact = theory::mg1_ps(6.0, 0.1).unwrap();
    for (seed, demand) in [(14, "\"exp(100ms)\""), (15, "{ lognormal = { mean = \"100ms\", cv = 2.0 } }")] {
        let shop = service("runtime = \"threads\"\ncpu = \"1\"", &format!("{{ cpu = {demand} }}"));
        let runs = open(6.0, 6_000, &shop).replicate(seed, REPLICATIONS);
        agrees(&format!("response with {demand}"), &runs, response, exact.response);
        agrees("utilisation", &runs, utilisation("shop CPU"), exact.utilisation);
    }
}

/// Under a quota with short periods a shared half core is a server of half the speed.
#[test]
fn threads_under_a_quota_of_short_periods_are_processor_sharing() {
    let exact = theory::mg1_ps(3.0, 0.2).unwrap();
    let keys = "runtime = \"threads\"\ncpu = \"500m\"\ncpu_throttling = \"cfs\"\ncpu_period = \"1ms\"";
    let runs = open(3.0, 8_000, &service(keys, "{ cpu = \"exp(100ms)\" }")).replicate(31, REPLICATIONS);
    agrees("response", &runs, response, exact.response);
    agrees("utilisation", &runs, utilisation("shop CPU"), exact.utilisation);
}

/// Threads that hold the interpreter lock share one core, however many there are: M/M/1 with processor sharing.
#[test]
fn threads_under_the_interpreter_lock_are_processor_sharing() {
    let exact = theory::mg1_ps(6.0, 0.1).unwrap();
    let hash = "{ hash = { cpu = \"exp(100ms)\", on = \"thread\", holds_gil = true } }";
    let runs = open(6.0, 2_500, &service("cpu = \"8\"\nthreads = 10000", hash)).replicate(32, REPLICATIONS);
    agrees("response", &runs, response, exact.response);
    agrees("the lock", &runs, utilisation("shop GIL"), exact.utilisation);
}

/// Sharing evenly, with no more than one core for each job: the number present is that of M/M/2 whatever the demands.
#[test]
fn threads_on_two_cores_are_insensitive_too() {
    let demand = "{ cpu = { lognormal = { mean = \"100ms\", cv = 1.5 } } }";
    let runs = open(13.0, 2_000, &service("runtime = \"threads\"\ncpu = \"2\"", demand)).replicate(16, REPLICATIONS);
    agrees("response", &runs, response, theory::mmc(13.0, 0.1, 2).unwrap().response);
}

/// Four workers of one thread that accept only when they are idle are M/M/4 (gunicorn's sync workers); workers that
/// are given connections beforehand, at random, are four M/M/1.
#[test]
fn workers_that_share_a_listening_socket_are_mmc() {
    let keys = |accept: &str| format!("runtime = \"threads\"\nworkers = 4\nthreads = 1\n{accept}");
    let runs = |accept: &str, seconds: u32| {
        open(2.8, seconds, &service(&keys(accept), "{ sleep = \"exp(1s)\" }")).replicate(33, REPLICATIONS)
    };
    let (exact, shared) = (theory::mmc(2.8, 1.0, 4).unwrap(), runs("", 36_000));
    assert!((exact.response - 1.357).abs() < 0.001);
    agrees("response", &shared, response, exact.response);
    agrees("threads in use", &shared, utilisation("shop threads"), exact.utilisation);
    agrees("threads' wait", &shared, |run| resource(run, "shop threads").wait_s, exact.waiting);
    let waited = |run: &Outcome| {
        let threads = resource(run, "shop threads");
        threads.waited.expect("a queue") as f64 / threads.visits as f64
    };
    agrees("share that waits", &shared, waited, theory::erlang_c(4, 2.8).unwrap());
    agrees(
        "response of workers apart",
        &runs("accept = \"random\"", 15_000),
        response,
        theory::mm1(0.7, 1.0).unwrap().response,
    );
}

/// A wait that blocks the event loop is a service there that needs no CPU.
#[test]
fn waits_that_block_the_loop_are_mm1() {
    let exact = theory::mm1(6.0, 0.1).unwrap();
    let sleep = "{ sleep = { time = \"exp(100ms)\", blocking = true } }";
    let runs = open(6.0, 4_000, &service("", sleep)).replicate(35, REPLICATIONS);
    agrees("response", &runs, response, exact.response);
    agrees("the loop", &runs, utilisation("shop event loops"), exact.utilisation);
    assert!(runs.iter().all(|run| resource(run, "shop CPU").in_use == 0.0));
}

/// Of 20 clients `n` are being served, and `i` connections are idle, two at most: a Markov chain. A call opens a connection
/// if none is idle.
#[test]
fn a_limit_on_idle_connections_opens_as_many_as_its_markov_chain() {
    const CLIENTS: usize = 20;
    const MOST: usize = 2;
    let (serve, think) = (100.0, 500.0);
    let at = |n: usize, i: usize| n * (MOST + 1) + i;
    let rates = |n: usize| (n as f64 * serve, (CLIENTS - n) as f64 * think);
    let all = CLIENTS as f64 * think;
    let mut p = vec![1.0 / ((CLIENTS + 1) * (MOST + 1)) as f64; (CLIENTS + 1) * (MOST + 1)];
    for _ in 0..20_000 {
        let mut next = vec![0.0; p.len()];
        for n in 0..=CLIENTS {
            for i in 0..=MOST {
                let ((ends, begins), p) = (rates(n), p[at(n, i)] / all);
                if n > 0 {
                    next[at(n - 1, (i + 1).min(MOST))] += p * ends;
                }
                if n < CLIENTS {
                    next[at(n + 1, i.saturating_sub(1))] += p * begins;
                }
                next[at(n, i)] += p * (all - ends - begins);
            }
        }
        p = next;
    }
    let begun = |i: usize| (0..=CLIENTS).map(|n| p[at(n, i)] * rates(n).1).sum::<f64>();
    let exact = begun(0) / (0..=MOST).map(begun).sum::<f64>();
    let runs = bench(
        "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nconcurrency = 20\nthink_time = \"exp(2ms)\"\nwarm_up = \"1s\"\n\
         duration = \"30s\"\n[services.back]\nruntime = \"delay\"\n[services.back.endpoints.work]\nsteps = [{ sleep = \"exp(10ms)\" \
         }]\n[services.shop]\nruntime = \"delay\"\nephemeral_ports = 60000\ntime_wait = \"1ms\"\n[services.shop.clients.back]\nserver = \
         \"back\"\nreuse = \"shared\"\nmax_idle_connections = 2\n[services.shop.endpoints.serve]\nsteps = [{ call = { client = \
         \"back\", endpoint = \"work\" } }]\n",
    )
    .replicate(36, REPLICATIONS);
    let opened =
        |run: &Outcome| resource(run, "shop ports").visits as f64 / resource(run, "shop client back").visits as f64;
    assert!((0.25..0.27).contains(&exact), "{exact}");
    agrees("calls that open a connection", &runs, opened, exact);
}

/// The wait for a token of a bucket of one is that of M/D/1.
#[test]
fn the_rate_limit_of_a_client_is_md1() {
    let exact = theory::mg1(7.0, 0.1, 0.0).unwrap();
    let runs = bench(
        "[load]\nkind = \"open\"\ntarget = \"shop.serve\"\nrate = \"7/s\"\nwarm_up = \"100s\"\nduration = \"4000s\"\n\
         [services.back]\nruntime = \"delay\"\n[services.back.endpoints.work]\nsteps = [{ sleep = \"50ms\" }]\n\
         [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"\nreuse = \"shared\"\n\
         rate_limit = { average = \"10/s\" }\n[services.shop.endpoints.serve]\n\
         steps = [{ call = { client = \"back\", endpoint = \"work\" } }]\n",
    )
    .replicate(37, REPLICATIONS);
    agrees("response", &runs, |run| response(run) - 0.05, exact.waiting);
    let name = "shop client back rate limit";
    agrees("requests a second", &runs, |run| resource(run, name).in_use, 7.0);
    agrees("wait", &runs, |run| resource(run, name).wait_s, exact.waiting);
}

/// Jobs that block a thread of the executor are M/M/c, and cost no CPU. The loop is free, so the wait is for a thread.
#[test]
fn blocking_jobs_of_the_executor_are_mmc() {
    let job = "{ thread = { steps = [{ sleep = \"exp(1s)\" }] } }";
    let runs = open(2.8, 25_000, &service("threads = 4", job)).replicate(34, REPLICATIONS);
    let exact = theory::mmc(2.8, 1.0, 4).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("threads in use", &runs, utilisation("shop executor"), exact.utilisation);
    agrees("threads' wait", &runs, |run| resource(run, "shop executor").wait_s, exact.waiting);
    let waited = |run: &Outcome| {
        let executor = resource(run, "shop executor");
        executor.waited.expect("a queue") as f64 / executor.visits as f64
    };
    agrees("share that waits", &runs, waited, theory::erlang_c(4, 2.8).unwrap());
    assert!(runs.iter().all(|run| resource(run, "shop CPU").in_use == 0.0), "a blocked thread computes nothing");
}

/// Ten clients, one connection, calls of one second: each waits for the nine others, as for a limit of one. (Nine of the
/// 1009 visits wait at the end of the window.)
#[test]
fn the_wait_for_a_connection_is_that_of_a_limit() {
    let bench = |keys: &str, steps: &str| {
        bench(&format!(
            "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nconcurrency = 10\nwarm_up = \"20s\"\nduration = \"1000s\"\n\
             [services.back]\nruntime = \"delay\"\n[services.back.endpoints.work]\nsteps = [{{ sleep = \"1s\" }}]\n\
             [services.shop]\n[services.shop.clients.back]\nserver = \"back\"\nreuse = \"shared\"\n{keys}\n\
             [services.shop.endpoints.serve]\nsteps = [{steps}]\n"
        ))
    };
    let call = "{ call = { client = \"back\", endpoint = \"work\" } }";
    let limited =
        bench("[services.shop.limits.one]\nsize = 1", &format!("{{ with = {{ limit = \"one\", steps = [{call}] }} }}"));
    for (bench, name) in [(bench("max_connections = 1", call), "shop client back"), (limited, "shop limit one")] {
        let outcome = bench.run(1, 0);
        let row = resource(&outcome, name);
        assert!((row.wait_s - 9000.0 / 1009.0).abs() < 0.01 && (row.queue - 9.0).abs() < 0.01, "{row:?}");
        assert_eq!(row.waited, Some(row.visits), "{row:?}");
    }
}

#[test]
fn request_threads_with_cores_for_all_are_mmc() {
    let runs = open(21.0, 1_000, &service("runtime = \"threads\"\nthreads = 3", "{ cpu = \"exp(100ms)\" }"))
        .replicate(17, REPLICATIONS);
    let exact = theory::mmc(21.0, 0.1, 3).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("threads in use", &runs, utilisation("shop threads"), exact.utilisation);
    agrees("number present", &runs, present("shop threads"), exact.in_system);
}

#[test]
fn an_event_loop_with_one_slice_for_each_request_is_mm1() {
    let runs =
        open(7.0, 6_000, &service("runtime = \"event-loop\"", "{ cpu = \"exp(100ms)\" }")).replicate(18, REPLICATIONS);
    let exact = theory::mm1(7.0, 0.1).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("utilisation", &runs, utilisation("shop event loops"), exact.utilisation);
    agrees("90th percentile", &runs, quantile(0.9), theory::mm1_response_quantile(7.0, 0.1, 0.9).unwrap());
}

/// Two slices with a wait between them would be a Jackson network if the loop served in order of arrival. It takes new
/// requests before those that come back, so those that are nearly done wait longer, and the mean is higher.
#[test]
fn an_event_loop_that_takes_new_requests_first_is_slower_than_a_queue_in_order_of_arrival() {
    let steps = "{ cpu = \"exp(50ms)\" }, { sleep = \"exp(200ms)\" }, { cpu = \"exp(50ms)\" }";
    let runs = open(6.5, 6_000, &service("runtime = \"event-loop\"", steps)).replicate(19, REPLICATIONS);
    let jackson = 2.0 * theory::mm1(13.0, 0.05).unwrap().response + 0.2;
    let seen = interval(&runs, response);
    assert!(seen.is_above(jackson) && seen.is_below(1.05 * jackson), "{seen:?} beside {jackson}");
    agrees("utilisation", &runs, utilisation("shop event loops"), 0.65);
    let visits = "{ visit = { station = \"loop\", time = \"exp(50ms)\" } }";
    let steps = format!("{visits}, {{ sleep = \"exp(200ms)\" }}, {visits}");
    let shop = format!("[stations.loop]\n{}", service("runtime = \"delay\"", &steps));
    agrees("in order of arrival", &open(6.5, 2_000, &shop).replicate(19, REPLICATIONS), response, jackson);
}

#[test]
fn a_pool_of_connections_to_a_database_without_queues_is_mmc() {
    let keys = "runtime = \"delay\"\n[services.db]\nruntime = \"delay\"\n[services.shop.pools.main]\nserver = \"db\"\n\
        min_size = 3\nmax_size = 3\nreset_on_release = false";
    let query = "{ query = { pool = \"main\", time = \"exp(100ms)\" } }";
    let runs = open(21.0, 1_000, &service(keys, query)).replicate(20, REPLICATIONS);
    let exact = theory::mmc(21.0, 0.1, 3).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("connections in use", &runs, utilisation("shop pool main"), exact.utilisation);
}

/// `n` jobs at work advance `n / (1 + slowdown n)` times as fast as one alone: a birth-death process.
#[test]
fn jobs_that_get_in_each_others_way_follow_their_birth_death_process() {
    let (rate, mean, slowdown) = (4.0, 1.0, 0.15);
    let shop = service(&format!("runtime = \"threads\"\nslowdown = {slowdown}"), "{ cpu = \"exp(1s)\" }");
    let runs = open(rate, 3_000, &shop).replicate(21, REPLICATIONS);
    let (mut weight, mut total, mut sum) = (1.0, 1.0, 0.0);
    for n in 1..2_000 {
        let n = f64::from(n);
        weight *= rate * mean * (1.0 + slowdown * n) / n;
        total += weight;
        sum += n * weight;
    }
    agrees("response", &runs, response, sum / total / rate);
}

/// Garbage at a rate a fills what live data leave of the heap every (heap - live) / a, and each collection takes p: its share
/// of the time is a * p / (heap - live), whatever the requests do. With a fifth of the room it is five times as much.
#[test]
fn the_share_of_collections_is_that_of_the_free_heap() {
    for (heap, share) in [(200, 0.05), (120, 0.25)] {
        let keys = format!(
            "runtime = \"threads\"\nmemory = {{ base = \"100MiB\" }}\n\
             gc = {{ heap = \"{heap}MiB\", allocation = \"1MiB\", time = \"exp(50ms)\", threads = 1 }}"
        );
        let runs = open(100.0, 1_000, &service(&keys, "{ cpu = \"1ms\" }")).replicate(41, REPLICATIONS);
        agrees("share", &runs, utilisation("shop garbage collection"), share);
    }
}

/// Clients that only commit: flushes serve 1 of them and n - 1 in turn, so that n are answered in the time of two flushes. Without
/// group commit one is answered in the time of one.
#[test]
fn group_commit_answers_half_of_the_clients_in_a_flush() {
    for (clients, groups, rate) in
        [(1, true, 200.0), (2, true, 200.0), (8, true, 800.0), (30, true, 3000.0), (8, false, 200.0)]
    {
        let text = format!(
            r#"
            [load]
            kind = "closed"
            target = "shop.serve"
            concurrency = {clients}
            warm_up = "1s"
            duration = "20s"
            [services.base]
            runtime = "delay"
            disk = {{ fsync = "5ms", group_commit = {groups} }}
            [services.shop]
            runtime = "threads"
            [services.shop.pools.main]
            server = "base"
            max_size = 30
            reset_on_release = false
            [services.shop.endpoints.serve]
            steps = [{{ query = {{ pool = "main", time = "0s", writes = true }} }}]
            "#
        );
        let runs = bench(&text).replicate(1, 1);
        assert!(
            (throughput(&runs[0]) - rate).abs() < 0.01 * rate,
            "{clients} clients: {} a second",
            throughput(&runs[0])
        );
    }
}
