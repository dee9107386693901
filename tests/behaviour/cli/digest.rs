//! `sim digest`: what several experiments found, on one page.

use super::place::{Place, Ran};

const ASKED: &str = r#"
[[effects]]
change = "a second server"
variant = "two servers"
metric = "mean_s"
at = { rate = "0.8/s" }

[[effects]]
change = "a second server"
variant = "two servers"
metric = "throughput_per_min"
at = { rate = "0.2/s" }

[[effects]]
change = "one server less"
variant = "one server"
against = "two servers"
metric = "p95_s"
at = { rate = "0.5/s" }

[[hypotheses]]
claim = "The queue is no matter"
variant = "two servers"
at = { rate = { from = "0.8/s" } }
expect = { same-as = { variant = "one server", metric = "mean_s", within = 0.1 } }
refuted = true
"#;

#[test]
fn the_page_says_what_helps_what_does_nothing_and_what_harms() {
    let place = Place::new();
    place.put_experiment("asked.toml", ASKED);
    let ran = place.sim(&["digest", "asked.toml", "servers.toml", "--quiet"]).ends_with(0);
    let page = &ran.stdout;
    for words in [
        "| a second server | **helps**: mean response time ",
        "| a second server | **does nothing**: throughput ",
        "| one server less | **harms**: 95th percentile of the response time ",
        "3 changes: 1 helps, 1 does nothing, 1 harms and 0 are undecided. 1 claim: 0 hold, 1 is refuted and 0 are open.",
        "## asked\n",
        "## servers\n",
        "- **not true**: “The queue is no matter”: ",
    ] {
        assert!(page.contains(words), "{words}:\n{page}");
    }
    assert_eq!(place.sim(&["digest", "asked.toml", "servers.toml", "--threads", "1", "-q"]).stdout, *page);
    assert!(!place.path("output").exists(), "a digest writes no files");
    let swept = place.sim(&["sweep", "asked.toml", "--no-charts"]).ends_with(0);
    assert!(swept.stdout.contains("\nhelps         a second server: mean response time "), "{}", swept.stdout);
    assert!(place.text("output/asked/summary.json").contains("\"worth\": \"does nothing\""));
}

#[test]
fn nothing_runs_where_one_file_is_wrong() {
    let place = Place::new();
    let ran = place.sim(&["digest", "servers.toml", "nowhere.toml"]).ends_with(2);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("nowhere.toml"), "{}", ran.stderr);
}

#[test]
fn the_gravest_exit_code_counts() {
    let place = Place::new();
    let fails = "[[hypotheses]]\nclaim = \"slow\"\nexpect = { at-least = { metric = \"mean_s\", value = 1000 } }\n";
    place.put_experiment("fails.toml", fails);
    let ran = place.sim(&["digest", "fails.toml", "servers.toml", "--quiet"]).ends_with(1);
    assert!(ran.stdout.contains("- **not true**: “slow”"), "{}", ran.stdout);
}

/// A terminal has no symbols for the line feeds of the page, and nothing is said of changes that are not there.
#[test]
fn a_page_on_a_terminal_is_plain_text() {
    let place = Place::new();
    let mut command = place.command(&["digest", "servers.toml", "--quiet"]);
    let page = Ran::from(command.env("COLUMNS", "80").output().expect("the program runs")).ends_with(0).stdout;
    assert!(page.contains("the same files\ngive the same page. A change helps or harms"), "{page}");
    assert!(!page.contains('␊') && !page.contains("0 changes") && !page.trim_end().contains("\n\n\n"), "{page}");
    let page = place.sim(&["digest", "servers.toml", "--quiet"]).ends_with(0).stdout;
    assert!(!page.contains("|---|") && !page.contains("0 claims"), "{page}");
}
