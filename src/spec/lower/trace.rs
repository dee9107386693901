//! Recorded arrivals, read from a CSV file.

use std::path::Path;
use std::sync::Arc;

use super::column::{MOST_ROWS, Unreadable, broken, open, seconds, too_many};
use crate::model::Arrival;
use crate::spec::names::Names;

/// Arrivals in order.
pub(super) type Trace = Result<Arc<[Arrival]>, Unreadable>;

/// The times of one column and the classes of another, where there is one.
pub(super) fn read(path: &Path, column: &str, class: Option<&str>, classes: &[String]) -> Trace {
    let name = path.display();
    let (mut reader, index) = open(path, "column", column)?;
    let class = class.map(|class| open(path, "class", class)).transpose()?.map(|(_, index)| index);
    let mut arrivals: Vec<Arrival> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(path, &error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(index).unwrap_or_default();
        let Some(at) = seconds(text) else {
            let title = format!("`{text}` at {name}:{line} is not a number of seconds");
            return Err(Unreadable::new("column", title, "holds a value that cannot be a time")
                .note("the column holds seconds from the start, not negative, without a unit: 12.5"));
        };
        if let Some(before) = arrivals.last().filter(|before| before.at > at) {
            let title = format!("the arrival at {name}:{line} is earlier than the one before it");
            return Err(Unreadable::new("column", title, "is not in rising order")
                .note(format!("{} comes after {}", at.seconds(), before.at.seconds()))
                .help("sort the file by this column"));
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
    Ok(arrivals.into())
}
