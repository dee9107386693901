//! `sim serve`: what each URL gives, what is refused, when trials end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde_json::Value;
use sim::experiment::plan::{Adjustments, Plan, Scope, Side, Workbench};

/// A server of this program at a free port.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("page     http://").expect("an address");
        Self { address: url.trim_end_matches('/').to_owned(), child }
    }

    /// Sends these bytes and reads until the server closes the connection.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
        // It may close the connection before it has read all.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get_as(&self, path: &str, host: &str) -> (u16, String) {
        let answer = self.raw(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes());
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        (status, answer)
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.get_as(path, &self.address)
    }

    /// The events of an answer: their names and data. Chunks of the body are whole events.
    fn events(&self, query: &str) -> Vec<(String, Value)> {
        let (status, text) = self.get(&format!("/answer?{query}"));
        assert_eq!(status, 200, "{text}");
        let data =
            |line: &str| line.strip_prefix("data: ").map(|data| serde_json::from_str(data).unwrap_or(Value::Null));
        let mut events = Vec::new();
        let mut name = String::new();
        for line in text.lines() {
            match line.strip_prefix("event: ") {
                Some(event) => name = event.to_owned(),
                None => events.extend(data(line).map(|data| (name.clone(), data))),
            }
        }
        events
    }

    /// The points that the last event of an answer has.
    fn points(&self, query: &str) -> Vec<Value> {
        let events = self.events(query);
        let last = events.iter().rev().find(|(name, _)| name == "figures");
        let (_, last) = last.unwrap_or_else(|| panic!("no figures: {events:?}"));
        assert_eq!(last["last"], true);
        last["points"].as_array().expect("points").clone()
    }

    #[cfg(target_os = "linux")]
    fn ticks(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        let fields: Vec<&str> = text.rsplit(')').next().expect("fields").split_whitespace().collect();
        fields[11..13].iter().map(|field| field.parse::<u64>().expect("ticks")).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The point that `sim run` gives.
fn run(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(["run", "--quiet", "--format", "json"])
        .args(arguments)
        .output()
        .expect("the program starts");
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    document["point"].clone()
}

/// All of a point but what it is called.
fn figures(point: &Value) -> Value {
    let mut point = point.clone();
    let map = point.as_object_mut().expect("a table");
    map.remove("variant");
    map.remove("at");
    point
}

const MODEL: &str = "file=models/registration.toml";

#[test]
fn a_moved_slider_gives_what_run_gives() {
    let server = Server::start(&["models/registration.toml"]);
    let hash = "services.user-service.endpoints.register.steps.with.steps.hash.on";
    let points = server.points(&format!(
        "{MODEL}&set=load.concurrency%3D75&set=services.user-service.workers%3D6&set={hash}%3Dthread&seed=7&runs=3"
    ));
    let place = ["models/registration.toml", "--seed", "7", "--replications", "3", "--set", "load.concurrency=75"];
    let design = ["--set", "services.user-service.workers=6", "--set", &format!("{hash}=thread")];
    assert_eq!(figures(&points[0]), figures(&run(&place)));
    assert_eq!(figures(&points[1]), figures(&run(&[&place[..], &design].concat())));
    assert_ne!(figures(&points[0]), figures(&points[1]));
}

#[test]
fn variants_and_axes_of_an_experiment_give_what_run_gives() {
    let server = Server::start(&[]);
    let query = "file=experiments/pooling.toml&before=per-request&after=lifespan+pool&set=load.concurrency%3D117\
                 &was=services.user-service.pools.auth.max_size%3D30&set=services.user-service.pools.auth.max_size%3D40";
    let points = server.points(query);
    let at = |variant, size| {
        run(&["experiments/pooling.toml", "--variant", variant, "--at", "concurrency=117", "--set", size])
    };
    assert_eq!(figures(&points[0]), figures(&at("per-request", "services.user-service.pools.auth.max_size=30")));
    assert_eq!(figures(&points[1]), figures(&at("lifespan pool", "services.user-service.pools.auth.max_size=40")));
}

#[test]
fn the_saved_experiment_gives_the_same_figures() {
    let server = Server::start(&[]);
    let query = "file=experiments/pooling.toml&after=shared+as+shipped&set=load.concurrency%3D30&runs=2";
    let (status, answer) = server.get(&format!("/experiment.toml?{query}"));
    assert_eq!(status, 200);
    let (_, text) = answer.split_once("\r\n\r\n").expect("a body");
    assert!(text.starts_with("# Save this as experiments/pooling-live.toml"), "{text}");
    let path = Path::new("experiments/pooling-live.toml");
    let plan = Plan::from_text(path, text, &Adjustments::default()).expect("it is an experiment");
    let report = sim::run(&plan);
    let points = server.points(query);
    for (ours, theirs) in report.points().zip(&points) {
        let throughput = ours.metric(sim::Metric::ThroughputPerMin).expect("some succeed");
        assert_eq!(Some(throughput.estimate), theirs["throughput_per_min"]["estimate"].as_f64());
    }
    assert_eq!(report.points().count(), 2);
}

/// Without running anything: what a slider makes of the model and the load is what `--set` makes of them.
#[test]
fn sliders_set_what_their_paths_say() {
    set_what_their_paths_say(4);
}

#[test]
#[ignore = "long: a plan for each slider"]
fn every_slider_sets_what_its_path_says() {
    set_what_their_paths_say(1);
}

/// Moves every `of`th slider.
fn set_what_their_paths_say(of: usize) {
    for file in ["models/registration.toml", "models/pool-network.toml", "experiments/retry-storm.toml"] {
        let path = Path::new(file);
        let bench = Workbench::read(path, &Adjustments::default()).expect("it is sound");
        let controls = bench.controls(0, &[]).expect("it has numbers");
        assert!(controls.len() > 8, "{file}: {}", controls.len());
        controls.par_iter().step_by(of).for_each(|control| {
            let other = if control.own + 1 < control.stops.len() { control.own + 1 } else { 0 };
            let set = vec![(control.path.clone(), control.stops[other].set.clone())];
            let known = bench.controls(0, &set).expect("it is a stop");
            let same = known.iter().find(|known| known.path == control.path).expect("it is there");
            assert_eq!(same.index(&set[0].1), Some(other), "{file}: {set:?}");
            let (place, design) = if control.scope == Scope::Place { (&set[..], &[][..]) } else { (&[][..], &set[..]) };
            let sides =
                [Side { name: "before", variant: 0, set: &[] }, Side { name: "after", variant: 0, set: design }];
            let text = bench.excerpt(&sides, place, 1, 5).expect("it can be written");
            let live = Plan::from_text(&path.with_file_name("live.toml"), &text, &Adjustments::default());
            let given = Plan::read(path, &Adjustments::default().set_all(set.clone()));
            match (live, given) {
                (Ok(live), Ok(given)) => {
                    let (ours, theirs) = (&live.points[1], &given.points[0]);
                    assert_eq!(format!("{:?}", ours.system), format!("{:?}", theirs.system), "{file}: {set:?}");
                    assert_eq!(format!("{:?}", ours.load), format!("{:?}", theirs.load), "{file}: {set:?}");
                }
                (live, given) => assert_eq!(live.is_err(), given.is_err(), "{file}: {set:?}"),
            }
        });
    }
}

#[test]
fn every_shipped_file_is_served() {
    let server = Server::start(&[]);
    for folder in ["models", "experiments"] {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                continue;
            }
            let (status, page) = server.get(&format!("/?file={}", path.display()));
            assert_eq!(status, 200, "{}", path.display());
            assert!(page.contains("type=\"range\""), "{}", path.display());
        }
    }
}

#[test]
fn the_page_is_made_of_the_state_of_the_url() {
    let server = Server::start(&[]);
    let (status, page) = server.get(&format!("/?{MODEL}&set=services.user-service.workers%3D7&runs=20&seed=3"));
    assert_eq!(status, 200);
    let at = page.find("data-path=\"services.user-service.workers\"").expect("a slider");
    let control = &page[at..at + 900];
    assert!(control.contains("aria-valuetext=\"7\"") && control.contains("file: 5"), "{control}");
    assert!(page.contains("<option value=\"20\" selected>") && page.contains("value=\"3\""));
    // The requests that the chart of time is about are a part of the state.
    let (_, page) = server.get(&format!("/?{MODEL}&time=mean"));
    assert!(page.contains("<option value=\"mean\" selected>"));
    let last =
        |query: &str| server.events(query).into_iter().rev().find(|(name, _)| name == "figures").expect("figures");
    assert!(
        last(&format!("{MODEL}&time=mean")).1["html"]
            .as_str()
            .is_some_and(|html| html.contains("Mean of the requests that succeed"))
    );
    assert!(last(MODEL).1["html"].as_str().is_some_and(|html| {
        html.contains("Mean of the requests around p95: near the p95 of the table, not equal to it")
    }));
    // A value between the stops becomes one.
    let (_, page) = server.get(&format!("/?{MODEL}&set=load.concurrency%3D117"));
    assert!(page.contains("aria-valuetext=\"117\""));
}

#[test]
fn the_report_is_that_of_the_two_designs() {
    let server = Server::start(&[]);
    let (status, report) = server.get(&format!("/report.html?{MODEL}&set=services.user-service.workers%3D6&runs=2"));
    assert_eq!(status, 200);
    for words in ["User registration", "before", "after", "registration-live.toml"] {
        assert!(report.contains(words), "{words}");
    }
}

#[test]
fn mistakes_are_said_and_nothing_else_is_read() {
    let server = Server::start(&[]);
    let (status, text) = server.get("/?file=/etc/passwd");
    assert!(
        status == 422 && text.contains("is not a file that this page offers") && !text.contains("root:x:"),
        "{text}"
    );
    for (query, words) in [
        ("file=Cargo.toml", "not a file that this page offers"),
        (&*format!("{MODEL}&after=nothing"), "there is no variant"),
        (&*format!("{MODEL}&time=p1"), "one of mean, p50, p95, p99"),
        (&*format!("{MODEL}&set=services.nothing.cpu%3D1"), "no number or choice of this model"),
        (&*format!("{MODEL}&set=services.user-service.workers%3Dmany"), "whole number"),
        (&*format!("{MODEL}&was=load.concurrency%3D9"), "the same for both designs"),
        (&*format!("{MODEL}&set=services.user-service.pools.auth.max_size%3D3"), "smaller than `min_size`"),
        (
            &*format!(
                "{MODEL}&set=services.killbill.endpoints.request.steps.cpu%3D%7B+empirical+%3D+%7B+file+%3D+%22x%22+%7D+%7D"
            ),
            "cannot be read from a file",
        ),
    ] {
        let events = server.events(query);
        let (name, data) = events.first().expect("an event");
        assert_eq!(name, "mistake", "{query}: {data}");
        assert!(data["text"].as_str().is_some_and(|text| text.contains(words)), "{query}: {data}");
    }
    for (path, expected) in [
        ("/nothing", 404),
        ("/?color=red", 400),
        ("/answer?runs=0", 400),
        ("/answer?runs=201", 400),
        ("/experiment.toml?file=%ff", 400),
        ("/report.html?set=a", 400),
        ("/../../etc/passwd", 404),
    ] {
        assert_eq!(server.get(path).0, expected, "{path}");
    }
    let post =
        format!("POST /answer HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", server.address);
    assert!(server.raw(post.as_bytes()).starts_with("HTTP/1.1 405"));
}

#[test]
fn only_a_host_that_is_this_server_is_answered() {
    let server = Server::start(&["--name", "capacity.example"]);
    let port = server.address.rsplit(':').next().expect("a port");
    for host in ["localhost", "127.0.0.1", "[::1]", "capacity.example"] {
        assert_eq!(server.get_as("/nothing", &format!("{host}:{port}")).0, 404, "{host}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost.", ""] {
        assert_eq!(server.get_as("/", &format!("{host}:{port}")).0, 403, "{host}");
    }
    assert!(server.raw(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 400"));
    let from_elsewhere = format!(
        "GET /answer HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nConnection: close\r\n\r\n",
        server.address
    );
    assert!(server.raw(from_elsewhere.as_bytes()).starts_with("HTTP/1.1 403"));
}

#[test]
fn malformed_requests_do_no_harm() {
    do_no_harm(2_000);
}

#[test]
#[ignore = "long: ten thousand requests"]
fn ten_thousand_malformed_requests_do_no_harm() {
    do_no_harm(10_000);
}

fn do_no_harm(requests: u32) {
    let server = Server::start(&[]);
    let mut state = 1u64;
    let mut next = || {
        // Marsaglia's xorshift64.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for number in 0..requests {
        let mut bytes =
            format!("GET /answer?{MODEL}&set=load.rate%3D1 HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).into_bytes();
        match number % 4 {
            // A head that has not the form of one.
            0 => bytes.iter_mut().for_each(|byte| *byte = next() as u8),
            // A head with some bytes changed, in the line of the request or after it.
            1 => (0..8).for_each(|_| {
                let at = next() as usize % bytes.len();
                bytes[at] = next() as u8
            }),
            // A part of a head.
            2 => bytes.truncate(next() as usize % bytes.len()),
            // A query of noise.
            _ => {
                let noise: String = (0..20).map(|_| char::from(33 + (next() % 94) as u8)).collect();
                bytes = format!("GET /answer?{noise} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).into_bytes();
            }
        }
        let mut stream = TcpStream::connect(&server.address).expect("it listens");
        let _ = stream.write_all(&bytes);
        // Every hundredth reader waits for an answer, and what it is does not matter.
        if number % 100 == 3 {
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
            let _ = stream.read(&mut [0; 64]);
        }
    }
    assert_eq!(server.get(&format!("/?{MODEL}")).0, 200);
    assert_eq!(server.points(MODEL).len(), 2);
}

/// A reader that goes away ends its trials, and a server without readers takes no time.
#[test]
#[cfg(target_os = "linux")]
fn a_closed_connection_ends_its_trials() {
    let server = Server::start(&[]);
    let mut streams: Vec<TcpStream> = (0..3)
        .map(|seed| {
            let query = format!("file=models/mm1.toml&set=load.duration%3D400000s&runs=200&seed={seed}");
            let mut stream = TcpStream::connect(&server.address).expect("it listens");
            let head = format!("GET /answer?{query} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
            stream.write_all(head.as_bytes()).expect("it reads");
            stream
        })
        .collect();
    let mut head = [0; 15];
    streams[0].read_exact(&mut head).expect("an answer");
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let began = Instant::now();
    let busy = server.ticks();
    while server.ticks() < busy + 20 {
        assert!(began.elapsed() < Duration::from_secs(60), "no trial runs");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(streams);
    let closed = Instant::now();
    loop {
        let before = server.ticks();
        std::thread::sleep(Duration::from_millis(500));
        if server.ticks() == before {
            break;
        }
        assert!(closed.elapsed() < Duration::from_secs(20), "trials run for a reader that is gone");
    }
    // Others are answered as before.
    assert_eq!(server.points(MODEL).len(), 2);
}

#[test]
fn an_address_in_use_is_a_mistake() {
    let server = Server::start(&[]);
    let output = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(["serve", "--listen", &server.address])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("cannot listen at") && words.contains("--listen chooses another address"), "{words}");
}
