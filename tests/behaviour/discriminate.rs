//! `sim discriminate`: the test that it proposes finds the truth, and what it says of repetitions and of bands is right.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder of its own for a test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sim-discriminate-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let file = self.0.join(name);
        fs::write(&file, text).expect("a file");
        file.to_str().expect("a path").to_owned()
    }

    fn sim(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_sim"))
            .args(arguments)
            .args(["--output", self.0.join("out").to_str().unwrap()])
            .output()
            .expect("sim");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }

    fn answer(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, said, errors) =
            self.sim(&[&["discriminate"], arguments, &["--format", "json", "--no-charts", "-q"]].concat());
        (code, serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{errors}")))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const CAUSES: [&str; 4] = ["h1-killbill", "h2-cpu-limit", "h3-event-loops", "h4-cores-and-contexts"];
const TESTS: &str = "experiments/causes/tests.toml";

fn file(cause: &str) -> String {
    format!("experiments/causes/{cause}.toml")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("{key} in {value}"))
}

/// Measures a test as if this cause were true, with a seed that the search did not have: the mean of its repetitions.
fn measured(cause: &str, test: &Value, metric: &str) -> f64 {
    let (variant, repetitions) = (text(test, "variant"), test["repetitions"].to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command.args(["run", TESTS, "--variant", variant, "--seed", "4711", "--replications", &repetitions]);
    command.args(["--at", &text(test, "point").replace(' ', ""), "--format", "json", "-q"]);
    // What the cause sets is set by hand; what the test sets stands over it.
    let own: toml::Table = fs::read_to_string(file(cause)).unwrap().parse().unwrap();
    let tests: toml::Table = fs::read_to_string(TESTS).unwrap().parse().unwrap();
    let changed = tests["variants"].as_array().unwrap().iter().find(|it| it["name"].as_str() == Some(variant)).unwrap();
    for (path, value) in own["set"].as_table().unwrap() {
        if changed.get("set").is_none_or(|set| set.get(path).is_none()) {
            command.args(["--set", &format!("{path}={value}")]);
        }
    }
    let Output { stdout, stderr, .. } = command.output().expect("sim");
    let point: Value = serde_json::from_slice(&stdout).unwrap_or_else(|error| panic!("{error}: {stderr:?}"));
    point["point"][metric]["estimate"].as_f64().unwrap_or_else(|| panic!("{metric} in {point}"))
}

/// The causes that a result of a test leaves: those for which all of its figures are where they would be.
fn left<'a>(test: &Value, truth: &str, causes: Vec<&'a str>) -> Vec<&'a str> {
    let mut left = causes;
    for prediction in list(test, "predictions") {
        let ends = [("is_true_from", f64::NEG_INFINITY), ("is_true_to", f64::INFINITY)];
        let [low, high] = ends.map(|(key, none)| prediction[key].as_f64().unwrap_or(none));
        if low.is_finite() || high.is_finite() {
            let value = measured(truth, test, text(prediction, "metric"));
            left.retain(|cause| *cause != text(prediction, "hypothesis") || (low..=high).contains(&value));
        }
    }
    left
}

/// Each cause of the load test report is made true in turn; the tests that are proposed, in their order, leave it and no other.
#[test]
fn the_proposed_tests_find_each_cause_of_the_load_test_report() {
    let place = Place::new("seed");
    let files = CAUSES.map(file);
    let arguments: Vec<&str> = files.iter().map(String::as_str).chain(["--tests", TESTS]).collect();
    let (code, found) = place.answer(&arguments);
    assert_eq!(code, 0, "{}", found["answer"]);
    let tests = list(&found, "tests");
    let further = list(&found, "further").iter().map(|index| &tests[index.as_u64().unwrap() as usize]);
    let proposed: Vec<&Value> = std::iter::once(&tests[0]).chain(further).collect();
    for truth in CAUSES {
        let remaining = proposed.iter().fold(CAUSES.to_vec(), |causes, test| left(test, truth, causes));
        assert_eq!(remaining, [truth], "{}", found["answer"]);
    }
    // Two changes of the system are enough, at 15 concurrent, below the load at which the causes are alike.
    let variants: Vec<&str> = proposed.iter().map(|test| text(test, "variant")).collect();
    assert_eq!(variants, ["4 cores a replica", "shared SSL context"]);
    // The report had such a test of KillBill alone: 804 a minute at 20 concurrent, which is not that of KillBill as the limit.
    let alone = tests
        .iter()
        .find(|it| (text(it, "variant"), text(it, "point")) == ("billing-service alone", "concurrency = 15"));
    let pairs = list(alone.unwrap(), "pairs");
    for pair in pairs.iter().filter(|pair| list(pair, "hypotheses")[0] == "h1-killbill") {
        assert_eq!(pair["repetitions"], 1, "{pair}");
    }
    assert!(alone.unwrap()["cost_s"].as_f64().unwrap() < 60.0);
    let table = place.0.join("out/tests/discriminate.csv");
    assert!(fs::read_to_string(table).unwrap().starts_with("test,variant,point,hypothesis,metric,mean,"));
}

const MODEL: &str = "
[load]
kind = \"open\"
target = \"shop.serve\"
rate = \"20/s\"
warm_up = \"5s\"
duration = \"60s\"

[services.shop]
runtime = \"threads\"
threads = 100
cpu = \"1\"

[services.shop.pools.main]
server = \"database\"
max_size = 10

[services.shop.endpoints.serve]
steps = [{ cpu = \"CPU\" }, { query = { pool = \"main\", time = \"QUERY\" } }]

[services.database]
runtime = \"threads\"
cpu = \"4\"
";

/// Two models that take 30 ms alone: 20 ms of CPU and 10 ms of a query, or the other way round.
fn rivals(place: &Place) -> [String; 2] {
    let model = |cpu: &str, query: &str| MODEL.replace("CPU", cpu).replace("QUERY", query);
    [place.file("cpu.toml", &model("exp(20ms)", "10ms")), place.file("query.toml", &model("exp(10ms)", "20ms"))]
}

fn tests(place: &Place, more: &str) -> String {
    let text = format!(
        "title = \"Which part takes the time?\"\nmodel = \"cpu.toml\"\nreplications = 8\n[axes.rate]\npath = \
         \"load.rate\"\nvalues = [\"5/s\", \"45/s\"]\n{more}"
    );
    place.file("questions.toml", &text)
}

/// At 5/s both take 30 ms; at 45/s the CPU of one is at 90 %, and the other's at 45 %.
#[test]
fn load_separates_what_is_alike_without_it() {
    let place = Place::new("load");
    let [cpu, query] = rivals(&place);
    let questions = tests(&place, "");
    let (code, found) = place.answer(&[&cpu, &query, "--tests", &questions]);
    assert_eq!((code, text(&list(&found, "tests")[0], "point")), (0, "rate = 45/s"), "{found}");
    let slow = &list(&found, "tests")[1];
    assert!(list(slow, "pairs")[0]["repetitions"].is_null(), "{slow}");
    // The same whatever the number of threads is.
    let (_, again) = place.answer(&[&cpu, &query, "--tests", &questions, "--threads", "1", "--fresh"]);
    assert_eq!(found, again);
    // If the models may be off by more than they differ, no test helps.
    let (code, found) = place.answer(&[&cpu, &query, "--tests", &questions, "--tolerance", "300%"]);
    assert_eq!(code, 1, "{found}");
    assert_eq!(text(&found, "answer"), "no test tells any two of the hypotheses apart, not with 10 repetitions");
}

/// A change costs its time: where it is free, the test that needs it is the better one.
#[test]
fn time_to_change_the_system_counts() {
    let place = Place::new("change");
    let [cpu, query] = rivals(&place);
    let more = "[[variants]]\nname = \"today\"\n[[variants]]\nname = \"half the CPU\"\nset = { \"services.shop.cpu\" = \"500m\" }\n";
    let questions = tests(&place, more);
    let best = |change: &str| {
        let (code, found) = place.answer(&[&cpu, &query, "--tests", &questions, "--change", change]);
        assert_eq!(code, 0, "{found}");
        list(&found, "tests")[0].clone()
    };
    let (slow, free) = (best("1h"), best("0s"));
    assert_eq!((text(&slow, "variant"), slow["changes_the_system"].as_bool()), ("today", Some(false)));
    assert_eq!((text(&free, "variant"), free["changes_the_system"].as_bool()), ("half the CPU", Some(true)));
    assert!(free["cost_s"].as_f64().unwrap() < 120.0, "{free}");
}

/// The CPU time of a shop is known to 10 to 30 ms. What it gives near its limit is learnt from its CPU, and so from a test
/// under load, not from the time of the query, which is known.
#[test]
fn the_answer_is_narrowed_by_the_test_that_depends_on_what_is_not_known() {
    let place = Place::new("narrow");
    let [cpu, _] = rivals(&place);
    let draws: String = (0..200).map(|draw| format!("{},0.02\n", 0.018 + 0.0001 * f64::from(draw % 40))).collect();
    let path = "services.shop.endpoints.serve.steps.cpu";
    let posterior = place.file("posterior.csv", &format!("{path},discrepancy\n{draws}"));
    let questions = tests(&place, "");
    let arguments =
        [cpu.as_str(), "--tests", &questions, "--posterior", &posterior, "--answer", "mean_s", "--at", "rate=48/s"];
    let (code, found) = place.answer(&arguments);
    assert_eq!(code, 0, "{found}");
    let narrower = |point: &str| {
        let test = list(&found, "tests").iter().find(|test| text(test, "point") == point).unwrap();
        test["narrower"].as_f64().unwrap()
    };
    assert!(narrower("rate = 45/s") > 0.05 && narrower("rate = 45/s") < 1.0, "{found}");
    let band = list(&found, "band_90");
    let now = found["now"].as_f64().unwrap();
    assert!(band[0].as_f64().unwrap() < now && now < band[1].as_f64().unwrap(), "{found}");
    let (_, said, _) = place.sim(&[&["discriminate"], &arguments[..], &["--no-charts"]].concat());
    assert!(said.contains("now the mean response time of “cpu” at rate = 48/s is"), "{said}");
}

#[test]
fn mistakes_are_explained() {
    let place = Place::new("mistakes");
    let [cpu, query] = rivals(&place);
    let questions = tests(&place, "");
    let posterior = place.file("posterior.csv", "services.shop.endpoints.serve.steps.cpu\n0.02\n0.03\n");
    let other = place.file("other.toml", &fs::read_to_string(&questions).unwrap().replace("45/s", "46/s"));
    let third = place.file("third.toml", &fs::read_to_string(&questions).unwrap().replace("5/s", "7/s"));
    let same = place.0.join("same");
    fs::create_dir_all(&same).unwrap();
    fs::copy(Path::new(&cpu), same.join("cpu.toml")).unwrap();
    let twin = same.join("cpu.toml").to_str().unwrap().to_owned();
    let cases: [(&[&str], &str); 10] = [
        (&[&cpu, "--tests", &questions], "one hypothesis alone cannot be distinguished from others"),
        (
            &[&cpu, &query, "--tests", &questions, "--answer", "p95_s"],
            "with several hypotheses no --answer is narrowed",
        ),
        (&[&cpu, "--tests", &questions, "--answer", "p95_s"], "--answer needs draws of the model's parameters"),
        (
            &[&cpu, &query, "--tests", &questions, "--posterior", &posterior],
            "--posterior is given 1 times for 2 hypotheses",
        ),
        (&[&questions, &third], "the hypotheses have no test in common"),
        (
            &[&cpu, &query, "--tests", &questions, "--metric", "staleness_p95_s"],
            "no test of `cpu` has staleness_p95_s: the model has no views that could be stale",
        ),
        (&[&cpu, &query, "--tests", &cpu], "is a model, not an experiment that lists tests"),
        (&[&cpu, &twin, "--tests", &other], "two hypotheses have the name `cpu`"),
        (
            &[&cpu, &query, "--tests", &questions, "--replications", "2"],
            "2 replications do not show how large the noise is",
        ),
        (
            &[&cpu, "--tests", &questions, "--posterior", &posterior, "--answer", "p95_s", "--at", "speed=3"],
            "there is no axis `speed`",
        ),
    ];
    for (arguments, expected) in cases {
        let (code, said, errors) = place.sim(&[&["discriminate"], arguments].concat());
        assert_eq!(code, 2, "{arguments:?}: {said}{errors}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
    }
}
