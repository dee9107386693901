//! What `ab` (ApacheBench) prints. Times are whole milliseconds of all responses; what it calls failed includes responses
//! of another length than the first.

use super::Request;
use super::figure::{Content, Totals, independent, percentile};
use super::printed::{self, Printed};
use super::text::Text;
use crate::language::Mistake;
use crate::metric::Metric;

/// Half a millisecond, in seconds.
const ROUNDING: f64 = 0.0005;

/// Reads it.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let requests = needed(text, "Complete requests:")?.value;
    let length = needed(text, "Time taken for tests:")?;
    let concurrency = optional(text, "Concurrency Level:")?.map(|printed| printed.value);
    let bad = optional(text, "Non-2xx responses:")?.map_or(0.0, |printed| printed.value);
    let mut causes = vec![("not 2xx".to_owned(), bad)];
    let mut remarks = Vec::new();
    // `   (Connect: 0, Receive: 0, Length: 4, Exceptions: 0)`
    if let Some(line) = text.lines().find(|line| line.trim_start().starts_with("(Connect:")) {
        let inner = line.trim().trim_start_matches('(').trim_end_matches(')');
        for part in inner.split(',') {
            let (cause, count) = part.split_once(':').unwrap_or((part, ""));
            let count = text.number(count)?;
            match cause.trim() {
                "Length" if count > bad => remarks.push(format!(
                    "responses of another length than the first, which ab counts as failed: {count}; with a status of \
                     2xx they are successes"
                )),
                "Length" => {}
                cause => causes.push((cause.to_ascii_lowercase(), count)),
            }
        }
    }
    causes.retain(|(_, count)| *count > 0.0);
    let failed = causes.iter().map(|(_, count)| count).sum::<f64>().min(requests);
    let totals = Totals::printed(requests, failed, causes, length);
    let mut figures = totals.figures();
    let note = totals.of_responses(bad);
    // `Total:         20   51  17.5     52      81`: minimum, mean, standard deviation, median, maximum.
    if let Some(row) = text.lines().find_map(|line| line.strip_prefix("Total:")) {
        let values = row.split_whitespace().map(|value| text.number(value)).collect::<Result<Vec<f64>, _>>()?;
        if let [_, mean, std_dev, ..] = values[..] {
            let mut figure = totals.time(Metric::MeanS, mean / 1000.0, Some(ROUNDING), &note);
            figure.error = independent(std_dev / 1000.0, requests);
            figures.push(figure);
        }
    }
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some(share), Some(ms)) = (words.next(), words.next()) else { continue };
        if let Some(metric) = percentile(share) {
            figures.push(totals.time(metric, text.number(ms)? / 1000.0, Some(ROUNDING), &note));
        }
    }
    Ok(Content::Totals { figures, concurrency, remarks })
}

fn optional(text: &Text, name: &str) -> Result<Option<Printed>, Mistake> {
    let Some(rest) = printed::after(text, name) else { return Ok(None) };
    let word = rest.split_whitespace().next().unwrap_or(rest);
    match printed::number(word) {
        Some(printed) => Ok(Some(printed)),
        None => Err(text.wrong(text.span(word), format!("`{name}` has no number"), "a number is expected here")),
    }
}

fn needed(text: &Text, name: &str) -> Result<Printed, Mistake> {
    optional(text, name)?.ok_or_else(|| printed::lacks(text, "ab", name))
}
