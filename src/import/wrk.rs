//! What `wrk` and `wrk2` print. Latencies are of all responses; a time-out counts a response that came late.

use super::Request;
use super::figure::{Content, Totals, independent, percentile};
use super::printed::{self, Printed};
use super::text::Text;
use crate::language::Mistake;
use crate::metric::Metric;

/// Reads it.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let lines = || text.lines().map(str::trim);
    // `297 requests in 3.01s, 44.82KB read`
    let total = lines()
        .find(|line| line.contains(" requests in "))
        .ok_or_else(|| printed::lacks(text, "wrk", "… requests in …"))?;
    let (count, rest) = total.split_once(" requests in ").unwrap_or((total, ""));
    let requests = text.number(count)?;
    let length = time(text, rest.split(',').next().unwrap_or(rest))?;
    let mut causes = Vec::new();
    let bad = match lines().find_map(|line| line.strip_prefix("Non-2xx or 3xx responses:")) {
        Some(count) => text.number(count)?,
        None => 0.0,
    };
    causes.push(("status 400 or above".to_owned(), bad));
    let mut remarks = Vec::new();
    // `Socket errors: connect 0, read 0, write 0, timeout 5`
    let mut lost = 0.0;
    if let Some(errors) = lines().find_map(|line| line.strip_prefix("Socket errors:")) {
        for error in errors.split(',') {
            let (cause, count) = error.trim().rsplit_once(' ').unwrap_or((error, ""));
            let count = text.number(count)?;
            if cause == "timeout" && count > 0.0 {
                remarks
                    .push(format!("responses that took longer than wrk's --timeout, which are not failures: {count}"));
            } else if cause != "timeout" {
                lost += count;
                causes.push((format!("socket error: {cause}"), count));
            }
        }
    }
    causes.retain(|(_, count)| *count > 0.0);
    let totals = Totals::printed(requests + lost, bad.min(requests) + lost, causes, length);
    let mut figures = totals.figures();
    let note = totals.of_responses(bad);
    // `Latency    50.11ms   17.37ms  83.97ms   58.25%`: mean, standard deviation, maximum.
    if let Some(row) = lines().find_map(|line| line.strip_prefix("Latency ").filter(|row| row.ends_with('%'))) {
        let mut words = row.split_whitespace();
        if let (Some(mean), Some(std_dev)) = (words.next(), words.next()) {
            let (mean, std_dev) = (time(text, mean)?, time(text, std_dev)?);
            let mut figure = totals.time(Metric::MeanS, mean.value, Some(mean.rounding), &note);
            figure.error = independent(std_dev.value, requests);
            figures.push(figure);
        }
    }
    let mut has_95 = false;
    for line in lines() {
        let mut words = line.split_whitespace();
        let (Some(share), Some(value), None) = (words.next(), words.next(), words.next()) else { continue };
        if let Some(metric) = percentile(share) {
            has_95 |= metric == Metric::P95S;
            let value = time(text, value)?;
            figures.push(totals.time(metric, value.value, Some(value.rounding), &note));
        }
    }
    if !has_95 {
        remarks.push("wrk gives no 95th percentile (others with --latency)".into());
    }
    // `1 threads and 5 connections`
    let connections = lines().find_map(|line| line.strip_suffix(" connections")?.rsplit(' ').next()?.parse().ok());
    Ok(Content::Totals { figures, concurrency: connections, remarks })
}

fn time(text: &Text, word: &str) -> Result<Printed, Mistake> {
    printed::time(word).ok_or_else(|| {
        text.wrong(text.span(word), "this is no time", "a number and its unit are expected, such as `50.11ms`")
    })
}
