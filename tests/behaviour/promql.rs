//! PromQL as Prometheus evaluates it. Expected values of functions are those of Prometheus' own tests
//! (`promql/testdata/functions.test` and `histograms.test` of 2.42, `promql/promqltest/testdata` of 3.9).

use sim::promql::rules::read;
use sim::promql::state::{Course, courses};
use sim::promql::{Evaluation, Labels, Release, STALE, Series, Storage, Value, evaluate, parse};

const MINUTE: i64 = 60_000;

/// A name, labels and values.
type Written<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [f64]);

/// Series with a sample every five minutes from 0 on.
fn every_five_minutes(all: &[Written]) -> Storage {
    let mut storage = Storage::default();
    for (name, labels, values) in all {
        let mut with_name: Labels = labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        with_name.insert("__name__".into(), (*name).into());
        let samples = (0..).map(|number| number * 5 * MINUTE).zip(values.iter().copied()).collect();
        storage.add(Series { labels: with_name, samples });
    }
    storage
}

/// The values of a vector by the value of a label, or the scalar.
fn at(storage: &Storage, minutes: i64, release: Release, text: &str, label: &str) -> Vec<(String, f64)> {
    let expression = parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    let value = evaluate(&expression, Evaluation { storage, at: minutes * MINUTE, release });
    match value.unwrap_or_else(|fault| panic!("{text}: {fault}")) {
        Value::Scalar(number) => vec![(String::new(), number)],
        Value::Vector(vector) => {
            let mut all: Vec<(String, f64)> = vector
                .into_iter()
                .map(|(labels, value)| (labels.get(label).cloned().unwrap_or_default(), (value * 1e6).round() / 1e6))
                .collect();
            all.sort_by(|a, b| a.0.cmp(&b.0));
            all
        }
    }
}

fn named(all: &[(&str, f64)]) -> Vec<(String, f64)> {
    all.iter().map(|&(name, value)| (name.to_owned(), value)).collect()
}

fn line(first: f64, step: f64, steps: usize) -> Vec<f64> {
    (0..=steps).map(|number| first + step * number as f64).collect()
}

#[test]
fn rates_are_extrapolated_as_each_release_does() {
    let with_reset = |step: f64| [line(0.0, step, 5), line(0.0, step, 5)].concat();
    let (foo, dings, bumms) = (line(0.0, 10.0, 10), line(10.0, 10.0, 10), line(1.0, 10.0, 10));
    let bar = with_reset(18.0);
    let three = every_five_minutes(&[
        ("http", &[("path", "/foo")], &foo),
        ("http", &[("path", "/bar")], &bar),
        ("http", &[("path", "/dings")], &dings),
        ("http", &[("path", "/bumms")], &bumms),
    ]);
    let increase = |range: &str| at(&three, 50, Release::Three, &format!("increase(http[{range}])"), "path");
    assert_eq!(increase("50m"), named(&[("/bar", 160.0), ("/bumms", 100.0), ("/dings", 100.0), ("/foo", 100.0)]));
    assert_eq!(increase("100m"), named(&[("/bar", 162.0), ("/bumms", 101.0), ("/dings", 105.0), ("/foo", 100.0)]));
    let bar = with_reset(10.0);
    let two = every_five_minutes(&[("http", &[("path", "/foo")], &foo), ("http", &[("path", "/bar")], &bar)]);
    for range in ["50m", "100m"] {
        let text = format!("increase(http[{range}])");
        assert_eq!(at(&two, 50, Release::Two, &text, "path"), named(&[("/bar", 90.0), ("/foo", 100.0)]));
    }
    // The same range has two samples in 2.x and one in 3.x, which is too few.
    let end = [line(0.0, 10.0, 9), vec![0.0, 10.0]].concat();
    let end = every_five_minutes(&[("end", &[], &end)]);
    assert_eq!(at(&end, 55, Release::Two, "rate(end[5m])", ""), named(&[("", 0.033333)]));
    assert_eq!(at(&end, 50, Release::Two, "rate(end[5m])", ""), named(&[("", 0.0)]));
    assert_eq!(at(&end, 50, Release::Three, "rate(end[5m])", ""), []);
}

#[test]
fn quantiles_interpolate_within_a_bucket() {
    let buckets: Vec<(&str, Vec<f64>)> = [("0.1", 5.0), (".2", 7.0), ("1e0", 11.0), ("+Inf", 12.0)]
        .into_iter()
        .map(|(le, step)| (le, line(0.0, step, 10)))
        .collect();
    let labels: Vec<[(&str, &str); 2]> = buckets.iter().map(|(le, _)| [("le", *le), ("start", "positive")]).collect();
    let series: Vec<Written> =
        labels.iter().zip(&buckets).map(|(labels, (_, values))| ("h_bucket", &labels[..], &values[..])).collect();
    let storage = every_five_minutes(&series);
    let quantile = |q: &str| at(&storage, 50, Release::Three, &format!("histogram_quantile({q}, h_bucket)"), "start");
    for (q, value) in [("0", 0.0), ("0.2", 0.048), ("0.5", 0.15), ("0.8", 0.72), ("1", 1.0)] {
        assert_eq!(quantile(q), named(&[("positive", value)]), "{q}");
    }
}

#[test]
fn old_and_stale_samples_are_not_seen() {
    let storage = every_five_minutes(&[("a", &[], &[1.0, 2.0, STALE]), ("b", &[], &[1.0])]);
    let count = |minutes, release, text| at(&storage, minutes, release, text, "").len();
    assert_eq!((count(9, Release::Three, "a"), count(10, Release::Three, "a")), (1, 0));
    // The look-back of five minutes includes its start in 2.x.
    assert_eq!((count(5, Release::Two, "b"), count(5, Release::Three, "b"), count(4, Release::Three, "b")), (1, 0, 1));
    assert_eq!(at(&storage, 30, Release::Three, "absent(a{job=\"x\"})", "job"), named(&[("x", 1.0)]));
    assert_eq!(count(10, Release::Three, "count_over_time(a[1h])"), 1);
}

#[test]
fn operators_match_by_labels() {
    let storage = every_five_minutes(&[
        ("up", &[("job", "user"), ("instance", "0")], &[1.0]),
        ("total", &[("job", "user"), ("instance", "0"), ("status", "success")], &[0.0]),
        ("total", &[("job", "user"), ("instance", "0"), ("status", "failure")], &[4.0]),
        ("level", &[("job", "user"), ("instance", "0")], &[5.0]),
    ]);
    let count = |text: &str| at(&storage, 1, Release::Three, text, "job").len();
    // One side has a label that the other lacks: nothing matches.
    assert_eq!(count("up == 1 and total == 0"), 0);
    assert_eq!(count("up == 1 AND on (job, instance) total == 0"), 1);
    assert_eq!(count("up == 1 and sum by (job, instance) (total) == 4"), 1);
    assert_eq!((count("up unless level"), count("up or on () level"), count("level > bool 7")), (0, 1, 1));
    assert_eq!(at(&storage, 1, Release::Three, "-2 ^ 2 + 3 * 2 - sum(level) / 5", ""), named(&[("", 1.0)]));
    assert_eq!(at(&storage, 1, Release::Three, "1 - 2 - 3", ""), named(&[("", -4.0)]));
    assert_eq!(at(&storage, 1, Release::Three, "avg(total) + max(total) * min(level)", ""), named(&[("", 22.0)]));
    assert_eq!(count("total{status=~\"succ.*\", job!=\"x\"}"), 1);
    assert_eq!(count("total{status=~\"succ\"}"), 0);
    let expression = parse("level + on (job) total").expect("right PromQL");
    let evaluation = Evaluation { storage: &storage, at: MINUTE, release: Release::Three };
    let fault = evaluate(&expression, evaluation).expect_err("two series match");
    assert!(fault.title.contains("several series on the right side match {job=\"user\"}"), "{fault}");
}

/// The part that is meant is named by its bytes.
#[test]
fn what_is_not_supported_is_pointed_at() {
    for (text, part, is_unsupported) in [
        ("topk(3, up)", "topk", true),
        ("rate(a[5m:1m]) > 1", ":1m", true),
        ("a * on (job) group_left b", "group_left", true),
        ("sum(a) > predict_linear(b[1h], 3600)", "predict_linear", true),
        ("a @ 5 > 1", "@", true),
        ("rate(a) > 1", "a", false),
        ("a[5m] > 1", "a[5m]", false),
        ("a > ", ">", false),
        ("1 > 2", ">", false),
        ("a{job=user}", "user", false),
        ("rate(a[5])", "5", false),
        ("a and 1", "1", false),
        ("sum by (job (a)", "(", false),
        ("sum by (", "(", false),
        ("a{", "{", false),
        ("a{x=~\"(\"}", "\"(\"", false),
        ("(((a)", ")", false),
        ("a $ b", "$", false),
        ("{x=\"\"}", "{x=\"\"}", false),
    ] {
        let fault = parse(text).expect_err(text);
        assert_eq!((&text[fault.span.clone()], fault.is_unsupported), (part, is_unsupported), "{text}: {fault}");
    }
    assert!(parse(&"a + ".repeat(10_000)).expect_err("too long").title.contains("more than 1000 words"));
    let deep = format!("{}a{}", "(".repeat(400), ")".repeat(400));
    assert!(parse(&deep).expect_err("too deep").title.contains("nested too deeply"));
}

/// However YAML writes an expression, the part stands where the file has it.
#[test]
fn a_part_that_is_not_supported_is_found_in_the_file() {
    for written in [
        "sum(up) > 1 and topk(3, up)",
        "sum(up) > 1\n    and topk(3, up)",
        "'sum(up{a=\"it''s\"}) > 1 and topk(3, up)'",
        "\"sum(up{a=~\\\"\\\\\\\\d\\\"}) > 1\\n and topk(3, up)\"",
        ">-\n    sum(up) > 1\n    and\n    topk(3, up)",
        "|\n    # 20 °C\n    sum(up) > 1\n    and topk(3, up)\n",
    ] {
        let file = format!("- alert: Ä\n  expr: {written}\n  for: 1m\n");
        let groups = read(&file).unwrap_or_else(|wrong| panic!("{file}: {wrong}"));
        let rule = groups[0].rules[0].as_ref().expect_err("an aggregation that is not supported");
        assert_eq!(rule.span, file.find("topk").map(|at| at..at + 4).expect("it is there"), "{file}");
    }
    // At the end of the text, and where the file has other characters.
    let wrong = |file: &str| read(file).expect("YAML")[0].rules[0].as_ref().expect_err("no PromQL").span.clone();
    assert_eq!(wrong("- alert: A\n  expr: ''\n"), 19..19);
    assert_eq!(wrong("- alert: A\n  expr: \"\\x74opk(3, up)\"\n"), 19..35);
}

fn one_course(rules: &str, values: &[f64], until: i64) -> Course {
    let mut storage = Storage::default();
    let labels: Labels = [("__name__".into(), "level".into()), ("job".into(), "user".into())].into();
    let samples = (0..).map(|number| number * MINUTE).zip(values.iter().copied()).collect();
    storage.add(Series { labels, samples });
    let groups = read(rules).unwrap_or_else(|wrong| panic!("{wrong}"));
    let rules: Vec<_> = groups[0].rules.iter().map(|rule| rule.as_ref().expect("a rule")).collect();
    courses(&[(rules, MINUTE)], &mut storage, until * MINUTE, Release::Three).remove(0).pop().expect("a course")
}

#[test]
fn an_alert_fires_when_its_expression_has_held_for_long_enough() {
    let rules = "- alert: High\n  expr: level > 5\n  for: 2m\n  labels: { severity: page }\n";
    let course = one_course(rules, &[0.0, 9.0, 9.0, 0.0, 9.0, 9.0, 9.0, 9.0, 0.0, 0.0], 9);
    let [firing] = &course.firings[..] else { panic!("{course:?}") };
    assert_eq!((firing.active, firing.from, firing.to), (4 * MINUTE, 6 * MINUTE, Some(8 * MINUTE)));
    let labels: Vec<(&str, &str)> = firing.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(labels, [("alertname", "High"), ("job", "user"), ("severity", "page")]);
    assert_eq!(course.first_active, Some(MINUTE));
    // It fires on for three minutes after the last result.
    let kept = format!("{rules}  keep_firing_for: 3m\n");
    let course = one_course(&kept, &[9.0, 9.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0], 7);
    assert_eq!((course.firings[0].from, course.firings[0].to), (2 * MINUTE, Some(6 * MINUTE)));
}

#[test]
fn a_recording_rule_gives_a_series() {
    let rules = "- { record: twice, expr: 2 * level }\n- { alert: High, expr: twice >= 18 }\n";
    let course = one_course(rules, &[0.0, 9.0, 0.0], 2);
    assert_eq!((course.firings[0].from, course.firings[0].to), (MINUTE, Some(2 * MINUTE)));
}

#[test]
fn files_of_rules_that_are_wrong_are_refused_at_their_place() {
    for (text, part) in [
        ("groups:\n  - name: a\n    rulez: []\n", "rulez"),
        ("groups:\n  - name: a\n    rules:\n      - alert: X\n        expr: up\n        for: soon\n", "soon"),
        ("groups:\n  - name: a\n    rules:\n      - expr: up\n", "expr: up"),
        ("groups:\n  - name: a\n    rules:\n      - alert: X\n", "alert: X"),
        ("groups: 7\n", "7"),
        ("rules: []\n", "rules"),
    ] {
        let wrong = read(text).expect_err(text);
        assert_eq!(&text[wrong.span.clone()], part, "{text}: {wrong}");
    }
    assert!(read("groups: [\n").is_err() && read("").is_err() && read("a: &x 1\nb: *x\n").is_err());
}
