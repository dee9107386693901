//! `sim run --trace`: trees in the terminal, and files for programs that show traces.

use std::collections::BTreeMap;

use serde_json::Value;

use super::place::Place;

/// A shop on an event loop that queries a database, calls `pay`, which declines some, and publishes what it has done.
const SHOP: &str = r#"
title = "A shop"
[load]
kind = "closed"
target = "shop.serve"
concurrency = 3
users = 30
retry = { attempts = 2, backoff = "100ms", jitter = "none" }
[queues.orders]
publish_time = "2ms"
delivery_time = "1ms"
[queues.orders.consumers.mail]
service = "shop"
endpoint = "mail"
[services.postgres]
runtime = "threads"
cpu = "1"
[services.pay]
runtime = "threads"
threads = 2
cpu = "1"
[services.pay.endpoints]
charge = { steps = [{ cpu = { exp = "40ms" } }, { choose = [{ probability = 0.7, steps = [{ fail = "declined" }] }] }] }
[services.shop]
runtime = "event-loop"
cpu = "1"
[services.shop.pools.own]
server = "postgres"
min_size = 2
max_size = 2
round_trip = "1ms"
[services.shop.clients.pay]
server = "pay"
reuse = "shared"
round_trip = "1ms"
[services.shop.endpoints]
mail = { steps = [{ sleep = "20ms" }] }
serve = { steps = [
  { cpu = "1ms" },
  { parallel = { branches = [[{ query = { pool = "own", time = "5ms" } }], [{ sleep = "3ms" }]] } },
  { hedge = { after = "30ms", max = 2, steps = [{ call = { client = "pay", endpoint = "charge" } }] } },
  { publish = { queue = "orders" } },
] }
"#;

fn shop() -> Place {
    let place = Place::new();
    place.put("shop.toml", SHOP);
    place
}

#[test]
fn single_requests_are_shown_as_trees() {
    let place = shop();
    let ran = place.sim(&["run", "shop.toml", "--trace", "slowest"]).ends_with(0);
    for words in ["\ntrace     sent at ", "; the slowest of ", "start ms", "request to shop.serve", "└─ ", "█", "░"]
    {
        assert!(ran.stdout.contains(words), "{words}:\n{}", ran.stdout);
    }
    for words in
        ["query postgres over own", "call pay.charge by client pay", "hedge", "branch 2: served by shop.serve sleep"]
    {
        assert!(ran.stdout.contains(words), "{words}:\n{}", ran.stdout);
    }
    let ran = place.sim(&["run", "shop.toml", "--trace", "failed:2"]).ends_with(0);
    assert_eq!(ran.stdout.matches("; failed: declined").count(), 2, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches(" and 2 tries; ").count(), 2, "{}", ran.stdout);
    // The figures are those of the run without a trace.
    let plain = place.sim(&["run", "shop.toml"]).ends_with(0);
    assert!(ran.stdout.starts_with(&plain.stdout), "{}\n{}", ran.stdout, plain.stdout);
    // None to show.
    let ran = place.sim(&["run", "counter.toml", "--trace", "failed"]).ends_with(0);
    assert!(ran.stderr.contains("no trace: no request of the first replication failed"), "{}", ran.stderr);
}

/// The steps of a tree have 32 characters at least, so that it may need 80 columns on a terminal that has fewer.
#[test]
fn a_tree_is_never_wider_than_the_terminal_or_eighty_columns() {
    let place = shop();
    for columns in ["40", "80", "120"] {
        let ran =
            place.command(&["run", "shop.toml", "--trace", "p50"]).env("COLUMNS", columns).output().expect("sim runs");
        let text = String::from_utf8(ran.stdout).expect("text");
        let (_, tree) = text.split_once("\ntrace ").expect("a trace");
        let widest = tree.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(widest <= columns.parse::<usize>().unwrap().max(80), "{columns}: {widest}\n{tree}");
    }
}

#[test]
fn wrong_wishes_are_answered_with_right_ones() {
    let place = shop();
    for (wish, answer) in [
        ("fastest:2", "slowest[:N], failed[:N] or a percentile"),
        ("p101", "a percentile is p0 to p100"),
        ("0", "N must be from 1 to 1000"),
    ] {
        let ran = place.sim(&["run", "shop.toml", "--trace", wish]).ends_with(2);
        assert!(ran.stderr.contains(answer), "{wish}: {}", ran.stderr);
    }
    // An input is not replaced, and a file without traces makes no sense.
    let ran = place.sim(&["run", "shop.toml", "--trace", "1", "--trace-file", "shop.toml"]).ends_with(2);
    assert!(ran.stderr.contains("it is an input of this command"), "{}", ran.stderr);
    place.sim(&["run", "shop.toml", "--trace-file", "trace.json"]).ends_with(2);
    assert_eq!(place.text("shop.toml"), SHOP);
}

fn document(place: &Place, format: &str, wish: &str) -> Value {
    let arguments = ["run", "shop.toml", "--trace", wish, "--trace-file", "out.json", "--trace-format", format];
    let ran = place.sim(&arguments).ends_with(0);
    assert!(
        ran.stdout.ends_with("\ntrace    ./out.json\n") || ran.stdout.ends_with("\ntrace    out.json\n"),
        "{}",
        ran.stdout
    );
    serde_json::from_str(&place.text("out.json")).expect("JSON")
}

/// The rules of the trace-event format for complete events: `ph`, `ts` and `dur` in microseconds, `pid` and `tid`; those of
/// a thread lie in one another.
#[test]
fn trace_events_nest_in_their_threads() {
    let place = shop();
    let document = document(&place, "chrome", "slowest:5");
    assert_eq!(document["displayTimeUnit"], "ms");
    let events = document["traceEvents"].as_array().expect("events");
    let mut threads: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
    let mut named = Vec::new();
    for event in events {
        let thread = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
        match event["ph"].as_str() {
            Some("M") => {
                assert!(event["args"]["name"].is_string(), "{event}");
                named.push((thread, event["name"].clone()));
            }
            Some("X") => {
                assert!(event["name"].is_string() && event["cat"].is_string(), "{event}");
                let ns = |key: &str| (event[key].as_f64().expect("a number") * 1e3).round() as u64;
                threads.entry(thread).or_default().push((ns("ts"), ns("ts") + ns("dur")));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(threads.len() > 5 && threads.keys().map(|(process, _)| process).max() == Some(&5));
    for (thread, mut spans) in threads {
        assert!(
            named.contains(&(thread, "thread_name".into())) && named.contains(&((thread.0, 0), "process_name".into()))
        );
        spans.sort_by_key(|&(start, end)| (start, std::cmp::Reverse(end)));
        let mut open: Vec<u64> = Vec::new();
        for (start, end) in spans {
            while open.last().is_some_and(|&last| last <= start) {
                open.pop();
            }
            assert!(open.last().is_none_or(|&last| end <= last), "{thread:?}");
            open.push(end);
        }
    }
}

/// The attributes of a span, as text.
fn attributes(span: &Value) -> BTreeMap<String, String> {
    let one = |attribute: &Value| {
        let (_, value) = attribute["value"].as_object().unwrap().iter().next().unwrap();
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (attribute["key"].as_str().unwrap().to_owned(), value)
    };
    span["attributes"].as_array().unwrap().iter().map(one).collect()
}

/// The attributes that OpenTelemetry's semantic conventions require of each kind of span.
#[test]
fn otlp_spans_have_the_attributes_of_the_conventions() {
    let place = shop();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for wish in ["slowest:3", "failed:2"] {
        let document = document(&place, "otlp", wish);
        let mut identifiers = Vec::new();
        let mut parents = Vec::new();
        for resource in document["resourceSpans"].as_array().expect("resources") {
            let service = attributes(&resource["resource"])["service.name"].clone();
            for span in resource["scopeSpans"][0]["spans"].as_array().expect("spans") {
                let hexadecimal = |key: &str, length: usize| {
                    let text = span[key].as_str().expect("an identifier").to_owned();
                    assert!(text.len() == length && text.chars().all(|sign| sign.is_ascii_hexdigit()), "{span}");
                    text
                };
                hexadecimal("traceId", 32);
                identifiers.push(hexadecimal("spanId", 16));
                parents.extend(span.get("parentSpanId").map(|_| hexadecimal("parentSpanId", 16)));
                let time = |key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
                assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"), "{span}");
                let has = attributes(span);
                let name = span["name"].as_str().unwrap();
                let required: &[&str] = match span["kind"].as_u64() {
                    Some(2) => {
                        assert_eq!(format!("HTTP {}", has["http.route"]), name);
                        assert_eq!(has["server.address"], service);
                        *kinds.entry("server").or_default() += 1;
                        &["http.request.method", "url.path", "url.scheme", "http.route", "http.response.status_code"]
                    }
                    Some(3) if has.contains_key("db.system.name") => {
                        assert_eq!(has["db.system.name"], "postgresql");
                        assert_eq!(format!("{} postgres", has["db.operation.name"]), name);
                        *kinds.entry("database").or_default() += 1;
                        &["db.operation.name", "server.address"]
                    }
                    Some(3) => {
                        *kinds.entry("client").or_default() += 1;
                        &["http.request.method", "server.address", "server.port", "url.full"]
                    }
                    Some(4) => {
                        assert_eq!((has["messaging.operation.type"].as_str(), name), ("send", "publish orders"));
                        *kinds.entry("producer").or_default() += 1;
                        &["messaging.system", "messaging.destination.name", "messaging.operation.name"]
                    }
                    Some(5) => {
                        assert_eq!((has["messaging.operation.type"].as_str(), name), ("process", "process orders"));
                        *kinds.entry("consumer").or_default() += 1;
                        &["messaging.system", "messaging.destination.name", "messaging.operation.name"]
                    }
                    Some(1) => &[],
                    other => panic!("kind {other:?}"),
                };
                for key in required {
                    assert!(has.contains_key(*key), "{key} in {span}");
                }
                assert_eq!(span.get("status").is_some(), has.contains_key("error.type"), "{span}");
                if has.get("http.response.status_code").is_some_and(|status| status == "500") {
                    assert_eq!((span["status"]["code"].as_u64(), has["error.type"].as_str()), (Some(2), "declined"));
                    *kinds.entry("failed").or_default() += 1;
                }
            }
        }
        let count = identifiers.len();
        identifiers.sort();
        identifiers.dedup();
        assert_eq!(identifiers.len(), count, "each span has an identifier of its own");
        assert!(parents.iter().all(|parent| identifiers.binary_search(parent).is_ok()));
    }
    let seen: Vec<&str> = kinds.keys().copied().collect();
    assert_eq!(seen, ["client", "consumer", "database", "failed", "producer", "server"], "{kinds:?}");
}

#[test]
fn json_has_the_traces_too() {
    let place = shop();
    let ran = place.sim(&["run", "shop.toml", "--trace", "2", "--format", "json"]).ends_with(0);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let traces = document["traces"].as_array().expect("traces");
    assert_eq!(traces.len(), 2);
    let length =
        |trace: &Value| trace["spans"][0]["end"].as_u64().unwrap() - trace["spans"][0]["start"].as_u64().unwrap();
    assert!(length(&traces[0]) >= length(&traces[1]));
    assert_eq!(traces[0]["spans"][0]["doing"]["kind"], "request");
}

/// The request is answered at once, and what it publishes is handled for 200 ms.
#[test]
fn the_handler_of_a_message_is_shown_though_its_request_takes_no_time() {
    let place = Place::new();
    let model = "[load]\nkind = \"open\"\ntarget = \"web.e\"\nrate = \"1/s\"\nwarm_up = \"0s\"\nduration = \"60s\"\n\
        [services.web]\n[services.web.endpoints.e]\nsteps = [{ publish = { queue = \"q\" } }]\n\
        [queues.q.consumers.k]\nservice = \"w\"\nendpoint = \"h\"\n[services.w]\nruntime = \"threads\"\nthreads = 4\n\
        [services.w.endpoints.h]\nsteps = [{ sleep = \"200ms\" }]\n";
    place.put("m.toml", model);
    let ran = place.sim(&["run", "m.toml", "--replications", "2", "--trace", "slowest"]).ends_with(0);
    assert!(ran.stdout.contains("200.0") && ran.stdout.contains("w.h"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("less than 0"), "{}", ran.stdout);
}
