//! Systems with known numbers, measured with our own simulator: do the 90 % intervals have the truth as often as they say?

use std::process::Command;

use super::{Place, interval, name};

/// A system with two numbers that are fitted.
struct System {
    what: &'static str,
    model: &'static str,
    /// Path, unit with `{}` for the number of milliseconds, range in milliseconds.
    free: [(&'static str, &'static str, [f64; 2]); 2],
    /// The key of the load, its values, and how long a test is.
    load: (&'static str, [&'static str; 2]),
    metrics: &'static [&'static str],
}

const SYSTEMS: [System; 5] = [
    System {
        what: "a queue and a wait, open load",
        model: "title = \"system\"\n[load]\nkind = \"open\"\ntarget = \"shop.serve\"\nrate = \"4/s\"\nwarm_up = \"20s\"\nduration = \"300s\"\n\
                [stations.counter]\nservers = 1\n[services.shop]\nruntime = \"delay\"\n[services.shop.endpoints.serve]\n\
                steps = [{ visit = { station = \"counter\", time = \"exp(100ms)\" } }, { sleep = \"100ms\" }]\n",
        free: [
            ("services.shop.endpoints.serve.steps.visit.time", "exp({}ms)", [40.0, 160.0]),
            ("services.shop.endpoints.serve.steps.sleep", "{}ms", [50.0, 400.0]),
        ],
        load: ("rate", ["2/s", "5/s"]),
        metrics: &["mean_s", "p95_s"],
    },
    System {
        what: "a CPU and a wait, a finite test of 150 users",
        model: "title = \"system\"\n[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nconcurrency = 5\nusers = 150\n\
                [services.shop]\nruntime = \"threads\"\ncpu = \"1\"\n[services.shop.endpoints.serve]\n\
                steps = [{ cpu = \"exp(20ms)\" }, { sleep = \"exp(100ms)\" }]\n",
        free: [
            ("services.shop.endpoints.serve.steps.cpu", "exp({}ms)", [8.0, 50.0]),
            ("services.shop.endpoints.serve.steps.sleep", "exp({}ms)", [40.0, 250.0]),
        ],
        load: ("concurrency", ["2", "12"]),
        metrics: &["throughput_per_min", "mean_s"],
    },
    System {
        what: "an event loop with a pool of four connections",
        model: "title = \"system\"\n[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nconcurrency = 5\nusers = 300\n\
                [services.shop]\nruntime = \"event-loop\"\ncpu = \"1\"\n[services.shop.pools.db]\nserver = \"postgres\"\nmin_size = 4\nmax_size = 4\n\
                [services.shop.endpoints.serve]\nsteps = [{ cpu = \"exp(5ms)\" }, { query = { pool = \"db\", time = \"exp(30ms)\" } }]\n\
                [services.postgres]\nruntime = \"delay\"\n",
        free: [
            ("services.shop.endpoints.serve.steps.cpu", "exp({}ms)", [2.0, 14.0]),
            ("services.shop.endpoints.serve.steps.query.time", "exp({}ms)", [10.0, 80.0]),
        ],
        load: ("concurrency", ["3", "20"]),
        metrics: &["throughput_per_min", "mean_s", "p95_s"],
    },
    System {
        what: "three servers and a wait, a short open test",
        model: "title = \"system\"\n[load]\nkind = \"open\"\ntarget = \"shop.serve\"\nrate = \"4/s\"\nwarm_up = \"10s\"\nduration = \"100s\"\n\
                [stations.counter]\nservers = 3\n[services.shop]\nruntime = \"delay\"\n[services.shop.endpoints.serve]\n\
                steps = [{ sleep = \"exp(50ms)\" }, { visit = { station = \"counter\", time = \"exp(300ms)\" } }]\n",
        free: [
            ("services.shop.endpoints.serve.steps.visit.time", "exp({}ms)", [150.0, 450.0]),
            ("services.shop.endpoints.serve.steps.sleep", "exp({}ms)", [10.0, 300.0]),
        ],
        load: ("rate", ["3/s", "6/s"]),
        metrics: &["mean_s", "p95_s"],
    },
    System {
        what: "two services with a CPU each",
        model: "title = \"system\"\n[load]\nkind = \"open\"\ntarget = \"gate.serve\"\nrate = \"10/s\"\nwarm_up = \"10s\"\nduration = \"200s\"\n\
                [services.gate]\nruntime = \"threads\"\ncpu = \"1\"\n[services.gate.clients.back]\nserver = \"back\"\nreuse = \"shared\"\n\
                [services.gate.endpoints.serve]\nsteps = [{ cpu = \"exp(20ms)\" }, { call = { client = \"back\", endpoint = \"work\" } }]\n\
                [services.back]\nruntime = \"threads\"\ncpu = \"2\"\n[services.back.endpoints.work]\nsteps = [{ cpu = \"exp(40ms)\" }]\n",
        free: [
            ("services.gate.endpoints.serve.steps.cpu", "exp({}ms)", [5.0, 50.0]),
            ("services.back.endpoints.work.steps.cpu", "exp({}ms)", [10.0, 90.0]),
        ],
        load: ("rate", ["5/s", "16/s"]),
        metrics: &["mean_s", "p50_s", "p95_s"],
    },
];

/// Five truths of each system, as shares of the ranges.
const TRUTHS: [[f64; 2]; 5] = [[0.1, 0.7], [0.5, 0.1], [0.9, 0.5], [0.3, 0.9], [0.7, 0.3]];

/// The rows of a test of a model with these settings.
fn measured(place: &Place, file: &str, set: &[String], at: &str, seed: u64, metrics: &[&str]) -> Vec<String> {
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    let seed = seed.to_string();
    let more = ["--seed", &seed, "--replications", "1", "--no-charts", "-q", "--fresh"];
    let (code, said, errors) = place.sim(&[&["sweep", file], &set[..], &more[..]].concat());
    assert!(code == 0 || code == 3, "{said}{errors}");
    let table = place.0.join("out/system/results.csv");
    let imported =
        Command::new(env!("CARGO_BIN_EXE_sim")).args(["import", "--at", at]).arg(table).output().expect("sim");
    let text = String::from_utf8(imported.stdout).expect("text");
    let is_wanted = |line: &&str| metrics.iter().any(|it| line.contains(&format!(",{it},")));
    // Of one replication the variant is the model's name.
    text.lines().filter(is_wanted).map(|line| line.replacen("system,", ",", 1)).collect()
}

#[test]
#[ignore = "takes minutes: calibrations against many truths"]
fn intervals_cover_the_truth_as_often_as_they_say() {
    let (mut covered, mut of, mut widths) = (0, 0, 0.0);
    for (number, system) in SYSTEMS.iter().enumerate() {
        let mut of_system = 0;
        for (index, shares) in TRUTHS.iter().enumerate() {
            let place = Place::new(&format!("truth-{number}-{index}"));
            let ranges: String = system
                .free
                .iter()
                .map(|(path, unit, range)| {
                    let [low, high] = range.map(|end| unit.replace("{}", &end.to_string()));
                    format!("{path:?} = {{ assumed = \"a guess\", range = [{low:?}, {high:?}] }}\n")
                })
                .collect();
            let file = place.file("system.toml", &format!("{}[provenance]\n{ranges}", system.model));
            let truths: Vec<f64> =
                system.free.iter().zip(shares).map(|((_, _, [low, high]), share)| low + share * (high - low)).collect();
            let (key, values) = system.load;
            let mut rows = Vec::new();
            for (test, value) in values.iter().enumerate() {
                let mut set: Vec<String> = system
                    .free
                    .iter()
                    .zip(&truths)
                    .map(|((path, unit, _), truth)| format!("{path}={}", unit.replace("{}", &truth.to_string())))
                    .collect();
                set.push(format!("load.{key}={value}"));
                let seed = (1000 + 100 * number + 10 * index + test) as u64;
                rows.extend(measured(&place, name(&file), &set, &format!("{key}={value}"), seed, system.metrics));
            }
            let header = "variant,point,class,metric,cause,value,error,rounding,window,source,note";
            let data = place.file("truth.csv", &format!("{header}\n{}\n", rows.join("\n")));
            let (code, said, errors) =
                place.sim(&["calibrate", name(&file), "--data", name(&data), "--no-charts", "-q"]);
            assert!(code == 0 || code == 3, "{}: {said}{errors}", system.what);
            let draws = place.posterior("system");
            for ((index, truth), (_, _, [low, high])) in truths.iter().enumerate().zip(&system.free) {
                let found = interval(draws.iter().map(|draw| draw[index] * 1e3));
                let is_in = found[1] <= *truth && *truth <= found[2];
                println!(
                    "{truth:.4}: {:.4} ({:.4} to {:.4}){}",
                    found[0],
                    found[1],
                    found[2],
                    if is_in { "" } else { " OUT" }
                );
                of_system += usize::from(is_in);
                widths += (found[2] - found[1]) / (high - low);
                of += 1;
            }
        }
        println!("{}: {of_system} of 10", system.what);
        covered += of_system;
    }
    println!("{covered} of {of} covered; mean width {:.0} % of the range", 100.0 * widths / f64::from(of));
    // Of 50 at 90 %, 40 to 49 are what chance gives (97 %).
    assert!((40..=50).contains(&covered), "{covered} of {of}");
}
