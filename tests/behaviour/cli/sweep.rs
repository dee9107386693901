//! `sim sweep`: the answer and its exit code.

use serde_json::Value;

use super::place::Place;

/// A hypothesis about the variant with one server.
fn hypothesis(expect: &str, more: &str) -> String {
    format!("[[hypotheses]]\nclaim = \"the counter is fast\"\n{more}\nexpect = {expect}\n")
}

const TRUE: &str = r#"{ at-most = { metric = "mean_s", value = 1000 } }"#;
const FALSE: &str = r#"{ at-least = { metric = "mean_s", value = 1000 } }"#;

#[test]
fn the_answer_is_on_stdout_and_nothing_is_said() {
    let place = Place::new();
    let ran = place.sim(&["sweep", "servers.toml"]).ends_with(0);
    for words in
        ["Does a second server help?", "throughput/s", "one server", "0.8/s", "station counter", "safe up to 0.8/s"]
    {
        assert!(ran.stdout.contains(words), "{words}:\n{}", ran.stdout);
    }
    assert!(ran.stdout.contains("output/servers/throughput.png"), "{}", ran.stdout);
    assert!(!ran.stderr.contains("error"), "{}", ran.stderr);
    // Neither stream is a terminal.
    assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'));
}

#[test]
fn the_exit_code_is_the_verdict() {
    let place = Place::new();
    place.put_experiment("holds.toml", &hypothesis(TRUE, ""));
    place.put_experiment("fails.toml", &(hypothesis(TRUE, "") + &hypothesis(FALSE, "")));
    place.put_experiment("refuted.toml", &hypothesis(FALSE, "refuted = true"));
    let sweep = |name: &str| place.sim(&["sweep", name, "--no-charts"]);
    assert!(sweep("holds.toml").ends_with(0).stdout.contains("\nholds "));
    let fails = sweep("fails.toml").ends_with(1);
    assert!(fails.stdout.contains("\nfails ") && fails.stdout.contains("1 holds, 1 fails"), "{}", fails.stdout);
    assert!(sweep("refuted.toml").ends_with(0).stdout.contains("refuted    as expected: “"));
}

#[test]
fn a_bound_within_the_interval_is_undecided() {
    let place = Place::new();
    let first = place.sim(&["sweep", "servers.toml", "--format", "json", "--no-charts"]).ends_with(0);
    let document: Value = serde_json::from_str(&first.stdout).expect("JSON");
    let estimate = document["points"][2]["mean_s"]["estimate"].as_f64().expect("a number");
    let expect = format!("{{ at-most = {{ metric = \"mean_s\", value = {:.9} }} }}", estimate * 1.001);
    place.put_experiment("close.toml", &hypothesis(&expect, "at = { rate = { from = \"0.8/s\" } }"));
    let ran = place.sim(&["sweep", "close.toml", "--no-charts"]).ends_with(3);
    assert!(ran.stdout.contains("undecided") && ran.stdout.contains("--replications"), "{}", ran.stdout);
}

#[test]
fn json_is_one_document_and_nothing_else() {
    let place = Place::new();
    let ran = place.sim(&["sweep", "servers.toml", "--format", "json", "--quiet", "--no-charts"]).ends_with(0);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let file: Value = serde_json::from_str(&place.text("output/servers/summary.json")).expect("JSON");
    assert_eq!(document, file);
    assert_eq!(document["points"].as_array().map(Vec::len), Some(6));
    assert_eq!(document["points"][3]["variant"], "two servers");
    assert_eq!(document["points"][3]["at"]["rate"], "0.2/s");
    assert_eq!(document["partial"], false);
    assert_eq!(ran.stderr, "");
}

#[test]
fn quiet_says_nothing() {
    let place = Place::new();
    let ran = place.sim(&["sweep", "servers.toml", "--quiet", "--replications", "9"]).ends_with(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_number_of_threads_does_not_show() {
    let place = Place::new();
    for threads in ["1", "4"] {
        place.sim(&["sweep", "servers.toml", "--no-charts", "--threads", threads, "--output", threads]).ends_with(0);
    }
    for file in ["results.csv", "trials.csv", "summary.json"] {
        assert_eq!(place.text(&format!("1/servers/{file}")), place.text(&format!("4/servers/{file}")), "{file}");
    }
}

#[test]
fn the_command_line_changes_the_experiment() {
    let place = Place::new();
    let arguments =
        ["sweep", "servers.toml", "--no-charts", "--set", "load.rate=0.4/s", "--seed", "9", "--replications", "2"];
    let ran = place.sim(&arguments).ends_with(0);
    assert!(ran.stdout.contains("2 runs a point") && ran.stdout.contains("seed 9"), "{}", ran.stdout);
    let results = place.text("output/servers/results.csv");
    assert_eq!(results.lines().count(), 3, "{results}");
    assert!(results.contains("one server,0.4/s,2,"), "{results}");
}

#[test]
fn a_trial_beyond_its_limit_does_not_sink_the_sweep() {
    let place = Place::new();
    let experiment = place.text("servers.toml").replace("replications = 3", "replications = 3\nmax_events = 4000");
    place.put("limited.toml", &experiment);
    let ran = place.sim(&["sweep", "limited.toml", "--no-charts"]).ends_with(0);
    assert!(ran.stderr.contains("too many events"), "{}", ran.stderr);
    let trials = place.text("output/limited/trials.csv");
    assert!(trials.contains("too many events") && trials.contains("complete"), "{trials}");
}

#[test]
fn measurements_are_laid_beside_the_predictions() {
    let place = Place::new();
    let measurement = "[[measurements]]\nname = \"Tuesday\"\nat = { rate = \"0.5/s\" }\n\
                       measured = { throughput_per_min = 30 }\ntolerance = 0.3\n";
    place.put_experiment("measured.toml", measurement);
    let ran = place.sim(&["sweep", "measured.toml", "--no-charts"]).ends_with(0);
    assert!(ran.stdout.contains("Tuesday") && ran.stdout.contains("yes (± 30 %)"), "{}", ran.stdout);
}

#[test]
fn a_sweep_of_very_many_points_prints_the_telling_ones() {
    let place = Place::new();
    let experiment = "title = \"How many servers?\"\nmodel = \"counter.toml\"\n\n[axes.servers]\n\
                      path = \"stations.counter.servers\"\nfrom = 1\nto = 100\nstep = 1\n";
    place.put("many.toml", experiment);
    let ran = place.sim(&["sweep", "many.toml", "--no-charts", "--replications", "2"]).ends_with(0);
    let words: Vec<&str> = ran.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains("of 100 points; results.csv has all"), "{}", ran.stdout);
    assert_eq!(place.text("output/many/results.csv").lines().count(), 101);
}

/// Each hypothesis is a test, and one more says whether the trials themselves are sound.
#[test]
fn hypotheses_are_tests_in_junit_xml() {
    let place = Place::new();
    let text =
        hypothesis(TRUE, "") + &hypothesis(FALSE, "").replace("the counter is fast", "a <slow> & \\\"odd\\\" one");
    place.put_experiment("both.toml", &text);
    place.sim(&["sweep", "both.toml", "--no-charts", "--junit", "ci/verdicts.xml"]).ends_with(1);
    let xml = place.text("ci/verdicts.xml");
    let document = roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{error}:\n{xml}"));
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).expect("a suite");
    let count = |name: &str| suite.attribute(name).expect("a count");
    assert_eq!((count("tests"), count("failures"), count("errors")), ("3", "1", "0"));
    let cases: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
    let names: Vec<_> = cases.iter().map(|case| case.attribute("name").expect("a name")).collect();
    let sound = "every trial gives figures and obeys its laws";
    assert_eq!(names, ["the counter is fast", "a <slow> & \"odd\" one", sound]);
    let failure = cases[1].children().find(|node| node.has_tag_name("failure")).expect("a failure");
    assert!(failure.attribute("message").expect("a message").contains("mean response time 1.29 s"), "{xml}");
    assert!(cases[2].children().next().is_none(), "{xml}");
}

#[test]
fn a_file_of_verdicts_that_cannot_be_written_is_refused_before_anything_runs() {
    let place = Place::new();
    let ran = place.sim(&["sweep", "servers.toml", "--junit", "servers.toml/verdicts.xml"]).ends_with(2);
    assert!(ran.stderr.contains("cannot write servers.toml: it is a file, not a folder"), "{}", ran.stderr);
    assert!(!place.path("output").exists());
}

#[test]
fn a_file_that_is_named_does_not_replace_an_input() {
    let place = Place::new();
    for input in ["servers.toml", "counter.toml"] {
        let text = place.text(input);
        let ran = place.sim(&["sweep", "servers.toml", "--junit", &format!("./{input}")]).ends_with(2);
        assert!(
            ran.stderr.contains(&format!("cannot write ./{input}: it is an input of this command")),
            "{}",
            ran.stderr
        );
        let ran = place.sim(&["digest", "servers.toml", "--report", input]).ends_with(2);
        assert!(ran.stderr.contains("it is an input of this command"), "{}", ran.stderr);
        assert_eq!(place.text(input), text);
    }
    let ran = place.sim(&["run", "counter.toml", "--report", "counter.toml"]).ends_with(2);
    assert!(ran.stderr.contains("it is an input of this command"), "{}", ran.stderr);
}

/// The line below the question says what the verdict says: a yes or a no of the hypothesis that is marked, what changes are
/// worth, or what becomes of the variants.
#[test]
fn the_question_is_answered_first() {
    let place = Place::new();
    let claim = |bound: &str, more: &str| {
        format!(
            "[[hypotheses]]\nclaim = \"It is fast\"\nat = {{ rate = \"0.5/s\" }}\nexpect = {{ at-most = {{ metric = \
             \"mean_s\", value = {bound} }} }}\n{more}\n"
        )
    };
    let effect = "[[effects]]\nchange = \"a second server\"\nvariant = \"two servers\"\nmetric = \"mean_s\"\nat = { rate = \
                  \"0.5/s\" }\n";
    // M/M/1 at half of its capacity takes 2 s.
    for (more, line) in [
        (claim("3.0", "answers = \"yes\""), "answer    Yes: It is fast"),
        (claim("1.0", "answers = \"yes\""), "answer    No: “It is fast” is refuted"),
        (claim("1.0", "answers = \"no\"\nrefuted = true"), "answer    Yes: “It is fast” is refuted"),
        (claim("3.0", "answers = \"no\""), "answer    No: It is fast"),
        (format!("{}{effect}", claim("3.0", "")), "in short  a second server: helps (mean response time)"),
        (claim("3.0", ""), "in short  Both serve about 0.80"),
    ] {
        place.put_experiment("asked.toml", &more);
        let ran = place.sim(&["sweep", "asked.toml", "--no-charts", "--quiet", "--table", "none"]);
        let second = ran.stdout.lines().nth(1).unwrap_or_default();
        assert!(second.starts_with(line), "{line}\n{}", ran.stdout);
    }
    // A single point is its own answer.
    let ran = place.sim(&["sweep", "counter.toml", "--no-charts", "--quiet", "--table", "none"]);
    assert!(!ran.stdout.contains("in short"), "{}", ran.stdout);
}
