//! What `locust --csv PREFIX` writes at the end: `PREFIX_stats.csv` and `PREFIX_failures.csv`. Milliseconds, of all
//! responses. Percentiles come from a histogram of rounded times (`round_response_time` in locust/stats.py), means do
//! not.

use super::Request;
use super::figure::{Content, Figure, Totals, percentile};
use super::rows::Rows;
use super::text::Text;
use crate::language::{Mistake, visible};
use crate::metric::Metric;

/// The name of the row of all requests.
pub(super) const ALL: &str = "Aggregated";

/// By how much Locust rounds a time at most, in seconds: to about two digits.
pub(super) fn rounding(ms: f64) -> f64 {
    let step = match ms {
        ..100.0 => 1.0,
        ..1_000.0 => 10.0,
        ..10_000.0 => 100.0,
        _ => 1_000.0,
    };
    step / 2.0 / 1000.0
}

/// The columns of percentiles.
pub(super) fn percentiles(rows: &Rows<'_>) -> Vec<(usize, Metric)> {
    rows.header().iter().enumerate().filter_map(|(column, name)| Some((column, percentile(name)?))).collect()
}

/// Reads the statistics.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let mut rows = Rows::open(text)?;
    let [kind, name] = [rows.column("Type")?, rows.column("Name")?];
    let [count, failures, mean, rate] =
        ["Request Count", "Failure Count", "Average Response Time", "Requests/s"].map(|name| rows.column(name));
    let (count, failures, mean, rate) = (count?, failures?, mean?, rate?);
    let percentiles = percentiles(&rows);
    let (mut all, mut each) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let is_all = row.text(name) == ALL;
        let (requests, failed) = (row.amount(count)?, row.amount(failures)?);
        if failed > requests {
            return Err(row.wrong(failures, "failures are more than all requests", "see the column before"));
        }
        let rate = row.amount(rate)?;
        let class = format!("{} {}", row.text(kind), row.text(name)).trim().to_owned();
        let totals = Totals {
            class: (!is_all).then(|| visible(&class).into_owned()),
            requests,
            failed,
            length: (rate > 0.0).then(|| requests / rate),
            ..Totals::default()
        };
        let mut figures = totals.figures();
        let note = totals.of_responses(failed);
        if requests > 0.0 {
            figures.push(totals.time(Metric::MeanS, row.amount(mean)? / 1000.0, None, &note));
            for &(column, metric) in &percentiles {
                if matches!(row.text(column), "" | "N/A") {
                    continue;
                }
                let ms = row.amount(column)?;
                figures.push(totals.time(metric, ms / 1000.0, Some(rounding(ms)), &note));
            }
        }
        if is_all { all.extend(figures) } else { each.push(figures) }
    }
    if all.is_empty() {
        return Err(text
            .whole(format!("there is no row `{ALL}`"))
            .help("the file may have been cut off; copy it again, or run the test again"));
    }
    // One class alone is all requests.
    if each.len() > 1 {
        all.extend(each.into_iter().flatten());
    }
    Ok(Content::Totals { figures: all, concurrency: None, remarks: Vec::new() })
}

/// Reads the failures by cause.
pub(super) fn read_failures(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let mut rows = Rows::open(text)?;
    let columns = ["Method", "Name", "Error", "Occurrences"].map(|name| rows.column(name));
    let [method, name, error, count] = columns;
    let (method, name, error, count) = (method?, name?, error?, count?);
    let mut figures = Vec::new();
    while let Some(row) = rows.next()? {
        let class = format!("{} {}", row.text(method), row.text(name)).trim().to_owned();
        figures.push(Figure {
            class: Some(visible(&class).into_owned()),
            cause: Some(visible(row.text(error)).into_owned()),
            ..Figure::new(Metric::FailedRequests, row.amount(count)?)
        });
    }
    let remarks = vec!["failures by cause only; `_stats.csv` has the other figures".into()];
    Ok(Content::Totals { figures, concurrency: None, remarks })
}
