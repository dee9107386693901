//! The files of a sweep, and what happens when they cannot be written.

use std::fs;

use super::place::Place;

#[test]
fn results_and_charts_are_written() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--output", "here/and/there"]).ends_with(0);
    let charts = ["blame.png", "response-time.png", "throughput.png", "utilisation.png"];
    let results = [
        ".files.json",
        ".journal.jsonl.lock",
        "blame.csv",
        "comparisons.csv",
        "journal.jsonl",
        "report.html",
        "resources.csv",
        "results.csv",
        "summary.json",
        "trials.csv",
    ];
    let mut all: Vec<&str> = charts.into_iter().chain(results).collect();
    all.sort_unstable();
    assert_eq!(place.names("here/and/there/servers"), all);
    let picture = fs::read(place.path("here/and/there/servers/throughput.png")).expect("a picture");
    assert!(picture.starts_with(b"\x89PNG"));
    let results = place.text("here/and/there/servers/results.csv");
    let header =
        "variant,rate,replications,throughput_per_min,throughput_per_min_lo,throughput_per_min_hi,success_rate,";
    assert!(results.starts_with(header), "{results}");
    assert_eq!(results.lines().count(), 7);
    assert_eq!(place.text("here/and/there/servers/trials.csv").lines().count(), 19);
}

#[test]
fn charts_come_as_asked() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--svg", "--dark"]).ends_with(0);
    let names = place.names("output/servers");
    assert_eq!(names.len(), 10 + 4 * 4, "{names:?}");
    assert!(names.contains(&"throughput-dark.svg".to_owned()));
    place.sim(&["sweep", "counter.toml", "--no-charts"]).ends_with(0);
    assert_eq!(
        place.names("output/counter"),
        [
            ".files.json",
            ".journal.jsonl.lock",
            "blame.csv",
            "journal.jsonl",
            "resources.csv",
            "results.csv",
            "summary.json",
            "trials.csv"
        ]
    );
}

#[test]
fn each_combination_of_the_other_axes_has_charts_of_its_own() {
    let place = Place::new();
    let second = "\n[axes.servers]\npath = \"stations.counter.servers\"\nvalues = [1, 3]\n";
    let experiment = place.text("servers.toml");
    let (head, _) = experiment.split_once("[[variants]]").expect("variants");
    place.put("two.toml", &format!("{head}{second}"));
    place.sim(&["sweep", "two.toml"]).ends_with(0);
    let names = place.names("output/two");
    assert!(names.contains(&"throughput-servers-1.png".to_owned()), "{names:?}");
    assert!(names.contains(&"utilisation-servers-3.png".to_owned()), "{names:?}");
}

/// The commands that write, each with what it writes first.
const WRITERS: [&[&str]; 5] = [
    &["explain", "servers.toml", "--no-charts"],
    &["sweep", "servers.toml", "--no-charts"],
    &["knee", "servers.toml", "--no-charts", "--objective", "mean_s<=4"],
    &["sensitivity", "servers.toml", "--no-charts", "--trajectories", "2", "--samples", "2"],
    &["sweep", "servers.toml", "--shard", "1/2"],
];

/// A day of trials is not run for a folder that cannot take their results.
#[test]
fn a_folder_that_cannot_be_written_is_found_before_any_trial() {
    for arguments in WRITERS {
        let place = Place::new();
        place.put("file", "where the folder should be");
        let mut targets = vec!["file", "file/below"];
        if cfg!(unix) {
            #[cfg(unix)]
            std::os::unix::fs::symlink("file", place.path("link")).expect("a link");
            targets.push("link");
        }
        if fs::metadata("/dev/full").is_ok() {
            targets.push("/dev/full");
        }
        for target in targets {
            let ran = place.sim(&[arguments, &["--output", target]].concat()).ends_with(2);
            assert_eq!(ran.stdout, "", "{arguments:?} {target}");
            assert!(ran.stderr.contains("it is a file, not a folder"), "{}", ran.stderr);
            assert!(ran.stderr.contains("--output"), "{}", ran.stderr);
        }
    }
}

#[test]
fn something_in_the_place_of_a_file_is_found_before_any_trial() {
    let of = |arguments: &[&str]| match arguments {
        ["knee", ..] => ["knee-journal.jsonl", "knee.json"].to_vec(),
        ["explain", ..] => ["explain-journal.jsonl", "explain.json"].to_vec(),
        ["sensitivity", ..] => ["sensitivity-journal.jsonl", "sensitivity.json"].to_vec(),
        [.., "1/2"] => ["shard-1-of-2.jsonl"].to_vec(),
        _ => ["journal.jsonl", ".files.json", "results.csv", "trials.csv", "summary.json"].to_vec(),
    };
    for arguments in WRITERS {
        for name in of(arguments) {
            let place = Place::new();
            fs::create_dir_all(place.path("output/servers").join(name)).expect("a folder in the way");
            let ran = place.sim(arguments).ends_with(2);
            assert_eq!(ran.stdout, "", "{arguments:?} {name}");
            assert!(ran.stderr.contains(name) && ran.stderr.contains("it is a folder"), "{}", ran.stderr);
            assert_eq!(place.names("output/servers"), [name]);
        }
    }
}

#[test]
fn one_file_that_cannot_be_written_does_not_cost_the_others() {
    let place = Place::new();
    fs::create_dir_all(place.path("output/servers/utilisation.png")).expect("a folder in the way");
    let ran = place.sim(&["sweep", "servers.toml"]).ends_with(2);
    assert!(ran.stderr.contains("utilisation.png"), "{}", ran.stderr);
    let names = place.names("output/servers");
    assert!(names.contains(&"summary.json".to_owned()) && names.contains(&"throughput.png".to_owned()), "{names:?}");
    assert!(!names.iter().any(|name| name.ends_with(".part")), "{names:?}");
}

#[test]
fn a_mistake_writes_nothing() {
    let place = Place::new();
    place.put_experiment("wrong.toml", "[[variants]]\nname = \"x\"\nset = { \"stations.countr.servers\" = 2 }\n");
    let ran = place.sim(&["sweep", "wrong.toml"]).ends_with(2);
    assert!(ran.stderr.contains("countr") && ran.stderr.contains("wrong.toml:"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    assert!(place.names("output").is_empty());
    let ran = place.sim(&["sweep", "nowhere.toml"]).ends_with(2);
    assert!(ran.stderr.contains("nowhere.toml"), "{}", ran.stderr);
    assert!(!place.path("output").exists());
}

/// A chart of other inputs would be taken for one of these.
#[test]
fn files_of_other_inputs_do_not_stay() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml"]).ends_with(0);
    place.put("output/servers/notes.md", "mine");
    place.sim(&["sweep", "servers.toml", "--no-charts", "--files", "jsonl,jsonl"]).ends_with(0);
    let names = place.names("output/servers");
    assert!(names.contains(&"throughput.png".to_owned()) && names.contains(&"results.csv".to_owned()), "{names:?}");
    place
        .sim(&["sweep", "servers.toml", "--no-charts", "--files", "jsonl", "--set", "load.duration=300s"])
        .ends_with(0);
    let names = place.names("output/servers");
    assert!(!names.iter().any(|name| name.ends_with(".png") || name.ends_with(".csv")), "{names:?}");
    assert!(
        ["notes.md", "results.jsonl", "trials.jsonl"].iter().all(|name| names.contains(&(*name).into())),
        "{names:?}"
    );
}
