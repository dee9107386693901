//! `sim compare`, `sim scoreboard` and `sim calibrate`: laws that data must obey, how far a model is off, and which of its numbers fit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

mod coverage;

/// A folder of its own for a test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sim-calibrate-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    /// Writes a table of observations: point, metric, value, error.
    fn data(&self, rows: &[(&str, &str, f64, f64)]) -> PathBuf {
        let mut text = "variant,point,class,metric,cause,value,error,rounding,window,source,note\n".to_owned();
        for (point, metric, value, error) in rows {
            let error = if *error > 0.0 { error.to_string() } else { String::new() };
            text += &format!(",{point},,{metric},,{value},{error},,,test,\n");
        }
        self.file("data.csv", &text)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.join(name);
        fs::write(&file, text).expect("a file");
        file
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join("out").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn sim(&self, arguments: &[&str]) -> (i32, String, String) {
        let out = self.0.join("out");
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_sim"))
            .args(arguments)
            .args(["--output", out.to_str().unwrap()])
            .output()
            .expect("sim");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }

    /// The columns of `posterior.csv`, sorted.
    fn posterior(&self, name: &str) -> Vec<Vec<f64>> {
        let text = self.read(&format!("{name}/posterior.csv"));
        text.lines().skip(1).map(|line| line.split(',').map(|field| field.parse().unwrap()).collect()).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn name(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Median and 90 % interval.
fn interval(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let sorted = sorted(values);
    [0.5, 0.05, 0.95].map(|share| sorted[((sorted.len() - 1) as f64 * share).round() as usize])
}

const PAIR: &str = "tests/calibrate/pair.toml";
const MM1: &str = "models/mm1.toml";
const SERVICE: &str = "services.shop.endpoints.serve.steps.visit.time";

/// The report of the load test says "CPU 11-15m" a pod, of two, beside 517 a minute of 100 ms of bcrypt: 0.86 of a core. Its "9 to 15
/// seconds at 150 concurrent" beside 517 a minute is 78 to 129 requests in the system.
#[test]
fn the_contradictions_of_the_load_test_report_are_found() {
    let place = Place::new("seed");
    let arguments = ["tests/calibrate/seed.csv", "experiments/seed.toml", "--replications", "3", "--no-charts"];
    let (code, said, errors) = place.sim(&[&["compare"], &arguments[..]].concat());
    assert_eq!(code, 1, "{said}{errors}");
    assert!(
        said.contains("contradiction at P4-150 (utilisation law, U = X D): user-service uses 22m to 30m"),
        "{said}"
    );
    assert!(said.contains("caution at P4-150 (Little's law, N = X R): 517/min times 9.00 s to 15.00 s"), "{said}");
    let arguments = [
        "calibrate",
        "experiments/seed.toml",
        "--data",
        "tests/calibrate/seed.csv",
        "--replications",
        "3",
        "--no-charts",
    ];
    let (code, said, _) = place.sim(&arguments);
    assert_eq!(code, 1);
    assert!(said.contains("Nothing was fitted"), "{said}");
    assert!(!place.0.join("out/seed/posterior.csv").exists());
}

#[test]
fn more_requests_than_clients_contradict_the_load() {
    let place = Place::new("little");
    let model = place.file(
        "closed.toml",
        "[load]\nkind = \"closed\"\ntarget = \"a.b\"\nconcurrency = 10\nduration = \"50s\"\n[services.a]\nruntime = \"delay\"\n\
         [services.a.endpoints.b]\nsteps = [{ sleep = \"exp(100ms)\" }]\n",
    );
    // 6,000/min of 100 ms are the 10 clients; of 200 ms they are 20, and of 50 ms 5.
    for (mean, law) in [(0.1, None), (0.2, Some("more than there can be")), (0.05, Some("clients would be idle"))] {
        let data = place.data(&[("", "throughput_per_min", 6000.0, 60.0), ("", "mean_s", mean, 0.001)]);
        let (_, said, errors) = place.sim(&["compare", name(&data), name(&model), "--no-charts", "--no-scoreboard"]);
        match law {
            Some(words) => assert!(said.contains(words), "{mean}: {said}{errors}"),
            None => assert!(!said.contains("contradiction"), "{mean}: {said}"),
        }
    }
    // 10 % of the requests take 2 s or more, so that the mean is not 100 ms.
    let data = place.data(&[("", "mean_s", 0.1, 0.0), ("", "p90_s", 2.0, 0.0)]);
    let (_, said, _) = place.sim(&["compare", name(&data), name(&model), "--no-charts", "--no-scoreboard"]);
    assert!(said.contains("Markov's inequality"), "{said}");
    let data = place.data(&[("", "p90_s", 0.2, 0.0), ("", "p99_s", 0.1, 0.0)]);
    let (_, said, _) = place.sim(&["compare", name(&data), name(&model), "--no-charts", "--no-scoreboard"]);
    assert!(said.contains("percentiles rise"), "{said}");
}

/// The mean of both waits is 300 ms; the rate that is offered is 300 a minute.
#[test]
fn a_model_that_drifts_is_noticed_and_the_score_is_kept() {
    let place = Place::new("drift");
    let data = place.data(&[
        ("", "throughput_per_min", 300.0, 0.0),
        ("", "mean_s", 0.3, 0.0),
        ("rate=10/s", "mean_s", 0.3, 0.0),
    ]);
    let (code, said, errors) = place.sim(&["compare", name(&data), PAIR]);
    assert_eq!(code, 0, "{said}{errors}");
    assert!(place.0.join("out/pair/parity-mean_s.png").exists());
    let drifted = "services.shop.endpoints.serve.steps.sleep#1=exp(160ms)";
    let (code, said, _) = place.sim(&["compare", name(&data), PAIR, "--set", drifted, "--no-charts"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("NO (± 10 %)"), "{said}");
    let (code, ..) =
        place.sim(&["compare", name(&data), PAIR, "--set", drifted, "--no-charts", "--tolerance", "mean_s=30%"]);
    assert_eq!(code, 0);
    let table = place.read("pair/compare.csv");
    assert!(table.lines().nth(3).is_some_and(|line| line.starts_with(",rate=10/s,mean_s,0.3,")), "{table}");
    let (code, said, _) = place.sim(&["scoreboard"]);
    assert_eq!(code, 0);
    assert_eq!(said.matches("within").count(), 2, "{said}");
    assert_eq!(said.matches("beyond").count(), 1, "{said}");
}

#[test]
fn what_was_measured_elsewhere_is_refused_with_its_place() {
    let place = Place::new("elsewhere");
    let data = place.data(&[("concurency=5", "mean_s", 0.3, 0.0)]);
    let (code, _, errors) = place.sim(&["compare", name(&data), "experiments/pooling.toml"]);
    assert_eq!(code, 2);
    assert!(errors.contains("does not say which variant"), "{errors}");
    let (code, _, errors) =
        place.sim(&["compare", name(&data), "experiments/pooling.toml", "--variant", "per-request"]);
    assert_eq!(code, 2);
    assert!(errors.contains("no value of axis `concurrency`"), "{errors}");
    let (code, _, errors) = place.sim(&["calibrate", MM1, "--data", name(&place.data(&[("", "mean_s", 2.0, 0.1)]))]);
    assert_eq!(code, 2);
    assert!(errors.contains("no number to fit"), "{errors}");
    let free = format!("{SERVICE}=2s..1s");
    let data = place.data(&[("", "mean_s", 2.0, 0.1)]);
    let (code, _, errors) = place.sim(&["calibrate", MM1, "--data", name(&data), "--free", &free]);
    assert_eq!(code, 2);
    assert!(errors.contains("write the smaller value first"), "{errors}");
    // Fitted as two parameters, the second value was written over the first one: `exp(148.3ms)")`.
    let free = format!("{SERVICE}=500ms..1500ms");
    let twice = ["--free", free.as_str(), "--free", free.as_str()];
    let (code, _, errors) = place.sim(&[&["calibrate", MM1, "--data", name(&data)], &twice[..]].concat());
    assert_eq!(code, 2);
    assert!(errors.contains("--free gives `services.shop.endpoints.serve.steps.visit.time` twice"), "{errors}");
}

/// In M/M/1 the mean response time is s / (1 - λ s): 2 s at 0.5/s where s is 1 s. An error of 100 ms in it is one of 100 / 4 = 25 ms in s.
#[test]
fn the_service_time_of_mm1_is_recovered_within_theory() {
    let place = Place::new("mm1");
    let data = place.data(&[("rate=0.5/s", "mean_s", 2.0, 0.1)]);
    let free = format!("{SERVICE}=500ms..1500ms");
    let set = ["--set", "load.duration=20000s", "--no-charts"];
    let (code, said, errors) =
        place.sim(&[&["calibrate", MM1, "--data", name(&data), "--free", &free], &set[..]].concat());
    assert_eq!(code, 0, "{said}{errors}");
    let [median, low, high] = interval(place.posterior("mm1").iter().map(|draw| draw[0]));
    assert!(low < 1.0 && high > 1.0, "{median} {low} {high}");
    // 90 % of a normal distribution with a 95 % interval of 25 ms to either side are 21 ms to either side; the noise of the runs
    // and the discrepancy make that wider.
    assert!(((high - low) / 2.0 - 0.025).abs() < 0.01, "{median} {low} {high}");
    let text = place.read("mm1/calibrated.toml");
    assert!(
        text.contains("# M/M/1: Poisson arrivals") && text.contains("calibrated = \"sim calibrate, data.csv, 20"),
        "{text}"
    );
    let file = place.0.join("out/mm1/calibrated.toml");
    let check = Command::new(env!("CARGO_BIN_EXE_sim")).arg("check").arg(file).output().expect("sim");
    assert!(check.status.success(), "{check:?}\n{text}");
}

/// Only the sum of two waits in a row shows in the mean: 300 ms, to 3 %.
#[test]
fn a_pair_that_the_data_cannot_tell_apart_is_named() {
    let place = Place::new("pair");
    let data = place.data(&[("", "mean_s", 0.3, 0.01)]);
    let (code, said, errors) = place.sim(&["calibrate", PAIR, "--data", name(&data)]);
    assert_eq!(code, 0, "{said}{errors}");
    // The mean is known to 10 ms, so that the waits are tied but for the noise of the runs.
    let (_, correlation) = said.split_once("trade off (correlation ").expect("a trade-off");
    let correlation: f64 = correlation[..5].parse().expect("a number");
    assert!(correlation <= -0.98, "{said}");
    assert!(said.contains("says next to nothing of"), "{said}");
    let draws = place.posterior("pair");
    let [_, low, high] = interval(draws.iter().map(|draw| draw[0] + draw[1]));
    assert!(low < 0.3 && high > 0.3 && high - low < 0.04, "{low} {high}");
    let [_, low, high] = interval(draws.iter().map(|draw| draw[0]));
    assert!(high - low > 0.15, "{low} {high}");
    assert!(place.0.join("out/pair/posterior.png").exists());
    // A percentile parts them, but for which is which: two peaks, or a ridge that is bent.
    let text = place.read("pair/calibrated.toml");
    assert_eq!(text.matches("calibrated = ").count(), 2, "{text}");
    assert!(text.contains("# the first"), "{text}");
}

/// Both waits together are 560 ms at most.
#[test]
fn a_model_that_no_values_fit_says_so() {
    let place = Place::new("misfit");
    let data = place.data(&[("", "mean_s", 0.9, 0.01), ("rate=10/s", "mean_s", 0.3, 0.01)]);
    let (code, said, errors) = place.sim(&["calibrate", PAIR, "--data", name(&data), "--no-charts"]);
    assert_eq!(code, 1, "{said}{errors}");
    assert!(said.contains("NO values within the ranges fit"), "{said}");
}

#[test]
fn the_posterior_does_not_depend_on_threads() {
    let place = Place::new("threads");
    let data = place.data(&[("", "mean_s", 0.3, 0.01), ("", "p95_s", 0.75, 0.03)]);
    let mut posteriors = Vec::new();
    for threads in ["1", "3"] {
        let more = ["--threads", threads, "--fresh", "--no-charts", "--replications", "2"];
        let (code, said, errors) = place.sim(&[&["calibrate", PAIR, "--data", name(&data)], &more[..]].concat());
        assert!(code == 0, "{said}{errors}");
        posteriors.push(place.read("pair/posterior.csv"));
    }
    assert_eq!(posteriors[0], posteriors[1]);
}

/// Two servers where the model has one: no service time gives both the mean of an idle system and that of a busy one.
/// In M/M/2 the mean is s / (1 - (λ s / 2)²), here with 1.5 s.
#[test]
fn a_model_of_the_wrong_structure_is_recognised() {
    let place = Place::new("structure");
    let rows: Vec<(String, f64)> =
        [0.2, 0.5, 0.8, 1.1].map(|rate: f64| (format!("rate={rate}/s"), 1.5 / (1.0 - (0.75 * rate).powi(2)))).into();
    let rows: Vec<(&str, &str, f64, f64)> =
        rows.iter().map(|(at, mean)| (at.as_str(), "mean_s", *mean, 0.02 * mean)).collect();
    let data = place.data(&rows);
    let free = format!("{SERVICE}=300ms..2000ms");
    let set = ["--set", "load.duration=5000s", "--no-charts", "--replications", "3"];
    let (code, said, errors) =
        place.sim(&[&["calibrate", MM1, "--data", name(&data), "--free", &free], &set[..]].concat());
    assert_eq!(code, 1, "{said}{errors}");
    assert!(said.contains("NO values within the ranges fit"), "{said}");
}

/// Of six rows of M/M/1 with 1 s, s / (1 - λ s), one is 60 % too high. The others still say what the service time is: a
/// discrepancy that is the same everywhere would make its interval several times as wide.
#[test]
fn one_wrong_row_does_not_spoil_the_others() {
    let place = Place::new("wrong-row");
    let rows: Vec<(String, f64)> = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
        .map(|rate: f64| (format!("rate={rate}/s"), 1.0 / (1.0 - rate) * if rate == 0.3 { 1.6 } else { 1.0 }))
        .into();
    let rows: Vec<(&str, &str, f64, f64)> =
        rows.iter().map(|(at, mean)| (at.as_str(), "mean_s", *mean, 0.02 * mean)).collect();
    let data = place.data(&rows);
    let free = format!("{SERVICE}=500ms..1500ms");
    let set = ["--set", "load.duration=20000s", "--no-charts", "--replications", "3"];
    let (_, said, errors) =
        place.sim(&[&["calibrate", MM1, "--data", name(&data), "--free", &free], &set[..]].concat());
    let [median, low, high] = interval(place.posterior("mm1").iter().map(|draw| draw[0]));
    assert!(low < 1.0 && high > 1.0 && high - low < 0.1, "{median} {low} {high}\n{said}{errors}");
}

/// Every setting answers all requests, and an open load that is not overloaded has the throughput that is offered: both say
/// nothing of how right the model is.
#[test]
fn figures_that_the_load_determines_are_no_evidence() {
    let place = Place::new("pinned");
    let all = [
        ("", "throughput_per_min", 300.0, 0.0),
        ("", "success_rate", 1.0, 0.0),
        ("rate=10/s", "throughput_per_min", 600.0, 0.0),
        ("rate=10/s", "success_rate", 1.0, 0.0),
        ("", "mean_s", 0.33, 0.003),
        ("rate=10/s", "mean_s", 0.30, 0.003),
    ];
    let discrepancy = |rows: &[(&str, &str, f64, f64)]| {
        let data = place.data(rows);
        let more = ["--no-charts", "--format", "json", "--replications", "2", "--fresh"];
        let (_, said, errors) = place.sim(&[&["calibrate", PAIR, "--data", name(&data)], &more[..]].concat());
        let document: serde_json::Value =
            serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{errors}"));
        document["discrepancy"][0].as_f64().expect("a number")
    };
    let (with, without) = (discrepancy(&all), discrepancy(&all[4..]));
    assert!((with / without - 1.0).abs() < 0.25 && without > 0.01, "{with} {without}");
}

/// The only parameter is of an endpoint that nothing calls, and the model is 10 % off everywhere: that says how wrong it is, though not
/// of which values.
#[test]
fn figures_that_no_parameter_moves_say_how_wrong_the_model_is() {
    let place = Place::new("unmoved");
    let file = place.file(
        "unmoved.toml",
        "[load]\nkind = \"open\"\ntarget = \"a.b\"\nrate = \"2/s\"\nduration = \"500s\"\n[services.a]\nruntime = \"delay\"\n\
         [services.a.endpoints.b]\nsteps = [{ sleep = \"100ms\" }]\n[services.a.endpoints.c]\nsteps = [{ sleep = \"50ms\" }]\n",
    );
    let data = place.data(&[
        ("rate=2/s", "mean_s", 0.112, 0.001),
        ("rate=5/s", "mean_s", 0.109, 0.001),
        ("rate=9/s", "mean_s", 0.111, 0.001),
    ]);
    let free = "services.a.endpoints.c.steps.sleep=10ms..90ms";
    let more = ["--no-charts", "--format", "json", "--replications", "2", "--free", free];
    let (code, said, errors) = place.sim(&[&["calibrate", name(&file), "--data", name(&data)], &more[..]].concat());
    assert_eq!(code, 1, "{said}{errors}");
    let document: serde_json::Value = serde_json::from_str(&said).expect("a document");
    assert!(document["discrepancy"][0].as_f64().is_some_and(|size| size > 0.05), "{said}");
}

/// Draws of the first wait from 80 to 120 ms: the mean of both is 280 to 320 ms.
fn drawn(place: &Place) -> PathBuf {
    let rows: String = (0..40).map(|draw| format!("{},0\n", 0.08 + 0.001 * f64::from(draw) + 0.0005)).collect();
    place.file("posterior.csv", &format!("services.shop.endpoints.serve.steps.sleep#1,discrepancy\n{rows}"))
}

const CLAIMS: &str = "title = \"claims\"\nmodel = \"PAIR\"\nreplications = 10\n[axes.rate]\npath = \"load.rate\"\n\
    values = [\"5/s\", \"10/s\"]\n[[hypotheses]]\nclaim = \"The mean is below 310 ms\"\n\
    expect = { at-most = { metric = \"mean_s\", value = 0.31 } }\n";

#[test]
fn a_sweep_carries_what_is_not_known_of_the_parameters() {
    let place = Place::new("bands");
    let posterior = drawn(&place);
    let pair = fs::canonicalize(PAIR).expect("the model");
    let file = place.file("claims.toml", &CLAIMS.replace("PAIR", name(&pair)));
    let mut tables = Vec::new();
    for threads in ["1", "3"] {
        let more = ["--posterior", name(&posterior), "--draws", "10", "--threads", threads, "--fresh"];
        let (_, said, errors) = place.sim(&[&["sweep", name(&file)], &more[..]].concat());
        assert!(said.contains("% of the parameters that fit ("), "{said}{errors}");
        assert!(said.contains("90 % of parameters") && said.contains("10 draws of 1 parameter"), "{said}");
        tables.push(place.read("claims/results.csv"));
    }
    assert_eq!(tables[0], tables[1]);
    let mut reader = csv::Reader::from_reader(tables[0].as_bytes());
    let names = reader.headers().expect("names").clone();
    let row = reader.records().next().expect("a row").expect("fields");
    let of = |wanted: &str| {
        let column = names.iter().position(|it| it == wanted).unwrap_or_else(|| panic!("no {wanted}"));
        row[column].parse::<f64>().unwrap_or_else(|error| panic!("{wanted}: {error}"))
    };
    // The median of the draws, not the 100 ms of the model's file, and the ends of 90 % of them.
    assert!((of("mean_s") - 0.3).abs() < 0.01, "{}", of("mean_s"));
    let width = of("mean_s_parameters_hi") - of("mean_s_parameters_lo");
    assert!(width > 0.025 && width < 0.045, "{width}");
    assert!(of("mean_s_tests_lo") < of("mean_s_parameters_lo"));
    assert!(of("mean_s_tests_hi") > of("mean_s_parameters_hi"));
    let document: serde_json::Value = serde_json::from_str(&place.read("claims/summary.json")).expect("a document");
    let share = &document["posterior"]["hypotheses"][0];
    let [holds, fails, undecided] = ["holds", "fails", "undecided"].map(|it| share[it].as_u64().expect("a count"));
    assert_eq!(holds + fails + undecided, 10);
    assert!(holds > 0 && holds < 10, "{share}");
    assert!(place.0.join("out/claims/posterior-journal.jsonl").exists());
    // Without a posterior there are no such columns.
    let (..) = place.sim(&["sweep", name(&file), "--no-charts", "-q"]);
    assert!(!place.read("claims/results.csv").contains("_parameters_lo"));
}

#[test]
fn a_run_of_one_point_has_bands_too() {
    let place = Place::new("run-bands");
    let posterior = drawn(&place);
    let run = |more: &[&str]| {
        let all = [&["run", PAIR, "--posterior", name(&posterior), "--replications", "3"], more].concat();
        let output = Command::new(env!("CARGO_BIN_EXE_sim")).args(all).output().expect("sim");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, said, errors) = run(&["--draws", "6"]);
    assert_eq!(code, Some(0), "{said}{errors}");
    assert!(said.contains("90 % of tests") && said.contains("6 draws of 1 parameter"), "{said}");
    let (_, said, _) = run(&["--draws", "6", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&said).expect("a document");
    assert!(document["point"]["bands"]["mean_s"]["tests_90"][1].as_f64().is_some_and(|it| it > 0.3), "{said}");
    // What the command line sets stands over the draws.
    let (_, said, _) =
        run(&["--draws", "6", "--format", "json", "--set", "services.shop.endpoints.serve.steps.sleep#1=exp(10ms)"]);
    let document: serde_json::Value = serde_json::from_str(&said).expect("a document");
    assert!(document["point"]["bands"]["mean_s"]["expected"].as_f64().is_some_and(|it| it < 0.25), "{said}");
    let (code, _, errors) = run(&["--draws", "1"]);
    assert_eq!(code, Some(2), "{errors}");
    // The draws of another model: the file is named, and the word that is wrong underlined.
    let other = place.file("other.csv", "services.user-service.cpu,discrepancy\n1,0.01\n2,0.01\n");
    let (code, _, errors) = place.sim(&["sweep", PAIR, "--posterior", name(&other)]);
    assert_eq!(code, 2);
    assert!(errors.contains("other.csv") && errors.contains("has no entry `user-service`"), "{errors}");
}

/// A queue with a constant service of 150 ms, measured by our own simulator under arrivals in bursts, and compared with Poisson
/// arrivals of the same rate: all of the error is that of the workload. With 200 ms in the model the timing is wrong too.
#[test]
fn an_error_is_divided_into_workload_and_timing() {
    let place = Place::new("split");
    let model = |load: &str, service: &str| {
        format!(
            "[load]\nkind = \"open\"\ntarget = \"shop.serve\"\n{load}\nduration = \"200s\"\n[stations.counter]\nservers = 1\n\
             [services.shop]\nruntime = \"delay\"\n[services.shop.endpoints.serve]\n\
             steps = [{{ visit = {{ station = \"counter\", time = \"{service}\" }} }}]\n"
        )
    };
    // Four at a time, each second.
    let times: String = (0..800)
        .map(|request| format!("{},{}\n", f64::from(request / 4) + 0.001 * f64::from(request % 4), 1))
        .collect();
    let arrivals = place.file("arrivals.csv", &format!("due_s,attempt\n{times}199.9,2\n"));
    // Waits of 0, 1, 2 and 3 services, less 1 ms for each place: a mean of 375 - 1.5 ms.
    let data = place.data(&[("", "mean_s", 0.3735, 0.0), ("", "throughput_per_min", 240.0, 0.0)]);
    let split = |service: &str| {
        let file = place.file("poisson.toml", &model("rate = \"4/s\"", service));
        let more = ["--arrivals", name(&arrivals), "--no-charts", "--no-scoreboard"];
        let (_, said, errors) = place.sim(&[&["compare", name(&data), name(&file)], &more[..]].concat());
        assert!(said.contains("workload") && said.contains("timing"), "{said}{errors}");
        let table = place.read("poisson/compare.csv");
        let row = table.lines().find(|line| line.contains(",mean_s,")).expect("a row").to_owned();
        let fields: Vec<&str> = row.split(',').collect();
        let number = |index: usize| fields[index].parse::<f64>().expect("a number");
        (number(11), number(15), number(16))
    };
    let (all, workload, timing) = split("150ms");
    assert!(
        (all - workload - timing).abs() < 1e-9 && timing.abs() < 0.002 && workload < -0.2,
        "{all} {workload} {timing}"
    );
    let (_, _, timing) = split("180ms");
    // A mean of 450 - 1.5 ms instead of 373.5 ms.
    assert!((timing - 0.2008).abs() < 0.002, "{timing}");
    let closed = place.file(
        "closed.toml",
        &model("", "150ms").replace("open", "closed").replace("\nduration", "concurrency = 3\nduration"),
    );
    let more = ["--arrivals", name(&arrivals), "--no-charts", "--no-scoreboard"];
    let (code, _, errors) = place.sim(&[&["compare", name(&data), name(&closed)], &more[..]].concat());
    assert_eq!(code, 2);
    assert!(errors.contains("mixed load cannot be replayed"), "{errors}");
    let named = format!("{}:nowhere", name(&arrivals));
    let file = place.0.join("poisson.toml");
    let (code, _, errors) = place.sim(&["compare", name(&data), name(&file), "--arrivals", &named, "--no-charts"]);
    assert_eq!(code, 2);
    assert!(errors.contains("there is no column of arrivals"), "{errors}");
}
