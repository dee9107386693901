//! Measured arrivals, replayed: they divide an error into that of the workload and that of the timing.
//!
//! The model with generated arrivals is off by what the arrivals do (more bursts, another rate) and by what it does with them. Replayed
//! arrivals leave the second only, as in the triangle of BLIS: observe, replay, run.

use std::sync::Arc;

use crate::experiment::plan::Point;
use crate::import::Text;
use crate::kernel::Time;
use crate::language::{Mistake, Mistakes};
use crate::model::{Arrival, Pattern};

/// The columns of times that are looked for, those of `sim measure` first.
const COLUMNS: [&str; 3] = ["due_s", "start_s", "time_s"];

/// The arrivals of a file of requests with a column of times, in seconds from the start: one a row, in any order; a request that is sent
/// again (`attempt` above 1) arrives once.
///
/// # Errors
/// Where it has no such column, and where a field of it is no time.
pub fn arrivals(text: &Text, column: Option<&str>) -> Result<Arc<[Arrival]>, Mistakes> {
    let mut reader = csv::Reader::from_reader(text.str().as_bytes());
    let broken = |error: &csv::Error| text.whole(format!("the arrivals cannot be read: {error}"));
    let names: Vec<String> =
        reader.headers().map_err(|error| broken(&error))?.iter().map(|name| name.trim().to_owned()).collect();
    let find = |wanted: &str| names.iter().position(|name| name == wanted);
    let found = match column {
        Some(column) => find(column),
        None => COLUMNS.iter().find_map(|column| find(column)),
    };
    let Some(times) = found else {
        let wanted = column.map_or_else(|| COLUMNS.join(", "), str::to_owned);
        let mistake = text.whole("there is no column of arrivals").note(format!("looked for {wanted}"));
        return Err(mistake.help("name it: --arrivals FILE:COLUMN").into());
    };
    let attempts = find("attempt");
    let mut all = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        if attempts.and_then(|column| record.get(column)).is_some_and(|it| it.trim() != "1") {
            continue;
        }
        let time = record.get(times).and_then(|field| field.trim().parse::<f64>().ok());
        let Some(time) = time.filter(|time| (0.0..1e9).contains(time)) else {
            let line = record.position().map_or(0, csv::Position::line);
            return Err(text.whole(format!("line {line} has no time from 0 on in column `{}`", names[times])).into());
        };
        all.push(Arrival { at: Time((time * 1e9).round() as u64), class: None });
    }
    if all.is_empty() {
        return Err(text.whole("there are no arrivals").into());
    }
    all.sort_by_key(|arrival| arrival.at);
    Ok(all.into())
}

/// Makes the load of a point one that replays these arrivals, in the same window.
///
/// # Errors
/// Where its clients wait for answers: when they send depends on the system.
pub(super) fn replay(point: &mut Point, arrivals: &Arc<[Arrival]>) -> Result<(), Mistake> {
    let (warm_up, duration) = match point.load.pattern {
        Pattern::Open { warm_up, duration, .. }
        | Pattern::Varying { warm_up, duration, .. }
        | Pattern::Trace { warm_up, duration, .. } => (warm_up, duration),
        Pattern::Test { .. } | Pattern::Endless { .. } | Pattern::Staged { .. } | Pattern::Mixed { .. } => {
            let mistake = Mistake::new("the arrivals of a closed or mixed load cannot be replayed");
            return Err(mistake.note("its clients send when they have an answer, so arrivals depend on the system"));
        }
    };
    Arc::make_mut(&mut point.load).pattern = Pattern::Trace { arrivals: Arc::clone(arrivals), warm_up, duration };
    Ok(())
}
