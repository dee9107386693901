//! `sim measure`: against a server with a fixed delay in a number of slots its figures are those of theory, and it loads
//! nothing that it may not.
//!
//! Bounds of time are wide, since other tests run on the same cores; those marked as strict need the machine for themselves.

mod safety;
mod server;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sim::experiment::plan::{Adjustments, Plan};
use sim::metric::Metric;

use server::{Behaviour, Seen, Server};

/// A folder with an experiment, which measures.
struct Bench(Rc<Folder>);

/// A folder that is removed when nothing needs it.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a measurement wrote.
struct Measured {
    output: Output,
    folder: PathBuf,
    _bench: Rc<Folder>,
}

/// A row of a file of requests.
#[derive(Clone, Debug)]
struct Row {
    class: String,
    attempt: u32,
    due: f64,
    start: f64,
    connected: Option<f64>,
    first_byte: Option<f64>,
    end: f64,
    elapsed: f64,
    status: String,
    cause: String,
    connection: String,
    is_counted: bool,
}

const MODEL: &str = "[services.shop]\nruntime = \"threads\"\nthreads = 4\n[services.shop.endpoints]\n\
    buy = { steps = [{ sleep = \"50ms\" }] }\nlook = { steps = [{ sleep = \"50ms\" }] }\n";

impl Bench {
    /// With this load, and these keys of the table `measure`.
    fn new(load: &str, measure: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sim-measure-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        fs::write(folder.join("model.toml"), MODEL).expect("a file");
        let request = if measure.contains("request") || measure.contains("classes") {
            String::new()
        } else {
            "request = { path = \"/buy\" }\n".into()
        };
        let text =
            format!("title = \"How fast?\"\nmodel = \"model.toml\"\n[load]\n{load}\n[measure]\n{request}{measure}\n");
        fs::write(folder.join("shop.toml"), text).expect("a file");
        Self(Rc::new(Folder(folder)))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
        command.args(["measure", "shop.toml", "--no-charts"]).args(arguments).current_dir(&self.0.0);
        command
    }

    fn run(&self, server: &Server, arguments: &[&str]) -> Measured {
        let target = server.url();
        let all = [&["--target", target.as_str()], arguments].concat();
        self.measured(self.command(&all).output().expect("it runs"))
    }

    fn measured(&self, output: Output) -> Measured {
        Measured { output, folder: self.0.0.join("output/shop-measured"), _bench: Rc::clone(&self.0) }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Measured {
    /// Exit code 0, or 3 where this machine was too busy for exact times.
    #[track_caller]
    fn done(self) -> Self {
        let code = self.output.status.code();
        assert!(matches!(code, Some(0 | 3)), "{code:?}\n{}\n{}", text(&self.output.stdout), text(&self.output.stderr));
        self
    }

    fn observation(&self, metric: &str, cause: &str) -> f64 {
        let file = self.folder.join("observations.csv");
        let mut rows = csv::Reader::from_path(&file).expect("observations");
        let found = rows.records().map(|row| row.expect("a row")).find(|row| {
            let field = |at: usize| row.get(at).unwrap_or("");
            (field(2), field(3), field(4)) == ("", metric, cause)
        });
        found.map_or(f64::NAN, |row| row[5].parse().expect("a number"))
    }

    /// Successes a second.
    fn rate(&self) -> f64 {
        self.observation("throughput_per_min", "") / 60.0
    }

    fn mean(&self) -> f64 {
        self.observation("mean_s", "")
    }

    fn rows(&self) -> Vec<Row> {
        let mut reader = csv::Reader::from_path(self.folder.join("requests-001.csv")).expect("rows");
        let header = reader.headers().expect("a header").clone();
        let read = |row: csv::StringRecord| {
            let field = |name: &str| row[header.iter().position(|known| known == name).expect(name)].to_owned();
            let number = |name: &str| field(name).parse::<f64>();
            Row {
                class: field("class"),
                attempt: field("attempt").parse().expect("an attempt"),
                due: number("due_s").expect("due"),
                start: number("start_s").expect("start"),
                connected: number("connected_s").ok(),
                first_byte: number("first_byte_s").ok(),
                end: number("end_s").expect("end"),
                elapsed: number("elapsed_s").expect("elapsed"),
                status: field("status"),
                cause: field("cause"),
                connection: field("connection"),
                is_counted: field("counted") == "yes",
            }
        };
        reader.records().map(|row| read(row.expect("a row"))).collect()
    }
}

#[track_caller]
fn lies(value: f64, low: f64, high: f64) {
    assert!((low..=high).contains(&value), "{value} is not between {low} and {high}");
}

const CLOSED: &str = "kind = \"closed\"\ntarget = \"shop.buy\"\ntimeout = \"5s\"\n";
const OPEN: &str = "kind = \"open\"\ntarget = \"shop.buy\"\ntimeout = \"5s\"\n";

/// Eight clients at four slots of 50 ms: 80 a second, however late anything is no more; each waits as long as it is
/// served. Little's law holds whatever the machine does.
#[test]
fn a_closed_load_has_the_throughput_of_theory() {
    let server = Server::start(Behaviour::of(50, 4));
    let bench = Bench::new(&format!("{CLOSED}concurrency = 8\nusers = 160"), "connections = \"kept\"");
    let measured = bench.run(&server, &[]).done();
    lies(measured.rate(), 50.0, 80.8);
    lies(measured.rate() * measured.mean(), 7.4, 8.05);
    assert_eq!((measured.observation("requests", ""), measured.rows().len()), (160.0, 160));
    // Below the limit, a client's cycle is its service and its pause.
    let bench =
        Bench::new(&format!("{CLOSED}concurrency = 2\nusers = 40\nthink_time = \"50ms\""), "connections = \"kept\"");
    let measured = bench.run(&server, &[]).done();
    lies(measured.rate(), 14.0, 20.5);
    lies(measured.rate() * (measured.mean() + 0.05), 1.85, 2.1);
}

#[test]
#[ignore = "needs an idle machine: `.ci/run measure`"]
fn strict_closed_loads_are_within_five_percent_of_theory() {
    let server = Server::start(Behaviour::of(200, 4));
    for (clients, pause_ms, users) in [(1, 0, 40), (4, 0, 160), (8, 0, 160), (16, 0, 160), (4, 600, 80), (12, 200, 160)]
    {
        let load = format!("{CLOSED}concurrency = {clients}\nusers = {users}\nthink_time = \"{pause_ms}ms\"");
        for connections in ["kept", "fresh"] {
            let bench = Bench::new(&load, &format!("connections = \"{connections}\""));
            let measured = bench.run(&server, &[]).done();
            let rate = (f64::from(clients) / (0.2 + f64::from(pause_ms) / 1e3)).min(4.0 / 0.2);
            let mean = (f64::from(clients) / rate) - f64::from(pause_ms) / 1e3;
            println!("{clients} clients, pause {pause_ms} ms, {connections}: {} for {rate}/s", measured.rate());
            // A finite test ends with clients that have nothing left to send, and begins with those that all come at once.
            lies(measured.rate() / rate, 0.95, 1.05);
            lies(measured.mean() / mean, 0.95, 1.05);
        }
    }
}

/// The simulation of the same experiment, whose arrivals are the same.
fn simulated(load: &str, metric: Metric) -> f64 {
    let bench = Bench::new(load, "");
    let mut adjustments = Adjustments::default();
    adjustments.replications = Some(1);
    let plan = Plan::read(&bench.0.0.join("shop.toml"), &adjustments).expect("a plan");
    let report = sim::run(&plan);
    let point = report.points().next().expect("a point");
    point.metric(metric).expect("a figure").estimate
}

/// Poisson arrivals at a server with four slots: both meet the same arrivals, so each mean is that of the simulation, and
/// what the network takes.
#[test]
fn an_open_load_is_as_simulated() {
    let server = Server::start(Behaviour::of(50, 4));
    let load = format!("{OPEN}rate = \"60/s\"\nwarm_up = \"500ms\"\nduration = \"3s\"");
    let measured = Bench::new(&load, "connections = \"kept\"").run(&server, &[]).done();
    let (mean, rate) = (simulated(&load, Metric::MeanS), simulated(&load, Metric::ThroughputPerMin) / 60.0);
    lies(measured.mean(), mean * 0.99, mean + 0.06);
    lies(measured.rate(), rate * 0.9, rate * 1.1);
}

#[test]
#[ignore = "needs an idle machine: `.ci/run measure`"]
fn strict_open_loads_are_within_five_percent_of_the_simulation() {
    let server = Server::start(Behaviour::of(200, 4));
    for keys in [
        "rate = \"15/s\"",
        "rate = \"18/s\"",
        "rate = \"15/s\"\narrivals = \"constant\"",
        "profile = [{ at = \"0s\", rate = \"5/s\" }, { at = \"15s\", rate = \"18/s\" }]",
    ] {
        let longer = "[set]\n\"services.shop.endpoints.buy.steps.sleep\" = \"200ms\"";
        let load = format!("{OPEN}{keys}\nwarm_up = \"1s\"\nduration = \"30s\"\n{longer}");
        let measured = Bench::new(&load, "connections = \"kept\"").run(&server, &[]).done();
        let (mean, rate) = (simulated(&load, Metric::MeanS), simulated(&load, Metric::ThroughputPerMin) / 60.0);
        println!("{keys}: mean {} for {mean}, rate {} for {rate}", measured.mean(), measured.rate());
        lies(measured.mean() / mean, 0.95, 1.05);
        lies(measured.rate() / rate, 0.95, 1.05);
    }
}

/// A server that stands still for a second: what arrives meanwhile waits for the rest of it. A tool that sends the next
/// request only after an answer would see one slow request.
#[test]
fn a_stall_is_seen_by_all_that_it_delays() {
    let stall = Some((Duration::from_secs(1), Duration::from_secs(2)));
    let server = Server::start(Behaviour { stall, ..Behaviour::of(1, 1000) });
    let load = format!("{OPEN}rate = \"50/s\"\narrivals = \"constant\"\nduration = \"3s\"");
    // One connection: requests wait for it in this program, and their times begin when they were due.
    let measured = Bench::new(&load, "connections = \"kept\"\nmax_connections = 1").run(&server, &[]).done();
    let rows = measured.rows();
    let slow = rows.iter().filter(|row| row.elapsed > 0.25).count();
    assert!((35..=75).contains(&slow), "{slow} of {} are slow", rows.len());
    assert!(measured.observation("p90_s", "") > 0.5, "{}", measured.observation("p90_s", ""));
    // They were due 20 ms apart all the same.
    for (number, row) in rows.iter().enumerate() {
        assert!((row.due - 0.02 * (number + 1) as f64).abs() < 1e-3, "{number}: {row:?}");
    }
}

#[test]
fn each_moment_of_a_request_is_in_its_row() {
    let server = Server::start(Behaviour { is_two: false, ..Behaviour::of(20, 2) });
    let bench = Bench::new(&format!("{CLOSED}concurrency = 2\nusers = 12"), "");
    let measured = bench.run(&server, &[]).done();
    for row in measured.rows() {
        let connected = row.connected.expect("a connection");
        let answered = row.first_byte.expect("an answer");
        assert!(
            row.due <= row.start && row.start <= connected && connected <= answered && answered <= row.end,
            "{row:?}"
        );
        assert!(answered - connected >= 0.02 && (row.elapsed - (row.end - row.due)).abs() < 2e-6, "{row:?}");
        assert_eq!((row.status.as_str(), row.cause.as_str(), row.attempt), ("200", "", 1));
        assert!(row.is_counted && row.connection.starts_with("new "), "{row:?}");
    }
    // What the file has is what the table has.
    let file = measured.folder.join("requests-001.csv");
    let imported = Command::new(env!("CARGO_BIN_EXE_sim")).arg("import").arg(&file).output().expect("it runs");
    let figures = |text: &str| -> Vec<(String, f64)> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader.records().map(|row| row.expect("a row"));
        rows.map(|row| (row.iter().take(5).collect::<Vec<_>>().join(","), row[5].parse().expect("a number"))).collect()
    };
    let own = figures(&fs::read_to_string(measured.folder.join("observations.csv")).expect("observations"));
    let read = figures(&text(&imported.stdout));
    assert!(own.len() > 5 && own.len() == read.len(), "{own:?}\n{read:?}");
    for ((name, value), (other, same)) in own.iter().zip(&read) {
        assert!(name == other && (value - same).abs() <= 1e-4 * value.abs(), "{name} {value}, {other} {same}");
    }
}

#[test]
fn connections_are_fresh_or_kept() {
    let server = Server::start(Behaviour::of(10, 100));
    let load = format!("{CLOSED}concurrency = 4\nusers = 24");
    let mut before = 0;
    let mut opened = |measure: &str| {
        Bench::new(&load, measure).run(&server, &[]).done();
        let now = server.connections();
        std::mem::replace(&mut before, now).abs_diff(now)
    };
    assert_eq!(opened(""), 24);
    assert_eq!(opened("connections = \"kept\""), 4);
    assert_eq!(opened("connections = \"kept\"\nmax_connections = 2"), 2);
}

#[test]
fn requests_share_a_connection_of_http_2() {
    let server = Server::start(Behaviour { is_two: true, ..Behaviour::of(20, 100) });
    let load = format!("{CLOSED}concurrency = 6\nusers = 36");
    let bench = Bench::new(&load, "http = \"2\"\nconnections = \"kept\"");
    let measured = bench.run(&server, &[]).done();
    assert_eq!((measured.observation("success_rate", ""), server.connections()), (1.0, 1));
    // Six at a time: 36 of 20 ms one after the other would take 0.72 s.
    assert!(measured.rows().last().is_some_and(|row| row.end < 0.6));
    let bench = Bench::new(&load, "http = \"2\"\nconnections = \"kept\"\nmax_connections = 3");
    bench.run(&server, &[]).done();
    assert_eq!(server.connections(), 1 + 3);
    let bench = Bench::new(&load, "http = \"2\"");
    bench.run(&server, &[]).done();
    assert_eq!(server.connections(), 1 + 3 + 36);
    // What speaks HTTP/1.1 only is no server of HTTP/2, and is said to be none.
    let old = Server::start(Behaviour::of(1, 10));
    let measured = bench.run(&old, &[]);
    assert_eq!(measured.observation("success_rate", ""), 0.0);
}

/// Each class has its request; placeholders are counted; statuses of 400 and above are failures by their number.
#[test]
fn classes_have_their_requests_and_bodies_their_counters() {
    let status = |_: usize, path: &str| if path.contains("look") { 404 } else { 201 };
    let server = Server::start(Behaviour { status, ..Behaviour::of(1, 10) });
    let load = "kind = \"closed\"\nconcurrency = 3\nusers = 60\n\
        classes = { buy = { target = \"shop.buy\", weight = 2 }, look = { target = \"shop.look\" } }";
    let measure = "[measure.classes.buy]\nmethod = \"POST\"\npath = \"/buy/{{n}}?run={{run}}\"\n\
        headers = { x-user = \"u{{client}}\" }\nbody = '{\"id\": \"{{start}}-{{random}}-{{n}}\"}'\n\
        [measure.classes.look]\npath = \"/look\"";
    let bench = Bench::new(load, measure);
    let target = format!("{}/api/", server.url());
    let output = bench.command(&["--target", &target]).output().expect("it runs");
    let measured = bench.measured(output);
    let seen = server.seen();
    let (buys, looks): (Vec<Seen>, Vec<Seen>) = seen.into_iter().partition(|request| request.path.contains("buy"));
    assert_eq!(buys.len() + looks.len(), 60);
    lies(buys.len() as f64, 28.0, 52.0);
    assert!(
        looks
            .iter()
            .all(|look| (look.method.as_str(), look.path.as_str(), look.body.as_str()) == ("GET", "/api/look", ""))
    );
    assert!(
        buys.iter()
            .all(|buy| buy.method == "POST" && buy.path.starts_with("/api/buy/") && buy.path.ends_with("?run=1"))
    );
    assert_eq!(buys.iter().map(|buy| buy.header.as_str()).collect::<BTreeSet<_>>(), ["u0", "u1", "u2"].into());
    let bodies: BTreeSet<&str> = buys.iter().map(|buy| buy.body.as_str()).collect();
    assert_eq!(bodies.len(), buys.len());
    assert_eq!(measured.observation("failed_requests", "status 404"), looks.len() as f64);
    let rows = measured.rows();
    assert!(rows.iter().all(|row| (row.class == "buy") == (row.status == "201")), "{rows:?}");
    // The same seed sends the same classes in the same order.
    let classes: Vec<String> = rows.into_iter().map(|row| row.class).collect();
    let again = bench.run(&server, &[]);
    let sent = again.rows().into_iter().filter(|row| row.class == "buy").count();
    assert_eq!(sent, classes.iter().filter(|class| *class == "buy").count());
}

#[test]
fn clients_give_up_and_try_again() {
    let server = Server::start(Behaviour::of(1000, 100));
    let load = "kind = \"closed\"\ntarget = \"shop.buy\"\nconcurrency = 3\nusers = 3\ntimeout = \"200ms\"";
    let measured = Bench::new(load, "").run(&server, &[]);
    assert_eq!(measured.observation("failed_requests", "client gave up"), 3.0);
    measured.rows().iter().for_each(|row| lies(row.elapsed, 0.2, 0.9));
    // Every second request fails, and is sent once more.
    let server =
        Server::start(Behaviour { status: |number, _| if number % 2 == 1 { 503 } else { 200 }, ..Behaviour::of(1, 9) });
    let load = "kind = \"closed\"\ntarget = \"shop.buy\"\nconcurrency = 1\nusers = 5\n\
        retry = { attempts = 3, backoff = \"30ms\", jitter = \"none\" }";
    let measured = Bench::new(load, "").run(&server, &[]).done();
    let rows = measured.rows();
    assert_eq!(
        (rows.len(), measured.observation("requests", ""), measured.observation("success_rate", "")),
        (10, 5.0, 1.0)
    );
    for pair in rows.chunks(2) {
        assert!(!pair[0].is_counted && pair[1].is_counted && pair[1].attempt == 2, "{pair:?}");
        assert!(pair[1].due - pair[0].end >= 0.03 && pair[1].elapsed >= 0.03, "{pair:?}");
    }
}

/// Clients come and go by stages; a test before the measured one is not in the figures.
#[test]
fn stages_and_earlier_tests_are_sent() {
    let server = Server::start(Behaviour::of(20, 100));
    let stages = "kind = \"closed\"\ntarget = \"shop.buy\"\nconcurrency = 1\n\
        stages = [{ duration = \"0s\", target = 1 }, { duration = \"500ms\", target = 1 }, { duration = \"0s\", target = 4 }, \
        { duration = \"500ms\", target = 4 }]";
    let measured = Bench::new(stages, "connections = \"kept\"").run(&server, &[]).done();
    let rows = measured.rows();
    let within = |from: f64, to: f64| rows.iter().filter(|row| row.end >= from && row.end < to).count() as f64;
    lies(within(0.0, 0.5), 8.0, 25.0);
    lies(within(0.5, 1.0) / within(0.0, 0.5), 2.5, 6.0);
    let before = server.seen().len();
    let test =
        format!("{CLOSED}concurrency = 2\nusers = 6\nbefore = {{ concurrency = 3, users = 9, pause = \"50ms\" }}");
    let measured = Bench::new(&test, "").run(&server, &[]).done();
    assert_eq!((server.seen().len() - before, measured.rows().len()), (15, 6));
}

/// One run for each value of the load's axes; the model's axes have one value each.
#[test]
fn points_are_those_of_the_load() {
    let server = Server::start(Behaviour::of(5, 100));
    let load = format!(
        "{CLOSED}concurrency = 1\nusers = 6\n[axes.clients]\npath = \"load.concurrency\"\nvalues = [1, 3]\n\
         [axes.threads]\npath = \"services.shop.threads\"\nvalues = [2, 4]"
    );
    let bench = Bench::new(&load, "connections = \"kept\"");
    let refused = bench.run(&server, &[]);
    assert_eq!(refused.output.status.code(), Some(2));
    let said = text(&refused.output.stderr);
    assert!(said.contains("axis `threads` changes the model") && said.contains("--at threads=2"), "{said}");
    assert!(server.seen().is_empty());
    let measured = bench.run(&server, &["--at", "threads=4", "--pause", "0s", "--replications", "2"]).done();
    assert_eq!((server.seen().len(), server.connections()), (24, 2 * (1 + 3)));
    let table = fs::read_to_string(measured.folder.join("observations.csv")).expect("observations");
    assert!(table.contains("model,clients=3;threads=4,,throughput_per_min"), "{table}");
    assert!(measured.folder.join("requests-004.csv").exists() && !measured.folder.join("requests-005.csv").exists());
    let runs = fs::read_to_string(measured.folder.join("runs.csv")).expect("runs");
    assert_eq!(runs.lines().count(), 5, "{runs}");
}
