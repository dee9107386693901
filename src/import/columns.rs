//! A plain table of comma-separated values, by a mapping of its columns. Each row is one request, or one point.

use std::collections::HashSet;

use super::Request;
use super::clock;
use super::figure::{CPU_CORES, Content, Figure, Place, REQUESTS};
use super::mapping::{Mapping, Target, by_name};
use super::requests::{Answered, Requests};
use super::rows::Rows;
use super::text::Text;
use crate::language::{Mistake, visible};

/// Words for success and for failure in a column of `success`.
const YES: [&str; 5] = ["true", "1", "ok", "yes", "success"];
const NO: [&str; 6] = ["false", "0", "ko", "no", "failure", "failed"];

/// The first status that is a failure (RFC 9110, section 15).
const FIRST_FAILURE: f64 = 400.0;

/// Reads it.
pub(super) fn read(text: &Text, request: &Request) -> Result<Content, Mistake> {
    let rows = Rows::open(text)?;
    let mappings = if request.mappings.is_empty() { by_name(rows.header()) } else { request.mappings.clone() };
    let columns = mappings
        .into_iter()
        .map(|mapping| Ok((rows.column(&mapping.column)?, mapping)))
        .collect::<Result<Vec<_>, Mistake>>()?;
    if !columns.iter().any(|(_, mapping)| mapping.is_of_request() || is_figure(mapping)) {
        return Err(text
            .whole("nothing says which columns hold what")
            .note("a row is a point (`--map p95_s=latency:ms --map at.rate=rate`)")
            .note("or a request (`--map start=time --map elapsed=latency:ms --map status=code`)")
            .help("say it with --map"));
    }
    if columns.iter().any(|(_, mapping)| mapping.is_of_request()) {
        requests(text, rows, &columns)
    } else {
        let unused = rows.header().iter().enumerate();
        let unused = unused.filter(|(at, _)| !columns.iter().any(|(column, _)| column == at));
        let unused: Vec<String> = unused.map(|(_, name)| format!("`{}`", visible(name))).collect();
        points(rows, &columns, &unused)
    }
}

/// Whether one of these columns holds a figure.
pub(super) fn has_figures(mappings: &[Mapping]) -> bool {
    mappings.iter().any(is_figure)
}

fn is_figure(mapping: &Mapping) -> bool {
    matches!(mapping.target, Target::Metric(_) | Target::Requests | Target::Cpu(_))
}

/// Each row is a point; some columns are not used.
fn points(mut rows: Rows<'_>, columns: &[(usize, Mapping)], unused: &[String]) -> Result<Content, Mistake> {
    let (mut figures, mut places, mut repeated) = (Vec::new(), HashSet::new(), 0);
    while let Some(row) = rows.next()? {
        let mut place = Place::default();
        for (column, mapping) in columns {
            let text = visible(row.text(*column)).into_owned();
            match &mapping.target {
                Target::Variant => place.variant = Some(text).filter(|text| !text.is_empty()),
                Target::Axis(axis) => place.at.push((axis.clone(), text)),
                _ => {}
            }
        }
        repeated += usize::from(!places.insert(place.clone()));
        for (column, mapping) in columns {
            let name = match &mapping.target {
                Target::Metric(metric) => metric.name(),
                Target::Requests => REQUESTS,
                Target::Cpu(_) => CPU_CORES,
                _ => continue,
            };
            let class = match &mapping.target {
                Target::Cpu(service) => Some(service.clone()),
                _ => None,
            };
            // An empty field was not measured.
            if row.text(*column).is_empty() {
                continue;
            }
            let value = row.amount(*column)? * mapping.scale;
            if matches!(mapping.target, Target::Metric(metric) if metric.is_rate()) && value > 1.0 {
                return Err(row.wrong(
                    *column,
                    "is more than all",
                    "a share is between 0 and 1; `:%` reads percentages",
                ));
            }
            figures.push(Figure { place: place.clone(), class, ..Figure::named(name, value) });
        }
    }
    let mut remarks = Vec::new();
    if !unused.is_empty() {
        remarks.push(format!("these columns are not used: {}", unused.join(", ")));
    }
    if repeated > 0 {
        remarks.push(format!(
            "rows of the same point as a row before: {repeated}; `--map at.AXIS=COLUMN` says in what they differ"
        ));
    }
    Ok(Content::Totals { figures, concurrency: None, remarks })
}

/// Each row is a request.
fn requests(text: &Text, mut rows: Rows<'_>, columns: &[(usize, Mapping)]) -> Result<Content, Mistake> {
    if let Some((_, mapping)) = columns.iter().find(|(_, mapping)| !mapping.is_of_request()) {
        let column = visible(&mapping.column);
        return Err(text
            .whole(format!("`{column}` is mapped to a figure of a point, other columns to parts of a request"))
            .help("map either kind; --variant and --at say what the file measured"));
    }
    let of = |target: Target| columns.iter().find(|(_, mapping)| mapping.target == target);
    let (end, start, elapsed) = (of(Target::End), of(Target::Start), of(Target::Elapsed));
    let mut requests = Requests::default();
    while let Some(row) = rows.next()? {
        let elapsed =
            elapsed.map(|(column, mapping)| Ok::<f64, Mistake>(row.amount(*column)? * mapping.scale)).transpose()?;
        let mut ended = 0;
        if let Some((column, _)) = end.or(start) {
            let written = row.text(*column);
            let stamp = clock::unix(written).or_else(|| clock::rfc3339(written)).ok_or_else(|| {
                row.wrong(*column, "is no time", "seconds, ms, us or ns from 1970, or as 2026-11-30T06:27:44Z")
            })?;
            let later = if end.is_some() { 0.0 } else { elapsed.unwrap_or(0.0) };
            ended = stamp.ns.saturating_add((later * 1e9).round() as i64);
            requests.timed(stamp.step);
        }
        let mut failure = None;
        if let Some((column, _)) = of(Target::Status)
            && (row.text(*column).is_empty() || row.amount(*column)? >= FIRST_FAILURE)
        {
            failure = Some(requests.causes.number(&format!("status {}", row.text(*column))));
        }
        if let Some((column, _)) = of(Target::Success) {
            let word = row.text(*column).to_ascii_lowercase();
            if NO.contains(&word.as_str()) {
                failure = failure.or_else(|| Some(requests.causes.number("failed")));
            } else if !YES.contains(&word.as_str()) {
                return Err(row.wrong(*column, "is neither success nor failure", "write true or false"));
            }
        }
        if let Some((column, _)) = of(Target::Cause)
            && !row.text(*column).is_empty()
            && (failure.is_some() || (of(Target::Status).is_none() && of(Target::Success).is_none()))
        {
            failure = Some(requests.causes.number(row.text(*column)));
        }
        let class = of(Target::Class).map_or("", |(column, _)| row.text(*column));
        let class = requests.classes.number(class);
        requests.rows.push(Answered { end: ended, elapsed, class, failure });
    }
    Ok(Content::Requests(requests))
}
