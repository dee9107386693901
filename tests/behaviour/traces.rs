//! The life of single requests, span by span: against timelines worked out by hand, and the laws that every trace obeys.

use std::ops::Range;

use serde_json::Value;
use sim::load::{scouted, traced};
use sim::parts::{Doing, Limits, RequestEnd, Trace, TraceSpan};

use crate::models::{Bench, bench};
use crate::random_models::nth;

/// The events of the run, and each request that has ended, by the ends of its tries.
fn requests(bench: &Bench, limits: &Limits) -> (u64, Vec<Vec<RequestEnd>>) {
    let (outcome, requests) = scouted(&bench.system, &bench.load, 1, 0, limits).expect("a small system");
    (outcome.events, requests)
}

/// The traces of these requests, which must obey the laws.
fn traces(bench: &Bench, requests: &[Vec<RequestEnd>], events: u64, limits: &Limits) -> Vec<Trace> {
    let (outcome, traces) = traced(&bench.system, &bench.load, requests, 1, 0, limits).expect("a small system");
    assert_eq!(outcome.events, events, "the same run");
    assert_eq!(traces.len(), requests.len());
    for (trace, tries) in traces.iter().zip(requests) {
        let (request, last) = (&trace.spans[0], tries[tries.len() - 1]);
        assert_eq!((request.start, request.end), (tries[0].born, last.ended));
        assert_eq!(request.failure.is_some(), last.failure.is_some());
        obeys_laws(trace);
    }
    traces
}

fn is_step(doing: &Doing) -> bool {
    !matches!(doing, Doing::Handler { .. } | Doing::Branch { .. } | Doing::Message { .. } | Doing::Try { .. })
}

/// Spans lie in one another, and what is in a span adds up to its length, to the nanosecond.
fn obeys_laws(trace: &Trace) {
    let spans = &trace.spans;
    let told = || format!("{:#?}", lines(trace));
    for (index, span) in spans.iter().enumerate() {
        assert!(span.start <= span.end, "{index} {}", told());
        let children: Vec<&TraceSpan> = spans.iter().filter(|child| child.parent == Some(index)).collect();
        let Some(parent) = span.parent else {
            assert_eq!(index, 0, "{}", told());
            continue;
        };
        assert!(parent < index, "{}", told());
        let above = &spans[parent];
        let fits = match (&span.doing, &above.doing) {
            (Doing::Handler { .. }, above) => {
                matches!(above, Doing::Request { .. } | Doing::Try { .. } | Doing::Call { .. })
            }
            (Doing::Branch { .. }, above) => matches!(above, Doing::Parallel | Doing::Hedge | Doing::Thread),
            (Doing::Message { .. }, above) => matches!(
                above,
                Doing::Publish { .. } | Doing::Handler { .. } | Doing::Branch { .. } | Doing::Message { .. }
            ),
            (Doing::Attempt { .. }, above) => *above == Doing::Retry,
            (Doing::Round { .. }, above) => *above == Doing::Repeat,
            (Doing::Otherwise, above) => *above == Doing::Fallback,
            (Doing::Try { .. }, above) => matches!(above, Doing::Request { .. }),
            (_, above) => !matches!(above, Doing::Spent { .. }),
        };
        assert!(fits, "{index} {}", told());
        assert!(above.start <= span.start, "{index} {}", told());
        if is_step(&span.doing) {
            assert!(span.end <= above.end, "{index} {}", told());
        }
        if matches!(span.doing, Doing::Spent { .. }) {
            assert!(children.is_empty() && span.length().0 > 0, "{index} {}", told());
            assert!(
                !matches!(&span.doing, Doing::Spent { place, .. } if place.name == "unexplained"),
                "{index} {}",
                told()
            );
            continue;
        }
        adds_up(span, &children, &told);
    }
}

/// Without a gap; steps of one token without an overlap.
fn adds_up(span: &TraceSpan, children: &[&TraceSpan], told: &impl Fn() -> String) {
    let mut inside: Vec<&&TraceSpan> =
        children.iter().filter(|child| !matches!(child.doing, Doing::Message { .. })).collect();
    inside.sort_by_key(|child| (child.start, child.end));
    let (mut until, mut steps) = (span.start, span.start);
    for child in inside {
        assert!(child.start <= until, "a gap in {span:?} {}", told());
        until = until.max(child.end.min(span.end));
        if is_step(&child.doing) {
            assert!(child.start >= steps, "an overlap in {span:?} {}", told());
            steps = child.end;
        }
    }
    assert_eq!(until, span.end, "{span:?} {}", told());
}

/// A trace as lines: how deep, what, when in milliseconds, and how it failed.
fn lines(trace: &Trace) -> Vec<String> {
    let mut depths = Vec::new();
    let zero = trace.spans[0].start;
    let line = |span: &TraceSpan| {
        let depth = span.parent.map_or(0, |parent: usize| depths[parent] + 1);
        depths.push(depth);
        let Ok(Value::Object(doing)) = serde_json::to_value(&span.doing) else { panic!("{span:?}") };
        let kind = doing["kind"].as_str().unwrap().to_owned();
        let word = |key: &str| doing.get(key).and_then(|value| value.as_str().map(str::to_owned));
        let number = doing.get("number").map(|number| number.to_string());
        let place = doing.get("place").map(|place| place["name"].as_str().unwrap().to_owned());
        let name = ["name", "endpoint", "queue", "server"].into_iter().find_map(word).or(place).or(number);
        let kind = match doing.get("served").and_then(Value::as_bool) {
            Some(true) => "uses".into(),
            Some(false) => "waits".into(),
            None => kind,
        };
        let name = name.map_or_else(String::new, |name| format!(" {name}"));
        let [from, to] = [span.start, span.end].map(|time| time.since(zero).0 as f64 / 1e6);
        let failure = span.failure.as_ref().map_or_else(String::new, |why| format!(" failed: {why}"));
        format!("{}{kind}{name} {from}..{to}{failure}", "  ".repeat(depth))
    };
    trace.spans.iter().map(line).collect()
}

/// The lives of all requests of a model.
fn lives(text: &str) -> Vec<Vec<String>> {
    let bench = bench(text);
    let limits = Limits::default();
    let (events, requests) = requests(&bench, &limits);
    traces(&bench, &requests, events, &limits).iter().map(lines).collect()
}

/// A shop without queues, with a client of `pay`, a pool of `db` and these steps; `users` requests at once, with these keys
/// of the load.
fn shop(users: u32, load: &str, charge: &str, steps: &str) -> String {
    format!(
        "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nconcurrency = {users}\nusers = {users}\n{load}\n\
         [services.db]\nruntime = \"threads\"\ncpu = \"1\"\n\
         [services.pay]\nruntime = \"threads\"\nthreads = 1\ncpu = \"1\"\n\
         [services.pay.endpoints]\ncharge = {{ steps = [{charge}] }}\n\
         [services.shop]\nruntime = \"delay\"\n\
         [services.shop.pools.own]\nserver = \"db\"\nmin_size = 1\nmax_size = 1\nreset_on_release = false\nround_trip = \"1ms\"\n\
         [services.shop.clients.pay]\nserver = \"pay\"\nround_trip = \"2ms\"\ntimeout = \"100ms\"\n\
         [services.shop.endpoints]\nserve = {{ steps = [{steps}] }}\n"
    )
}

const CALL: &str = "{ call = { client = \"pay\", endpoint = \"charge\" } }";

/// The second request waits for the connection until the first has made its round trip of 1 ms and has had its 4 ms of the
/// database's CPU, then for the one thread of `pay`.
#[test]
fn calls_and_connections_are_told_with_what_was_waited_for() {
    let query = "{ query = { pool = \"own\", time = \"4ms\" } }";
    let lives = lives(&shop(2, "", "{ cpu = \"10ms\" }", &format!("{query}, {CALL}")));
    let second = [
        "request serve 0..27",
        "  handler serve 0..27",
        "    with shop pool own 0..10",
        "      waits shop pool own 0..5",
        "      trip db 5..10",
        "        waits network to db 5..6",
        "        uses db CPU 6..10",
        "    call charge 10..27",
        "      waits network to pay 10..12",
        "      handler charge 12..27",
        "        waits pay threads 12..17",
        "        uses pay CPU 17..27",
    ];
    assert_eq!(lives[1], second, "{:#?}", lives[1]);
    assert_eq!(lives[0][0], "request serve 0..17");
}

/// The slower branch ends the wait. The second attempt is sent after 5 ms and waits for the thread of the first; it is
/// cancelled when the first is answered, but its handler runs to the end.
#[test]
fn branches_and_hedges_stand_side_by_side() {
    let steps = format!(
        "{{ parallel = {{ branches = [[{{ sleep = \"3ms\" }}], [{CALL}]] }} }}, \
         {{ hedge = {{ after = \"5ms\", max = 2, steps = [{CALL}] }} }}"
    );
    let lives = lives(&shop(1, "", "{ cpu = \"10ms\" }", &steps));
    let expected = [
        "request serve 0..24",
        "  handler serve 0..24",
        "    parallel 0..12",
        "    hedge 12..24",
        "      branch 1 0..3",
        "        uses shop 0..3",
        "      branch 2 0..12",
        "        call charge 0..12",
        "          waits network to pay 0..2",
        "          handler charge 2..12",
        "            uses pay CPU 2..12",
        "      branch 1 12..24",
        "        call charge 12..24",
        "          waits network to pay 12..14",
        "          handler charge 14..24",
        "            uses pay CPU 14..24",
        "      branch 2 17..24 failed: cancelled",
        "        call charge 17..24 failed: cancelled",
        "          waits network to pay 17..19",
        "          handler charge 19..34",
        "            waits pay threads 19..24",
        "            uses pay CPU 24..34",
    ];
    assert_eq!(lives[0], expected, "{:#?}", lives[0]);
}

/// Each attempt fails after 12 ms; the first two are followed by a pause of 5 and 10 ms.
#[test]
fn attempts_and_what_is_done_instead_are_told_apart() {
    let steps = format!(
        "{{ fallback = {{ steps = [{{ retry = {{ attempts = 3, backoff = \"5ms\", jitter = \"none\", steps = [{CALL}] }} }}], \
         otherwise = [{{ sleep = \"1ms\" }}] }} }}"
    );
    let lives = lives(&shop(1, "", "{ cpu = \"10ms\" }, { fail = \"declined\" }", &steps));
    let steps: Vec<&str> = lives[0].iter().map(|line| line.as_str()).filter(|line| !line.contains("charge")).collect();
    let expected = [
        "request serve 0..52",
        "  handler serve 0..52",
        "    fallback 0..52",
        "      retry 0..51 failed: declined",
        "        attempt 1 0..12 failed: declined",
        "            waits network to pay 0..2",
        "        waits retry back-off of shop.serve 12..17",
        "        attempt 2 17..29 failed: declined",
        "            waits network to pay 17..19",
        "        waits retry back-off of shop.serve 29..39",
        "        attempt 3 39..51 failed: declined",
        "            waits network to pay 39..41",
        "      otherwise 51..52",
        "        uses shop 51..52",
        "              uses pay CPU 2..12",
        "              uses pay CPU 19..29",
        "              uses pay CPU 41..51",
    ];
    assert_eq!(steps, expected, "{:#?}", lives[0]);
}

/// The client gives up after 8 ms and sends its request again 20 ms later, when the thread is free; the first handler works
/// on for nothing.
#[test]
fn tries_of_a_client_are_one_request() {
    let load = "timeout = \"8ms\"\nretry = { attempts = 2, backoff = \"20ms\", jitter = \"none\" }";
    let steps = "{ choose = [{ probability = 0.5, steps = [{ sleep = \"10ms\" }] }] }, { sleep = \"3ms\" }";
    let lives = lives(&shop(40, load, "", steps));
    let tried_twice: Vec<&Vec<String>> = lives.iter().filter(|life| life.len() > 4).collect();
    let expected = [
        "request serve 0..31",
        "  try serve 0..8 failed: client gave up",
        "    handler serve 0..13",
        "      uses shop 0..13",
        "  waits client back-off 8..28",
        "  try serve 28..31",
        "    handler serve 28..31",
        "      uses shop 28..31",
    ];
    assert!(tried_twice.iter().any(|life| **life == expected), "{tried_twice:#?}");
}

/// The answer is given when the broker has confirmed; the message is handled 1 ms after it was published.
#[test]
fn messages_belong_to_the_request_that_published_them() {
    let text = shop(1, "", "", "{ publish = { queue = \"orders\" } }")
        .replace("[services.db]", "[queues.orders]\npublish_time = \"2ms\"\ndelivery_time = \"1ms\"\n[queues.orders.consumers.mail]\nservice = \"shop\"\nendpoint = \"mail\"\n[services.db]")
        + "mail = { steps = [{ sleep = \"5ms\" }] }\n";
    let lives = lives(&text);
    let expected = [
        "request serve 0..2",
        "  handler serve 0..2",
        "    publish orders 0..2",
        "      uses shop 0..2",
        "      message mail 2..8",
        "        uses shop 2..8",
    ];
    assert_eq!(lives[0], expected, "{:#?}", lives[0]);
}

#[test]
fn every_trace_of_a_random_model_obeys_the_laws() {
    obey_the_laws(0..30);
}

#[test]
#[ignore = "long: 330 random models"]
fn every_trace_of_many_random_models_obeys_the_laws() {
    obey_the_laws(30..360);
}

/// Random systems with all kinds of steps and troubles: the two longest of those that succeed and of each cause of failure.
fn obey_the_laws(models: Range<u64>) {
    let wanted = models.end - models.start;
    let limits = Limits { max_events: Some(100_000), ..Limits::default() };
    let (mut seen, mut broken) = (0, Vec::new());
    for number in models {
        let text = nth(number);
        let bench = bench(&text);
        let (events, mut requests) = requests(&bench, &limits);
        requests.sort_by_key(|tries| std::cmp::Reverse(tries[tries.len() - 1].took()));
        let mut causes = Vec::new();
        requests.retain(|tries| {
            let why = tries[tries.len() - 1].failure;
            causes.push(why);
            causes.iter().filter(|known| **known == why).count() <= 2
        });
        match std::panic::catch_unwind(|| traces(&bench, &requests, events, &limits)) {
            Ok(traces) => seen += traces.len(),
            Err(_) => {
                eprintln!("model {number}:\n{text}");
                broken.push(number);
            }
        }
    }
    assert_eq!(broken, [0; 0], "models that break the laws");
    assert!(seen as u64 > wanted, "{seen} of {wanted} models");
}
