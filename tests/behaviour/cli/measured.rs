//! What was measured against what is predicted.

use serde_json::Value;

use super::place::{Place, Ran};

/// M/M/1 at half of its capacity: a mean response time of 2 s, and a 95th percentile of 2 s ln 20 = 6 s.
fn sweep(place: &Place, measured: &str) -> Ran {
    let measurement = format!(
        "[[measurements]]\nname = \"Tuesday\"\nat = {{ rate = \"0.5/s\" }}\n{measured}\n\
         [[hypotheses]]\nclaim = \"fits\"\nexpect = {{ meets-measurements = {{}} }}\n"
    );
    place.put_experiment("m.toml", &measurement);
    place.sim(&["sweep", "m.toml", "--no-charts", "--replications", "20"])
}

#[test]
fn every_figure_that_was_measured_is_compared() {
    let place = Place::new();
    // The throughput fits, the 95th percentile is a third of the predicted one.
    let ran = sweep(
        &place,
        "measured = { throughput_per_min = 30, mean_s = 2, p95_s = 2, success_rate = 1 }\ntolerance = 0.2",
    );
    let ran = ran.ends_with(1);
    for words in
        ["95th percentile of the response time", "NO (± 20 %)", "yes (± 20 %)", "yes (± 20 points)", "beyond ± 20 %"]
    {
        assert!(ran.stdout.contains(words), "{words}:\n{}", ran.stdout);
    }
    let rows = place.text("output/m/measurements.csv");
    let rows: Vec<Vec<&str>> = rows.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.len(), 5, "{rows:?}");
    let column = |name: &str| rows[0].iter().position(|known| *known == name).expect("a column");
    let of = |metric: &str, name: &str| {
        let row = rows.iter().find(|row| row[column("metric")] == metric).expect("a row");
        row[column(name)].to_owned()
    };
    assert_eq!(of("p95_s", "within"), "no");
    assert_eq!(of("mean_s", "within"), "yes");
    assert_eq!((of("success_rate", "kind"), of("p95_s", "kind")), ("absolute".into(), "relative".into()));
    let deviation: f64 = of("p95_s", "deviation").parse().expect("a number");
    let predicted: f64 = of("p95_s", "predicted").parse().expect("a number");
    assert!((deviation - (predicted / 2.0 - 1.0)).abs() < 1e-5 && deviation > 1.5, "{deviation}");
    let document: Value = serde_json::from_str(&place.text("output/m/summary.json")).expect("JSON");
    assert_eq!(document["measurements"][0]["within"], false);
    assert_eq!(document["measurements"][0]["deviations"][3]["metric"], "p95_s");
}

#[test]
fn every_figure_may_have_a_tolerance_of_its_own() {
    let place = Place::new();
    let measured = "measured = { throughput_per_min = 30, p95_s = 2 }\n\
                    tolerances = { throughput_per_min = { relative = 0.2 }, p95_s = { absolute = 6 } }";
    let ran = sweep(&place, measured).ends_with(0);
    assert!(ran.stdout.contains("yes (± 6.00 s)") && ran.stdout.contains("yes (± 20 %)"), "{}", ran.stdout);
    let ran = sweep(&place, &measured.replace("absolute = 6", "absolute = 0.5")).ends_with(1);
    assert!(ran.stdout.contains("NO (± 0.50 s)"), "{}", ran.stdout);
    let ran = sweep(&place, &measured.replace(", p95_s = 2", "")).ends_with(2);
    assert!(ran.stderr.contains("a tolerance of `p95_s`, which was not measured"), "{}", ran.stderr);
    let ran = sweep(&place, &measured.replace("absolute = 6", "absolute = -6")).ends_with(2);
    assert!(ran.stderr.contains("must be above 0"), "{}", ran.stderr);
}

/// What was measured may have a unit, and a prediction beside it has as many digits.
#[test]
fn what_was_measured_is_read_with_its_unit_and_shown_in_full() {
    let place = Place::new();
    let measured = "measured = { throughput_per_min = \"0.50125/s\", mean_s = \"2034ms\", success_rate = \"99.5%\" }";
    let ran = sweep(&place, &format!("{measured}\ntolerance = 0.2")).ends_with(0);
    let line = |words: &str| {
        ran.stdout.lines().find(|line| line.contains(words) && line.contains("yes (")).unwrap_or_default().to_owned()
    };
    let decimals =
        |text: &str| text.split('.').nth(1).map_or(0, |rest| rest.chars().take_while(char::is_ascii_digit).count());
    let figures = |words: &str, unit: &str| -> Vec<usize> {
        let line = line(words);
        let is_figure = |column: &&str| column.trim().starts_with(char::is_numeric) && column.trim().ends_with(unit);
        let columns = line.split("  ").filter(is_figure);
        columns.map(decimals).collect()
    };
    assert_eq!(figures("throughput", "/s"), [4, 4], "{}", ran.stdout);
    assert_eq!(figures("mean", " s"), [3, 3], "{}", ran.stdout);
    let ran = sweep(&place, "measured = { mean_s = \"fast\" }").ends_with(2);
    assert!(ran.stderr.contains("\"fast\""), "{}", ran.stderr);
}
