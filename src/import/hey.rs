//! What `hey` prints: a summary, or with `-o csv` a row for each response. Requests without a response are in the summary
//! only, and no time is of them.

use super::Request;
use super::figure::{Content, Totals, percentile};
use super::printed;
use super::requests::{Answered, Requests};
use super::rows::Rows;
use super::text::Text;
use crate::language::Mistake;
use crate::metric::Metric;

/// The last digit of times in rows, in seconds.
const STEP: f64 = 0.0001;

/// Reads the summary.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let length = time(text, "Total:")?;
    let average = time(text, "Average:")?;
    let mut causes = Vec::new();
    let (mut answered, mut answered_badly, mut section) = (0.0, 0.0, "");
    let mut percentiles = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if !line.starts_with([' ', '\t']) && !trimmed.is_empty() {
            section = trimmed;
            continue;
        }
        if let Some((number, rest)) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            if section.starts_with("Status code distribution") {
                let count = text.number(rest.trim().trim_end_matches("responses"))?;
                answered += count;
                if text.number(number)? >= 400.0 {
                    answered_badly += count;
                    causes.push((format!("status {number}"), count));
                }
            } else if section.starts_with("Error distribution") {
                causes.push((rest.trim().to_owned(), text.number(number)?));
            }
        } else if let Some((share, value)) = trimmed.split_once(" in ") {
            // Some versions print `%%`.
            if let Some(metric) = percentile(&share.replace("%%", "%")) {
                let value = printed::time(value)
                    .ok_or_else(|| text.wrong(text.span(value), "this is no time", "such as `0.0511 secs`"))?;
                percentiles.push((metric, value));
            }
        }
    }
    let failed: f64 = causes.iter().map(|(_, count)| count).sum();
    let totals = Totals::printed(answered + failed - answered_badly, failed, causes, length);
    let mut figures = totals.figures();
    let note = totals.of_responses(answered_badly);
    // Where nothing was answered hey prints zeros.
    if answered > 0.0 {
        figures.push(totals.time(Metric::MeanS, average.value, Some(average.rounding), &note));
        let times = percentiles.into_iter();
        figures.extend(times.map(|(metric, time)| totals.time(metric, time.value, Some(time.rounding), &note)));
    }
    Ok(Content::Totals { figures, concurrency: None, remarks: Vec::new() })
}

fn time(text: &Text, name: &str) -> Result<printed::Printed, Mistake> {
    let rest = printed::after(text, name).ok_or_else(|| printed::lacks(text, "hey", name))?;
    printed::time(rest)
        .ok_or_else(|| text.wrong(text.span(rest), format!("`{name}` has no time"), "such as `1.0685 secs`"))
}

/// Reads the rows.
pub(super) fn read_csv(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let mut rows = Rows::open(text)?;
    let [elapsed, status, offset] =
        [rows.column("response-time")?, rows.column("status-code")?, rows.column("offset")?];
    let mut requests = Requests {
        step: STEP,
        rounding: Some(STEP / 2.0),
        remarks: vec!["hey writes no rows of requests without a response; its summary counts them".into()],
        ..Requests::default()
    };
    while let Some(row) = rows.next()? {
        let (begin, time) = (row.amount(offset)?, row.amount(elapsed)?);
        let failure =
            (row.amount(status)? >= 400.0).then(|| requests.causes.number(&format!("status {}", row.text(status))));
        let class = requests.classes.number("");
        let end = ((begin + time) * 1e9).round() as i64;
        requests.rows.push(Answered { end, elapsed: Some(time), class, failure });
    }
    Ok(Content::Requests(requests))
}
