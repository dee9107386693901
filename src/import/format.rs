//! The formats, and how a text is recognised.

use super::figure::Content;
use super::mapping::{Mapping, by_name};
use super::text::Text;
use super::{
    Request, ab, access_log, autocannon, columns, entry, envoy, gatling, hey, jmeter, k6_rows, k6_summary, locust,
    locust_history, measured, oha, prometheus, results, unknown, wrk,
};
use crate::language::Mistake;

/// One format.
#[derive(Debug)]
pub struct Format {
    /// Its name for `--format`.
    pub name: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// What has times, where this has totals only: it completes "import …".
    pub with_times: &'static str,
    /// Whether a text is probably in it.
    looks: fn(&Text) -> bool,
    /// Reads a text.
    pub(super) read: fn(&Text, &Request) -> Result<Content, Mistake>,
}

/// All formats, in the order in which they are tried.
pub static FORMATS: [Format; 21] = [
    Format {
        name: "oha",
        title: "oha (JSON)",
        with_times: "a table of requests",
        looks: |text| is_object(text) && has(text, "\"latencyPercentiles\"") && has(text, "\"errorDistribution\""),
        read: oha::read,
    },
    Format {
        name: "autocannon",
        title: "autocannon (JSON)",
        with_times: "a table of requests",
        looks: |text| is_object(text) && has(text, "\"connections\"") && has(text, "\"2xx\""),
        read: autocannon::read,
    },
    Format {
        name: "k6-json",
        title: "k6 rows (JSON lines)",
        with_times: "",
        looks: |text| {
            is_object(text) && text.first_line().contains("\"type\":") && text.first_line().contains("\"metric\":")
        },
        read: k6_rows::read_json,
    },
    Format {
        name: "k6-summary",
        title: "k6 summary (JSON)",
        with_times: "the rows: k6 run --out csv=FILE",
        looks: |text| {
            is_object(text) && has(text, "\"metrics\"") && has(text, "\"http_req") && !has(text, "\"results\"")
        },
        read: k6_summary::read,
    },
    Format {
        name: "prometheus",
        title: "Prometheus range query (JSON)",
        with_times: "",
        looks: |text| {
            is_object(text) && has(text, "\"status\"") && (has(text, "\"resultType\"") || has(text, "\"errorType\""))
        },
        read: prometheus::read,
    },
    Format {
        name: "k6-csv",
        title: "k6 rows (CSV)",
        with_times: "",
        looks: |text| header(text, &["metric_name", "timestamp", "metric_value"]),
        read: k6_rows::read_csv,
    },
    Format {
        name: "locust-history",
        title: "Locust history (_stats_history.csv)",
        with_times: "",
        looks: |text| header(text, &["Timestamp", "User Count", "Total Request Count"]),
        read: locust_history::read,
    },
    Format {
        name: "locust-stats",
        title: "Locust statistics (_stats.csv)",
        with_times: "_stats_history.csv",
        looks: |text| header(text, &["Type", "Name", "Request Count"]),
        read: locust::read,
    },
    Format {
        name: "locust-failures",
        title: "Locust failures (_failures.csv)",
        with_times: "_stats_history.csv",
        looks: |text| header(text, &["Method", "Name", "Error", "Occurrences"]),
        read: locust::read_failures,
    },
    Format {
        name: "jmeter",
        title: "JMeter results (JTL, CSV)",
        with_times: "",
        looks: |text| header(text, &["timeStamp", "elapsed"]),
        read: jmeter::read,
    },
    Format {
        name: "hey-csv",
        title: "hey rows (CSV)",
        with_times: "",
        looks: |text| header(text, &["response-time", "status-code", "offset"]),
        read: hey::read_csv,
    },
    Format {
        name: "gatling",
        title: "Gatling simulation.log (text)",
        with_times: "",
        looks: |text| text.first_line().starts_with("RUN\t") || text.first_line().starts_with("REQUEST\t"),
        read: gatling::read,
    },
    Format {
        name: "wrk",
        title: "wrk (text)",
        with_times: "an access log of the server",
        looks: |text| has(text, " requests in ") && has(text, "Thread Stats"),
        read: wrk::read,
    },
    Format {
        name: "ab",
        title: "ab (text)",
        with_times: "an access log of the server",
        looks: |text| {
            has(text, "ApacheBench") || (has(text, "Complete requests:") && has(text, "Time taken for tests:"))
        },
        read: ab::read,
    },
    Format {
        name: "hey",
        title: "hey (text)",
        with_times: "the rows: hey -o csv",
        looks: |text| {
            has(text, "Summary:")
                && has(text, "Requests/sec:")
                && has(text, "Status code distribution:")
                && has(text, "Details (average")
        },
        read: hey::read,
    },
    Format {
        name: "envoy",
        title: "Envoy access log",
        with_times: "",
        looks: |text| is_entry(text, 0, 1),
        read: envoy::read,
    },
    Format {
        name: "access-log",
        title: "access log (common or combined format)",
        with_times: "",
        looks: |text| is_entry(text, 3, 4),
        read: access_log::read,
    },
    Format {
        name: "measured",
        title: "rows of sim measure (CSV)",
        with_times: "",
        looks: |text| header(text, &measured::RECOGNISED),
        read: measured::read,
    },
    Format {
        name: "observations",
        title: "observations of this program (CSV)",
        with_times: "the file of the load tool",
        looks: |text| header(text, &["variant", "point", "class", "metric"]),
        read: super::table::read,
    },
    Format {
        name: "results",
        title: "results.csv of a sweep",
        with_times: "the file of a load tool",
        looks: |text| header(text, &["variant", "replications", "throughput_per_min", "throughput_per_min_lo"]),
        read: results::read,
    },
    Format {
        name: "csv",
        title: "table (CSV)",
        with_times: "a table of requests",
        looks: |text| text.first_line().contains(',') && columns::has_figures(&by_name(&names(text))),
        read: columns::read,
    },
];

impl Format {
    /// The format with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

/// The format that a text is in.
pub(super) fn recognise(text: &Text, mappings: &[Mapping]) -> Result<&'static Format, Mistake> {
    let found = FORMATS.iter().find(|format| (format.looks)(text));
    let takes_mappings = ["prometheus", "access-log", "csv"];
    match found {
        Some(format) if mappings.is_empty() || takes_mappings.contains(&format.name) => Ok(format),
        // A mapping reads any table as it says.
        _ if !mappings.is_empty() && !is_object(text) && text.first_line().contains(',') => {
            Format::named("csv").ok_or_else(|| unknown::refuse(text))
        }
        Some(format) => Err(text
            .whole(format!("{} needs no --map", format.title))
            .help("leave out --map, or read the file as a table with --format csv")),
        None => Err(unknown::refuse(text)),
    }
}

fn has(text: &Text, words: &str) -> bool {
    text.str().contains(words)
}

fn is_object(text: &Text) -> bool {
    text.str().trim_start().starts_with('{')
}

/// The names of the columns, if the first line has some.
fn names(text: &Text) -> Vec<String> {
    text.first_line().split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect()
}

fn header(text: &Text, needed: &[&str]) -> bool {
    let names = names(text);
    needed.iter().all(|name| names.iter().any(|known| known == name))
}

/// Whether the first line has a time in brackets and a request in quotes as these words.
fn is_entry(text: &Text, time: usize, asked: usize) -> bool {
    let line = text.first_line();
    let words = entry::words(line);
    let Some((time, asked)) = words.get(time).zip(words.get(asked)) else { return false };
    let before =
        |word: &str| text.span(word).start.checked_sub(1).and_then(|at| text.str().as_bytes().get(at).copied());
    before(time) == Some(b'[') && before(asked) == Some(b'"')
}
