//! Sentences that begin or end a report, on systems of which one knows what is right to say.

use super::place::Place;

/// Each of two workers of a replica may open 20 connections, and the database takes 60. Two replicas want 80 of the 60 that
/// a load of 600 requests of 100 ms a second needs; with each further one more of the connects fail.
const CONNECTIONS: &str = r#"
title = "Pools and the connections of a database"
[load]
kind = "open"
target = "api.get"
rate = "600/s"
timeout = "5s"
warm_up = "5s"
duration = "30s"
[services.api]
replicas = 2
workers = 2
[services.api.pools.db]
server = "pg"
min_size = 2
max_size = 20
acquire_timeout = "2s"
[services.api.endpoints.get]
steps = [{ query = { pool = "db", time = "exp(100ms)" } }]
[services.pg]
runtime = "delay"
max_connections = 60
"#;

#[test]
fn more_of_a_capacity_is_not_called_for_where_it_does_harm() {
    let place = Place::new();
    place.put("connections.toml", CONNECTIONS);
    let axis = "[axes.replicas]\npath = \"services.api.replicas\"\nvalues = [1, 2, 6]\n";
    let head = "title = \"How many replicas?\"\nmodel = \"connections.toml\"\nreplications = 3\n";
    place.put("one.toml", &format!("{head}{axis}"));
    let ran = place.sim(&["sweep", "one.toml", "--no-charts"]).ends_with(0).stdout;
    let short = "in short  1 to 6 replicas are not enough, 2 do best: pg connections refuse requests\n";
    assert!(ran.contains(short), "{ran}");
    assert!(ran.contains("- no value of replicas that was tested is enough; the highest success rate is "), "{ran}");
    let low = "[[variants]]\nname = \"low\"\nset = { \"load.rate\" = \"40/s\" }\n";
    place.put("two.toml", &format!("{head}{axis}[[variants]]\nname = \"high\"\n{low}"));
    let ran = place.sim(&["sweep", "two.toml", "--no-charts"]).ends_with(0).stdout;
    assert!(ran.contains("“high”: 1 to 6 replicas are not enough, 2 do best; “low”: 1 replica is enough\n"), "{ran}");
}

/// Two threads serve 20 requests a second; a request waits 300 ms for one, then it fails.
const THREADS: &str = r#"
title = "Two threads"
[load]
kind = "open"
target = "app.get"
rate = "10/s"
warm_up = "5s"
duration = "300s"
[services.app]
runtime = "threads"
threads = 2
patience = "300ms"
[services.app.endpoints.get]
steps = [{ sleep = "100ms" }]
"#;

#[test]
fn what_begins_between_two_values_does_not_end_there() {
    let place = Place::new();
    place.put("threads.toml", THREADS);
    let sweep = |name: &str, more: &str| {
        let head = "title = \"x\"\nmodel = \"threads.toml\"\nreplications = 3\n";
        let axis = "[axes.rate]\npath = \"load.rate\"\nvalues = [\"5/s\", \"40/s\"]\n";
        place.put(name, &format!("{head}{more}\n{axis}"));
        place.sim(&["sweep", name]).ends_with(0).stdout
    };
    let ran = sweep("late.toml", "");
    assert!(ran.contains("in short  Becomes overloaded between 5/s and 40/s: app threads are saturated\n"), "{ran}");
    let ran = sweep("sheds.toml", "set = { \"services.app.max_queue\" = 1 }");
    let short = "in short  Begins to shed load between 5/s and 40/s: app threads refuse requests\n";
    assert!(ran.contains(short), "{ran}");
    let slow = "objectives = [{ at-most = { metric = \"p95_s\", value = \"300ms\" } }]\ncollapse_below = 0.1";
    let ran = sweep("slow.toml", slow);
    assert!(ran.contains("in short  Becomes too slow between 5/s and 40/s: app threads are saturated\n"), "{ran}");
    // The highest load that was tested is not the most that is served.
    let safe = sweep("safe.toml", "collapse_below = 0.1");
    assert!(safe.contains("- safe up to 40/s (") && !safe.contains("at most"), "{safe}");
}

/// For a quarter of the time a fault makes the callee slower than the caller waits, and a breaker opens.
const BREAKER: &str = r#"
title = "A breaker"
[load]
kind = "open"
target = "shop.page"
rate = "20/s"
warm_up = "0s"
duration = "80s"
[services.shop]
[services.shop.breakers.rec]
failure_threshold = 5
recovery_time = "5s"
[services.shop.clients.rec]
server = "recommender"
reuse = "shared"
timeout = "1s"
[services.shop.endpoints.page]
steps = [{ breaker = { name = "rec", steps = [{ call = { client = "rec", endpoint = "get" } }] } }]
[services.recommender]
runtime = "delay"
[services.recommender.endpoints.get]
steps = [{ sleep = "exp(50ms)" }]
[faults.gc]
service = "recommender"
from = "20s"
to = "40s"
effect = { latency = "3s" }
"#;

#[test]
fn the_last_sentence_of_an_explanation_has_a_verb() {
    let place = Place::new();
    place.put("breaker.toml", BREAKER);
    let ran = place.sim(&["explain", "breaker.toml", "--no-charts"]).ends_with(0).stdout;
    assert!(ran.contains("or refuses requests; what limits it is shop breaker rec (fault gc)\n"), "{ran}");
}

/// What does not help in one variant is not said of the other, which has no fault.
#[test]
fn a_remark_on_the_load_names_its_variant() {
    let place = Place::new();
    place.put("breaker.toml", BREAKER);
    let variants = "[[variants]]\nname = \"as is\"\n[[variants]]\nname = \"no fault\"\n\
                    set = { \"faults.gc.effect\" = { latency = \"0s\" } }\n";
    place.put("both.toml", &format!("title = \"x\"\nmodel = \"breaker.toml\"\nreplications = 3\n{variants}"));
    let ran = place.sim(&["sweep", "both.toml", "--no-charts"]).ends_with(0).stdout;
    assert!(ran.contains("“as is”: the lowest load that was tried misses as well"), "{ran}");
}

/// A hedge doubles the calls to a server that could do 100 of the 50 a second: whether that is too much differs from run to
/// run, and five runs do not show that a second server helps.
#[test]
fn an_improvement_that_is_not_significant_is_named() {
    let place = Place::new();
    place.put(
        "hedge.toml",
        r#"
            title = "Hedges"
            [load]
            kind = "open"
            target = "web.get"
            rate = "50/s"
            timeout = "2s"
            warm_up = "20s"
            duration = "200s"
            [services.web]
            runtime = "delay"
            [services.web.clients.s]
            server = "search"
            reuse = "shared"
            [services.web.endpoints.get]
            steps = [{ hedge = { after = "40ms", steps = [{ call = { client = "s", endpoint = "find" } }] } }]
            [services.search]
            runtime = "threads"
            threads = 1
            replicas = 2
            balance = "random"
            [services.search.endpoints.find]
            steps = [{ cpu = "exp(20ms)" }]
        "#,
    );
    let ran = place.sim(&["explain", "hedge.toml", "--no-charts"]).ends_with(0).stdout;
    let may = "- more capacity at search threads (services.search.threads 1 → 2) may help: +";
    assert!(ran.contains(may) && ran.contains(" is not significant in 5 runs; run more (--replications)\n"), "{ran}");
}
