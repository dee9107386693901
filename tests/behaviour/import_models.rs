//! `sim import k8s`, `compose` and `otlp`: skeletons of models.
//!
//! The manifests in `tests/import/` follow the published API. The traces with a version in their name were written by that version
//! of OpenTelemetry's SDK for Python, by its exporter `otlp-json-file` 0.66b1: two FastAPI services (0.165.0, uvicorn 0.54.0) with
//! the instrumentations of FastAPI, httpx and sqlite3 0.66b1, 60 orders one after the other, each with an insert, two calls of
//! the other service side by side, and in one of four cases a call of a server that is not traced. The other service sleeps
//! 4 ms and an exponential time of 5 ms for a price, and a gamma time of 8 ms (shape 4) for the stock.
//!
//! `UPDATE_GOLDEN=1 cargo test import_models` writes `tests/import/golden/model-*.txt` anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use sim::import::Text;
use sim::import::model::{compose, k8s, otlp};

const FOLDER: &str = "tests/import";

/// Each case: the name of its golden file, and the arguments.
const CASES: [(&str, &str); 3] = [
    ("model-compose", "compose shop-compose.yaml"),
    ("model-k8s", "k8s shop-k8s.yaml"),
    ("model-otlp", "otlp otel-python-1.45.1-shop.jsonl.gz otel-python-1.45.1-inventory.jsonl.gz"),
];

fn sim(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sim")).args(arguments).current_dir(folder).output().expect("sim")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// A folder of one test.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sim-import-models-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

/// What a command prints; it must succeed.
fn done(arguments: &[&str], folder: &Path) -> String {
    let output = sim(arguments, folder);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn skeletons_are_as_before_pass_the_check_and_run() {
    let folder = folder("golden");
    for (name, arguments) in CASES {
        let words: Vec<&str> = [&["import"][..], &arguments.split(' ').collect::<Vec<_>>()].concat();
        let output = sim(&words, Path::new(FOLDER));
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        let model = text(&output.stdout);
        let now = format!("$ sim {}\n{}\n{model}", words.join(" "), text(&output.stderr));
        let golden = Path::new(FOLDER).join("golden").join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &now).unwrap();
        }
        assert_eq!(now, fs::read_to_string(&golden).unwrap_or_default(), "{name}");
        let file = format!("{name}.toml");
        fs::write(folder.join(&file), &model).unwrap();
        done(&["check", &file], &folder);
        let ran = done(&["run", &file, "--replications", "2"], &folder);
        assert!(ran.contains("throughput"), "{name}: {ran}");
        every_number_has_its_source(&model, name);
    }
}

/// Numbers, durations and cores of the services have an entry of `[provenance]`.
fn every_number_has_its_source(model: &str, name: &str) {
    let table: toml::Table = model.parse().expect("TOML");
    let known: Vec<&String> = table["provenance"].as_table().expect("a table").keys().collect();
    let mut numbers = Vec::new();
    collect(&table["services"], "services", &mut numbers);
    for path in numbers {
        let is_known = known.iter().any(|known| {
            path == **known || path.starts_with(&format!("{known}.")) || path.starts_with(&format!("{known}["))
        });
        assert!(is_known, "{name}: {path} has no source");
    }
}

fn collect(value: &toml::Value, path: &str, numbers: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            table.iter().for_each(|(key, value)| collect(value, &format!("{path}.{key}"), numbers))
        }
        toml::Value::Array(all) => {
            all.iter().enumerate().for_each(|(index, value)| collect(value, &format!("{path}[{index}]"), numbers));
        }
        toml::Value::Integer(_) | toml::Value::Float(_) => numbers.push(path.into()),
        toml::Value::String(text) if text.starts_with(|sign: char| sign.is_ascii_digit()) => {
            // A server may have the name of an address.
            let is_name = [".server", ".client"].iter().any(|key| path.ends_with(key));
            numbers.extend(Some(path.to_owned()).filter(|_| !is_name));
        }
        _ => {}
    }
}

/// A system of which every number is known.
const KNOWN: &str = r#"
title = "A shop"

[load]
kind = "open"
target = "shop.order"
rate = "20/s"
warm_up = "0s"
duration = "45s"

[services.shop]
runtime = "threads"

[services.shop.pools.orders]
server = "postgres"
max_size = 100
min_size = 100
reset_on_release = false

[services.shop.clients.pricing]
server = "pricing"
reuse = "shared"
round_trip = "1ms"

[services.shop.clients.billing]
server = "billing"
reuse = "shared"
round_trip = "exp(4ms)"

[services.shop.endpoints.order]
steps = [
  { cpu = { gamma = { mean = "5ms", cv = 0.4 } } },
  { query = { pool = "orders", time = "exp(3ms)" } },
  { parallel = { branches = [
    [{ call = { client = "pricing", endpoint = "price" } }],
    [{ call = { client = "billing", endpoint = "check" } }],
  ] } },
  { choose = [
    { probability = 0.7, steps = [{ cpu = { lognormal = { mean = "4ms", cv = 0.8 } } }, { publish = { queue = "events" } }] },
    { probability = 0.3, steps = [{ cpu = "6ms" }] },
  ] },
]

[services.pricing]
runtime = "threads"

[services.pricing.endpoints.price]
steps = [{ cpu = "exp(8ms)" }]

[services.billing]
runtime = "threads"

[services.billing.endpoints.check]
steps = [{ cpu = { lognormal = { mean = "20ms", cv = 1.2 } } }]

[services.postgres]
runtime = "threads"

[queues.events]
publish_time = "1ms"

[queues.events.consumers.mailer]
service = "mailer"
endpoint = "send"

[services.mailer]
runtime = "threads"

[services.mailer.endpoints.send]
steps = [{ cpu = { gamma = { mean = "30ms", cv = 0.5 } } }]
"#;

/// The model that comes back from the traces of a model.
fn returned(name: &str, model: &str) -> (toml::Table, String) {
    let folder = folder(name);
    fs::write(folder.join("known.toml"), model).unwrap();
    let trace = ["--trace", "slowest:1000", "--trace-format", "otlp", "--trace-file", "traces.json"];
    done(&[&["run", "known.toml", "--replications", "1"], &trace[..]].concat(), &folder);
    let printed = done(&["import", "otlp", "traces.json", "--output", "back.toml"], &folder);
    assert!(printed.starts_with("wrote  back.toml: "), "{printed}");
    done(&["check", "back.toml"], &folder);
    done(&["run", "back.toml", "--replications", "2"], &folder);
    let text = fs::read_to_string(folder.join("back.toml")).unwrap();
    (text.parse().expect("TOML"), text)
}

fn at<'a>(table: &'a toml::Table, path: &str) -> &'a toml::Value {
    let mut parts = path.split('.');
    let first = &table[parts.next().unwrap()];
    parts.fold(first, |value, part| match part.parse::<usize>() {
        Ok(index) => &value[index],
        Err(_) => value.get(part).unwrap_or_else(|| panic!("{path}: {value}")),
    })
}

/// A duration in milliseconds.
fn milliseconds(text: &str) -> f64 {
    let units = [("us", 1e-3), ("ms", 1.0), ("s", 1e3)];
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor))).expect(text);
    number.parse::<f64>().expect(text) * factor
}

/// The form of a distribution, its mean in milliseconds, and its coefficient of variation.
fn distribution(value: &toml::Value) -> (String, f64, f64) {
    match value {
        toml::Value::String(text) => match text.strip_prefix("exp(") {
            Some(mean) => ("exp".into(), milliseconds(mean.trim_end_matches(')')), 1.0),
            None => ("constant".into(), milliseconds(text), 0.0),
        },
        _ => {
            let (form, of) = value.as_table().and_then(|table| table.iter().next()).expect("a form");
            (form.clone(), milliseconds(of["mean"].as_str().unwrap()), of["cv"].as_float().unwrap())
        }
    }
}

fn is_like(value: &toml::Value, form: &str, mean: f64, cv: f64) {
    let (found, of, variation) = distribution(value);
    assert_eq!(found, form, "{value}");
    assert!((of / mean - 1.0).abs() < 0.1, "{value}: mean {mean}");
    assert!((variation - cv).abs() < 0.15, "{value}: cv {cv}");
}

/// A model, its traces, and the model that is made of them: the same services, calls, order, and times.
#[test]
fn a_known_model_comes_back_from_its_traces() {
    let (model, text) = returned("known", KNOWN);
    let steps = at(&model, "services.shop.endpoints.order.steps");
    assert_eq!(steps.as_array().map(Vec::len), Some(4), "{text}");
    is_like(&steps[0]["cpu"], "gamma", 5.0, 0.4);
    is_like(&steps[1]["query"]["time"], "exp", 3.0, 1.0);
    assert_eq!(steps[1]["query"]["pool"].as_str(), Some("orders"));
    let branches = steps[2]["parallel"]["branches"].as_array().unwrap();
    let mut called: Vec<&str> = branches.iter().map(|branch| branch[0]["call"]["endpoint"].as_str().unwrap()).collect();
    called.sort_unstable();
    assert_eq!(called, ["check", "price"]);
    let choose = &steps[3]["choose"];
    assert_eq!(choose.as_array().map(Vec::len), Some(2), "{text}");
    assert!((choose[0]["probability"].as_float().unwrap() - 0.7).abs() < 0.05, "{text}");
    is_like(&choose[0]["steps"][0]["cpu"], "lognormal", 4.0, 0.8);
    assert_eq!(choose[0]["steps"][1]["publish"]["queue"].as_str(), Some("events"));
    is_like(&choose[1]["steps"][0]["cpu"], "constant", 6.0, 0.0);
    is_like(at(&model, "services.pricing.endpoints.price.steps.0.cpu"), "exp", 8.0, 1.0);
    is_like(at(&model, "services.billing.endpoints.check.steps.0.cpu"), "lognormal", 20.0, 1.2);
    is_like(at(&model, "services.mailer.endpoints.process-events.steps.0.cpu"), "gamma", 30.0, 0.5);
    is_like(at(&model, "services.shop.clients.pricing.round_trip"), "constant", 1.0, 0.0);
    is_like(at(&model, "services.shop.clients.billing.round_trip"), "exp", 4.0, 1.0);
    is_like(at(&model, "queues.events.publish_time"), "constant", 1.0, 0.0);
    assert_eq!(at(&model, "queues.events.consumers.mailer.endpoint").as_str(), Some("process-events"), "{text}");
    let rate = at(&model, "load.rate").as_str().unwrap().trim_end_matches("/s").parse::<f64>().unwrap();
    assert!((rate / 20.0 - 1.0).abs() < 0.1, "{rate}");
    assert!(at(&model, "services.shop.clients.pricing").get("max_connections").is_none(), "{text}");
    let source =
        at(&model, "provenance")["services.pricing.endpoints.price.steps[0].cpu"]["measured"].as_str().unwrap();
    assert!(source.contains("exponential, Kolmogorov-Smirnov distance"), "{source}");
}

/// Three connections, and calls that wait for them.
const POOLED: &str = r#"
title = "A client with three connections"

[load]
kind = "open"
target = "web.show"
rate = "40/s"
warm_up = "0s"
duration = "20s"

[services.web]
runtime = "threads"

[services.web.clients.backend]
server = "backend"
reuse = "shared"
max_connections = 3
waiters = "fifo"
round_trip = "2ms"

[services.web.endpoints.show]
steps = [{ cpu = "1ms" }, { repeat = { times = 4, steps = [{ call = { client = "backend", endpoint = "get" } }] } }]

[services.backend]
runtime = "delay"

[services.backend.endpoints.get]
steps = [{ cpu = "exp(14ms)" }]
"#;

#[test]
fn a_pool_of_a_client_and_a_loop_come_back() {
    let (model, text) = returned("pooled", POOLED);
    let client = at(&model, "services.web.clients.backend");
    assert_eq!(client.get("max_connections").and_then(toml::Value::as_integer), Some(3), "{text}");
    // The last calls wait for some of requests that had not ended, and are not in the traces.
    let (_, trip, _) = distribution(&client["round_trip"]);
    assert!((trip / 2.0 - 1.0).abs() < 0.05, "{trip}");
    let steps = at(&model, "services.web.endpoints.show.steps");
    let turn = steps.as_array().unwrap().iter().find_map(|step| step.get("repeat")).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(turn["times"].as_integer(), Some(3));
    is_like(at(&model, "services.backend.endpoints.get.steps.0.cpu"), "exp", 14.0, 1.0);
}

/// The real traces: what the code of the two services does.
#[test]
fn real_traces_show_what_the_services_do() {
    let read = |name: &str| Text::read(&Path::new(FOLDER).join(name)).unwrap();
    let files = ["otel-python-1.45.1-shop.jsonl.gz", "otel-python-1.45.1-inventory.jsonl.gz"].map(read);
    let text = otlp(&files).unwrap().toml();
    let model: toml::Table = text.parse().unwrap();
    let often = at(&model, "services.shop.endpoints.post-orders-item.steps").as_array().unwrap();
    assert!(
        often.iter().any(|step| step.get("query").is_some_and(|query| query["pool"].as_str() == Some("sqlite"))),
        "{text}"
    );
    let parallel = often.iter().find_map(|step| step.get("parallel")).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(parallel["branches"].as_array().map(Vec::len), Some(2));
    let choose = &often.last().unwrap()["choose"];
    let calls =
        |branch: usize| choose[branch]["steps"].as_array().unwrap().iter().any(|step| step.get("call").is_some());
    assert!(!calls(0) && calls(1), "{text}");
    assert!((0.1..0.4).contains(&choose[1]["probability"].as_float().unwrap()), "{text}");
    assert_eq!(at(&model, "services.inventory.runtime").as_str(), Some("event-loop"));
    let (_, price, _) = distribution(at(&model, "services.inventory.endpoints.get-prices-item.steps.0.cpu"));
    let (_, stock, _) = distribution(at(&model, "services.inventory.endpoints.get-stock-item.steps.0.cpu"));
    // 9 ms and 8 ms are slept; the machine was busy, and the rest is the handlers' own work and the wait for a core.
    assert!((9.0..18.0).contains(&price) && (8.0..16.0).contains(&stock), "{price} {stock}");
}

/// A span of milliseconds `time`, with attributes.
fn span(trace: u32, id: &str, parent: &str, kind: u8, time: [u64; 2], attributes: &[(&str, &str)]) -> Value {
    let attribute = |(key, value): &(&str, &str)| json!({ "key": key, "value": { "stringValue": value } });
    let at = |time: u64| ((u64::from(trace) * 1_000 + time) * 1_000_000).to_string();
    json!({
        "traceId": format!("{trace:032x}"), "spanId": id, "parentSpanId": parent, "name": "GET", "kind": kind,
        "startTimeUnixNano": at(time[0]), "endTimeUnixNano": at(time[1]),
        "attributes": attributes.iter().map(attribute).collect::<Vec<_>>(),
    })
}

/// An endpoint that calls itself, a message that is linked to its sender, and two spans that are each other's parents.
#[test]
fn calls_that_lead_back_end_and_messages_follow_their_links() {
    let (route, queue) = (("http.route", "/tree"), ("messaging.destination.name", "jobs"));
    let (mut tree, mut worker) = (Vec::new(), Vec::new());
    for trace in 1..=40 {
        tree.push(span(trace, "1", "", 2, [0, 50], &[route]));
        tree.push(span(trace, "2", "1", 3, [5, 40], &[]));
        tree.push(span(trace, "3", "2", 2, [6, 39], &[route]));
        tree.push(span(trace, "4", "1", 4, [41, 42], &[queue]));
        let mut handled = span(trace + 1000, "5", "", 5, [60, 80], &[queue]);
        handled["links"] = json!([{ "traceId": format!("{trace:032x}"), "spanId": "4" }]);
        worker.extend([handled, span(trace, "6", "7", 3, [0, 1], &[]), span(trace, "7", "6", 1, [0, 1], &[])]);
    }
    let of = |name: &str, spans: Vec<Value>| {
        let attribute = json!({ "key": "service.name", "value": { "stringValue": name } });
        json!({ "resource": { "attributes": [attribute] }, "scopeSpans": [{ "spans": spans }] })
    };
    let traces = json!({ "resourceSpans": [of("tree", tree), of("worker", worker)] }).to_string();
    let text = otlp(&[Text::of(Path::new("t.json"), &traces)]).unwrap().toml();
    let folder = folder("back");
    fs::write(folder.join("back.toml"), &text).unwrap();
    let output = sim(&["check", "back.toml"], &folder);
    assert_eq!((output.status.code(), self::text(&output.stderr).as_str()), (Some(0), ""), "{text}");
    let model: toml::Table = text.parse().unwrap();
    let choose = at(&model, "services.tree.endpoints.tree.steps.0.choose");
    let way =
        |step: &str| choose.as_array().unwrap().iter().find(|way| way["steps"].to_string().contains(step)).expect(step);
    is_like(&way("sleep")["steps"][1]["sleep"], "constant", 35.0, 0.0);
    assert_eq!(way("publish")["steps"][3]["publish"]["queue"].as_str(), Some("jobs"), "{text}");
    is_like(at(&model, "queues.jobs.publish_time"), "constant", 1.0, 0.0);
    // The worker's spans begin a thousand seconds later.
    assert_eq!(at(&model, "queues.jobs.delivery_time").as_str(), Some("1000s"), "{text}");
    assert!(at(&model, "services.tree").get("clients").is_none(), "{text}");
}

/// What is wrong, and parts of what is said about it.
const MISTAKES: [(&str, &str, &[&str]); 14] = [
    ("k8s", "a: [1\n", &["the file is not YAML", "m.yaml:1"]),
    ("k8s", "kind: Deployment\nmetadata: {name: {{ .Values.name }}}\n", &["m.yaml:2", "helm template CHART"]),
    ("k8s", "services:\n  a: {image: b}\n", &["no `kind`", "sim import compose FILE"]),
    ("k8s", "", &["the file is empty"]),
    ("k8s", "kind: Deployment\nmetadata: {}\n", &["a Deployment must have `metadata.name`", "m.yaml:1"]),
    (
        "k8s",
        "kind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: three\n",
        &["`replicas` must be a whole number", "m.yaml:4", "three"],
    ),
    (
        "k8s",
        "kind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n        resources:\n          limits:\n            cpu: lots\n",
        &["this is no number of cores", "m.yaml:10", "500m"],
    ),
    (
        "k8s",
        "kind: Deployment\nmetadata: {name: db}\nspec: {template: {spec: {containers: [{name: a, image: postgres}]}}}\n",
        &["serves requests"],
    ),
    ("compose", "kind: Deployment\napiVersion: apps/v1\n", &["it has no `services`", "sim import k8s FILE"]),
    ("compose", "services:\n  a: {image: b, cpus: many}\n", &["no number of cores", "m.yaml:2"]),
    ("otlp", "{\"data\": [{\"traceID\": \"1\"}]}", &["no OTLP", "Jaeger"]),
    ("otlp", "{\"resourceSpans\": [{\"scopeSpans\": [", &["the JSON cannot be read", "ends too early"]),
    ("otlp", "{\"resourceSpans\": []}", &["no span here is that of a server"]),
    (
        "otlp",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"spanId\":\"ab12\",\"name\":\"GET\",\"kind\":2}]}]}]}",
        &["the span `GET` has no start or no end", "ab12"],
    ),
];

#[test]
fn mistakes_are_shown_where_they_are() {
    let folder = folder("mistakes");
    for (kind, content, parts) in MISTAKES {
        fs::write(folder.join("m.yaml"), content).unwrap();
        let output = sim(&["import", kind, "m.yaml"], &folder);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{content}\n{said}");
        for part in parts {
            assert!(said.contains(part), "{part} is not in\n{said}");
        }
    }
    fs::write(folder.join("there.toml"), "mine").unwrap();
    let file = fs::canonicalize(FOLDER).unwrap().join("shop-compose.yaml");
    let output = sim(&["import", "compose", file.to_str().unwrap(), "-o", "there.toml"], &folder);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(folder.join("there.toml")).unwrap(), "mine");
    // A file without its word: the message names the word.
    for (name, word) in
        [("shop-k8s.yaml", "k8s"), ("shop-compose.yaml", "compose"), ("otel-python-1.45.1-shop.jsonl.gz", "otlp")]
    {
        let said = text(&sim(&["import", name], Path::new(FOLDER)).stderr);
        assert!(said.contains(&format!("sim import {word} FILE")), "{said}");
    }
    // A service may not be called from where its calls lead back to.
    fs::write(folder.join("m.yaml"), "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: y, depends_on: [a]}\n")
        .unwrap();
    let output = sim(&["import", "compose", "m.yaml"], &folder);
    assert!(text(&output.stderr).contains("the call from `b` to `a` is left out"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

/// Files that are cut off or damaged give a skeleton or a mistake, and no panic.
#[test]
fn damaged_files_do_no_harm() {
    let read = |name: &str| fs::read_to_string(Path::new(FOLDER).join(name)).unwrap();
    let sign = |text: &mut String, at: usize, sign: char| {
        let at = text.floor_char_boundary(at);
        text.insert(at, sign);
    };
    for (name, is_kubernetes) in [("shop-k8s.yaml", true), ("shop-compose.yaml", false)] {
        let whole = read(name);
        for step in 0..300 {
            let at = whole.len() * step / 300;
            let mut damaged = whole.clone();
            match step % 4 {
                0 => damaged.truncate(whole.floor_char_boundary(at)),
                1 => sign(&mut damaged, at, '['),
                2 => sign(&mut damaged, at, ':'),
                _ => sign(&mut damaged, at, '-'),
            }
            let text = Text::of(Path::new(name), &damaged);
            let sketch = if is_kubernetes { k8s(&[text]) } else { compose(&text) };
            if let Ok(sketch) = sketch {
                let text = sketch.toml();
                assert!(text.parse::<toml::Table>().is_ok(), "{damaged}\n{text}");
            }
        }
    }
    let traces = Text::read(&Path::new(FOLDER).join("otel-python-1.45.1-shop.jsonl.gz")).unwrap();
    let first: String = traces.str().lines().take(1).collect();
    for step in 0..60 {
        let mut damaged = first.clone();
        let at = first.len() * step / 60;
        match step % 3 {
            0 => damaged.truncate(first.floor_char_boundary(at)),
            1 => sign(&mut damaged, at, '9'),
            _ => sign(&mut damaged, at, '"'),
        }
        if let Ok(sketch) = otlp(&[Text::of(Path::new("t.json"), &damaged)]) {
            let text = sketch.toml();
            assert!(text.parse::<toml::Table>().is_ok(), "{text}");
        }
    }
}
