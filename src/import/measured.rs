//! The rows that `sim measure` writes: one for each attempt of a request, with what counts.

use super::Request;
use super::figure::{Content, Figure, Place};
use super::requests::Requests;
use super::rows::Rows;
use super::text::Text;
use crate::language::Mistake;

/// The columns by which such a file is recognised.
pub(super) const RECOGNISED: [&str; 4] = ["replication", "due_s", "first_byte_s", "counted"];

/// Rows of one run.
struct Run {
    place: Place,
    replication: String,
    window: (f64, f64),
    requests: Requests,
}

/// Reads it. Attempts that are followed by another one, the warm-up and what the end cut off do not count.
pub(super) fn read(text: &Text, request: &Request) -> Result<Content, Mistake> {
    let mut rows = Rows::open(text)?;
    let names = [
        "variant",
        "point",
        "replication",
        "window",
        "class",
        "due_s",
        "end_s",
        "elapsed_s",
        "status",
        "cause",
        "counted",
    ];
    let columns = names.map(|name| rows.column(name));
    let mut at = [0; 11];
    for (place, column) in at.iter_mut().zip(columns) {
        *place = column?;
    }
    let [variant, point, replication, window, class, _, end, elapsed, _, cause, counted] = at;
    let mut runs: Vec<Run> = Vec::new();
    let mut left_out = 0;
    while let Some(row) = rows.next()? {
        match row.text(counted) {
            "yes" => {}
            "no" => {
                left_out += 1;
                continue;
            }
            _ => return Err(row.wrong(counted, "is neither yes nor no", "yes or no is expected here")),
        }
        let place = Place {
            variant: Some(row.text(variant).to_owned()).filter(|name| !name.is_empty()),
            at: row
                .text(point)
                .split(';')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').map(|(axis, value)| (axis.to_owned(), value.to_owned())))
                .collect::<Option<_>>()
                .ok_or_else(|| row.wrong(point, "is no point", "AXIS=VALUE is expected here"))?,
        };
        let span = row.text(window).split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        let span = span.filter(|(from, to): &(f64, f64)| from.is_finite() && to.is_finite() && from <= to);
        let is_empty = row.text(window).is_empty();
        let (end, elapsed) = (row.amount(end)?, row.amount(elapsed)?);
        let span = match span {
            Some(span) => span,
            // The run was killed, or its disk was full: it had no end.
            None if is_empty => (0.0, end),
            None => return Err(row.wrong(window, "is no window", "seconds are expected here, such as 30-90")),
        };
        let number = row.text(replication);
        let known = runs.iter().position(|run| run.place == place && run.replication == number);
        let index = known.unwrap_or_else(|| {
            runs.push(Run { place, replication: number.to_owned(), window: span, requests: Requests::exact() });
            runs.len() - 1
        });
        let run = &mut runs[index];
        run.window.1 = run.window.1.max(span.1);
        let failure = Some(row.text(cause)).filter(|cause| !cause.is_empty());
        run.requests.add((end * 1e9).round() as u64, elapsed, row.text(class), failure);
    }
    if request.span.is_part() {
        return Err(text
            .whole("the rows say which of them count, so no other part of the run is taken")
            .help("leave out --skip and --window, or read them as a table with --format csv"));
    }
    let of = |run: Run| -> Vec<Figure> {
        let figures = run.requests.within(run.window);
        figures.into_iter().map(|figure| Figure { place: run.place.clone(), ..figure }).collect()
    };
    let figures: Vec<Figure> = runs.into_iter().flat_map(of).collect();
    if figures.is_empty() {
        return Err(text.whole("no request in this file counts").help("measure again, and for longer"));
    }
    let remarks = match left_out {
        0 => Vec::new(),
        rows => vec![format!("not counted, as the file says: {rows} rows")],
    };
    Ok(Content::Totals { figures, concurrency: None, remarks })
}
