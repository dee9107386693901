//! The programs in `examples/` print what is recorded in `examples/output/`. `UPDATE_GOLDEN=1 cargo test examples`
//! records it anew.

use std::fmt::Display;
use std::fs;

// Their main functions print the answers that are compared here.
#[allow(dead_code)]
#[path = "../../examples/capacity.rs"]
mod capacity;
#[allow(dead_code)]
#[path = "../../examples/compare_designs.rs"]
mod compare_designs;
#[allow(dead_code)]
#[path = "../../examples/daily_load.rs"]
mod daily_load;
#[allow(dead_code)]
#[path = "../../examples/erlang_c.rs"]
mod erlang_c;
#[allow(dead_code)]
#[path = "../../examples/export.rs"]
mod export;
#[allow(dead_code)]
#[path = "../../examples/read_report.rs"]
mod read_report;

#[track_caller]
fn says<E: Display>(name: &str, answer: Result<String, E>) {
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    let path = format!("examples/output/{name}.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &answer).unwrap();
    }
    let recorded = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(answer, recorded, "{name}: UPDATE_GOLDEN=1 cargo test examples records it anew");
}

#[test]
fn erlang_c_agrees_with_the_formula() {
    let answer = erlang_c::answer();
    let lines = answer.as_ref().map(|told| told.lines().filter(|line| line.ends_with("agrees")).count());
    assert_eq!(lines.ok(), Some(4));
    says("erlang_c", answer);
}

#[test]
fn the_capacity_is_found() {
    says("capacity", capacity::answer());
}

#[test]
fn designs_are_compared() {
    says("compare_designs", compare_designs::answer());
}

#[test]
fn a_day_is_run() {
    says("daily_load", daily_load::answer());
}

#[test]
fn a_report_is_read() {
    says("read_report", read_report::answer());
}

#[test]
fn results_are_exported() {
    says("export", export::answer());
}

/// Each program is among the tests above, and each record has its program.
#[test]
fn no_example_is_left_out() {
    let names = |folder: &str, extension: &str| -> Vec<String> {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = files.filter_map(|name| name.strip_suffix(extension).map(str::to_owned)).collect();
        names.sort();
        names
    };
    let all = ["capacity", "compare_designs", "daily_load", "erlang_c", "export", "read_report"];
    assert_eq!(names("examples", ".rs"), all);
    assert_eq!(names("examples/output", ".txt"), all);
}
