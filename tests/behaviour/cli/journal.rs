//! The journal: nothing that a sweep has run is lost, and nothing is run twice.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use super::place::Place;

/// Files that are results; all of them are functions of the trials.
const RESULTS: [&str; 3] = ["results.csv", "trials.csv", "summary.json"];

const JOURNAL: &str = "output/servers/journal.jsonl";

fn results(place: &Place) -> Vec<String> {
    RESULTS.map(|name| place.text(&format!("output/servers/{name}"))).to_vec()
}

/// Journals of this name that were put aside in a folder.
fn aside(place: &Place, folder: &str, name: &str) -> Vec<String> {
    let names = place.names(folder).into_iter();
    let is_one = |other: &String| other.starts_with("previous-") && other.ends_with(&format!("-{name}"));
    names.filter(is_one).map(|other| format!("{folder}/{other}")).collect()
}

/// What one sweep without any trouble writes.
fn undisturbed(replications: &str) -> Vec<String> {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--no-charts", "--replications", replications]).ends_with(0);
    results(&place)
}

#[test]
fn a_second_sweep_runs_nothing_and_says_the_same() {
    let place = Place::new();
    let first = place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    let (files, journal) = (results(&place), place.text(JOURNAL));
    assert_eq!(journal.lines().count(), 1 + 18);
    let second = place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    assert!(second.stderr.contains("18 trials are in the journal already"), "{}", second.stderr);
    assert_eq!((first.stdout, files), (second.stdout, results(&place)));
    assert_eq!(journal, place.text(JOURNAL));
}

#[test]
fn more_replications_go_on_where_fewer_ended() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--no-charts", "--replications", "2"]).ends_with(0);
    let few = place.text(JOURNAL);
    place.sim(&["sweep", "servers.toml", "--no-charts", "--replications", "5"]).ends_with(0);
    assert!(place.text(JOURNAL).starts_with(&few));
    assert_eq!(results(&place), undisturbed("5"));
    // Fewer again: what is there and not asked for does not count.
    place.sim(&["sweep", "servers.toml", "--no-charts", "--replications", "3"]).ends_with(0);
    assert_eq!(results(&place), undisturbed("3"));
}

#[test]
fn a_torn_last_line_and_a_damaged_one_are_run_again() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    let (files, journal) = (results(&place), place.text(JOURNAL));
    let lines: Vec<&str> = journal.lines().collect();
    let mut torn = lines[..5].join("\n") + "\n{\"trial\":{\"point\":1,\"repl\x00\n" + &lines[6..12].join("\n") + "\n";
    torn += &lines[12][..lines[12].len() / 2];
    fs::write(place.path(JOURNAL), torn).unwrap();
    let ran = place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    assert!(ran.stderr.contains("10 trials are in the journal"), "{}", ran.stderr);
    assert!(ran.stderr.contains("skipped 1 damaged line of the journal"), "{}", ran.stderr);
    assert_eq!(results(&place), files);
}

#[test]
fn a_digit_that_was_damaged_is_no_figure() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    let (files, journal) = (results(&place), place.text(JOURNAL));
    let at = journal.find("\"throughput_per_min\":").unwrap() + "\"throughput_per_min\":".len();
    let digit = if journal.as_bytes()[at] == b'9' { "8" } else { "9" };
    fs::write(place.path(JOURNAL), [&journal[..at], digit, &journal[at + 1..]].concat()).unwrap();
    let ran = place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    assert!(ran.stderr.contains("skipped 1 damaged line of the journal"), "{}", ran.stderr);
    assert_eq!(results(&place), files);
}

/// What a search finds is a function of its journal, and of nothing else.
#[test]
fn a_search_goes_on_where_its_journal_ends() {
    let place = Place::new();
    let range = "\n[provenance]\n\"services.shop.endpoints.serve.steps.visit.time\" = { assumed = \"a guess\", range = \
                 [\"500ms\", \"1100ms\"] }\n";
    place.put("counter.toml", &(place.text("counter.toml") + range));
    let cheapest = "[optimize]\nobjectives = [{ at-most = { metric = \"mean_s\", value = 1.2 } }]\n\
                    [[optimize.parameters]]\npath = \"stations.counter.servers\"\nvalues = [1, 2, 3, 4]\ncost = 1\n";
    place.put_experiment("cheapest.toml", cheapest);
    let searches = [
        (
            "servers",
            "knee",
            20,
            vec!["knee", "servers.toml", "--objective", "mean_s<=2.5", "--resolution", "0.05/s", "--no-charts"],
        ),
        ("servers", "sensitivity", 20, vec!["sensitivity", "servers.toml", "--trajectories", "3", "--samples", "6"]),
        ("servers", "explain", 6, vec!["explain", "servers.toml", "--at", "rate=0.8/s"]),
        ("cheapest", "optimize", 20, vec!["optimize", "cheapest.toml"]),
    ];
    for (folder, name, few, arguments) in searches {
        let answer = format!("output/{folder}/{name}.json");
        let journal = format!("output/{folder}/{name}-journal.jsonl");
        let first = place.sim(&arguments).ends_with(0);
        let (document, whole) = (place.text(&answer), place.text(&journal));
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        assert!(lines.len() > few, "{name}: {} lines", lines.len());
        for keep in [lines.len(), lines.len() / 2, 1] {
            fs::write(place.path(&journal), lines[..keep].concat()).unwrap();
            let again = place.sim(&arguments).ends_with(0);
            assert_eq!((&again.stdout, place.text(&answer)), (&first.stdout, document.clone()), "{name}");
            assert_eq!(again.stderr.contains(&format!("{} trials are in the journal", keep - 1)), keep > 1, "{name}");
            let mut sorted: Vec<String> = place.text(&journal).lines().map(str::to_owned).collect();
            let mut before: Vec<String> = whole.lines().map(str::to_owned).collect();
            sorted.sort();
            before.sort();
            assert_eq!(sorted, before, "{name}");
        }
        // Another question has other trials.
        place.sim(&[&arguments[..], &["--replications", "11"]].concat());
        let aside = aside(&place, &format!("output/{folder}"), &format!("{name}-journal.jsonl"));
        assert_eq!(place.text(&aside[0]).lines().count(), lines.len());
    }
}

#[test]
fn other_inputs_begin_anew_and_comments_do_not() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    let old = place.text(JOURNAL);
    let text = place.text("servers.toml");
    let claim = "[[hypotheses]]\nclaim = \"it survives\"\nvariant = \"one server\"\nexpect = { survives = {} }\n";
    place.put("servers.toml", &format!("# why?\n{text}\n{claim}"));
    let ran = place.sim(&["sweep", "servers.toml", "--no-charts"]);
    assert!(ran.stderr.contains("18 trials are in the journal"), "{}", ran.stderr);
    let model = place.text("counter.toml").replace("exp(1s)", "exp(0.9s)");
    place.put("counter.toml", &model);
    let ran = place.sim(&["sweep", "servers.toml", "--no-charts"]);
    assert!(ran.stderr.contains("the old journal is kept as previous-"), "{}", ran.stderr);
    // It is not thrown away, nor by the next change, and counts again when it is asked for again.
    let first = aside(&place, "output/servers", "journal.jsonl");
    assert_eq!((first.len(), place.text(&first[0])), (1, old.clone()));
    place.put("counter.toml", &model.replace("exp(0.9s)", "exp(0.8s)"));
    place.sim(&["sweep", "servers.toml", "--no-charts"]);
    assert_eq!(aside(&place, "output/servers", "journal.jsonl").len(), 2);
    place.put("counter.toml", &model.replace("exp(0.9s)", "exp(1s)"));
    let ran = place.sim(&["sweep", "servers.toml", "--no-charts"]);
    assert!(ran.stderr.contains("18 trials are in the journal"), "{}", ran.stderr);
    assert_eq!(place.text(JOURNAL), old);
    assert_eq!(aside(&place, "output/servers", "journal.jsonl").len(), 2);
    let ran = place.sim(&["sweep", "servers.toml", "--no-charts", "--fresh"]);
    assert!(!ran.stderr.contains("in the journal"), "{}", ran.stderr);
}

#[test]
fn a_foreign_file_is_put_aside() {
    let place = Place::new();
    fs::create_dir_all(place.path("output/servers")).unwrap();
    fs::write(place.path(JOURNAL), "my notes\n").unwrap();
    let ran = place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    assert!(ran.stderr.contains("kept as previous-journal.jsonl"), "{}", ran.stderr);
    assert_eq!(place.text("output/servers/previous-journal.jsonl"), "my notes\n");
}

#[cfg(unix)]
#[test]
fn a_second_sweep_beside_the_first_is_refused_with_its_process_id() {
    let place = Place::new();
    let arguments = ["sweep", "servers.toml", "--no-charts", "--replications", "90000"];
    let mut first = place.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while place.names("output/servers").iter().all(|name| name != "journal.jsonl") {
        sleep(Duration::from_millis(10));
    }
    let second = place.sim(&["sweep", "servers.toml"]).ends_with(2);
    let merge = place.sim(&["merge", "output/servers"]);
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(second.stderr.contains(&format!("process {}", first.id())), "{}", second.stderr);
    assert!(merge.code == Some(2), "{merge:?}");
    // The lock goes with its process.
    place.sim(&["sweep", "servers.toml", "--no-charts", "--fresh"]).ends_with(0);
}

#[cfg(unix)]
#[test]
fn kills_change_nothing() {
    change_nothing(3, "50");
}

#[cfg(unix)]
#[test]
#[ignore = "statistical: 50 kills at random moments"]
fn fifty_kills_change_nothing() {
    change_nothing(50, "400");
}

/// Whatever the moment, a killed sweep costs no more than the trials under way: going on gives the undisturbed bytes.
#[cfg(unix)]
fn change_nothing(most: usize, replications: &str) {
    let whole = undisturbed(replications);
    let arguments = ["sweep", "servers.toml", "--no-charts", "--replications", replications];
    let place = Place::new();
    let mut random = 1u64;
    let (mut kills, mut finished) = (0, 0);
    while kills < most {
        let mut sweep = place.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Pauses without pattern, from before the first trial to beyond the last.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        sleep(Duration::from_micros(random >> 46));
        if sweep.try_wait().unwrap().is_some() {
            finished += 1;
            assert_eq!(results(&place), whole);
            fs::remove_dir_all(place.path("output")).unwrap();
            assert!(finished < 10 * most, "only {kills} kills");
            continue;
        }
        sweep.kill().unwrap();
        sweep.wait().unwrap();
        kills += 1;
    }
    place.sim(&arguments).ends_with(0);
    assert_eq!(results(&place), whole);
    let temporary = |name: &String| name.ends_with(".part");
    assert!(place.names("output/servers").iter().filter(|name| temporary(name)).count() <= most);
}

#[test]
fn shards_in_any_order_are_one_run() {
    let place = Place::new();
    for shard in ["4/5", "1/5", "5/5", "2/5", "3/5"] {
        let ran = place.sim(&["sweep", "servers.toml", "--shard", shard, "--replications", "4"]).ends_with(0);
        assert!(ran.stdout.contains(&format!("shard {shard}")), "{}", ran.stdout);
    }
    place.sim(&["merge", "output/servers", "--no-charts"]).ends_with(0);
    assert_eq!(results(&place), undisturbed("4"));
}

#[test]
fn the_environment_names_a_shard() {
    let place = Place::new();
    let sweep = |name: &str, value: &str| {
        let arguments = ["sweep", "servers.toml", "--shard", "auto/2"];
        place.command(&arguments).env(name, value).output().expect("the program runs").status.success()
    };
    assert!(sweep("SLURM_ARRAY_TASK_ID", "2") && sweep("JOB_COMPLETION_INDEX", "0"));
    place.sim(&["merge", "output/servers", "--no-charts"]).ends_with(0);
    let ran = place.sim(&["sweep", "servers.toml", "--shard", "3/2"]).ends_with(2);
    assert!(ran.stderr.contains("shard 3 of 2 does not exist"), "{}", ran.stderr);
}

#[test]
fn gaps_and_mixtures_are_refused_by_name() {
    let place = Place::new();
    let merge = |part: &str| {
        let ran = place.sim(&["merge", "output/servers", "--no-charts"]).ends_with(2);
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    };
    fs::create_dir_all(place.path("output/servers")).unwrap();
    merge("contains no shards");
    for shard in ["1/3", "3/3"] {
        place.sim(&["sweep", "servers.toml", "--shard", shard]).ends_with(0);
    }
    merge("shard-2-of-3.jsonl is missing: run `sim sweep servers.toml --seed 1 --replications 3 --shard 2/3`");
    place.sim(&["sweep", "servers.toml", "--shard", "2/3"]).ends_with(0);
    let shard = "output/servers/shard-2-of-3.jsonl";
    let journal = place.text(shard);
    let cut: Vec<&str> = journal.lines().collect();
    fs::write(place.path(shard), cut[..cut.len() - 2].join("\n") + "\n").unwrap();
    merge("shard-2-of-3.jsonl lacks 2 of 6 trials");
    // Another program, other inputs, another number of shards.
    let (start, end) = (journal.find("\"sim\":\"").unwrap() + 7, journal.find("\",\"inputs\"").unwrap());
    fs::write(place.path(shard), journal.replace(&journal[start..end], "0.0.9+00000000")).unwrap();
    merge("made by sim 0.0.9+00000000");
    fs::write(place.path(shard), &journal).unwrap();
    place.sim(&["sweep", "servers.toml", "--shard", "1/4"]).ends_with(0);
    merge("one of 4");
    fs::remove_file(place.path("output/servers/shard-1-of-4.jsonl")).unwrap();
    place.sim(&["merge", "output/servers", "--no-charts"]).ends_with(0);
    place.put("counter.toml", &place.text("counter.toml").replace("exp(1s)", "exp(0.9s)"));
    merge("was run with other inputs");
}

/// A shard that was asked for more later is not merged as what was asked for first.
#[test]
fn the_replications_that_were_asked_for_last_count() {
    let place = Place::new();
    for replications in ["2", "4"] {
        for shard in ["1/2", "2/2"] {
            let arguments = ["sweep", "servers.toml", "--shard", shard, "--replications", replications];
            place.sim(&arguments).ends_with(0);
        }
    }
    place.sim(&["merge", "output/servers", "--no-charts"]).ends_with(0);
    assert_eq!(results(&place), undisturbed("4"));
    // Of shards that were asked for different numbers one has gaps.
    place.sim(&["sweep", "servers.toml", "--shard", "2/2", "--replications", "6"]).ends_with(0);
    let ran = place.sim(&["merge", "output/servers", "--no-charts"]).ends_with(2);
    assert!(ran.stderr.contains("shard-1-of-2.jsonl lacks 6 of 18 trials"), "{}", ran.stderr);
    for shard in ["1/2", "2/2"] {
        place.sim(&["sweep", "servers.toml", "--shard", shard, "--replications", "2"]).ends_with(0);
    }
    place.sim(&["merge", "output/servers", "--no-charts"]).ends_with(0);
    assert_eq!(results(&place), undisturbed("2"));
}

/// A third design, shorter runs, and a difference that takes more than ten of them to see.
const SELECTION: &str = r#"
[[variants]]
name = "three servers"
set = { "stations.counter.servers" = 3 }

[set]
"load.duration" = "400s"

[run]
best_by = "mean_s"
best_within = "0.5%"
max_replications = 60
"#;

/// Under a precision shards that share the replications of a point run in rounds, and find what one run finds.
#[test]
fn rounds_of_shards_are_one_run() {
    rounds("[run]\nprecision = \"8%\"\nmax_replications = 60\n");
}

/// So they do where the best is to be selected (`ranking` has the same without the program).
#[test]
#[ignore = "long: several rounds of 80 replications"]
fn rounds_of_shards_select_the_best_of_one_run() {
    rounds(SELECTION);
}

fn rounds(run: &str) {
    let place = Place::new();
    place.put_experiment("servers.toml", run);
    let mut rounds = 0;
    loop {
        let plan = place.sim(&["plan", "servers.toml"]);
        if plan.code == Some(0) {
            break;
        }
        let plan = plan.ends_with(3);
        rounds += 1;
        assert!(plan.stdout.contains(&format!("round {rounds}: ")), "{}", plan.stdout);
        for shard in ["3/3", "1/3"] {
            place.sim(&["sweep", "servers.toml", "--shard", shard]).ends_with(0);
        }
        // A round that is not finished is neither planned on nor merged.
        let gap = format!("shard-2-of-3.jsonl {}", if rounds == 1 { "is missing" } else { "lacks" });
        for arguments in [["plan", "servers.toml"], ["merge", "output/servers"]] {
            let ran = place.sim(&arguments).ends_with(2);
            assert!(ran.stderr.contains(&gap), "{}", ran.stderr);
        }
        place.sim(&["sweep", "servers.toml", "--shard", "2/3"]).ends_with(0);
        if rounds == 1 {
            let ran = place.sim(&["merge", "output/servers"]).ends_with(2);
            assert!(ran.stderr.contains("plan another round"), "{}", ran.stderr);
        }
        assert!(rounds < 20);
    }
    assert!(rounds > 1, "one round decides nothing");
    place.sim(&["merge", "output/servers", "--no-charts"]).ends_with(0);
    let merged = results(&place);
    fs::remove_dir_all(place.path("output")).unwrap();
    place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    assert_eq!(results(&place), merged);
    // Without rounds too, and where the journal was torn.
    fs::remove_dir_all(place.path("output")).unwrap();
    for shard in ["2/2", "1/2"] {
        place.sim(&["sweep", "servers.toml", "--shard", shard]).ends_with(0);
    }
    place.sim(&["merge", "output/servers", "--no-charts"]).ends_with(0);
    assert_eq!(results(&place), merged);
    fs::remove_dir_all(place.path("output")).unwrap();
    place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    let journal = place.text(JOURNAL);
    fs::write(place.path(JOURNAL), &journal[..journal.len() / 3]).unwrap();
    place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    assert_eq!(results(&place), merged);
}

/// A disk without room: what is in the journal is kept, the answer is given of it, and the exit code tells.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_no_more_than_the_trials_under_way() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--no-charts", "--replications", "2"]).ends_with(0);
    // A limit on the size of files, with its signal ignored as a shell does it, is a disk that is full.
    let size = fs::metadata(place.path(JOURNAL)).unwrap().len();
    let blocks = size.div_ceil(512) + 64;
    let script =
        format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" sweep servers.toml --no-charts --replications 40");
    let ran = std::process::Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_sim")])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("cannot write") && stderr.contains("journal.jsonl"), "{stderr}");
    assert!(String::from_utf8_lossy(&ran.stdout).contains("throughput/s"));
    let kept = place.text(JOURNAL).lines().count();
    assert!(kept > 1 + 12, "{kept}");
    place.sim(&["sweep", "servers.toml", "--no-charts", "--replications", "40"]).ends_with(0);
    assert_eq!(results(&place), undisturbed("40"));
}

/// What pilot runs found stands in the journal, one line a point, so that they are made once and reports make none.
#[test]
fn pilot_runs_are_made_once() {
    let place = Place::new();
    let sweep = || place.sim(&["sweep", "servers.toml", "--no-charts", "--set", "load.warm_up=auto"]).ends_with(0);
    let first = sweep();
    let (files, journal) = (results(&place), place.text(JOURNAL));
    let pilots = journal.lines().filter(|line| line.starts_with("{\"pilot\":")).count();
    assert_eq!(journal.lines().count(), 1 + 18 + pilots);
    assert_eq!(pilots, 6, "one of each point");
    let second = sweep();
    assert_eq!((first.stdout, files), (second.stdout, results(&place)));
    assert_eq!(journal, place.text(JOURNAL));
}

/// The runs at the lowest load of the search that is proposed stand there too.
#[test]
fn the_pilot_of_a_search_is_run_once() {
    let place = Place::new();
    let arguments = ["sweep", "counter.toml", "--no-charts", "--replications", "3", "--set", "load.rate=2/s"];
    let sweep = || place.sim(&arguments).ends_with(0);
    let first = sweep();
    let journal = place.text("output/counter/journal.jsonl");
    let count = |kind: &str| journal.lines().filter(|line| line.starts_with(kind)).count();
    assert_eq!((count("{\"trial\":"), count("{\"lighter\":")), (3, 3), "as many as the sweep has replications");
    assert!(first.stdout.contains("sim knee counter.toml"), "{}", first.stdout);
    assert_eq!(sweep().stdout, first.stdout);
    assert_eq!(place.text("output/counter/journal.jsonl"), journal);
}
