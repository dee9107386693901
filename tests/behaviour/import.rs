//! `sim import`: what load tools wrote. Files with a version in their name were written by that version of the tool, the
//! others follow its published format.
//!
//! `UPDATE_GOLDEN=1 cargo test import` writes `tests/import/golden/` anew.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use sim::import::{FORMATS, Imported, Request, Text, import};

const FOLDER: &str = "tests/import";

/// Each case: the name of its golden file, and the arguments.
const CASES: [(&str, &str); 37] = [
    ("ab", "--at concurrency ab-2.3.txt"),
    ("apache", "--map elapsed=last:us apache-us.log"),
    ("apache-without-unit", "apache-us.log"),
    ("autocannon", "--at concurrency autocannon-9.0.0.json"),
    ("envoy", "envoy.log"),
    ("gatling-3.2", "gatling-3.2.log"),
    ("gatling-3.9", "gatling-3.9.log"),
    ("hey", "--variant shipped --at concurrency=5 hey-0.1.4.txt"),
    ("hey-rows", "hey-0.1.4.csv"),
    ("hey-rows-part", "--skip 200ms --window 500ms hey-0.1.4.csv"),
    ("istio", "istio.log"),
    ("jmeter", "jmeter-2.13.jtl"),
    ("k6-handle-summary", "k6-handle-summary.json"),
    ("k6-rows", "k6-rows.csv"),
    ("k6-rows-json", "k6-rows.json"),
    ("k6-rows-gzip", "--skip 5s k6-rows.json.gz"),
    ("k6-summary-export", "--at concurrency k6-summary-export.json"),
    ("locust-failures", "locust-2.47.0_failures.csv"),
    ("locust-history", "--at users locust-2.47.0_stats_history.csv"),
    ("locust-history-part", "--skip 5s --window 10s locust-2.47.0_stats_history.csv"),
    ("locust-stats", "locust-2.47.0_stats.csv"),
    ("measured", "measured.csv"),
    ("nginx-combined", "nginx-1.22.1-combined.log"),
    ("nginx-named", "nginx-1.22.1-named.log"),
    ("nginx-timed", "nginx-1.22.1-timed.log"),
    ("oha", "oha.json"),
    ("oha-1.16.0", "--variant shipped --at concurrency=5 oha-1.16.0.json"),
    ("oha-1.16.0-refused", "oha-1.16.0-refused.json"),
    ("oha-1.16.0-time", "oha-1.16.0-time.json"),
    ("own-names", "own-names.csv"),
    (
        "points",
        "--map variant=design --map at.clients=clients --map throughput_per_min=rps:/s --map success_rate=ok:% \
         --map mean_s=mean:ms --map p95_s=p95:ms points.csv",
    ),
    ("prometheus-p95", "--map p95_s=value:s prometheus-2.42.0-p95.json"),
    ("prometheus-rate", "--map throughput_per_min=value:/s --skip 4s prometheus-2.42.0-rate.json"),
    ("requests", "--map end=time --map elapsed=latency:ms --map status=code --map class=path requests.csv"),
    ("several", "--at clients ab-2.3.txt wrk-4.1.0.txt"),
    ("wrk", "--at concurrency wrk-4.1.0.txt"),
    ("totals-have-no-part", "--skip 1s wrk-4.1.0.txt"),
];

fn sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sim")).arg("import").args(arguments).current_dir(FOLDER).output().expect("sim")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

/// What a case prints, as a table and as TOML.
fn printed(arguments: &str) -> String {
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let table = sim(&words);
    let toml = sim(&[&["--toml"], &words[..]].concat());
    assert_eq!(table.status.code(), toml.status.code(), "{arguments}");
    let toml_text = text(toml.stdout);
    toml::from_str::<toml::Table>(&toml_text).unwrap_or_else(|error| panic!("{arguments}: {error}\n{toml_text}"));
    format!("$ sim import {arguments}\n{}\n{}\n{toml_text}", text(table.stdout), text(table.stderr))
}

#[test]
fn each_file_gives_the_same_observations() {
    for (name, arguments) in CASES {
        let golden = Path::new(FOLDER).join("golden").join(format!("{name}.txt"));
        let now = printed(arguments);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(golden.parent().unwrap()).unwrap();
            fs::write(&golden, &now).unwrap();
        }
        let before = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(now, before, "{name}");
    }
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(file)).expect(file)
}

fn of(file: &str) -> Imported {
    import(&Text::of(Path::new(file), &read(file)), &Request::default())
        .unwrap_or_else(|error| panic!("{}", error.render(false)))
}

/// The figure of all requests with this name.
fn value(imported: &Imported, metric: &str) -> f64 {
    let is_it =
        |figure: &&sim::import::Figure| figure.metric == metric && figure.class.is_none() && figure.cause.is_none();
    imported.figures.iter().find(is_it).unwrap_or_else(|| panic!("{metric}")).value
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * b.abs(), "{a} is not {b}");
}

/// The rows of a file, computed anew: (end in seconds, elapsed in seconds, whether it succeeded).
fn check(imported: &Imported, rows: &[(f64, f64, bool)]) {
    let begin = rows.iter().map(|(end, elapsed, _)| end - elapsed).fold(f64::INFINITY, f64::min);
    let end = rows.iter().map(|row| row.0).fold(f64::NEG_INFINITY, f64::max);
    let mut times: Vec<f64> = rows.iter().filter(|row| row.2).map(|row| row.1).collect();
    times.sort_by(f64::total_cmp);
    close(value(imported, "requests"), rows.len() as f64);
    close(value(imported, "failed_requests"), (rows.len() - times.len()) as f64);
    close(value(imported, "success_rate"), times.len() as f64 / rows.len() as f64);
    let rate = times.len() as f64 / (end - begin) * 60.0;
    assert!((value(imported, "throughput_per_min") / rate - 1.0).abs() < 1e-6);
    close(value(imported, "mean_s"), times.iter().sum::<f64>() / times.len() as f64);
    for (metric, percent) in [("p50_s", 50), ("p90_s", 90), ("p95_s", 95)] {
        // The nearest rank: the smallest time that this percentage of the times does not exceed.
        let rank = (times.len() * percent).div_ceil(100);
        close(value(imported, metric), times[rank - 1]);
    }
}

fn fields(line: &str) -> Vec<&str> {
    line.split(',').collect()
}

#[test]
fn figures_of_rows_agree_with_a_computation_of_their_own() {
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let hey: Vec<_> = read("hey-0.1.4.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let field = fields(line);
            (number(field[7]) + number(field[0]), number(field[0]), field[6] == "200")
        })
        .collect();
    check(&of("hey-0.1.4.csv"), &hey);
    let jmeter: Vec<_> = read("jmeter-2.13.jtl")
        .lines()
        .skip(1)
        .map(|line| {
            let field = fields(line);
            let (start, elapsed) = (number(field[0]) / 1000.0, number(field[1]) / 1000.0);
            (start + elapsed, elapsed, field[7] == "true")
        })
        .collect();
    check(&of("jmeter-2.13.jtl"), &jmeter);
}

/// The table of k6 has whole seconds, its lines microseconds: all else is the same.
#[test]
fn both_kinds_of_rows_of_k6_give_the_same_figures() {
    let (table, lines) = (of("k6-rows.csv"), of("k6-rows.json"));
    for metric in ["requests", "success_rate", "failed_requests", "mean_s", "p50_s", "p90_s"] {
        close(value(&table, metric), value(&lines, metric));
    }
}

#[test]
fn a_table_is_read_as_it_was_written() {
    let table = sim(&["--at", "rate=80/s", "--variant", "a,b", "jmeter-2.13.jtl"]);
    let written = text(table.stdout);
    let file = std::env::temp_dir().join(format!("sim-observations-{}.csv", std::process::id()));
    fs::write(&file, &written).unwrap();
    let again = sim(&[file.to_str().unwrap()]);
    fs::remove_file(&file).unwrap();
    let without_source = |text: &str| text.replace(file.to_str().unwrap(), "jmeter-2.13.jtl");
    assert_eq!(without_source(&text(again.stdout)), written);
}

/// A measurement that was printed is one of an experiment.
#[test]
fn measurements_can_be_pasted_into_an_experiment() {
    let toml = text(sim(&["--toml", "--at", "concurrency=5", "--variant", "as it is", "ab-2.3.txt"]).stdout);
    let folder = std::env::temp_dir().join(format!("sim-import-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let model = fs::canonicalize("models/registration.toml").unwrap();
    let experiment = format!(
        "title = \"t\"\nmodel = {:?}\n[axes.concurrency]\npath = \"load.concurrency\"\nvalues = [5]\n[[variants]]\nname = \
         \"as it is\"\n{toml}",
        model
    );
    let file = folder.join("e.toml");
    fs::write(&file, experiment).unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_sim")).arg("check").arg(&file).output().unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(checked.status.code(), Some(0), "{}", text(checked.stderr));
}

/// Whatever a file has, it is read or refused with a place; nothing panics.
#[test]
fn damaged_files_are_refused_or_read() {
    are_refused_or_read(12);
}

#[test]
#[ignore = "long: damage at 200 places of each file"]
fn files_damaged_anywhere_are_refused_or_read() {
    are_refused_or_read(200);
}

/// Cuts each file at so many places, and puts something else there.
fn are_refused_or_read(places: usize) {
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let Ok(whole) = fs::read_to_string(&path) else { continue };
        let step = (whole.len() / places).max(1);
        for end in (0..whole.len()).step_by(step) {
            let end = whole.floor_char_boundary(end);
            try_all(&path, &whole[..end]);
            for damage in ["\u{1b}[31m", "-1e309", "\"", ",,,,", "\n", "99999999999999999999", "{", "NaN"] {
                try_all(&path, &format!("{}{damage}{}", &whole[..end], &whole[end..]));
            }
        }
    }
}

fn try_all(path: &Path, content: &str) {
    let text = Text::of(path, content);
    let checked = |request: &Request| match import(&text, request) {
        Ok(imported) => {
            for figure in imported.figures {
                assert!(figure.value.is_finite(), "{}: {figure:?}", path.display());
                let words = [figure.class.as_deref(), figure.cause.as_deref(), Some(figure.note.as_str())];
                assert!(!words.into_iter().flatten().any(|text| text.contains('\u{1b}')), "{}", path.display());
            }
        }
        Err(mistake) => {
            assert!(!mistake.render(false).contains('\u{1b}'), "{}", path.display());
            assert!(mistake.location().is_some(), "{}", mistake.render(false));
        }
    };
    checked(&Request::default());
    // What is read in another format is refused as well.
    let mappings = vec!["p95_s=value:s".parse().unwrap()];
    checked(&Request { mappings, ..Request::default() });
}

#[test]
fn every_reader_refuses_what_is_in_no_format_of_its_own() {
    for format in &FORMATS {
        for content in ["x", "{}", "{\"a\":[1,2]}", "a,b\n1,2\n", "a,b\n1\n", "REQUEST\t1\n", "[x] \"y\" z\n", "\u{0}"]
        {
            let text = Text::of(Path::new("x"), content);
            let request = Request { format: sim::import::Format::named(format.name), ..Request::default() };
            match import(&text, &request) {
                Ok(imported) => assert!(imported.figures.is_empty(), "{} reads {content:?}: {imported:?}", format.name),
                Err(mistake) => assert!(mistake.location().is_some(), "{}", mistake.render(false)),
            }
        }
    }
}

/// What is wrong, where, and what would be right.
#[test]
fn mistakes_name_the_place_and_what_would_be_right() {
    let cases: [(&str, &str, &[&str]); 14] = [
        ("empty.csv", "", &["the file is empty"]),
        (
            "stats.csv",
            "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s\n,Aggregated,x,0,1,1\n",
            &["stats.csv:2:13", "`x` is not a number"],
        ),
        (
            "cut.csv",
            "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s\n,Aggreg",
            &["cut.csv:2:1", "a row has 2 fields, and the header 6", "cut off"],
        ),
        ("k6.json", "{\"metrics\": {\"http_reqs\": {\"count\": 1", &["k6.json:1:", "ends too early"]),
        ("table.csv", "a,latency\n1,2\n", &["columns `a`, `latency`", "--map"]),
        ("result.jtl", "<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">\n", &["as XML", "output_format=csv"]),
        ("k6.txt", "http_req_duration..............: avg=185.5ms min=150ms\n", &["k6 as text", "--summary-export"]),
        (
            "oha.txt",
            "Summary:\n  Success rate:\t100.00%\n  Slowest:\t0.1 sec\n",
            &["oha as text", "--output-format json"],
        ),
        ("notes.txt", "hello \u{1b}[31mred\n", &["text that begins with `hello ␛[31mred`"]),
        ("x.json", "{\"a\": 1, \"b\\u001b\": 2}", &["JSON with the keys `a`, `b␛`"]),
        (
            "access.log",
            "1.1.1.1 - - [30/Nov/2026:06:27:44 +0000] \"GET / HTTP/1.1\" 200 1\nhello\n",
            &["access.log:2:1", "too few words"],
        ),
        (
            "p.json",
            "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}",
            &["nothing says what the query asked for", "--map p95_s=value:s"],
        ),
        (
            "v.json",
            "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}",
            &["the answer is a vector", "query_range"],
        ),
        ("j.jtl", "timeStamp,elapsed,label,success\n1796020000000,-5,a,true\n", &["j.jtl:2:15", "is negative"]),
    ];
    for (name, content, words) in cases {
        let mistake = import(&Text::of(Path::new(name), content), &Request::default()).expect_err(name);
        let rendered = mistake.render(false).replace('\n', " ");
        for word in words {
            assert!(rendered.contains(word), "{name}: no {word:?} in\n{}", mistake.render(false));
        }
    }
}

/// A file that is compressed, but not to its end, and one that is no text.
#[test]
fn files_that_are_no_text_are_refused() {
    let folder = std::env::temp_dir().join(format!("sim-import-files-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let whole = fs::read(Path::new(FOLDER).join("k6-rows.json.gz")).unwrap();
    let cases: [(&str, &[u8], &str); 4] = [
        ("cut.gz", &whole[..whole.len() / 2], "ends too early"),
        ("simulation.log", b"\0\x04\x80\x81abc", "Gatling 3.11"),
        ("a.zip", b"PK\x03\x04\xff\xfe", "unpack it first"),
        ("latin.csv", b"a,b\n\xe4,1\n", "latin.csv:2:1"),
    ];
    for (name, bytes, word) in cases {
        let file = folder.join(name);
        fs::write(&file, bytes).unwrap();
        let refused = sim(&[file.to_str().unwrap()]);
        let said = text(refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{name}");
        assert!(said.replace('\n', " ").contains(word), "{name}: {said}");
    }
    let missing = sim(&[folder.join("missing.csv").to_str().unwrap()]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(missing.stderr).contains("there is no such file"));
    fs::remove_dir_all(&folder).unwrap();
}

/// In a file that is too long for an excerpt the place is named in words.
#[test]
fn a_mistake_in_a_huge_file_has_its_line_and_column() {
    let mut content = String::from("timeStamp,elapsed,label,success\n");
    for _ in 0..200_000 {
        content.push_str("1796020000000,5,home,true\n");
    }
    content.push_str("1796020000000,x,home,true\n");
    let mistake = import(&Text::of(Path::new("huge.jtl"), &content), &Request::default()).expect_err("a mistake");
    assert!(mistake.render(false).contains("huge.jtl:200002:15"), "{}", mistake.render(false));
}
