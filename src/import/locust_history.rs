//! What `locust --csv PREFIX` writes every second: `PREFIX_stats_history.csv`. Counts and the mean are totals so far, so
//! that a part of the test is a difference of two rows. With `--csv-full-history` percentiles are those of about ten
//! seconds before the row (`CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW` in locust/stats.py), otherwise of all so far.

use super::Request;
use super::clock;
use super::figure::{Content, Figure, Totals};
use super::locust::{ALL, percentiles, rounding};
use super::rows::Rows;
use super::text::Text;
use crate::language::Mistake;
use crate::metric::Metric;

/// The seconds that a percentile of the full history is about.
const SLIDING: f64 = 10.0;

/// A row of all requests.
#[derive(Clone, Debug)]
struct Sample {
    /// Seconds from the first row.
    at: f64,
    users: f64,
    requests: f64,
    failed: f64,
    /// The mean of all so far, in milliseconds.
    mean: f64,
    percentiles: Vec<(Metric, f64)>,
}

/// Reads it.
pub(super) fn read(text: &Text, request: &Request) -> Result<Content, Mistake> {
    let (samples, is_sliding) = samples(text)?;
    let (Some(first), Some(end)) = (samples.first(), samples.last()) else {
        return Err(text
            .whole(format!("there is no row `{ALL}`"))
            .help("the file may have been cut off; copy it again, or run the test again"));
    };
    let (from, to) = request.span.within(end.at, text)?;
    let at = |time: f64| samples.iter().rev().find(|sample| sample.at <= time).unwrap_or(first);
    let (low, high) = (at(from), at(to));
    let (requests, failed) = (high.requests - low.requests, high.failed - low.failed);
    if requests < 0.0 || failed < 0.0 || failed > requests {
        return Err(text
            .whole("the counts in this file fall")
            .note("Locust was told to reset its statistics (--reset-stats), or two tests wrote to the file")
            .help("take a part without the fall: --skip, --window"));
    }
    let length = high.at - low.at;
    let totals = Totals {
        requests,
        failed,
        length: Some(length),
        length_rounding: 1.0,
        length_note: "the file gives times in whole seconds".into(),
        ..Totals::default()
    };
    let mut figures = totals.figures();
    let note = totals.of_responses(failed);
    if requests > 0.0 {
        let mean = (high.mean * high.requests - low.mean * low.requests) / requests;
        figures.push(totals.time(Metric::MeanS, mean / 1000.0, None, &note));
    }
    figures.iter_mut().for_each(|figure| figure.window = Some((low.at, high.at)));
    let mut remarks = Vec::new();
    if is_sliding {
        figures.extend(sliding(&samples, low.at, high.at, &note));
        remarks.push(format!("Locust gives percentiles of {SLIDING} s only: each is an observation of its own"));
    } else if request.span.is_part() {
        remarks.push(
            "no percentiles: the file has those of the whole test only (--csv-full-history writes others)".into(),
        );
    } else {
        let times = high.percentiles.iter();
        figures.extend(times.map(|(metric, ms)| totals.time(*metric, ms / 1000.0, Some(rounding(*ms)), &note)));
    }
    // The number of users of the part; none where it changes.
    let mut users =
        samples.iter().filter(|sample| sample.at > low.at && sample.at <= high.at).map(|sample| sample.users);
    let concurrency = users.next().filter(|first| users.all(|other| other == *first));
    Ok(Content::Part { figures, concurrency, remarks })
}

/// Percentiles of windows that do not overlap.
fn sliding(samples: &[Sample], from: f64, to: f64, note: &str) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut next = from + SLIDING;
    for sample in samples {
        if sample.at < next || sample.at > to {
            continue;
        }
        next = sample.at + SLIDING;
        figures.extend(sample.percentiles.iter().map(|(metric, ms)| {
            let window = Some((sample.at - SLIDING, sample.at));
            Figure { window, rounding: Some(rounding(*ms)), ..Figure::new(*metric, ms / 1000.0) }.noted(note)
        }));
    }
    figures
}

fn samples(text: &Text) -> Result<(Vec<Sample>, bool), Mistake> {
    let mut rows = Rows::open(text)?;
    let columns = [
        "Timestamp",
        "User Count",
        "Name",
        "Total Request Count",
        "Total Failure Count",
        "Total Average Response Time",
    ]
    .map(|name| rows.column(name));
    let [time, users, name, requests, failed, mean] = columns;
    let (time, users, name, requests, failed, mean) = (time?, users?, name?, requests?, failed?, mean?);
    let columns = percentiles(&rows);
    let (mut samples, mut start, mut is_sliding) = (Vec::<Sample>::new(), None, false);
    while let Some(row) = rows.next()? {
        if row.text(name) != ALL {
            is_sliding = true;
            continue;
        }
        let stamp = clock::unix(row.text(time))
            .ok_or_else(|| row.wrong(time, "is no time", "seconds from 1970 are expected here"))?;
        let at = stamp.ns.saturating_sub(*start.get_or_insert(stamp.ns)) as f64 / 1e9;
        if samples.last().is_some_and(|last| at < last.at) {
            return Err(row.wrong(time, "is before the row above", "rows must be in the order of time"));
        }
        let mut percentiles = Vec::new();
        for &(column, metric) in &columns {
            if !matches!(row.text(column), "" | "N/A") {
                percentiles.push((metric, row.amount(column)?));
            }
        }
        samples.push(Sample {
            at,
            users: row.amount(users)?,
            requests: row.amount(requests)?,
            failed: row.amount(failed)?,
            mean: row.amount(mean)?,
            percentiles,
        });
    }
    Ok((samples, is_sliding))
}
