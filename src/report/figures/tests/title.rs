//! The titles of charts: what becomes of the variants, and what limits them.

use super::{NESTED, RATES, THREADS, VARIANTS, drawn, drawn_of, words};
use crate::report::chart::Figure;
use crate::report::figures::Drawing;

/// The title of a chart.
fn title<'a>(drawn: &'a [Drawing], name: &str) -> &'a str {
    let found = drawn.iter().find(|drawing| drawing.name == name);
    words(&found.unwrap_or_else(|| panic!("no chart {name}")).figure).0
}

#[test]
fn the_title_says_who_collapses_and_who_holds() {
    let drawn = drawn(&format!("{RATES}{VARIANTS}"));
    let names: Vec<&str> = drawn.iter().map(|drawing| drawing.name.as_str()).collect();
    assert_eq!(names, ["throughput", "response-time", "utilisation", "blame"]);
    let (title, subtitle) = words(&drawn[0].figure);
    assert_eq!(title, "“lone” becomes unstable between 0.4/s and 2/s; “four” is safe up to 2/s");
    assert_eq!(
        subtitle,
        "Simulated, 3 replications a point, Poisson arrivals, 2000 s measured after 200 s of warm-up, 20 s client time-out"
    );
    let (title, _) = words(&drawn[1].figure);
    assert!(title.starts_with("p95 at 0.4/s: “four” "), "{title}");
    // However far the time-out is, it is marked, at the edge if need be.
    let Figure::Line(response) = &drawn[1].figure else { panic!("a line figure") };
    assert_eq!(response.panels[0].thresholds[0].label, "client time-out 20 s");
}

#[test]
fn a_single_variant_needs_no_name() {
    let drawn = drawn(RATES);
    let (title, _) = words(&drawn[0].figure);
    assert!(title.starts_with("Becomes unstable between 0.4/s and 2/s: station counter"), "{title}");
    let Figure::Line(figure) = &drawn[0].figure else { panic!("a line figure") };
    let collapse = figure.panels[0].lines[0].collapse.as_ref().expect("a mark");
    assert_eq!((collapse.from_x, collapse.to_x), (0.4, 2.0));
    let (title, _) = words(&drawn[1].figure);
    assert!(title.contains("beyond it the queue grows without bound"), "{title}");
}

/// A variant that an ablation makes is run at one load only: what the others serve at a higher one is no difference from it.
#[test]
fn variants_are_not_compared_at_different_loads() {
    let rates = RATES.replace(", \"2/s\"", "");
    let changes = "[[variants]]\nname = \"lone\"\n[[variants]]\nname = \"four\"\nset = { \"stations.counter.servers\" = 4 }\n\
         [[variants]]\nname = \"patient\"\nset = { \"load.timeout\" = \"60s\" }\n\
         [[variants]]\nname = \"both\"\nextends = [\"four\", \"patient\"]\n\
         [[ablations]]\nvariant = \"both\"\nmetric = \"p95_s\"\nat = { rate = \"0.2/s\" }\n";
    let drawn = drawn(&format!("{rates}{changes}"));
    let title = title(&drawn, "throughput");
    assert!(title.starts_with("All 4 serve about 0.3"), "{title}");
}

/// 15/s of 100 ms are 1.5 threads: one and no more is too few. Two are in use for 75 % of the time.
#[test]
fn on_an_axis_of_capacity_a_resource_is_saturated_up_to_a_value() {
    let drawn = drawn_of(
        THREADS,
        "[axes.x]\npath = \"services.a.replicas\"\nvalues = [1, 2, 4]\n\
         [set]\n\"services.a.threads\" = 1\n",
    );
    assert_eq!(title(&drawn, "utilisation"), "At x = 1, a threads are saturated");
    assert_eq!(title(&drawn, "throughput"), "x = 2 is enough, 1 is not: a threads are saturated");
    let drawn = drawn_of(
        THREADS,
        "[axes.x]\npath = \"services.a.replicas\"\nvalues = [1, 2, 4, 8]\n\
         [set]\n\"services.a.threads\" = 1\n\"load.rate\" = \"30/s\"\n",
    );
    assert_eq!(title(&drawn, "utilisation"), "Up to x = 2, a threads are saturated");
}

/// Of capacity the least value is told, of what is neither load nor capacity all values: "safe up to" would say that more
/// is not.
#[test]
fn where_all_values_are_safe_the_title_says_which() {
    let axis = |path: &str, values: &str| format!("[axes.x]\npath = \"{path}\"\nvalues = {values}\n");
    let drawn = drawn_of(THREADS, &axis("services.a.replicas", "[1, 2, 4]"));
    assert!(title(&drawn, "throughput").starts_with("x = 1, the least tested, is enough; serves at most 1"));
    let drawn = drawn_of(THREADS, &axis("load.timeout", "[\"2s\", \"5s\"]"));
    let title = title(&drawn, "throughput");
    assert!(title.starts_with("Safe at 2s to 5s; serves at most 1"), "{title}");
}

/// 15/s need 1.5 threads: with one they wait, and with four none does. 30/s wait for two as well.
#[test]
fn what_limits_some_values_is_not_said_of_all() {
    let drawn = drawn_of(
        THREADS,
        "[axes.x]\npath = \"services.a.threads\"\nvalues = [1, 2, 8]\n\
         [[variants]]\nname = \"few\"\n[[variants]]\nname = \"many\"\nset = { \"load.rate\" = \"30/s\" }\n",
    );
    assert_eq!(title(&drawn, "utilisation"), "Both variants are limited by a threads up to x = 2");
}

/// A constant rate has no peak: the interval with the most arrivals is one by chance. One thread serves 10 of 15/s.
#[test]
fn of_a_steady_load_no_peak_is_told() {
    let timeline = "[set]\n\"load.timeline\" = \"5s\"\n\"services.a.threads\" = ";
    let drawn = drawn_of(THREADS, &format!("{timeline}10\n"));
    let calm = title(&drawn, "timeline");
    assert!(calm.starts_with("All requests are answered, 1") && !calm.contains("peak"), "{calm}");
    let drawn = drawn_of(THREADS, &format!("{timeline}1\n"));
    let full = title(&drawn, "timeline");
    assert!(full.contains("a threads are saturated") && !full.contains("answered"), "{full}");
}

/// Ten clients keep ten threads busy, and none of them waits; twenty do.
#[test]
fn what_nothing_waits_for_is_not_saturated() {
    let drawn = drawn_of(
        THREADS,
        "[load]\nkind = \"closed\"\ntarget = \"a.e\"\nconcurrency = 10\n\
         warm_up = \"1s\"\nduration = \"20s\"\n\
         [axes.clients]\npath = \"load.concurrency\"\nvalues = [5, 10, 20, 40]\n",
    );
    assert_eq!(title(&drawn, "utilisation"), "From 20 concurrent on, a threads are saturated");
    let heat = drawn.iter().find(|drawing| drawing.name == "utilisation").expect("a heat map");
    let Figure::Heat(heat) = &heat.figure else { panic!("{heat:?}") };
    let row = &heat.groups[0].rows[0];
    assert_eq!((row.values[1], row.marked.as_slice()), (1.0, [false, false, true, true].as_slice()));
}

/// Handlers that hold a connection and want another one: with as many as there are connections nothing moves.
#[test]
fn a_deadlock_is_a_bottleneck() {
    let load = "[load]\nkind = \"closed\"\ntarget = \"a.e\"\nconcurrency = 4\nwarm_up = \"1s\"\nduration = \"20s\"\n";
    let drawn =
        drawn_of(&format!("{load}{NESTED}"), "[axes.x]\npath = \"services.a.pools.p.max_size\"\nvalues = [2, 4, 20]\n");
    assert_eq!(title(&drawn, "utilisation"), "Up to x = 4, a pool p deadlocks");
}

/// On an axis that is neither load nor capacity the title names the values that are safe, and those that are not.
#[test]
fn on_an_axis_that_is_neither_the_safe_values_are_named() {
    let time_outs = |values: &str, set: &str| {
        drawn_of(THREADS, &format!("[axes.x]\npath = \"load.timeout\"\nvalues = [{values}]\n{set}"))
    };
    let drawn = time_outs("\"50ms\", \"90ms\", \"1s\", \"3s\"", "");
    let safe = "Safe at 1s to 3s, not at 50ms to 90ms: the sleep of a takes most of the time";
    assert_eq!((title(&drawn, "throughput"), title(&drawn, "response-time")), (safe, safe));
    let Figure::Line(figure) = &drawn[0].figure else { panic!("{:?}", drawn[0]) };
    let collapse = figure.panels[0].lines[0].collapse.as_ref().expect("a mark");
    assert_eq!((collapse.from_x, collapse.to_x), (1.0, 0.09));
    assert!(collapse.label.starts_with("safe at 1s, not at 90ms"), "{}", collapse.label);
    let drawn = time_outs("\"50ms\", \"90ms\"", "");
    assert!(title(&drawn, "throughput").starts_with("No value is safe: failing at "), "{}", drawn[0].name);
}

/// With `n` jobs at work each takes 1 + n² / 10 times as long: throughput falls, and every request succeeds.
#[test]
fn a_fall_of_throughput_comes_first() {
    let coherence = r#"
[load]
kind = "closed"
target = "a.e"
concurrency = 1
warm_up = "10s"
duration = "500s"

[services.a]
runtime = "threads"
cpu = "64"
coherence = 0.1

[services.a.endpoints.e]
steps = [{ cpu = "100ms" }]
"#;
    let axis = "[axes.clients]\npath = \"load.concurrency\"\nvalues = [1, 4, 8, 16]\n";
    let drawn = drawn_of(coherence, axis);
    let title = title(&drawn, "throughput");
    assert!(title.starts_with("Throughput falls from 4 concurrent on ("), "{title}");
    assert!(title.ends_with("; the objectives are met up to 16"), "{title}");
}

/// Three that answer alike, two of which cannot do the work behind their answers.
#[test]
fn what_piles_up_behind_the_answers_is_not_served() {
    let queue = r#"
[load]
kind = "open"
target = "a.e"
rate = "12/s"
warm_up = "10s"
duration = "500s"

[queues.q.consumers.k]
service = "w"
endpoint = "g"
prefetch = 10

[services.a.endpoints.e]
steps = [{ publish = { queue = "q" } }]

[services.w]
runtime = "threads"
threads = 1

[services.w.endpoints.g]
steps = [{ sleep = "100ms" }]
"#;
    let threads = |name: &str, threads: u32| {
        format!("[[variants]]\nname = \"{name}\"\nset = {{ \"services.w.threads\" = {threads} }}\n")
    };
    let drawn = drawn_of(queue, &[threads("one", 1), threads("as well", 1), threads("two", 2)].concat());
    let title = title(&drawn, "throughput");
    assert!(title.starts_with("“two” is safe ("), "{title}");
    assert!(title.ends_with("); “one” and “as well” are unstable"), "{title}");
    let Figure::Bar(figure) = &drawn[0].figure else { panic!("{:?}", drawn[0]) };
    assert!(figure.x.label.starts_with("completed "), "{}", figure.x.label);
    assert!(figure.bars[0].value < 0.9 * figure.bars[2].value, "{:?}", figure.bars);
}

/// The mean response time is 2 s at 0.5/s: whether it is at most 2 s is not known there.
const MEAN: &str = "[[objectives]]\nat-most = { metric = \"mean_s\", value = 2 }\n";

#[test]
fn a_title_calls_no_value_safe_that_is_not_known_to_be() {
    let rates = RATES.replace("\"0.4/s\", \"2/s\"", "\"0.5/s\"");
    let title = |experiment: &str| words(&drawn(experiment)[0].figure).0.to_owned();
    let alone = title(&format!("{MEAN}{rates}"));
    // What is served at most is not said: it may be more where it is not known whether that is good enough.
    assert_eq!(alone, "Safe up to 0.2/s, not known at 0.5/s");
    let two = title(&format!("{MEAN}{rates}{VARIANTS}"));
    assert_eq!(two, "“lone” is safe up to 0.2/s, not known at 0.5/s; “four” is safe up to 0.5/s");
    let nowhere = title(&format!("{MEAN}{}{VARIANTS}", rates.replace("\"0.2/s\", ", "\"0.499/s\", ")));
    assert!(nowhere.starts_with("“lone” is not known to be safe at 0.499/s to 0.5/s; “four” is safe"), "{nowhere}");
}

/// Who is not known to be safe at the lowest load does not fall before who is known to be unstable there.
#[test]
fn what_is_not_known_does_not_come_first() {
    let rates = RATES.replace("\"0.2/s\", \"0.4/s\"", "\"0.5/s\"");
    let slow = "[[variants]]\nname = \"slow\"\n[variants.set]\n\
                \"services.shop.endpoints.serve.steps.visit.time\" = \"exp(3s)\"\n";
    let drawn = drawn(&format!("{MEAN}{rates}{VARIANTS}{slow}"));
    let (title, _) = words(&drawn[0].figure);
    assert!(title.starts_with("“slow” "), "{title}");
}

/// Of two figures it is the one beyond its tolerance that the title names.
#[test]
fn a_title_names_the_figure_that_misses() {
    let measured = "[[measurements]]\nname = \"m\"\nvariant = \"lone\"\nmeasured = { throughput_per_min = 29.5, mean_s = 9.0 }\n\
                    tolerance = \"20%\"\n";
    let drawn = drawn(&format!("{VARIANTS}{measured}"));
    let title = words(&drawn[0].figure).0;
    assert!(title.starts_with("0 of 1 measurements are met; mean is off by -") && title.ends_with(" (m)"), "{title}");
}

/// Three connections of which each request holds one and takes a second one: three at once stop a worker for good, which happens
/// in some runs and not in others. What all runs serve on average no run serves.
#[test]
fn a_title_has_the_throughput_of_each_group_of_runs() {
    let model = "title = \"t\"\n[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"6/s\"\nwarm_up = \"0s\"\n\
                 duration = \"100s\"\ntimeout = \"5s\"\n[services.a]\nworkers = 2\n[services.a.pools.p]\nserver = \"db\"\n\
                 min_size = 3\nmax_size = 3\n[services.a.endpoints.e]\n\
                 steps = [{ with = { pool = \"p\", steps = [{ sleep = \"15ms\" }, { query = { pool = \"p\", time = \"5ms\" } }] } }]\n\
                 [services.db]\nruntime = \"delay\"\n";
    let slower = "seed = 3\n[[variants]]\nname = \"today\"\n[[variants]]\nname = \"slower\"\n[variants.set]\n\
                  \"services.a.endpoints.e.steps.with.steps.sleep\" = \"16ms\"\n";
    let drawn = drawn_of(model, slower);
    let title = title(&drawn, "throughput");
    assert!(title.starts_with("Both are damaged; both serve about ") && title.contains("/s in 2 runs, "), "{title}");
}
