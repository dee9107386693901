use crate::kernel::{Time, Variate};
use crate::language::{Columns, Complaint, Model, lower};
use crate::model::{Branch, Draw, Op, Site, System};

/// A model whose endpoint `app.run` has these steps.
fn model(steps: &str) -> String {
    format!(
        r#"
        [services.app]
        [services.app.pools.a]
        server = "db"
        [services.app.pools.plain]
        server = "db"
        reset_on_release = false
        [services.app.pools.rich]
        server = "db"
        max_queries = 5
        [services.app.clients.bare]
        server = "peer"
        [services.app.clients.built]
        server = "peer"
        setup_cpu = "43ms"
        [services.app.clients.shared]
        server = "peer"
        reuse = "shared"
        setup_cpu = "43ms"
        [services.app.clients.counted]
        server = "peer"
        reuse = "shared"
        call_cpu = "1ms"
        [services.app.clients.searched]
        server = "peer"
        reuse = "shared"
        search_cpu = {{ per_idle = "1us" }}
        [services.app.caches.memo]
        [services.app.limits.gate]
        size = 1
        [services.app.breakers.fuse]
        [services.app.endpoints.run]
        steps = [{steps}]
        [services.db]
        runtime = "threads"
        [services.peer.endpoints.first]
        steps = []
        [services.peer.endpoints.serve]
        steps = []
        [stations.disk]
        [stations.zone]
        [limits.all]
        size = 1
        "#
    )
}

fn lowered(steps: &str) -> Result<System, Vec<Complaint>> {
    let model: Model = toml::from_str(&model(steps)).unwrap();
    lower(&model, &mut Columns::default())
}

/// The program of `app.run`, without the other endpoints'.
fn program(steps: &str) -> (Vec<Op>, System) {
    let system = lowered(steps).unwrap();
    let end = system.program.iter().position(|op| *op == Op::Answer).unwrap();
    (system.program[..=end].to_vec(), system)
}

fn titles(steps: &str) -> Vec<String> {
    lowered(steps).unwrap_err().into_iter().map(|complaint| complaint.title).collect()
}

/// An operation without its site and draw: what it does, and on what.
fn word(op: &Op) -> String {
    match *op {
        Op::Cpu { .. } => "cpu".into(),
        Op::Sleep { .. } => "sleep".into(),
        Op::Visit { station, .. } => format!("visit {station}"),
        Op::AcquireConnection { pool, .. } => format!("connection {pool}"),
        Op::Borrow { pool, .. } => format!("borrow {pool}"),
        Op::Count { pool } => format!("count {pool}"),
        Op::EnterThread => "thread".into(),
        Op::Native { .. } => "native".into(),
        Op::Notify { to, .. } => format!("notify {to}"),
        Op::Trip { pool, work: Some(_), .. } => format!("statement {pool}"),
        Op::Trip { pool, work: None, .. } => format!("trip {pool}"),
        Op::Commit { pool, .. } => format!("commit {pool}"),
        Op::AcquireLimit { limit } => format!("limit {limit}"),
        Op::AcquireShared { limit } => format!("shared {limit}"),
        Op::Release => "release".into(),
        Op::Prepare { client, .. } => format!("prepare {client}"),
        Op::Connect { client, .. } => format!("connect {client}"),
        Op::Send { client, endpoint, .. } => format!("send {client} {endpoint}"),
        Op::Fresh { otherwise } => format!("fresh {otherwise}"),
        Op::Resolve { .. } => "resolve".into(),
        Op::Secure { client, .. } => format!("secure {client}"),
        Op::HangUp => "hang up".into(),
        Op::Repeat { times, .. } => format!("repeat {times}"),
        Op::Again { body } => format!("again {body}"),
        Op::Choose { first, count, .. } => format!("choose {first}+{count}"),
        Op::Jump { to } => format!("jump {to}"),
        Op::Last => "last".into(),
        Op::Fail { reason } => format!("fail {reason}"),
        Op::LookUp { cache, popularity, .. } => format!("look up {cache} {popularity}"),
        Op::Store => "store".into(),
        Op::Project => "project".into(),
        Op::Read { view } => format!("read {view}"),
        Op::Respond => "respond".into(),
        Op::Publish { queue, .. } => format!("publish {queue}"),
        Op::Yield { rounds } => format!("yield {rounds}"),
        Op::Retry { plan } => format!("retry {plan}"),
        Op::Backoff { plan, .. } => format!("backoff {plan}"),
        Op::Timeout { plan } => format!("timeout {plan}"),
        Op::Breaker { breaker } => format!("breaker {breaker}"),
        Op::Fallback { plan } => format!("fallback {plan}"),
        Op::Pace { client } => format!("pace {client}"),
        Op::Block => "block".into(),
        Op::Unblock => "unblock".into(),
        Op::Leave => "leave".into(),
        Op::Parallel { plan } => format!("parallel {plan}"),
        Op::Join => "join".into(),
        Op::Allocate { plan } => format!("allocate {plan}"),
        Op::Answer => "answer".into(),
    }
}

fn words(steps: &str) -> String {
    program(steps).0.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[test]
fn each_step_has_its_operations() {
    for (steps, expected) in [
        ("", "answer"),
        (r#"{ cpu = "1ms" }"#, "cpu, answer"),
        (r#"{ sleep = "1ms" }"#, "sleep, answer"),
        (r#"{ hash = { cpu = "1ms" } }"#, "cpu, answer"),
        (r#"{ hash = { cpu = "1ms", on = "thread" } }"#, "parallel 0, thread, cpu, release, join, leave, answer"),
        (r#"{ visit = { station = "zone", time = "1ms" } }"#, "visit 1, answer"),
        (
            r#"{ hash = { cpu = "1ms", on = "thread", holds_gil = true } }"#,
            "parallel 0, thread, cpu, release, join, leave, answer",
        ),
        (
            r#"{ hash = { cpu = "1ms" } }, { hash = { cpu = "1ms", on = "thread", holds_gil = true } }"#,
            "native, parallel 0, thread, cpu, release, join, leave, answer",
        ),
        (r#"{ notify = { client = "bare", endpoint = "serve", when_replicated = true } }"#, "answer"),
        (r#"{ fail = "teapot" }"#, "fail 0, answer"),
        (r#"{ respond = {} }, { sleep = "1ms" }"#, "respond, sleep, answer"),
        (
            r#"{ cache = { name = "memo", key = "unique", hit = [{ sleep = "1ms" }], miss = [{ cpu = "1ms" }] } }"#,
            "look up 0 0, jump 4, sleep, jump 6, cpu, store, answer",
        ),
        (r#"{ query = { pool = "a", time = "1ms" } }"#, "connection 0, statement 0, trip 0, release, answer"),
        (r#"{ query = { pool = "plain", time = "1ms" } }"#, "connection 1, statement 1, release, answer"),
        (
            r#"{ query = { pool = "rich", time = "1ms" } }"#,
            "borrow 2, statement 2, count 2, trip 2, count 2, release, answer",
        ),
        (
            r#"{ query = { pool = "a", time = "1ms", transaction = true } }"#,
            "connection 0, trip 0, statement 0, trip 0, trip 0, release, answer",
        ),
        (
            r#"{ with = { pool = "a", steps = [{ query = { held = "a", time = "1ms" } }, { cpu = "1ms" }] } }"#,
            "connection 0, statement 0, cpu, trip 0, release, answer",
        ),
        (r#"{ with = { limit = "gate", steps = [{ cpu = "1ms" }] } }"#, "limit 0, cpu, release, answer"),
        (r#"{ with = { shared = "all", steps = [{ cpu = "1ms" }] } }"#, "shared 0, cpu, release, answer"),
        (r#"{ call = { client = "bare", endpoint = "serve" } }"#, "connect 0, send 0 2, hang up, answer"),
        (r#"{ call = { client = "built", endpoint = "first" } }"#, "prepare 1, connect 1, send 1 1, hang up, answer"),
        (r#"{ call = { client = "shared", endpoint = "first" } }"#, "connect 4, send 4 1, hang up, answer"),
        (r#"{ call = { client = "counted", endpoint = "first" } }"#, "prepare 2, connect 2, send 2 1, hang up, answer"),
        (
            r#"{ call = { client = "searched", endpoint = "first" } }"#,
            "prepare 3, connect 3, send 3 1, hang up, answer",
        ),
        (
            r#"{ cpu = "1ms" }, { repeat = { times = 3, steps = [{ sleep = "1ms" }] } }"#,
            "cpu, repeat 3, sleep, again 2, answer",
        ),
        (r#"{ repeat = { times = 3, steps = [] } }"#, "answer"),
        (
            r#"{ repeat = { again = 0.3, steps = [{ sleep = "1ms" }] } }"#,
            "repeat 1000000, sleep, choose 0+2, last, again 1, answer",
        ),
        (
            r#"{ repeat = { times = 4, again = "30%", steps = [{ sleep = "1ms" }] } }"#,
            "repeat 4, sleep, choose 0+2, last, again 1, answer",
        ),
    ] {
        assert_eq!(words(steps), expected, "{steps}");
    }
}

#[test]
fn branches_cumulate_and_what_is_missing_does_nothing() {
    let steps = r#"{ choose = [
        { probability = 0.25, steps = [{ cpu = "1ms" }] },
        { probability = 0.5, steps = [{ choose = [{ probability = 1.0, steps = [{ sleep = "1ms" }] }] }] },
    ] }, { cpu = "2ms" }"#;
    let (ops, system) = program(steps);
    let seen = ops.iter().map(word).collect::<Vec<_>>().join(", ");
    assert_eq!(seen, "choose 0+3, cpu, jump 5, choose 3+1, sleep, cpu, answer");
    let branch = |cumulated, to| Branch { cumulated, to };
    assert_eq!(system.branches, [branch(0.25, 1), branch(0.75, 3), branch(1.0, 5), branch(1.0, 4)]);
    let (_, system) = program(r#"{ choose = [{ probability = 0.1 }, { probability = 0.2 }, { probability = 0.7 }] }"#);
    assert_eq!(system.branches.iter().map(|branch| branch.cumulated).collect::<Vec<_>>()[2], 1.0);
    assert_eq!(system.branches.len(), 3, "0.1 + 0.2 + 0.7 leaves nothing over");
}

#[test]
fn guards_stand_around_their_steps() {
    for (steps, expected) in [
        (r#"{ retry = { attempts = 3, steps = [{ cpu = "1ms" }] } }"#, "retry 0, backoff 0, cpu, leave, answer"),
        (r#"{ timeout = { after = "1s", steps = [{ cpu = "1ms" }] } }"#, "timeout 0, cpu, leave, answer"),
        (r#"{ breaker = { name = "fuse", steps = [{ cpu = "1ms" }] } }"#, "breaker 0, cpu, leave, answer"),
        (
            r#"{ fallback = { steps = [{ cpu = "1ms" }], otherwise = [{ sleep = "1ms" }] } }"#,
            "fallback 0, cpu, leave, jump 5, sleep, answer",
        ),
        (r#"{ hedge = { after = "1ms", steps = [{ cpu = "1ms" }] } }"#, "parallel 0, cpu, join, leave, answer"),
        (r#"{ parallel = { branches = [[{ cpu = "1ms" }], []] } }"#, "parallel 0, cpu, join, join, leave, answer"),
        (
            r#"{ thread = { steps = [{ sleep = "1ms" }, { hash = { cpu = "1ms" } }] } }"#,
            "parallel 0, thread, sleep, cpu, release, join, leave, answer",
        ),
        (
            r#"{ thread = { holds_gil = true, steps = [{ cpu = "1ms" }] } }, { thread = { steps = [{ cpu = "1ms" }] } }"#,
            "parallel 0, thread, cpu, release, join, leave, parallel 1, thread, native, release, join, leave, answer",
        ),
    ] {
        assert_eq!(words(steps), expected, "{steps}");
    }
    let (_, system) = program(r#"{ parallel = { branches = [[{ cpu = "1ms" }], []] } }"#);
    assert_eq!((&system.parallels[0].entries[..], system.parallels[0].end), (&[1, 3][..], 4));
    let (_, system) = program(r#"{ hedge = { after = "1ms", max = 3, steps = [{ cpu = "1ms" }] } }"#);
    assert_eq!((&system.parallels[0].entries[..], system.parallels[0].end), (&[1, 1, 1][..], 3));
    let (_, system) = program(r#"{ fallback = { steps = [], otherwise = [{ sleep = "1ms" }] } }"#);
    assert_eq!((system.fallbacks[0].otherwise, system.fallbacks[0].end), (3, 4));
}

#[test]
fn every_entry_begins_a_run_that_ends_in_an_answer() {
    let (_, system) = program(r#"{ cpu = "1ms" }"#);
    let entries: Vec<u32> = system.endpoints.iter().map(|endpoint| endpoint.entry).collect();
    assert_eq!(entries, [0, 2, 3]);
    assert_eq!(system.program.iter().filter(|op| **op == Op::Answer).count(), 3);
}

#[test]
fn equal_distributions_are_kept_once() {
    let (ops, system) = program(r#"{ cpu = "1ms" }, { sleep = "exp(1ms)" }, { cpu = "0.001s" }"#);
    let draws: Vec<Draw> = ops
        .iter()
        .filter_map(|op| match *op {
            Op::Cpu { demand: draw, .. } | Op::Sleep { time: draw, .. } => Some(draw),
            _ => None,
        })
        .collect();
    assert_eq!(draws[0], draws[2]);
    assert_ne!(draws[0], draws[1]);
    assert_eq!(system.variates[draws[0].0 as usize], Variate::Constant(Time(1_000_000)));
    assert_eq!(system.variates[draws[1].0 as usize], Variate::Exponential(1e6));
}

fn sites(steps: &str) -> Vec<Site> {
    let site = |op: &Op| match *op {
        Op::Cpu { site, .. }
        | Op::Sleep { site, .. }
        | Op::Trip { site, .. }
        | Op::AcquireConnection { site, .. }
        | Op::Borrow { site, .. }
        | Op::Send { site, .. } => Some(site),
        _ => None,
    };
    program(steps).0.iter().filter_map(site).collect()
}

/// The background's own operations stand behind those of the request that starts it.
#[test]
fn a_notice_is_a_program_of_its_own() {
    let steps = r#"{ notify = { client = "bare", endpoint = "serve", probability = 0.2 } }, { cpu = "1ms" }"#;
    let system = lowered(steps).unwrap();
    let words: Vec<String> = system.program.iter().map(word).take(9).collect();
    let expected = "choose 0+2, notify 3, jump 7, connect 0, send 0 2, hang up, answer, cpu, answer";
    assert_eq!(words.join(", "), expected);
    assert_eq!(system.branches.iter().map(|branch| branch.to).collect::<Vec<_>>(), [1, 7]);
    let replicated = model(steps).replace("[services.app]\n", "[services.app]\nreplicas = 3\n");
    let replicated = replicated.replace("probability", "when_replicated = true, probability");
    let system = lower(&toml::from_str(&replicated).unwrap(), &mut Columns::default()).unwrap();
    let words: Vec<String> = system.program.iter().map(word).take(10).collect();
    let expected = "repeat 2, choose 0+2, notify 4, jump 8, connect 0, send 0 2, hang up, answer, again 1, cpu";
    assert_eq!(words.join(", "), expected);
}

/// Common random numbers: a design that adds or moves a step leaves the draws of the others as they are.
#[test]
fn sites_stay_when_other_steps_come_and_go() {
    let [cpu, hash, query, call] = [
        r#"{ cpu = "1ms" }"#,
        r#"{ hash = { cpu = "9ms" } }"#,
        r#"{ query = { pool = "a", time = "2ms" } }"#,
        r#"{ call = { client = "bare", endpoint = "serve" } }"#,
    ];
    let all = sites(&[cpu, hash, query, call].join(","));
    assert_eq!(sites(&[cpu, query, call].join(",")), [&all[..1], &all[2..]].concat(), "without the hash");
    assert_eq!(sites(&[call, cpu].join(",")), [all[5], all[0]], "in another order");
    let sleep = r#"{ sleep = "1ms" }"#;
    assert_eq!(sites(&[sleep, cpu, hash].join(","))[1..], all[..2], "with a sleep before");
    let on_thread = r#"{ hash = { cpu = "9ms", on = "thread" } }"#;
    assert_eq!(sites(on_thread), sites(hash), "the hash is the same wherever it runs");
    let twice = sites(&[cpu, cpu].join(","));
    assert_ne!(twice[0], twice[1]);
    assert_eq!(twice[0], all[0]);
    let transaction = r#"{ query = { pool = "a", time = "2ms", transaction = true } }"#;
    let mut parts = sites(transaction);
    assert_eq!([parts[0], parts[2], parts[4]], all[2..5], "acquire, statement and reset are the same in a transaction");
    parts.sort_by_key(|site| site.0);
    parts.dedup();
    assert_eq!(parts.len(), 5, "each trip has a name of its own");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (steps, expected) in [
        (r#"{ query = { pool = "b", time = "1ms" } }"#, "there is no pool `b` in service `app`"),
        (r#"{ query = { held = "a", time = "1ms" } }"#, "no connection of pool `a` is held here"),
        (
            r#"{ with = { pool = "plain", steps = [{ query = { held = "a", time = "1ms" } }] } }"#,
            "no connection of pool `a` is held here",
        ),
        (r#"{ query = { time = "1ms" } }"#, "a query needs a connection"),
        (r#"{ with = { steps = [] } }"#, "a `with` needs something to hold"),
        (r#"{ with = { pool = "a", limit = "gate", steps = [] } }"#, "a `with` holds one thing"),
        (r#"{ call = { client = "bare", endpoint = "srve" } }"#, "there is no endpoint `srve` in service `peer`"),
        (r#"{ repeat = { times = 0, steps = [] } }"#, "`times` is 0"),
        (r#"{ repeat = { steps = [] } }"#, "a `repeat` needs `times` or `again`"),
        (r#"{ repeat = { again = 1.0, steps = [] } }"#, "`again` is 1"),
        (r#"{ retry = { attempts = 0, steps = [] } }"#, "`attempts` is 0"),
        (r#"{ retry = { attempts = 2, factor = 0.5, steps = [] } }"#, "`factor` is 0.5"),
        (r#"{ retry = { attempts = 2, on = ["bad luck"], steps = [] } }"#, "nothing fails with `bad luck`"),
        (r#"{ breaker = { name = "fuze", steps = [] } }"#, "there is no breaker `fuze` in service `app`"),
        (r#"{ hedge = { after = "1ms", max = 1, steps = [] } }"#, "`max` is 1"),
        (r#"{ parallel = { branches = [] } }"#, "a `parallel` without a branch"),
        (
            r#"{ with = { pool = "a", steps = [{ parallel = { branches = [[{ query = { held = "a", time = "1ms" } }]] } }] } }"#,
            "no connection of pool `a` is held here",
        ),
        (r#"{ choose = [] }"#, "a `choose` without a branch"),
        (
            r#"{ choose = [{ probability = 0.6 }, { probability = 0.6 }] }"#,
            "the probabilities of this `choose` add up to 1.2",
        ),
        (r#"{ choose = [{ probability = nan }] }"#, "`probability` is NaN"),
    ] {
        assert_eq!(titles(steps), [expected], "{steps}");
    }
}
