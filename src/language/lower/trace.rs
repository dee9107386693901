//! Recorded arrivals, read from a CSV file.

use std::path::Path;
use std::sync::Arc;

use super::column::{
    MOST_ROWS, Rates, Unreadable, broken, has_surplus, no_time, open, seconds, surplus, too_many, width,
};
use crate::kernel::Time;
use crate::language::names::Names;
use crate::model::Arrival;

/// Arrivals in order.
pub(super) type Trace = Result<Arc<[Arrival]>, Unreadable>;

/// The times of one column and the classes of another, where there is one.
pub(super) fn read(path: &Path, column: &str, class: Option<&str>, classes: &[String]) -> Trace {
    let name = path.display();
    let (mut reader, index) = open(path, "column", column)?;
    let class = class.map(|class| open(path, "class", class)).transpose()?.map(|(_, index)| index);
    let columns = width(&mut reader);
    let mut arrivals: Vec<Arrival> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(path, &error))?;
        if has_surplus(&record, columns) {
            return Err(surplus(path, &record, columns));
        }
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(index).unwrap_or_default();
        let Some(at) = seconds(text) else {
            let note = "the column holds seconds from the start, not negative, without a unit: 12.5";
            let at = format!("{name}:{line}");
            return Err(no_time("column", text, &at, "holds a value that cannot be a time", note));
        };
        if let Some(before) = arrivals.last().filter(|before| before.at > at) {
            let title = format!("the arrival at {name}:{line} is earlier than the one before it");
            let refusal = Unreadable::new("column", title, "is not in rising order").note(format!(
                "{} comes after {}",
                at.seconds(),
                before.at.seconds()
            ));
            return Err(match rising(path, column) {
                Some(time) => refusal.help(if_rates(path, &time, column)),
                None => refusal.help("sort the file by this column"),
            });
        }
        let class = match class.map(|index| record.get(index).unwrap_or_default()) {
            None => None,
            Some(text) => match classes.iter().position(|known| known == text) {
                Some(class) => Some(class as u32),
                None => {
                    let names = Names::new(classes.iter().map(String::as_str));
                    let title = format!("there is no class `{text}`, which stands at {name}:{line}");
                    return Err(Unreadable::new("class", title, "names a class that the load does not have")
                        .note(names.sentence("class", text)));
                }
            },
        };
        if arrivals.len() == MOST_ROWS {
            return Err(too_many(path));
        }
        arrivals.push(Arrival { at, class });
    }
    if arrivals.is_empty() {
        return Err(Unreadable::new("column", format!("column `{column}` of `{name}` holds no value"), "empty"));
    }
    if class.is_none()
        && is_a_clock(&arrivals)
        && let Some(rate) = numbers(path, column)
    {
        let title = format!(
            "`{name}` has a row every {} s: it does not look like a record of arrivals",
            gap(&arrivals).seconds()
        );
        let refusal = Unreadable::new("file", title, "looks like rates over time");
        let refusal = refusal.note(format!("beside the times, column `{rate}` has a number in each row"));
        return Err(refusal
            .help(if_rates(path, column, &rate))
            .help("for arrivals that are as regular as that, write `arrivals = \"constant\"` and a `rate`"));
    }
    Ok(arrivals.into())
}

/// Rows that are looked at to tell what a column holds.
const LOOKED_AT: usize = 1000;

/// The way out for a file of rates.
fn if_rates(path: &Path, time: &str, rate: &str) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    format!(
        "for rates over time, write `profile_from = {{ file = \"{file}\", time = \"{time}\", rate = \"{rate}\" }}` in \
         place of `trace`"
    )
}

fn gap(arrivals: &[Arrival]) -> Time {
    arrivals[1].at - arrivals[0].at
}

/// Whether the times are those of a clock: three or more, all as far apart, by a second or more.
fn is_a_clock(arrivals: &[Arrival]) -> bool {
    arrivals.len() > 2
        && gap(arrivals) >= Time::from_seconds(1.0)
        && arrivals.windows(2).all(|pair| pair[1].at - pair[0].at == gap(arrivals))
}

/// The first rows of each column but one, as numbers; of columns that hold nothing else.
fn others(path: &Path, but: &str) -> Vec<(String, Vec<f64>)> {
    let Ok((mut reader, index)) = open(path, "column", but) else { return Vec::new() };
    let names: Vec<String> = reader.headers().map(|row| row.iter().map(str::to_owned).collect()).unwrap_or_default();
    let rows: Vec<csv::StringRecord> = reader.records().take(LOOKED_AT).map_while(Result::ok).collect();
    let column = |(at, name): (usize, String)| {
        let number = |row: &csv::StringRecord| row.get(at)?.parse::<f64>().ok().filter(|number| *number >= 0.0);
        Some((name, rows.iter().map(number).collect::<Option<Vec<f64>>>()?))
    };
    names.into_iter().enumerate().filter(|(at, _)| *at != index).filter_map(column).collect()
}

/// The first other column of numbers.
fn numbers(path: &Path, but: &str) -> Option<String> {
    others(path, but).into_iter().next().map(|(name, _)| name)
}

/// The first other column of numbers that rise.
fn rising(path: &Path, but: &str) -> Option<String> {
    let rises = |values: &[f64]| values.len() > 1 && values.windows(2).all(|pair| pair[0] < pair[1]);
    others(path, but).into_iter().find(|(_, values)| rises(values)).map(|(name, _)| name)
}

/// The rates of one column at the times of another.
pub(super) fn rates(path: &Path, time: &str, rate: &str) -> Rates {
    let name = path.display();
    let (mut reader, at) = open(path, "time", time)?;
    let (_, index) = open(path, "rate", rate)?;
    let columns = width(&mut reader);
    let mut points: Vec<(Time, f64)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(path, &error))?;
        if has_surplus(&record, columns) {
            return Err(surplus(path, &record, columns));
        }
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(at).unwrap_or_default();
        let Some(at) = seconds(text) else {
            let note = "the column holds seconds from the start, not negative, without a unit: 60";
            return Err(no_time("time", text, &format!("{name}:{line}"), "holds a value that cannot be a time", note));
        };
        if let Some((before, _)) = points.last().filter(|(before, _)| *before >= at) {
            let title = format!("the time at {name}:{line} is not later than the one before it");
            return Err(Unreadable::new("time", title, "is not in rising order")
                .note(format!("{} comes after {}", at.seconds(), before.seconds()))
                .help("sort the file by this column"));
        }
        let text = record.get(index).unwrap_or_default();
        let Some(rate) = text.parse::<f64>().ok().filter(|rate| (0.0..=1e12).contains(rate)) else {
            let title = format!("`{text}` at {name}:{line} is not a rate");
            return Err(Unreadable::new("rate", title, "holds a value that cannot be a rate")
                .note("the column holds numbers, 0 or more, without a unit: 807"));
        };
        if points.len() == MOST_ROWS {
            return Err(too_many(path));
        }
        points.push((at, rate));
    }
    if points.is_empty() {
        return Err(Unreadable::new("file", format!("`{name}` has no row"), "empty"));
    }
    Ok(points.into())
}
