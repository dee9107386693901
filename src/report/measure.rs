//! What `sim measure` found: a table, sentences on what spoils the figures, and a CSV row for each run.

mod figure;

pub use figure::measure_figures;

use super::number::{Figure, aligned, rate_column, shares, time_column};
use super::paragraph::{count, hanging, quoted};
use super::table::{Column, short, table};
use super::{Detail, number};
use crate::experiment::analyse::throughput::unit_of;
use crate::experiment::plan::Plan;
use crate::kernel::Time;
use crate::language::{Connections, HttpVersion, Measure, Metric};
use crate::measure::{Doubt, Ended, MeasuredRun};
use crate::model::{Pattern, RateUnit};
use crate::statistics::Interval;

/// What shows columns that have no room.
const ELSEWHERE: &str = "--table full";

/// A figure of a run with its interval.
fn interval(run: &MeasuredRun, metric: Metric) -> Option<Interval> {
    let figure = run.figure(metric.name())?;
    let error = figure.error.unwrap_or(0.0);
    Some(Interval { estimate: figure.value, low: (figure.value - error).max(0.0), high: figure.value + error })
}

/// The unit of throughputs.
fn unit(plan: &Plan, runs: &[MeasuredRun]) -> RateUnit {
    let rates = runs.iter().filter_map(|run| interval(run, Metric::ThroughputPerMin));
    unit_of(plan, rates.map(|rate| rate.estimate))
}

/// Where a run is: the values of axes, and which of several runs of a point.
fn name(plan: &Plan, run: &MeasuredRun, runs: &[MeasuredRun]) -> String {
    let place = plan.place(&plan.points[run.point]);
    let place = if place.is_empty() { run.place.variant.clone().unwrap_or_default() } else { place };
    let is_repeated = runs.iter().any(|other| other.replication > 1);
    if is_repeated { format!("{place}, run {}", run.replication) } else { place }
}

/// What carried the requests: `http://127.0.0.1:8000, HTTP/1.1, kept connections`.
fn transport(measure: &Measure, url: &str) -> String {
    let connections = match (measure.connections, measure.http) {
        (Connections::Fresh, _) => "a fresh connection for each request",
        (Connections::Kept, HttpVersion::One) => "kept connections",
        (Connections::Kept, HttpVersion::Two) => "shared connections",
    };
    let http = match measure.http {
        HttpVersion::One => "HTTP/1.1",
        HttpVersion::Two => "HTTP/2",
    };
    format!("{url}, {http}, {connections}")
}

/// How the system was loaded, in a few sentences.
pub fn measure_method(plan: &Plan, measure: &Measure, runs: &[MeasuredRun], url: &str) -> String {
    let is_closed = runs.first().is_some_and(|run| plan.points[run.point].load.pattern.is_closed());
    let from = if is_closed {
        "Response times are those of successes, from when a client was to send; what a stall kept clients from sending is not in them."
    } else {
        "Response times are those of successes, from the arrival on, corrected for coordinated omission."
    };
    let transport = transport(measure, url);
    format!("{}: {transport}; seed {}; 95 % intervals within a run. {from}", count(runs.len(), "run"), plan.seed)
}

/// The table of all runs.
pub fn measure_table(plan: &Plan, runs: &[MeasuredRun], detail: Detail) -> String {
    if detail == Detail::None || runs.is_empty() {
        return String::new();
    }
    let of = |metric: Metric| -> Vec<Option<Interval>> { runs.iter().map(|run| interval(run, metric)).collect() };
    let figures = |metric: Metric| -> Vec<Figure> {
        of(metric).into_iter().map(|interval| Figure { interval, groups: None }).collect()
    };
    let words = |cell: &dyn Fn(&MeasuredRun) -> String| -> Vec<String> { runs.iter().map(cell).collect() };
    let time = |heading: &str, metric: Metric| {
        let (heading, cells) = time_column(heading, &of(metric));
        Column::figures(heading, cells)
    };
    let own = |heading: &str, seconds: &dyn Fn(&MeasuredRun) -> f64| {
        let all: Vec<Option<Interval>> = runs.iter().map(|run| Some(Interval::exact(seconds(run)))).collect();
        let (heading, cells) = time_column(heading, &all);
        Column::figures(heading, cells)
    };
    let percent = |share: Option<f64>| share.map_or_else(|| "–".into(), |share| format!("{:.0} %", share * 100.0));
    let (heading, rates) = rate_column("throughput", unit(plan, runs), &figures(Metric::ThroughputPerMin));
    let requests = |run: &MeasuredRun| run.figure("requests").map_or(0.0, |figure| figure.value);
    let columns = vec![
        Column::words("run", words(&|run| name(plan, run, runs))),
        Column::figures("requests", words(&|run| number::grouped(&requests(run).to_string()))).optional(5),
        Column::figures(heading, rates),
        Column::figures("success", aligned(&shares(&figures(Metric::SuccessRate)))),
        time("mean", Metric::MeanS),
        time("p50", Metric::P50S).optional(6),
        time("p95", Metric::P95S),
        time("p99", Metric::P99S).optional(4),
        Column::figures("connections", words(&|run| number::grouped(&run.opened.to_string()))).optional(7),
        Column::figures("sim busy", words(&|run| percent(run.own.busy))).optional(1),
        own("sent late", &|run| run.own.late_mean_s).optional(2),
        own("late p99", &|run| run.own.late_p99_s).optional(3),
    ];
    match detail {
        Detail::Full => table(columns, &[]),
        _ => short(columns, &[], ELSEWHERE),
    }
}

/// The causes of failures of each run, with their numbers: a line for each run that has some.
pub fn measure_failures(plan: &Plan, runs: &[MeasuredRun], width: Option<usize>) -> String {
    let failed = Metric::FailedRequests.name();
    let line = |run: &MeasuredRun| {
        let of_all = run.figures.iter().filter(|figure| figure.metric == failed && figure.class.is_none());
        let mut causes: Vec<(f64, &str)> =
            of_all.filter_map(|figure| Some((figure.value, figure.cause.as_deref()?))).collect();
        causes.sort_by(|one, other| other.0.total_cmp(&one.0));
        let causes: Vec<String> =
            causes.iter().map(|(number, cause)| format!("{cause} {}", number::grouped(&number.to_string()))).collect();
        let place = name(plan, run, runs);
        (!causes.is_empty()).then(|| hanging("", 2, &format!("failures, {place}: {}", causes.join(", ")), width))
    };
    runs.iter().filter_map(line).collect()
}

/// Why the measurement ended early, and what is not counted: a line each.
pub fn measure_endings(plan: &Plan, runs: &[MeasuredRun]) -> Vec<String> {
    let mut lines = Vec::new();
    for run in runs {
        let name = quoted(&name(plan, run, runs));
        match &run.ended {
            Ended::Complete if run.figures.is_empty() => lines.push(format!(
                "no request ended in the window of {name}, so it has no figures; give the load a `timeout`, or measure for longer"
            )),
            Ended::Complete => {}
            Ended::Interrupted => lines.push(format!("interrupted in {name}: what was measured until then counts")),
            Ended::Failing(share) => lines.push(format!(
                "stopped in {name}: {:.0} % of the last 100 requests failed (`stop_at_failures` in the `measure` table)",
                share * 100.0
            )),
            Ended::Silent(seconds) => {
                lines.push(format!("stopped in {name}: no request ended for {seconds} s; give the load a `timeout`"));
            }
            Ended::Unwritten(reason) => {
                let file = run.file.display();
                lines.push(format!("cannot write {file} of {name}: {reason}; what was measured until then counts"));
            }
        }
    }
    let cut: usize = runs.iter().map(|run| run.cut_off).sum();
    if cut > 0 {
        let under_way = "under way when their run ended and are not counted";
        let verb = if cut == 1 { "was" } else { "were" };
        lines.push(format!("{} {verb} {under_way}", count(cut, "request")));
    }
    lines
}

/// What spoils the figures of each run, with what helps.
pub fn measure_doubts(plan: &Plan, runs: &[MeasuredRun]) -> Vec<String> {
    let mut lines = Vec::new();
    for run in runs {
        let name = quoted(&name(plan, run, runs));
        for doubt in &run.own.doubts {
            lines.push(match *doubt {
                Doubt::Busy(share) => format!(
                    "sim was saturated in {name}: its sending thread used a core for {:.0} % of the time; measure a lower load, or \
                     from several machines",
                    share * 100.0
                ),
                Doubt::Waited(share) => format!(
                    "sim waited for a core for {:.0} % of the time in {name}: response times include that; run it on another \
                     machine, or leave it a core",
                    share * 100.0
                ),
                Doubt::Late(late, mean) => format!(
                    "sim sent requests {} late on average in {name}, {:.0} % of the mean response time; run it on another machine, \
                     or leave it a core",
                    number::seconds(late),
                    100.0 * late / mean
                ),
                Doubt::Descriptors(requests) => format!(
                    "{} failed in {name} because sim had no file descriptor left; allow for more: ulimit -n 65536",
                    count(requests as usize, "request")
                ),
                Doubt::Ports(requests) => format!(
                    "{} failed in {name} because this machine had no port left; write `connections = \"kept\"`, or send fewer \
                     requests a second",
                    count(requests as usize, "request")
                ),
            });
        }
    }
    lines
}

/// The columns of the file of runs.
const RUNS: [&str; 16] = [
    "variant",
    "point",
    "replication",
    "file",
    "ended",
    "window_from_s",
    "window_to_s",
    "cut_off",
    "connections",
    "cpu_s",
    "busy",
    "waited",
    "late_mean_s",
    "late_p50_s",
    "late_p99_s",
    "late_max_s",
];

/// The runs as CSV: how each ended, and what it took.
pub fn measure_runs(runs: &[MeasuredRun]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Neither can fail: the rows have one length, and go to memory.
    let _ = writer.write_record(RUNS);
    for run in runs {
        let optional = |value: Option<f64>| value.map(number::exact).unwrap_or_default();
        let ended = match run.ended {
            Ended::Complete => "complete",
            Ended::Interrupted => "interrupted",
            Ended::Failing(_) => "failures",
            Ended::Silent(_) => "silence",
            Ended::Unwritten(_) => "unwritten",
        };
        let file = run.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let _ = writer.write_record([
            run.place.variant.clone().unwrap_or_default(),
            run.place.point(),
            run.replication.to_string(),
            file,
            ended.into(),
            number::exact(run.window.0),
            number::exact(run.window.1),
            run.cut_off.to_string(),
            run.opened.to_string(),
            optional(run.own.cpu_s),
            optional(run.own.busy),
            optional(run.own.waited),
            number::exact(run.own.late_mean_s),
            number::exact(run.own.late_p50_s),
            number::exact(run.own.late_p99_s),
            number::exact(run.own.late_max_s),
        ]);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// The number of runs, and how long they take at least.
pub fn measure_plan(plan: &Plan, points: &[usize], replications: u32, pause_s: f64) -> String {
    let loads = || points.iter().map(|&point| &plan.points[point].load.pattern);
    let runs = points.len() * replications as usize;
    let known: f64 = loads().filter_map(Pattern::window).map(|(_, closes)| closes.seconds()).sum();
    let least = known * f64::from(replications) + pause_s * (runs - 1) as f64;
    let is_known = loads().all(|pattern| pattern.window().is_some());
    let length = Time::from_seconds(least);
    match (is_known, least > 0.0) {
        (true, _) => format!("{}: {length}", count(runs, "run")),
        (false, true) => format!("{}: {length}, and as long as the requests of finite tests take", count(runs, "run")),
        (false, false) => format!("{}: as long as the requests take", count(runs, "run")),
    }
}
