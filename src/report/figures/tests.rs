//! Figures of small experiments that are really run.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Drawing, figures};
use crate::experiment::plan::{Adjustments, Plan};
use crate::experiment::run::runner::{self, Progress};
use crate::report::chart::Figure;
use crate::report::whole::Report;

mod blame;
mod timeline;
mod title;

/// A counter whose customers leave after 20 s: beyond its capacity almost all do.
const MODEL: &str = r#"
[load]
kind = "open"
target = "shop.serve"
rate = "0.5/s"
timeout = "20s"
warm_up = "200s"
duration = "2000s"

[stations.counter]
servers = 1

[services.shop]
runtime = "delay"

[services.shop.endpoints.serve]
steps = [{ visit = { station = "counter", time = "exp(1s)" } }]
"#;

const RATES: &str = "[axes.rate]\npath = \"load.rate\"\nvalues = [\"0.2/s\", \"0.4/s\", \"2/s\"]\n";
const SERVERS: &str = "[axes.servers]\npath = \"stations.counter.servers\"\nvalues = [1, 4]\n";
const VARIANTS: &str =
    "[[variants]]\nname = \"lone\"\n[[variants]]\nname = \"four\"\nset = { \"stations.counter.servers\" = 4 }\n";

/// 15 requests of 100 ms a second: two threads are needed.
const THREADS: &str = r#"
[load]
kind = "open"
target = "a.e"
rate = "15/s"
timeout = "2s"
warm_up = "10s"
duration = "100s"

[services.a]
runtime = "threads"
threads = 10

[services.a.endpoints.e]
steps = [{ sleep = "100ms" }]
"#;

/// A request holds one of two connections of its process and waits for a second one.
const NESTED: &str = r#"
[services.a.pools.p]
server = "db"
min_size = 1
max_size = 2

[services.a.endpoints.e]
steps = [{ with = { pool = "p", steps = [{ sleep = "15ms" }, { query = { pool = "p", time = "5ms" } }] } }]

[services.db]
runtime = "delay"
"#;

/// Runs an experiment on the model, and draws it.
fn drawn(experiment: &str) -> Vec<Drawing> {
    drawn_of(MODEL, experiment)
}

/// Runs an experiment on a model, and draws it.
fn drawn_of(model: &str, experiment: &str) -> Vec<Drawing> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("sim-figures-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("counter.toml"), model).unwrap();
    let head = "title = \"A question\"\nmodel = \"counter.toml\"\nreplications = 3\n";
    fs::write(folder.join("question.toml"), format!("{head}{experiment}")).unwrap();
    let plan = Plan::read(&folder.join("question.toml"), &Adjustments::default());
    fs::remove_dir_all(&folder).unwrap();
    let plan = plan.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let report = Report::of(&plan, runner::run(&plan, &Progress::default()));
    figures(&report).0
}

fn words(figure: &Figure) -> (&str, &str) {
    match figure {
        Figure::Line(figure) => (&figure.title, &figure.subtitle),
        Figure::Heat(figure) => (&figure.title, &figure.subtitle),
        Figure::Bar(figure) => (&figure.title, &figure.subtitle),
        Figure::Tornado(figure) => (&figure.title, &figure.subtitle),
        Figure::Stack(figure) => (&figure.title, &figure.subtitle),
        Figure::Diagram(figure) => (&figure.title, &figure.subtitle),
    }
}

#[test]
fn further_axes_give_further_sets() {
    let drawn = drawn(&format!("{RATES}{SERVERS}"));
    assert_eq!(drawn.len(), 8);
    assert_eq!(drawn[4].name, "throughput-servers-4");
    assert!(words(&drawn[4].figure).1.starts_with("Simulated, at servers = 4, 3 replications"));
}

#[test]
fn points_without_a_curve_are_bars() {
    let drawn = drawn(VARIANTS);
    let Figure::Bar(figure) = &drawn[0].figure else { panic!("a bar figure") };
    assert_eq!(figure.bars.iter().map(|bar| bar.label.as_str()).collect::<Vec<_>>(), ["lone", "four"]);
    assert_eq!(drawn.len(), 3);
}

/// Rates are drawn in the unit that they are written in, which the axis names unless its author has.
#[test]
fn rates_a_minute_are_drawn_a_minute() {
    let drawn = drawn("[axes.rate]\npath = \"load.rate\"\nvalues = [\"12/min\", \"24/min\", \"120/min\"]\n");
    let Figure::Line(figure) = &drawn[0].figure else { panic!("{:?}", drawn[0]) };
    assert_eq!(figure.x.label, "rate (1/min)");
    let line = &figure.panels[0].lines[0];
    assert_eq!(line.points.iter().map(|point| point.x.round()).collect::<Vec<_>>(), [12.0, 24.0, 120.0]);
    let collapse = line.collapse.as_ref().expect("a collapse");
    assert_eq!((collapse.from_x.round(), collapse.to_x.round()), (24.0, 120.0));
}

/// Throughputs are in the unit of the load: twelve a minute that are all answered are twelve, or a fifth a second.
#[test]
fn throughputs_are_in_the_unit_of_the_load() {
    for (rates, unit, first) in [("\"12/min\", \"24/min\"", "min", 12.0), ("\"0.2/s\", \"0.4/s\"", "s", 0.2)] {
        let drawn = drawn(&format!("[axes.rate]\npath = \"load.rate\"\nvalues = [{rates}]\n"));
        let Figure::Line(figure) = &drawn[0].figure else { panic!("{:?}", drawn[0]) };
        assert_eq!(figure.panels[0].y.label, format!("throughput (successes/{unit})"));
        let point = figure.panels[0].lines[0].points[0];
        assert!((point.y / first - 1.0).abs() < 0.1, "{point:?}");
        assert!(figure.title.contains(&format!("/{unit}")), "{}", figure.title);
    }
}

/// What is answered at once and done later has a panel for when it is done.
#[test]
fn completion_has_a_panel_where_it_comes_after_the_answer() {
    let queued = "[[variants]]\nname = \"asked\"\n[[variants]]\nname = \"queued\"\n[variants.set]\n\
         \"queues.work\" = { consumers = { shop = { service = \"shop\", endpoint = \"work\" } } }\n\
         \"services.shop.endpoints.work\" = { steps = [{ visit = { station = \"counter\", time = \"exp(1s)\" } }] }\n\
         \"services.shop.endpoints.serve\" = { steps = [{ publish = { queue = \"work\" } }] }\n";
    let captions = |experiment: &str| {
        let drawn = drawn(experiment);
        let Figure::Line(figure) = &drawn[0].figure else { panic!("{:?}", drawn[0]) };
        figure.panels.iter().map(|panel| panel.y.label.clone()).collect::<Vec<_>>()
    };
    let with = captions(&format!("{RATES}{queued}"));
    assert_eq!(with, ["answered (successes/s)", "completed (requests/s)", "success rate (%)"]);
    assert_eq!(captions(&format!("{RATES}{VARIANTS}")), ["throughput (successes/s)", "success rate (%)"]);
}

/// Response times say nothing of work behind the answers: what an objective bounds is drawn beside them.
#[test]
fn a_bounded_time_to_completion_has_a_panel() {
    let queued = "\"queues.work\" = { consumers = { shop = { service = \"shop\", endpoint = \"work\" } } }\n\
         \"services.shop.endpoints.work\" = { steps = [{ visit = { station = \"counter\", time = \"exp(1s)\" } }] }\n\
         \"services.shop.endpoints.serve\" = { steps = [{ publish = { queue = \"work\" } }] }\n";
    let objective = "objectives = [{ at-most = { metric = \"completion_p90_s\", value = \"5s\" } }]\n";
    let panels = |experiment: &str| {
        let drawn = drawn(experiment);
        let Figure::Line(figure) = &drawn[1].figure else { panic!("{:?}", drawn[1]) };
        figure.panels.iter().map(|panel| (panel.y.label.clone(), panel.thresholds.len())).collect::<Vec<_>>()
    };
    let with = panels(&format!("{objective}{RATES}[set]\n{queued}"));
    assert_eq!(with[1..], [("completion p90 (s)".to_owned(), 1)], "{with:?}");
    assert_eq!(panels(&format!("{RATES}[set]\n{queued}")).len(), 1);
}

/// A queue that grows has no mean: its curve says so where it ends, once, and the axis has the unit of its values.
#[test]
fn a_curve_that_ends_before_a_growing_queue_says_so() {
    let drawn = drawn(&format!("set = {{ \"load.timeout\" = \"100000s\" }}\n{RATES}"));
    let Figure::Line(figure) = &drawn[1].figure else { panic!("{:?}", drawn[1]) };
    assert_eq!(figure.x.label, "rate (1/s)");
    let ends: Vec<&str> = figure.panels[0].lines.iter().map(|line| line.end.as_str()).collect();
    assert_eq!(ends, ["", "", "queue grows without bound"]);
    assert!(figure.note.contains('↑'), "{}", figure.note);
    assert!(figure.title.ends_with("beyond it the queue grows without bound"), "{}", figure.title);
}

/// Two requests at once stop a worker for good, which happens in some runs: the curve has the mean of the larger group, a hollow
/// mark that of the other.
#[test]
fn two_groups_of_runs_are_both_drawn() {
    let load = "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"2/s\"\nwarm_up = \"0s\"\nduration = \"100s\"\n\
                timeout = \"5s\"\n[services.a]\nworkers = 2\n";
    let drawn = drawn_of(
        &format!("{load}{NESTED}"),
        "[axes.rate]\npath = \"load.rate\"\nvalues = [\"0.5/s\", \"0.7/s\", \"0.8/s\"]\n",
    );
    let Figure::Line(figure) = &drawn[0].figure else { panic!("no line figure") };
    for panel in &figure.panels {
        let points = &panel.lines[0].points;
        let split: Vec<_> = points.iter().filter(|point| point.other.is_some()).collect();
        assert!(!split.is_empty(), "{points:?}");
        assert!(split.iter().all(|point| point.low == point.y && point.other != Some(point.y)), "{split:?}");
    }
    assert!(figure.note.contains("Hollow marks: at "), "{}", figure.note);
}

/// A measured 95th percentile has a panel, also where the objective is on the 90th.
#[test]
fn a_measured_percentile_is_drawn() {
    let objectives = "objectives = [{ at-most = { metric = \"p90_s\", value = \"10s\" } }]\n";
    let third = "[[variants]]\nname = \"three\"\nset = { \"stations.counter.servers\" = 3 }\n";
    let measured =
        "[[measurements]]\nname = \"m\"\nvariant = \"four\"\nat = { rate = \"0.2/s\" }\nmeasured = { p95_s = 2.0 }\n";
    let drawn = drawn(&format!("{objectives}{RATES}{VARIANTS}{third}{measured}"));
    let Figure::Line(figure) = &drawn[1].figure else { panic!("no line figure") };
    let panels: Vec<(&str, usize)> =
        figure.panels.iter().map(|panel| (panel.y.label.as_str(), panel.points.len())).collect();
    let all = ["p50", "p90", "p95", "p99"].map(|name| format!("response time, {name} (s)"));
    let expected: Vec<(&str, usize)> =
        all.iter().map(|name| (name.as_str(), usize::from(name.contains("p95")))).collect();
    assert_eq!(panels, expected);
}
