//! Rates over time from a CSV file, and files of rates that are taken for arrivals.

use std::fmt::Write;

use super::place::{Place, Ran};

/// A model with this way of arrivals.
fn model(arrivals: &str) -> String {
    format!(
        "[load]\nkind = \"open\"\ntarget = \"a.e\"\n{arrivals}\ntimeout = \"1s\"\n[services.a]\nruntime = \"delay\"\n\
         [services.a.endpoints.e]\nsteps = [{{ sleep = \"exp(10ms)\" }}]\n"
    )
}

/// A day's rates as monitoring exports them.
fn export() -> String {
    let rates = [807, 810, 816, 823, 833, 847, 866, 891];
    rates.iter().enumerate().fold("time,rps\n".into(), |mut text, (minute, rate)| {
        let _ = writeln!(text, "{},{rate}", minute * 60);
        text
    })
}

fn results(place: &Place, arrivals: &str) -> String {
    place.put("m.toml", &model(arrivals));
    place.sim(&["sweep", "m.toml", "--no-charts", "--replications", "2"]).ends_with(0);
    place.text("output/m/results.csv")
}

/// The points are those that could be written: the same arrivals to the nanosecond.
#[test]
fn rates_come_from_a_file() {
    let place = Place::new();
    place.put("day.csv", "t,x,per_minute\n0,9,60\n10,9,1200\n25,9,0\n");
    let window = "duration = \"30s\"";
    for interpolation in ["ramp", "steps"] {
        let more = format!("{window}\ninterpolation = \"{interpolation}\"");
        let points =
            "{ at = \"0s\", rate = \"2/s\" }, { at = \"10s\", rate = \"40/s\" }, { at = \"25s\", rate = \"0/s\" }";
        let written = results(&place, &format!("profile = [{points}]\n{more}"));
        let table = "file = \"day.csv\", time = \"t\", rate = \"per_minute\", per = \"1m\", factor = 2";
        let read = results(&place, &format!("profile_from = {{ {table} }}\n{more}"));
        assert_eq!(written, read, "{interpolation}");
    }
    let table = "file = \"day.csv\", time = \"t\", rate = \"per_minute\"";
    let thrice = results(
        &place,
        &format!(
            "profile_from = {{ {table}, factor = 0 }}\nspikes = [{{ at = \"5s\", length = \"5s\", rate = \"60/s\" }}]\n{window}"
        ),
    );
    assert!(thrice.lines().nth(1).is_some_and(|row| !row.is_empty()), "{thrice}");
}

fn refused(ran: Ran, words: &[&str]) {
    let ran = ran.ends_with(2);
    for words in words {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
}

#[test]
fn a_file_of_rates_that_cannot_be_read_is_explained() {
    let place = Place::new();
    for (csv, words) in [
        ("t,r\n0,1\n0,2\n", "the time at day.csv:3 is not later than the one before it"),
        ("t,r\n0,1\n5,-2\n", "`-2` at day.csv:3 is not a rate"),
        ("t,r\nx,1\n", "`x` at day.csv:2 is not a number of seconds"),
        ("t,r\n", "`day.csv` has no row"),
        ("t,q\n0,1\n", "`day.csv` has no column `r`"),
        ("t,r\n0,1e9\n", "is too high"),
        ("t,r\n0,0\n", "the rate is always 0"),
    ] {
        place.put("day.csv", csv);
        place.put(
            "m.toml",
            &model("profile_from = { file = \"day.csv\", time = \"t\", rate = \"r\" }\nduration = \"9s\""),
        );
        refused(place.sim(&["check", "m.toml"]), &[words]);
    }
    let twice = "profile = [{ at = \"0s\", rate = \"2/s\" }]\nprofile_from = { file = \"day.csv\", time = \"t\", rate = \"r\" }";
    place.put("m.toml", &model(&format!("{twice}\nduration = \"9s\"")));
    refused(place.sim(&["check", "m.toml"]), &["a rate over time is given twice"]);
}

/// One request a minute for a shop of 800 a second: nothing that a chart would show.
#[test]
fn rates_are_not_taken_for_arrivals() {
    let place = Place::new();
    place.put("day.csv", &export());
    let way_out = "profile_from = { file = \"day.csv\", time = \"time\", rate = \"rps\" }";
    place.put("m.toml", &model("trace = { file = \"day.csv\", column = \"time\" }"));
    refused(
        place.sim(&["check", "m.toml"]),
        &["has a row every 60 s: it does not look like a record of arrivals", way_out],
    );
    // The column of rates is not sorted, or only by chance.
    place.put("day.csv", &export().replace(",810", ",800"));
    place.put("m.toml", &model("trace = { file = \"day.csv\", column = \"rps\" }"));
    refused(place.sim(&["check", "m.toml"]), &["is earlier than the one before it", way_out]);
    // What is written as the way out is one.
    place.put("m.toml", &model(&format!("{way_out}\nduration = \"60s\"")));
    place.sim(&["check", "m.toml"]).ends_with(0);
}

#[test]
fn recorded_arrivals_are_none_the_worse() {
    let place = Place::new();
    place.put("log.csv", "time_s,bytes\n0.5,10\n1.7,20\n1.9,7\n4,12\n");
    place.put("m.toml", &model("trace = { file = \"log.csv\" }"));
    place.sim(&["check", "m.toml"]).ends_with(0);
    place.put("log.csv", "time_s\n1\n2\n3\n4\n");
    place.sim(&["check", "m.toml"]).ends_with(0);
}
