//! Capacity that is lost for good: dead and damaged.

use sim::experiment::analyse::condition::Condition;
use sim::experiment::analyse::verdict::Verdict;
use sim::experiment::plan::Adjustments;
use sim::experiment::run::runner::{self, Progress};

use super::{CIRCLE, LOAD, condition, states};
use crate::models::{plan, with_report};

#[test]
fn a_service_that_is_killed_for_good_is_dead() {
    let model = format!(
        "{LOAD}
        [services.app.endpoints.get]
        steps = [{{ sleep = \"10ms\" }}]
        [faults.f]
        service = \"app\"
        from = \"5s\"
        effect = \"dead\""
    );
    assert_eq!(condition(&model), Condition::Dead);
    // The same fault for a while leaves nothing behind.
    let healed = model.replace("from = \"5s\"", "from = \"5s\"\nto = \"10s\"");
    assert!(condition(&healed) > Condition::Damaged);
}

/// An error of the handler's own, or an open breaker, is an answer: the process is alive.
#[test]
fn a_service_that_answers_with_errors_is_not_dead() {
    let failing = format!("{LOAD}\n[services.app.endpoints.get]\nsteps = [{{ fail = \"boom\" }}]");
    let state = &states(&failing)[0];
    assert_eq!((state.condition, state.runs, state.of), (Condition::Failing, 5, 5));
    let broken = format!(
        "{LOAD}
        [services.app.endpoints.get]
        steps = [{{ breaker = {{ name = \"b\", steps = [{{ fail = \"boom\" }}] }} }}]
        [services.app.breakers.b]
        failure_threshold = 5
        recovery_time = \"10s\""
    );
    assert_eq!(condition(&broken), Condition::Failing);
}

/// The file tells what is left when the load stops, and for how long the service works on it.
#[test]
fn a_service_that_works_off_what_the_load_left_is_not_dead() {
    let model = std::fs::read_to_string("tests/culprits/backlog-of-files.toml").unwrap();
    let plan = plan(&model, &Adjustments::default());
    let trials = runner::run(&plan, &Progress::default()).done;
    // None of the only process is dead, and that is known, in each run.
    assert!(trials.len() == 5 && trials.iter().all(|trial| trial.dead == Some((0, 1))), "{:?}", trials[0].dead);
    assert_eq!(condition(&model), Condition::Unstable);
}

/// Two requests of a worker each hold one of two connections and wait for a second one. Of two workers the one that gets
/// two requests at once is lost; where each gets one, nothing is.
#[test]
fn a_worker_that_deadlocks_is_damage_in_the_runs_that_show_it() {
    let load = r#"
        title = "test"
        [load]
        kind = "closed"
        target = "app.go"
        concurrency = 3
        users = 3
        timeout = "20s"
        cool_down = "60s"
    "#;
    let model = format!("{load}{CIRCLE}");
    with_report(&model, |report| {
        let (state, capacity) = (&report.states[0], &report.summaries[0].capacity);
        assert_eq!(state.condition, Condition::Damaged);
        assert_eq!((state.runs, state.of), (5, 5));
        assert_eq!(capacity.processes, Some((1.0, 2)));
        assert_eq!(capacity.units, [("app pool db".to_owned(), 2.0, Some(4))]);
    });
    // One request at a time never meets another one.
    assert_eq!(condition(&model.replace("concurrency = 3", "concurrency = 1")), Condition::Healthy);
    // With a time-out the circle opens by itself: nothing is lost. Of three users one or two fail, so that nothing else is known.
    let healed = model.replace("max_size = 2", "max_size = 2\nacquire_timeout = \"5s\"");
    assert!(states(&healed).iter().all(|state| state.condition > Condition::Damaged));
}

/// One of two endpoints takes a limit of one that it holds already: no request to it is ever answered, and the other
/// endpoint goes on. Whatever the names of the classes, the process is damaged and not dead, and still responds.
#[test]
fn a_process_is_dead_only_if_no_endpoint_answers() {
    let model = r#"
        title = "test"
        [load]
        kind = "closed"
        concurrency = 10
        warm_up = "1s"
        duration = "20s"
        timeout = "2s"
        [load.classes.NAME]
        target = "app.bad"
        weight = 0.1
        [load.classes.good]
        target = "app.good"
        weight = 0.9
        [services.app]
        limits = { one = { size = 1 } }
        [services.app.endpoints.good]
        steps = [{ sleep = "10ms" }]
        [services.app.endpoints.bad]
        steps = [{ with = { limit = "one", steps = [{ with = { limit = "one", steps = [{ sleep = "1ms" }] } }] } }]
    "#;
    for name in ["bad", "zbad"] {
        with_report(&model.replace("NAME", name), |report| {
            let (state, summary) = (&report.states[0], &report.summaries[0]);
            assert_eq!((state.condition, state.runs), (Condition::Damaged, 5), "{name}");
            assert_eq!(summary.capacity.units, [("app limit one".to_owned(), 1.0, Some(1))], "{name}");
            assert_eq!((summary.capacity.processes, summary.stuck), (None, 0), "{name}");
        });
    }
    // Where the other endpoint needs the same limit, nothing answers.
    let dead = model.replace(
        r#"steps = [{ sleep = "10ms" }]"#,
        r#"steps = [{ with = { limit = "one", steps = [{ sleep = "10ms" }] } }]"#,
    );
    for name in ["bad", "zbad"] {
        assert_eq!(condition(&dead.replace("NAME", name)), Condition::Dead, "{name}");
    }
}

/// Two replicas of 10/s each under 15/s, one of them killed for good: the other one is overloaded without an end, so that
/// what its backlog hides is not known. That one replica is gone is.
#[test]
fn a_replica_that_a_fault_kills_is_lost_also_where_the_rest_is_overloaded() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "app.get"
        rate = "15/s"
        timeout = "2s"
        warm_up = "10s"
        duration = "200s"
        [services.app]
        replicas = 2
        runtime = "threads"
        threads = 1
        balance = "least-busy"
        [services.app.endpoints.get]
        steps = [{ sleep = "100ms" }]
        [faults.f]
        service = "app"
        replica = 1
        from = "5s"
        effect = "dead"
    "#;
    with_report(model, |report| {
        assert_eq!(report.states[0].condition, Condition::Damaged);
        assert_eq!(report.summaries[0].capacity.words().as_deref(), Some("1 of 2 workers"));
    });
}

/// Four consumers take a message each; the HTTP client of one is broken, so that it never settles its message.
#[test]
fn a_consumer_that_hangs_is_lost() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "app.send"
        rate = "5/s"
        warm_up = "0s"
        duration = "60s"
        [services.app.endpoints.send]
        steps = [{ publish = { queue = "q" } }]
        [queues.q.consumers.c]
        service = "worker"
        endpoint = "handle"
        prefetch = 1
        [services.worker]
        replicas = 4
        clients = { c = { server = "api", reuse = "shared", broken_workers = 1 } }
        [services.worker.endpoints.handle]
        steps = [{ call = { client = "c", endpoint = "get" } }]
        [services.api]
        runtime = "delay"
        [services.api.endpoints.get]
        steps = [{ sleep = "10ms" }]
    "#;
    let damage = |model: &str| {
        with_report(model, |report| (report.states[0].condition, report.summaries[0].capacity.words().unwrap()))
    };
    assert_eq!(damage(model), (Condition::Damaged, "1 of 4 consumer slots of queue q / c".into()));
    // Without a bound on the messages of a process, what hangs is one call of a client without a bound.
    let (condition, words) = damage(&model.replace("prefetch = 1", "").replace("5/s", "0.05/s"));
    assert_eq!(condition, Condition::Damaged);
    assert!(words.ends_with(" of worker client c") && !words.contains("1 units"), "{words}");
}

/// The same circle under an endless load, beside a worker that goes on: seen after the load.
#[test]
fn damage_under_an_endless_load_is_seen_after_it() {
    let load = r#"
        title = "test"
        [load]
        kind = "closed"
        target = "app.go"
        concurrency = 3
        warm_up = "1s"
        duration = "20s"
        timeout = "2s"
    "#;
    let model = format!("{load}{CIRCLE}");
    with_report(&model, |report| {
        assert!(report.states[0].condition <= Condition::Damaged, "{:?}", report.states[0]);
        assert!(report.summaries[0].capacity.units.iter().any(|(name, ..)| name == "app pool db"));
    });
}

/// A sound service: its process answers after the window, no unit is lost, and every law holds.
#[test]
fn what_is_drained_after_the_window_breaks_no_law_and_loses_nothing() {
    let model = format!("{LOAD}\n[services.app.endpoints.get]\nsteps = [{{ cpu = \"exp(20ms)\" }}]");
    let plan = plan(&model, &Adjustments::default());
    let trials = runner::run(&plan, &Progress::default());
    assert!(trials.done.iter().all(|trial| trial.dead == Some((0, 1)) && trial.losses.is_empty()));
    assert!(trials.done.iter().all(|trial| trial.violations.is_empty()));
}

/// One call in twenty takes longer than the time-out, also of the fresh requests after the load: nothing is lost.
#[test]
fn a_slow_answer_after_the_load_is_no_loss() {
    let impatient = LOAD.replace("timeout = \"5s\"", "timeout = \"1s\"");
    let model = format!(
        "{impatient}
        [services.app.endpoints.get]
        steps = [{{ choose = [{{ probability = 0.95, steps = [{{ sleep = \"10ms\" }}] }}, {{ probability = 0.05, steps = [{{ sleep = \"3s\" }}] }}] }}]"
    );
    let state = &states(&model)[0];
    assert!(state.condition > Condition::Damaged, "{state:?}");
    // Also where the handler's own time-out makes an error of it.
    let model = format!(
        "{LOAD}
        [services.app.clients.c]
        server = \"api\"
        timeout = \"1s\"
        [services.app.endpoints.get]
        steps = [{{ call = {{ client = \"c\", endpoint = \"go\" }} }}]
        [services.api]
        runtime = \"delay\"
        [services.api.endpoints.go]
        steps = [{{ choose = [{{ probability = 0.95, steps = [{{ sleep = \"10ms\" }}] }}, {{ probability = 0.05, steps = [{{ sleep = \"3s\" }}] }}] }}]"
    );
    let state = &states(&model)[0];
    assert!(state.condition > Condition::Damaged, "{state:?}");
}

/// A backlog of a hundred seconds is left when the load ends: the thread works it off, then it answers.
#[test]
fn a_backlog_that_the_load_leaves_is_no_loss() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "app.get"
        rate = "4/s"
        timeout = "10s"
        warm_up = "0s"
        duration = "100s"
        [services.app]
        runtime = "threads"
        threads = 1
        [services.app.endpoints.get]
        steps = [{ sleep = "500ms" }]
    "#;
    assert_eq!(condition(model), Condition::Unstable);
}

/// Probes restart the replica every 30 s; at the end of the load it may wait to be restarted, and comes back.
#[test]
fn a_replica_that_restarts_when_the_load_ends_is_no_loss() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "app.get"
        rate = "30/s"
        timeout = "5s"
        warm_up = "0s"
        duration = "100s"
        [services.app]
        workers = 1
        cpu = "500m"
        [services.app.endpoints.get]
        steps = [{ cpu = "exp(50ms)" }]
        [services.app.endpoints.health]
        steps = [{ cpu = "1ms" }]
        [services.app.liveness]
        endpoint = "health"
        restart_time = "5s"
    "#;
    let all = states(model);
    assert!(all[0].condition > Condition::Damaged, "{all:?}");
}

/// Half of the requests, and of the probes, need a second connection of a pool that has only one: some runs are stuck and some
/// are not, so they are not stuck in every run.
#[test]
fn stuck_in_some_runs_is_not_stuck() {
    let model = r#"
        title = "test"
        replications = 20
        model = "tests/culprits/sometimes-stuck.toml"
        [[hypotheses]]
        claim = "it stays stuck"
        expect = { stuck = {} }
    "#;
    with_report(model, |report| {
        let stuck = report.summaries[0].stuck;
        assert!(0 < stuck && stuck < 20, "{stuck}");
        assert_eq!(report.judgements[0].verdict, Verdict::Fails, "{:?}", report.judgements[0]);
    });
}

/// A service that calls itself and blocks what it does that with: one order at a time needs two of its workers or threads. The
/// load sends one in five seconds, so that no two of them meet, and each is answered. Probes of all workers at once would
/// block all of them.
#[test]
fn probes_make_no_deadlock_of_their_own() {
    let model = r#"
        title = "a service that calls itself"
        [load]
        kind = "open"
        target = "app.order"
        rate = "0.2/s"
        arrivals = "constant"
        duration = "200s"
        timeout = "10s"
        [services.app]
        workers = 4
        [services.app.clients.self]
        server = "app"
        reuse = "shared"
        [services.app.endpoints]
        order = { steps = [{ call = { client = "self", endpoint = "price", blocking = true } }] }
        price = { steps = [{ cpu = "1ms" }] }
    "#;
    let threads = model.replace("workers = 4", "workers = 4\nruntime = \"threads\"\nthreads = 1");
    let threads = threads.replace(", blocking = true", "");
    for text in [model.to_owned(), model.replace("workers = 4", "workers = 8"), threads] {
        with_report(&text, |report| {
            let summary = &report.summaries[0];
            assert_eq!(report.states[0].condition, Condition::Healthy, "{text}{:?}", summary.deadlock);
            assert_eq!((summary.success_rate.estimate, &summary.deadlock), (1.0, &None));
        });
    }
    // Four orders at once do block all workers for good.
    let burst = model.replace("rate = \"0.2/s\"\n        arrivals = \"constant\"", "rate = \"2000/s\"");
    assert!(condition(&burst.replace("200s", "10s")).is_loss());
}
