//! The table of observations, as CSV.

use std::borrow::Cow;

use super::figure::{CPU_CORES, Content, Figure, Place, rounded};
use super::rows::Rows;
use super::text::Text;
use super::{Imported, Request};
use crate::language::{Mistake, visible};
use crate::metric::Metric;

/// The columns.
const COLUMNS: [&str; 11] =
    ["variant", "point", "class", "metric", "cause", "value", "error", "rounding", "window", "source", "note"];

/// Significant digits of a figure, more than any tool measures: arithmetic leaves others.
const DIGITS: usize = 9;

/// All figures of files, with what the command line says that a file measured.
///
/// A point is written as `concurrency=50;rate=80/s`, a window as `30-90`: seconds from the start of the test.
pub fn table<'a>(files: impl IntoIterator<Item = (&'a str, &'a Place, &'a Imported)>) -> String {
    let brief = |value: f64| rounded(value, DIGITS);
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Neither can fail: the rows have one length, and go to memory.
    let _ = writer.write_record(COLUMNS);
    for (name, place, imported) in files {
        for figure in &imported.figures {
            let place = figure.place.within(place);
            let optional = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
            let window = figure.window.map(|(from, to)| format!("{}-{}", brief(from), brief(to)));
            let point = place.point();
            let row = [
                visible(place.variant.as_deref().unwrap_or("")),
                visible(&point),
                Cow::Borrowed(figure.class.as_deref().unwrap_or("")),
                Cow::Borrowed(figure.metric),
                Cow::Borrowed(figure.cause.as_deref().unwrap_or("")),
                Cow::Owned(brief(figure.value).to_string()),
                Cow::Owned(optional(figure.error.map(brief))),
                Cow::Owned(optional(figure.rounding.map(brief))),
                Cow::Owned(window.unwrap_or_default()),
                visible(name),
                Cow::Borrowed(figure.note.as_str()),
            ];
            let _ = writer.write_record(row.iter().map(|field| field.as_bytes()));
        }
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

impl Place {
    /// This place within another one, which holds where this one says nothing.
    pub(crate) fn within(&self, other: &Self) -> Self {
        let mut at = other.at.clone();
        for (axis, value) in &self.at {
            match at.iter_mut().find(|(known, _)| known == axis) {
                Some((_, old)) => old.clone_from(value),
                None => at.push((axis.clone(), value.clone())),
            }
        }
        Self { variant: self.variant.clone().or_else(|| other.variant.clone()), at }
    }
}

/// Reads such a table.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let mut rows = Rows::open(text)?;
    let columns = COLUMNS.map(|name| rows.column(name));
    let mut at = [0; COLUMNS.len()];
    for (place, column) in at.iter_mut().zip(columns) {
        *place = column?;
    }
    let [variant, point, class, metric, cause, value, error, rounding, window, _, note] = at;
    let mut figures = Vec::new();
    while let Some(row) = rows.next()? {
        let some = |column: usize| Some(row.text(column).to_owned()).filter(|text| !text.is_empty());
        let number = |column: usize| some(column).map(|_| row.amount(column)).transpose();
        let name = row.text(metric);
        let known = Metric::ALL.into_iter().map(Metric::name).chain([super::figure::REQUESTS, CPU_CORES]);
        let name = known.into_iter().find(|known| *known == name);
        let name = name.ok_or_else(|| row.wrong(metric, "is no metric", "the name of a metric is expected here"))?;
        let points = some(point).unwrap_or_default();
        let pairs = points.split(';').filter(|pair| !pair.is_empty());
        let pairs: Option<Vec<_>> =
            pairs.map(|pair| pair.split_once('=').map(|(axis, value)| (axis.to_owned(), value.to_owned()))).collect();
        let window = match some(window) {
            None => None,
            Some(span) => {
                let ends = span.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
                Some(ends.ok_or_else(|| row.wrong(window, "is no window", "seconds are expected here, such as 30-90"))?)
            }
        };
        figures.push(Figure {
            place: Place {
                variant: some(variant),
                at: pairs.ok_or_else(|| row.wrong(point, "is no point", "AXIS=VALUE is expected here"))?,
            },
            class: some(class),
            cause: some(cause),
            error: number(error)?,
            rounding: number(rounding)?,
            window,
            note: some(note).unwrap_or_default(),
            ..Figure::named(name, row.amount(value)?)
        });
    }
    Ok(Content::Totals { figures, concurrency: None, remarks: Vec::new() })
}
