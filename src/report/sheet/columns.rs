//! The columns of every sheet: names, units, types and meanings, which are stable. A column may be added after the
//! others; none is renamed, and none changes its unit or type.

use serde_json::{Value, json};

use super::{CellKind, Column};
use crate::calibrate::propagation::FIGURES;
use crate::experiment::plan::Plan;
use crate::language::schema::meaning_of_metric;
use crate::metric::{self, Metric};

/// Columns of a sheet beside those that name a row.
#[derive(Debug)]
pub struct Layout {
    /// The file's name without its extension.
    pub name: &'static str,
    /// What a row is.
    row: &'static str,
    parts: &'static [Part],
}

/// A stretch of columns.
#[derive(Debug)]
enum Part {
    /// A column: name, type, unit, meaning.
    One(&'static str, CellKind, &'static str, &'static str),
    /// All metrics, one column each.
    Metrics,
    /// All metrics with their bounds, three columns each.
    Intervals,
    /// A figure with its bounds.
    Interval(&'static str, &'static str, &'static str),
    /// How many replications each of two groups has, and these figures of each.
    Groups(&'static [(&'static str, &'static str)]),
    /// The ends of two bands of these figures; only of a sweep with a posterior.
    Bands,
    /// A difference in each of the four combinations of the groups of two points.
    PairsOfGroups,
}

use CellKind::{Count, Flag, Number, Text};
use Part::{Bands, Groups, Interval, Intervals, Metrics, One, PairsOfGroups};

/// Two groups of replications, as columns name them.
const GROUPS: [&str; 2] = ["higher", "lower"];

const SATURATED: Part =
    One("saturated_resource", Text, "", "What limits: the root of the chain of waits, or what refuses requests.");
const DEADLOCK: Part = One("deadlock", Text, "", "The resource that requests hold and wait for in a circle.");

/// `results`: a row a point.
pub const RESULTS: Layout = Layout {
    name: "results",
    row: "A variant at a value of each axis, over all its replications, also where they fall into two groups.",
    parts: &[
        One("replications", Count, "1", "Replications that the figures rest on."),
        Intervals,
        SATURATED,
        DEADLOCK,
        One("stuck", Flag, "", "The target no longer answers after most replications."),
        One("unsound", Text, "", "Replications that a limit ended or that violate a law, and why."),
        One("never_recovered", Count, "1", "Replications that did not recover from the disturbance."),
        One(
            "growth_per_s",
            Number,
            "1/s",
            "Growth of the requests under way, or of the work behind their answers, where the point is not stationary.",
        ),
        One("condition", Text, "", "The worst condition that applies: dead, damaged, unstable, ..., healthy."),
        One("condition_runs", Count, "1", "Replications that show the condition."),
        One("condition_share_lo", Number, "1", "Lower end of the 95 % interval of their share."),
        One("condition_share_hi", Number, "1", "Upper end of the 95 % interval of their share."),
        One("dead_runs", Count, "1", "Replications after which no process of the target answered."),
        One("damaged_runs", Count, "1", "Replications that lost capacity for good, the dead ones among them."),
        Groups(&[("throughput_per_min", "1/min"), ("success_rate", "1")]),
        Bands,
    ],
};

/// `trials`: a row a replication.
pub const REPLICATIONS: Layout = Layout {
    name: "trials",
    row: "A replication of a variant at a value of each axis.",
    parts: &[
        One("replication", Count, "1", "Which replication, from 0."),
        Metrics,
        One("window_s", Number, "s", "Length of the measuring window."),
        One("sent", Count, "1", "Requests sent, those that are sent again included."),
        One("ended", Count, "1", "Requests that ended, or never will; where clients send again, users."),
        One("succeeded", Count, "1", "Requests answered with success."),
        One("hung", Count, "1", "Requests that wait for an answer that never comes."),
        One("events", Count, "1", "Events of the simulation."),
        One("ending", Text, "", "Why it ended: `complete`, a limit, or what it failed with."),
        One("stuck", Flag, "", "The target no longer answers."),
        SATURATED,
        DEADLOCK,
        One("violations", Text, "", "Laws that it violates, with both numbers."),
        One("never_recovered", Flag, "", "It did not recover from the disturbance."),
        One(
            "dead_processes",
            Count,
            "1",
            "Processes of the target that did not answer after the load; missing: unknown.",
        ),
        One("lost", Text, "", "Units of resources that were lost for good."),
    ],
};

/// `classes`: a row a class of requests and point.
pub const CLASSES: Layout = Layout {
    name: "classes",
    row: "A class of requests, of a variant at a value of each axis.",
    parts: &[
        One("class", Text, "", "The class."),
        One("sent", Number, "1", "Requests sent, mean over the replications."),
        One("succeeded", Number, "1", "Requests answered with success, mean over the replications."),
        Interval("throughput_per_min", "1/min", "Successes a minute."),
        Interval("success_rate", "1", "Successes out of all, 0 to 1."),
        Interval("mean_s", "s", "Mean response time of successes."),
        Interval("p50_s", "s", "Median response time."),
        Interval("p90_s", "s", "90th percentile of the response time."),
        Interval("p95_s", "s", "95th percentile of the response time."),
        Interval("p99_s", "s", "99th percentile of the response time."),
        Interval("p999_s", "s", "99.9th percentile of the response time."),
    ],
};

/// `comparisons`: a row a figure of a point that is compared with the first variant's.
pub const COMPARISONS: Layout = Layout {
    name: "comparisons",
    row: "A figure of a variant at a value of each axis, less that of the first variant there.",
    parts: &[
        One("against", Text, "", "The first variant."),
        One("metric", Text, "", "The figure."),
        One("pairs", Count, "1", "Replications that both have."),
        Interval(
            "difference",
            "of the metric",
            "Paired difference of all replications, also where they fall into two groups.",
        ),
        Interval("relative", "1", "The same relative to the first variant's mean; missing for shares."),
        One("variance_saved", Number, "1", "Share of the difference's variance that the pairing saved."),
        PairsOfGroups,
    ],
};

/// `measurements`: a row a figure of a measurement.
pub const MEASUREMENTS: Layout = Layout {
    name: "measurements",
    row: "A measured figure, of a variant at a value of each axis, beside the predicted one.",
    parts: &[
        One("measurement", Text, "", "The measurement's name."),
        One("metric", Text, "", "The figure."),
        One("measured", Number, "of the metric", "What was measured."),
        Interval(
            "predicted",
            "of the metric",
            "What is predicted, over all replications, also where they fall into two groups.",
        ),
        One("deviation", Number, "see kind", "Predicted less measured, over all replications."),
        One("kind", Text, "", "`relative` to the measured figure, or `absolute`: in the unit of the metric."),
        One("tolerance", Number, "see kind", "How far it may be; missing where that is not said."),
        One(
            "within",
            Flag,
            "",
            "Whether it is within the tolerance, of two groups of replications in both; missing without one.",
        ),
        Groups(&[("predicted", "of the metric")]),
    ],
};

/// `timeline`: a row an interval of time and point.
pub const TIMELINE: Layout = Layout {
    name: "timeline",
    row: "An interval of time, of a variant at a value of each axis.",
    parts: &[
        One("from_s", Number, "s", "Start of the interval."),
        One("to_s", Number, "s", "End of the interval."),
        Interval("sent_per_s", "1/s", "Requests sent."),
        Interval("first_tries_per_s", "1/s", "Requests sent for the first time."),
        Interval("succeeded_per_s", "1/s", "Requests answered with success."),
        Interval("failed_per_s", "1/s", "Requests answered with a failure."),
        Interval("given_up_per_s", "1/s", "Requests whose client gave up."),
        Interval("success_share", "1", "Successes out of those that ended in the interval, 0 to 1."),
        Interval("in_flight_at_end", "1", "Requests under way at its end."),
        Interval("mean_s", "s", "Mean response time of the interval's successes."),
        Interval("p50_s", "s", "Median response time of the interval's successes; where the load has `timeline`."),
        Interval("p95_s", "s", "95th percentile of the response time; where the load has `timeline`."),
        Interval("p99_s", "s", "99th percentile of the response time; where the load has `timeline`."),
    ],
};

/// `timeline-failures`: a row a cause of failures, interval of time and point.
pub const TIMELINE_FAILURES: Layout = Layout {
    name: "timeline-failures",
    row: "A cause of failures in an interval of time, of a variant at a value of each axis.",
    parts: &[
        One("from_s", Number, "s", "Start of the interval."),
        One("to_s", Number, "s", "End of the interval."),
        One("cause", Text, "", "Why requests failed."),
        Interval("failed_per_s", "1/s", "Requests that failed for it."),
    ],
};

/// `timeline-resources`: a row a resource, interval of time and point.
pub const TIMELINE_RESOURCES: Layout = Layout {
    name: "timeline-resources",
    row: "A resource in an interval of time, of a variant at a value of each axis.",
    parts: &[
        One("from_s", Number, "s", "Start of the interval."),
        One("to_s", Number, "s", "End of the interval."),
        One("resource", Text, "", "Its name."),
        Interval("in_use", "1", "Units in use, mean over the interval and sum over all instances."),
        One("capacity", Number, "1", "Units that there are, mean over the interval; missing where there is no limit."),
        Interval("queue", "1", "Requests, jobs or messages that wait for it, mean over the interval."),
    ],
};

/// `timeline-marks`: a row an event of a replica or a breaker.
pub const TIMELINE_MARKS: Layout = Layout {
    name: "timeline-marks",
    row: "Something that happened to a replica or a breaker, in a replication of a variant at a value of each axis.",
    parts: &[
        One("replication", Count, "1", "Which replication, from 0."),
        One("at_s", Number, "s", "When."),
        One(
            "what",
            Text,
            "",
            "Of a replica: `down` (by a fault), `restart` (by its liveness probe), `up`, `unready` and `ready` (by its \
             readiness probe). Of a breaker: `open`, `half-open`, `closed`. Of a service: `scaled up`, `scaled down`.",
        ),
        One(
            "place",
            Text,
            "",
            "The replica or the breaker; of a service, the numbers of its replicas before and after.",
        ),
    ],
};

/// `blame`: a row a place where requests of a group spent time.
pub const BLAME: Layout = Layout {
    name: "blame",
    row: "A place where requests spent time, of a variant at a value of each axis.",
    parts: &[
        One(
            "requests",
            Text,
            "",
            "Whose time: `mean` of all successes; of those around a percentile of the response time, `p50`, `p90`, `p95`, \
             `p99` or `p999`; of all `failed`.",
        ),
        One("place", Text, "", "A resource, the network, a service's own time, a back-off or a fault."),
        One("doing", Text, "", "`waiting` for the place or being `served` there."),
        One("seconds", Number, "s", "Time there of each of these requests, mean."),
        One("share", Number, "1", "The same out of their whole time, 0 to 1."),
    ],
};

/// `resources`: a row a resource of a point.
pub const RESOURCES: Layout = Layout {
    name: "resources",
    row: "A resource, of a variant at a value of each axis, over its replications.",
    parts: &[
        One("resource", Text, "", "Its name."),
        One("capacity", Number, "1", "Units; missing where there is no limit."),
        One("in_use", Number, "1", "Units in use, mean."),
        Interval("utilisation", "1", "Share of its units that are in use, mean."),
        One("busiest_utilisation", Number, "1", "The same of the busiest instance, mean over the replications."),
        One("visits", Number, "1", "Visits in the window, mean."),
        One("refused", Number, "1", "Visits that were refused, mean."),
        Interval("queue", "1", "Requests that wait for it, mean."),
        One("longest_queue", Count, "1", "Most requests that waited at one instance, in any replication."),
        Interval("wait_s", "s", "Wait of all visits, mean: the queue divided by the visits a second."),
        One("waited_share", Number, "1", "Share of the visits that waited for any time, 0 to 1."),
        One("hit_ratio", Number, "1", "Of a cache: share of lookups that were hits, 0 to 1."),
        One("opened", Number, "1", "Of a circuit breaker: how often it opened, mean."),
    ],
};

/// A column with all that is said of it.
struct Described {
    name: String,
    kind: CellKind,
    unit: &'static str,
    meaning: String,
}

/// The three columns of a figure.
fn bounded(name: &str, unit: &'static str, meaning: &str) -> [Described; 3] {
    let column =
        |suffix: &str, meaning: String| Described { name: format!("{name}{suffix}"), kind: Number, unit, meaning };
    [
        column("", meaning.to_owned()),
        column("_lo", format!("Lower end of the 95 % interval of `{name}`.")),
        column("_hi", format!("Upper end of the 95 % interval of `{name}`; missing where there is none.")),
    ]
}

/// The columns of one of two groups of replications: how many it has, and the mean of each figure.
fn of_group(which: &str, figures: &[(&str, &'static str)]) -> Vec<Described> {
    let runs = Described {
        name: format!("{which}_group_runs"),
        kind: Count,
        unit: "1",
        meaning: format!(
            "Replications in the group with the {which} throughput; missing where the replications are one group."
        ),
    };
    let mean = |&(name, unit): &(&str, &'static str)| Described {
        name: format!("{which}_group_{name}"),
        kind: Number,
        unit,
        meaning: format!("Mean of `{name}` over that group; of a percentile missing."),
    };
    std::iter::once(runs).chain(figures.iter().map(mean)).collect()
}

/// The columns of the bands of a metric.
fn of_bands(metric: Metric) -> [Described; 4] {
    let name = metric.name();
    let column = |suffix: &str, meaning: String| Described {
        name: format!("{name}_{suffix}"),
        kind: Number,
        unit: unit(metric.kind()),
        meaning,
    };
    let [low, high] = ["Lower", "Upper"].map(|end| {
        let parameters = format!("{end} end of where the expected `{name}` is with 90 % of the draws of a posterior; only with `--posterior`.");
        let tests = format!("{end} end of where `{name}` of 90 % of tests is, with parameters, noise and discrepancy; only with `--posterior`.");
        (parameters, tests)
    });
    [
        column("parameters_lo", low.0),
        column("parameters_hi", high.0),
        column("tests_lo", low.1),
        column("tests_hi", high.1),
    ]
}

/// The columns of the pairs of which one replication is in a group of its point, and the other in a group of the other.
fn of_pairs(ours: &str, theirs: &str) -> [Described; 2] {
    let pairs = format!("pairs_{ours}_{theirs}");
    let meaning = format!(
        "Pairs of a replication in the group with the {ours} throughput and one of the first variant's in its group with \
         the {theirs} one, where the replications of either fall into two groups; all of a variant that is one group count \
         as `higher`. Missing where there is one group of pairs."
    );
    let difference =
        "Mean difference of these pairs; relative to the first variant's mean in them where `relative` is there.";
    [
        Described { name: pairs, kind: Count, unit: "1", meaning },
        Described {
            name: format!("difference_{ours}_{theirs}"),
            kind: Number,
            unit: "see relative",
            meaning: difference.into(),
        },
    ]
}

/// The unit that a metric's name tells.
fn unit(kind: metric::MetricKind) -> &'static str {
    match kind {
        metric::MetricKind::PerMinute => "1/min",
        metric::MetricKind::PerSecond => "1/s",
        metric::MetricKind::Hours => "h",
        metric::MetricKind::Time | metric::MetricKind::Quantile(_) => "s",
        metric::MetricKind::Share | metric::MetricKind::Count(_) | metric::MetricKind::Ratio(_) => "1",
        // That of `[prices]`, which has no name.
        metric::MetricKind::Price => "currency",
    }
}

impl Layout {
    /// All columns; those of a posterior only if there is one.
    fn described(&self, with_bands: bool) -> Vec<Described> {
        let mut columns = Vec::new();
        let metrics =
            || Metric::ALL.into_iter().map(|metric| (metric.name(), unit(metric.kind()), meaning_of_metric(metric)));
        for part in self.parts {
            match part {
                One(name, kind, unit, meaning) => {
                    columns.push(Described { name: (*name).into(), kind: *kind, unit, meaning: (*meaning).into() });
                }
                Metrics => columns.extend(metrics().map(|(name, unit, meaning)| Described {
                    name: name.into(),
                    kind: Number,
                    unit,
                    meaning,
                })),
                Intervals => columns.extend(metrics().flat_map(|(name, unit, meaning)| bounded(name, unit, &meaning))),
                Interval(name, unit, meaning) => columns.extend(bounded(name, unit, meaning)),
                Groups(figures) => columns.extend(GROUPS.iter().flat_map(|which| of_group(which, figures))),
                Bands if !with_bands => {}
                Bands => columns.extend(FIGURES.into_iter().flat_map(of_bands)),
                PairsOfGroups => {
                    let all = GROUPS.iter().flat_map(|ours| GROUPS.iter().map(move |theirs| (ours, theirs)));
                    columns.extend(all.flat_map(|(ours, theirs)| of_pairs(ours, theirs)));
                }
            }
        }
        columns
    }

    /// The columns for a plan: first those that name a row, the variant and each axis.
    pub fn columns(&self, plan: &Plan) -> Vec<Column> {
        self.columns_of(plan, false)
    }

    /// The same of a sweep with a posterior, of which `results` has bands.
    pub fn columns_of(&self, plan: &Plan, with_bands: bool) -> Vec<Column> {
        let keys = std::iter::once("variant").chain(plan.axes.iter().map(|axis| axis.name.as_str()));
        let keys = keys.map(|name| Column { name: name.into(), kind: Text });
        keys.chain(self.described(with_bands).into_iter().map(|it| Column { name: it.name, kind: it.kind })).collect()
    }
}

/// What the columns of all sheets are, as a document in the form of Frictionless' Table Schema, to which units are
/// added.
pub fn schema() -> Value {
    let field = |name: &str, kind: CellKind, unit: &str, meaning: &str| {
        let kind = match kind {
            Text => "string",
            Number => "number",
            Count => "integer",
            Flag => "boolean",
        };
        let mut field = json!({ "name": name, "type": kind, "description": meaning });
        if !unit.is_empty() {
            field["unit"] = unit.into();
        }
        field
    };
    let resource = |layout: &Layout| {
        let mut fields = vec![
            field("variant", Text, "", "The variant's name; the model's where there are no variants."),
            field(
                "<axis>",
                Text,
                "",
                "The value of each axis as it was written; a column for each, named like the axis.",
            ),
        ];
        fields.extend(layout.described(true).iter().map(|it| field(&it.name, it.kind, it.unit, &it.meaning)));
        json!({ "name": layout.name, "description": layout.row, "schema": {
            "fields": fields, "missingValues": [""], "trueValues": ["yes"], "falseValues": ["no"],
        } })
    };
    let layouts = [
        RESULTS,
        REPLICATIONS,
        CLASSES,
        COMPARISONS,
        MEASUREMENTS,
        TIMELINE,
        TIMELINE_FAILURES,
        TIMELINE_RESOURCES,
        TIMELINE_MARKS,
        BLAME,
        RESOURCES,
    ];
    let resources: Vec<Value> = layouts.iter().map(resource).collect();
    json!({
        "name": "sim-results",
        "description": "The files of a sweep. In CSV, numbers have seven significant digits, `inf` is never, flags are \
                        `yes` and `no`; in JSON lines and Parquet numbers are exact and flags are booleans.",
        "resources": resources,
    })
}
