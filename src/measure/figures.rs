//! The figures of a run, computed as `sim import` computes those of other tools' rows.

use super::record::Row;
use super::run::Ran;
use crate::import::{Figure, Requests};

/// The figures of all requests of a run that ended in its window, then those of each class.
pub fn figures(ran: &Ran, classes: &[String]) -> Vec<Figure> {
    let mut requests = Requests::exact();
    for row in ran.rows.iter().filter(|row| row.counts(ran.window)) {
        let class = classes.get(row.class as usize).map_or("", String::as_str);
        requests.add(row.end.0, row.elapsed(), class, row.failure().as_deref());
    }
    requests.within(ran.window)
}

/// Requests that the end of the run cut off.
pub fn cut_off(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.is_cut_off()).count()
}
